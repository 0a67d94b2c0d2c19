"""Stability: the clocks that run for a therapy, and what they answer at a moment.

A window is a rule of the pathway; a clock is one running instance for one container. A clock gives one of three
answers at a moment:

* inside: even the latest possible reading of the moment is not after the deadline;
* breached: even the earliest possible reading is after the deadline;
* cannot be shown: the start is unknown, or the clocks' uncertainty straddles the deadline.

Deadlines are UTC instants. The deadline itself is still inside. A breach happened at the deadline, whenever it is
noticed. Who is told, and when, is not decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from coi.journey.entry import instant
from coi.journey.pathway import Pathway, Window
from coi.journey.therapy import Container, Therapy

CLOCK_SPACE = UUID("5d0c1b5e-6a2f-5c39-9b1f-0e8a7c1d2f43")  # names our clocks; never changed


class Answer(StrEnum):
    """What a clock says at a moment."""

    INSIDE = "inside"
    BREACHED = "breached"
    UNSHOWN = "cannot be shown"


@dataclass(frozen=True, slots=True)
class Clock:
    """One running instance of a window, for one container."""

    id: str
    window: Window
    therapy: str
    container: str
    started_at: datetime
    uncertainty: int  # seconds by which the start may be wrong
    warn_at: datetime
    due_at: datetime
    ended_at: datetime | None
    noticed: frozenset[str]  # which of warned, breached, withdrawn the log already has

    @property
    def state(self) -> str:
        """Return running, warned, breached or ended, as far as the log knows."""
        if self.ended_at is not None and self.ended_at <= self.due_at:
            return "ended"
        if "breached" in self.noticed or self.ended_at is not None:
            return "breached"
        return "warned" if "warned" in self.noticed else "running"

    @property
    def next_at(self) -> datetime | None:
        """Return the next moment at which the log must learn something, or None when there is none."""
        if "breached" in self.noticed or self.state == "ended":
            return None
        return self.due_at if "warned" in self.noticed else min(self.warn_at, self.due_at)

    def answer(self, at: datetime, uncertainty: int = 0) -> Answer:
        """Return what this clock says at `at`, read from a clock that may be wrong by `uncertainty` seconds."""
        slack = timedelta(seconds=self.uncertainty + uncertainty)
        moment = at if self.ended_at is None else min(at, self.ended_at)
        if moment + slack <= self.due_at:
            return Answer.INSIDE
        return Answer.BREACHED if moment - slack > self.due_at else Answer.UNSHOWN


def clocks(therapy: Therapy, *, pathway: Pathway) -> list[Clock]:
    """Return the clocks of every container of `therapy`, soonest deadline first."""
    found = [
        _clock(therapy, container, window)
        for container in therapy.containers.values()
        for window in pathway.windows
        if window.id in container.starts
    ]
    return sorted(found, key=lambda clock: (clock.due_at, clock.id))


def clock_of(therapy: Therapy, container: Container, window: Window) -> Clock | None:
    """Return the clock of `window` for `container`, or None when its start is not known."""
    return _clock(therapy, container, window) if window.id in container.starts else None


def _clock(therapy: Therapy, container: Container, window: Window) -> Clock:
    entry, started_at, uncertainty = container.starts[window.id]
    name = str(uuid5(CLOCK_SPACE, f"{window.id}/{container.id}/{entry}"))
    started_at = started_at.astimezone(UTC)  # in a zone with summer time a day may have 23 hours
    left = window.limit - container.spent.get(window.id, 0)  # of a window that adds up, what earlier runs left
    due_at = started_at + timedelta(seconds=left)
    warn_at = max(started_at, due_at - timedelta(seconds=window.warn_before))
    ended = container.ends.get(window.id)
    return Clock(
        id=name,
        window=window,
        therapy=therapy.coi,
        container=container.id,
        started_at=started_at,
        uncertainty=uncertainty,
        warn_at=warn_at,
        due_at=due_at,
        ended_at=ended[1] if ended else None,
        noticed=_noticed(therapy.thresholds.get(name, []), warn_at=warn_at, due_at=due_at),
    )


def _noticed(told: Sequence[tuple[str, datetime]], *, warn_at: datetime, due_at: datetime) -> frozenset[str]:
    """Return what the log has of these thresholds; what it has of a start that was corrected since does not count."""
    now = {"warned": warn_at, "breached": due_at}
    kinds = {kind for kind, moment in told if moment == now.get(kind)}
    return frozenset(kinds | ({"withdrawn"} if told and told[-1][0] == "withdrawn" else set()))


@dataclass(frozen=True, slots=True)
class Threshold:
    """A moment of a clock that the log has to know: `kind` is window.warned or window.breached."""

    kind: str
    clock: Clock
    moment: datetime

    @property
    def attempt(self) -> str:
        """Return the id under which this threshold is recorded, the same for every watcher."""
        return str(uuid5(UUID(self.clock.id), f"{self.kind}/{instant(self.moment)}"))


def due_thresholds(therapy: Therapy, *, pathway: Pathway, at: datetime) -> list[Threshold]:
    """Return the thresholds that have passed by `at` and that the log does not have yet."""
    found = []
    for clock in clocks(therapy, pathway=pathway):
        if clock.next_at is None or clock.next_at > at:
            continue
        until = min(at, clock.ended_at) if clock.ended_at else at
        if until > clock.due_at:
            found.append(Threshold("window.breached", clock, clock.due_at))
        elif "warned" not in clock.noticed:
            found.append(Threshold("window.warned", clock, clock.warn_at))
    return found


def disproved(therapy: Therapy, *, pathway: Pathway) -> list[Clock]:
    """Return the clocks whose recorded breach a later fact or correction disproves and which was not withdrawn yet."""
    return [clock for clock in clocks(therapy, pathway=pathway) if _untrue(clock, therapy.thresholds.get(clock.id, []))]


def _untrue(clock: Clock, told: Sequence[tuple[str, datetime]]) -> bool:
    last = next((said for said in reversed(told) if said[0] != "warned"), None)
    if last is None or last[0] == "withdrawn":
        return False
    in_time = clock.ended_at is not None and clock.ended_at <= clock.due_at
    return in_time or last[1] != clock.due_at
