"""Scans: from the text that a scanner, camera or keyboard gave to the subject it names.

* A text in our own form must have its check character right; it is never corrected.
* A foreign text is taken only where the field uses foreign codes: wristbands, seals, locations, shippers.
* A foreign bag is known by donation, product and division together (ISBT 128). Its donation's number alone names the
  donation; another bag of a known donation is told as that, never taken for the one that is known.
* A wristband is read within its issuer: a number of another hospital that is known here does not count at this one.
* A signed label text is judged first: a genuine one reads as its serial, any other never reads as identity.
* Raw text never leaves here but to the vault; entries get subject ids, keyed tokens or salted commitments.
* "camera" is believed only with the token that reading the picture gave; without it the text counts as typed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection

import scanners
from coi.actions import labelkeys
from coi.actions.canonical import DONATION, OF_PATIENTS, code_text
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
_OF_A_DONATION = frozenset({"container", "label", None})  # roles in which a donation's number may be scanned
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
    registers: Mapping[str, str | None] | None = None  # a foreign code that is not known yet
    donation: str | None = None  # the token of the donation that a foreign bag is of


@dataclass(frozen=True, slots=True)
class _Read:
    """A scan as it counts, what was read in it, and why it may be no code: told when it names nothing here."""

    given: GivenScan
    reading: scanners.Reading
    doubt: Fault | None = None
    signed: scanners.LabelVerdict | None = None  # what a signed label text turned out to be

    @property
    def role(self) -> str | None:
        return self.given.role

    @property
    def text(self) -> str:
        return self.given.text

    @property
    def via(self) -> str:
        return self.given.via


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
    read = [_judged(office, conn, _read(office, scan, person, number)) for number, scan in enumerate(given)]
    tokens = [_tokens(office, scan) for scan in read]
    named = codes.resolve(conn, {token for several in tokens for token in several}) if read else {}
    at = instant(office.now())
    return [
        _resolved(office, scan, _found(named, several, at), sites, f"{subject}/{number}", adopts=adopts)
        if scan.signed is None
        else _signed(scan, scan.signed, _one(_found(named, several, at), sites), f"{subject}/{number}")
        for number, (scan, several) in enumerate(zip(read, tokens, strict=True))
    ]


def _found(named: Mapping[str, list[Named]], tokens: Sequence[str], at: str) -> list[Named]:
    return [item for token in tokens for item in named.get(token, ()) if item.counts(at)]


def _read(office: Office, given: GivenScan, person: str, number: int) -> _Read:
    """Return the scan as it counts: its text checked, its way of input as it can be believed."""
    via = given.via
    if via == "camera" and not _read_by_camera(office, given, person):
        via = "typed"
    try:
        reading = _reading(office, given.text, via)
    except scanners.ScanError as fault:
        said = Fault(422, fault.code, str(fault), {f"scans.{number}.text": [str(fault)]})
        return _doubted(replace(given, via=via), said)
    return _Read(replace(given, text=reading.text, via=via), reading)


def _reading(office: Office, text: str, via: str) -> scanners.Reading:
    """Return what was read; only typed text is put into the form of our codes, and read again then."""
    reading = scanners.read_text(text, via="wedge" if via == "typed" else via, site=office.site)
    normal = normalise_typed(reading.text) if via == "typed" else reading.text
    return reading if normal == reading.text else scanners.read_text(normal, via="wedge", site=office.site)


def _doubted(given: GivenScan, fault: Fault) -> _Read:
    """A text that looks like a misread code of some standard may be a hospital's number; none of ours ever is."""
    plain = _FOREIGN_FORM.fullmatch(given.text)
    if fault.code != "scan.misread" or plain is None or is_in_our_form(given.text):
        raise fault
    return _Read(given, scanners.Reading(given.text, "text", given.via, canonical=given.text), fault)


def _judged(office: Office, conn: Connection, scan: _Read) -> _Read:
    """Return a signed label text with the judgement on it; any other scan as it is."""
    if not scanners.is_signed(scan.text):
        return scan
    return replace(scan, signed=labelkeys.judge(office, conn, scan.text))


