"""Attempts: every act that records runs through `once`, which makes it idempotent for ever.

* The write lock comes first; then the stored answer, before any other check.
* The same id, person and body gets the stored answer, byte for byte; another body or person gets 409 and leaves a
  digest behind.
* A fault rolls everything back: nothing was recorded and the id is free.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from coi.actions.office import Office
from coi.journey.therapy import Therapy
from coi.record import ledger

_EXACT = 2**53
CREATED, REPLAYED, REFUSED, REUSED = 201, 200, 422, 409


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets: an HTTP status and the bytes of a JSON body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a unit of work leaves to be answered: status, body, and the position of its first entry."""

    status: int
    body: Mapping[str, Any]
    position: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one unit of work is done: the open transaction, the log's size, and the one time of the decision."""

    conn: Connection
    opening: ledger.Opening
    at: datetime
    folds: dict[str, Therapy] = field(default_factory=dict)  # by the hash of the last entry that was folded


def desk_of(office: Office, conn: Connection, attempt: str, *, new_key: bool = False) -> Desk:
    """Return the desk for `attempt` in an open write transaction; with `new_key`, another key signs from here on."""
    opening = ledger.open_attempt(conn, attempt)
    if new_key:
        opening = replace(opening, signer=None)
    return Desk(conn, opening, opening.time_to_record(office.now()))


Work = Callable[[Desk], Recorded]


def body_digest(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 by which two bodies are the same: canonical JSON (RFC 8785) without `signatures`."""
    kept = {key: _plain(value) for key, value in body.items() if key != "signatures"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    """Return whole numbers as such, however they were sent: RFC 8785 writes 1.0 as 1."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole else value


def as_bytes(body: Mapping[str, Any]) -> bytes:
    """Return a response body as the bytes that are sent and stored."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def once(office: Office, *, attempt: str, person: str, digest: str, work: Work) -> Answer:
    """Do `work` for `attempt` unless it was done before, and return its answer."""
    with office.store.write() as conn:
        desk = desk_of(office, conn, attempt)
        stored, at = desk.opening.stored, desk.at
        if stored is not None:
            return _again(conn, stored, attempt=attempt, person=person, digest=digest, at=at)
        done = work(desk)
        answer = as_bytes(done.body)
        ledger.keep_answer(
            conn,
            attempt=attempt,
            person=person,
            digest=digest,
            status=done.status,
            answer=answer,
            position=done.position,
            at=at,
        )
        return Answer(done.status, answer)


def _again(conn: Connection, stored: ledger.Stored, *, attempt: str, person: str, digest: str, at: datetime) -> Answer:
    if (stored.person, stored.digest) == (person, digest):
        return Answer(REPLAYED if stored.status == CREATED else stored.status, stored.answer)
    ledger.keep_clash(conn, id_=str(uuid4()), attempt=attempt, person=person, digest=digest, at=at)
    return Answer(
        REUSED,
        as_bytes(
            {
                "code": "id.reused",
                "status": REUSED,
                "errors": {"id": ["This id was used before."]},
                "message": "This id was used before for something else; send it again under a new id.",
            }
        ),
    )
