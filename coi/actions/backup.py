"""Backup and restore: one file that either database can be made from again.

The file is a tar of JSON Lines, one file a table, with a manifest of the format ``coi-backup-v1``: the migration, the
rows and the SHA-256 of each file, and the seal of the log's key over all that. It is read from the store in one
transaction, while the service goes on.

* Projections are not in it: they are written anew from the log.
* The vault's key is not in it: whoever finds the file finds no names. The manifest holds a keyed token by which
  another key is recognised.
* A restore goes into an instance without entries and without people, and everything is checked before a row is written.
"""

import base64
import hashlib
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from sqlalchemy import Connection, LargeBinary, Table, insert, select

from coi.actions import logkeys
from coi.actions.faults import Fault, malformed, the_first_of
from coi.actions.office import Office
from coi.actions.system import Fact, last_told, tell
from coi.actions.verification import faults_in, project_anew
from coi.journey.checkpoint import BadNote, read_checkpoint, read_note
from coi.journey.entry import canonical, instant
from coi.record import ledger, logkey, schema, transparency
from coi.record.rows import UNREADABLE, fits
from coi.record.tables import (
    ATTEMPT,
    BLOB,
    CHECKPOINT,
    CLASH,
    CODE,
    ENTRY,
    GRANT,
    ORGANISATION,
    PATHWAY,
    PERSON,
    PRINTER,
    TOKEN,
    VAULT,
)
from coi.record.transparency import LogBroken
from coi.record.vault import opaque_token

FORMAT = "coi-backup-v1"
MANIFEST = "manifest.json"
TABLES = (
    ENTRY,
    CHECKPOINT,
    ATTEMPT,
    CLASH,
    PATHWAY,
    VAULT,
    CODE,
    BLOB,
    ORGANISATION,
    PERSON,
    GRANT,
    TOKEN,
    PRINTER,
)  # none before what it names
_BATCH = 500
_MANIFEST_BYTES = 1_000_000
_CHUNK_BYTES = 2**20


def back_up(office: Office, file: Path) -> int:
    """Write a backup to `file`, readable for its owner only, and return the number of entries in it.

    The file appears once it is whole and on the disk. Raises FileExistsError when it exists.
    """
    if file.exists():
        raise FileExistsError(f"got {file.name}, which exists, expected a new file: choose another name")
    with TemporaryDirectory(prefix=".coi-backup-", dir=file.parent) as name:
        folder = Path(name)
        with office.store.read() as conn:
            tables = {table.name: _put_away(conn, table, folder) for table in TABLES}
            migration = schema.current(conn)
            note = signed[1] if (signed := transparency.latest(conn)) else ""
        manifest = {
            "format": FORMAT, "at": instant(office.now()), "software": office.software, "migration": migration,
            "checkpoint": note, "vault_key": _sign_of_the_key(office), "tables": tables,
        }  # fmt: skip
        sealed = {**manifest, "seal": office.log_key.seal("backup", _digest(manifest))}
        (folder / MANIFEST).write_text(json.dumps(sealed, indent=1))
        whole = _packed(folder, [MANIFEST, *(_file_of(table) for table in TABLES)])
        os.link(whole, file)  # unlike a rename, this never takes the place of a file that came up meanwhile
        _sync(file.parent)
    count = int(tables[ENTRY.name]["rows"])
    with office.store.write() as conn:
        tell(office, conn, [Fact("backup.made", {"size": count})])
    return count


