"""Rules of places and ends: a position of its own, a disposition for what is left, a plan, new files."""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem
from coi.journey.derive import samples_left
from coi.journey.steps import Family

_STAGE = Family.STAGE


def everything_living_has_a_disposition(case: Case) -> Iterator[Problem]:
    """A therapy is closed when the closing says for every container with cells what is to become of it."""
    if case.kind != "therapy.closed" or case.therapy is None:
        return
    told = [id_ for name in ("discard", "give_back", "keep") for id_ in case.attempt.values.get(name, ())]
    twice = sorted({id_ for id_ in told if told.count(id_) > 1})
    if twice:
        message = "A container has one disposition: discarded, given back or kept."
        yield Problem(_STAGE, message, f"two dispositions of {', '.join(twice)}", "one disposition each", tuple(twice))
    spoken = set(told)
    spoken |= {container.id for container in samples_left(case.therapy)}
    left = tuple(c.id for c in case.therapy.containers.values() if c.living and c.id not in spoken)
    if left:
        yield Problem(
            _STAGE,
            f"{len(left)} container(s) still hold cells: {', '.join(left)}. "
            "Say for each whether it is to be discarded, given back or kept.",
            f"{len(left)} living containers without a disposition",
            "a disposition for each",
            left,
        )


def position_is_free(case: Case) -> Iterator[Problem]:
    """Each stored container has a position of its own."""
    if case.kind != "container.stored":
        return
    locations = [scan.subject for scan in case.attempt.scanned("location")]
    if len(case.containers) != len(set(locations)):
        yield Problem(
            _STAGE,
            "Scan one position for each container, in the same order.",
            f"{len(set(locations))} position(s) for {len(case.containers)} container(s)",
            "as many positions as containers",
        )
    mine = {container.id for container in case.containers}
    for holder in sorted({case.taken[place] for place in locations if place and place in case.taken}):
        if holder not in mine:
            ours = case.therapy is not None and holder in case.therapy.containers
            what = f"container {holder}" if ours else "a container of another therapy"
            yield Problem(_STAGE, f"The position is taken by {what}; scan a free one.", what, "a free position")


def plan_names_a_stage(case: Case) -> Iterator[Problem]:
    """The plan is about a stage of the pathway and says a time or a site."""
    if case.kind != "plan.changed" or case.pathway is None:
        return
    stages = [stage.id for stage in case.pathway.stages]
    stage = case.attempt.values.get("stage", "")
    if stage not in stages:
        yield Problem(_STAGE, f"The pathway has no stage {stage}.", stage, f"one of {', '.join(stages)}")
    if not {"at", "site"} & case.attempt.values.keys():
        yield Problem(_STAGE, "Say when or where it is expected now.", "neither", "a time or a site")


def document_is_new(case: Case) -> Iterator[Problem]:
    """A file is attached to a therapy once; what it supersedes is one of the therapy's documents."""
    if case.kind != "document.attached" or case.therapy is None:
        return
    values = case.attempt.values
    if values.get("sha256") in case.therapy.documents:
        yield Problem(_STAGE, "This file is attached already.", values["sha256"], "a file that is new here")
    older = values.get("supersedes")
    if older is not None and older not in case.therapy.documents:
        yield Problem(_STAGE, "The document to supersede is not one of this therapy's.", older, "one of its documents")
    about = values.get("about")
    if about is not None and about not in case.therapy.kinds:
        yield Problem(_STAGE, "This therapy has no such entry.", f"entry {about}", "an entry of this therapy")


RULES = (
    everything_living_has_a_disposition,
    position_is_free,
    plan_names_a_stage,
    document_is_new,
)
