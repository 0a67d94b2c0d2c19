"""The order of the coded reasons in a form: what is usual for the step first, and nothing lost."""

import re
import tomllib
from importlib import resources

import pytest

from coi.journey.steps import STEPS
from coi.web.choices import Option
from coi.web.reasons import USUAL, grouped

CRYO = tomllib.loads((resources.files("coi") / "pathways" / "car-t-cryo.toml").read_text())
ALL = [Option(code, text) for code, text in CRYO["reasons"].items()]


@pytest.mark.parametrize("kind", sorted(kind for kind, row in STEPS.items() if row.reason))
def test_a_step_that_needs_a_reason_has_usual_ones_that_the_shipped_pathways_know(kind):
    assert set(USUAL[kind]) <= {option.value for option in ALL}


@pytest.mark.parametrize("kind", ["handoff.refused", "handoff.accepted"])
def test_every_reason_stands_in_the_form_once(kind):
    shown = [option for _, options in grouped(kind, ALL) for option in options]
    assert sorted(option.value for option in shown) == sorted(option.value for option in ALL)


def test_a_reason_that_the_pathway_has_not_is_not_offered():
    assert grouped("hold.lifted", [Option("own", "Our own")]) == [("", [Option("own", "Our own")])]


def test_the_form_of_a_step_shows_the_usual_reasons_first(person, player):
    coi = player.enrol("MRN-1")
    page = person("demo-nurse").get(f"/steps/handoff.refused?therapy={coi}").text
    groups = re.findall(r'<optgroup label="([^"]+)">\s*<option value="([^"]+)"', page)
    assert groups[0] == ("Usual here", "count-differs")
    assert groups[1][0] == "Others"
