"""Collection: does it go on, has it a product, and is every container accounted for?"""

from coi.journey.steps import Family
from tests.journey.rules.plays import BAND, Taken, bags_of, begun
from tests.journey.rules.trials import trials

STAGE, COUNT = Family.STAGE, Family.COUNT


def completed(*, paused: bool) -> Taken:
    story, coi, serials = begun()
    story.do("demo-nurse", "collection.paused", coi=coi, reason="second-day")
    if not paused:
        story.do("demo-nurse", "collection.resumed", [BAND], coi=coi)
    return story.take("demo-nurse", "collection.completed", bags_of(*serials), coi=coi)


trials(
    globals(), "collection_is_not_paused", STAGE,
    passes=("after_it_was_resumed", lambda: completed(paused=False)),
    speaks=("while_it_is_paused", lambda: completed(paused=True)),
    got="a paused collection", expected="one that goes on",
)  # fmt: skip


def test_collection_is_not_paused_refuses_to_resume_what_goes_on():
    story, coi, _ = begun()
    assert story.take("demo-nurse", "collection.resumed", [BAND], coi=coi).stops == {"collection_is_not_paused"}


def ended(*, filled: bool) -> Taken:
    story, coi, serials = begun(1)
    if filled:
        story.do("demo-nurse", "container.filled", bags_of(*serials), coi=coi)
    return story.take("demo-nurse", "collection.completed", coi=coi)


trials(
    globals(), "collection_has_a_product", STAGE,
    passes=("when_the_bag_was_filled_before", lambda: ended(filled=True)),
    speaks=("an_end_without_anything", lambda: ended(filled=False)),
    got="no filled container", expected="at least one",
)  # fmt: skip


def of_two(*filled: int) -> Taken:
    story, coi, serials = begun(2)
    return story.take("demo-nurse", "collection.completed", bags_of(*(serials[i] for i in filled)), coi=coi)


trials(
    globals(), "planned_containers_are_accounted_for", COUNT, stops=False, holds=False,
    passes=("when_every_bag_was_filled", lambda: of_two(0, 1)),
    speaks=("about_the_bag_that_stayed_empty", lambda: of_two(0)),
    got="1 unaccounted", expected="each filled or unused",
)  # fmt: skip
