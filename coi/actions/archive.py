"""The archive: everything that is here, or everything of one therapy, as files that outlive this software.

That it was written is in the log before it is written, so a whole archive holds the record of itself. What the files
are is in `coi.exports.bag`; what a service is filled from again in `coi.actions.importing`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

import labels
from coi.actions import crosswalk_texts, outside, proofs
from coi.actions.documents import ENDINGS
from coi.actions.faults import unknown
from coi.actions.labels import as_issued
from coi.actions.office import Office
from coi.actions.system import Fact, tell
from coi.exports import bag, bag_words
from coi.exports.bag import Piece
from coi.journey.entry import Entry, instant
from coi.journey.identity import is_own
from coi.record import blobs, ledger, projections, sealed, transparency
from coi.record.tables import (
    ATTEMPT,
    BLOB,
    CLASH,
    CODE,
    DOCUMENT,
    ENTRY,
    GRANT,
    ORGANISATION,
    PATHWAY,
    PERSON,
    THERAPY,
)
from coi.record.vault import VaultKeys, opaque_token

Json = dict[str, Any]
_DPI = 300
_STREAMED = {"yield_per": 500}


@dataclass(frozen=True, slots=True)
class Scope:
    """Of what an archive is: the whole log (`therapy` is None) or one therapy; with the patients' names or not."""

    office: Office
    conn: Connection
    therapy: str | None
    names: bool


def sign_of_the_key(keys: VaultKeys) -> str:
    """Return the keyed token by which an archive's vault key is recognised; it tells nothing of the key."""
    return opaque_token(keys, scope="archive", text=bag.FORMAT)


def write_archive(office: Office, folder: Path, *, therapy: str | None = None, names: bool = True) -> int:
    """Write the archive to the new `folder` and return how many files it has.

    Raises FileExistsError when the folder exists, FileNotFoundError without the one that it goes into, and Fault 404
    for a therapy that is not here; then nothing is recorded either.
    """
    if folder.exists():
        raise FileExistsError(f"got {folder.name}, which exists, expected a new folder: choose another name")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"got {folder.parent}, which is no folder: make it first")
    with office.store.write() as conn:
        if therapy is not None and not _is_here(conn, therapy):
            raise unknown("therapy")
        tell(office, conn, [Fact("log.exported", {"what": "archive", "therapy": therapy})])
    with office.store.read() as conn:
        scope = Scope(office, conn, therapy, names)
        about = _about(scope)
        pieces = _of_all(scope) if therapy is None else _of_therapy(scope, therapy)
        return bag.write(folder, chain(_words(scope, about), pieces), info=_info(about), seal=office.log_key.seal)


def _is_here(conn: Connection, coi: str) -> bool:
    return is_own(coi) and conn.execute(select(THERAPY.c.coi).where(THERAPY.c.coi == coi)).first() is not None


def _about(scope: Scope) -> Json:
    """Return what the archive says of itself to programs."""
    office = scope.office
    size, _ = transparency.latest(scope.conn) or (0, "")
    return {
        "format": bag.FORMAT, "therapy": scope.therapy, "names": scope.names, "at": instant(office.now()),
        "software": office.software, "log": office.log_key.name, "size": size,
        "root": transparency.root_at(scope.conn, size).hex(), "vault_key": sign_of_the_key(office.keys),
        "demo": office.demo,
    }  # fmt: skip


def _info(about: Json) -> dict[str, str]:
    of = f"the therapy {about['therapy']}" if about["therapy"] else "the whole log"
    return {
        "Bag-Software-Agent": about["software"],
        "Bagging-Date": about["at"][:10],
        "External-Description": f"Chain of identity and custody: {of}",
        "External-Identifier": about["log"],
    }


