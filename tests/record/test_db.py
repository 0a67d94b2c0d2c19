"""Connections to the store: one commit per write, nothing lost in a race, reads that cannot write, forks, kills."""

import os
import sqlite3
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DatabaseError, DBAPIError

from coi.record.db import ForkedInUse, StoreBusy, StoreFailed, WriteReentered, is_unique_violation, open_store
from coi.record.writelock import write_lock
from tests.processes import PATIENCE, all_end_well, other


@pytest.fixture
def store(store_url):
    """A store with one table that holds one number, 0."""
    store = open_store(store_url)
    with store.write() as conn:
        conn.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        conn.execute(text("INSERT INTO counter VALUES (0)"))
    yield store
    store.close()


@pytest.fixture
def sqlite_store(sqlite_url):
    store = open_store(sqlite_url)
    yield store
    store.close()


@pytest.fixture
def postgresql_store(postgresql_url):
    store = open_store(postgresql_url)
    yield store
    store.close()


def add_one(store):
    with store.write() as conn:
        n = conn.execute(text("SELECT n FROM counter")).scalar_one()
        conn.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})


def counted(store):
    with store.read() as conn:
        return conn.execute(text("SELECT n FROM counter")).scalar_one()


def seen(name):
    """Count an event of all engines for the block of the test."""
    counts = []

    def note(*args):
        counts.append(args)

    event.listen(Engine, name, note)
    return counts, lambda: event.remove(Engine, name, note)


def holds(talk, url):
    store = open_store(url)
    with store.write() as conn:
        conn.execute(text("UPDATE counter SET n = 1000"))
        talk.send("held")
        talk.recv()


# Races


def test_four_processes_lose_no_increment(store, store_url):
    def a_hundred_times(talk):
        mine = open_store(store_url)
        for _ in range(100):
            add_one(mine)

    all_end_well(a_hundred_times, times=4)
    assert counted(store) == 400


def test_four_threads_in_each_of_two_forked_processes_lose_no_increment_on_the_stores_they_inherited(store):
    def twenty_five_times():
        for _ in range(25):
            add_one(store)

    def four_threads(talk):
        threads = [threading.Thread(target=twenty_five_times) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    all_end_well(four_threads, times=2)
    assert counted(store) == 200


def test_a_killed_writer_frees_the_lock_and_leaves_nothing_behind(store, store_url):
    with other(holds, store_url) as holder:
        holder.hears("held")
        holder.killed()
        add_one(store)
    assert counted(store) == 1


def test_a_writer_that_gets_no_turn_in_time_is_told_that_the_store_is_busy(store, store_url):
    impatient = open_store(store_url, wait=0.1)
    with other(holds, store_url) as holder:
        holder.hears("held")
        with pytest.raises(StoreBusy, match="try again"), impatient.write():
            pytest.fail("two wrote at once")
        assert counted(impatient) == 0, "a reader must not wait for a writer, nor see what it has not committed"
        holder.says("let go")
        holder.ended()
    add_one(impatient)
    assert counted(store) == 1001
    impatient.close()


def test_a_writer_that_a_foreign_program_keeps_waiting_is_told_that_the_store_is_busy(sqlite_url):
    store = open_store(sqlite_url, wait=0.1)
    write_pages(store, 1)
    foreign = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="stayed busy"), store.write():
        pytest.fail("two wrote at once")
    foreign.execute("ROLLBACK")
    write_pages(store, 1)
    foreign.close()
    store.close()


def test_readers_that_use_up_all_connections_are_told_that_the_store_is_busy(store_url, store):
    crowded = open_store(store_url, wait=0.1)
    with ExitStack() as readers:
        for _ in range(16):
            readers.enter_context(crowded.read()).execute(text("SELECT 1"))
        with pytest.raises(StoreBusy), crowded.read():
            pytest.fail("more connections than agreed")
    assert counted(crowded) == 0
    crowded.close()


# One write


