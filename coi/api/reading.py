"""What is read: therapies, containers, clocks, handoffs, labels, the registry, and "scan anything"."""

from datetime import datetime

from flask import Response, request
from flask_smorest import Blueprint

from coi.actions import asking, labelkeys, labels, plan, reads, shown
from coi.actions.faults import Fault, malformed
from coi.api import describe, schemas, wire
from coi.api.access import EVERYONE, PUBLIC, caller, office, open_to
from coi.journey.steps import Role
from labels import SHEETS

blueprint = Blueprint("reading", __name__, description="Everything that is read; nothing here changes anything")
_ASK, _SEARCH = schemas.AskSchema(), schemas.SearchSchema()
_SEARCHERS = EVERYONE - {Role.COURIER, Role.ADMIN}
_MOST = 500
AT = describe.query("at", "As recorded by this moment", format="date-time")
_LIMIT = describe.query("limit", "How many at the most", type="integer", minimum=1, maximum=_MOST)
_AFTER = describe.query("after", "The `next` of the page before")
_ZPL = "application/vnd.zebra-zpl"
_MIMETYPES = {"png": "image/png", "pdf": "application/pdf", "zpl": _ZPL, "zpl-native": _ZPL}


def at_of_request() -> datetime | None:
    """Return the moment that the query asks about, None for now; raises 400 for one that is no moment."""
    text = request.args.get("at")
    if text is None:
        return None
    try:
        return schemas.moment(text.replace(" ", "+"))
    except ValueError:
        message = "Expected a date and time with its offset, such as 2026-11-23T14:05:00Z."
        raise malformed("query.at", message, {"at": [message]}) from None


def _whole(name: str, default: int, low: int, high: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high):  # noqa: PLR2004 - longer is out of range
        message = f"Expected a whole number from {low} to {high}."
        raise malformed(f"query.{name}", message, {name: [message]})
    return int(text)


def _text(name: str) -> str:
    text = request.args.get(name, "")
    if len(text) > 120 or not text.isprintable():  # noqa: PLR2004 - longer than any cursor of ours
        message = "Expected at most 120 plain characters."
        raise malformed(f"query.{name}", message, {name: [message]})
    return text


@blueprint.post("/scans")
@blueprint.doc(**describe.call("Scan anything", body=schemas.AskSchema, errors=(400, 401, 403, 404, 413, 415, 422)))
@open_to(EVERYONE)
def post_scan() -> Response:
    """Say what a scanned text, or the one code in a picture, names, and what may be done with it now."""
    if request.mimetype == "multipart/form-data":
        pictures = request.files.getlist("picture")
        if len(pictures) != 1:
            message = "Send one file in the field 'picture'."
            raise malformed("scan.picture", message, {"picture": [message]})
        return wire.shown(asking.scan_picture(office(), picture=pictures[0].read(), caller=caller()))
    form = wire.loaded(_ASK, wire.body_of_request())
    return wire.shown(asking.scan_text(office(), text=form["text"], via=form["via"], caller=caller()))


@blueprint.get("/step-kinds")
@blueprint.doc(**describe.call("The registry of steps"))
@open_to(EVERYONE)
def get_step_kinds() -> Response:
    """Return every kind of step: who may take it, what it needs, what stops it."""
    return wire.shown({"items": shown.step_kinds(), "next": None})


@blueprint.get("/pathways")
@blueprint.doc(**describe.call("The published pathways", answer=describe.PageSchema))
@open_to(EVERYONE)
def get_pathways() -> Response:
    """Return the published pathways with their coded reasons."""
    return wire.shown({"items": reads.pathways(office()), "next": None})


@blueprint.get("/therapies")
@blueprint.doc(parameters=[describe.query("q", "A part of a COI id"), _AFTER, _LIMIT],
               **describe.call("Therapies", answer=describe.PageSchema, errors=(400, 401, 403)))  # fmt: skip
@open_to(EVERYONE)
def get_therapies() -> Response:
    """Return the therapies that the caller may see, newest change first."""
    limit = _whole("limit", reads.PAGE, 1, _MOST)
    return wire.shown(reads.therapies(office(), caller=caller(), q=_text("q"), after=_text("after"), limit=limit))


@blueprint.get("/therapies/<coi>")
@blueprint.doc(parameters=[AT], **describe.call("One therapy", errors=describe.READING))
@open_to(EVERYONE)
def get_therapy(coi: str) -> Response:
    """Return the state of a therapy."""
    return wire.shown(reads.therapy(office(), coi, caller=caller(), at=at_of_request()))


@blueprint.get("/therapies/<coi>/entries")
@blueprint.doc(parameters=[AT, describe.query("after", "The seq of the last entry seen", type="integer"), _LIMIT],
               **describe.call("Its entries", answer=describe.PageSchema, errors=describe.READING))  # fmt: skip
@open_to(EVERYONE)
def get_entries(coi: str) -> Response:
    """Return the entries of a therapy in their order, refusals included."""
    after, limit = _whole("after", 0, 0, 10**8), _whole("limit", 200, 1, 5000)
    return wire.shown(reads.entries(office(), coi, caller=caller(), after=after, limit=limit, at=at_of_request()))


