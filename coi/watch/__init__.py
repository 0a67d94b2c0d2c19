"""The watcher: a process of its own that sweeps for due clocks. The scheduler lives here only.

It decides nothing: what is due and how it is written is `coi.actions.sweep`. Any number of watchers may run.
"""

import signal
from datetime import UTC

import structlog
from apscheduler import events
from apscheduler.schedulers.background import BackgroundScheduler

from coi import clock, logs
from coi.actions.housekeeping import look_at_guards, note_the_hour
from coi.actions.office import Office
from coi.actions.setup import open_office
from coi.actions.sweep import beat, sweep
from coi.settings import Settings

NAME = "watcher"  # one heartbeat for all: a name per process would leave a row behind for every restart
LOOK_SECONDS = 60  # between two looks at the guards of the log
STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_TROUBLE = {
    events.EVENT_JOB_ERROR: "watch.sweep_failed",
    events.EVENT_JOB_MISSED: "watch.sweep_missed",
    events.EVENT_JOB_MAX_INSTANCES: "watch.sweep_still_running",
}
_log = structlog.get_logger("coi.watch")


def run(settings: Settings) -> None:
    """Sweep at once and then every `settings.sweep_seconds` seconds until SIGTERM or SIGINT; for the main thread.

    Raises VaultError when the instance has no usable key.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # before there are threads: the main thread alone is to hear them
    logs.set_up(settings.log_level)
    office = open_office(settings, now=clock.now)
    scheduler = _scheduler(office, every=settings.sweep_seconds)
    scheduler.start()
    _log.info("watch.started", every=settings.sweep_seconds)
    signal.sigwait(STOPS)
    scheduler.shutdown(wait=True)  # the sweep under way ends
    office.store.close()
    _log.info("watch.stopped")


def _scheduler(office: Office, *, every: float) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_listener(_say, sum(_TROUBLE))
    scheduler.add_job(
        _once,
        "interval",
        seconds=every,
        args=[office],
        next_run_time=clock.now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,  # a late sweep is better than none
    )
    scheduler.add_job(_look, "interval", seconds=LOOK_SECONDS, args=[office], next_run_time=clock.now(), coalesce=True,
                      max_instances=1, misfire_grace_time=None)  # fmt: skip
    return scheduler


def _once(office: Office) -> None:
    beat(office, name=NAME, swept=sweep(office))


def _look(office: Office) -> None:
    look_at_guards(office)
    note_the_hour(office)


def _say(event: events.SchedulerEvent) -> None:
    fault = getattr(event, "exception", None)
    _log.error(_TROUBLE[event.code], fault=type(fault).__name__ if fault else None)
