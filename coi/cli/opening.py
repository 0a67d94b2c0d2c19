"""Opening the instance that the environment names, or refusing in one sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from coi import clock
from coi.actions.doctor import hindrance
from coi.actions.office import Office
from coi.actions.setup import open_office
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
def closing_office(found: Settings) -> Iterator[Office]:
    """Open the office of an instance for the block, whatever state its tables are in."""
    opened = open_office(found, now=clock.now)
    try:
        yield opened
    finally:
        opened.store.close()
