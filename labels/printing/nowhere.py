"""Printers that reach no device: the browser, whose user prints, and the null printer."""

from dataclasses import dataclass

from labels.printing.job import SENT, Sent


@dataclass(frozen=True, slots=True)
class BrowserPrinter:
    """The browser's own print dialogue: the label is handed to it as a page, a person prints it."""

    def send(self, data: bytes, *, title: str) -> Sent:  # noqa: ARG002 - the browser fetches the page itself
        """Say that the browser has it; nobody knows whether somebody presses the button."""
        return Sent(SENT, "The browser has it. Print it at 100 %; it counts when it was scanned back.")


@dataclass(frozen=True, slots=True)
class NullPrinter:
    """A printer that prints nothing: for the demo and for training."""

    def send(self, data: bytes, *, title: str) -> Sent:  # noqa: ARG002 - nothing is done with it
        """Take the label and do nothing."""
        return Sent(SENT, "The null printer took it and prints nothing.")