def _tokens(office: Office, scan: _Read) -> list[str]:
    """Return under which tokens the scan may be known: by what was read, and as other makers' labels once were."""
    if scan.signed is not None:
        return [scan.signed.label.serial] if scan.signed.genuine and scan.signed.label else []
    try:
        return [parse(scan.text).id]
    except Misread as fault:
        raise Fault(422, "scan.misread", str(fault), {"scans": [str(fault)]}) from fault
    except NotOurs:
        _refuse_what_is_no_code(scan)
    places = [place for scope in _SCOPES.get(scan.role, []) for place in _places(scan.reading, scope)]
    if scan.role in _OF_A_DONATION and DONATION in scan.reading.fields:
        places.append(("donation", scan.reading.fields[DONATION]))
    return [codes.foreign_token(office.keys, text=text, scope=scope) for scope, text in places]


def _places(reading: scanners.Reading, scope: str) -> list[tuple[str, str]]:
    own = reading.canonical if reading.kind in OF_PATIENTS else reading.text
    texts = (own if scope == "patient" else code_text(reading), reading.text)
    return [(scope, text) for text in dict.fromkeys(texts)]


def _refuse_what_is_no_code(scan: _Read) -> None:
    foreign = scan.role is None or scan.role in _FOREIGN_ROLES
    known = scan.reading.kind != scanners.UNKNOWN
    if not foreign or not (known or (_FOREIGN_FORM.fullmatch(scan.text) and not _LINK.search(scan.text))):
        raise _foreign(scan)


def _foreign(scan: _Read) -> Fault:
    wanted = f"the {scan.role}'s code" if scan.role else "one of our codes or a wristband"
    kind = scan.reading.kind
    got = "a foreign code" if kind == scanners.UNKNOWN else f"{scanners.in_words(kind)} that names nothing here"
    message = f"This is {got}, not {wanted}. Scan {wanted}."
    return Fault(422, "scan.foreign", message, {"scans": [message]})


def _resolved(
    office: Office, scan: _Read, found: Sequence[Named], sites: frozenset[str], row: str, *, adopts: bool
) -> Looked:
    """Return the scan with what it names; `row` is where its raw text goes in the vault, if it has to be kept."""
    role, named = scan.role or "unknown", _one(found, sites)
    told = role in ("seal", "location", "document")  # these are known by their own text, whatever it looks like
    if named is None and scan.doubt is not None and not told:
        raise scan.doubt
    donation = [item.therapy for item in found if item.type == "donation"]
    if named is None and donation and not (adopts and role == "container"):
        return _of_a_donation(office, scan, donation)
    if named is None and role in _LABELLED and not adopts and not is_in_our_form(scan.text):
        raise _foreign(scan)
    if named is None:
        return _by_text(office, scan) if told else _unresolved(office, scan, row, donation)
    if named.type == "patient":
        return _patient(scan, named, row)
    resolved = ResolvedScan(
        role=role, type=named.type, subject=named.subject, via=scan.via, therapy=named.therapy,
        container=named.container, label=named.subject if named.type == "label" else None,
    )  # fmt: skip
    return Looked(_as_asked(resolved))


def _signed(scan: _Read, verdict: scanners.LabelVerdict, named: Named | None, row: str) -> Looked:
    """Return a signed label as what its serial names, or as nothing when it is not believed, with the reason."""
    judged: str | None = verdict.judged.value
    if verdict.genuine and verdict.label is not None:
        judged = _against_the_log(verdict.label, named)
    if judged is None and named is not None:
        resolved = ResolvedScan(role=scan.role or "unknown", type="label", subject=named.subject, via=scan.via,
                                therapy=named.therapy, container=named.container, label=named.subject)  # fmt: skip
        return Looked(_as_asked(resolved))
    kept = sealed.secret(subject=row, name="scan", text=scan.text)
    return Looked(ResolvedScan(role=scan.role or "unknown", type="unknown", subject=None, via=scan.via,
                               commitment=kept.commitment, judged=judged), (kept,))  # fmt: skip


