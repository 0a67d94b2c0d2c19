"""Every pair of identifiers that the registry says must agree is held: a step that breaks just one is told so.

For each kind there is a scene in which everything agrees, and for each agreement a way to break it. The step goes
through in its scene and, once the agreement is broken, the rule of that agreement speaks up and that of no other does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from coi.journey.attempt import Severity
from coi.journey.rules import AGREEMENTS
from coi.journey.steps import STEPS, Agree
from tests.journey.story import COURIERS, PLANT, Story, Taken, Text, shipped

PAIRS = [(row.kind, agree) for row in STEPS.values() for agree in row.agree]
KINDS = sorted({kind for kind, _ in PAIRS})
# a bag of somebody else is not thrown away, although discarding is never stopped otherwise
STOPPED_ANYWAY = {("container.discarded", Agree.THERAPY)}
# nobody can have checked what cannot be infused at all
BROKEN_TOO = {("infusion.started", Agree.PURPOSE): {Agree.CHECKS}}
BAND = ("wristband", "MRN-1")
TWO = (("demo-nurse", "performed"), ("demo-infusion", "verified"))


@dataclass
class Scene:
    """A step that could be taken now; `spare` are further labels or shippers that a break may use."""

    story: Story
    coi: str
    person: str
    scans: list[Text]
    more: dict[str, Any] = field(default_factory=dict)
    spare: list[str] = field(default_factory=list)

    def take(self, kind: str) -> Taken:
        """Take the step as the scene says."""
        return self.story.take(self.person, kind, self.scans, coi=self.coi, **self.more)

    def without(self, role: str) -> list[Text]:
        """Return the scans of the other roles."""
        return [scan for scan in self.scans if scan[0] != role]

    def scanned(self, role: str) -> list[str]:
        """Return what is scanned in `role`."""
        return [text for own, text in self.scans if own == role]


# --- scenes in which everything agrees


def verification() -> Scene:
    story = Story()
    return Scene(story, story.enrol(), "demo-nurse", [BAND])


def application() -> Scene:
    story = Story()
    coi = story.enrol()
    first, second = story.plan(coi, "starting_material", 2)
    return Scene(story, coi, "demo-nurse", [("label", story.label(first))], spare=[second])


def re_identification() -> Scene:
    story = Story()
    coi, bags = story.collected(bags=2)
    labels = [_further_labels(story, bag) for bag in bags]
    for number, bag in enumerate(bags):
        story.do("demo-nurse", "container.stored", [("container", bag), ("location", f"T-{number}")])
    scans = [*(("label", label) for label in labels[0]), ("location", "T-0")]
    more = {
        "values": {"container": story.codes[bags[0]].container},
        "signs": [*TWO, ("demo-quality", "approved")],
        "reason": "label-damaged",
    }
    return Scene(story, coi, "demo-nurse", scans, more, labels[1])


def _further_labels(story: Story, bag: str) -> list[str]:
    serials = []
    for position in ("cassette", "certificate"):
        values = {"container": story.codes[bag].container, "position": position}
        serials.append(story.do("demo-nurse", "label.issued", values=values).entry.values["label"])
        story.do("demo-nurse", "label.applied", [("label", serials[-1])])
    return serials


def adoption() -> Scene:
    story = Story()
    more = {"values": {"purpose": "starting_material"}, "signs": TWO}
    return Scene(story, story.enrol(), "demo-nurse", [("container", "W1234"), BAND], more)


def at_the_chair() -> Scene:
    """A verified patient, nothing begun."""
    scene = verification()
    scene.story.do("demo-nurse", "patient.verified", [BAND], coi=scene.coi)
    return scene


def under_way() -> Scene:
    """A collection that goes on, with an empty labelled bag."""
    scene = at_the_chair()
    (bag,) = scene.story.labelled(scene.coi, "starting_material")
    scene.story.do("demo-nurse", "collection.started", [BAND], coi=scene.coi)
    scene.scans, scene.more = [BAND, ("container", bag)], {}
    return scene


def aborted() -> Scene:
    scene = under_way()
    scene.scans, scene.more = scene.without("wristband"), {"reason": "collection-failed"}
    return scene


def paused() -> Scene:
    scene = under_way()
    scene.story.do("demo-nurse", "collection.paused", coi=scene.coi, reason="second-day")
    scene.scans = [BAND]
    return scene


def collected() -> Scene:
    """A filled bag in the nurse's hands."""
    story = Story()
    coi, (bag,) = story.collected()
    return Scene(story, coi, "demo-nurse", [("container", bag)])


