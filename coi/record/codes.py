"""Codes: which subject a scanned text names. The crosswalk of our identifiers, foreign codes and wristbands.

Our own identifiers stand as they are; foreign text stands as a keyed token, so that the table tells nobody a hospital
number. A wristband's number is scoped by its issuer: the same number of two hospitals names two patients.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select

from coi.record.tables import CODE, ORGANISATION
from coi.record.vault import VaultKeys, blind_index


@dataclass(frozen=True, slots=True)
class Named:
    """What a code names. `issuer_known` tells whether its issuer is one of our organisations."""

    type: str
    subject: str
    issuer: str
    issuer_known: bool
    therapy: str | None
    container: str | None


_RESOLVE = (
    select(CODE, ORGANISATION.c.code.label("known_issuer"))
    .join(ORGANISATION, ORGANISATION.c.code == CODE.c.issuer, isouter=True)
    .where(CODE.c.token.in_(bindparam("tokens", expanding=True)))
)


def foreign_token(keys: VaultKeys, *, text: str, scope: str = "code") -> str:
    """Return the token under which a foreign code or a patient's identifier is found again."""
    return blind_index(keys, scope=scope, value=text)


def resolve(conn: Connection, tokens: Iterable[str]) -> dict[str, list[Named]]:
    """Return what each of `tokens` names; a token that names nothing is left out."""
    found: dict[str, list[Named]] = {}
    for row in conn.execute(_RESOLVE, {"tokens": list(tokens)}):
        named = Named(row.type, row.subject, row.issuer, row.known_issuer is not None, row.therapy, row.container)
        found.setdefault(row.token, []).append(named)
    return found


def register(conn: Connection, rows: Sequence[Mapping[str, str | None]]) -> None:
    """Add codes; each row has token, subject, type and, where they apply, issuer, therapy and container."""
    if rows:
        empty = {"issuer": "", "therapy": None, "container": None}
        conn.execute(insert(CODE), [{**empty, **row} for row in rows])


def identifiers_of(conn: Connection, tokens: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return (token, issuer, patient) of the patients' identifiers among `tokens`."""
    query = select(CODE.c.token, CODE.c.issuer, CODE.c.subject).where(
        CODE.c.token.in_(bindparam("tokens", expanding=True)), CODE.c.type == "patient"
    )
    return [(row.token, row.issuer, row.subject) for row in conn.execute(query, {"tokens": list(tokens)})]
