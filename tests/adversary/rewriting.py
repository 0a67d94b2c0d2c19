"""What somebody with the database's own password can do to the whole log, and how it is exported afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update

from coi.actions import outside
from coi.actions.outside import leaves, notes, write_lines
from coi.journey.entry import leaf_hash
from coi.record.tables import ATTEMPT, CHECKPOINT, ENTRY
from coi.record.transparency import plant
from tests.worlds import LOG_KEY


def as_leaf(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def documents(conn) -> list[dict[str, Any]]:
    return [json.loads(bytes(leaf)) for leaf in conn.execute(select(ENTRY.c.leaf).order_by(ENTRY.c.position)).scalars()]


def written(conn, entries: list[dict[str, Any]]) -> None:
    """Put these entries in the place of all, every chain and hash made to fit."""
    conn.execute(delete(ATTEMPT))  # the stored answers would stand in the way
    conn.execute(delete(ENTRY))
    tails: dict[str, tuple[int, str | None]] = {}
    rows = []
    for position, entry in enumerate(entries):
        seq, prev = tails.get(entry["stream"], (0, None))
        document = {**entry, "position": position, "seq": seq + 1, "prev": prev}
        leaf = as_leaf(document)
        tails[document["stream"]] = (seq + 1, leaf_hash(leaf))
        names = ("position", "stream", "seq", "id", "attempt", "kind", "recorded_at")
        rows.append({name: document[name] for name in names} | {"leaf": leaf, "hash": leaf_hash(leaf)})
    conn.execute(insert(ENTRY), rows)


def signed_anew(conn, key) -> None:
    """Throw the tree away and grow it again over whatever is there now, signed with `key`."""
    conn.execute(delete(CHECKPOINT))
    plant(conn, key)


def edited(conn, position: int, **changes: Any) -> None:
    """Change one row in place, its hash made to fit, and nothing else."""
    document = documents(conn)[position] | changes
    leaf = as_leaf(document)
    conn.execute(update(ENTRY).where(ENTRY.c.position == position).values(leaf=leaf, hash=leaf_hash(leaf)))


def exported(office, file) -> None:
    """Write what the store holds as the export does, without a word in the log."""
    with office.store.read() as conn:
        write_lines(file, leaves(conn))
        write_lines(
            file.with_name(file.name + ".checkpoints"),
            (json.dumps(note, ensure_ascii=False).encode() for note in notes(conn)),
        )


def run(thing: Path, *against: Path, key: str = LOG_KEY.verifier_key):
    """Run the verifier as an outsider does: alone, with nothing but the public key."""
    alone = thing.parent / "alone" / "coi_verify.py"
    alone.parent.mkdir(exist_ok=True)
    alone.write_bytes(outside.verifier())
    command = [sys.executable, "-I", str(alone), "--key", key, *(p for one in against for p in ("--against", str(one)))]
    done = subprocess.run([*command, str(thing)], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout
