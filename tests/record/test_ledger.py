"""The log takes entries at its end only, in both databases, whatever anybody tries."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from coi.actions.verification import verify
from coi.record import guards, ledger, schema
from coi.record.db import open_store
from coi.record.tables import APPEND_ONLY, ENTRY, Row
from tests.play import Player

CHANGES = [
    "UPDATE entry SET kind = 'x' WHERE position = 0",
    "DELETE FROM entry WHERE position = 0",
    "UPDATE attempt SET status = 422",
    "DELETE FROM attempt",
    "UPDATE pathway SET title = 'x'",
    "DELETE FROM pathway",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_what_was_written_cannot_be_changed_or_deleted(office, statement):
    Player(office).enrol("G-1")
    with pytest.raises(DBAPIError, match="append-only"), office.store.write() as conn:
        conn.execute(text(statement))


def test_an_entry_cannot_be_replaced_by_inserting_over_it(office):
    over = "INSERT OR REPLACE INTO entry" if office.store.dialect == "sqlite" else "INSERT INTO entry"
    columns = "position, stream, seq, id, attempt, 'other', recorded_at, leaf, hash"
    copy = f"{over} SELECT {columns} FROM entry WHERE position = 0"
    with pytest.raises(DBAPIError), office.store.write() as conn:
        conn.execute(text(copy))
    assert verify(office) == []


def test_the_log_cannot_be_truncated(office):
    # SQLite has no TRUNCATE; a DELETE of everything is what it would do.
    statement = "DELETE FROM entry" if office.store.dialect == "sqlite" else "TRUNCATE entry CASCADE"
    with pytest.raises(DBAPIError, match="append-only"), office.store.write() as conn:
        conn.execute(text(statement))


def test_an_upsert_cannot_change_an_entry(office):
    statement = (
        "INSERT INTO entry SELECT * FROM entry WHERE position = 0 ON CONFLICT (position) DO UPDATE SET kind = 'other'"
    )
    if office.store.dialect == "sqlite":  # SQLite wants a WHERE that keeps ON from being read as a join
        statement = statement.replace("position = 0 ON", "position = 0 AND true ON")
    with pytest.raises(DBAPIError), office.store.write() as conn:
        conn.execute(text(statement))
    assert verify(office) == []


def test_every_guard_is_in_force_after_the_migrations(office):
    with office.store.read() as conn:
        assert guards.faults(conn) == []
        assert schema.current(conn) == schema.head()


@pytest.mark.parametrize("table", [table.name for table in APPEND_ONLY])
def test_a_guard_that_is_taken_away_is_missed(office, table):
    name = f"guard_{table}_" + ("update" if office.store.dialect == "sqlite" else "row")
    with office.store.write() as conn:
        conn.execute(text(f"DROP TRIGGER {name}" + ("" if office.store.dialect == "sqlite" else f' ON "{table}"')))
    with office.store.read() as conn:
        assert guards.faults(conn) == [name]
    assert any(name in fault for fault in verify(office))


def test_the_tables_are_what_the_software_declares(office):
    with office.store.read() as conn:
        assert schema.differences(conn) == []


def test_the_tables_can_be_made_taken_back_and_made_again(store_url):
    store = open_store(store_url)
    schema.upgrade(store)
    schema.downgrade(store, to="base")
    with store.read() as conn:
        assert schema.current(conn) is None
    schema.upgrade(store)
    with store.read() as conn:
        assert guards.faults(conn) == []
        names = set(Row.metadata.tables)
        assert {name for name in names if conn.dialect.has_table(conn, name)} == names
    store.close()


def test_positions_are_dense_and_streams_are_numbered_from_one(office):
    player = Player(office)
    player.collected("G-2")
    player.collected("G-3")
    with office.store.read() as conn:
        rows = conn.execute(select(ENTRY.c.position, ENTRY.c.stream, ENTRY.c.seq).order_by(ENTRY.c.position)).all()
    assert [row.position for row in rows] == list(range(len(rows)))
    for stream in {row.stream for row in rows}:
        seqs = [row.seq for row in rows if row.stream == stream]
        assert seqs == list(range(1, len(seqs) + 1))


def append_once_more(conn):
    """Append a copy of the system stream's last entry under another id, and fail."""
    opening = ledger.open_attempt(conn, "nothing")
    streams = ledger.read_streams(conn, ["system"])
    last = streams["system"].entries[-1]
    fields = {name: getattr(last, name) for name in last.__slots__ if name not in ("position", "stream", "seq")}
    ledger.append(conn, [ledger.Draft("system", {**fields, "id": "x"})], size=opening.size, streams=streams)
    raise RuntimeError


def test_a_failed_unit_of_work_leaves_no_trace(office):
    Player(office).enrol("G-4")

    def size():
        with office.store.read() as conn:
            return conn.execute(select(func.count()).select_from(ENTRY)).scalar_one()

    before = size()
    with pytest.raises(RuntimeError), office.store.write() as conn:
        append_once_more(conn)
    assert size() == before


def test_recorded_times_never_go_back_when_the_clock_does(office):
    player = Player(office)
    coi = player.enrol("G-5")
    with office.store.read() as conn:
        opening = ledger.open_attempt(conn, "nothing")
    earlier = opening.recorded_at.replace(year=opening.recorded_at.year - 1)
    assert opening.time_to_record(earlier) == opening.recorded_at
    assert coi