def _digest(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest without its seal, as hex: it names every row with the digest of its file."""
    return hashlib.sha256(canonical({name: said for name, said in manifest.items() if name != "seal"})).hexdigest()


def _sign_of_the_key(office: Office) -> str:
    return opaque_token(office.keys, scope="backup", text=FORMAT)


def _file_of(table: Table) -> str:
    return f"{table.name}.jsonl"


def _put_away(conn: Connection, table: Table, folder: Path) -> dict[str, Any]:
    """Write the rows of a table in the order of its key; return how many there are and their digest."""
    query = select(table).order_by(*table.primary_key.columns)
    digest, count = hashlib.sha256(), 0
    with (folder / _file_of(table)).open("xb") as out:
        for row in conn.execute(query, execution_options={"yield_per": _at_once(table)}).mappings():
            line = json.dumps({name: _plain(value) for name, value in row.items()}, sort_keys=True).encode() + b"\n"
            digest.update(line)
            out.write(line)
            count += 1
    return {"rows": count, "sha256": digest.hexdigest()}


def _at_once(table: Table) -> int:
    """Return how many rows of a table are held in memory; a document can be large."""
    return 1 if table is BLOB else _BATCH


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value


def _packed(folder: Path, names: Iterable[str]) -> Path:
    whole = folder / "whole.tar"
    fd = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as out:
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name in names:
                tar.add(folder / name, arcname=name, filter=_nobodys)
        out.flush()
        os.fsync(out.fileno())
    return whole


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Keep the account of whoever made the backup out of it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def restore(
    office: Office, file: Path, *, known: int | None = None, record: bool = True, although_wrong: bool = False
) -> list[str]:
    """Fill the empty tables of an instance from a backup, write the projections anew and return what `verify` finds.

    That it was restored is an entry, which names the backup's size and root, and `known`, the highest size that anybody
    outside knows of; a drill does not `record`. Raises Fault when the file is not a whole backup, is of another
    migration or another vault key, when the instance is in use, or when anything is found, unless it is to be restored
    `although_wrong`, which the entry says; then nothing was written.
    """
    try:
        with tarfile.open(file, mode="r:") as tar:
            manifest = _manifest(tar, office)
            for table in TABLES:
                _check(tar, table, manifest["tables"].get(table.name, {}))
            with office.store.write() as conn:
                refuse_if_in_use(conn)
                for table in TABLES:
                    _fill(conn, tar, table)
                _refuse_another_log(conn, manifest, office.log_key.verifier_key)
                return _taken_up(office, conn, known=known, record=record, although_wrong=although_wrong)
    except (tarfile.TarError, *UNREADABLE) as fault:
        raise _broken(type(fault).__name__) from fault
    except LogBroken as fault:
        raise _broken(str(fault)) from fault


def _taken_up(office: Office, conn: Connection, *, known: int | None, record: bool, although_wrong: bool) -> list[str]:
    """Make the tables that were filled a log that goes on; return what is wrong with them, if that may be."""
    project_anew(office, conn)
    if record:
        _tell_of_it(office, conn, {"known": known, **({"although_wrong": True} if although_wrong else {})})
    faults = faults_in(office, conn)
    if faults and not although_wrong:
        raise malformed("backup.wrong", "The backup is not right and nothing was restored; take another copy.\n"
                        + the_first_of(faults))  # fmt: skip
    return faults


def _tell_of_it(office: Office, conn: Connection, more: Mapping[str, Any]) -> None:
    """Record the restore, and that another key signs from here on where the log's own is not at hand."""
    tree, keys = transparency.last_frontier(conn), logkeys.known_keys(conn)
    told_key = keys[-1][1] if keys else office.log_key.verifier_key
    if told_key != office.log_key.verifier_key:
        transparency.refuse_forged((transparency.latest(conn) or (0, None))[1], key=told_key)
    told = Fact("log.restored", {"size": tree.size, "root": tree.root().hex(), **more})
    logkeys.go_on(office, conn, told, told_key=told_key)


def restored_size(office: Office) -> int:
    """Return how many entries the last restore brought back."""
    with office.store.read() as conn:
        told = last_told(conn, "log.restored")
    return int(told.values["size"]) if told else 0


def origin_of(file: Path) -> str | None:
    """Return the name of the log in a backup, None when nothing was recorded in it; raises Fault for no backup."""
    try:
        with tarfile.open(file, mode="r:") as tar:
            note = json.loads(_member(tar, MANIFEST).read(_MANIFEST_BYTES)).get("checkpoint")
        return read_checkpoint(read_note(note)[0]).origin if note else None
    except (tarfile.TarError, *UNREADABLE) as fault:
        raise _broken(type(fault).__name__) from fault


def _broken(what: str) -> Fault:
    return malformed("backup.broken", f"The file is not a whole backup of this service ({what}); take another copy.")


def _member(tar: tarfile.TarFile, name: str) -> Any:
    found = tar.extractfile(name)
    if found is None:
        raise _broken(f"{name} is not a file")
    return found


def _manifest(tar: tarfile.TarFile, office: Office) -> Mapping[str, Any]:
    try:
        manifest = json.loads(_member(tar, MANIFEST).read(_MANIFEST_BYTES))
    except (ValueError, RecursionError):
        raise _broken("its manifest cannot be read") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _broken(f"its format is not {FORMAT}")
    if manifest["migration"] != schema.head():
        raise malformed("backup.migration", f"The backup is of migration {str(manifest['migration'])[:32]!a}, this "
                        f"software of {schema.head()}; restore with what made it, then upgrade.")  # fmt: skip
    if manifest["vault_key"] != _sign_of_the_key(office):
        raise malformed("backup.key", "The backup belongs to another vault key; put that instance's keys/vault.key "
                        "into this instance before you restore, or its names can never be read.")  # fmt: skip
    return cast(Mapping[str, Any], manifest)


def _check(tar: tarfile.TarFile, table: Table, told: Mapping[str, Any]) -> None:
    digest = hashlib.sha256()
    with _member(tar, _file_of(table)) as lines:
        while chunk := lines.read(_CHUNK_BYTES):
            digest.update(chunk)
    if digest.hexdigest() != told.get("sha256"):
        raise _broken(f"{_file_of(table)} is not what the manifest says")


def refuse_if_in_use(conn: Connection) -> None:
    """Raise Fault 409 unless the log, the vault and the list of people are empty."""
    if any(conn.execute(select(table).limit(1)).first() for table in TABLES):
        raise Fault(409, "restore.in_use", "This instance is in use already; restore into a new one, without coi init.")


def _refuse_another_log(conn: Connection, manifest: Mapping[str, Any], key: str) -> None:
    """Raise Fault unless the log that was filled in ends at the backup's checkpoint and its key sealed the manifest.

    `key` counts where the log names none.
    """
    size, signed = transparency.latest(conn) or (0, "")
    if manifest["checkpoint"] != signed or ledger.size_of(conn) != size:
        raise _broken("its log does not end at the checkpoint that it was made with")
    keys = logkeys.keys_if_readable(conn)
    try:
        logkey.refuse_unsealed(manifest["seal"], what="backup", digest=_digest(manifest),
                               key=keys[-1][1] if keys else key)  # fmt: skip
    except BadNote as fault:
        raise _broken(str(fault).rstrip(".")) from None


def _fill(conn: Connection, tar: tarfile.TarFile, table: Table) -> None:
    rows: list[dict[str, Any]] = []
    for row in _rows(tar, table):
        rows.append(row)
        if len(rows) == _at_once(table):
            conn.execute(insert(table), rows)
            rows = []
    if rows:
        conn.execute(insert(table), rows)


def _rows(tar: tarfile.TarFile, table: Table) -> Iterator[dict[str, Any]]:
    sealed = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    with _member(tar, _file_of(table)) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                found = {name: base64.b64decode(value) if name in sealed else value for name, value in row.items()}
            except UNREADABLE:
                found = {}
            if not fits(table, found):
                raise _broken(f"line {number} of {_file_of(table)} is no row of that table")
            yield found
