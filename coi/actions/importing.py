"""An archive becomes an instance again: everything is checked first, then written in one transaction, then folded.

The log goes on under its name. Its entries stay as they are, so what they hold as keyed tokens was made with the
vault's key of the archive: under another key those can be read but never again be compared with a scan.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, insert, select

from coi.actions import crosswalk_texts, logkeys
from coi.actions.archive import sign_of_the_key
from coi.actions.archived import Archive, checkpoints, entries, wrong
from coi.actions.backup import refuse_if_in_use
from coi.actions.doctor import has_database
from coi.actions.documents import ENDINGS
from coi.actions.faults import Fault
from coi.actions.office import Office, understood
from coi.actions.setup import KEY_FILE, LOG_KEY_FILE
from coi.actions.system import Fact
from coi.actions.verification import SAME_KEY, faults_in, project_anew
from coi.exports import bag
from coi.journey.entry import leaf_hash
from coi.record import blobs, schema, sealed
from coi.record.blobs import File
from coi.record.db import open_store
from coi.record.logkey import create_log_key, load_log_key
from coi.record.rows import UNREADABLE, fits
from coi.record.tables import (
    ATTEMPT,
    CHECKPOINT,
    CLASH,
    CODE,
    ENTRY,
    GRANT,
    ORGANISATION,
    PATHWAY,
    PERSON,
)
from coi.record.transparency import LogBroken
from coi.record.vault import create_master, derive_keys, load_master
from coi.settings import Settings

Json = dict[str, Any]
T = TypeVar("T")
_AT_ONCE = 500
_MEDIA_TYPES = {ending: media_type for media_type, ending in ENDINGS.items()}
_NO_PASSWORD = ""  # no hash: nobody's password is right


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: the entries of the archive, and the codes that another vault key cannot make again."""

    size: int
    codes_lost: int


def prepare(settings: Settings, archive: Archive, *, new_vault_key: bool) -> None:
    """Make the folders and keys of an empty instance as far as they are missing; nothing that is there is changed.

    Raises Fault 409 when the instance is in use, when its vault key is not the archive's (unless `new_vault_key`), or
    when its log key is that of a log with another name.
    """
    if has_database(settings):
        _refuse_if_used(settings)
    if settings.demo and not archive.about["demo"]:
        raise Fault(409, "archive.demo", "The archive is of real people and this instance is a demo; import it into "
                    "another one.")  # fmt: skip
    vault, log = settings.instance / KEY_FILE, settings.instance / LOG_KEY_FILE
    other = load_log_key(log).name if log.exists() else archive.log
    if other != archive.log:
        raise Fault(409, "archive.log", f"The archive is of the log {archive.log}, this instance has the key of "
                    f"{other}; move {log} away, and the import makes one of the right name.")  # fmt: skip
    same = vault.exists() and sign_of_the_key(derive_keys(load_master(vault))) == archive.about["vault_key"]
    if not same and not new_vault_key:
        raise Fault(409, "archive.vault_key", f"Put the vault key of the archived instance at {vault} first; under "
                    "another one seals, places, devices and lots that are in the log can never be compared with a scan "
                    "again. If that key is lost, say --new-vault-key.")  # fmt: skip
    vault.parent.mkdir(parents=True, exist_ok=True)
    settings.instance.chmod(0o700)
    vault.parent.chmod(0o700)
    if not vault.exists():
        create_master(vault)
    if not log.exists():
        create_log_key(log, name=archive.log)


def _refuse_if_used(settings: Settings) -> None:
    store = open_store(settings.database_url)
    try:
        with store.read() as conn:
            if schema.current(conn) is None:
                return
            if any(conn.execute(select(table).limit(1)).first() for table in (ENTRY, PERSON)):
                raise Fault(409, "restore.in_use", "This instance is in use already; import into a new one, without "
                            "coi init.")  # fmt: skip
    finally:
        store.close()


def import_archive(office: Office, archive: Archive) -> Imported:
    """Fill the empty instance from a checked archive and fold its log; all of it or nothing.

    What came in is verified before it is there for anybody; raises Fault 400 with what is wrong. The
    import is recorded; where the log goes on with another key than the archive's, that is too.
    """
    try:
        with office.store.write() as conn:
            refuse_if_in_use(conn)
            lost = _fill(office, conn, archive)
            project_anew(office, conn)
            key = SAME_KEY if sign_of_the_key(office.keys) == archive.about["vault_key"] else "other"
            told = {"size": archive.about["size"], "root": archive.about["root"], "vault_key": key}
            logkeys.go_on(office, conn, Fact("log.imported", told), told_key=archive.key)
            faults = faults_in(office, conn)
            if faults:
                raise wrong(faults)
    except (*UNREADABLE, LogBroken) as fault:
        raise wrong([f"A file of it cannot be read ({type(fault).__name__})."]) from fault
    return Imported(archive.about["size"], lost)


