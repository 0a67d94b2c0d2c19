"""Requests: what callers send to the door, after the edge has checked its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coi.actions.scans import GivenScan
from coi.journey.entry import Tense
from coi.journey.steps import Role
from coi.record.blobs import File


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a signed-in person with roles at organisations."""

    person: str
    grants: Mapping[str, frozenset[Role]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """One step as a client sends it; the form was checked at the edge, the meaning is checked here."""

    id: str
    kind: str
    occurred_at: datetime
    digest: str
    therapy: str | None = None
    tense: Tense = Tense.ASKED
    zone: str | None = None
    scans: Sequence[GivenScan] = ()
    values: Mapping[str, Any] | None = None
    reason: str | None = None
    note: str | None = None
    performed_by: Sequence[str] = ()
    documents: Sequence[str] = ()
    signatures: Sequence[str] = ()
    device: Mapping[str, Any] | None = None
    uncertainty: int = 0
    file: File | None = None
