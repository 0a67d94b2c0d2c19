"""People at the door: signing in, sessions, tokens.

* A password is hashed with argon2id. An unknown person costs as much work as a wrong password and hears the same.
* After several wrong passwords an account is locked for a while; the database remembers, whatever worker is asked.
* A session ends after a time without a request, and at the latest after a working day. A bearer token ends at its date.
"""

import re
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.actions.system import Fact, tell
from coi.journey.entry import from_instant, instant
from coi.journey.steps import Role
from coi.journey.values import CODE
from coi.record import people
from coi.record.people import Known

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
TOUCH_EVERY = timedelta(minutes=1)
_COUNTRY = re.compile("[A-Za-z]{2}")
TOKEN_DAYS = 365
_WRONG = "The name or the password is wrong, or the account is locked for now."


def sign_in(office: Office, person: str, password: str, *, hasher: PasswordHasher, idle: timedelta) -> str:
    """Return the secret of a new session for `person`; raises Fault 401 with one sentence for every failure."""
    prove(office, person, password, hasher=hasher)
    now = office.now()
    secret = secrets.token_urlsafe(32)
    with office.store.write() as conn:
        people.add_token(conn, secret=secret, kind="session", person=person, at=instant(now),
                         expires_at=instant(now + idle))  # fmt: skip
    return secret


def prove(office: Office, person: str, password: str, *, hasher: PasswordHasher) -> None:
    """Judge a password and count the failures; raises Fault 401 with one sentence for every one of them."""
    now = office.now()
    with office.store.read() as conn:
        account = people.account(conn, person)
    right = _right(hasher, account.password if account else _nobody(hasher), password)
    if account is None or account.locked_until > instant(now):
        raise Fault(401, "sign_in.failed", _WRONG)
    failures = 0 if right else account.failures + 1
    locked = instant(now + LOCKED_FOR) if failures >= FAILURES_ALLOWED else ""
    if not right or account.failures or account.locked_until:
        with office.store.write() as conn:
            people.note_sign_in(conn, person, failures=0 if locked else failures, locked_until=locked)
    if not right:
        raise Fault(401, "sign_in.failed", _WRONG)


def _right(hasher: PasswordHasher, stored: str, password: str) -> bool:
    try:
        return hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


_decoys: dict[int, str] = {}


def _nobody(hasher: PasswordHasher) -> str:
    """Return a hash that no password fits, so that an unknown name takes as long as a known one."""
    if id(hasher) not in _decoys:
        _decoys[id(hasher)] = hasher.hash(secrets.token_urlsafe(32))
    return _decoys[id(hasher)]


def by_bearer(office: Office, secret: str) -> Known | None:
    """Return who holds the bearer token `secret`, or None; one statement."""
    with office.store.read() as conn:
        return people.by_token(conn, secret, kind="bearer", now=instant(office.now()))


def by_session(office: Office, secret: str, *, idle: timedelta, absolute: timedelta) -> Known | None:
    """Return whose session `secret` is, and move its idle end; None when it has ended."""
    now = office.now()
    with office.store.read() as conn:
        known = people.by_token(conn, secret, kind="session", now=instant(now))
    if known is None or _since(known.created_at, now) > absolute:
        return None
    if _since(known.seen_at, now) > TOUCH_EVERY:
        with office.store.write() as conn:
            people.touch_token(conn, secret, at=instant(now), expires_at=instant(now + idle))
    return known


def _since(moment: str, now: datetime) -> timedelta:
    return now - from_instant(moment)


def caller_called(office: Office, person: str) -> Caller:
    """Return `person` as somebody who asks; one who is not known has no roles, and no password will be right."""
    with office.store.read() as conn:
        return Caller(person, people.grants_of(conn, person))


def colleagues(office: Office, organisations: Collection[str]) -> list[tuple[str, str, Role]]:
    """Return (person, organisation, role) of everybody who is active at one of `organisations`."""
    with office.store.read() as conn:
        return people.people_at(conn, organisations) if organisations else []


