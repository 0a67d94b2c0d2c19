"""Identifiers: what binding, replacing and withdrawing one, changed details and adopted labels do to the crosswalk.

The log holds commitments; which wristband names whom is kept in the crosswalk as keyed tokens, with the time for which
they count. An identifier that counts no longer stays there, so that nobody gets it by mistake.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from coi.actions.attempts import Desk
from coi.actions.canonical import forms, identifier
from coi.actions.faults import Fault, malformed
from coi.actions.office import Office
from coi.journey.attempt import Case
from coi.journey.entry import Entry, instant
from coi.journey.names import name_keys
from coi.record import codes, sealed

_COUNTED_UNTIL = "counted_until"  # an identifier that was ended, before that
DETAILS = ("family", "given", "native_family", "native_given", "born")


def take_effect(office: Office, desk: Desk, case: Case, plain: Mapping[str, str]) -> None:
    """Bring the crosswalk and the vault up to what the step with these plain texts says; raises 409 for a clash."""
    act = _ACTS.get(case.kind)
    if act is not None and case.therapy is not None:
        act(office, desk, case, plain)


def _bind(office: Office, desk: Desk, case: Case, plain: Mapping[str, str]) -> None:
    values, patient = case.attempt.values, case.therapy.patient if case.therapy else ""
    value = identifier(office, kind=values["kind"], value=plain["value"])
    token = codes.foreign_token(office.keys, text=value, scope="patient")
    for _, issuer, subject in codes.identifiers_of(desk.conn, {token}):
        if issuer == values["issuer"]:
            whose = "this patient already" if subject == patient else "another patient"
            raise Fault(409, "identifier.taken", f"This identifier belongs to {whose}; check who this is.",
                        {"values.value": [f"Belongs to {whose}."]})  # fmt: skip
    times = {name: values.get(name) for name in ("valid_from", "valid_until")}
    row = {"token": token, "subject": patient, "type": "patient", "issuer": values["issuer"], **times}
    codes.register(desk.conn, [row])
    text = json.dumps({"issuer": values["issuer"], "kind": values["kind"], "value": value}, sort_keys=True)
    kept = sealed.secret(subject=patient, name=f"identifier.{token}.{values['issuer']}", text=text)
    sealed.keep(desk.conn, [kept], keys=office.keys)


def _withdraw(office: Office, desk: Desk, case: Case, plain: Mapping[str, str]) -> None:
    _end(office, desk, case, plain["value"])


def _replace(office: Office, desk: Desk, case: Case, plain: Mapping[str, str]) -> None:
    _end(office, desk, case, plain["old"])
    _bind(office, desk, case, plain)


def _end(office: Office, desk: Desk, case: Case, text: str) -> None:
    patient, issuer = case.therapy.patient if case.therapy else "", case.attempt.values["issuer"]
    token = _kept_as(office, desk.conn, text, patient=patient, issuer=issuer)
    before = codes.valid_until(desk.conn, token=token, subject=patient, issuer=issuer)
    kept = sealed.secret(subject=case.attempt.id, name=_COUNTED_UNTIL, text=before or "")
    sealed.keep(desk.conn, [kept], keys=office.keys)  # for who has to take the end back
    ended = codes.end(desk.conn, token=token, subject=patient, issuer=issuer, at=instant(desk.at))
    if not ended:
        message = "The patient has no such identifier of this issuer in force."
        raise malformed("identifier.unknown", message, {"values": [message]})


def _kept_as(office: Office, conn: Connection, text: str, *, patient: str, issuer: str) -> str:
    """Return the token under which a patient's identifier is kept: one may be older than the site's patterns."""
    texts = (*forms(office, kind="", value=text), text)
    tokens = [codes.foreign_token(office.keys, text=one, scope="patient") for one in dict.fromkeys(texts)]
    kept = {token for token, by, subject in codes.identifiers_of(conn, tokens) if (by, subject) == (issuer, patient)}
    return next((token for token in tokens if token in kept), tokens[0])


def _change(office: Office, desk: Desk, case: Case, plain: Mapping[str, str]) -> None:
    if not plain:
        raise malformed("patient.unchanged", "Say at least one detail that changes.", {"values": ["Nothing is said."]})
    if "born" in plain:
        _refuse_no_date(plain["born"])
    patient = case.therapy.patient if case.therapy else ""
    version = version_of(desk.at)
    sealed.keep(
        desk.conn,
        [sealed.secret(subject=patient, name=f"{name}@{version}", text=plain[name]) for name in plain],
        keys=office.keys,
    )
    remember_name(office, desk.conn, patient, site=case.therapy.site if case.therapy else "")


def version_of(at: datetime) -> str:
    """Return what stands behind the name of a detail that was changed at `at`."""
    return f"{at:%Y%m%dT%H%M%S%f}"  # sorts by time; the vault's places hold no colon


def take_back(office: Office, desk: Desk, entry: Entry, patient: str) -> None:
    """Undo in the crosswalk and the vault what an entry did there that was annulled just now."""
    conn, values = desk.conn, entry.values
    plain = sealed.read(conn, [entry.attempt], keys=office.keys).get(entry.attempt, {})
    if entry.kind == "container.adopted":
        codes.take_away_foreign(conn, container=values["container"], own=(values["container"], values["label"]))
    if entry.kind in ("identifier.bound", "identifier.replaced"):
        token = _kept_as(office, conn, plain["value.value"], patient=patient, issuer=values["issuer"])
        codes.take_away(conn, token=token, subject=patient, issuer=values["issuer"])
        sealed.forget(conn, patient, [f"identifier.{token}.{values['issuer']}"])
    if entry.kind in ("identifier.withdrawn", "identifier.replaced"):
        text = plain["value.old" if entry.kind == "identifier.replaced" else "value.value"]
        token = _kept_as(office, conn, text, patient=patient, issuer=values["issuer"])
        until = plain.get(_COUNTED_UNTIL) or None
        codes.reopen(conn, token=token, subject=patient, issuer=values["issuer"], until=until)
    if entry.kind == "patient.changed":
        sealed.forget(conn, patient, [f"{name}@{version_of(entry.recorded_at)}" for name in DETAILS])


def _refuse_no_date(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        message = "Expected the birth date as YYYY-MM-DD."
        raise malformed("step.values", message, {"values.born": [message]}) from None


def _move(office: Office, desk: Desk, case: Case, plain: Mapping[str, str]) -> None:  # noqa: ARG001 - one shape
    if case.therapy is not None:
        remember_name(office, desk.conn, case.therapy.patient, site=case.attempt.values["site"])


def details_of(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the latest details among a patient's opened texts: `family`, or the last `family@moment`."""
    found: dict[str, str] = {}
    for name in sorted(texts):
        detail = name.partition("@")[0]
        if detail in DETAILS:
            found[detail] = texts[name]
    return found


