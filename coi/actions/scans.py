"""Scans: from the text that a scanner, camera or keyboard gave to the subject it names.

* A text in our own form must have its check character right; it is never corrected.
* A foreign text is taken only where the field uses foreign codes: wristbands, seals, locations, shippers.
* A wristband is read within its issuer: a number of another hospital that is known here does not count at this one.
* Raw text never leaves here but to the vault; entries get subject ids, keyed tokens or salted commitments.
* "camera" is believed only with the token that reading the picture gave; without it the text counts as typed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection

import scanners
from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.journey.attempt import ResolvedScan
from coi.journey.entry import instant
from coi.journey.identity import Misread, NotOurs, is_in_our_form, normalise_typed, parse
from coi.record import codes, sealed
from coi.record.codes import Named
from coi.record.vault import opaque_token

READING_LIFETIME = 900  # seconds for which a camera's reading may be used
_FOREIGN_ROLES = frozenset({"wristband", "seal", "location", "shipper", "document", "container", "label"})
_FOREIGN_FORM = re.compile(r"[A-Za-z0-9=&][A-Za-z0-9 ._/|^#*+:,=&<>;%()-]{1,79}")
_SCOPES: Mapping[str | None, list[str]] = {
    "wristband": ["patient"], "shipper": ["shipper"], "container": ["label"], "label": ["label"],
    None: ["patient", "shipper", "label"],
}  # fmt: skip
_LABELLED = frozenset({"container", "label"})
_LINK = re.compile(r"://|^www\.|^mailto:|^tel:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GivenScan:
    """One scan as a client sends it."""

    role: str | None
    text: str
    via: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A scan that was looked up: what it names, and the texts that go to the vault if the step is recorded."""

    scan: ResolvedScan
    secrets: tuple[sealed.Secret, ...] = ()
    registers: Mapping[str, str | None] | None = None  # a foreign shipper code that is not known yet


def reading_token(office: Office, *, text: str, person: str) -> str:
    """Return the token that proves that `text` was read from a picture by the service, for `person`."""
    return _signer(office).dumps([person, codes.foreign_token(office.keys, text=text, scope="reading")])


def _signer(office: Office) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(office.keys.token, salt="coi reading v1")


def _read_by_camera(office: Office, given: GivenScan, person: str) -> bool:
    if not given.token:
        return False
    try:
        said = _signer(office).loads(given.token, max_age=READING_LIFETIME)
    except BadSignature:
        return False
    return bool(said == [person, codes.foreign_token(office.keys, text=given.text, scope="reading")])


def look_up(
    conn: Connection,
    given: Sequence[GivenScan],
    *,
    office: Office,
    person: str,
    sites: frozenset[str],
    subject: str,
    adopts: bool = False,
) -> list[Looked]:
    """Return what each of `given` names. `sites` are the person's organisations, `subject` the attempt's id.

    A step that `adopts` takes a container's foreign label that is not known yet.

    Raises Fault for text that is not a code, was misread, or is foreign where foreign codes are not used.
    """
    read = [_read(office, scan, person, number) for number, scan in enumerate(given)]
    tokens = [_tokens(office, scan) for scan in read]
    named = codes.resolve(conn, {token for several in tokens for token in several}) if read else {}
    at = instant(office.now())
    return [
        _resolved(office, scan, _one(_found(named, several, at), sites), f"{subject}/{number}", adopts=adopts)
        for number, (scan, several) in enumerate(zip(read, tokens, strict=True))
    ]


def _found(named: Mapping[str, list[Named]], tokens: Sequence[str], at: str) -> list[Named]:
    return [item for token in tokens for item in named.get(token, ()) if item.counts(at)]


def _read(office: Office, given: GivenScan, person: str, number: int) -> GivenScan:
    """Return the scan as it counts: its text checked, its way of input as it can be believed."""
    via = given.via
    if via == "camera" and not _read_by_camera(office, given, person):
        via = "typed"
    try:
        text = scanners.read_text(given.text, via="wedge" if via == "typed" else via).text
    except scanners.ScanError as fault:
        raise Fault(422, fault.code, str(fault), {f"scans.{number}.text": [str(fault)]}) from fault
    return replace(given, text=normalise_typed(text) if via == "typed" else text, via=via)


