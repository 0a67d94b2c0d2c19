"""The kept tree answers every proof of every size, and nothing is added to a log that is not as it was signed."""

import random

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from coi.actions.system import Fact, tell
from coi.journey.tree import verify_consistency, verify_inclusion
from coi.record import guards, ledger, logkey, transparency
from coi.record.logkey import LogKey
from coi.record.tables import ATTEMPT, CHECKPOINT, ENTRY
from coi.record.transparency import LogBroken
from tests.play import Player
from tests.watch.tampering import without_guards
from tests.worlds import LOG_KEY


@pytest.fixture
def grown(office):
    Player(office).offered("TREE-1")
    return office


def fact(office, conn):
    tell(office, conn, [Fact("watcher.seen", {})])


def rows(conn):
    return conn.execute(select(CHECKPOINT).order_by(CHECKPOINT.c.size)).all()


def test_every_checkpoint_is_signed_and_every_entry_is_proved_in_every_tree_that_holds_it(grown):
    with grown.store.read() as conn:
        hashes = [bytes.fromhex(h) for h in conn.execute(select(ENTRY.c.hash).order_by(ENTRY.c.position)).scalars()]
        for row in rows(conn):
            said = logkey.verified(row.note, key=LOG_KEY.verifier_key)
            assert (said.size, said.root) == (row.size, transparency.root_at(conn, row.size))
            for position in {0, row.start, row.size // 2, row.size - 1}:
                proof = transparency.inclusion_proof(conn, position, row.size)
                assert verify_inclusion(
                    leaf=hashes[position], position=position, size=row.size, proof=proof, root=said.root
                )
        size = rows(conn)[-1].size
        several = transparency.inclusion_proofs(conn, range(size), size)
        assert several == [transparency.inclusion_proof(conn, position, size) for position in range(size)]


def test_any_two_sizes_of_a_log_are_consistent(grown):
    with grown.store.read() as conn:
        size, choose = rows(conn)[-1].size, random.Random(1)
        for _ in range(60):
            first, second = sorted((choose.randint(1, size), choose.randint(1, size)))
            proof = transparency.consistency_proof(conn, first, second)
            roots = {"first_root": transparency.root_at(conn, first), "second_root": transparency.root_at(conn, second)}
            assert verify_consistency(first=first, second=second, proof=proof, **roots)
        for wrong in ((0, 5), (6, 5)):
            with pytest.raises(ValueError, match="no proof"):
                transparency.consistency_proof(conn, *wrong)


def test_a_tree_that_is_planted_later_is_the_tree_that_would_have_grown(grown):
    with grown.store.read() as conn:
        before, root = rows(conn), transparency.root_at(conn, rows(conn)[-1].size)
    with without_guards(grown.store) as conn:
        conn.execute(delete(CHECKPOINT))
    with grown.store.write() as conn:
        assert transparency.plant(conn, LOG_KEY) == before[-1].size
        assert transparency.plant(conn, LOG_KEY) == 0
        assert transparency.root_at(conn, before[-1].size) == root
        fact(grown, conn)


def spoil(office, *statements):
    with without_guards(office.store) as conn:
        for statement in statements:
            conn.execute(statement)


def last_of(office):
    with office.store.read() as conn:
        return rows(conn)[-1]


BROKEN = {
    "an entry gone from the end": lambda last: [delete(ATTEMPT).where(ATTEMPT.c.position >= last.size - 1),
                                                delete(ENTRY).where(ENTRY.c.position == last.size - 1)],
    "a checkpoint gone": lambda last: [delete(CHECKPOINT).where(CHECKPOINT.c.size == last.size)],
    "another frontier": lambda last: [update(CHECKPOINT).where(CHECKPOINT.c.size == last.size).values(
        frontier=bytes(len(last.frontier)))],
    "a frontier of another length": lambda last: [update(CHECKPOINT).where(CHECKPOINT.c.size == last.size).values(
        frontier=b"")],
    "another note": lambda last: [update(CHECKPOINT).where(CHECKPOINT.c.size == last.size).values(note="x")],
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_nothing_is_added_to_a_log_that_is_not_as_it_was_signed(grown, what):
    spoil(grown, *BROKEN[what](last_of(grown)))
    with pytest.raises(LogBroken, match="coi verify"), grown.store.write() as conn:
        fact(grown, conn)
    with grown.store.read() as conn:
        assert conn.execute(select(ENTRY.c.kind).where(ENTRY.c.kind == "watcher.seen")).first() is None


def test_a_process_with_another_key_adds_nothing(grown):
    other = grown.__class__(store=grown.store, keys=grown.keys, log_key=LogKey(LOG_KEY.name, b"x" * 32), now=grown.now)
    with pytest.raises(LogBroken, match="another key"), grown.store.write() as conn:
        fact(other, conn)


def test_what_the_store_gives_back_otherwise_than_it_got_is_not_signed(grown, monkeypatch):
    monkeypatch.setattr(ledger, "leaf_hash", lambda _: "00" * 32)
    with pytest.raises(LogBroken, match="gave back other bytes"), grown.store.write() as conn:
        fact(grown, conn)


# --- guards


def entry_row(conn, **changes):
    row = dict(conn.execute(select(ENTRY).order_by(ENTRY.c.position.desc()).limit(1)).mappings().one())
    return row | {"position": row["position"] + 1, "seq": row["seq"] + 1, "id": "new"} | changes


def test_an_entry_is_taken_only_in_its_order(grown):
    with grown.store.read() as conn:
        good = entry_row(conn)
    for change in ({"position": good["position"] + 1}, {"position": 10_000}, {"seq": good["seq"] + 1},
                   {"stream": "site:new", "seq": 2}, {"stream": "site:new", "seq": 0}):  # fmt: skip
        with pytest.raises(DBAPIError, match="out of order"), grown.store.write() as conn:
            conn.execute(ENTRY.insert(), good | change)
    with pytest.raises(DBAPIError, match=r"out of order|append-only"), grown.store.write() as conn:
        conn.execute(ENTRY.insert(), good | {"position": good["position"] - 1})


def test_a_checkpoint_is_taken_only_where_the_last_one_ends_and_never_ahead(grown):
    last = last_of(grown)
    with grown.store.write() as conn:
        conn.execute(ENTRY.insert(), entry_row(conn))
    row = {"frontier": b"", "nodes": b"", "note": "x"}
    for start, size in ((last.size - 1, last.size + 1), (last.size, last.size + 2), (last.start, last.size),
                        (0, last.size + 1)):  # fmt: skip
        with pytest.raises(DBAPIError), grown.store.write() as conn:
            conn.execute(CHECKPOINT.insert(), row | {"start": start, "size": size})


def test_a_guard_that_is_altered_switched_off_or_joined_by_another_is_found(grown):
    with grown.store.write() as conn:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("DROP TRIGGER guard_entry_order")
            conn.exec_driver_sql('CREATE TRIGGER guard_entry_order BEFORE INSERT ON "entry" BEGIN SELECT 1; END')
            conn.exec_driver_sql('CREATE TRIGGER harmless AFTER INSERT ON "entry" BEGIN SELECT 1; END')
            expected = ["guard_entry_order", "harmless"]
        else:
            conn.exec_driver_sql("ALTER TABLE entry DISABLE TRIGGER guard_entry_row")
            conn.exec_driver_sql("ALTER TABLE checkpoint ENABLE REPLICA TRIGGER guard_checkpoint_order")
            conn.exec_driver_sql("CREATE OR REPLACE FUNCTION coi_entry_in_order() RETURNS trigger LANGUAGE plpgsql AS "
                                 "$$BEGIN RETURN NEW; END$$")  # fmt: skip
            conn.exec_driver_sql("CREATE TRIGGER harmless BEFORE INSERT ON entry FOR EACH ROW "
                                 "EXECUTE FUNCTION coi_entry_in_order()")  # fmt: skip
            expected = ["coi_entry_in_order", "guard_checkpoint_order", "guard_entry_row", "harmless"]
    with grown.store.read() as conn:
        assert guards.faults(conn) == expected
    with grown.store.write() as conn:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("DROP TRIGGER harmless")
        else:
            conn.exec_driver_sql("DROP TRIGGER harmless ON entry")
        guards.put(conn)
        assert guards.faults(conn) == []
