"""The first page: what waits for the person, what runs out soonest, and where the person has been at work."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from coi.actions import reads
from coi.web import here
from coi.web.access import EVERYONE, open_to

pages = Blueprint("home", __name__)
SHOWN = 6


@pages.get("/")
@open_to(EVERYONE)
def page() -> ResponseReturnValue:
    """Show the scan box, the open offers, the soonest clocks and the newest therapies."""
    office, caller = here.office(), here.caller()
    offers = reads.handoffs(office, caller=caller)["items"]
    mine = here.mine()
    return render_template(
        "home.html",
        mine=mine,
        waiting=[offer for offer in offers if offer["addressee"] in mine],
        clocks=reads.clocks(office, caller=caller, limit=SHOWN)["items"],
        therapies=reads.therapies(office, caller=caller, limit=SHOWN)["items"],
    )
