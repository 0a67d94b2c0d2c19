"""Documents: a file is attached to a therapy through the one door, and read back by those who may see that therapy.

* A file is known by the SHA-256 of its bytes. It is superseded, never replaced.
* Its bytes and the name it came with are patient data: sealed in the store, never in the log.
* Only PDF, PNG and JPEG are taken, judged by their first bytes, and pictures by decoding them.
"""

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import Image
from sqlalchemy import Connection

from coi.actions.attempts import Answer, body_digest
from coi.actions.faults import Fault, unknown
from coi.actions.office import Office
from coi.actions.requests import Caller, StepRequest
from coi.actions.steps import take
from coi.journey.steps import Role
from coi.journey.steps.records import DOCUMENT_KINDS
from coi.record import blobs, queries
from coi.record.blobs import File

MOST_BYTES = 8 * 2**20
MOST_PIXELS = 50_000_000
_MAGIC = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG"}
FOR_CARRIERS = frozenset({"airway_bill", "manifest", "damage_photo"})
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachRequest:
    """A document as a client sends it."""

    id: str
    therapy: str
    kind: str
    data: bytes
    name: str
    about: str | None = None
    supersedes: str | None = None
    occurred_at: datetime | None = None


def attach(office: Office, request: AttachRequest, *, caller: Caller) -> Answer:
    """Attach a file to a therapy; the entry's values name its SHA-256.

    Raises Fault: 413 for a file that is too large, 415 for one that is no PDF, PNG or JPEG, and whatever `take` raises.
    """
    file = _file(request)
    values: dict[str, Any] = {"kind": request.kind, "sha256": file.sha256, "about": request.about,
                              "supersedes": request.supersedes}  # fmt: skip
    said = {"therapy": request.therapy, **values}
    step = StepRequest(
        id=request.id, kind="document.attached", occurred_at=request.occurred_at or office.now(), file=file,
        digest=body_digest(said), therapy=request.therapy,
        values={name: value for name, value in values.items() if value is not None},
    )  # fmt: skip
    return take(office, step, caller=caller, route="documents")


def _file(request: AttachRequest) -> File:
    data = request.data
    if len(data) > MOST_BYTES:
        raise Fault(413, "document.too_large", f"Got {len(data)} bytes; a document has {MOST_BYTES} at most.")
    media_type = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if media_type is None:
        raise Fault(415, "document.type", "Got a file that is no PDF, PNG or JPEG; attach one of these.")
    if media_type in _PICTURES:
        _decode(data, _PICTURES[media_type])
    elif b"%%EOF" not in data[-2048:]:
        raise Fault(415, "document.broken", "Got a PDF without its end; export it again.")
    return File(hashlib.sha256(data).hexdigest(), data, media_type, request.name)


def _decode(data: bytes, form: str) -> None:
    try:
        with Image.open(io.BytesIO(data), formats=[form]) as picture:
            pixels = picture.width * picture.height
            if pixels <= MOST_PIXELS:
                picture.load()
    except Exception as fault:  # whatever a decoder stumbles over, the picture is what is wrong
        raise Fault(415, "document.broken", "Got a picture that cannot be decoded; take it again.") from fault
    if pixels > MOST_PIXELS:
        raise Fault(413, "document.too_large", f"Got a picture of more than {MOST_PIXELS} pixels.")


def _kinds_for(conn: Connection, coi: str, caller: Caller) -> frozenset[str]:
    """Return the kinds that a caller may read of a therapy, by the roles at its parties: none for who is none of them.

    Whoever only carries sees nothing that may name the patient, whatever the person does elsewhere.
    """
    if any(Role.AUDITOR in roles for roles in caller.grants.values()):
        return frozenset(DOCUMENT_KINDS)
    held = [roles for organisation, roles in caller.grants.items() if queries.may_see(conn, coi, [organisation])]
    if not held:
        return frozenset()
    roles = frozenset[Role]().union(*held)
    return FOR_CARRIERS if roles <= {Role.COURIER} else frozenset(DOCUMENT_KINDS)


def fetch(office: Office, sha256: str, *, caller: Caller) -> tuple[bytes, str]:
    """Return the bytes of a document and their media type; raises Fault 404 when there is none for this caller."""
    with office.store.read() as conn:
        if not any(kind in _kinds_for(conn, coi, caller) for coi, kind in blobs.therapies_of(conn, sha256)):
            raise unknown("document")
        found = blobs.read(conn, sha256, keys=office.keys)
    if found is None:
        raise unknown("document")
    return found
