"""The archive: everything of a therapy, or of all, as a folder that can be read without this software in thirty years.

The form is BagIt (RFC 8493): open files below data/ with SHA-256 manifests beside. It holds patients' names in the
clear unless they are left out, so it is as confidential as a patient's file; it has no private key and no password.
What is where is told in the README that goes with it (`coi/exports/archive_readme.txt`). Coming back from one is
`coi.actions.importing`.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bagit
from sqlalchemy import Connection, Table, select

from coi.actions import labels, outside, proofs
from coi.actions.backup import sign_of_the_key
from coi.actions.documents import ENDINGS
from coi.actions.exporting import OPERATOR
from coi.actions.faults import Fault, unknown
from coi.actions.office import Office
from coi.actions.system import Fact, tell
from coi.journey.entry import instant, read_leaf
from coi.record import blobs, projections, sealed
from coi.record.tables import ATTEMPT, BLOB, CLASH, CODE, DOCUMENT, ENTRY, GRANT, ORGANISATION, PATHWAY, PERSON, THERAPY

FORMAT = "coi-archive-v1"
_DPI = 300
Rows = Iterable[Mapping[str, Any]]


def write_archive(office: Office, folder: Path, *, therapy: str | None, names: bool) -> int:
    """Write the archive of `therapy`, or of everything, to a new `folder`; return the number of entries in it.

    The folder appears once it is whole and on the disk. That it was taken out is in the log before, hence in the
    archive of everything. Raises FileExistsError when the folder exists, Fault 404 for a therapy that is not there.
    """
    if folder.exists():
        raise FileExistsError(f"got {folder.name}, which exists, expected a new folder: choose another name")
    _refuse_unknown(office, therapy)
    with office.store.write() as conn:
        tell(office, conn, [Fact("log.exported", {"what": "archive", "therapy": therapy, "names": names})])
    with TemporaryDirectory(prefix=".coi-archive-", dir=folder.parent) as scratch:
        bag = Path(scratch) / "bag"
        bag.mkdir(mode=0o700)
        count = _Archive(office, bag, therapy, names).write()
        info = {"Source-Organization": office.log_key.name, "External-Description": FORMAT,
                "Bagging-Date": instant(office.now())[:10], "Internal-Sender-Identifier": therapy or "everything",
                "Coi-Names": "in the clear" if names else "left out"}  # fmt: skip
        bagit.make_bag(str(bag), info, checksums=["sha256"])
        _settle(bag)
        bag.rename(folder)
        _sync(folder.parent)
    return count


def _refuse_unknown(office: Office, therapy: str | None) -> None:
    with office.store.read() as conn:
        if therapy is not None and not conn.execute(select(THERAPY.c.coi).where(THERAPY.c.coi == therapy)).first():
            raise unknown("therapy")


def _settle(bag: Path) -> None:
    """Leave the files to their owner alone, and on the disk."""
    for path in sorted(bag.rglob("*"), reverse=True):
        path.chmod(0o700 if path.is_dir() else 0o600)
        _sync(path)
    _sync(bag)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class _Archive:
    """One archive on its way into a folder."""

    def __init__(self, office: Office, folder: Path, therapy: str | None, names: bool) -> None:
        self.office, self.folder, self.therapy, self.names = office, folder, therapy, names

    def write(self) -> int:
        """Write every file; return the number of entries."""
        self._text("README.txt", (resources.files("coi.exports") / "archive_readme.txt").read_text("utf-8"))
        self._text("verify/coi_verify.py", outside.verifier().decode())
        self._text("log/key.txt", self.office.log_key.verifier_key + "\n")
        self._text("manifest.json", json.dumps({"format": FORMAT, "vault_key": sign_of_the_key(self.office),
                                                "therapy": self.therapy, "names": self.names}) + "\n")  # fmt: skip
        with self.office.store.read() as conn:
            positions = self._positions(conn)
            count = self._log(conn, positions)
            entries = [read_leaf(leaf)[0] for leaf in _leaves(conn, positions)]
            subjects = None if self.therapy is None else _subjects(entries)
            self._tables(conn)
            self._pathways(conn)
            if self.names:
                self._lines("patients.jsonl", _texts(conn, self.office, subjects))
                self._documents(conn)
        for entry in entries:
            if entry.kind == "label.issued":
                self._label(entry.values["label"])
        return count

    def _positions(self, conn: Connection) -> list[int] | None:
        """Return the positions of the therapy's entries, its shippers' and its pathway's; None for all entries."""
        if self.therapy is None:
            return None
        own = _leaves_of(conn, [f"therapy:{self.therapy}"])
        values = [read_leaf(leaf)[0].values for leaf in own]
        shippers = {told[name] for told in values for name in ("shipper", "into") if told.get(name)}
        shippers |= {left for told in values for left in told.get("out_of", ())}
        streams = [f"therapy:{self.therapy}", *(f"shipper:{shipper}" for shipper in sorted(shippers))]
        found = list(conn.execute(select(ENTRY.c.position).where(ENTRY.c.stream.in_(streams))).scalars())
        pathway = select(PATHWAY.c.position).join(THERAPY, THERAPY.c.pathway == PATHWAY.c.digest)
        found += conn.execute(pathway.where(THERAPY.c.coi == self.therapy)).scalars()
        return sorted(found)

    def _log(self, conn: Connection, positions: list[int] | None) -> int:
        if positions is None:
            beside = (json.dumps(note, ensure_ascii=False).encode() for note in outside.notes(conn))
            outside.write_lines(self._file("log/entries.jsonl.checkpoints"), beside)
            return outside.write_lines(self._file("log/entries.jsonl"), outside.leaves(conn))
        proved = proofs.of_entries(self.office, positions)
        self._text("log/checkpoint.txt", proved["checkpoint"])
        return self._lines("log/proofs.jsonl", proved["entries"])

    def _tables(self, conn: Connection) -> None:
        """Write what stands beside the log: of one therapy only what it is about."""
        coi = self.therapy
        rows = projections.stored(conn)
        if coi is None:
            self._lines("log/answers.jsonl", _opened(conn, ATTEMPT, "answer"))
            self._lines("log/clashes.jsonl", _rows(conn, CLASH))
            self._lines("codes.jsonl", _rows(conn, CODE))
            grants = _rows(conn, GRANT)
            people = [
                {"code": row["code"], "name": row["name"], "active": row["active"]} for row in _rows(conn, PERSON)
            ]
            self._lines("people.jsonl", people)
            self._lines("grants.jsonl", grants)
        else:
            rows = {name: {key: row for key, row in found.items() if coi in (row.get("therapy"), row.get("coi"))}
                    for name, found in rows.items()}  # fmt: skip
        self._lines("organisations.jsonl", _rows(conn, ORGANISATION))
        self._text("state.json", json.dumps(rows, ensure_ascii=False, sort_keys=True, indent=1) + "\n")

    def _pathways(self, conn: Connection) -> None:
        query = select(PATHWAY)
        if self.therapy is not None:
            pinned = select(THERAPY.c.pathway).where(THERAPY.c.coi == self.therapy)
            query = query.where(PATHWAY.c.digest.in_(pinned))
        for row in conn.execute(query):
            self._file(f"pathways/{row.name}-{row.version}.toml").write_bytes(bytes(row.document))

    def _documents(self, conn: Connection) -> None:
        query = select(BLOB.c.sha256)
        if self.therapy is not None:
            query = query.where(BLOB.c.sha256.in_(select(DOCUMENT.c.sha256).where(DOCUMENT.c.therapy == self.therapy)))
        for sha256 in conn.execute(query.order_by(BLOB.c.sha256)).scalars().all():
            found = blobs.read(conn, sha256, keys=self.office.keys)
            if found is not None:
                data, media_type = found
                self._file(f"documents/{sha256}.{ENDINGS[media_type]}").write_bytes(data)

    def _label(self, serial: str) -> None:
        try:
            picture = labels.render(self.office, serial, form="png", dpi=_DPI, caller=OPERATOR)
        except Fault:
            return  # it was voided, or its template is another maker's: its entries tell of it
        self._file(f"labels/{serial}.png").write_bytes(picture)

    def _file(self, name: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def _text(self, name: str, text: str) -> None:
        self._file(name).write_text(text, "utf-8")

    def _lines(self, name: str, rows: Rows) -> int:
        return outside.write_lines(
            self._file(name), (json.dumps(dict(row), ensure_ascii=False, sort_keys=True).encode() for row in rows)
        )


def _leaves(conn: Connection, positions: list[int] | None) -> list[bytes]:
    if positions is None:
        return list(outside.leaves(conn))
    query = select(ENTRY.c.leaf).where(ENTRY.c.position.in_(positions)).order_by(ENTRY.c.position)
    return [bytes(leaf) for leaf in conn.execute(query).scalars()]


def _leaves_of(conn: Connection, streams: list[str]) -> list[bytes]:
    query = select(ENTRY.c.leaf).where(ENTRY.c.stream.in_(streams)).order_by(ENTRY.c.position)
    return [bytes(leaf) for leaf in conn.execute(query).scalars()]


def _subjects(entries: Iterable[Any]) -> list[str]:
    """Return everything that a therapy's sealed texts may be kept under."""
    found: set[str] = set()
    for entry in entries:
        found |= {entry.attempt, entry.id, *(scan["subject"] for scan in entry.scans if scan["subject"])}
        found |= {value for value in entry.values.values() if isinstance(value, str)}
        found |= {entry.therapy} if entry.therapy else set()
    return sorted(found)


def _texts(conn: Connection, office: Office, subjects: list[str] | None) -> Iterator[dict[str, str]]:
    for row in sealed.everything(conn, subjects, keys=office.keys):
        yield {"subject": row.subject, "name": row.name, "text": row.text, "salt": row.salt.hex()}


def _rows(conn: Connection, table: Table) -> list[dict[str, Any]]:
    query = select(table).order_by(*table.primary_key.columns)
    return [dict(row) for row in conn.execute(query).mappings()]


def _opened(conn: Connection, table: Table, column: str) -> Iterator[dict[str, Any]]:
    for row in _rows(conn, table):
        yield row | {column: bytes(row[column]).decode()}
