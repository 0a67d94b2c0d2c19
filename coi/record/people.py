"""People, organisations, roles and the secrets they come in with. Secrets are stored as digests only."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from coi.journey.steps import Role
from coi.record.tables import GRANT, ORGANISATION, PERSON, TOKEN


@dataclass(frozen=True, slots=True)
class Known:
    """A person with the roles at each organisation, and the sign-in that was used."""

    person: str
    name: str
    grants: Mapping[str, frozenset[Role]]
    created_at: str
    seen_at: str
    expires_at: str


_BY_TOKEN = (
    select(
        TOKEN.c.person,
        PERSON.c.name,
        TOKEN.c.created_at,
        TOKEN.c.seen_at,
        TOKEN.c.expires_at,
        GRANT.c.organisation,
        GRANT.c.role,
    )
    .join(PERSON, PERSON.c.code == TOKEN.c.person)
    .join(GRANT, GRANT.c.person == PERSON.c.code, isouter=True)
    .where(
        TOKEN.c.digest == bindparam("digest"),
        TOKEN.c.kind == bindparam("kind"),
        TOKEN.c.ended_at == "",
        TOKEN.c.expires_at > bindparam("now"),
        PERSON.c.active,
    )
)


def digest_of(secret: str) -> str:
    """Return what is stored of a token's secret; the secret is random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def by_token(conn: Connection, secret: str, *, kind: str, now: str) -> Known | None:
    """Return who holds the bearer token or session `secret`, or None when it is unknown, ended or out of date."""
    rows = conn.execute(_BY_TOKEN, {"digest": digest_of(secret), "kind": kind, "now": now}).all()
    if not rows:
        return None
    grants: dict[str, set[Role]] = {}
    for row in rows:
        if row.organisation is not None:
            grants.setdefault(row.organisation, set()).add(Role(row.role))
    frozen = {organisation: frozenset(roles) for organisation, roles in grants.items()}
    first = rows[0]
    return Known(first.person, first.name, frozen, first.created_at, first.seen_at, first.expires_at)


def add_token(conn: Connection, *, secret: str, kind: str, person: str, at: str, expires_at: str) -> None:
    """Store a new bearer token or session."""
    conn.execute(
        insert(TOKEN),
        {
            "digest": digest_of(secret),
            "kind": kind,
            "person": person,
            "created_at": at,
            "seen_at": at,
            "expires_at": expires_at,
            "ended_at": "",
        },
    )


def end_token(conn: Connection, secret: str, *, at: str) -> None:
    """End a token or session; what was signed with it stays."""
    conn.execute(update(TOKEN).where(TOKEN.c.digest == digest_of(secret)).values(ended_at=at))


def touch_token(conn: Connection, secret: str, *, at: str, expires_at: str) -> None:
    """Move the idle end of a session."""
    conn.execute(update(TOKEN).where(TOKEN.c.digest == digest_of(secret)).values(seen_at=at, expires_at=expires_at))


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs of a person."""

    person: str
    name: str
    password: str
    failures: int
    locked_until: str


def account(conn: Connection, person: str) -> Account | None:
    """Return the account of an active person."""
    row = conn.execute(select(PERSON).where(PERSON.c.code == person, PERSON.c.active)).first()
    return None if row is None else Account(row.code, row.name, row.password, row.failures, row.locked_until)


def set_password(conn: Connection, person: str, *, password: str, at: str) -> bool:
    """Give an active person another hashed password, end the sessions and the lock; tell whether there is one."""
    sessions = TOKEN.c.person == person, TOKEN.c.kind == "session", TOKEN.c.ended_at == ""
    conn.execute(update(TOKEN).where(*sessions).values(ended_at=at))
    new = {"password": password, "failures": 0, "locked_until": ""}
    return bool(conn.execute(update(PERSON).where(PERSON.c.code == person, PERSON.c.active).values(**new)).rowcount)


def note_sign_in(conn: Connection, person: str, *, failures: int, locked_until: str) -> None:
    """Keep the number of failed sign-ins and until when the account is locked."""
    conn.execute(update(PERSON).where(PERSON.c.code == person).values(failures=failures, locked_until=locked_until))


def country_of(conn: Connection, organisation: str) -> str | None:
    """Return the country of an organisation as a small two-letter code, None when it is not known."""
    found = conn.execute(select(ORGANISATION.c.country).where(ORGANISATION.c.code == organisation)).scalar()
    return found.lower() if found else None


def organisations_of(conn: Connection, codes: Iterable[str]) -> dict[str, list[str]]:
    """Return, for the people among `codes`, the organisations where they hold a role."""
    query = select(GRANT.c.person, GRANT.c.organisation).where(GRANT.c.person.in_(bindparam("codes", expanding=True)))
    found: dict[str, list[str]] = {}
    for row in conn.execute(query.order_by(GRANT.c.organisation), {"codes": list(codes)}):
        found.setdefault(row.person, []).append(row.organisation)
    return found


def grants_of(conn: Connection, person: str) -> dict[str, frozenset[Role]]:
    """Return the roles of an active person at each organisation; nothing for somebody who is not known."""
    query = select(GRANT).join(PERSON, PERSON.c.code == GRANT.c.person).where(GRANT.c.person == person, PERSON.c.active)
    found: dict[str, set[Role]] = {}
    for row in conn.execute(query):
        found.setdefault(row.organisation, set()).add(Role(row.role))
    return {organisation: frozenset(roles) for organisation, roles in found.items()}


def people_at(conn: Connection, organisations: Iterable[str]) -> list[tuple[str, str, Role]]:
    """Return (person, organisation, role) of the active people of `organisations`, by code."""
    at = GRANT.c.organisation.in_(bindparam("organisations", expanding=True))
    query = select(GRANT).join(PERSON, PERSON.c.code == GRANT.c.person).where(at, PERSON.c.active)
    rows = conn.execute(query.order_by(GRANT.c.person), {"organisations": list(organisations)})
    return [(row.person, row.organisation, Role(row.role)) for row in rows]


def known_organisations(conn: Connection, codes: Iterable[str]) -> dict[str, str]:
    """Return the kind (site or courier) of the organisations among `codes`."""
    query = select(ORGANISATION).where(ORGANISATION.c.code.in_(bindparam("codes", expanding=True)))
    return {row.code: row.kind for row in conn.execute(query, {"codes": list(codes)})}


def is_taken(conn: Connection, code: str) -> bool:
    """Tell whether `code` names a person or an organisation."""
    person = select(PERSON.c.code).where(PERSON.c.code == code)
    organisation = select(ORGANISATION.c.code).where(ORGANISATION.c.code == code)
    return conn.execute(person.union_all(organisation)).first() is not None


def add_organisation(conn: Connection, **values: str) -> None:
    """Add a site or a courier company."""
    conn.execute(insert(ORGANISATION), values)


def set_country(conn: Connection, code: str, *, country: str) -> bool:
    """Say in which country an organisation lies; tell whether there is one."""
    query = update(ORGANISATION).where(ORGANISATION.c.code == code).values(country=country)
    return bool(conn.execute(query).rowcount)


def add_person(conn: Connection, *, code: str, name: str, password: str, grants: Iterable[tuple[str, Role]]) -> None:
    """Add a person with a hashed password and roles."""
    conn.execute(
        insert(PERSON),
        {"code": code, "name": name, "password": password, "active": True, "failures": 0, "locked_until": ""},
    )
    rows = [{"person": code, "organisation": organisation, "role": role.value} for organisation, role in grants]
    if rows:
        conn.execute(insert(GRANT), rows)
