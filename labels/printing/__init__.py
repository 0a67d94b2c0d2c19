"""Printers: how a rendered label gets to paper, and how much of that is known afterwards. Knows nothing of the tracker.

No printer ever says *printed*: what came out is proved by scanning it back. A job is never sent a second time by
itself, because two copies of one serial could be on two bags then.
"""

from labels.printing.address import Address, BadAddress, read_address, read_queue
from labels.printing.cups import QueuePrinter
from labels.printing.job import (
    FAILED,
    LANGUAGES,
    SENT,
    STATES,
    UNKNOWN,
    BadJob,
    Printer,
    Sent,
    is_sheet,
    refuse_strange,
)
from labels.printing.nowhere import BrowserPrinter, NullPrinter
from labels.printing.raw import RawPrinter
from labels.printing.sample import sample

__all__ = [
    "FAILED", "LANGUAGES", "SENT", "STATES", "UNKNOWN", "Address", "BadAddress", "BadJob", "BrowserPrinter",
    "NullPrinter", "Printer", "QueuePrinter", "RawPrinter", "Sent", "is_sheet", "read_address", "read_queue",
    "refuse_strange", "sample",
]  # fmt: skip
