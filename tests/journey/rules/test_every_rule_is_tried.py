"""Every rule has a test that passes, one that it refuses and one that it says why, and those tests need the rule."""

import importlib
from collections.abc import Callable

import pytest

from coi.journey import rules
from coi.journey.rules import RULES

MODULES = (
    "identity", "labelling", "doses", "authority", "custody", "stage", "collection", "ends", "safety", "arrival",
    "signing", "correction", "reconciliation",
)  # fmt: skip
FOUND: dict[str, Callable[[], None]] = {
    name: test
    for family in MODULES
    for name, test in vars(importlib.import_module(f"tests.journey.rules.test_{family}_rules")).items()
    if name.startswith("test_")
}
NAMES = [rule.__name__ for rule in RULES]
OTHER_WAYS = ("lets", "never", "does", "disputes", "is")  # further tests of a rule, beside the three


def trials_of(rule: str, *ways: str) -> list[str]:
    return [name for name in FOUND for way in ways if name.startswith(f"test_{rule}_{way}_")]


def test_no_rule_stands_twice_in_the_list():
    assert len(set(NAMES)) == len(NAMES) == len(set(RULES))


def test_every_module_of_rules_is_asked():
    listed = [rule for family in MODULES for rule in vars(rules)[family].RULES]
    assert sorted(rule.__name__ for rule in listed) == sorted(NAMES)


@pytest.mark.parametrize("rule", NAMES)
def test_a_rule_is_seen_to_pass_to_speak_up_and_to_say_why(rule):
    assert trials_of(rule, "passes")
    assert trials_of(rule, "refuses", "cautions")
    assert trials_of(rule, "says")


@pytest.mark.parametrize("rule", NAMES)
def test_a_rule_explains_itself_in_a_sentence(rule):
    said = next(found for found in RULES if found.__name__ == rule).__doc__
    assert said is not None
    assert said.strip().endswith(".")


def test_there_is_no_test_of_a_rule_that_is_no_more():
    orphans = [
        name
        for name in FOUND
        if not any(name in trials_of(rule, "passes", "refuses", "cautions", "says", *OTHER_WAYS) for rule in NAMES)
    ]
    assert orphans == []


@pytest.mark.parametrize("rule", NAMES)
def test_without_the_rule_its_tests_fail(rule, monkeypatch):
    """What is refused without the rule too shows nothing about it."""
    monkeypatch.setattr(rules, "RULES", tuple(found for found in RULES if found.__name__ != rule))
    for name in trials_of(rule, "refuses", "cautions", "says"):
        with pytest.raises(AssertionError):
            FOUND[name]()