@blueprint.get("/containers/<id_>")
@blueprint.doc(parameters=[AT], **describe.call("One container", errors=describe.READING))
@open_to(EVERYONE)
def get_container(id_: str) -> Response:
    """Return one container with its history."""
    return wire.shown(reads.container(office(), id_, caller=caller(), at=at_of_request()))


@blueprint.get("/clocks")
@blueprint.doc(parameters=[describe.query("state", "running,warned,breached,ended"), _AFTER, _LIMIT],
               **describe.call("Running windows", answer=describe.PageSchema, errors=(400, 401, 403)))  # fmt: skip
@open_to(EVERYONE)
def get_clocks() -> Response:
    """Return the clocks that the caller may see, soonest deadline first."""
    states = [state for state in _text("state").split(",") if state] or list(reads.CLOCK_STATES)
    limit = _whole("limit", reads.PAGE, 1, _MOST)
    return wire.shown(reads.clocks(office(), caller=caller(), states=states, after=_text("after"), limit=limit))


@blueprint.get("/plan")
@blueprint.doc(parameters=[describe.query("view", "Which board", enum=list(plan.VIEWS)), _AFTER, _LIMIT],
               **describe.call("What is expected", answer=describe.PageSchema, errors=(400, 401, 403)))  # fmt: skip
@open_to(EVERYONE)
def get_plan() -> Response:
    """Return what is expected today at the caller's own site, what arrives there, or what is late, soonest first."""
    limit, view = _whole("limit", reads.PAGE, 1, _MOST), _text("view") or "today"
    return wire.shown(plan.plan(office(), caller=caller(), view=view, after=_text("after"), limit=limit))


@blueprint.get("/handoffs")
@blueprint.doc(parameters=[describe.query("state", "open, accepted, remarks, refused, cancelled")],
               **describe.call("Handoffs", answer=describe.PageSchema, errors=(400, 401, 403)))  # fmt: skip
@open_to(EVERYONE)
def get_handoffs() -> Response:
    """Return the handoffs in one state, oldest offer first."""
    return wire.shown(reads.handoffs(office(), caller=caller(), state=_text("state") or "open"))


@blueprint.post("/search")
@blueprint.doc(**describe.call("Search by an identifier", body=schemas.SearchSchema, answer=describe.PageSchema,
                               errors=(400, 401, 403, 413, 415)))  # fmt: skip
@open_to(_SEARCHERS)
def post_search() -> Response:
    """Return the therapies of the patient with an identifier; the identifier never stands in a URL."""
    form = wire.loaded(_SEARCH, wire.body_of_request())
    return wire.shown(reads.search(office(), caller=caller(), **form))


@blueprint.get("/labels/keys")
@blueprint.doc(security=[], **describe.call("The public keys of labels", answer="text/plain", errors=()))
@open_to(PUBLIC)
def get_label_keys() -> Response:
    """Return the public keys with which labels are checked offline. Whoever checks should have them from elsewhere."""
    return Response(labelkeys.key_list(office()), 200, mimetype="text/plain")


@blueprint.get("/label-sheets/<paper>.pdf")
@blueprint.doc(parameters=[
    describe.query("serial", "a label to print; several times for several labels of one size"),
    describe.query("first", "the place on the sheet where they begin, from 1", type="integer"),
], **describe.call("Labels on a sheet of a4 or letter", answer="application/pdf",
                   errors=(400, 401, 403, 404, 409, 422)))  # fmt: skip
@open_to(EVERYONE)
def get_sheet(paper: str) -> Response:
    """Return issued labels on office paper at exact size, with cutting marks."""
    if paper not in SHEETS:
        raise Fault(404, "not_found", f"The papers are {', '.join(SHEETS)}.")
    serials, first = request.args.getlist("serial"), _whole("first", 1, 1, 1000)
    rendered = labels.render_sheet(office(), serials, paper=SHEETS[paper], first=first, caller=caller())
    return Response(rendered, 200, mimetype="application/pdf")


@blueprint.get("/labels/<serial>")
@blueprint.doc(**describe.call("Why a label says what it says", errors=(401, 403, 404, 409)))
@open_to(EVERYONE)
def get_label_law(serial: str) -> Response:
    """Return the statements of a label and what else is asked, each with its source and whether it was verified."""
    return wire.shown(labels.about(office(), serial, caller=caller()))


@blueprint.get("/labels/<serial>.<form>")
@blueprint.doc(parameters=[describe.query("dpi", "203, 300 or 600", type="integer")], **describe.call(
    "A label as png, pdf, zpl or zpl-native", answer="image/png", errors=(400, 401, 403, 404, 409, 422)))  # fmt: skip
@open_to(EVERYONE)
def get_label(serial: str, form: str) -> Response:
    """Return an issued label, rendered."""
    if form not in _MIMETYPES:
        raise Fault(404, "not_found", f"A label comes as .{', .'.join(_MIMETYPES)}.")
    dpi = _whole("dpi", 300, 203, 600)
    rendered = labels.render(office(), serial, form=form, dpi=dpi, caller=caller())
    return Response(rendered, 200, mimetype=_MIMETYPES[form])
