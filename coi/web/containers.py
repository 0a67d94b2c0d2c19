"""Containers: the page of one physical thing - what it is, who has it, what speaks against it, and its history."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from coi.actions import reads
from coi.web import here
from coi.web.access import EVERYONE, open_to
from coi.web.timeline import lines

pages = Blueprint("containers", __name__)


@pages.get("/containers/<id_>")
@open_to(EVERYONE)
def page(id_: str) -> ResponseReturnValue:
    """Show one container."""
    office = here.office()
    found = reads.container(office, id_, caller=here.caller())
    tokens = {
        scan["subject"] for entry in found["entries"] for scan in entry["scans"] if scan["role"] in ("seal", "location")
    }
    place = found["custody"]["place"]
    tokens |= {place["id"]} if place["kind"] == "location" else set()
    texts = reads.names(office, sorted(token for token in tokens if token))
    names = {token: said["text"] for token, said in texts.items() if "text" in said}
    therapy, _, _ = reads.history(office, found["therapy"], caller=here.caller())
    looking = here.caller().person
    history = lines(found["entries"], names=names, acknowledged=therapy.acknowledged, looking=looking)
    return render_template("container.html", container=found, history=history, names=names)
