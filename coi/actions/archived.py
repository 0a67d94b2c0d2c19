"""An archive that is read: nothing of it is believed before bag, entries, chains, checkpoints and keys are right.

The free-standing verifier is asked first, then every checkpoint on the way is held against the tree and the key that
signed at that time. Nothing is written here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coi.actions import logkeys
from coi.actions.faults import Fault, malformed, the_first_of
from coi.exports import bag, coi_verify
from coi.journey.checkpoint import BadNote, Checkpoint, read_checkpoint, read_note, read_verifier_key
from coi.journey.entry import Entry, leaf_hash, read_leaf
from coi.record import logkey, transparency
from coi.record.rows import UNREADABLE
from coi.record.transparency import LogBroken

Json = dict[str, Any]
_SAID = {"format": str, "therapy": str | None, "names": bool, "size": int, "root": str, "log": str, "vault_key": str,
         "demo": bool}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive of a whole log that was checked: where it is, what it says of itself, and the keys that signed it.

    `key` is the one that signed last.
    """

    folder: Path
    about: Json
    key: str
    keys: tuple[tuple[int, str], ...]  # (position of the entry, public key), as the log tells it

    @property
    def log(self) -> str:
        """Return the name of the log."""
        return read_verifier_key(self.key)[0]


def checked(folder: Path, *, key: str | None = None) -> Archive:
    """Return the archive in `folder` once bag, log and signatures are right; nothing is written.

    `key` is the public key of the log as known from elsewhere; without it the archive's own is believed. Raises Fault
    400 with everything that is wrong.
    """
    try:
        return _checked(folder, key)
    except (OSError, LogBroken, BadNote, coi_verify.Wrong) as fault:
        raise wrong([str(fault)]) from fault
    except UNREADABLE as fault:
        raise wrong([f"A file of its log cannot be read ({type(fault).__name__})."]) from fault


def wrong(sentences: Iterable[str]) -> Fault:
    """Return the refusal of an archive that is not right."""
    return malformed("archive.wrong", "The archive is not right and nothing was imported. "
                     + the_first_of(list(sentences)))  # fmt: skip


def _checked(folder: Path, key: str | None) -> Archive:
    why = bag.broken(folder)
    if why:
        raise wrong([why])
    about = _about(folder)
    _refuse_what_cannot_go_on(about)
    key = key or b"".join(bag.read_lines(folder, bag.KEY)).decode()
    report = coi_verify.Report()
    coi_verify.check(folder, coi_verify.Key(key), [], report)
    if report.wrong:
        raise wrong(report.wrong)
    telling = [entry for entry in entries(folder) if entry.kind in logkeys.KINDS and entry.stream == "system"]
    keys = tuple(logkeys.keys_told(telling))
    archive = Archive(folder, about, keys[-1][1] if keys else key, keys)
    last = Checkpoint(archive.log, 0, b"")
    for row in checkpoints(archive):  # each is held against the tree and its key
        last = read_checkpoint(read_note(row["note"])[0])
    if (about["size"], about["root"], about["log"]) != (last.size, last.root.hex(), last.origin):
        raise wrong([f"Its {bag.ABOUT} says another size, root or name of the log than its last checkpoint."])
    return archive


def _about(folder: Path) -> Json:
    """Return what the archive says of itself; raises Fault where that is not what an archive says."""
    try:
        about = next(bag.read_jsonl(folder, bag.ABOUT), None)
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or any(not isinstance(about.get(name), sort) for name, sort in _SAID.items()):
        raise wrong([f"Its {bag.ABOUT} does not say what an archive says of itself; take another copy."])
    return about


def _refuse_what_cannot_go_on(about: Json) -> None:
    if about["format"] != bag.FORMAT:
        raise malformed("archive.format", f"Got an archive of the format {about['format']!a}, expected {bag.FORMAT}.")
    if about["therapy"] is not None:
        raise malformed("archive.therapy", "This is the archive of one therapy: it can be checked and read, but a log "
                        "has no gaps, so only the archive of a whole log can be imported.")  # fmt: skip
    if not about["names"]:
        raise malformed("archive.names", "This archive was written without names: it can be checked and read, but not "
                        "imported, because not one patient could be found again.")  # fmt: skip


def entries(folder: Path) -> Iterator[Entry]:
    """Return the entries of the log in an archive, in order."""
    for leaf in bag.read_lines(folder, bag.ENTRIES):
        yield read_leaf(leaf)[0]


def checkpoints(archive: Archive) -> Iterator[Json]:
    """Return the rows of the signed checkpoints; raises BadNote or LogBroken for one that is not as it must be."""
    hashes = (bytes.fromhex(leaf_hash(leaf)) for leaf in bag.read_lines(archive.folder, bag.ENTRIES))
    return transparency.replanted(hashes, _signed(archive))


def _signed(archive: Archive) -> Iterator[str]:
    for note in bag.read_jsonl(archive.folder, bag.CHECKPOINTS):
        size = read_checkpoint(read_note(note)[0]).size
        logkey.verified(note, key=logkeys.key_at(list(archive.keys), size, otherwise=archive.key))
        yield note