def packing() -> Scene:
    scene = collected()
    scene.scans.append(("shipper", scene.story.charged()))
    return scene


def sealed() -> Scene:
    """Two bags in a sealed shipper, all of it scanned."""
    story = Story()
    coi, bags = story.collected(bags=2)
    shipper = story.packed(bags, seal="S-1")
    scans = [("shipper", shipper), ("seal", "S-1"), *(("container", bag) for bag in bags)]
    return Scene(story, coi, "demo-nurse", scans)


def sealed_only() -> Scene:
    scene = sealed()
    scene.scans = scene.without("container")
    return scene


def on_offer() -> Scene:
    scene = sealed()
    scene.story.do("demo-nurse", "handoff.offered", scene.scans[:2], values={"to": COURIERS})
    scene.person = "demo-courier"
    return scene


def offering() -> Scene:
    scene = collected()
    scene.more = {"values": {"to": COURIERS}}
    return scene


def transfer() -> Scene:
    scene = sealed()
    scene.scans = [scene.scans[0], ("shipper", scene.story.charged())]
    scene.more = {"signs": TWO, "reason": "carrier-changed"}
    return scene


def storing() -> Scene:
    scene = collected()
    scene.scans.append(("location", "T-1"))
    return scene


def discarding() -> Scene:
    scene = collected()
    scene.more = {"reason": "not-needed"}
    return scene


def missing() -> Scene:
    scene = collected()
    scene.story.do("demo-nurse", "container.lost", scene.scans)
    return scene


def rescuing() -> Scene:
    scene = collected()
    (rescue,) = scene.story.labelled(scene.coi, "rescue")
    scene.scans.append(("label", rescue))
    scene.more = {"signs": TWO, "reason": "bag-damaged"}
    return scene


def sampling() -> Scene:
    scene = collected()
    (tube,) = scene.story.labelled(scene.coi, "qc_sample")
    scene.scans.append(("label", tube))
    return scene


def at_the_plant() -> Scene:
    """Two bags at the manufacturer, one of them scanned."""
    story = Story()
    coi, (bag, other) = story.collected(bags=2)
    story.moved([bag, other], "demo-nurse", PLANT, "demo-operator")
    return Scene(story, coi, "demo-operator", [("container", bag)], spare=[other])


def making() -> Scene:
    scene = at_the_plant()
    scene.story.do("demo-operator", "lot.started", scene.scans)
    (dose,) = scene.story.labelled(scene.coi, "dose", person="demo-operator")
    scene.scans.append(("label", dose))
    return scene


def made() -> Scene:
    scene = making()
    scene.story.do("demo-operator", "containers.transformed", scene.scans)
    scene.person, scene.scans = "demo-quality", [("container", text) for text in scene.scanned("label")]
    return scene


def asking() -> Scene:
    scene = made()
    scene.person = "demo-physician"
    scene.more = {"signs": [("demo-physician", "performed")], "reason": "no-alternative"}
    return scene


def frozen() -> Scene:
    """Two frozen doses on the ward, the first of them scanned."""
    return _on_the_ward(Story())


def fresh() -> Scene:
    return _on_the_ward(Story(pathway=shipped("car-t-fresh")))


def _on_the_ward(story: Story) -> Scene:
    coi, (first, second) = story.at_bedside(count=2)
    return Scene(story, coi, "demo-infusion", [BAND, ("container", first)], spare=[second])


def thawing() -> Scene:
    scene = frozen()
    scene.story.do("demo-infusion", "thaw.started", scene.scans)
    scene.scans = scene.without("wristband")
    return scene


def checked() -> Scene:
    scene = fresh()
    scene.story.checked("MRN-1", scene.scanned("container"))
    return scene


def infusing() -> Scene:
    scene = checked()
    scene.story.do("demo-infusion", "infusion.started", scene.scans)
    return scene


