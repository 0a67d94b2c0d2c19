"""Codes: which subject a scanned text names. The crosswalk of our identifiers, foreign codes and wristbands.

Our own identifiers stand as they are; foreign text stands as a keyed token, so that the table tells nobody a hospital
number. A wristband's number is scoped by its issuer: the same number of two hospitals names two patients.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from coi.record.tables import CODE, ORGANISATION, THERAPY
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
    valid_from: str | None = None
    valid_until: str | None = None

    def counts(self, at: str) -> bool:
        """Tell whether it counts at the instant `at`."""
        return (self.valid_from or "") <= at and (self.valid_until is None or at < self.valid_until)


_EMPTY = {"issuer": "", "therapy": None, "container": None, "valid_from": None, "valid_until": None}
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
        named = Named(row.type, row.subject, row.issuer, row.known_issuer is not None, row.therapy, row.container,
                      row.valid_from, row.valid_until)  # fmt: skip
        found.setdefault(row.token, []).append(named)
    return found


def register(conn: Connection, rows: Sequence[Mapping[str, str | None]]) -> None:
    """Add codes; each row has token, subject, type and, where they apply, issuer, therapy and container."""
    if rows:
        conn.execute(insert(CODE), [{**_EMPTY, **row} for row in rows])


def register_new(conn: Connection, rows: Sequence[Mapping[str, str | None]]) -> None:
    """Add the codes among `rows` that are not there yet."""
    if rows:
        dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
        conn.execute(dialect.insert(CODE).on_conflict_do_nothing(), [{**_EMPTY, **row} for row in rows])


def end(conn: Connection, *, token: str, subject: str, issuer: str, at: str) -> bool:
    """Let an identifier count no longer from `at` on; tell whether there was one in force."""
    query = (
        update(CODE)
        .where(CODE.c.token == token, CODE.c.subject == subject, CODE.c.issuer == issuer)
        .where(or_(CODE.c.valid_until.is_(None), CODE.c.valid_until > at))
        .values(valid_until=at)
    )
    return bool(conn.execute(query).rowcount)


def reopen(conn: Connection, *, token: str, subject: str, issuer: str, until: str | None) -> None:
    """Let an identifier count again that was ended in error."""
    where = (CODE.c.token == token, CODE.c.subject == subject, CODE.c.issuer == issuer)
    conn.execute(update(CODE).where(*where).values(valid_until=until))


def take_away(conn: Connection, *, token: str, subject: str, issuer: str) -> None:
    """Let a token name a subject no longer: it was bound in error and is free again."""
    conn.execute(delete(CODE).where(CODE.c.token == token, CODE.c.subject == subject, CODE.c.issuer == issuer))


def take_away_foreign(conn: Connection, *, container: str, own: Iterable[str]) -> None:
    """Let another maker's label name a container of ours no longer; `own` are the codes of ours that stay."""
    conn.execute(delete(CODE).where(CODE.c.container == container, CODE.c.token.not_in(list(own))))


def valid_until(conn: Connection, *, token: str, subject: str, issuer: str) -> str | None:
    """Return until when an identifier counts; None for ever, or when there is none."""
    where = (CODE.c.token == token, CODE.c.subject == subject, CODE.c.issuer == issuer)
    return conn.execute(select(CODE.c.valid_until).where(*where)).scalar()


def namesakes(conn: Connection, patient: str, *, site: str) -> int:
    """Return how many other patients under treatment share a name key of `patient` at `site`."""
    mine, other = CODE.alias("mine"), CODE.alias("other")
    query = (
        select(func.count(func.distinct(other.c.subject)))
        .select_from(mine.join(other, other.c.token == mine.c.token))
        .join(THERAPY, THERAPY.c.patient == other.c.subject)
        .where(mine.c.subject == patient, mine.c.type == "name", mine.c.issuer == site)
        .where(other.c.type == "name", other.c.subject != patient, THERAPY.c.closed.is_(None))
    )
    return int(conn.execute(query).scalar_one())


def identifiers_of(conn: Connection, tokens: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return (token, issuer, patient) of the patients' identifiers among `tokens`."""
    query = select(CODE.c.token, CODE.c.issuer, CODE.c.subject).where(
        CODE.c.token.in_(bindparam("tokens", expanding=True)), CODE.c.type == "patient"
    )
    return [(row.token, row.issuer, row.subject) for row in conn.execute(query, {"tokens": list(tokens)})]
