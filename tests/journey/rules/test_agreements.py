"""Every agreement that a row declares, one by one: that pair is wrong, and the rule that holds it speaks up.

`PLAYS` has one short play for each agreement, for any step that declares it. Whether it stops is the row's word.
"""

from collections.abc import Callable
from functools import cache
from random import Random

import pytest

from coi.journey.attempt import Severity
from coi.journey.identity import RefType, mint
from coi.journey.rules import AGREEMENTS
from coi.journey.steps import STEPS, Agree, Purpose, State, StepKind
from tests.journey.rules.plays import HOSPITAL, PLANT, Story, bags_of
from tests.journey.story import Taken

PAIRS = [(row.kind, pair) for row in STEPS.values() for pair in row.agree]
ALWAYS_STOPS = {("container.discarded", Agree.THERAPY)}  # what cannot be undone, though saving cells is never stopped
WHO = {"nurse": "demo-nurse", "operator": "demo-operator", "infusion": "demo-infusion", "quality": "demo-quality",
       "courier": "demo-courier", "receiver": "demo-receiver", "physician": "demo-physician"}  # fmt: skip


@cache
def world() -> tuple[Story, dict[str, str]]:
    """Two patients; the first with two doses at the ward, an empty container of each purpose, and a shipper."""
    story = Story()
    _, (theirs,) = story.collected("MRN-2")
    coi, bags = story.collected("MRN-1", 3)
    used, spare, third = bags
    box, their_box = story.packed([spare, third]), story.packed([theirs])
    story.moved([used], "demo-nurse", PLANT, "demo-operator")
    story.do("demo-operator", "lot.started", bags_of(used))
    doses = story.labelled(coi, "dose", 2, person="demo-operator")
    story.do("demo-operator", "containers.transformed", [*bags_of(used), *(("label", dose) for dose in doses)])
    story.moved(doses, "demo-operator", HOSPITAL, "demo-infusion")
    id_ = story.codes[doses[0]].container or ""
    voided = story.label(id_, person="demo-infusion", reason="label-damaged")
    story.do("demo-infusion", "label.voided", [("label", voided)], reason="label-misprinted")
    empty = {purpose.value: story.labelled(coi, purpose.value)[0] for purpose in Purpose}
    return story, {"coi": coi, "theirs": theirs, "first": doses[0], "second": doses[1], "voided": voided, "id": id_,
                   "spare": spare, "box": box, "their_box": their_box, **empty}  # fmt: skip


def may(row: StepKind, scans: list[tuple[str, str]], **more: object) -> Taken:
    story, things = world()
    person = next(WHO[role] for role in sorted(row.who) if role in WHO)
    needed = {"handoff.offered": {"to": PLANT}, "container.adopted": {"purpose": "dose"}}.get(row.kind, {})
    values = {**needed, **more.pop("values", {})}  # type: ignore[dict-item]
    return story.may(person, row.kind, scans, coi=things["coi"], values=values, **more)


def wristband(row: StepKind, _: dict[str, str]) -> Taken:
    return may(row, [("wristband", "MRN-2")])


def therapy(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, bags_of(things["theirs"]))


def purpose(row: StepKind, things: dict[str, str]) -> Taken:
    allowed = row.purposes if row.purposes is not None else row.makes or frozenset()
    wrong = (
        things["first"] if Purpose.DOSE not in allowed else things[next(p.value for p in Purpose if p not in allowed)]
    )
    if row.purposes is not None:
        return may(row, bags_of(wrong))
    return may(row, [*bags_of(things["first"]), ("label", wrong)])


def label(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, [("label", things["dose"]), *bags_of(things["first"])])


def label_in_force(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, bags_of(things["voided"]))


def one_therapy(row: StepKind, things: dict[str, str]) -> Taken:
    if row.kind == "shipment.packed":
        return may(row, [("shipper", things["their_box"]), *bags_of(things["first"])])
    return may(row, [("shipper", things["box"]), ("shipper", things["their_box"])])


def seal(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, [("shipper", things["box"]), ("seal", "S-9")])


def packed(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, [("shipper", things["box"]), *bags_of(things["spare"])])


def offered(row: StepKind, _: dict[str, str]) -> Taken:
    story = Story()
    _coi, bags = story.collected(bags=2)
    story.do("demo-nurse", "handoff.offered", bags_of(*bags), values={"to": PLANT})
    return story.may("demo-receiver", row.kind, bags_of(bags[0]))


def lot(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, bags_of(things["first"]), values={"lot": mint(RefType.LOT, choose=Random(1).choice)})


def dose(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, bags_of(things["second"]))


def release(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, bags_of(things["first"]))


def checks(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, bags_of(things["first"]))


def other_labels(row: StepKind, things: dict[str, str]) -> Taken:
    scans = [("label", things["dose"]), ("label", things["voided"])]
    return may(row, scans, values={"container": things["id"]})


def location(row: StepKind, things: dict[str, str]) -> Taken:
    return may(row, [("location", "T-9")], values={"container": things["id"]})


PLAYS: dict[Agree, Callable[[StepKind, dict[str, str]], Taken]] = {
    Agree.WRISTBAND: wristband, Agree.THERAPY: therapy, Agree.PURPOSE: purpose, Agree.LABEL: label,
    Agree.LABEL_IN_FORCE: label_in_force, Agree.ONE_THERAPY: one_therapy, Agree.SEAL: seal, Agree.OFFERED: offered,
    Agree.PACKED: packed, Agree.LOT: lot, Agree.DOSE: dose, Agree.RELEASE: release, Agree.CHECKS: checks,
    Agree.OTHER_LABELS: other_labels, Agree.LOCATION: location,
}  # fmt: skip


def test_every_agreement_has_its_play():
    assert set(PLAYS) == set(Agree)
    assert len(PAIRS) > 60


@pytest.mark.parametrize(("kind", "pair"), PAIRS, ids=[f"{kind}: {pair}" for kind, pair in PAIRS])
def test_a_pair_that_does_not_agree_is_found_and_weighs_what_the_row_says(kind, pair):
    row = STEPS[kind]
    taken = PLAYS[pair](row, world()[1])
    rule = AGREEMENTS[pair].__name__
    found = [finding for finding in taken.verdict.findings if finding.rule == rule]
    assert found, sorted(taken.rules)
    stops = found[0].family in row.stops or (kind, pair) in ALWAYS_STOPS
    assert found[0].severity is (Severity.STOP if stops else Severity.CAUTION)
    assert taken.verdict.allowed is False or not stops


# --- identity stops label, pack, transform, thaw and infuse in every state

IDENTIFYING = ["label.applied", "shipment.packed", "containers.transformed", "thaw.started", "infusion.started"]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", IDENTIFYING)
def test_a_mismatch_of_identity_stops_the_step_in_every_state_of_the_container(kind, state, monkeypatch):
    story, things = world()
    real = Story.therapy

    def with_state(self: Story, coi: str) -> object:
        found = real(self, coi)
        for container in found.containers.values():
            container.state = state
        return found

    monkeypatch.setattr(Story, "therapy", with_state)
    own = ("label", things["dose"]) if kind == "label.applied" else ("container", things["first"])
    for wrong in (("container", things["theirs"]), ("wristband", "MRN-2")):
        person = next(WHO[role] for role in sorted(STEPS[kind].who) if role in WHO)
        taken = story.may(person, kind, [own, wrong], coi=things["coi"])
        stops = {finding.rule for finding in taken.verdict.stops if finding.family == "identity"}
        assert stops & {"container_is_this_therapys", "wristband_is_this_patients"}, (kind, state, wrong)
        assert not taken.verdict.allowed
