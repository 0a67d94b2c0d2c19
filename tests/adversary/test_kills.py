"""kill -9 at every statement of the recording transaction: what was acknowledged is there, nothing is there twice.

A process takes one step and kills itself with SIGKILL right before or right after its n-th statement, or between the
last statement and the commit, or between the commit and the answer. The client then sends the same step again.
"""

import os
import signal

import pytest
from sqlalchemy import event, func, select

from coi.actions.verification import verify
from coi.record.tables import ENTRY
from tests.play import Player
from tests.processes import other

TIMES_IN_SOAK = 50


class Killer:
    """Counts what a process sends to the database and kills the process at the chosen point."""

    def __init__(self, office, point):
        self.point, self.count = point, 0
        engine = office.store._writer
        event.listen(engine, "before_cursor_execute", lambda *_: self.reached())
        event.listen(engine, "after_cursor_execute", lambda *_: self.reached())
        event.listen(engine, "commit", lambda *_: self.reached())

    def reached(self):
        self.count += 1
        if self.count == self.point:
            os.kill(os.getpid(), signal.SIGKILL)


def take_and_die(talk, office, step, point):
    killer = Killer(office, point)
    talk.send(accept(Player(office), *step)[0])
    killer.reached()


def accept(player, coi, serial, id_):
    return player.try_step("demo-courier", "handoff.accepted", [("container", serial)], coi=coi, id_=id_)


def points_of(office):
    """Return how many points a whole step has: before and after each statement, and the commit."""
    player = Player(office)
    coi, serial = player.offered("COUNT")
    player.as_("demo-courier")
    killer = Killer(office, -1)
    accept(player, coi, serial, "00000000-0000-4000-8000-00000000c0de")
    return killer.count


def killed_and_sent_again(office, number, point):
    player = Player(office)
    coi, serial = player.offered(f"KILL-{point}-{number}")
    id_ = f"00000000-0000-4000-8000-{point:04d}{number:08d}"
    with other(take_and_die, office, (coi, serial, id_), point) as process:
        try:
            acknowledged = process.talk.recv()
        except EOFError:
            acknowledged = None
        process.process.join(60)
    before = entries_with(office, id_)
    assert acknowledged is None or before == 1
    status, body = accept(player, coi, serial, id_)
    assert status == (200 if before else 201)
    assert entries_with(office, id_) == 1
    assert body["receipt"]["entry"] == id_


def entries_with(office, id_):
    with office.store.read() as conn:
        return conn.execute(select(func.count()).where(ENTRY.c.id == id_)).scalar_one()


def test_a_process_killed_at_any_statement_loses_and_doubles_nothing(office):
    for point in range(1, points_of(office) + 2):
        killed_and_sent_again(office, 0, point)
    assert verify(office) == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_fifty_kills_at_each_statement_lose_and_double_nothing(office, record_property):
    points = points_of(office) + 1
    for point in range(1, points + 1):
        for number in range(TIMES_IN_SOAK):
            killed_and_sent_again(office, number, point)
    assert verify(office) == []
    record_property("points", points)
    record_property("kills_at_each", TIMES_IN_SOAK)
