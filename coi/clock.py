"""The only reader of the wall clock.

It decides nothing. Every rule, step and projection takes its time as an argument named ``at``; the edges (a request,
a sweep of the watcher, the command line) read the clock here, once, and pass it down.
"""

import ctypes
from datetime import UTC, datetime

_TIME_ERROR = 5  # what adjtimex(2) returns for a clock that nobody synchronises
_TIMEX_BYTES = 512  # more than struct timex has; the first word says what to change: nothing


def now() -> datetime:
    """The present instant: aware, in UTC, to the microsecond.

    It may go back when the machine's clock is set back. The ledger, not this function, sees to it that
    ``recorded_at`` never does.
    """
    return datetime.now(UTC)


def synchronised() -> bool | None:
    """Tell whether the kernel says that its clock is being kept right (adjtimex(2)); None where it cannot be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else bool(state != _TIME_ERROR)