def _against_the_log(label: scanners.SignedLabel, named: Named | None) -> str | None:
    """Return how a genuine label and the log disagree, None when they do not."""
    if named is None or named.type != "label":
        return "not_in_log"
    return None if (named.container, named.therapy) == (label.container, label.coi) else "contradicts"


def _as_asked(resolved: ResolvedScan) -> ResolvedScan:
    """Return the label as the container that it is on, where a container was meant."""
    if resolved.type == "label" and resolved.role in ("container", "unknown"):
        return replace(resolved, type="container", subject=resolved.container)
    return resolved


def _one(found: Sequence[Named], sites: frozenset[str]) -> Named | None:
    """Return the one thing that is named, or None: nothing, or different patients of issuers that count here."""
    things = [n for n in found if n.type != "donation"]
    counting = [n for n in things if not (n.type == "patient" and n.issuer_known and n.issuer not in sites)]
    subjects = {named.subject for named in counting}
    return counting[0] if len(subjects) == 1 else None


def _of_a_donation(office: Office, scan: _Read, therapies: Sequence[str | None]) -> Looked:
    """The donation is known and this bag of it is not: another bag of it, or not everything was scanned."""
    number = scan.reading.fields[DONATION]
    token = opaque_token(office.keys, scope="donation", text=number)
    kept = sealed.secret(subject=token, name="text", text=number)
    type_ = "donation" if scan.reading.needed else "other_bag"
    return Looked(
        ResolvedScan(role=scan.role or "unknown", type=type_, subject=token, via=scan.via, therapy=_same(therapies)),
        (kept,),
    )


def _same(therapies: Sequence[str | None]) -> str | None:
    return therapies[0] if len(set(therapies)) == 1 else None


def _patient(scan: _Read, named: Named, row: str) -> Looked:
    kept = sealed.secret(subject=row, name="scan", text=scan.text)
    resolved = ResolvedScan(
        role=scan.role or "wristband", type="patient", subject=named.subject, via=scan.via, commitment=kept.commitment
    )
    return Looked(resolved, (kept,))


def _by_text(office: Office, scan: _Read) -> Looked:
    """A seal or a location is known by its own text: in the log as a keyed token, readable in the vault only."""
    token = opaque_token(office.keys, scope=scan.role or "code", text=code_text(scan.reading))
    kept = sealed.secret(subject=token, name="text", text=scan.text)
    return Looked(
        ResolvedScan(role=scan.role or "code", type=scan.role or "unknown", subject=token, via=scan.via), (kept,)
    )


def _unresolved(office: Office, scan: _Read, row: str, donation: Sequence[str | None] = ()) -> Looked:
    kept = [sealed.secret(subject=row, name="scan", text=scan.text)]
    resolved = ResolvedScan(
        role=scan.role or "unknown", type="unknown", subject=None, via=scan.via, commitment=kept[0].commitment
    )
    kind = {"shipper": "shipper", "container": "label", "label": "label"}.get(scan.role or "")
    if kind is None or is_in_our_form(scan.text):
        return Looked(resolved, tuple(kept))
    _refuse_incomplete(scan, kind)
    text, number = code_text(scan.reading), scan.reading.fields.get(DONATION)
    kept += [sealed.secret(subject=row, name="code", text=text)] if text != scan.text else []
    kept += [sealed.secret(subject=row, name="donation", text=number)] if number else []
    return Looked(
        replace(resolved, type="unlisted", therapy=_same(donation) if donation else None), tuple(kept),
        {"token": codes.foreign_token(office.keys, text=text, scope=kind), "type": kind},
        codes.foreign_token(office.keys, text=number, scope="donation") if number else None,
    )  # fmt: skip


def _refuse_incomplete(scan: _Read, kind: str) -> None:
    """A bag becomes known by everything that tells it from its sisters; a donation's number is on each of them."""
    if kind == "label" and scan.reading.needed:
        lacking = " and ".join(name.replace("_", " ") for name in scan.reading.needed)
        message = (f"This is {scanners.in_words(scan.reading.kind)}, which names no single container; "
                   f"scan the {lacking} of the same label too, as one text.")  # fmt: skip
        raise Fault(422, "scan.incomplete", message, {"scans": [message]})
