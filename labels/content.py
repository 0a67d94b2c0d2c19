"""What a label says, and what it must say before it may be printed."""

from dataclasses import dataclass

from labels import rfc9285


class LabelError(Exception):
    """The label cannot be printed in full and truthfully; the message says what was got, expected and to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelContent:
    """Everything that one label says, as text that is printed exactly so.

    `code` is the text of the first symbol; `coi`, `container` and `serial` are eye-readable, in groups; `number` of
    `total` counts the containers of one purpose; `statements` are in order of weight, the first is on every label;
    `symbols` are the signs that are drawn beside them, in their order, "" for none; `lines` are pairs of caption and
    value; `generation` counts the labels of this container and position, from 1.
    """

    code: str
    coi: str
    container: str
    serial: str
    number: int
    total: int
    title: str
    statements: tuple[str, ...]
    lines: tuple[tuple[str, str], ...] = ()
    position: str
    generation: int
    banner: str | None = None
    symbols: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The serial alone, as the smaller symbols say it."""
        return rfc9285.serial_of(self.code) or self.code

    @property
    def count(self) -> str:
        """The container's number, as it is read: ``1 of 2``."""
        return f"{self.number} of {self.total}"

    @property
    def place(self) -> str:
        """Where the label belongs and which of its labels it is: ``bag, generation 1``."""
        return f"{self.position}, generation {self.generation}"


IDENTIFYING = ("coi", "container", "serial")
NEEDED = ("code", "coi", "container", "serial", "title", "position")


def refuse_unfit(content: LabelContent) -> None:
    """Raise LabelError for content that names nothing, counts wrongly, or says two identities at once."""
    for field in NEEDED:
        if not getattr(content, field).strip():
            raise LabelError(f"The label's {field} is empty, expected text; nothing was printed.")
    for field in IDENTIFYING:
        if not getattr(content, field).isascii():
            raise LabelError(f"The label's {field} is {getattr(content, field)!a}, expected plain letters and digits; "
                             "letters that only look alike are never printed there.")  # fmt: skip
    if not 1 <= content.number <= content.total:
        raise LabelError(f"The label says container {content.count}, expected a number from 1 to the total.")
    if content.generation < 1:
        raise LabelError(f"The label's generation is {content.generation}, expected 1 or more.")
    if not content.statements or not content.statements[0].strip():
        raise LabelError("The label has no statement, expected at least one; add it to the pathway's label text.")
    serial = _significant(content.serial)
    if not serial or serial not in _significant(rfc9285.serial_of(content.code) or content.code):
        raise LabelError(
            f"The QR would say {content.code!r} where the eye reads {content.serial!r}, expected the same serial."
        )


def _significant(text: str) -> str:
    """The letters and digits of an identifier, without its hyphens and groups."""
    return "".join(character for character in text if character.isalnum())
