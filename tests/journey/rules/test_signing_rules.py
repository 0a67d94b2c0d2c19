"""Signing: have as many people signed as must, and stand the performers by what was entered for them?"""

from coi.journey.steps import Family
from tests.journey.rules.plays import NURSES, WARD, Story, Taken, bags_of
from tests.journey.rules.trials import trials

SIGNATURE, STAGE = Family.SIGNATURE, Family.STAGE
BOUND = {"values": {"issuer": "demo-hospital", "kind": "mrn", "value": "7"}}


def bound(signs: list[tuple[str, str]]) -> Taken:
    story = Story()
    return story.take("demo-nurse", "identifier.bound", coi=story.enrol(), signs=signs, **BOUND)


trials(
    globals(), "signed_as_it_must_be", SIGNATURE,
    passes=("with_two_people", lambda: bound(NURSES)),
    speaks=("one_who_signs_alone", lambda: bound(NURSES[:1])),
    got="0 signature(s)", expected="1 signature(s) 'verified'",
)  # fmt: skip


def test_signed_as_it_must_be_refuses_the_same_person_twice():
    taken = bound([("demo-nurse", "performed"), ("demo-nurse", "verified")])
    assert taken.stops == {"signed_as_it_must_be"}
    assert any(finding.got == "demo-nurse" for finding in taken.verdict.findings)


def test_signed_as_it_must_be_refuses_a_stranger():
    assert bound([NURSES[0], ("other-nurse", "verified")]).stops == {"signed_as_it_must_be"}


def test_signed_as_it_must_be_refuses_anybody_but_the_performer_as_performer():
    assert bound([("demo-operator", "performed"), ("demo-quality", "verified")]).stops == {"signed_as_it_must_be"}


def test_signed_as_it_must_be_refuses_a_re_identification_without_quality():
    story = Story()
    _, (label,) = story.at_bedside()
    id_ = story.codes[label].container
    taken = story.take("demo-infusion", "container.reidentified", coi=story.codes[label].therapy, signs=WARD,
                       values={"container": id_}, reason="label-damaged")  # fmt: skip
    assert "signed_as_it_must_be" in taken.stops


COPIED = [("demo-nurse", "transcribed"), ("demo-physician", "checked_against_paper")]


def paper(signs: list[tuple[str, str]], documents: tuple[str, ...] = ("sheet",)) -> Taken:
    story = Story()
    _, (label,) = story.at_bedside()
    return story.take("demo-nurse", "container.damaged", bags_of(label), tense="reported", at=story.now,
                      values={"damage": "leak"}, signs=signs, documents=documents)  # fmt: skip


trials(
    globals(), "paper_was_copied_by_two", SIGNATURE, stops=False,
    passes=("a_sheet_that_two_people_compared", lambda: paper(COPIED)),
    speaks=("a_sheet_that_nobody_compared", lambda: paper(COPIED[:1])),
    got="without checked against paper",
    expected="transcribed by one, checked against paper by another, with the sheet",
)  # fmt: skip


def acknowledged(person: str) -> Taken:
    story = Story()
    coi, (label,) = story.at_bedside()
    entry = story.take("demo-nurse", "container.damaged", bags_of(label), tense="reported", at=story.now,
                       values={"damage": "leak"}, performed_by=("demo-infusion",)).entry.id  # fmt: skip
    return story.take(person, "entry.acknowledged", coi=coi, values={"entry": entry})


trials(
    globals(), "acknowledged_by_its_performer", STAGE,
    passes=("the_one_who_is_named", lambda: acknowledged("demo-infusion")),
    speaks=("somebody_else", lambda: acknowledged("demo-infusion-2")),
    got="demo-infusion-2", expected="demo-infusion",
)  # fmt: skip
