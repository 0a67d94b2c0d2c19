"""A store that has no room, or fails, says so in the words of the house, and works again when that is over."""

import errno

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coi.record import writelock
from coi.record.db import StoreFailed, StoreFull, open_store
from coi.record.unusable import first_line
from tests.stores import new_cluster, require_postgresql, start_server


@pytest.fixture
def store(store_url):
    made = open_store(store_url)
    with made.write() as conn:
        conn.execute(text("CREATE TABLE kept (what TEXT)"))
    yield made
    made.close()


def keep(store, what):
    with store.write() as conn:
        conn.execute(text("INSERT INTO kept VALUES (:what)"), {"what": what})


def kept(store):
    with store.read() as conn:
        return [len(what) for what in conn.execute(text("SELECT what FROM kept")).scalars()]


def server_says(store, sqlstate):
    with store.write() as conn:
        conn.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{sqlstate}'; END $$"))


def test_a_sqlite_file_without_room_is_full_and_then_takes_writes_again(sqlite_url):
    store = open_store(sqlite_url)
    with store.write() as conn:
        conn.execute(text("CREATE TABLE kept (what TEXT)"))
        conn.execute(text("PRAGMA max_page_count=4"))
    with pytest.raises(StoreFull, match="free some"):
        keep(store, "x" * 100_000)
    with store.write() as conn:
        conn.execute(text("PRAGMA max_page_count=1000000"))
    keep(store, "x" * 100_000)
    assert kept(store) == [100_000]
    store.close()


@pytest.mark.parametrize(
    ("sqlstate", "said"),
    [("53100", StoreFull), *((code, StoreFailed) for code in ("58030", "57P01", "53300", "08006"))],
)  # fmt: skip
def test_a_postgresql_server_without_room_or_in_trouble_is_told(postgresql_url, sqlstate, said):
    store = open_store(postgresql_url)
    with pytest.raises(said) as told:
        server_says(store, sqlstate)
    assert first_line(told.value) == "as told"
    with store.write() as conn:
        assert conn.execute(text("SELECT 1")).scalar() == 1
    store.close()


def test_what_is_a_mistake_in_a_statement_is_no_trouble_of_the_store(store):
    with pytest.raises(DBAPIError), store.write() as conn:
        conn.execute(text("INSERT INTO nowhere VALUES (1)"))
    keep(store, "x")
    assert kept(store) == [1]


def test_a_fault_of_the_callers_own_passes_as_it_is(store):
    with pytest.raises(FileNotFoundError), store.write():
        raise FileNotFoundError
    assert kept(store) == []


@pytest.mark.parametrize(("number", "said"), [(errno.EIO, StoreFailed), (errno.ENOSPC, StoreFull)])
def test_a_lock_file_that_fails_is_a_store_that_does(sqlite_url, monkeypatch, number, said):
    store = open_store(sqlite_url)

    def failing(*_):
        raise OSError(number, "as told")

    with monkeypatch.context() as patched:
        patched.setattr(writelock.fcntl, "lockf", failing)
        with pytest.raises(said), store.write():
            pytest.fail("wrote without a lock")
    with store.write() as conn:
        conn.execute(text("CREATE TABLE kept (what TEXT)"))
    store.close()


def test_a_server_that_is_gone_is_a_store_that_failed_and_works_when_it_is_back():
    require_postgresql()
    with new_cluster() as cluster:
        server = start_server(cluster, durable=False)
        store = open_store(cluster.url("postgres"))
        with store.write() as conn:
            conn.execute(text("CREATE TABLE kept (what TEXT)"))
        server.send_signal(2)
        server.wait(60)
        with pytest.raises(StoreFailed):
            keep(store, "x")
        server = start_server(cluster, durable=False)
        keep(store, "xx")
        assert kept(store) == [2]
        store.close()
        server.send_signal(3)
        server.wait(60)
