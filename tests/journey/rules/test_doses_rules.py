"""Doses: is it the one that is due, in its order and its time, and thawed?"""

from coi.journey.steps import Family
from tests.journey.rules.plays import Taken, bags_of, split
from tests.journey.rules.trials import trials

ID, STAGE, CLOCK = Family.IDENTITY, Family.STAGE, Family.CLOCK


def second_thaw(*, first_given: bool) -> Taken:
    story, _, (cd8, cd4, *_) = split()
    story.do("demo-infusion", "thaw.started", bags_of(cd8))
    if first_given:
        story.checked("MRN-1", [cd8])
        story.do("demo-infusion", "infusion.started", bags_of(cd8))
        story.do("demo-infusion", "infusion.completed", bags_of(cd8))
    return story.take("demo-infusion", "thaw.started", bags_of(cd4))


trials(
    globals(), "one_container_at_a_time", STAGE,
    passes=("when_the_one_before_was_given", lambda: second_thaw(first_given=True)),
    speaks=("while_another_one_thaws", lambda: second_thaw(first_given=False)),
    got="2 containers", expected="one container",
)  # fmt: skip


def first_infused(number: int) -> Taken:
    story, _, serials = split()
    meant = serials[number]
    story.do("demo-infusion", "thaw.started", bags_of(meant))
    story.checked("MRN-1", [meant])
    return story.take("demo-infusion", "infusion.started", bags_of(meant))


trials(
    globals(), "components_are_in_order", ID,
    passes=("for_cd8", lambda: first_infused(0)),
    speaks=("cd4_before_cd8", lambda: first_infused(1)),
    got="cd4 first", expected="cd8 first",
)  # fmt: skip


def after(days: float) -> Taken:
    story, _, (cd8, cd4, second, _) = split()
    for vial in (cd8, cd4):
        story.infused("MRN-1", [vial])
    story.wait(days=days)
    return story.take("demo-infusion", "thaw.started", bags_of(second))


trials(
    globals(), "dose_is_in_its_time", CLOCK,
    passes=("on_its_day", lambda: after(9)),
    speaks=("before_its_day", lambda: after(3)),
    got=lambda taken: f"{taken.case.at:%Y-%m-%d %H:%M:%S} UTC",
    expected=lambda taken: "not before " + taken.finding("dose_is_in_its_time").message[:-1].partition("from ")[2],
)  # fmt: skip


def test_dose_is_in_its_time_refuses_it_when_it_is_too_late():
    assert after(12).stops == {"dose_is_in_its_time"}
