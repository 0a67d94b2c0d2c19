"""The three tests of a rule from short plays: one that it lets pass, one that it speaks up about, what it says."""

from collections.abc import Callable
from typing import Any

from coi.journey.attempt import Severity
from coi.journey.steps import Family
from tests.journey.rules.saying import says
from tests.journey.story import Taken

Play = Callable[[], Taken]


def trials(
    names: dict[str, Any],
    rule: str,
    family: Family,
    *,
    passes: tuple[str, Play],
    speaks: tuple[str, Play],
    got: str | Callable[[Taken], str],
    expected: str | Callable[[Taken], str],
    stops: bool = True,
    holds: bool | None = None,
) -> None:
    """Put the three tests of `rule` into `names`, the module's own; a story tells in its name what is played."""

    def lets_pass() -> None:
        taken = passes[1]()
        assert taken.done, [finding.message for finding in taken.verdict.stops]
        assert rule not in taken.rules

    def speaks_up() -> None:
        taken = speaks[1]()
        finding = taken.finding(rule)
        assert (finding.family, finding.severity) == (family, Severity.STOP if stops else Severity.CAUTION)
        assert taken.stops == ({rule} if stops else set()), sorted(taken.stops)
        assert taken.done is not stops
        if holds is not None:
            assert [entry.values["hold"] for entry in taken.deviations if rule in entry.values["rules"]] == [holds]

    def says_why() -> None:
        taken = speaks[1]()
        finding = taken.finding(rule)
        wanted = [text if isinstance(text, str) else text(taken) for text in (got, expected)]
        says(taken, rule, got=wanted[0], expected=wanted[1], containers=finding.containers)

    way = "refuses" if stops else "cautions"
    for name, test in (
        (f"test_{rule}_passes_{passes[0]}", lets_pass),
        (f"test_{rule}_{way}_{speaks[0]}", speaks_up),
        (f"test_{rule}_says_what_was_got_and_expected", says_why),
    ):
        test.__name__ = test.__qualname__ = name
        names[name] = test
