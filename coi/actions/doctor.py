"""The doctor: looks at an instance, changes nothing, and says in plain sentences what is as it must be and what is not.

`hindrance` is the short form for the start of the service: the one reason why it must not start.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, make_url, select
from sqlalchemy.exc import DBAPIError

from coi.actions import safety
from coi.actions.condition import WATCHER_LATE_AFTER
from coi.actions.setup import KEY_FILE, LOG_KEY_FILE, label_key_of, law_of
from coi.journey.entry import from_instant
from coi.record import guards, queries, schema
from coi.record.db import Store, StoreUnusable, open_store
from coi.record.logkey import LogKeyError, load_log_key
from coi.record.tables import ENTRY
from coi.record.unusable import first_line
from coi.record.vault import VaultError, derive_keys, load_master
from coi.settings import LOOPBACK, Settings

NOT_THERE = "This instance is not initialised; run coi init first."
CLOCK_MAY_LAG = timedelta(minutes=1)  # behind the last entry


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was looked at: `level` is ok, note (to be known) or wrong (to be put right)."""

    level: str
    says: str


def hindrance(settings: Settings, *, guarded: bool = True) -> str | None:
    """Return why the service must not start, in one sentence, or None when it may.

    Without `guarded`, whether anything else can be done: what looks for damage must run when the guards are gone.
    """
    wrong = [told.says for told in _keys(settings) if told.level == "wrong"]
    if wrong:
        never = Told("wrong", NOT_THERE) in _database(settings, _tables) and not (settings.instance / KEY_FILE).exists()
        return NOT_THERE if never else wrong[0]
    return next(
        (told.says for told in _database(settings, _may_serve if guarded else _tables) if told.level == "wrong"), None
    )


def dangers(settings: Settings, *, now: datetime) -> list[Told]:
    """Return what is looked at before the service starts: wrong for real patients, to be known in a demo."""
    keys = derive_keys(load_master(settings.instance / KEY_FILE))
    level = "note" if settings.demo else "wrong"

    def look(conn: Connection) -> Iterator[Told]:
        yield from (Told(level, said) for said in safety.unsafe(conn, settings, keys))
        stale = None if settings.demo else safety.stale_drill(conn, now)
        if stale:
            yield Told("note", stale)

    return _database(settings, look)


def examine(settings: Settings, *, now: datetime) -> list[Told]:
    """Return everything that was looked at."""
    told = [*_keys(settings), *_choices(settings), *_database(settings, lambda conn: _inside(conn, now))]
    ready = all(each.level != "wrong" for each in told)
    return [*told, *(dangers(settings, now=now) if ready else [])]


def has_database(settings: Settings) -> bool:
    """Tell whether there is a database at all; one on a server counts as there."""
    url = make_url(settings.database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _keys(settings: Settings) -> Iterator[Told]:
    try:
        load_master(settings.instance / KEY_FILE)
    except VaultError as fault:
        yield Told("wrong", f"Vault key: {fault}.")
    else:
        yield Told("ok", "The vault's key is there and only its owner can read it.")
    try:
        key = load_log_key(settings.instance / LOG_KEY_FILE)
    except LogKeyError as fault:
        yield Told("wrong", f"Log key: {fault}.")
    else:
        yield Told("ok", f"The log's key is there and only its owner can read it; in public it is {key.verifier_key}")
    yield _label_key(settings)
    if settings.instance.is_dir() and settings.instance.stat().st_mode & 0o077:
        yield Told("wrong", f"Others may look into {settings.instance}; run chmod 700 on it.")


def _label_key(settings: Settings) -> Told:
    try:
        key, law = label_key_of(settings.instance), law_of(settings.instance)
    except (LogKeyError, ValueError) as fault:
        return Told("wrong", f"Label key or label law: {fault}.")
    if key is None:
        return Told("note", "There is no label key: labels carry their serial alone; run coi upgrade.")
    return Told("ok", f"Labels are signed by {key.name} and follow the label law {law.name}.")


def _choices(settings: Settings) -> Iterator[Told]:
    if settings.demo:
        yield Told("note", "Demo mode is on: the people are made up, and every page and label says so.")
    if not settings.secure_cookies and settings.host not in LOOPBACK:
        yield Told("note", f"Cookies are not limited to https while the service listens on {settings.host}; "
                   "put a TLS proxy in front and set COI_BASE_URL.")  # fmt: skip


def _database(settings: Settings, look: Callable[[Connection], Iterator[Told]]) -> list[Told]:
    if not has_database(settings):
        return [Told("wrong", NOT_THERE)]
    store: Store = open_store(settings.database_url)
    try:
        with store.read() as conn:
            return list(look(conn))
    except (DBAPIError, StoreUnusable) as fault:
        return [Told("wrong", f"The database cannot be used: {first_line(fault)}.")]
    finally:
        store.close()


def _may_serve(conn: Connection) -> Iterator[Told]:
    yield from (told := list(_tables(conn)))
    if told[0].level == "wrong":
        return
    missing = guards.faults(conn)
    if missing:
        yield Told("wrong", f"The log is not guarded against change, {', '.join(missing)} is missing or altered; find "
                   "out who did that, and run coi verify.")  # fmt: skip
    else:
        yield Told("ok", "The log is guarded against change.")


def _tables(conn: Connection) -> Iterator[Told]:
    stands, newest = schema.current(conn), schema.head()
    if stands is None:
        yield Told("wrong", NOT_THERE)
    elif stands != newest:
        yield Told(
            "wrong", f"The database stands at migration {stands}, this software needs {newest}; run coi upgrade."
        )
    else:
        yield Told("ok", f"The tables are at migration {newest}.")


def _inside(conn: Connection, now: datetime) -> Iterator[Told]:
    told = list(_may_serve(conn))
    yield from told
    if any(each.level == "wrong" for each in told):
        return
    yield from (Told("wrong", f"The tables are not as declared: {one}.") for one in schema.differences(conn))
    if not queries.pathways(conn):
        yield Told("wrong", "No pathway is published; run coi pathway publish FILE.")
    yield from _watchers(conn, now)
    yield from _clock(conn, now)


def _watchers(conn: Connection, now: datetime) -> Iterator[Told]:
    beats = queries.heartbeats(conn)
    ages = [int((now - from_instant(beat["at"])).total_seconds()) for beat in beats]
    if not beats:
        yield Told("note", "No watcher has ever swept here; coi serve starts one.")
    elif min(ages) > WATCHER_LATE_AFTER:
        yield Told("wrong", f"The last sweep was {min(ages)} seconds ago; start coi serve or coi watch.")
    else:
        yield Told("ok", f"The watcher swept {min(ages)} seconds ago.")
    yield from (Told("wrong", f"The last sweep failed at {beat['failed']} therapies; the watcher's log names them.")
                for beat in beats if beat["failed"])  # fmt: skip


def _clock(conn: Connection, now: datetime) -> Iterator[Told]:
    last = conn.execute(select(func.max(ENTRY.c.recorded_at))).scalar()
    if last is not None and from_instant(last) - now > CLOCK_MAY_LAG:
        yield Told("wrong", f"The machine's clock is behind the last entry, recorded at {last}; set it right.")