def interrupted() -> Scene:
    scene = infusing()
    scene.story.do("demo-infusion", "infusion.interrupted", scene.without("wristband"), reason="patient-condition")
    return scene


SCENES: dict[str, Callable[[], Scene]] = {
    "patient.verified": verification,
    "label.applied": application,
    "container.reidentified": re_identification,
    "container.adopted": adoption,
    "collection.started": at_the_chair,
    "collection.completed": under_way,
    "container.filled": under_way,
    "collection.resumed": paused,
    "collection.aborted": aborted,
    "shipment.packed": packing,
    "shipment.unpacked": sealed,
    "seal.verified": sealed_only,
    "shipment.transferred": transfer,
    "handoff.offered": offering,
    "handoff.accepted": on_offer,
    "container.stored": storing,
    "container.retrieved": collected,
    "container.discarded": discarding,
    "contents.transferred": rescuing,
    "container.found": missing,
    "lot.started": at_the_plant,
    "containers.transformed": making,
    "sample.taken": sampling,
    "containers.released": made,
    "release.requested": asking,
    "thaw.started": frozen,
    "infusion.checked": frozen,
    "infusion.started": checked,
    "infusion.completed": infusing,
    "thaw.completed": thawing,
    "infusion.resumed": interrupted,
}


# --- ways to break one agreement


def another_patient(scene: Scene) -> None:
    scene.story.enrol("MRN-2")
    scene.scans = [*scene.without("wristband"), ("wristband", "MRN-2")]


def bag_of_another_therapy(scene: Scene) -> None:
    _, (foreign,) = scene.story.collected("MRN-2")
    scene.scans.append(("container", foreign))


def empty_dose_bag(scene: Scene) -> None:
    (dose,) = scene.story.labelled(scene.coi, "dose")
    scene.scans = [*scene.without("container"), ("container", dose)]


def label_of_a_purpose_that_is_not_made(scene: Scene) -> None:
    (wrong,) = scene.story.labelled(scene.coi, "starting_material", person="demo-operator")
    scene.scans = [*scene.without("label"), ("label", wrong)]


def sample_tube(scene: Scene) -> None:
    (tube,) = scene.story.labelled(scene.coi, "qc_sample", person="demo-operator")
    source = ("container", scene.scanned("container")[0])
    scene.story.do("demo-operator", "sample.taken", [source, ("label", tube)])
    scene.scans.append(("container", tube))


def label_of_another_container(scene: Scene) -> None:
    scene.more = {"values": {"container": scene.spare[0]}}


def voided_label(scene: Scene) -> None:
    (old,) = scene.scanned("container")
    new = scene.story.label(scene.story.codes[old].container or "", person=scene.person, reason="label-damaged")
    scene.story.do(scene.person, "label.applied", [("label", new)])
    values = {"label": old, "destroyed": True}
    scene.story.do(scene.person, "label.voided", coi=scene.coi, values=values, reason="label-damaged")


def shipper_with_another_therapy(scene: Scene) -> None:
    _, (foreign,) = scene.story.collected("MRN-2")
    box = ("shipper", scene.scanned("shipper")[-1])
    scene.story.do("demo-nurse", "shipment.packed", [box, ("container", foreign)])


def another_seal(scene: Scene) -> None:
    scene.scans = [*scene.without("seal"), ("seal", "S-2")]


def one_bag_less(scene: Scene) -> None:
    scene.scans = scene.scans[:-1]


def bag_that_was_not_in_the_lot(scene: Scene) -> None:
    scene.scans.append(("container", scene.spare[0]))


def lot_that_it_was_not_made_in(scene: Scene) -> None:
    lot = scene.story.do("demo-operator", "lot.started", [("container", scene.spare[0])]).entry.values["lot"]
    scene.more = {"values": {"lot": lot}}


def second_dose_first(scene: Scene) -> None:
    scene.scans = [*scene.without("container"), ("container", scene.spare[0])]


def second_dose_that_was_due_when_it_was_checked(scene: Scene) -> None:
    first = [("container", code) for code in scene.scanned("container")]
    scene.story.do("demo-infusion", "container.lost", first)
    scene.story.checked("MRN-1", scene.spare)
    scene.story.do("demo-infusion", "container.found", first)
    second_dose_first(scene)