def _tokens(office: Office, scan: GivenScan) -> list[str]:
    try:
        return [parse(scan.text).id]
    except Misread as fault:
        raise Fault(422, "scan.misread", str(fault), {"scans": [str(fault)]}) from fault
    except NotOurs:
        _refuse_what_is_no_code(scan)
    scopes = _SCOPES.get(scan.role, [])
    return [codes.foreign_token(office.keys, text=scan.text, scope=scope) for scope in scopes]


def _refuse_what_is_no_code(scan: GivenScan) -> None:
    foreign = scan.role is None or scan.role in _FOREIGN_ROLES
    if not foreign or _LINK.search(scan.text) or not _FOREIGN_FORM.fullmatch(scan.text):
        raise _foreign(scan)


def _foreign(scan: GivenScan) -> Fault:
    wanted = f"the {scan.role}'s code" if scan.role else "one of our codes or a wristband"
    message = f"This is a foreign code, not {wanted}. Scan {wanted}."
    return Fault(422, "scan.foreign", message, {"scans": [message]})


def _resolved(office: Office, scan: GivenScan, named: Named | None, row: str, *, adopts: bool) -> Looked:
    """Return the scan with what it names; `row` is where its raw text goes in the vault, if it has to be kept."""
    role = scan.role or "unknown"
    if named is None and role in _LABELLED and not adopts and not is_in_our_form(scan.text):
        raise _foreign(scan)
    if named is None:
        return _by_text(office, scan) if role in ("seal", "location", "document") else _unresolved(office, scan, row)
    if named.type == "patient":
        return _patient(scan, named, row)
    resolved = ResolvedScan(
        role=role, type=named.type, subject=named.subject, via=scan.via, therapy=named.therapy,
        container=named.container, label=named.subject if named.type == "label" else None,
    )  # fmt: skip
    if named.type == "label" and role in ("container", "unknown"):
        resolved = replace(resolved, type="container", subject=named.container)
    return Looked(resolved)


def _one(found: Sequence[Named], sites: frozenset[str]) -> Named | None:
    """Return the one thing that is named, or None: nothing, or different patients of issuers that count here."""
    counting = [n for n in found if not (n.type == "patient" and n.issuer_known and n.issuer not in sites)]
    subjects = {named.subject for named in counting}
    return counting[0] if len(subjects) == 1 else None


def _patient(scan: GivenScan, named: Named, row: str) -> Looked:
    kept = sealed.secret(subject=row, name="scan", text=scan.text)
    resolved = ResolvedScan(
        role=scan.role or "wristband", type="patient", subject=named.subject, via=scan.via, commitment=kept.commitment
    )
    return Looked(resolved, (kept,))


def _by_text(office: Office, scan: GivenScan) -> Looked:
    """A seal or a location is known by its own text: in the log as a keyed token, readable in the vault only."""
    token = opaque_token(office.keys, scope=scan.role or "code", text=scan.text)
    kept = sealed.secret(subject=token, name="text", text=scan.text)
    return Looked(
        ResolvedScan(role=scan.role or "code", type=scan.role or "unknown", subject=token, via=scan.via), (kept,)
    )


def _unresolved(office: Office, scan: GivenScan, row: str) -> Looked:
    kept = sealed.secret(subject=row, name="scan", text=scan.text)
    resolved = ResolvedScan(
        role=scan.role or "unknown", type="unknown", subject=None, via=scan.via, commitment=kept.commitment
    )
    kind = {"shipper": "shipper", "container": "label", "label": "label"}.get(scan.role or "")
    if kind is None or is_in_our_form(scan.text):
        return Looked(resolved, (kept,))
    token = codes.foreign_token(office.keys, text=scan.text, scope=kind)
    return Looked(replace(resolved, type="unlisted"), (kept,), {"token": token, "type": kind})
