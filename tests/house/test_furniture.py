"""What a newcomer meets first says what is true: make's words, the example in CONTRIBUTING, the pages at the root."""

import os
import re
import subprocess
from decimal import Decimal
from types import FunctionType

import pytest

from coi.journey import fold, steps
from coi.journey.rules import safety
from tests.house.source import ROOT

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


@pytest.fixture
def example():
    """The names that the blocks of CONTRIBUTING.md define when they stand where they say."""
    row, rule, tests = re.findall(r"```python\n# (\S+?)[,\n](.*?)```", page("CONTRIBUTING.md"), re.DOTALL)
    assert [row[0], rule[0], tests[0]] == [
        "coi/journey/steps.py",
        "coi/journey/rules/safety.py",
        "tests/journey/test_weighing.py",
    ]
    names = vars(safety) | {"Decimal": Decimal}
    expression = row[1].partition("\n")[2]
    names["row"] = eval(expression, dict(vars(steps)))
    exec(rule[1] + tests[1], names)
    return names


@pytest.fixture
def case(example):
    class Attempt:
        row = example["row"]

        def __init__(self, values):
            self.values = values

    def made(kind, **values):
        assert kind == example["row"].kind
        read = {each.name: each.read(values[each.name]) for each in example["row"].values}
        return safety.Case(attempt=Attempt(read), therapy=None, pathway=None, shipper=None, at=None)

    return made


def test_the_example_in_contributing_is_a_new_kind_of_step_and_its_tests_pass(example, case):
    tests = {
        name: each for name, each in example.items() if name.startswith("test_") and isinstance(each, FunctionType)
    }
    assert len(tests) == 2
    for each in tests.values():
        each(case)
    assert example["row"].kind not in steps.STEPS
    assert re.search(r'`"container\.weighed": effects\.(\w+)`', page("CONTRIBUTING.md"))[1] in vars(fold.effects)
