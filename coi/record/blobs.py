"""Blobs: the sealed bytes of documents, each under its own SHA-256. What is kept is never replaced."""

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from coi.record.tables import BLOB, DOCUMENT
from coi.record.vault import VaultKeys, open_bytes, seal_bytes


@dataclass(frozen=True, slots=True)
class File:
    """The bytes of a document, what they are, and the name under which they came (patient data)."""

    sha256: str
    data: bytes
    media_type: str
    name: str


def keep(conn: Connection, file: File, *, keys: VaultKeys) -> None:
    """Seal and store `file`; bytes that are there already stay as they are."""
    dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
    row = {"sha256": file.sha256, "media_type": file.media_type, "size": len(file.data),
           "sealed": seal_bytes(keys, sha256=file.sha256, data=file.data)}  # fmt: skip
    conn.execute(dialect.insert(BLOB).on_conflict_do_nothing(), row)


def read(conn: Connection, sha256: str, *, keys: VaultKeys) -> tuple[bytes, str] | None:
    """Return the opened bytes and their media type, or None when there are none."""
    row = conn.execute(select(BLOB).where(BLOB.c.sha256 == sha256)).first()
    return (open_bytes(keys, sha256=sha256, sealed=bytes(row.sealed)), row.media_type) if row else None


def missing(conn: Connection) -> list[str]:
    """Return the SHA-256 of the documents whose bytes are not there."""
    query = select(DOCUMENT.c.sha256).join(BLOB, BLOB.c.sha256 == DOCUMENT.c.sha256, isouter=True)
    return list(conn.execute(query.where(BLOB.c.sha256.is_(None)).distinct()).scalars())


def therapies_of(conn: Connection, sha256: str) -> list[tuple[str, str]]:
    """Return (therapy, kind) of every therapy that a document belongs to."""
    query = select(DOCUMENT.c.therapy, DOCUMENT.c.kind).where(DOCUMENT.c.sha256 == sha256).order_by(DOCUMENT.c.therapy)
    return [(row.therapy, row.kind) for row in conn.execute(query)]