def _words(scope: Scope, about: Json) -> Iterator[Piece]:
    """Return what explains the archive and what checks it."""
    told = bag_words.readme(therapy=scope.therapy, names=scope.names, at=about["at"], software=about["software"],
                            log=about["log"])  # fmt: skip
    yield bag.whole(bag.README, told.encode())
    yield bag.whole(bag.ABOUT, bag.as_json(about) + b"\n")
    yield bag.whole(bag.VERIFIER, outside.verifier())
    yield bag.whole(bag.KEY, scope.office.log_key.verifier_key.encode() + b"\n")


def _of_all(scope: Scope) -> Iterator[Piece]:
    """Return the files of the whole log and of all that goes with it."""
    conn = scope.conn
    yield bag.lines(bag.ENTRIES, outside.leaves(conn))
    yield bag.jsonl(bag.CHECKPOINTS, outside.notes(conn))
    for stream in _therapies(conn):
        yield from _labels(scope, ledger.read_streams(conn, [stream])[stream].entries)
    yield from _pathways(_rows(conn, PATHWAY))
    yield bag.jsonl(bag.PEOPLE, _people(conn))
    yield bag.jsonl(bag.ORGANISATIONS, _rows(conn, ORGANISATION))
    yield bag.state(projections.stored(conn))
    if scope.names:  # and whatever only an import needs, which there is none of without them
        yield bag.jsonl(bag.ANSWERS, ({**row, "answer": bytes(row["answer"]).decode()} for row in _rows(conn, ATTEMPT)))
        yield bag.jsonl(bag.CLASHES, _rows(conn, CLASH))
        yield bag.jsonl(bag.PATIENTS, _texts(sealed.opened(conn, keys=scope.office.keys)))
        yield bag.jsonl(bag.CODES, crosswalk_texts.with_texts(scope.office, conn, _rows(conn, CODE)))
        yield from _documents(scope, conn.execute(select(BLOB.c.sha256).order_by(BLOB.c.sha256)).scalars().all())


def _of_therapy(scope: Scope, coi: str) -> Iterator[Piece]:
    """Return the files of one therapy: its entries with their proofs, and what they name."""
    conn = scope.conn
    own, shippers = _entries_of(conn, coi)
    entries = sorted([*own, *shippers], key=lambda entry: entry.position)
    pathways = _pathways_of(conn, own)
    positions = [*(entry.position for entry in entries), *(row["position"] for row in pathways)]
    proved = proofs.of_positions(conn, sorted(set(positions)), key=scope.office.log_key.verifier_key)
    named = set(_strings([[entry.actor, entry.values, entry.scans, entry.signatures, entry.performed_by, entry.stream,
                           entry.therapy, entry.attempt] for entry in entries]))  # fmt: skip
    yield bag.jsonl(bag.PROOFS, proved["entries"])
    yield bag.whole(bag.CHECKPOINT, proved["checkpoint"].encode())
    yield from _labels(scope, own)
    yield from _pathways(pathways)
    yield bag.jsonl(bag.PEOPLE, (row for row in _people(conn) if row["code"] in named))
    yield bag.jsonl(bag.ORGANISATIONS, (row for row in _rows(conn, ORGANISATION) if row["code"] in named))
    yield bag.state(_state_of(conn, coi, {entry.stream.partition(":")[2] for entry in shippers}))
    if scope.names:
        whose = _subjects(own, named)
        found = sealed.opened(conn, keys=scope.office.keys)
        yield bag.jsonl(bag.PATIENTS, _texts(one for one in found if one.subject.partition("/")[0] in whose))
        query = select(DOCUMENT.c.sha256).where(DOCUMENT.c.therapy == coi).distinct().order_by(DOCUMENT.c.sha256)
        yield from _documents(scope, conn.execute(query).scalars().all())


def _rows(conn: Connection, table: Table) -> Iterator[Json]:
    query = select(table).order_by(*table.primary_key.columns)
    for row in conn.execute(query, execution_options=_STREAMED).mappings():
        yield dict(row)


def _therapies(conn: Connection) -> list[str]:
    query = select(ENTRY.c.stream).where(ENTRY.c.stream.startswith("therapy:")).distinct().order_by(ENTRY.c.stream)
    return list(conn.execute(query).scalars())


