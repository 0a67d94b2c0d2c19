"""Worlds for tests: a migrated store with the shipped pathways and the demo people, on either database."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from coi import clock
from coi.actions import setup
from coi.actions.office import Office
from coi.record.db import open_store
from coi.record.logkey import LogKey, load_log_key
from coi.record.vault import derive_keys, load_master

PASSWORD = "correct horse battery staple"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
LOG_KEY = LogKey("coi/tests", b"a log key of tests, 32 bytes it ")
LABEL_KEY = LogKey("coi-label/tests", b"a label key of tests, 32 bytes. ")
KEYS = derive_keys(b"a master of the tests, 32 bytes!")


def make_office(url: str, *, now=clock.now, log_key: LogKey = LOG_KEY, has_tables: bool = False) -> Office:
    """Return an office over a new database at `url`, with the demo world in it."""
    office = Office(store=open_store(url), keys=KEYS, log_key=log_key, now=now, demo=True,
                    label_key=LABEL_KEY)  # fmt: skip
    if not has_tables:
        setup.make_tables(office.store)
    setup.publish_shipped(office)
    setup.seed_demo(office, hashed=lambda: QUICK.hash(PASSWORD))
    return office


def open_office(instance: Path, url: str) -> Office:
    """Return an office over an instance that `coi init` made."""
    return Office(
        store=open_store(url), keys=derive_keys(load_master(instance / setup.KEY_FILE)),
        log_key=load_log_key(instance / setup.LOG_KEY_FILE), now=clock.now, demo=True,
        label_key=setup.label_key_of(instance), law=setup.law_of(instance),
    )  # fmt: skip


@pytest.fixture
def office(tables_url):
    """The demo world, once on SQLite and once on PostgreSQL."""
    made = make_office(tables_url, has_tables=True)
    yield made
    made.store.close()


@pytest.fixture
def sqlite_office(sqlite_tables_url):
    """The demo world on SQLite, for what does not touch the database's own ways."""
    made = make_office(sqlite_tables_url, has_tables=True)
    yield made
    made.store.close()
