"""What a newcomer meets first says what is true: make's words, the example in CONTRIBUTING, the pages at the root."""

import os
import re
import subprocess
from decimal import Decimal

import pytest

from coi.journey import rules
from coi.journey.rules import arrival
from coi.journey.steps import STEPS, storage
from tests.house.source import ROOT
from tests.journey.story import Story

WORDS = ("help", "setup", "run", "test", "soak", "check", "bench", "fix", "clean")


def said(*command: str) -> str:
    environ = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True).stdout


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_make_help_lists_every_word_with_what_it_does():
    lines = said("make", "help").splitlines()
    assert [line.split()[1] for line in lines] == list(WORDS)
    assert min(len(line.split()) for line in lines) > 4


@pytest.mark.parametrize("script", [".ci/run", ".ci/setup"])
def test_the_scripts_can_be_started_and_are_valid_shell(script):
    assert os.access(ROOT / script, os.X_OK)
    assert said("bash", "-n", script) == ""


def test_the_changelog_opens_with_what_is_not_yet_released():
    headings = re.findall(r"^## \[(.+?)\]", page("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"


def test_the_licence_is_the_one_that_the_package_states():
    assert "Apache License" in page("LICENSE")
    assert 'license = "Apache-2.0"' in page("pyproject.toml")


def test_the_example_in_contributing_works_when_its_three_pieces_stand_where_it_says(monkeypatch):
    row, rule, test = re.findall(r"```python\n# (\S+?)[,\n](.*?)```", page("CONTRIBUTING.md"), re.DOTALL)
    assert [row[0], rule[0], test[0]] == [
        "coi/journey/steps/storage.py", "coi/journey/rules/arrival.py", "tests/journey/test_weighing.py",
    ]  # fmt: skip
    made = eval(row[1].partition("\n")[2], dict(vars(storage)))
    assert made.kind not in STEPS
    names = vars(arrival) | {"Decimal": Decimal, "Story": Story}
    exec(rule[1].partition("\n")[2] + test[1], names)
    with pytest.raises(KeyError):  # without the row there is no such step
        names["test_a_container_that_weighs_nothing_is_held_and_one_that_weighs_something_is_not"]()
    monkeypatch.setitem(STEPS, made.kind, made)
    monkeypatch.setattr(rules, "RULES", (*rules.RULES, names["a_filled_container_weighs_something"]))
    names["test_a_container_that_weighs_nothing_is_held_and_one_that_weighs_something_is_not"]()
