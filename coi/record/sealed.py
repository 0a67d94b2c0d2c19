"""Sealed fields: patient data, notes and raw scan text in the vault's table, each bound to its row."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from coi.record.tables import VAULT
from coi.record.vault import VaultError, VaultKeys, commitment, new_salt, open_sealed, seal

_STREAMED = {"yield_per": 500}


@dataclass(frozen=True, slots=True)
class Secret:
    """A text for the vault: whose, which, and the commitment that may stand in an entry for it."""

    subject: str
    name: str
    text: str
    salt: bytes

    @property
    def commitment(self) -> str:
        """Return what the log keeps of the text."""
        return commitment(self.salt, self.text)


def secret(*, subject: str, name: str, text: str) -> Secret:
    """Return `text` ready for the vault, with a fresh salt."""
    return Secret(subject, name, text, new_salt())


def keep(conn: Connection, secrets: Sequence[Secret], *, keys: VaultKeys) -> None:
    """Seal and store `secrets`; a field that is there already stays as it is."""
    if secrets:
        dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
        conn.execute(dialect.insert(VAULT).on_conflict_do_nothing(), [_row(item, keys) for item in secrets])


def forget(conn: Connection, subject: str, names: Sequence[str]) -> None:
    """Destroy texts of a subject together with their salts; commitments to them can never be shown again."""
    conn.execute(delete(VAULT).where(VAULT.c.subject == subject, VAULT.c.name.in_(list(names))))


def _row(item: Secret, keys: VaultKeys) -> dict[str, object]:
    plain = json.dumps({"salt": item.salt.hex(), "text": item.text})
    sealed = seal(keys, table="vault", row=item.subject, column=item.name, plain=plain)
    return {"subject": item.subject, "name": item.name, "sealed": sealed}


def opened(conn: Connection, *, keys: VaultKeys) -> Iterator[Secret]:
    """Return everything that is in the vault, opened, by subject and name; raises VaultError for what does not open."""
    for row in _rows(conn):
        yield _open(row, keys)


def each(conn: Connection, *, keys: VaultKeys) -> Iterator[tuple[tuple[str, str], Secret | None]]:
    """Return ((subject, name), what is there) of everything in the vault, with None for what does not open."""
    for row in _rows(conn):
        try:
            found = _open(row, keys)
        except (VaultError, ValueError, KeyError, TypeError):
            found = None
        yield (row.subject, row.name), found


def _rows(conn: Connection) -> Iterator[Any]:
    query = select(VAULT).order_by(VAULT.c.subject, VAULT.c.name)
    yield from conn.execute(query, execution_options=_STREAMED)


def _open(row: Any, keys: VaultKeys) -> Secret:
    said = json.loads(open_sealed(keys, table="vault", row=row.subject, column=row.name, sealed=bytes(row.sealed)))
    return Secret(row.subject, row.name, said["text"], bytes.fromhex(said["salt"]))


def read(conn: Connection, subjects: Iterable[str], *, keys: VaultKeys) -> Mapping[str, dict[str, str]]:
    """Return the opened texts of `subjects` by subject and name."""
    query = select(VAULT).where(VAULT.c.subject.in_(bindparam("subjects", expanding=True)))
    found: dict[str, dict[str, str]] = {}
    for row in conn.execute(query, {"subjects": list(subjects)}):
        plain = open_sealed(keys, table="vault", row=row.subject, column=row.name, sealed=bytes(row.sealed))
        found.setdefault(row.subject, {})[row.name] = json.loads(plain)["text"]
    return found
