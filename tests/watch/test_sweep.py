"""The watcher may be late, never wrong: each threshold is written once, at the moment it was crossed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from coi.actions import setup
from coi.actions.sweep import Swept, beat, sweep
from coi.actions.verification import verify
from coi.journey.entry import from_instant, instant, read_leaf
from coi.record import queries
from coi.record.logkey import load_log_key
from coi.record.tables import CLOCK, ENTRY
from tests.play import Player
from tests.processes import Other
from tests.watch.tampering import without_guards
from tests.worlds import make_office


def at(office, moment):
    return replace(office, now=lambda: moment)


def collected(office, number, bags=1):
    return Player(office).collected(number, bags)[0]


def clocks(office, coi):
    """Return the clocks of the shortest window of `coi`; the other one that runs has most of a year."""
    with office.store.read() as conn:
        found = queries.clocks(conn, states=["running", "warned", "breached", "ended"], parties=None, therapy=coi)
    return [clock for clock in found if clock["window"] == "collection-to-freezer"]


def due_at(office, coi):
    (clock,) = clocks(office, coi)
    return from_instant(clock["due_at"])


def windows(office):
    """Return what the log says about windows, oldest first."""
    query = select(ENTRY.c.leaf).where(ENTRY.c.kind.startswith("window.")).order_by(ENTRY.c.position)
    with office.store.read() as conn:
        return [read_leaf(bytes(leaf))[0] for leaf in conn.execute(query).scalars()]


def test_a_clock_is_warned_and_then_breached_and_both_say_when_it_was_not_when_it_was_noticed(office):
    coi = collected(office, "W-1")
    (clock,) = clocks(office, coi)
    warn, due = from_instant(clock["warn_at"]), from_instant(clock["due_at"])
    assert sweep(at(office, warn - timedelta(seconds=1))) == Swept(0, 0)
    assert sweep(at(office, warn + timedelta(seconds=7))) == Swept(1, 0)
    assert sweep(at(office, due)) == Swept(0, 0), "the deadline itself is still inside"
    assert sweep(at(office, due + timedelta(seconds=9))) == Swept(1, 0)
    assert sweep(at(office, due + timedelta(days=1))) == Swept(0, 0)
    warned, breached = windows(office)
    assert (warned.kind, warned.occurred_at) == ("window.warned", warn)
    assert (breached.kind, breached.occurred_at, breached.recorded_at) == (
        "window.breached",
        due,
        due + timedelta(seconds=9),
    )
    assert breached.values == {
        "clock": clock["id"],
        "container": clock["container"],
        "window": clock["window"],
        "deadline": clock["due_at"],
        "alert": ["demo-hospital"],
    }
    assert breached.id == breached.attempt
    assert clocks(office, coi)[0]["state"] == "breached"
    assert verify(office) == []


def test_a_late_watcher_writes_the_breach_at_its_deadline(office):
    coi = collected(office, "LATE-1")
    due = due_at(office, coi)
    assert sweep(at(office, due + timedelta(days=30))) == Swept(1, 0)
    assert [(entry.kind, entry.occurred_at) for entry in windows(office)] == [("window.breached", due)]


def test_a_clock_that_ended_in_time_is_never_breached(office):
    coi, _, _ = Player(office).doses("ENDED-1")
    due = due_at(office, coi)
    assert [clock["state"] for clock in clocks(office, coi)] == ["ended"]
    assert sweep(at(office, due + timedelta(days=1))) == Swept(0, 0)
    assert windows(office) == []


def test_a_hundred_clocks_due_at_once_are_each_written_once_whatever_the_page(office):
    cois = [collected(office, f"MANY-{number}", bags=10) for number in range(10)]
    later = max(from_instant(clock["due_at"]) for coi in cois for clock in clocks(office, coi)) + timedelta(hours=1)
    assert sweep(at(office, later), limit=3) == Swept(100, 0)
    assert len({entry.values["clock"] for entry in windows(office)}) == 100
    assert verify(office) == []


def damaged(office, cois):
    """Overwrite the leaves of each therapy, as a fault of the disk would; return what stood there."""
    query = select(ENTRY.c.position, ENTRY.c.leaf).where(ENTRY.c.stream.in_([f"therapy:{coi}" for coi in cois]))
    with without_guards(office.store) as conn:
        rows = conn.execute(query).all()
        for row in rows:
            conn.execute(update(ENTRY).where(ENTRY.c.position == row.position).values(leaf=b"\x00 gone"))
    return rows


def repaired(office, rows):
    with without_guards(office.store) as conn:
        for row in rows:
            conn.execute(update(ENTRY).where(ENTRY.c.position == row.position).values(leaf=row.leaf))


def test_therapies_that_fail_hold_up_no_other_and_are_done_once_they_can_be(office):
    cois = [collected(office, f"FAIL-{number}") for number in range(5)]
    later = max(due_at(office, coi) for coi in cois) + timedelta(hours=1)
    rows = damaged(office, cois[:3])  # the most overdue come first and fill every page of two
    assert sweep(at(office, later), limit=2) == Swept(2, 3)
    assert [entry.therapy for entry in windows(office)] == cois[3:]
    assert sweep(at(office, later), limit=2) == Swept(0, 3)
    repaired(office, rows)
    assert sweep(at(office, later), limit=2) == Swept(3, 0)
    assert {entry.therapy for entry in windows(office)} == set(cois)
    assert verify(office) == []


def test_a_projection_that_is_wrong_about_what_is_due_writes_nothing(office):
    coi = collected(office, "WRONG-1")
    early = due_at(office, coi) - timedelta(days=400)
    with office.store.write() as conn:
        conn.execute(update(CLOCK).values(next_at=instant(early)))
    assert sweep(office) == Swept(0, 0)
    assert windows(office) == []


def keep_sweeping(talk, office):
    talk.send("ready")
    while True:
        sweep(office)
        if talk.poll():
            return


def test_watchers_side_by_side_killed_and_started_again_write_each_breach_once(tables_url):
    office = make_office(tables_url, has_tables=True)
    cois = [collected(office, f"RACE-{number}") for number in range(30)]
    later = at(office, max(due_at(office, coi) for coi in cois) + timedelta(hours=1))
    office.store.close()
    for _ in range(4):
        pair = [Other(keep_sweeping, later) for _ in range(2)]
        for each in pair:
            each.hears("ready")
        time.sleep(0.03)  # somewhere in the middle of its work; wherever that is must not matter
        for each in pair:
            each.killed()
    pair = [Other(keep_sweeping, later) for _ in range(2)]
    for each in pair:
        each.hears("ready")
        each.says("stop after this sweep")
    for each in pair:
        each.ended()
    assert sorted(entry.therapy for entry in windows(office)) == sorted(cois)
    assert verify(office) == []
    office.store.close()


def test_watchers_that_share_a_name_share_a_heartbeat(office):
    beat(office, name="watcher", swept=Swept(2, 1))
    beat(office, name="watcher", swept=Swept(3, 0))
    with office.store.read() as conn:
        (row,) = queries.heartbeats(conn)
    assert (row["sweeps"], row["written"], row["failed"]) == (2, 5, 0)


def test_the_watcher_sweeps_at_once_and_stops_when_told(tables_url, tmp_path):
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COI_")}
    environ |= {"COI_INSTANCE": str(tmp_path / "instance"), "COI_DATABASE_URL": tables_url, "COI_SWEEP_SECONDS": "0.1"}
    setup.make_instance(tmp_path / "instance")
    office = make_office(tables_url, has_tables=True, log_key=load_log_key(tmp_path / "instance" / setup.LOG_KEY_FILE))
    with office.store.read() as conn:
        assert queries.heartbeats(conn) == []
    program = "import os; from coi import settings, watch; watch.run(settings.load(os.environ))"
    with subprocess.Popen([sys.executable, "-c", program], env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for_sweeps(office, 3)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "watch.stopped" in said
    assert "Traceback" not in said
    office.store.close()


def wait_for_sweeps(office, count):
    for _ in range(300):
        with office.store.read() as conn:
            if sum(row["sweeps"] for row in queries.heartbeats(conn)) >= count:
                return
        time.sleep(0.1)
    raise AssertionError("the watcher did not sweep")
