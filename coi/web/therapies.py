"""Therapies: the list, the search by a patient's number, and the page of one therapy with all that is known of it."""

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from coi.actions import reads
from coi.actions.faults import Fault, malformed
from coi.web import here
from coi.web.access import EVERYONE, TREATING, open_to, sees_patients
from coi.web.genealogy import HEIGHT, WIDTH, drawn
from coi.web.patients import named_in, patient_of
from coi.web.stages import near, reached
from coi.web.timeline import lines

pages = Blueprint("therapies", __name__)
HISTORY = 500
LONGEST = 200
SEARCHERS = TREATING


@pages.get("/therapies")
@open_to(EVERYONE)
def index() -> ResponseReturnValue:
    """List the therapies that the person may see, newest change first."""
    q = request.args.get("q", "")[:LONGEST]
    found = reads.therapies(
        here.office(), caller=here.caller(), q=q.replace(" ", ""), after=request.args.get("after", "")
    )
    return render_template("therapies.html", q=q, found=found, searched=False)


@pages.post("/search")
@open_to(SEARCHERS)
def search() -> ResponseReturnValue:
    """List the therapies of the patient with a number; the number stays in the body of the request."""
    value = request.form.get("value", "").strip()
    if not value or len(value) > LONGEST or not value.isprintable():
        raise malformed("search.value", f"Type the patient's number: 1 to {LONGEST} printable characters.")
    found = reads.search(here.office(), value=value, caller=here.caller())
    return render_template("therapies.html", q="", found=found, searched=True)


@pages.get("/therapies/<coi>")
@open_to(EVERYONE)
def page(coi: str) -> ResponseReturnValue:
    """Show one therapy, now or as recorded by `at`."""
    office, caller, at = here.office(), here.caller(), at_of_request()
    therapy = reads.therapy(office, coi, caller=caller, at=at)
    named = sees_patients(therapy["site"])
    entries = reads.entries(office, coi, caller=caller, limit=HISTORY, at=at)["items"]
    patient = patient_of(coi, site=therapy["site"])
    stage = reached(therapy["pathway"]["stages"], entries)
    texts = _names(entries, therapy, with_notes=named)
    return render_template(
        "therapy.html",
        therapy=therapy,
        at=at,
        patient=patient,
        history=lines(entries, names=texts, acknowledged=therapy["acknowledged"], looking=caller.person),
        names=_names([], therapy, with_notes=False),
        tree=drawn(therapy),
        box_size=(WIDTH, HEIGHT),
        people=named_in(therapy["patient"], patient),
        stage=stage,
        mine=here.mine(),
        likely=near(therapy["pathway"]["stages"], stage),
    )


def at_of_request() -> datetime | None:
    """Return the moment that the address asks about, None for now; raises 400 for one that is no moment."""
    text = request.args.get("at", "")
    try:
        found = datetime.fromisoformat(text) if text else None
        return found.replace(tzinfo=found.tzinfo or here.zone()) if found else None
    except (ValueError, OverflowError):
        raise Fault(400, "at.malformed", "Expected a date and time, such as 2026-11-23T14:05+01:00.") from None


def _names(entries: list[dict[str, Any]], therapy: dict[str, Any], *, with_notes: bool) -> dict[str, str]:
    """Return the texts of seals, places and (for those who treat) notes, by what stands for them in the log."""
    tokens = {scan["subject"] for entry in entries for scan in entry["scans"] if scan["role"] in ("seal", "location")}
    tokens |= {
        c["custody"]["place"]["id"] for c in therapy["containers"] if c["custody"]["place"]["kind"] == "location"
    }
    noted = {entry["attempt"] for entry in entries if with_notes and entry.get("note")}
    texts = reads.names(here.office(), sorted({token for token in tokens if token} | noted))
    kept = {subject: said.get("note" if subject in noted else "text", "") for subject, said in texts.items()}
    return {subject: text for subject, text in kept.items() if text}
