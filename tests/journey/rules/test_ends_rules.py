"""Places and ends: a position of its own, a disposition for what is left, a plan, files that are new."""

from typing import Any

from coi.journey.steps import Family
from tests.journey.rules.plays import Story, Taken, bags_of, begun
from tests.journey.rules.trials import trials

STAGE = Family.STAGE


def closing(*, spoken: bool, samples: bool = False) -> Taken:
    story = Story()
    coi, (dose,) = story.doses()
    if samples:
        (tube,) = story.labelled(coi, "retention", person="demo-operator")
        story.do("demo-operator", "sample.taken", [*bags_of(dose), ("label", tube)])
    keep = {"keep": [story.codes[dose].container]} if spoken else {}
    return story.take("demo-coordinator", "therapy.closed", coi=coi, values={"outcome": "died", **keep})


trials(
    globals(), "everything_living_has_a_disposition", STAGE,
    passes=("when_each_is_spoken_of_and_samples_are_kept", lambda: closing(spoken=True, samples=True)),
    speaks=("to_close_over_living_cells", lambda: closing(spoken=False)),
    got="1 living containers without a disposition", expected="a disposition for each",
)  # fmt: skip


def storing(*places: str) -> Taken:
    story = Story()
    _, bags = story.collected(bags=2)
    story.do("demo-nurse", "container.stored", [*bags_of(bags[0]), ("location", "T-1")])
    return story.take("demo-nurse", "container.stored", [*bags_of(bags[1]), *(("location", place) for place in places)])


trials(
    globals(), "position_is_free", STAGE,
    passes=("for_a_free_position", lambda: storing("T-2")),
    speaks=("a_position_that_is_taken", lambda: storing("T-1")),
    got=lambda taken: f"container {next(iter(taken.case.therapy.containers))}", expected="a free position",
)  # fmt: skip


def test_position_is_free_refuses_one_position_for_two():
    story = Story()
    _, bags = story.collected(bags=2)
    taken = story.take("demo-nurse", "container.stored", [*bags_of(*bags), ("location", "T-1")])
    assert taken.stops == {"position_is_free"}


def test_position_is_free_never_names_the_container_of_another_therapy():
    story = Story()
    _, (theirs,) = story.collected("MRN-2")
    story.do("demo-nurse", "container.stored", [*bags_of(theirs), ("location", "T-1")])
    _, (ours,) = story.collected("MRN-1")
    taken = story.take("demo-nurse", "container.stored", [*bags_of(ours), ("location", "T-1")])
    assert taken.finding("position_is_free").got == "a container of another therapy"


def planned(**values: Any) -> Taken:
    story, coi, _ = begun()
    return story.take("demo-coordinator", "plan.changed", coi=coi, values=values, reason="other")


trials(
    globals(), "plan_names_a_stage", STAGE,
    passes=("for_a_stage_of_the_pathway", lambda: planned(stage="bedside", site="demo-hospital")),
    speaks=("a_stage_that_it_has_not", lambda: planned(stage="moon", site="demo-hospital")),
    got="moon", expected="one of collection, outbound, manufacturing, release, inbound, bedside",
)  # fmt: skip


def test_plan_names_a_stage_refuses_a_change_of_nothing():
    assert planned(stage="bedside").stops == {"plan_names_a_stage"}


def attached(**values: Any) -> Taken:
    story, coi, _ = begun()
    story.do("demo-nurse", "document.attached", coi=coi, values={"kind": "certificate", "sha256": "a" * 64})
    return story.take("demo-nurse", "document.attached", coi=coi, values={"kind": "certificate", **values})


trials(
    globals(), "document_is_new", STAGE,
    passes=("for_another_file_that_supersedes_it", lambda: attached(sha256="b" * 64, supersedes="a" * 64)),
    speaks=("the_same_file_twice", lambda: attached(sha256="a" * 64)),
    got="a" * 64, expected="a file that is new here",
)  # fmt: skip
