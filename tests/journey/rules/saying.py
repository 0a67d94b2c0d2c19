"""What the tests of the rules ask of a finding: that it weighs what it should and names the right things only."""

import json
import re

from coi.journey.attempt import Severity
from coi.journey.steps import Family
from tests.journey.story import Taken

OURS = re.compile(r"\b(?:COI|CTR|LBL|SHP|LOC|PAT|DON|LOT)-[2-9A-HJ-NP-Z]{13}\b")


def refused(taken: Taken, rule: str, family: Family) -> None:
    """It was stopped by this rule and by no other, and nothing but the refusal was written."""
    assert taken.stops == {rule}, sorted(taken.stops)
    assert {finding.family for finding in taken.verdict.stops} == {family}
    assert not taken.done
    assert [entry.kind for entry in taken.entries] in (["attempt.refused"], [])


def cautioned(taken: Taken, rule: str, family: Family, *, holds: bool = False) -> None:
    """It went through, this rule alone spoke, and a deviation was opened that holds the containers or does not."""
    assert taken.done
    assert taken.rules == {rule}, sorted(taken.rules)
    assert {(finding.family, finding.severity) for finding in taken.verdict.findings} == {(family, Severity.CAUTION)}
    assert [(entry.values["rules"], entry.values["hold"]) for entry in taken.deviations] == [([rule], holds)]


def passed(taken: Taken, rule: str) -> None:
    """It went through, and the rule was silent."""
    assert taken.done, [finding.message for finding in taken.verdict.stops]
    assert rule not in taken.rules


def says(
    taken: Taken, rule: str, *, got: str, expected: str, containers: tuple[str, ...] = (), names: object = ()
) -> None:
    """The finding of the rule tells what was got and what was expected, and names only what it may.

    `names` are further things that the message has to name. No therapy but the one of the step is ever named.
    """
    finding = taken.finding(rule)
    assert (finding.got, finding.expected) == (got, expected)
    assert finding.containers == tuple(containers)
    assert finding.message.endswith(".")
    for name in names if isinstance(names, list | tuple) else [names]:
        assert str(name) in finding.message
    own = taken.case.therapy
    shown = set(OURS.findall(json.dumps(finding.as_json())))
    assert {id_ for id_ in shown if id_.startswith("COI-")} <= ({own.coi} if own else set())
    assert set(finding.containers) <= set(own.containers if own else ())
