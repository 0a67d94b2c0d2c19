"""The only reader of the wall clock.

It decides nothing. Every rule, step and projection takes its time as an argument named ``at``; the edges (a request,
a sweep of the watcher, the command line) read the clock here, once, and pass it down.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant: aware, in UTC, to the microsecond.

    It may go back when the machine's clock is set back. The ledger, not this function, sees to it that
    ``recorded_at`` never does.
    """
    return datetime.now(UTC)