def test_an_exception_rolls_everything_back_and_the_next_write_goes_on(store):
    def breaks(conn):
        conn.execute(text("UPDATE counter SET n = 7"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), store.write() as conn:
        breaks(conn)
    assert counted(store) == 0
    add_one(store)
    assert counted(store) == 1


def test_a_write_commits_exactly_once_and_a_read_never(store):
    commits, forget = seen("commit")
    try:
        add_one(store)
        assert len(commits) == 1
        counted(store)
        assert len(commits) == 1
    finally:
        forget()


def test_a_write_takes_the_lock_before_anything_else_and_sends_nothing_besides(postgresql_store):
    with postgresql_store.write() as conn:  # the first connection asks the server for its version
        conn.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
    statements, forget = seen("before_cursor_execute")
    try:
        with postgresql_store.write() as conn:
            conn.execute(text("INSERT INTO counter VALUES (0)"))
        with postgresql_store.read() as conn:
            conn.execute(text("SELECT n FROM counter"))
    finally:
        forget()
    sent = [statement for _, _, statement, *_ in statements]
    assert sent == [
        "SELECT pg_advisory_xact_lock(1668245761)",
        "INSERT INTO counter VALUES (0)",
        "SELECT n FROM counter",
    ]


def test_a_write_on_sqlite_begins_immediately_and_commits_once(sqlite_store):
    sent = []
    with sqlite_store.write() as conn:
        conn.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        conn.connection.driver_connection.set_trace_callback(sent.append)
    with sqlite_store.write() as conn:
        conn.execute(text("INSERT INTO counter VALUES (0)"))
    assert sent == ["COMMIT", "BEGIN IMMEDIATE", "INSERT INTO counter VALUES (0)", "COMMIT"]


def test_a_write_inside_a_write_is_refused_at_once_and_the_outer_one_is_kept(store, store_url):
    again = open_store(store_url)
    with store.write() as conn:
        conn.execute(text("UPDATE counter SET n = 5"))
        with pytest.raises(WriteReentered), store.write():
            pytest.fail("wrote inside a write")
        with pytest.raises(WriteReentered), again.write():
            pytest.fail("wrote inside a write by another name")
    assert counted(store) == 5
    again.close()


def test_a_statement_inside_a_write_can_be_taken_back_alone(store):
    with store.write() as conn:
        conn.execute(text("UPDATE counter SET n = 1"))
        taken_back = conn.begin_nested()
        conn.execute(text("UPDATE counter SET n = 2"))
        taken_back.rollback()
    assert counted(store) == 1


# One read


def test_a_read_cannot_write(store):
    with (
        pytest.raises(DatabaseError, match=r"readonly database|read-only transaction"),
        store.read() as conn,
    ):
        conn.execute(text("UPDATE counter SET n = 1"))
    assert counted(store) == 0


def test_a_read_sees_one_moment_while_others_write(store):
    with store.read() as conn:
        before = conn.execute(text("SELECT n FROM counter")).scalar_one()
        add_one(store)
        after = conn.execute(text("SELECT n FROM counter")).scalar_one()
    assert (before, after) == (0, 0)
    assert counted(store) == 1


# Forks


def test_nothing_is_connected_before_the_first_read_or_write(tmp_path):
    open_store(f"sqlite:///{tmp_path / 'coi.sqlite3'}")
    open_store(f"postgresql://nobody@/nothing?host={tmp_path}")
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_uses_connections_of_its_own_and_leaves_its_parents_alone(postgresql_store):
    def backend(store):
        with store.write() as conn:
            return conn.execute(text("SELECT pg_backend_pid()")).scalar_one()

    mine = backend(postgresql_store)
    with other(lambda talk: talk.send(backend(postgresql_store))) as child:
        assert child.hears() != mine
        child.ended()
    assert backend(postgresql_store) == mine, "the parent's connection did not outlive its child"


def test_a_forked_child_holds_its_own_locks_on_the_file_not_only_a_belief_in_its_parents(sqlite_url, sqlite_store):
    def reads_on(talk):
        with sqlite_store.read() as conn:
            conn.execute(text("SELECT * FROM sqlite_schema")).all()
            talk.send("reading")
            talk.recv()

    with sqlite_store.write() as conn:
        conn.execute(text("CREATE TABLE counter (n INTEGER)"))
    database, _ = files(sqlite_url)
    with other(reads_on) as child:
        child.hears("reading")
        locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        inode = str(database.stat().st_ino)
        assert [line for line in locks if line[4] == str(child.pid) and line[5].endswith(f":{inode}")]
        child.says("enough")
        child.ended()


def test_a_child_that_is_forked_while_a_thread_writes_waits_for_its_turn_and_then_writes(postgresql_url):
    store = open_store(postgresql_url)
    with store.write() as conn:
        conn.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        conn.execute(text("INSERT INTO counter VALUES (0)"))
    with ExitStack() as started:
        with writing_in_a_thread(store):
            child = started.enter_context(other(lambda _talk: add_one(store)))
        child.ended()
    assert counted(store) == 2
    store.close()


def test_a_child_that_is_forked_while_a_thread_uses_the_file_is_refused_it_and_told_why(sqlite_url):
    def is_refused(talk):
        talk.recv()
        for opened in (store, open_store(sqlite_url)):
            for act in (add_one, counted):
                with pytest.raises(ForkedInUse, match="forked while its parent was using coi"):
                    act(opened)

    store = open_store(sqlite_url)
    with store.write() as conn:
        conn.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        conn.execute(text("INSERT INTO counter VALUES (0)"))
    with ExitStack() as started:
        with writing_in_a_thread(store):
            child = started.enter_context(other(is_refused))
        child.says("the parent has finished")
        child.ended()
    with other(lambda _talk: add_one(store)) as child:
        child.ended()
    assert counted(store) == 2
    store.close()


@contextmanager
def writing_in_a_thread(store):
    """Have another thread of this process add one, and commit at the end of the block."""
    writing, may_end = threading.Event(), threading.Event()

    def writes():
        with store.write() as conn:
            conn.execute(text("UPDATE counter SET n = n + 1"))
            writing.set()
            may_end.wait(PATIENCE)

    thread = threading.Thread(target=writes)
    thread.start()
    assert writing.wait(PATIENCE)
    try:
        yield
    finally:
        may_end.set()
        thread.join()


# Settings


def test_a_sqlite_writer_syncs_before_it_answers_and_enforces_keys_and_triggers(sqlite_store):
    with sqlite_store.write() as conn:
        found = {
            name: conn.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout")
        }
    full = 2
    assert found == {
        "journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "recursive_triggers": 1, "busy_timeout": 10_000
    }  # fmt: skip


def test_a_replacing_insert_does_not_slip_past_a_trigger_that_refuses_deletes(sqlite_store):
    with sqlite_store.write() as conn:
        conn.execute(text("CREATE TABLE entry (id INTEGER PRIMARY KEY, leaf TEXT)"))
        conn.execute(
            text("CREATE TRIGGER kept BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are kept'); END")
        )
        conn.execute(text("INSERT INTO entry VALUES (1, 'first')"))
    with pytest.raises(DBAPIError, match="entries are kept"), sqlite_store.write() as conn:
        conn.execute(text("INSERT OR REPLACE INTO entry VALUES (1, 'second')"))


def test_a_postgresql_writer_reads_what_was_committed_and_never_waits_for_ever(postgresql_store):
    names = ("transaction_isolation", "synchronous_commit", "lock_timeout", "statement_timeout",
             "idle_in_transaction_session_timeout")  # fmt: skip
    with postgresql_store.write() as conn:
        found = [conn.execute(text(f"SHOW {name}")).scalar_one() for name in names]
    assert found == ["read committed", "on", "10s", "1min", "1min"]


def test_a_database_whose_defaults_were_loosened_is_written_to_as_strictly(postgresql_store, postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        for setting in ("synchronous_commit = off", "default_transaction_isolation = 'repeatable read'"):
            admin.execute(f'ALTER DATABASE "{admin.info.dbname}" SET {setting}')
    with postgresql_store.write() as conn:
        assert conn.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
        assert conn.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"


def test_options_of_the_url_are_kept_beside_ours(postgresql_url):
    store = open_store(postgresql_url + "&options=-c%20work_mem%3D8MB")
    with store.read() as conn:
        assert conn.execute(text("SHOW work_mem")).scalar_one() == "8MB"
        assert conn.execute(text("SHOW lock_timeout")).scalar_one() == "10s"
    store.close()


def test_a_line_that_the_server_cut_is_replaced_before_it_is_used(postgresql_store, postgresql_url):
    with postgresql_store.write() as conn:
        conn.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        conn.execute(text("INSERT INTO counter VALUES (0)"))
        backend = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
    for act in (add_one, counted):
        with psycopg.connect(postgresql_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                          " AND datname = current_database()")  # fmt: skip
        act(postgresql_store)
    with postgresql_store.read() as conn:
        assert conn.execute(text("SELECT pg_backend_pid()")).scalar_one() != backend
    assert counted(postgresql_store) == 1


def test_a_file_name_with_odd_characters_is_taken_as_it_is(tmp_path):
    path = tmp_path / "coi 100%#1.sqlite3"
    store = open_store(f"sqlite:///{path}")
    with store.write() as conn:
        conn.execute(text("CREATE TABLE counter (n INTEGER)"))
    with store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM counter")).scalar_one() == 0
    store.close()
    assert path.exists()


@pytest.mark.parametrize(
    "url",
    ["mysql://somewhere/coi", "sqlite://", "sqlite:///:memory:", "sqlite:////tmp/coi.sqlite3?mode=ro"],
)
def test_any_other_kind_of_url_is_refused_with_a_plain_sentence(url):
    with pytest.raises(ValueError, match=r"got .*, expected "):
        open_store(url)


def test_a_store_that_is_shown_shows_no_password():
    store = open_store("postgresql://coi:kept-secret@localhost/coi")
    assert "kept-secret" not in repr(store)
    with pytest.raises(ValueError, match="expected sqlite") as refused:
        open_store("mysql://coi:kept-secret@localhost/coi")
    assert "kept-secret" not in str(refused.value)


def test_a_read_of_a_file_that_is_not_there_fails_and_makes_none(sqlite_store, sqlite_url):
    with pytest.raises(StoreFailed) as failed, sqlite_store.read():
        pytest.fail("read nothing")
    assert "unable to open" in str(failed.value.__cause__)
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()


# Unique violations


SCHEMA = (
    "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    """CREATE TABLE row (id INTEGER PRIMARY KEY, stream TEXT NOT NULL CHECK (stream <> ''), seq INTEGER NOT NULL,
                         parent INTEGER REFERENCES parent (id), UNIQUE (stream, seq))""",
    "INSERT INTO row VALUES (1, 'site:A', 1, NULL)",
)


@pytest.mark.parametrize(
    ("values", "unique"),
    [
        ("1, 'site:B', 1, NULL", True),
        ("2, 'site:A', 1, NULL", True),
        ("2, NULL, 1, NULL", False),
        ("2, '', 1, NULL", False),
        ("2, 'site:B', 1, 99", False),
    ],
)
def test_only_a_unique_constraint_counts_as_a_unique_violation(store, values, unique):
    with store.write() as conn:
        for statement in SCHEMA:
            conn.execute(text(statement))
    with pytest.raises(DBAPIError) as refused, store.write() as conn:
        conn.execute(text(f"INSERT INTO row VALUES ({values})"))
    assert is_unique_violation(refused.value) is unique
    assert is_unique_violation(refused.value.orig) is unique


def test_other_exceptions_are_no_unique_violation():
    assert not is_unique_violation(ValueError("UNIQUE constraint failed"))
    assert not is_unique_violation(sqlite3.IntegrityError("UNIQUE constraint failed"))


# Checkpoints of the WAL, docs/adr/0001


def files(url):
    path = Path(url.removeprefix("sqlite:///"))
    return path, path.with_name(f"{path.name}-wal")


def write_pages(store, pages):
    with store.write() as conn:
        conn.execute(text("CREATE TABLE IF NOT EXISTS page (content BLOB)"))
        for _ in range(pages):
            conn.execute(text("INSERT INTO page VALUES (zeroblob(4000))"))


def test_a_checkpoint_after_a_large_write_is_over_before_the_lock_is_free(sqlite_store, sqlite_url):
    database, _ = files(sqlite_url)
    sizes = []

    def at_return_of_the_connection(*_):
        held = not write_lock(database)._threads._guard.locked() and write_lock(database)._threads._taken
        sizes.append((held, database.stat().st_size))

    write_pages(sqlite_store, 1)
    event.listen(sqlite_store._writer, "checkin", at_return_of_the_connection)
    before = database.stat().st_size
    write_pages(sqlite_store, 1100)  # past the 1000 pages of an automatic checkpoint
    ((held, after_commit),) = sizes
    assert held, "the connection came back after the lock was free"
    assert after_commit > before + 1000 * 4000, "no checkpoint was run: the test proves nothing"
    assert database.stat().st_size == after_commit


@pytest.mark.parametrize("after", ["a killed writer", "a cut of power"])
def test_a_reader_that_closes_last_runs_no_checkpoint(sqlite_store, sqlite_url, after):
    def leaves_a_wal(talk):
        write_pages(open_store(sqlite_url), 20)
        os.kill(os.getpid(), 9)

    with other(leaves_a_wal) as writer:
        writer.process.join()
    database, wal = files(sqlite_url)
    if after == "a cut of power":
        database.with_name(f"{database.name}-shm").unlink()  # shared memory: gone, and worked out from the WAL again
    before = (database.read_bytes(), wal.read_bytes())
    reader = open_store(sqlite_url)
    with reader.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM page")).scalar_one() == 20
    reader._reader.dispose()
    assert (database.read_bytes(), wal.read_bytes()) == before


def test_the_first_to_open_after_a_clean_end_may_be_a_reader(sqlite_store, sqlite_url):
    _, wal = files(sqlite_url)
    write_pages(sqlite_store, 20)
    sqlite_store.close()
    assert not wal.exists()
    with sqlite_store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM page")).scalar_one() == 20


def test_closing_a_store_waits_for_the_write_lock_and_then_empties_the_wal(sqlite_url):
    database, wal = files(sqlite_url)
    closing = open_store(sqlite_url, wait=0.1)
    with closing.write() as conn:
        conn.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
    with other(holds, sqlite_url) as holder:
        holder.hears("held")
        with pytest.raises(StoreBusy):
            closing.close()
        holder.killed()
    with closing.write() as conn:
        conn.execute(text("INSERT INTO counter VALUES (1)"))
    assert wal.exists()
    closing.close()
    assert database.exists()
    assert not wal.exists()
