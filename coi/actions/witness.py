"""The witness: a second site that remembers what a log said of itself, and says so when the log contradicts it.

It keeps the last checkpoint that it found consistent, in a folder of its own, and needs neither database nor instance.
A new checkpoint is believed when the log's key signed it and a proof shows that the log was only added to; otherwise
the old one stays, what was got is kept as evidence, and an alarm stands until somebody takes it away by hand. A
signed checkpoint for which no proof could be got is kept too, and held against whatever comes later: a log cannot show
a fork and then be out of reach each time it is asked to prove it.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from coi.actions.outside import NotGiven
from coi.journey.checkpoint import BadNote, Checkpoint
from coi.journey.entry import instant
from coi.journey.tree import verify_consistency
from coi.record.logkey import verified

KEPT, KEY, ALARM, UNPROVED = "checkpoint.txt", "key.txt", "ALARM.json", "unproved.json"
PATIENCE = 5  # looks at which a checkpoint may stay without its proof
_CALLS = "/api/v1/log"
Fetch = Callable[[str], str]


class Contradiction(Exception):
    """The log does not begin with what it was, or somebody else signed it; the message says which."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look showed: the log's size, and whether that was more than before."""

    size: int
    grown: bool


def look(*, url: str, folder: Path, key: str | None, fetch: Fetch, now: datetime) -> Seen:
    """Fetch the log's checkpoint, hold it against the one that is kept, and keep it when it follows.

    `key` is the log's public key; without it the one that is kept is used, or, at the first look, the one that the log
    itself names; after a change of the log's key the new one has to be given. Raises Contradiction with the evidence in
    the folder, OSError when the log cannot be reached: then nothing is known and nothing is changed.
    """
    base = url.rstrip("/").removesuffix(_CALLS) + _CALLS
    folder.mkdir(parents=True, exist_ok=True)
    trusted = _trusted(folder, key, lambda: fetch(f"{base}/key"))
    note = fetch(f"{base}/checkpoint")
    kept = folder / KEPT
    before = kept.read_text("utf-8") if kept.exists() else None
    try:
        found = verified(note, key=trusted)
        old = verified(before, key=_key_of(folder)) if before is not None else None
        for known in [old, *_unproved(folder)] if old is not None else ():
            proof = f"{base}/consistency?from={known.size}&to={found.size}"
            _follows(known, found, partial(fetch, proof))
    except (BadNote, Contradiction) as fault:
        _alarm(folder, str(fault), before, note, now)
        raise Contradiction(str(fault)) from fault
    except OSError:
        _keep_unproved(folder, before, note, now, key=trusted)
        raise
    _write(folder / KEY, trusted + "\n")
    _write(kept, note)
    (folder / UNPROVED).unlink(missing_ok=True)
    return Seen(found.size, old is None or found.size > old.size)


def _unproved(folder: Path) -> list[Checkpoint]:
    """Return the checkpoint that the log showed and did not prove, if there is one."""
    file = folder / UNPROVED
    if not file.exists():
        return []
    kept = json.loads(file.read_text("utf-8"))
    return [verified(kept["got"], key=kept["key"])]


def _keep_unproved(folder: Path, before: str | None, got: str, now: datetime, *, key: str) -> None:
    """Keep the first checkpoint without a proof, and count; raises Contradiction when there is still none."""
    file = folder / UNPROVED
    new: dict[str, Any] = {"since": instant(now), "looks": 0, "key": key, "got": got}
    kept = json.loads(file.read_text("utf-8")) if file.exists() else new
    kept["looks"] += 1
    _write(file, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
    if kept["looks"] >= PATIENCE:
        says = f"The log has shown {kept['looks']} times that it grew and never proved that it was only added to."
        _alarm(folder, says, before, kept["got"], now)
        raise Contradiction(says)


def _trusted(folder: Path, given: str | None, ask: Callable[[], str]) -> str:
    if given is not None:
        return given.strip()
    return _key_of(folder) if (folder / KEY).exists() else ask().strip()


def _key_of(folder: Path) -> str:
    return (folder / KEY).read_text("utf-8").strip()


def _follows(old: Checkpoint, new: Checkpoint, ask: Callable[[], str]) -> None:
    """Raise Contradiction unless a proof shows that the log was only added to since the checkpoint that is kept."""
    if new.origin != old.origin:
        raise Contradiction(f"Another log answers: got {new.origin}, expected {old.origin}.")
    if new.size < old.size:
        raise Contradiction(f"The log has {new.size} entries and had {old.size}: {old.size - new.size} are gone.")
    proof: list[bytes] = []
    if 0 < old.size < new.size:
        try:
            proof = [bytes.fromhex(one) for one in json.loads(ask())["proof"]]
        except (NotGiven, ValueError, KeyError, TypeError, RecursionError):
            raise Contradiction("The log answered with no proof that it was only added to.") from None
    if old.size and not verify_consistency(
        first=old.size, second=new.size, first_root=old.root, second_root=new.root, proof=proof
    ):
        raise Contradiction(f"The first {old.size} entries of the log are not those that were there before.")


def _alarm(folder: Path, says: str, before: str | None, got: str, now: datetime) -> None:
    """Keep the evidence; the first alarm is never overwritten, it is what has to be looked into."""
    evidence = json.dumps({"at": instant(now), "says": says, "kept": before, "got": got}, ensure_ascii=False, indent=1)
    first = folder / ALARM
    _write(first if not first.exists() else folder / f"ALARM-{now:%Y%m%dT%H%M%S}.json", evidence + "\n")


def alarm(folder: Path) -> str | None:
    """Return what the standing alarm says, None when there is none."""
    file = folder / ALARM
    return str(json.loads(file.read_text("utf-8"))["says"]) if file.exists() else None


def _write(file: Path, text: str) -> None:
    """Put a whole new file in the place of the old one, on the disk before this returns."""
    beside = file.with_name(f".{file.name}.new")
    with beside.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
    fd = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
