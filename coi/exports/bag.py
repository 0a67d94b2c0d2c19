"""The archive as a folder: a BagIt bag (RFC 8493), made from plain data and readable with nothing of ours.

Names of files hold digests, serials and names of pathways, never what a patient is called. The folder appears under
its name when everything in it is whole and on the disk; until then it is beside.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bagit

FORMAT = "coi-archive-v1"
VERSION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SEAL, MANIFEST = "seal.txt", "manifest-sha256.txt"  # in the bag's own folder, beside data/
ABOUT, STATE, README = "about.json", "state.json", "README.txt"
ENTRIES, CHECKPOINTS, KEY = "log/entries.jsonl", "log/entries.jsonl.checkpoints", "log/key.txt"
ANSWERS, CLASHES = "log/answers.jsonl", "log/clashes.jsonl"
PROOFS, CHECKPOINT = "log/proofs.jsonl", "log/checkpoint.txt"
PEOPLE, ORGANISATIONS, PATIENTS, CODES = "people.jsonl", "organisations.jsonl", "patients.jsonl", "codes.jsonl"
LABELS, DOCUMENTS, PATHWAYS, VERIFIER = "labels", "documents", "pathways", "verify/coi_verify.py"

_PATH = re.compile(r"([a-z]+/)?[A-Za-z0-9][A-Za-z0-9._-]*")
_UNCLEAN = re.compile(r"[^A-Za-z0-9._-]+")
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of an archive: its path below `data/`, and its bytes in portions."""

    path: str
    parts: Iterable[bytes]


def whole(path: str, data: bytes) -> Piece:
    """Return a file with these bytes."""
    return Piece(path, (data,))


def lines(path: str, rows: Iterable[bytes]) -> Piece:
    """Return a file with one of `rows` a line."""
    return Piece(path, (row + b"\n" for row in rows))


def jsonl(path: str, rows: Iterable[Any]) -> Piece:
    """Return a file of JSON Lines."""
    return lines(path, (as_json(row) for row in rows))


def as_json(document: Any) -> bytes:
    """Return a document as JSON on one line, its keys sorted, text as it is read."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()


def state(tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Piece:
    """Return the file of the projected rows: by table, sorted by their keys."""
    rows = {name: [dict(found[key]) for key in sorted(found)] for name, found in tables.items()}
    return whole(STATE, json.dumps(rows, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n")


def pathway_path(name: str, version: str) -> str:
    """Return the path of a pathway's document; what a file's name cannot hold is a hyphen in it."""
    return f"{PATHWAYS}/{_UNCLEAN.sub('-', f'{name}-{version}')}.toml"


def write(folder: Path, pieces: Iterable[Piece], *, info: Mapping[str, str], seal: Callable[[str, str], str]) -> int:
    """Write a bag of `pieces` under the new name `folder`, for its owner only; return how many files.

    `seal` signs for what the bag is and the SHA-256 of its manifest: whoever changes a file cannot write a manifest
    that fits.

    Raises FileExistsError when the folder exists, ValueError for a path that no archive has.
    """
    if folder.exists():
        raise FileExistsError(f"got {folder.name}, which exists, expected a new folder: choose another name")
    with TemporaryDirectory(prefix=".coi-archive-", dir=folder.parent) as beside:
        made = Path(beside) / "bag"
        made.mkdir(_PRIVATE_FOLDER)
        count = sum(1 for _ in _written(made, pieces))
        _bag(made, info, seal)
        _settle(made)
        made.rename(folder)  # refused by the system when somebody put something there meanwhile
        _sync(folder.parent)
    return count


def _written(folder: Path, pieces: Iterable[Piece]) -> Iterator[Path]:
    for piece in pieces:
        if not _PATH.fullmatch(piece.path):
            raise ValueError(f"Got {piece.path!a}, expected the path of a file of an archive.")
        file = folder / piece.path
        file.parent.mkdir(_PRIVATE_FOLDER, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE), "wb") as out:
            for part in piece.parts:
                out.write(part)
        yield file


def _bag(folder: Path, info: Mapping[str, str], seal: Callable[[str, str], str]) -> None:
    """Make the folder a bag; the library writes the draft's version number, the bag is as the RFC says."""
    made = bagit.make_bag(str(folder), bag_info=dict(info), checksums=["sha256"])
    (folder / "bagit.txt").write_text(VERSION, "utf-8")
    (folder / SEAL).write_text(seal("archive", manifest_digest(folder)), "utf-8")
    made.save()


def manifest_digest(folder: Path) -> str:
    """Return the SHA-256 of a bag's manifest, which names every file of `data/` with its own, as hex."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def _settle(folder: Path) -> None:
    """Take everybody else's access away, and return when everything is on the disk."""
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before the folder
        path.chmod(_PRIVATE_FOLDER if path.is_dir() else _PRIVATE_FILE)
        _sync(path)
    folder.chmod(_PRIVATE_FOLDER)
    _sync(folder)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def broken(folder: Path) -> str | None:
    """Return in one sentence why a folder is no whole bag, None when it is one."""
    try:
        bagit.Bag(str(folder)).validate()
    except (bagit.BagError, OSError, ValueError) as fault:
        return f"The folder is not the whole archive that was written: {fault}"
    return None


def read_lines(folder: Path, path: str) -> Iterator[bytes]:
    """Return the lines of a file of an archive, without their ends."""
    with (folder / "data" / path).open("rb") as found:
        for line in found:
            yield line.removesuffix(b"\n")


def read_jsonl(folder: Path, path: str) -> Iterator[Any]:
    """Return the documents of a file of JSON Lines."""
    return (json.loads(line) for line in read_lines(folder, path))
