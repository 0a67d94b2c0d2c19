"""The kept tree answers every proof of every size, and nothing is added to a log that is not as it was signed."""

import random
from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from coi.actions import logkeys
from coi.actions.system import Fact, tell
from coi.journey.tree import verify_consistency, verify_inclusion
from coi.record import guards, ledger, logkey, transparency
from coi.record.logkey import LogKey
from coi.record.tables import ATTEMPT, CHECKPOINT, CLASH, ENTRY
from coi.record.transparency import LogBroken
from tests.adversary import rewriting
from tests.play import Player
from tests.watch.tampering import without_guards
from tests.worlds import LOG_KEY, make_office


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


def forge(office):
    """Rewrite the log with everything made to fit, the key's name too; only the signatures cannot be made."""
    with without_guards(office.store) as conn:
        entries = rewriting.documents(conn)
        entries[-1]["software"] = "x"
        rewriting.written(conn, entries)
        rewriting.signed_anew(conn, Forger(LOG_KEY.name, b"x" * 32))


class Forger(LogKey):
    """Has the public key, and signs with another."""

    public = LOG_KEY.public


def test_a_forged_tree_does_not_become_a_signed_one_by_adding_to_it(grown):
    forge(grown)
    with pytest.raises(LogBroken, match="not signed with the log's key"), grown.store.write() as conn:
        fact(grown, conn)
    changed = replace(grown, log_key=LogKey(LOG_KEY.name, b"y" * 32))
    for old in (LOG_KEY, None):
        with pytest.raises(LogBroken, match="not signed with the log's key"):
            logkeys.change(changed, old=old, told_key=LOG_KEY.verifier_key)


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


BODY = "RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN coalesce(NEW, OLD); END$$"
ROW_GUARD = "CREATE TRIGGER guard_entry_row BEFORE {} ON entry FOR EACH ROW EXECUTE FUNCTION {}()"
ALWAYS = "ALTER TABLE entry ENABLE ALWAYS TRIGGER guard_entry_row"
OFF = "DROP TRIGGER guard_entry_row ON entry"
OURS = """CREATE FUNCTION coi_append_only(int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only: ' || TG_OP || ' is refused'; END $$"""
LOOKALIKES = {
    "for a column that nobody changes": [OFF, ROW_GUARD.format("DELETE OR UPDATE OF attempt", "coi_append_only"),
                                         ALWAYS],
    "with a function of the same name elsewhere": [
        "CREATE SCHEMA elsewhere", f"CREATE FUNCTION elsewhere.coi_append_only() {BODY}", OFF,
        ROW_GUARD.format("DELETE OR UPDATE", "elsewhere.coi_append_only"), ALWAYS],
    "with the right words in another function of that name": [
        f"CREATE OR REPLACE FUNCTION coi_append_only() {BODY}", OURS],
    "with a condition": [OFF, ROW_GUARD.replace("EXECUTE", "WHEN (false) EXECUTE").format("DELETE OR UPDATE",
                                                                                       "coi_append_only"), ALWAYS],
    "with other operators": ["ALTER FUNCTION coi_entry_in_order() SET search_path = elsewhere"],
    "behind rows that are hidden": ["ALTER TABLE entry ENABLE ROW LEVEL SECURITY"],
    "under a rule": ["CREATE RULE swallowed AS ON INSERT TO entry DO INSTEAD NOTHING"],
}  # fmt: skip


@pytest.mark.parametrize("what", LOOKALIKES)
def test_a_guard_that_only_looks_like_ours_is_found(postgresql_url, what):
    office = make_office(postgresql_url)
    with office.store.write() as conn:
        for statement in LOOKALIKES[what]:
            conn.exec_driver_sql(statement)
    with office.store.read() as conn:
        assert len(guards.faults(conn)) == 1
    office.store.close()


