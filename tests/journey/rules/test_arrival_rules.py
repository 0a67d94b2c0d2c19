"""Arrival: damage, broken seals, what was missing, a kit, and whether the shipper still keeps its temperature."""

from typing import Any

from coi.journey.steps import Family
from tests.journey.rules.plays import BAND, COURIERS, Story, Taken, bags_of, sent
from tests.journey.rules.trials import trials

TEMPERATURE = Family.TEMPERATURE


def looked(kind: str, **values: Any) -> Taken:
    story = Story()
    _, (label,) = story.collected()
    return story.take("demo-nurse", kind, bags_of(label), values=values)


trials(
    globals(), "damage_is_looked_at", TEMPERATURE, stops=False, holds=True,
    passes=("where_nothing_is_broken", lambda: looked("handoff.offered", to=COURIERS)),
    speaks=("about_a_leak", lambda: looked("container.damaged", damage="leak")),
    got="leak", expected="an intact container",
)  # fmt: skip


def test_damage_is_looked_at_cautions_about_a_seal_that_customs_broke():
    story, _, label, box = sent()
    taken = story.take("demo-courier", "seal.broken", [("shipper", box), ("seal", "S-1")], reason="customs")
    assert taken.finding("damage_is_looked_at").containers == (story.codes[label].container,)
    assert story.container(label).holds


def test_damage_is_looked_at_cautions_about_what_was_missing_and_was_found():
    story = Story()
    _, (label,) = story.collected()
    for kind in ("container.lost", "container.found"):
        assert "damage_is_looked_at" in story.take("demo-nurse", kind, bags_of(label)).rules


def with_kit(condition: str) -> Taken:
    story = Story()
    coi = story.enrol()
    story.do("demo-nurse", "kit.received", coi=coi, values={"condition": condition})
    story.do("demo-nurse", "patient.verified", [BAND], coi=coi)
    return story.take("demo-nurse", "collection.started", [BAND], coi=coi)


trials(
    globals(), "kit_was_intact", TEMPERATURE, stops=False, holds=False,
    passes=("for_an_intact_one", lambda: with_kit("intact")),
    speaks=("about_a_damaged_one", lambda: with_kit("damaged")),
    got="a damaged kit", expected="an intact kit",
)  # fmt: skip


def late(*, topped_up: bool) -> Taken:
    story, _, _, box = sent()
    story.wait(hours=239)
    if topped_up:
        story.do("demo-courier", "shipper.topped_up", [("shipper", box)], values={"hold_hours": 100})
    story.wait(hours=3)
    return story.take("demo-courier", "handoff.offered", [("shipper", box)], values={"to": "demo-plant"})


trials(
    globals(), "shipper_still_cools", TEMPERATURE, stops=False, holds=False,
    passes=("after_it_was_topped_up", lambda: late(topped_up=True)),
    speaks=("after_its_hours", lambda: late(topped_up=False)),
    got=lambda taken: f"{taken.case.at:%Y-%m-%d %H:%M:%S} UTC",
    expected=lambda taken: (
        "not after "
        + taken.finding("shipper_still_cools").message.partition("until ")[2].partition(" only")[0]
    ),
)  # fmt: skip
