"""What a print job is, and the three things that can be said of one: sent, failed, unknown."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

State = Literal["sent", "failed", "unknown"]
SENT: Final = "sent"
FAILED: Final = "failed"
UNKNOWN: Final = "unknown"
STATES: Final = (SENT, FAILED, UNKNOWN)
LANGUAGES: Final = ("zpl", "zpl-native", "pdf", "png")
_BEGINS: Final = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n"}
_START, _END = b"^XA", b"^XZ"
_LINE_ENDS: Final = b"\r\n"
_FIRST_PRINTABLE: Final = 0x20


class BadJob(ValueError):
    """What is to be sent is not one label in the printer's language; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of a job that was given to a printer, and a sentence about it.

    * ``sent``: the printer took all of it. That is not *printed*.
    * ``failed``: nothing reached the printer; the same label may be sent again.
    * ``unknown``: some of it may have come out. The label has to be scanned back or voided.
    """

    state: State
    message: str


class Printer(Protocol):
    """Something that takes one rendered label."""

    def send(self, data: bytes, *, title: str) -> Sent:
        """Give the label to the printer once and say what is known; `title` names the job, it is never printed."""
        ...


def is_sheet(language: str) -> bool:
    """Tell whether a printer of `language` has sheets of paper, larger than a label, and not a roll of labels."""
    return language == "pdf"


def refuse_strange(data: bytes, *, language: str) -> None:
    """Raise BadJob unless `data` is one whole label in `language`, which is one of LANGUAGES.

    ZPL holds one label when it begins with ^XA, ends with ^XZ and has each of them once; control characters could
    stand for ``^`` and ``~`` in ZPL, so there is none but line ends.
    """
    if language not in LANGUAGES:
        raise BadJob(f"Got the language {language!r}, expected one of {', '.join(LANGUAGES)}; nothing was sent.")
    if not language.startswith("zpl"):
        if not data.startswith(_BEGINS[language]):
            raise BadJob(f"Expected one label as {language}; nothing was sent.")
        return
    label = data.strip(_LINE_ENDS)
    if not (label.startswith(_START) and label.endswith(_END) and label.count(_START) == label.count(_END) == 1):
        raise BadJob("Expected one label from ^XA to ^XZ, each of them once; nothing was sent.")
    if any(byte < _FIRST_PRINTABLE and byte not in _LINE_ENDS for byte in label):
        raise BadJob("The label holds a control character, expected none but line ends; nothing was sent.")
