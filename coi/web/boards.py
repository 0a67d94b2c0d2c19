"""Boards: the running clocks, soonest first, what the plan expects, and the handoffs that wait for somebody."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from coi.actions import plan as plans
from coi.actions import reads
from coi.actions.reads import CLOCK_STATES
from coi.web import here
from coi.web.access import EVERYONE, open_to

pages = Blueprint("boards", __name__)


@pages.get("/clocks")
@open_to(EVERYONE)
def clocks() -> ResponseReturnValue:
    """Show the clocks in the states that are asked for, soonest deadline first."""
    asked = [state for state in request.args.get("state", "").split(",") if state]
    found = reads.clocks(
        here.office(), caller=here.caller(), states=asked or CLOCK_STATES, after=request.args.get("after", "")
    )
    return render_template("clocks.html", found=found, asked=asked, states=CLOCK_STATES)


@pages.get("/plan")
@open_to(EVERYONE)
def plan() -> ResponseReturnValue:
    """Show what is expected today, what arrives at the person's own site, or what is late."""
    view = request.args.get("view", "today")
    found = plans.plan(here.office(), caller=here.caller(), view=view, after=request.args.get("after", ""))
    return render_template("plan.html", found=found, view=view, views=plans.VIEWS)


@pages.get("/handoffs")
@open_to(EVERYONE)
def handoffs() -> ResponseReturnValue:
    """Show the open handoffs, those for the person or the person's organisations first."""
    mine = here.mine()
    offers = reads.handoffs(here.office(), caller=here.caller())["items"]
    return render_template(
        "handoffs.html", offers=sorted(offers, key=lambda offer: offer["addressee"] not in mine), mine=mine
    )
