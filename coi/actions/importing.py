"""Importing: an archive of everything into an empty instance, which then has an equal state.

Nothing is written before the bag is whole and the log in it proves itself with the key it names. The vault's key of the
archived instance has to be in the new one: the keyed tokens in the log (seals, places, devices) were made with it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import bagit
from sqlalchemy import Connection, insert

from coi.actions.archive import FORMAT
from coi.actions.backup import refuse_if_in_use, sign_of_the_key, tell_of_it
from coi.actions.documents import ENDINGS
from coi.actions.faults import Fault, malformed
from coi.actions.office import Office, understood
from coi.actions.verification import rebuild, verify
from coi.exports import coi_verify
from coi.journey.checkpoint import read_verifier_key
from coi.journey.entry import instant, leaf_hash, read_leaf
from coi.record import blobs, sealed, transparency
from coi.record.blobs import File
from coi.record.sealed import Secret
from coi.record.tables import ATTEMPT, CLASH, CODE, ENTRY, GRANT, ORGANISATION, PATHWAY, PERSON

_AT_ONCE = 500


def read_archive(office: Office, folder: Path) -> list[str]:
    """Fill an empty instance from the archive in `folder`, rebuild the projections and return what `verify` finds.

    Raises Fault when the archive is damaged, does not prove itself, is of one therapy or without names, belongs to
    another vault key, or when the instance is in use; then nothing was written.
    """
    data = folder / "data"
    _refuse_damaged(folder)
    _refuse_unfit(office, _manifest(data))
    with office.store.write() as conn:
        refuse_if_in_use(conn)
        _fill(office, conn, data)
    tell_of_it(office, "log.imported")
    rebuild(office)
    return verify(office)


def origin_of(folder: Path) -> str:
    """Return the name of the archived log."""
    return read_verifier_key((folder / "data" / "log" / "key.txt").read_text("utf-8"))[0]


def _refuse_damaged(folder: Path) -> None:
    report = coi_verify.Report()
    try:
        bagit.Bag(str(folder)).validate()
        key = coi_verify.Key((folder / "data" / "log" / "key.txt").read_text("utf-8"))
        coi_verify.check(folder, key, [], report)
    except (bagit.BagError, OSError, ValueError, KeyError, coi_verify.Wrong) as fault:
        report.wrong.append(str(fault))
    if report.wrong:
        raise malformed("archive.broken", f"The archive is not as it was made: {report.wrong[0]}. Take another copy.")


def _manifest(data: Path) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], json.loads((data / "manifest.json").read_text("utf-8")))


def _refuse_unfit(office: Office, manifest: Mapping[str, Any]) -> None:
    if manifest.get("format") != FORMAT:
        raise malformed(
            "archive.format", f"The archive is of another format than {FORMAT}; use the software of its time."
        )
    if manifest["therapy"] is not None:
        raise malformed("archive.therapy", "This is the archive of one therapy: it can be read and checked, but a log "
                        "has no gaps, so only an archive of everything can be imported.")  # fmt: skip
    if not manifest["names"]:
        raise malformed("archive.names", "The names were left out of this archive; import one that holds them.")
    if manifest["vault_key"] != sign_of_the_key(office):
        raise Fault(400, "archive.key", "The archive belongs to another vault key; put that instance's keys/vault.key "
                    "into this instance first, or what was sealed with it can never be compared again.")  # fmt: skip


def _fill(office: Office, conn: Connection, data: Path) -> None:
    """Write the tables from the open files; none before what it names."""
    _insert(conn, ENTRY, (_row_of(line) for line in (data / "log" / "entries.jsonl").open("rb")))
    notes = (data / "log" / "entries.jsonl.checkpoints").read_text("utf-8").splitlines()
    transparency.regrow(conn, (json.loads(note) for note in notes))
    _insert(conn, ATTEMPT, (row | {"answer": row["answer"].encode()} for row in _rows(data / "log" / "answers.jsonl")))
    _insert(conn, CLASH, _rows(data / "log" / "clashes.jsonl"))
    _insert(conn, PATHWAY, _pathways(data))
    _insert(conn, ORGANISATION, _rows(data / "organisations.jsonl"))
    nobody = {"password": "", "failures": 0, "locked_until": ""}  # each has to be given a new password
    _insert(conn, PERSON, (row | nobody for row in _rows(data / "people.jsonl")))
    _insert(conn, GRANT, _rows(data / "grants.jsonl"))
    _insert(conn, CODE, _rows(data / "codes.jsonl"))
    texts = (Secret(row["subject"], row["name"], row["text"], bytes.fromhex(row["salt"]))
             for row in _rows(data / "patients.jsonl"))  # fmt: skip
    for text in texts:
        sealed.keep(conn, [text], keys=office.keys)
    _documents(office, conn, data / "documents")


def _row_of(line: bytes) -> dict[str, Any]:
    leaf = line.removesuffix(b"\n")
    entry, _ = read_leaf(leaf)
    kept = {name: getattr(entry, name) for name in ("position", "stream", "seq", "id", "attempt", "kind")}
    return {**kept, "recorded_at": instant(entry.recorded_at), "leaf": leaf, "hash": leaf_hash(leaf)}


def _pathways(data: Path) -> Iterator[dict[str, Any]]:
    for line in (data / "log" / "entries.jsonl").open("rb"):
        entry, _ = read_leaf(line.removesuffix(b"\n"))
        if entry.kind == "pathway.published":
            document = entry.values["document"].encode()
            names = {name: entry.values[name] for name in ("name", "version", "digest")}
            yield {**names, "title": understood(document).title, "position": entry.position, "document": document}


def _documents(office: Office, conn: Connection, folder: Path) -> None:
    media_types = {ending: media_type for media_type, ending in ENDINGS.items()}
    for file in sorted(folder.glob("*")) if folder.is_dir() else []:
        media_type = media_types[file.suffix.removeprefix(".")]
        blobs.keep(conn, File(file.stem, file.read_bytes(), media_type, file.name), keys=office.keys)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _insert(conn: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            conn.execute(insert(table), some)
            some = []
    if some:
        conn.execute(insert(table), some)
