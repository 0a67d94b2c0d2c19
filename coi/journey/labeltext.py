"""What a pathway says of the labels of one container purpose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PRINTED: Final = ("storage", "additives", "handling", "abo", "identify_recipient")
"""Fields of the label law whose text a pathway gives, word for word."""


@dataclass(frozen=True, slots=True)
class LabelText:
    """What a label of one container purpose says: its title, its statements in order, and fields word for word."""

    title: str
    statements: tuple[str, ...]
    when: Mapping[str, tuple[str, ...]]  # what the donor's tests came to -> the statements instead
    fields: Mapping[str, str] = field(default_factory=dict)  # a name of PRINTED -> its text

    def said(self, tested: str) -> tuple[str, ...]:
        """Return the statements for a donor whose tests came to `tested`."""
        return self.when.get(tested, self.statements)
