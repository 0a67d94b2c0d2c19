"""GET /log/…: what the log says of itself. Hashes to anyone; the bytes of an entry to those whose entry it is."""

from flask import Response, request
from flask_smorest import Blueprint

from coi.actions import proofs
from coi.actions.faults import malformed
from coi.api import describe, wire
from coi.api.access import PUBLIC, caller_or_nobody, office, open_to

blueprint = Blueprint("log", __name__, description="The log as an outsider sees it: checkpoints and proofs")
TEXT = "text/plain"
_LARGEST = 2**53 - 1
_WHOLE = {"type": "integer", "minimum": 0}


def _number(name: str, *, needed: bool) -> int | None:
    text = request.args.get(name)
    if text is None and not needed:
        return None
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= _LARGEST):  # noqa: PLR2004 - digits of the largest
        message = f"Expected a whole number {name} from 0."
        raise malformed(f"query.{name}", message, {name: [message]})
    return int(text)


def _needed(name: str) -> int:
    return _number(name, needed=True) or 0


@blueprint.get("/log/checkpoint")
@blueprint.doc(security=[], **describe.call("The signed checkpoint", answer=TEXT, errors=(404,)))
@open_to(PUBLIC)
def get_checkpoint() -> Response:
    """Return the log's name, size and root, signed (C2SP tlog-checkpoint)."""
    return _fresh(Response(proofs.checkpoint(office()), 200, mimetype=TEXT))


@blueprint.get("/log/key")
@blueprint.doc(security=[], **describe.call("The log's public key", answer=TEXT, errors=()))
@open_to(PUBLIC)
def get_key() -> Response:
    """Return the public key as a C2SP verifier key. Whoever checks should have it from elsewhere."""
    return _fresh(Response(office().log_key.verifier_key + "\n", 200, mimetype=TEXT))


@blueprint.get("/log/proof")
@blueprint.doc(
    security=[],
    parameters=[describe.query("position", "The entry", **_WHOLE), describe.query("size", "The tree", **_WHOLE)],
    **describe.call("The proof that an entry is in the log", errors=(400,)),
)
@open_to(PUBLIC)
def get_proof() -> Response:
    """Return the hashes from an entry's leaf up to the root (RFC 6962, section 2.1.1)."""
    return wire.shown(proofs.inclusion(office(), position=_needed("position"), size=_number("size", needed=False)))


@blueprint.get("/log/consistency")
@blueprint.doc(
    security=[],
    parameters=[describe.query("from", "The smaller tree", **_WHOLE), describe.query("to", "The larger", **_WHOLE)],
    **describe.call("The proof that the log was only added to", errors=(400,)),
)
@open_to(PUBLIC)
def get_consistency() -> Response:
    """Return the hashes that show one tree to begin another (RFC 6962, section 2.1.2)."""
    return wire.shown(proofs.consistency(office(), first=_needed("from"), second=_number("to", needed=False)))


@blueprint.get("/log/entries/<int:position>")
@blueprint.doc(security=[{}, {"bearer": []}], **describe.call("An entry of the log", errors=(401, 404)))
@open_to(PUBLIC)
def get_log_entry(position: int) -> Response:
    """Return the leaf hash of an entry; its bytes too, to a party of its stream or an auditor who sends a token."""
    return wire.shown(proofs.entry(office(), min(position, _LARGEST), caller=caller_or_nobody()))


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
