"""Exporting: the dossier of a therapy and the sheets for a downtime, for those who may see the therapy.

The patient's name and identifiers come out of the vault for a reader who belongs to the treating site, and for nobody
else. A bedside check that still waits for its second stays hidden here as it does on the screen. Nothing is recorded.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coi.actions import proofs, reads
from coi.actions.faults import Fault, malformed
from coi.actions.labelcontent import DEMO_BANNER
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.actions.shown import masked_checks
from coi.exports import dossier as dossiers
from coi.exports import dossier_pdf, downtime, downtime_pdf
from coi.exports.dossier_entries import Told
from coi.journey.entry import Entry, instant
from coi.journey.steps import Role
from coi.journey.therapy import Therapy
from coi.record import codes

Json = dict[str, Any]
_NEVER_TOLD = frozenset({Role.COURIER, Role.AUDITOR, Role.ADMIN})  # whose patient it is, wherever they work
_OPERATOR = Caller("operator", {"": frozenset({Role.AUDITOR})})  # at the command line, who belongs to no site
_READABLE = frozenset({"seal", "location"})


def dossier(office: Office, coi: str, *, caller: Caller, at: datetime | None = None) -> Json:
    """Return the dossier of a therapy, now or as recorded by `at`; raises 404 when the caller may not see it."""
    state, entries, pathway = reads.history(office, coi, caller=caller, at=at)
    patient = _patient(office, state, caller=caller)
    hidden = masked_checks(state, caller.person)
    told = Told(
        therapy=state, pathway=pathway, entries=entries, hidden=hidden,
        names=_names(office, state, entries), notes=_notes(office, entries) if patient else {},
    )  # fmt: skip
    made = dossiers.Made(at=office.now(), reader=caller.person, as_of=at, software=office.software,
                         banner=_banner(office))  # fmt: skip
    log = proofs.of_entries(office, [entry.position for entry in entries if entry.id not in hidden])
    return dossiers.sealed({**dossiers.build(told, made=made, patient=patient), "log": log}, seal=office.log_key.seal)


def dossier_as_pdf(office: Office, coi: str, *, caller: Caller, at: datetime | None = None) -> bytes:
    """Return the dossier as a PDF on A4; raises what `dossier` raises."""
    return dossier_pdf.render(dossier(office, coi, caller=caller, at=at))


def write_dossier(office: Office, coi: str, file: Path, *, at: datetime | None = None) -> None:
    """Write the dossier to a new `file`, as JSON or PDF by its ending, as an auditor sees it: without the name.

    Raises Fault: 404 when there is no such therapy, 400 for another ending, 409 when the file is there already.
    """
    if file.suffix not in (".pdf", ".json"):
        raise malformed("export.file", "Expected a file whose name ends in .pdf or .json.")
    if file.exists():
        raise Fault(409, "export.file", f"{file.name} is there already; choose another name.")
    made = dossier(office, coi, caller=_OPERATOR, at=at)
    as_text = json.dumps(made, ensure_ascii=False, indent=1).encode
    file.write_bytes(dossier_pdf.render(made) if file.suffix == ".pdf" else as_text())


def _patient(office: Office, state: Therapy, *, caller: Caller) -> Json | None:
    """Return who the patient is, with the identifiers taken apart, for those who treat; None for everybody else."""
    treating = caller.grants.get(state.site, frozenset()) - _NEVER_TOLD
    found = reads.patient(office, state.coi, caller=caller) if treating else None
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


def downtime_as_pdf(office: Office, coi: str, *, caller: Caller) -> bytes:
    """Return the downtime sheets of a therapy as a PDF, one A4 page for the containers of each dose.

    Raises Fault 404 when the caller may not see the therapy, and when nothing of it waits to be given.
    """
    state, _, pathway = reads.history(office, coi, caller=caller)
    zone, zone_name = _zone(office, state.site)
    printing = downtime.Printing(at=office.now(), zone=zone, zone_name=zone_name, reader=caller.person,
                                 software=office.software, banner=_banner(office))  # fmt: skip
    identifiers = _agreed(office, state, caller=caller)
    sheets = downtime.build(state, pathway=pathway, printing=printing, identifiers=identifiers)
    if not sheets:
        raise Fault(404, "downtime.nothing", "No filled dose of this therapy waits to be given, so there is no sheet.")
    return downtime_pdf.render(sheets)


def _zone(office: Office, site: str) -> tuple[tzinfo, str]:
    """Return the zone of the treating site's clocks and its name; UTC where it is not known."""
    name = next((row["zone"] for row in reads.organisations(office) if row["code"] == site), None) or "UTC"
    try:
        return ZoneInfo(name), name
    except (ZoneInfoNotFoundError, ValueError):
        return UTC, "UTC"


def _agreed(office: Office, state: Therapy, *, caller: Caller) -> list[tuple[str, str]]:
    """Return the two identifiers on which a bedside check agrees, for those who treat; none for everybody else."""
    patient = _patient(office, state, caller=caller)
    if patient is None:
        return []
    number = _number(office, state, patient["identifiers"])
    named = f"{patient['family']}, {patient['given']}, born {patient['born']}"
    return [("Name and date of birth", named), ("Number on the wristband", number)]


def _number(office: Office, state: Therapy, identifiers: Iterable[Json]) -> str:
    """Return the patient's number in force that the treating site issued; empty when there is not exactly one."""
    own = [one["value"] for one in identifiers if one["issuer"] == state.site]
    tokens = {codes.foreign_token(office.keys, text=value, scope="patient"): value for value in own}
    now = instant(office.now())
    with office.store.read() as conn:
        named = codes.resolve(conn, tokens)
    found = {
        tokens[token]
        for token, several in named.items()
        for one in several
        if one.subject == state.patient and one.issuer == state.site and one.counts(now)
    }
    return found.pop() if len(found) == 1 else ""


def _banner(office: Office) -> str | None:
    return DEMO_BANNER if office.demo else None