def revoked_release(scene: Scene) -> None:
    things = [("container", code) for code in scene.scanned("container")]
    scene.story.do("demo-quality", "release.revoked", things, reason="out-of-specification")


def stale_checks(scene: Scene) -> None:
    scene.story.wait(minutes=31)


def labels_of_another_bag(scene: Scene) -> None:
    scene.scans = [*scene.without("label"), *(("label", label) for label in scene.spare)]


def another_location(scene: Scene) -> None:
    scene.scans = [*scene.without("location"), ("location", "T-1")]


BREAKS: dict[Agree | tuple[str, Agree], Callable[[Scene], None]] = {
    Agree.WRISTBAND: another_patient,
    Agree.THERAPY: bag_of_another_therapy,
    Agree.PURPOSE: sample_tube,
    ("collection.completed", Agree.PURPOSE): empty_dose_bag,
    ("container.filled", Agree.PURPOSE): empty_dose_bag,
    ("collection.aborted", Agree.PURPOSE): empty_dose_bag,
    ("containers.transformed", Agree.PURPOSE): label_of_a_purpose_that_is_not_made,
    ("contents.transferred", Agree.PURPOSE): label_of_a_purpose_that_is_not_made,
    ("sample.taken", Agree.PURPOSE): label_of_a_purpose_that_is_not_made,
    Agree.LABEL: label_of_another_container,
    Agree.LABEL_IN_FORCE: voided_label,
    Agree.ONE_THERAPY: shipper_with_another_therapy,
    Agree.SEAL: another_seal,
    Agree.OFFERED: one_bag_less,
    Agree.PACKED: one_bag_less,
    ("containers.transformed", Agree.LOT): bag_that_was_not_in_the_lot,
    ("containers.released", Agree.LOT): lot_that_it_was_not_made_in,
    Agree.DOSE: second_dose_first,
    ("infusion.started", Agree.DOSE): second_dose_that_was_due_when_it_was_checked,
    Agree.RELEASE: revoked_release,
    Agree.CHECKS: stale_checks,
    Agree.OTHER_LABELS: labels_of_another_bag,
    Agree.LOCATION: another_location,
}


def break_of(kind: str, agree: Agree) -> Callable[[Scene], None] | None:
    return BREAKS.get((kind, agree), BREAKS.get(agree))


def rules_of(agreements: set[Agree]) -> set[str]:
    return {AGREEMENTS[agree].__name__ for agree in agreements}


def test_every_agreement_has_its_rule():
    assert set(AGREEMENTS) == set(Agree)


def test_no_pair_of_the_registry_lacks_a_scenario_and_no_scenario_its_pair():
    assert [pair for pair in PAIRS if pair[0] not in SCENES or break_of(*pair) is None] == []
    assert set(SCENES) == set(KINDS)
    used = {(kind, agree) if (kind, agree) in BREAKS else agree for kind, agree in PAIRS}
    assert set(BREAKS) == used


@pytest.mark.parametrize("kind", KINDS)
def test_where_everything_agrees_no_rule_of_an_agreement_speaks(kind):
    taken = SCENES[kind]().take(kind)
    assert taken.done, [finding.message for finding in taken.verdict.stops]
    assert taken.rules & rules_of(set(Agree)) == set()


@pytest.mark.parametrize(("kind", "agree"), PAIRS, ids=[f"{kind}-{agree.name.lower()}" for kind, agree in PAIRS])
def test_a_pair_that_does_not_agree_is_told_by_its_rule_and_by_no_other(kind, agree):
    scene, breaks = SCENES[kind](), break_of(kind, agree)
    breaks(scene)
    taken = scene.take(kind)
    rule = AGREEMENTS[agree].__name__
    found = [finding for finding in taken.verdict.findings if finding.rule == rule]
    assert found, sorted(taken.rules)
    stops = found[0].family in STEPS[kind].stops or (kind, agree) in STOPPED_ANYWAY
    assert {finding.severity for finding in found} == {Severity.STOP if stops else Severity.CAUTION}
    assert taken.done is not stops
    assert taken.rules & rules_of(set(Agree)) == {rule} | rules_of(BROKEN_TOO.get((kind, agree), set()))