def _labels(scope: Scope, entries: Collection[Entry]) -> Iterator[Piece]:
    office, conn = scope.office, scope.conn
    issued = as_issued(office, conn, list(entries), pathway=lambda digest: office.pathway(conn, digest))
    for serial, layout in issued:
        yield bag.whole(f"{bag.LABELS}/{serial}.png", labels.render_png(layout, dpi=_DPI))
        yield bag.whole(f"{bag.LABELS}/{serial}.pdf", labels.render_pdf(layout))


def _pathways(rows: Iterable[Json]) -> Iterator[Piece]:
    taken: set[str] = set()
    for row in rows:
        path = bag.pathway_path(row["name"], row["version"])
        if path in taken:  # two versions that differ in what a file's name cannot hold
            path = bag.pathway_path(row["name"], f"{row['version']}-{row['digest']}")
        taken.add(path)
        yield bag.whole(path, bytes(row["document"]))


def _people(conn: Connection) -> Iterator[Json]:
    """Return everybody with the roles, without what opens the door to them."""
    grants: dict[str, list[Json]] = {}
    for row in _rows(conn, GRANT):
        grants.setdefault(row["person"], []).append({"organisation": row["organisation"], "role": row["role"]})
    query = select(PERSON.c.code, PERSON.c.name, PERSON.c.active).order_by(PERSON.c.code)
    for found in conn.execute(query).mappings():
        yield {**found, "grants": grants.get(found["code"], [])}


def _texts(secrets: Iterable[sealed.Secret]) -> Iterator[Json]:
    for one in secrets:
        yield {"subject": one.subject, "name": one.name, "text": one.text, "salt": one.salt.hex(),
               "commitment": one.commitment}  # fmt: skip


def _documents(scope: Scope, digests: Iterable[str]) -> Iterator[Piece]:
    for sha256 in digests:
        found = blobs.read(scope.conn, sha256, keys=scope.office.keys)
        if found is not None:
            data, media_type = found
            yield bag.whole(f"{bag.DOCUMENTS}/{sha256}.{ENDINGS[media_type]}", data)


def _entries_of(conn: Connection, coi: str) -> tuple[list[Entry], list[Entry]]:
    """Return (the entries of a therapy, those of the shippers that carried it); none about another therapy."""
    stream = f"therapy:{coi}"
    own = list(ledger.read_streams(conn, [stream])[stream].entries)
    shippers = {text for text in _strings([entry.values for entry in own]) if text.startswith("SHP-")}
    found = ledger.read_streams(conn, [f"shipper:{id_}" for id_ in sorted(shippers)]) if shippers else {}
    carried = [one.entries for one in found.values() if any(entry.therapy == coi for entry in one.entries)]
    return own, [entry for entries in carried for entry in entries if entry.therapy in (None, coi)]


def _pathways_of(conn: Connection, own: Iterable[Entry]) -> list[Json]:
    digests = {str(entry.values["pathway"]) for entry in own if "pathway" in entry.values}
    return [row for row in _rows(conn, PATHWAY) if row["digest"] in digests]


def _subjects(own: Collection[Entry], named: Collection[str]) -> set[str]:
    """Return whose texts go with a therapy: its own and its patient's, its requests', its seals' and places'.

    A wrong wristband names another patient, whose name stays where it is.
    """
    ours = {entry.therapy for entry in own} | {entry.values.get("patient") for entry in own}
    return {text for text in named if text in ours or not is_own(text)}


def _state_of(conn: Connection, coi: str, shippers: Collection[str]) -> dict[str, dict[str, Mapping[str, Any]]]:
    found = projections.stored(conn)
    return {
        name: {key: row for key, row in rows.items()
               if (key in shippers if name == "shipper" else row.get("therapy", row.get("coi")) == coi)}
        for name, rows in found.items()
    }  # fmt: skip


def _strings(value: Any) -> Iterator[str]:
    """Return every text in plain JSON values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
