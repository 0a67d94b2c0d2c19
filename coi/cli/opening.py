"""Opening the instance that the environment names, or refusing in one sentence."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from coi import clock
from coi.actions import logkeys
from coi.actions.doctor import hindrance
from coi.actions.office import Office
from coi.actions.setup import KEY_FILE, open_office
from coi.record.db import open_store
from coi.record.logkey import LogKey
from coi.record.vault import derive_keys, load_master
from coi.settings import Settings, load


def settings() -> Settings:
    """Return the settings of the instance that the environment names; raises SettingsError."""
    return load(os.environ)


@contextmanager
def office(found: Settings | None = None, *, guarded: bool = False) -> Iterator[Office]:
    """Open the office of an initialised, up-to-date instance for the block, `guarded` only with the log's guards."""
    found = found or settings()
    reason = hindrance(found, guarded=guarded)
    if reason:
        raise click.ClickException(reason)
    with closing_office(found) as opened:
        yield opened


@contextmanager
def keyless_office(found: Settings) -> Iterator[tuple[Callable[[LogKey], Office], str]]:
    """Yield how to open an office with a given log key, and the public key that the log names, '' for none.

    For when the key in the instance is to be changed, or is gone.
    """
    keys = derive_keys(load_master(found.instance / KEY_FILE))
    store = open_store(found.database_url)
    try:
        with store.read() as conn:
            logkeys.refuse_while_served(conn, clock.now())
            known = logkeys.known_keys(conn)
        yield lambda key: Office(store=store, keys=keys, log_key=key, now=clock.now), known[-1][1] if known else ""
    finally:
        store.close()


@contextmanager
def closing_office(found: Settings) -> Iterator[Office]:
    """Open the office of an instance for the block, whatever state its tables are in."""
    opened = open_office(found, now=clock.now)
    try:
        yield opened
    finally:
        opened.store.close()