def _fill(office: Office, conn: Connection, archive: Archive) -> int:
    """Write what the archive holds; return how many codes cannot be made again under this vault key."""
    folder = archive.folder
    same = sign_of_the_key(office.keys) == archive.about["vault_key"]
    _insert(conn, ENTRY, map(_entry_row, bag.read_lines(folder, bag.ENTRIES)))
    _insert(conn, CHECKPOINT, checkpoints(archive))
    _insert(conn, ATTEMPT, _answers(folder))
    _insert(conn, CLASH, bag.read_jsonl(folder, bag.CLASHES))
    _insert(conn, PATHWAY, _pathways(folder))
    _insert(conn, ORGANISATION, bag.read_jsonl(folder, bag.ORGANISATIONS))
    _insert(conn, PERSON, (_person(row) for row in bag.read_jsonl(folder, bag.PEOPLE)))
    _insert(conn, GRANT, _grants(folder))
    for secrets in _portions(_secrets(office, folder, same=same)):
        sealed.keep(conn, secrets, keys=office.keys)
    for file in sorted((folder / "data" / bag.DOCUMENTS).glob("*")):
        blobs.keep(conn, _document(file), keys=office.keys)
    return _codes(office, conn, folder, same=same)


def _insert(conn: Connection, table: Table, rows: Iterable[Json]) -> None:
    for some in _portions(rows):
        if not all(fits(table, row) for row in some):
            raise ValueError(f"A row of {table.name} has not the fields that it must have.")
        conn.execute(insert(table), some)


def _portions(rows: Iterable[T]) -> Iterator[list[T]]:
    found = iter(rows)
    while some := list(islice(found, _AT_ONCE)):
        yield some


def _entry_row(leaf: bytes) -> Json:
    said = json.loads(leaf)
    return {name: said[name] for name in ("position", "stream", "seq", "id", "attempt", "kind", "recorded_at")} | {
        "leaf": leaf, "hash": leaf_hash(leaf)}  # fmt: skip


def _answers(folder: Path) -> Iterator[Json]:
    for row in bag.read_jsonl(folder, bag.ANSWERS):
        yield row | {"answer": row["answer"].encode()}


def _pathways(folder: Path) -> Iterator[Json]:
    """Return the published pathways as the log itself holds them."""
    for entry in entries(folder):
        if entry.kind == "pathway.published":
            document = str(entry.values["document"]).encode()
            if hashlib.sha256(document).hexdigest() != entry.values["digest"]:
                raise ValueError("A pathway in the log has another digest than it says.")
            told = {name: entry.values[name] for name in ("name", "version", "digest")}
            yield told | {"title": understood(document).title, "position": entry.position, "document": document}


def _person(row: Json) -> Json:
    return {"code": row["code"], "name": row["name"], "active": row["active"], "password": _NO_PASSWORD,
            "failures": 0, "locked_until": ""}  # fmt: skip


def _grants(folder: Path) -> Iterator[Json]:
    for row in bag.read_jsonl(folder, bag.PEOPLE):
        yield from ({"person": row["code"], **grant} for grant in row["grants"])


def _secrets(office: Office, folder: Path, *, same: bool) -> Iterator[sealed.Secret]:
    for row in bag.read_jsonl(folder, bag.PATIENTS):
        name = row["name"] if same else crosswalk_texts.remade_name(office.keys, row["name"], row["text"])
        secret = sealed.Secret(row["subject"], name, row["text"], bytes.fromhex(row["salt"]))
        if secret.commitment != row["commitment"]:
            raise ValueError("A text is not the one of its commitment.")
        yield secret


def _document(file: Path) -> File:
    data = file.read_bytes()
    sha256, _, ending = file.name.partition(".")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError("A document is not the one that its name says.")
    return File(sha256, data, _MEDIA_TYPES[ending], "")


def _codes(office: Office, conn: Connection, folder: Path, *, same: bool) -> int:
    lost = 0
    kept: Callable[[Json], Json | None] = crosswalk_texts.as_it_was if same else (
        lambda row: crosswalk_texts.remade(office.keys, row))  # fmt: skip
    for some in _portions(bag.read_jsonl(folder, bag.CODES)):
        rows = [row for row in map(kept, some) if row is not None]
        lost += len(some) - len(rows)
        _insert(conn, CODE, rows)
    return lost
