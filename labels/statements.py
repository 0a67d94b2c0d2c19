"""Which statements a label has to carry: decided by the law's table from what is known of product and donor.

* What was not said to be done was not done: tests of which nothing is known are incomplete.
* A reactive test and a risk factor found by screening are both *positive*; only a test names its agents.
* A sample is never given to anybody: it carries what warns those who handle it, and none of the rest.
* Two rows of one code are one statement; the first that applies counts, in the order of the document.

Where the result comes from, and which country counts, is not decided here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from labels.content import LabelError
from labels.law import MARKETS, RELATIONS, Law, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Donor:
    """What is known of the donor: whether everything that applies was done, what was reactive, a risk by screening.

    `reactive` are the agents' names as the label prints them; a reactive test without a name is still reactive.
    """

    complete: bool = False
    is_reactive: bool = False
    reactive: tuple[str, ...] = ()
    risk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """For whom and where a label is: the relation of donor and recipient, the market, the country in two letters."""

    relation: str
    market: str
    country: str | None
    donor: Donor
    final: bool = False
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A statement as a label carries it, with the row that asked for it."""

    text: str
    row: Statement

    @property
    def symbol(self) -> str | None:
        """Return the symbol that is drawn beside the words, None for words alone."""
        return self.row.symbol


def statements_of(law: Law, situation: Situation) -> tuple[Said, ...]:
    """Return the statements that the label has to carry, the weightiest first.

    Raises LabelError for a relation or market that the law has no word for.
    """
    _refuse_unknown(situation)
    found: dict[str, Said] = {}
    for row in law.statements:
        if row.code not in found and _applies(law, row, situation):
            found[row.code] = Said(_worded(row.text, situation.donor), row)
    return tuple(found.values())


def symbols_of(said: tuple[Said, ...]) -> tuple[str, ...]:
    """Return the symbols that belong to statements, each once."""
    return tuple(dict.fromkeys(one.symbol for one in said if one.symbol))


def _refuse_unknown(situation: Situation) -> None:
    for what, got, known in (("relation", situation.relation, RELATIONS), ("market", situation.market, MARKETS)):
        if got not in known:
            raise LabelError(f"The product's {what} is {got!r}, expected one of {', '.join(known)}.")


def _applies(law: Law, row: Statement, situation: Situation) -> bool:
    here = law.regime(situation.country) in row.regimes and situation.relation in row.relations
    if situation.sample and "samples" not in row.when:
        return False
    return here and row.when - {"samples"} <= frozenset(_true_of(situation))


def _true_of(situation: Situation) -> Iterator[str]:
    donor = situation.donor
    reactive = donor.is_reactive or bool(donor.reactive)
    yield "complete" if donor.complete else "incomplete"
    yield situation.market
    for word, holds in (("reactive", reactive), ("risk", donor.risk), ("positive", reactive or donor.risk),
                        ("final", situation.final)):  # fmt: skip
        if holds:
            yield word


def _worded(text: str, donor: Donor) -> str:
    return text.replace("{agents}", ", ".join(donor.reactive) or "an agent that was not named")