@pytest.mark.parametrize("table", ["entry", "checkpoint"])
@pytest.mark.parametrize("key", [["position"], ["size"], ["id"], ["stream", "seq"]], ids="-".join)
def test_no_way_of_inserting_replaces_what_is_there(grown, table, key):
    columns = ENTRY.c if table == "entry" else CHECKPOINT.c
    if not set(key) <= set(columns.keys()):
        return
    names, first = ", ".join(columns.keys()), key[0]
    ways = [(f"INSERT INTO {table} SELECT {names} FROM {table} WHERE true ON CONFLICT ({', '.join(key)}) "
            f"DO UPDATE SET {first} = excluded.{first}")]  # fmt: skip
    if grown.store.dialect == "sqlite":
        ways += [f"INSERT OR REPLACE INTO {table} SELECT {names} FROM {table}",
                 f"REPLACE INTO {table} SELECT {names} FROM {table} LIMIT 1",
                 f"UPDATE OR REPLACE {table} SET {first} = {first}",
                 f"INSERT OR IGNORE INTO {table} SELECT {names.replace(first, 'NULL')} FROM {table}"]  # fmt: skip
    else:
        ways += [f"TRUNCATE {table} CASCADE", f"WITH gone AS (DELETE FROM {table} RETURNING *) SELECT * FROM gone"]
    with grown.store.read() as conn:
        before = conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").all()
    for way in ways:
        with pytest.raises(DBAPIError), grown.store.write() as conn:
            conn.exec_driver_sql(way)
    with grown.store.read() as conn:
        assert conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").all() == before


@pytest.mark.parametrize("table", ["entry", "checkpoint", "attempt", "pathway", "clash"])
def test_the_hidden_key_of_sqlite_replaces_nothing_either(sqlite_url, table):
    office = make_office(sqlite_url)
    Player(office).collected("ROWID-1")
    with office.store.write() as conn:
        if table == "clash":
            conn.execute(CLASH.insert(), dict.fromkeys(CLASH.c.keys(), "x"))
    with office.store.read() as conn:
        names = [row.name for row in conn.exec_driver_sql(f"PRAGMA table_info({table})")]
        before = conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY rowid").all()
    assert before
    other = {"id": "'another'", "digest": "'another'", "name": "'another'", "position": "position + 900",
             "size": "size + 900", "start": "size"}  # fmt: skip
    chosen = ", ".join(other.get(name, name) for name in names)
    with pytest.raises(DBAPIError), office.store.write() as conn:
        conn.exec_driver_sql(f"INSERT OR REPLACE INTO {table} (rowid, {', '.join(names)}) "
                             f"SELECT rowid, {chosen} FROM {table} ORDER BY rowid LIMIT 1")  # fmt: skip
    with office.store.read() as conn:
        assert conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY rowid").all() == before
    office.store.close()


def test_operators_of_ones_own_do_not_stand_in_for_those_of_the_server(postgresql_url):
    office = make_office(postgresql_url)
    with office.store.read() as conn:
        row = dict(conn.execute(select(ENTRY).limit(1)).mappings().one())
    mine = ["CREATE SCHEMA mine",
            "CREATE FUNCTION mine.never(bigint, bigint) RETURNS bool LANGUAGE sql AS 'SELECT false'",
            "CREATE FUNCTION mine.never(int, int) RETURNS bool LANGUAGE sql AS 'SELECT false'",
            "CREATE OPERATOR mine.<> (LEFTARG = int, RIGHTARG = int, FUNCTION = mine.never)",
            "CREATE OPERATOR mine.<> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = mine.never)",
            "SET LOCAL search_path = mine, pg_catalog, public"]  # fmt: skip
    with office.store.write() as conn:
        for statement in mine:
            conn.exec_driver_sql(statement)
        with pytest.raises(DBAPIError, match="out of order"):
            conn.execute(ENTRY.insert(), row | {"position": 5000, "id": "another", "stream": "site:another", "seq": 7})
        conn.rollback()
    office.store.close()


def test_a_right_on_a_single_column_is_too_wide(postgresql_url):
    office = make_office(postgresql_url)
    with office.store.write() as conn:
        conn.exec_driver_sql("CREATE ROLE narrow_for_a_test")
        try:
            conn.exec_driver_sql("GRANT SELECT, INSERT ON entry TO narrow_for_a_test")
            conn.exec_driver_sql("GRANT UPDATE (leaf) ON entry TO narrow_for_a_test")
            conn.exec_driver_sql("SET LOCAL ROLE narrow_for_a_test")
            assert guards.wide_rights(conn) == ["entry"]
        finally:
            conn.rollback()
    office.store.close()
