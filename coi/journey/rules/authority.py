"""Authority rules: what the roles do not settle. Who has none of the step's roles never comes as far as a rule."""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem
from coi.journey.entry import Tense
from coi.journey.steps import Family


def asker_performs_it(case: Case) -> Iterator[Problem]:
    """What is asked for is performed by the one who asks, so that nobody can act or check in another's name."""
    others = [person for person in case.attempt.performed_by if person != case.attempt.actor.person]
    if case.attempt.tense is Tense.ASKED and others:
        yield Problem(
            Family.AUTHORITY,
            "A step that is asked for is performed by the one who asks.",
            ", ".join(others),
            case.attempt.actor.person,
        )


def it_may_be_reported(case: Case) -> Iterator[Problem]:
    """Labels, releases, bedside checks and lifted holds are asked for beforehand; telling of them later is too late."""
    if case.attempt.tense is Tense.REPORTED and not case.row.reported_by:
        yield Problem(
            Family.AUTHORITY,
            f"'{case.row.title}' can never be reported afterwards; it has to be asked for.",
            Tense.REPORTED.value,
            Tense.ASKED.value,
        )


RULES = (asker_performs_it, it_may_be_reported)
