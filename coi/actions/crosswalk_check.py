"""The crosswalk held against log and vault: every code that was scanned or printed names what it named, and no more.

Which wristband names which patient is worked out anew: from the vault's identifiers, from the texts that were scanned
and the patients that the log says they named, and from the steps that bound and ended identifiers.
"""

import json
from collections.abc import Iterator, Set

from sqlalchemy import Connection, select

from coi.actions.canonical import patient_text
from coi.actions.identifiers import DETAILS, alert_keys, details_of
from coi.actions.office import Office
from coi.actions.promises import Change, Key, Promises, Row
from coi.actions.vault_check import Texts
from coi.journey.identity import is_in_our_form, is_own, parse
from coi.record import codes
from coi.record.tables import CODE
from coi.record.vault import VaultKeys

Span = tuple[str | None, str | None]
_ALWAYS: Span = (None, None)


def faults(office: Office, conn: Connection, promised: Promises, texts: Texts) -> Iterator[str]:
    """Return which codes are missing, name something else, or are there and nothing tells of them."""
    stored = {(row.token, row.subject, row.issuer): row for row in conn.execute(select(CODE))}
    expected, spans = _expected(office.keys, promised, texts), _spans(office.keys, promised, texts)
    for key in sorted(expected.keys() | stored.keys()):
        row = stored.get(key)
        if row is None:
            yield f"Code {_named(key, expected[key])}: it is not in the crosswalk; whoever scans it finds nothing."
        elif key in expected:
            said = (row.type, row.therapy, row.container), (row.valid_from, row.valid_until)
            if said != (expected[key], spans.get(key, _ALWAYS)):
                yield f"Code {_named(key, expected[key])}: what the crosswalk says of it is not what log and vault say."
        elif row.type != "name":
            yield f"Code {_named(key, (row.type, None, None))}: neither log nor vault tells that it names this."
    yield from _wristbands(office, promised, texts, stored.keys())
    yield from _names(office.keys, promised, texts, stored.keys())


def _named(key: Key, row: Row) -> str:
    token, subject, issuer = key
    return f"{token if is_own(token) else f'of a {row[0]}'}{f' by {issuer}' if issuer else ''} for {subject}"


def _token(keys: VaultKeys, text: str, scope: str = "patient") -> str:
    return codes.foreign_token(keys, text=text, scope=scope)


def _expected(keys: VaultKeys, promised: Promises, texts: Texts) -> dict[Key, Row]:
    """Return the codes that log and vault tell of."""
    rows = dict(promised.codes)
    for (subject, name), text in texts.at.items():
        if name.startswith("identifier."):
            said = json.loads(text)
            therapy = subject if subject.startswith("COI-") else None
            scope = f"therapy/{said['issuer']}/{said['kind']}" if therapy else "patient"
            row: Row = ("therapy" if therapy else "patient", therapy, None)
            rows[_token(keys, said["value"], scope), subject, said["issuer"]] = row
    for commitment, (scope, subject, row) in promised.foreign.items():
        scanned = texts.scans.get(commitment)
        if scanned is not None and not is_in_our_form(scanned):
            place, (_, therapy, container) = texts.rows[commitment], row
            rows[_token(keys, texts.at.get((place, "code"), scanned), scope), subject, ""] = row
            donation = texts.at.get((place, "donation"))
            if donation and container:
                rows[_token(keys, donation, "donation"), container, ""] = ("donation", therapy, container)
    return rows


def _spans(keys: VaultKeys, promised: Promises, texts: Texts) -> dict[Key, Span]:
    """Return from and until when identifiers count that the steps of the log bound or ended."""
    spans: dict[Key, Span] = {}
    for change in promised.changes:
        for name, key in _keys_of(keys, change, texts):
            ends = change.kind == "identifier.withdrawn" or name == "old"
            begun = spans.get(key, _ALWAYS)[0]
            spans[key] = (begun, change.at) if ends else (change.valid_from, change.valid_until)
    return spans


def _keys_of(keys: VaultKeys, change: Change, texts: Texts) -> Iterator[tuple[str, Key]]:
    for name in ("old", "value"):
        text = texts.at.get((change.attempt, f"value.{name}"))
        if text is not None:
            yield name, (_token(keys, text), change.patient, change.issuer)


def _wristbands(office: Office, promised: Promises, texts: Texts, stored: Set[Key]) -> Iterator[str]:
    """Hold each wristband that was scanned against the patient whom it named; one bound in error names nobody."""
    naming = {(token, subject) for token, subject, _ in stored}
    for change in promised.taken_back:
        naming |= {(token, subject) for _, (token, subject, _) in _keys_of(office.keys, change, texts)}
    for commitment, patient in promised.wristbands.items():
        text = texts.scans.get(commitment)
        if text is not None and not {(token, patient) for token in _scanned(office, text)} & naming:
            attempt = promised.scans[commitment]
            yield f"Code of the wristband in attempt {attempt}: it named {patient}, and does so no more."


def _scanned(office: Office, text: str) -> set[str]:
    """Return the tokens that a wristband may be known by: what it says, and what this site's patterns make of that."""
    if is_in_our_form(text):
        return {parse(text).id}
    return {_token(office.keys, form) for form in (text, patient_text(office, text))}


def _names(keys: VaultKeys, promised: Promises, texts: Texts, stored: Set[Key]) -> Iterator[str]:
    """Return whose like names nobody would be told of at the site where the patient was first enrolled."""
    for patient, site in promised.called:
        known = details_of({name: texts.at[patient, name] for name in DETAILS if (patient, name) in texts.at})
        wanted = {(_token(keys, key, f"name/{site}"), patient, site) for key in alert_keys(known)}
        if not wanted <= stored:
            yield f"Code of the name of {patient} at {site}: a like name would not be noticed there."
