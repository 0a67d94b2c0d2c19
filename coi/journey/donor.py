"""What is known of the donor's tests for infectious disease, as the entries of `donor.tested` tell it.

What was not said to be done was not done: a result without the word that the panel was complete is incomplete. Which
words a label carries because of it is not decided here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DonorTests:
    """One result, or several taken together. `result` is unknown, not_tested, negative or reactive."""

    result: str = "unknown"
    complete: bool = False  # everything that applies was screened and tested
    agents: tuple[str, ...] = ()  # codes of the reactive ones
    risk: bool = False  # a risk factor was found by screening

    @property
    def told(self) -> str:
        """Return it in a few words, for a finding."""
        words = [self.result.replace("_", " "), "complete" if self.complete else "incomplete", *self.agents]
        return ", ".join([*words, *(["risk by screening"] if self.risk else [])])


def read_tests(values: Mapping[str, Any]) -> DonorTests:
    """Return what the values of one `donor.tested` say."""
    result = values["result"]
    return DonorTests(
        result, values.get("panel") == "complete" and result != "not_tested",
        tuple(sorted(values.get("reactive", ()))), values.get("risk", False),
    )  # fmt: skip


def contradiction(values: Mapping[str, Any]) -> str | None:
    """Return how the values of a `donor.tested` contradict each other, in one sentence, or None."""
    if values.get("reactive") and values.get("result") != "reactive":
        return "Reactive tests are named and the result is not reactive; say which of the two is true."
    if values.get("panel") == "complete" and values.get("result") == "not_tested":
        return "The panel is called complete and nothing was tested; say which of the two is true."
    return None


def taken_together(results: Iterable[DonorTests]) -> DonorTests:
    """Return what several donations' results amount to: the gravest result, complete only when all of them are."""
    several = list(results)
    found = {one.result for one in several}
    return DonorTests(
        next((result for result in ("reactive", "not_tested", "negative") if result in found), "unknown"),
        bool(several) and all(one.complete for one in several),
        tuple(sorted({agent for one in several for agent in one.agents})),
        any(one.risk for one in several),
    )  # fmt: skip
