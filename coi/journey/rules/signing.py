"""Signing rules: have as many different people signed as must, each with the meaning and the standing that it takes?"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity, Signed
from coi.journey.steps import PAPER, Family, Meaning, Signing

_SIGNATURE = Family.SIGNATURE


def signed_as_it_must_be(case: Case) -> Iterator[Problem]:
    """Each meaning that the row asks for is signed by as many people as it says, and nobody signs twice."""
    if case.attempt.on_paper:
        return  # a paper record has its own signatures, below
    for signing in case.row.signatures:
        able = signers(case, signing)
        if len(able) < signing.count:
            yield Problem(
                _SIGNATURE,
                f"{len(able)} of {signing.count} signature(s) '{_words(signing)}' are there, "
                f"of {_whose(case, signing)}.",
                f"{len(able)} signature(s)",
                f"{signing.count} signature(s) '{_words(signing)}'",
            )
    yield from _twice(case)


def signers(case: Case, signing: Signing) -> set[str]:
    """Return who has signed as `signing` asks for."""
    return {signed.person for signed in case.attempt.signed if _may(case, signing, signed)}


def _words(signing: Signing) -> str:
    return signing.meaning.value.replace("_", " ")


def _may(case: Case, signing: Signing, signed: Signed) -> bool:
    if signed.meaning is not signing.meaning:
        return False
    if signing.by == "actor":
        return signed.person == case.attempt.performer
    held = {
        organisation: roles for organisation, roles in signed.grants.items() if organisation in _where(case, signing)
    }
    return any(signing.who is None or roles & signing.who for roles in held.values())


def _where(case: Case, signing: Signing) -> frozenset[str]:
    """Return the organisations of which somebody may sign."""
    if signing.by == "to":
        return frozenset({case.attempt.values.get("site", "")})
    if signing.by == "site":
        return frozenset({case.therapy.site} if case.therapy else ())
    return frozenset(case.therapy.parties if case.therapy else ()) | {case.attempt.actor.site}


def _whose(case: Case, signing: Signing) -> str:
    if signing.by == "actor":
        return f"{case.attempt.performer}, who performs it"
    roles = ", ".join(sorted(signing.who)) if signing.who else "somebody"
    return f"{roles} of {' or '.join(sorted(_where(case, signing)))}"


def _twice(case: Case) -> Iterator[Problem]:
    people = [signed.person for signed in case.attempt.signed]
    if len(set(people)) < len(people):
        twice = sorted({person for person in people if people.count(person) > 1})
        yield Problem(_SIGNATURE, "Nobody signs the same step twice.", ", ".join(twice), "different people")


def copied_by(case: Case) -> dict[Meaning, str]:
    """Return who stands for the copy of a paper record with which meaning: people of the therapy's parties only."""
    return {signed.meaning: signed.person for signing in PAPER for signed in case.attempt.signed
            if _may(case, signing, signed)}  # fmt: skip


def paper_was_copied_by_two(case: Case) -> Iterator[Problem]:
    """What was written on paper is copied by one, compared with the paper by another, and comes with the sheet."""
    if not case.attempt.on_paper:
        return
    there = copied_by(case)
    lacking = [_words(signing) for signing in PAPER if signing.meaning not in there]
    lacking += [] if case.attempt.documents else ["the photographed sheet"]
    if lacking:
        yield Problem(
            _SIGNATURE,
            f"A paper record was entered without {', '.join(lacking)}.",
            f"without {', '.join(lacking)}",
            "transcribed by one, checked against paper by another, with the sheet",
            severity=Severity.CAUTION,
        )
    yield from _twice(case)


def acknowledged_by_its_performer(case: Case) -> Iterator[Problem]:
    """What was entered in somebody's name is acknowledged by that person, once."""
    if case.kind != "entry.acknowledged" or case.therapy is None:
        return
    target, person = case.attempt.values.get("entry", ""), case.attempt.actor.person
    act = case.therapy.acts.get(target)
    performers = act.performers if act else ()
    if person not in performers:
        yield Problem(
            Family.STAGE,
            "This entry does not name you as its performer.",
            person,
            ", ".join(performers) or "an entry that was reported in your name",
        )
    elif person in case.therapy.acknowledged.get(target, ()):
        yield Problem(Family.STAGE, "You have acknowledged this entry already.", person, "once")


RULES = (
    signed_as_it_must_be,
    paper_was_copied_by_two,
    acknowledged_by_its_performer,
)
