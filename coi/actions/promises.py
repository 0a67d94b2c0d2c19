"""What the log promises of the vault, the crosswalk and the documents, which lie outside of it: read from the entries.

The log holds commitments, tokens and ids; whether what lies outside keeps the promise is asked in `vault_check` and
`crosswalk_check`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from coi.journey.corrections import CORRECTING, corrections_of
from coi.journey.entry import Entry, instant, read_leaf
from coi.journey.identity import is_own
from coi.journey.steps import STEPS
from coi.journey.values import Sealed
from coi.record import ledger
from coi.record.tables import ENTRY

Place = tuple[str, str]  # where a text lies in the vault: whose, and which
Key = tuple[str, str, str]  # of a code: token, subject, issuer
Row = tuple[str, str | None, str | None]  # of a code: type, therapy, container
_STREAMED = {"yield_per": 500}
_AS_TEXT = ("seal", "location", "document")  # roles whose codes are known by their own text
_CODED = {"shipper": "shipper", "container": "label", "label": "label"}  # the scopes of others' codes, by role


@dataclass(frozen=True, slots=True)
class Change:
    """An identifier that the step of `attempt` bound, replaced or withdrew, and from or until when it counts."""

    kind: str
    attempt: str
    patient: str
    issuer: str
    at: str
    valid_from: str | None
    valid_until: str | None


@dataclass(slots=True)
class Promises:
    """Everything that the log promises of what lies outside of it."""

    commitments: dict[Place, str] = field(default_factory=dict)
    scans: dict[str, str] = field(default_factory=dict)  # commitment of a scan -> the attempt
    texts: set[str] = field(default_factory=set)  # keyed tokens whose text is kept
    identifiers: dict[str, str] = field(default_factory=dict)  # commitment of an identifier -> the patient
    details: dict[Place, Place] = field(default_factory=dict)  # a patient's changed detail -> the step's own text
    wristbands: dict[str, str] = field(default_factory=dict)  # commitment of a scan -> the patient that it named
    codes: dict[Key, Row] = field(default_factory=dict)  # of our own
    foreign: dict[str, tuple[str, str, Row]] = field(default_factory=dict)  # of a scan -> its scope, and what it names
    changes: list[Change] = field(default_factory=list)
    taken_back: list[Change] = field(default_factory=list)
    called: list[tuple[str, str]] = field(default_factory=list)  # (patient, site) whose name is found there
    documents: set[str] = field(default_factory=set)
    patients: dict[str, str] = field(default_factory=dict)  # therapy -> patient


def promises(conn: Connection) -> Promises:
    """Return what the log promises; every entry is read once, those of corrected therapies twice."""
    found, annulled = Promises(), _annulled(conn)
    query = select(ENTRY.c.leaf).where(ENTRY.c.id == ENTRY.c.attempt).order_by(ENTRY.c.position)
    for leaf in conn.execute(query, execution_options=_STREAMED).scalars():
        entry = read_leaf(bytes(leaf))[0]
        for place, commitment in _commitments(entry):
            found.commitments[place] = commitment
        _scans(found, entry)
        _tokens(found, entry)
        act = _ACTS.get(entry.kind)
        if act is not None:
            act(found, entry, counts=entry.id not in annulled)
    return found


def _annulled(conn: Connection) -> set[str]:
    query = select(ENTRY.c.stream).where(ENTRY.c.kind.in_(CORRECTING), ENTRY.c.stream.startswith("therapy:")).distinct()
    found: set[str] = set()
    for stream in conn.execute(query).scalars().all():
        corrections = corrections_of(ledger.read_streams(conn, [stream])[stream].entries)
        found |= {target for target, one in corrections.items() if one.final}
    return found


def _commitments(entry: Entry) -> Iterator[tuple[Place, str]]:
    """Return where the texts lie that an entry commits itself to."""
    if entry.note is not None:
        yield (entry.attempt, "note"), entry.note
    for one in _sealed(entry):
        if not one.equal:
            yield (entry.attempt, f"value.{one.name}"), entry.values[one.name]


def _sealed(entry: Entry) -> list[Sealed]:
    row = STEPS.get(entry.kind)
    return [one for one in row.values if isinstance(one, Sealed) and one.name in entry.values] if row else []


def _scans(found: Promises, entry: Entry) -> None:
    for scan in entry.scans:
        if "commitment" in scan:
            found.scans[scan["commitment"]] = entry.attempt
            if (scan["subject"] or "").startswith("PAT-"):
                found.wristbands[scan["commitment"]] = scan["subject"]


def _tokens(found: Promises, entry: Entry) -> None:
    scanned = {str(scan["subject"]) for scan in entry.scans if scan["role"] in _AS_TEXT and scan["subject"]}
    found.texts |= {subject for subject in scanned if not is_own(subject)}
    found.texts |= {str(entry.values[one.name]) for one in _sealed(entry) if one.equal}


def _enrolled(found: Promises, entry: Entry, *, counts: bool) -> None:  # noqa: ARG001 - one shape
    values, coi = entry.values, str(entry.therapy)
    patient = found.patients[coi] = str(values["patient"])
    found.codes[coi, coi, ""] = ("therapy", coi, None)
    found.codes[patient, patient, ""] = ("patient", None, None)
    for number, one in enumerate(values["identifiers"]):
        found.commitments[coi, f"identifier.{number}"] = one["commitment"]
    known = values.get("known")  # an entry of before this was told holds none of it
    if known is None:
        return
    found.identifiers |= dict.fromkeys(known["identifiers"], patient)
    for name, commitment in known["details"].items():
        found.commitments[patient, name] = commitment
    if known["details"]:
        found.called.append((patient, str(values["site"])))


def _planned(found: Promises, entry: Entry, *, counts: bool) -> None:  # noqa: ARG001 - one shape
    for id_ in entry.values["containers"]:
        found.codes[id_, id_, ""] = ("container", entry.therapy, id_)


def _issued(found: Promises, entry: Entry, *, counts: bool) -> None:  # noqa: ARG001 - one shape
    label = entry.values["label"]
    found.codes[label, label, ""] = ("label", entry.therapy, entry.values["container"])


def _adopted(found: Promises, entry: Entry, *, counts: bool) -> None:
    id_ = entry.values["container"]
    found.codes[id_, id_, ""] = ("container", entry.therapy, id_)
    _issued(found, entry, counts=counts)
    if counts:
        for commitment, scope in _new_ones(entry):
            found.foreign[commitment] = (scope, str(entry.values["label"]), ("label", entry.therapy, id_))


def _charged(found: Promises, entry: Entry, *, counts: bool) -> None:  # noqa: ARG001 - one shape
    id_ = str(entry.values["shipper"])
    if (id_, id_, "") not in found.codes:
        found.codes[id_, id_, ""] = ("shipper", None, None)
        for commitment, scope in _new_ones(entry):
            found.foreign[commitment] = (scope, id_, (scope, None, None))


def _new_ones(entry: Entry) -> Iterator[tuple[str, str]]:
    """Return (commitment, scope) of the scanned codes that an entry made known."""
    for scan in entry.scans:
        if scan["subject"] is None and scan["role"] in _CODED and "commitment" in scan:
            yield scan["commitment"], _CODED[scan["role"]]


def _changed_identifier(found: Promises, entry: Entry, *, counts: bool) -> None:
    values = entry.values
    change = Change(entry.kind, entry.attempt, found.patients[str(entry.therapy)], values["issuer"],
                    instant(entry.recorded_at), values.get("valid_from"), values.get("valid_until"))  # fmt: skip
    (found.changes if counts else found.taken_back).append(change)


def _changed_details(found: Promises, entry: Entry, *, counts: bool) -> None:
    patient, version = found.patients[str(entry.therapy)], f"{entry.recorded_at:%Y%m%dT%H%M%S%f}"
    for one in _sealed(entry):
        if counts:
            found.details[patient, f"{one.name}@{version}"] = (entry.attempt, f"value.{one.name}")


def _attached(found: Promises, entry: Entry, *, counts: bool) -> None:  # noqa: ARG001 - one shape
    found.documents.add(str(entry.values["sha256"]))


_ACTS: dict[str, Callable[..., Any]] = {
    "therapy.enrolled": _enrolled,
    "container.planned": _planned,
    "label.issued": _issued,
    "container.adopted": _adopted,
    "shipper.charged": _charged,
    "identifier.bound": _changed_identifier,
    "identifier.replaced": _changed_identifier,
    "identifier.withdrawn": _changed_identifier,
    "patient.changed": _changed_details,
    "document.attached": _attached,
}
