"""What earlier releases wrote still means what it meant, on either database, and gets its tree when it is upgraded."""

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from coi.actions.office import Office
from coi.actions.verification import rebuild, verify
from coi.clock import now
from coi.exports.coi_verify import main as verified_outside
from coi.journey.entry import leaf_hash
from coi.record import guards, projections, schema, transparency
from coi.record.db import open_store
from coi.record.tables import ENTRY, PATHWAY
from tests import corpus
from tests.corpus.write import as_text
from tests.worlds import KEYS, LOG_KEY

FOLDER = Path(corpus.__file__).parent
LOGS = sorted(FOLDER.glob("*/*.jsonl"))
MIGRATIONS = {"0.1.0": "0002"}  # at which migration each release left a database


def store_of(url, log):
    """Return the store as the release left it: its migration, its entries, its pathways, and nothing since."""
    store = open_store(url)
    schema.upgrade(store, to=MIGRATIONS[log.parent.name])
    entries = [(json.loads(line), line) for line in log.read_bytes().splitlines()]
    columns = ("position", "stream", "seq", "id", "attempt", "kind", "recorded_at")
    rows = [
        {name: entry[name] for name in columns} | {"leaf": leaf, "hash": leaf_hash(leaf)} for entry, leaf in entries
    ]
    published = [
        {"digest": hashlib.sha256(entry["values"]["document"].encode()).hexdigest(), "title": "", "position": 0,
         "name": entry["values"]["name"], "version": entry["values"]["version"],
         "document": entry["values"]["document"].encode()}
        for entry, _ in entries if entry["kind"] == "pathway.published"
    ]  # fmt: skip
    with store.write() as conn:
        conn.execute(insert(ENTRY), rows)
        conn.execute(insert(PATHWAY), published)
    return store, len(rows)


def test_there_is_a_corpus_with_most_kinds_of_entries():
    kinds = {json.loads(line)["kind"] for log in LOGS for line in log.read_bytes().splitlines()}
    assert len(kinds) > 75


@pytest.mark.parametrize("log", LOGS, ids=lambda log: f"{log.parent.name}-{log.stem}")
def test_a_log_of_an_earlier_release_folds_to_its_stored_state_and_verifies(store_url, log, tmp_path):
    store, count = store_of(store_url, log)
    schema.upgrade(store)
    with store.write() as conn:
        assert transparency.plant(conn, LOG_KEY) == count
        assert transparency.plant(conn, LOG_KEY) == 0
    office = Office(store=store, keys=KEYS, log_key=LOG_KEY, now=now)
    rebuild(office)
    with store.read() as conn:
        assert as_text(projections.stored(conn)) == log.with_suffix(".state.json").read_text("utf-8")
        assert guards.faults(conn) == []
        note = transparency.latest(conn)[1]
    outside = ("Document ", "Attempt ", "Vault ", "Code ")  # no corpus holds what lies outside the log
    assert [fault for fault in verify(office) if not fault.startswith(outside)] == []
    store.close()
    copy = tmp_path / "log.jsonl"
    copy.write_bytes(log.read_bytes())
    (tmp_path / "log.jsonl.checkpoints").write_text(json.dumps(note) + "\n")
    assert verified_outside(["--key", LOG_KEY.verifier_key, str(copy)]) == 0


def test_a_migration_leaves_the_log_as_it_was(store_url):
    store, _ = store_of(store_url, LOGS[0])
    with store.read() as conn:
        before = conn.execute(text("SELECT position, leaf, hash FROM entry ORDER BY position")).all()
    schema.upgrade(store)
    with store.read() as conn:
        assert conn.execute(text("SELECT position, leaf, hash FROM entry ORDER BY position")).all() == before
        assert guards.faults(conn) == []
    store.close()
