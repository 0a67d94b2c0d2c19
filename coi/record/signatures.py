"""Signatures that were given and wait to be used: once, for one attempt and one body."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from coi.record.people import digest_of
from coi.record.tables import GRANT, PERSON, SIGNATURE


@dataclass(frozen=True, slots=True)
class Given:
    """A signature that is still good; `grants` are (organisation, role) of who signed."""

    person: str
    meaning: str
    digest: str
    given_at: str
    grants: tuple[tuple[str, str], ...]


def give(
    conn: Connection, *, secret: str, attempt: str, digest: str, person: str, meaning: str, at: str, expires_at: str
) -> None:
    """Keep a signature under the digest of its token."""
    row = {"token": digest_of(secret), "attempt": attempt, "digest": digest, "person": person, "meaning": meaning,
           "given_at": at, "expires_at": expires_at, "used_at": ""}  # fmt: skip
    conn.execute(insert(SIGNATURE), row)


def use(conn: Connection, secrets: Iterable[str], *, attempt: str, at: str) -> list[Given]:
    """Return the signatures of `secrets` that are good for `attempt` at `at`, and use them up."""
    tokens = [digest_of(secret) for secret in secrets]
    good = (
        SIGNATURE.c.token.in_(bindparam("tokens", expanding=True)),
        SIGNATURE.c.attempt == attempt,
        SIGNATURE.c.used_at == "",
        SIGNATURE.c.expires_at >= at,
    )
    query = (
        select(SIGNATURE, GRANT.c.organisation, GRANT.c.role)
        .join(PERSON, PERSON.c.code == SIGNATURE.c.person)
        .join(GRANT, GRANT.c.person == SIGNATURE.c.person, isouter=True)
        .where(*good, PERSON.c.active)
    )
    rows = conn.execute(query, {"tokens": tokens}).all()
    conn.execute(update(SIGNATURE).where(*good).values(used_at=at), {"tokens": tokens})
    found: dict[str, Given] = {}
    for row in rows:
        before = found.get(row.token)
        grants = (*(before.grants if before else ()), *(((row.organisation, row.role),) if row.organisation else ()))
        found[row.token] = Given(row.person, row.meaning, row.digest, row.given_at, grants)
    return [found[token] for token in dict.fromkeys(tokens) if token in found]  # in the order they were handed in
