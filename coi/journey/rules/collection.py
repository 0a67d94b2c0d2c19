"""Collection rules: was the patient verified, does it go on, is every container accounted for?"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.steps import EMPTY, Family

_STAGE = Family.STAGE


def patient_was_verified(case: Case) -> Iterator[Problem]:
    """A collection starts after the patient was verified against the wristband."""
    if case.kind == "collection.started" and case.therapy is not None and case.therapy.verified is None:
        yield Problem(
            _STAGE,
            "The patient has not been verified yet; scan the wristband first.",
            "no verification",
            "patient.verified before collection.started",
        )


_OF_AN_OPEN_COLLECTION = frozenset(
    {"container.filled", "collection.completed", "collection.paused", "collection.resumed", "collection.aborted"}
)


def collection_is_under_way(case: Case) -> Iterator[Problem]:
    """A collection is filled, paused, ended or aborted once it was started, and not started twice at a time."""
    if case.therapy is None:
        return
    if case.kind in _OF_AN_OPEN_COLLECTION and case.therapy.donation is None:
        yield Problem(_STAGE, "No collection is under way; start it first.", "no open collection", "an open collection")
    if case.kind == "collection.started" and case.therapy.donation is not None:
        yield Problem(
            _STAGE,
            "A collection is under way already; complete it first.",
            f"open donation {case.therapy.donation}",
            "no open collection",
        )


def collection_is_not_paused(case: Case) -> Iterator[Problem]:
    """What was paused is resumed before it goes on, with the wristband scanned again; it is not paused twice."""
    if case.therapy is None or case.therapy.donation is None:
        return
    if case.kind in ("container.filled", "collection.completed", "collection.paused") and case.therapy.paused:
        yield Problem(_STAGE, "The collection is paused; resume it first.", "a paused collection", "one that goes on")
    if case.kind == "collection.resumed" and not case.therapy.paused:
        yield Problem(_STAGE, "The collection is not paused.", "a collection that goes on", "a paused collection")


def collection_has_a_product(case: Case) -> Iterator[Problem]:
    """A completed collection filled something; what ends without a product is aborted."""
    if case.kind != "collection.completed" or case.therapy is None or case.containers:
        return
    if not any(c.donation == case.therapy.donation for c in case.therapy.containers.values() if case.therapy.donation):
        yield Problem(
            _STAGE,
            "Scan the container that was filled; a collection without a product is aborted instead.",
            "no filled container",
            "at least one",
        )


def planned_containers_are_accounted_for(case: Case) -> Iterator[Problem]:
    """At the end of a collection and of the therapy every planned container was filled, or is unused on record."""
    if case.kind not in ("collection.completed", "collection.aborted", "therapy.closed") or case.therapy is None:
        return
    filled = {container.id for container in case.containers}
    left = tuple(c.id for c in case.therapy.containers.values() if c.state in EMPTY and c.id not in filled)
    if left:
        yield Problem(
            Family.COUNT,
            f"{len(left)} planned container(s) were not filled: {', '.join(left)}. Discard them as unused.",
            f"{len(left)} unaccounted",
            "each filled or unused",
            left,
            Severity.CAUTION,
        )


RULES = (
    patient_was_verified,
    collection_is_under_way,
    collection_is_not_paused,
    collection_has_a_product,
    planned_containers_are_accounted_for,
)