def issue_token(office: Office, person: str, *, days: int = TOKEN_DAYS) -> str:
    """Return a new bearer token for `person`; raises Fault 404 when there is no such person."""
    now = office.now()
    secret = secrets.token_urlsafe(32)
    with office.store.write() as conn:
        if people.account(conn, person) is None:
            raise Fault(404, "not_found", f"There is no person {person[:64]!a} here.")
        people.add_token(conn, secret=secret, kind="bearer", person=person, at=instant(now),
                         expires_at=instant(now + timedelta(days=days)))  # fmt: skip
    return secret


def end(office: Office, secret: str) -> None:
    """End a session or a token."""
    with office.store.write() as conn:
        people.end_token(conn, secret, at=instant(office.now()))


def add_organisation(office: Office, *, code: str, title: str, kind: str, country: str, zone: str) -> None:
    """Add a site or a courier company; raises Fault 400 for a code that is none, 409 when it is taken."""
    _refuse_code(code)
    with office.store.write() as conn:
        _refuse_taken(conn, code)
        people.add_organisation(conn, code=code, title=title, kind=kind, country=country, zone=zone)
        tell(office, conn, [organisation_fact(code, kind)])


def set_country(office: Office, code: str, *, country: str) -> None:
    """Say in which country an organisation lies: labels and releases depend on it.

    Raises Fault 400 for a country that is not two letters, 404 when there is no such organisation.
    """
    if not _COUNTRY.fullmatch(country):
        raise Fault(400, "country.malformed", f"Got {country[:64]!a}, expected a country of two letters, such as FR.")
    with office.store.write() as conn:
        if not people.set_country(conn, code, country=country.upper()):
            raise Fault(404, "not_found", f"There is no organisation {code[:64]!a} here.")
        tell(office, conn, [Fact("organisation.moved", {"code": code, "country": country.lower()}, f"site:{code}")])


def add_person(office: Office, *, code: str, name: str, password: str, grants: Sequence[tuple[str, Role]]) -> None:
    """Add somebody who may sign in with the hashed `password`; organisations of `grants` must be known, or '*'.

    Raises Fault 400 for a code that is none or an unknown organisation, 409 when the code is taken.
    """
    _refuse_code(code)
    named = {organisation for organisation, _ in grants} - {"*"}
    with office.store.write() as conn:
        _refuse_taken(conn, code)
        unknown = named - people.known_organisations(conn, named).keys() if named else set()
        if unknown:
            raise Fault(400, "person.grants", f"There is no organisation {', '.join(sorted(unknown))}; add it first.")
        people.add_person(conn, code=code, name=name, password=password, grants=grants)
        tell(office, conn, [person_fact(code, grants)])


def renew_password(office: Office, code: str, *, password: str) -> None:
    """Give somebody another hashed password; raises Fault 404 when there is no such person."""
    with office.store.write() as conn:
        if not people.set_password(conn, code, password=password, at=instant(office.now())):
            raise Fault(404, "not_found", f"There is no person {code[:64]!a} here.")
        tell(office, conn, [Fact("password.renewed", {"code": code}, stream=f"person:{code}")])


def organisation_fact(code: str, kind: str) -> Fact:
    """Return the fact that an organisation was added."""
    return Fact("organisation.added", {"code": code, "kind": kind}, stream=f"site:{code}")


def person_fact(code: str, grants: Sequence[tuple[str, Role]]) -> Fact:
    """Return the fact that a person was added; the name stays out of the log."""
    told = [{"organisation": organisation, "role": role.value} for organisation, role in grants]
    return Fact("person.added", {"code": code, "grants": told}, stream=f"person:{code}")


def _refuse_code(code: str) -> None:
    if not CODE.fullmatch(code):
        raise Fault(400, "code.malformed", "Expected a code of small letters, digits, '.', '_' and '-'.")


def _refuse_taken(conn: Connection, code: str) -> None:
    """A code names one person or one organisation: a handoff is offered to a code."""
    if people.is_taken(conn, code):
        raise Fault(409, "code.taken", f"{code} names somebody here already; choose another code.")