def remember_name(office: Office, conn: Connection, patient: str, *, site: str) -> None:
    """Make the patient findable by like name and birth date at `site`, for name alerts only."""
    known = details_of(sealed.read(conn, [patient], keys=office.keys).get(patient, {}))
    codes.register_new(conn, _named(office, alert_keys(known), patient=patient, site=site))


def alert_keys(known: Mapping[str, str]) -> set[str]:
    """Return the texts under which a patient with these details is found by a like name or the same birth date."""
    keys: set[str] = set()
    for prefix in ("", "native_"):
        family, given = known.get(f"{prefix}family", ""), known.get(f"{prefix}given", "")
        keys |= name_keys(family=family, given=given, born=known.get("born", ""))
    return keys


def _named(office: Office, keys: Iterable[str], *, patient: str, site: str) -> list[dict[str, str | None]]:
    return [
        {"token": codes.foreign_token(office.keys, text=key, scope=f"name/{site}"), "subject": patient, "type": "name",
         "issuer": site}
        for key in sorted(keys)
    ]  # fmt: skip


_ACTS: dict[str, Any] = {
    "identifier.bound": _bind,
    "identifier.replaced": _replace,
    "identifier.withdrawn": _withdraw,
    "patient.changed": _change,
    "site.changed": _move,
}
