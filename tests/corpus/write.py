"""Write the corpus of a release: the demo, and as many stories as hold every kind of entry that the stories hold."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import select

from coi.actions import story
from coi.actions.office import Office
from coi.record import projections
from coi.record.tables import ENTRY
from tests.worlds import make_office

FOLDER = Path(__file__).parent


def write(name: str) -> None:
    """Write the logs and the projected rows into the folder `name` beside this file."""
    target = FOLDER / name
    target.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        office = make_office(f"sqlite:///{scratch}/coi.sqlite3")
        story.play(office)
        keep(office, target, "demo")
        office.store.close()
        os.environ["KEEP_CORPUS"] = scratch
        if pytest.main(["-q", "-p", "no:randomly", "-k", "sqlite", str(FOLDER.parent / "story")]):
            raise SystemExit("The stories fail; nothing is kept.")
        seen = _kinds(target / "demo.jsonl")
        for log in sorted(Path(scratch).glob("*.jsonl"), key=lambda log: -len(_kinds(log))):
            if _kinds(log) - seen:
                seen |= _kinds(log)
                for file in (log, log.with_suffix(".state.json")):
                    shutil.copy2(file, target / file.name)


def keep(office: Office, folder: Path, name: str) -> None:
    """Keep the leaves of a log and its projected rows."""
    with office.store.read() as conn:
        leaves = [bytes(leaf) for leaf in conn.execute(select(ENTRY.c.leaf).order_by(ENTRY.c.position)).scalars()]
        rows = projections.stored(conn)
    (folder / f"{name}.jsonl").write_bytes(b"".join(leaf + b"\n" for leaf in leaves))
    (folder / f"{name}.state.json").write_text(as_text(rows), "utf-8")


def _kinds(log: Path) -> set[tuple[str, ...]]:
    entries = [json.loads(line) for line in log.read_bytes().splitlines()]
    return {(entry["kind"], entry["tense"], entry["outcome"]) for entry in entries}


def as_text(rows: object) -> str:
    """Return projected rows as text that is equal when they are."""
    return json.dumps(rows, sort_keys=True, indent=0, ensure_ascii=False, default=str) + "\n"


if __name__ == "__main__":
    write(sys.argv[1])
