"""Entries: the immutable facts of the log, and leaf format v1, the bytes that are stored and hashed.

Leaf format v1 is final. A leaf is the canonical JSON of every field below plus ``format`` and ``prev`` (the hash of
the leaf before it in the same stream, or null):

* object keys are ASCII and sorted by code point, separators are ``,`` and ``:``, text is UTF-8 with only the escapes
  that RFC 8785 asks for; there are no floats and no integer reaches 2**53, so the bytes equal RFC 8785's;
* instants are UTC with six decimals and ``Z``;
* the leaf hash is SHA-256 over a zero byte and the leaf (RFC 6962 section 2.1).

What an entry means is decided by `fold`, not here.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

LEAF_FORMAT = "coi-leaf-v1"
_INTEGER_LIMIT = 2**53

JsonObject = dict[str, Any]


class Tense(StrEnum):
    """Whether a step asked leave beforehand or told what had already happened."""

    ASKED = "asked"
    REPORTED = "reported"


class Outcome(StrEnum):
    """What the verdict made of the attempt: done, refused (changes nothing), disputed (holds, never moves custody)."""

    DONE = "done"
    REFUSED = "refused"
    DISPUTED = "disputed"


class NotCanonical(ValueError):
    """A value cannot stand in a leaf: a float, a huge integer, a non-ASCII key or an unknown type."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One immutable fact. `values` holds codes, identifiers, numbers and times only, never free text."""

    position: int
    stream: str
    seq: int
    id: str
    attempt: str
    kind: str
    v: int
    tense: str
    outcome: str
    therapy: str | None
    occurred_at: datetime
    offset: int  # minutes east of UTC, as the client's clock stood
    zone: str | None
    uncertainty: int  # seconds by which the reporting clock may be wrong
    recorded_at: datetime
    actor: Mapping[str, str | None]
    scans: tuple[Mapping[str, Any], ...]
    values: Mapping[str, Any]
    reason: str | None
    note: str | None  # commitment to the text kept in the vault
    findings: tuple[Mapping[str, Any], ...]
    signatures: tuple[Mapping[str, Any], ...]
    performed_by: tuple[str, ...]
    documents: tuple[str, ...]
    device: Mapping[str, Any] | None
    corrects: str | None
    software: str

    def subjects(self, role: str) -> tuple[str, ...]:
        """Return the subject ids scanned in `role`, in the order of the scans, without the unresolved ones."""
        return tuple(scan["subject"] for scan in self.scans if scan["role"] == role and scan["subject"])


_INSTANTS = ("occurred_at", "recorded_at")
_LISTS = ("scans", "findings", "signatures", "performed_by", "documents")
_FIELDS = tuple(field.name for field in fields(Entry))


def instant(moment: datetime) -> str:
    """Return an aware `moment` as UTC text with six decimals and Z; ValueError when it is naive or out of reach."""
    if moment.utcoffset() is None:
        raise ValueError("A time without its offset was given; every instant needs one.")
    try:
        return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except OverflowError:
        raise ValueError("A time outside the years 1 to 9999 was given; no clock shows one.") from None


def from_instant(text: str) -> datetime:
    """Read what `instant` wrote; raises ValueError for anything without its offset."""
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError("A time without its offset stands in the log; every instant needs one.")
    return moment


def canonical(value: Any) -> bytes:
    """Return `value` as canonical JSON (RFC 8785 for the values we allow); raises NotCanonical."""
    _refuse_uncanonical(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def _refuse_uncanonical(value: Any) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _refuse_lone_surrogate(value)
    elif isinstance(value, int):
        if abs(value) >= _INTEGER_LIMIT:
            raise NotCanonical("An integer of 2**53 or more cannot stand in a leaf.")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise NotCanonical("The keys of a leaf are ASCII text.")
            _refuse_uncanonical(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_uncanonical(item)
    else:
        raise NotCanonical(f"A {type(value).__name__} cannot stand in a leaf.")


def _refuse_lone_surrogate(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("Text with half a surrogate pair cannot stand in a leaf.") from None


def as_json(entry: Entry) -> JsonObject:
    """Return `entry` as plain JSON values, as the leaf, the API and the exports show it."""
    document: JsonObject = {name: getattr(entry, name) for name in _FIELDS}
    for name in _INSTANTS:
        document[name] = instant(document[name])
    for name in _LISTS:
        document[name] = list(document[name])
    return document


def leaf_of(entry: Entry, *, prev: str | None) -> bytes:
    """Return the leaf of `entry`: the bytes that are stored and hashed. `prev` is the stream's previous leaf hash."""
    return canonical(as_json(entry) | {"format": LEAF_FORMAT, "prev": prev})


def leaf_hash(leaf: bytes) -> str:
    """Return the RFC 6962 leaf hash of `leaf` in hexadecimal."""
    return hashlib.sha256(b"\x00" + leaf).hexdigest()


def read_leaf(leaf: bytes) -> tuple[Entry, str | None]:
    """Read a stored leaf back into (entry, prev); raises ValueError when it is not leaf format v1."""
    try:
        document = json.loads(leaf)
        if document.pop("format", None) != LEAF_FORMAT:
            raise ValueError(f"This leaf is not in format {LEAF_FORMAT}.")
        prev = document.pop("prev")
        for name in _INSTANTS:
            document[name] = from_instant(document[name])
        for name in _LISTS:
            document[name] = tuple(document[name])
        return Entry(**document), prev
    except (AttributeError, KeyError, TypeError, RecursionError) as fault:
        raise ValueError(f"This leaf is not in format {LEAF_FORMAT}: {type(fault).__name__}.") from fault
