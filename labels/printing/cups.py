"""The print system of the machine: `lp` hands the label to a queue. A queue that took it has not printed it."""

import re
import subprocess
from dataclasses import dataclass
from typing import Final

from labels.printing.job import FAILED, SENT, UNKNOWN, Sent

_TITLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_MOST_SAID: Final = 200
_AFTERWARDS: Final = "Look whether it came out: scan it back from its container, or void it."


@dataclass(frozen=True, slots=True)
class QueuePrinter:
    """A queue of CUPS by its name. `raw`: the queue passes the bytes on as they are, as ZPL has to be."""

    queue: str
    raw: bool = False
    done_within: float = 20.0
    program: str = "lp"

    def send(self, data: bytes, *, title: str) -> Sent:
        """Give the label to the queue once and say what is known; `title` is the label's serial."""
        if not _TITLE.fullmatch(title):
            return Sent(FAILED, "The job's title is not a serial; nothing was sent.")
        how = ["-o", "raw"] if self.raw else []
        command = [self.program, "-d", self.queue, "-n", "1", "-t", title, *how, "-"]
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and every argument was checked
                command, input=data, capture_output=True, timeout=self.done_within, check=False
            )
        except subprocess.TimeoutExpired:
            return Sent(UNKNOWN, f"The queue {self.queue} did not answer in {self.done_within:g} s. {_AFTERWARDS}")
        except OSError as fault:
            return Sent(FAILED, f"The program {self.program} cannot be started ({fault.strerror}); nothing was sent.")
        return self._told(done)

    def _told(self, done: subprocess.CompletedProcess[bytes]) -> Sent:
        """Return what the end of `lp` means: it takes its job back when it cannot queue it, unless it was killed."""
        if done.returncode == 0:
            return Sent(SENT, f"The queue {self.queue} took it. It counts when it was scanned back.")
        if done.returncode < 0:
            return Sent(UNKNOWN, f"lp was ended by signal {-done.returncode}. {_AFTERWARDS}")
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:_MOST_SAID]
        return Sent(FAILED, f"The queue {self.queue} did not take it ({said or 'no reason given'}).")
