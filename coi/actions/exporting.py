"""Exporting: the dossier of a therapy and the sheets for a downtime, for those who may see the therapy.

The patient's name and identifiers come out of the vault for a reader who belongs to the treating site, and for nobody
else. A bedside check that still waits for its second stays hidden here as it does on the screen. Nothing is recorded.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from coi.actions import reads
from coi.actions.labels import DEMO_BANNER
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.actions.shown import masked_checks
from coi.exports import dossier as dossiers
from coi.exports import dossier_pdf
from coi.exports.dossier_entries import Told
from coi.journey.entry import Entry
from coi.journey.therapy import Therapy

Json = dict[str, Any]
_READABLE = frozenset({"seal", "location"})


def dossier(office: Office, coi: str, *, caller: Caller, at: datetime | None = None) -> Json:
    """Return the dossier of a therapy, now or as recorded by `at`; raises 404 when the caller may not see it."""
    state, entries, pathway = reads.history(office, coi, caller=caller, at=at)
    patient = _patient(office, coi, caller=caller)
    told = Told(
        therapy=state, pathway=pathway, entries=entries, hidden=masked_checks(state, caller.person),
        names=_names(office, state, entries), notes=_notes(office, entries) if patient else {},
    )  # fmt: skip
    made = dossiers.Made(at=office.now(), reader=caller.person, as_of=at, software=office.software,
                         banner=DEMO_BANNER if office.demo else None)  # fmt: skip
    return dossiers.build(told, made=made, patient=patient)


def dossier_as_pdf(office: Office, coi: str, *, caller: Caller, at: datetime | None = None) -> bytes:
    """Return the dossier as a PDF on A4; raises what `dossier` raises."""
    return dossier_pdf.render(dossier(office, coi, caller=caller, at=at))


def _patient(office: Office, coi: str, *, caller: Caller) -> Json | None:
    """Return who the patient is, with the identifiers taken apart, for those who treat; None for everybody else."""
    found = reads.patient(office, coi, caller=caller)
    if found is None:
        return None
    return {**found, "identifiers": [json.loads(text) for text in found["identifiers"]]}


def _names(office: Office, state: Therapy, entries: Iterable[Entry]) -> dict[str, str]:
    """Return the texts of seals and places by the tokens that stand for them in the log."""
    tokens = {scan["subject"] for entry in entries for scan in entry.scans if scan["role"] in _READABLE}
    tokens |= {one.place.id for one in state.containers.values() if one.place.kind == "location"}
    texts = reads.names(office, sorted(token for token in tokens if token))
    return {token: said["text"] for token, said in texts.items() if "text" in said}


def _notes(office: Office, entries: Iterable[Entry]) -> dict[str, str]:
    texts = reads.names(office, sorted({entry.attempt for entry in entries if entry.note}))
    return {attempt: said["note"] for attempt, said in texts.items() if "note" in said}
