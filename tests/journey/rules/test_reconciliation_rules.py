"""Reconciliation: one serial is one print, a reprint has its people, a destruction its witness, no label stays open."""

from itertools import product

import pytest

from coi.journey.steps import Family
from tests.journey.rules.plays import bags_of
from tests.journey.rules.saying import cautioned, passed, refused
from tests.journey.rules.trials import trials
from tests.journey.story import Story, Taken, pathway_of, shipped_text

STAGE, ID, SIGNATURE, COUNT = Family.STAGE, Family.IDENTITY, Family.SIGNATURE, Family.COUNT
OTHER = [("demo-operator", "verified")]


def strict(**changed: str) -> Story:
    """A story of the frozen pathway in which reprints have a second person and destroyed copies a witness."""
    asked = {"second_person": "true", "witness": "true", **changed}
    lines = "".join(f"{name} = {value}\n" for name, value in asked.items())
    text = shipped_text("car-t-cryo").replace("[labelling]\n", f"[labelling]\n{lines}")
    return Story(pathway=pathway_of(text.encode()))


def issued(story: Story) -> tuple[str, str, str]:
    """A planned bag with its first label: COI id, container, label."""
    coi = story.enrol()
    (id_,) = story.plan(coi, "starting_material")
    return coi, id_, story.label(id_)


# --- label_is_sent_once


def send(story: Story, coi: str, label: str) -> Taken:
    return story.take("demo-nurse", "label.sent", coi=coi, values={"label": label, "printer": "ward-3"})


def ended(story: Story, taken: Taken, state: str) -> None:
    values = {**taken.entry.values, "job": taken.entry.id, "state": state}
    story.system(taken.case, "print.ended", story.new_id(), values)


def sent_again(*, after: str) -> Taken:
    story = Story()
    coi, _, label = issued(story)
    ended(story, send(story, coi, label), after)
    return send(story, coi, label)


trials(
    globals(), "label_is_sent_once", STAGE,
    passes=("again_when_nothing_had_reached_the_printer", lambda: sent_again(after="failed")),
    speaks=("what_may_have_come_out", lambda: sent_again(after="unknown")),
    got="a label that was sent to ward-3", expected="a label that was never sent, or whose job failed",
)  # fmt: skip


def test_label_is_sent_once_refuses_what_a_printer_took():
    refused(sent_again(after="sent"), "label_is_sent_once", STAGE)


def test_label_is_sent_once_refuses_while_nobody_has_told_the_end_of_the_job():
    story = Story()
    coi, _, label = issued(story)
    assert send(story, coi, label).done
    assert story.therapy(coi).labels[label].sent == "unknown"
    refused(send(story, coi, label), "label_is_sent_once", STAGE)


def test_label_is_sent_once_refuses_a_label_that_is_on_its_container_or_gone():
    for how in ("label.applied", "label.voided", "label.returned"):
        story = Story()
        coi, _, label = issued(story)
        story.do("demo-nurse", how, [("label", label)], reason="not-needed")
        refused(send(story, coi, label), "label_is_sent_once", STAGE)


def test_label_is_sent_once_is_no_proof_that_the_label_is_on_its_container():
    story = Story()
    coi, id_, label = issued(story)
    ended(story, send(story, coi, label), "sent")
    assert story.therapy(coi).labels[label].state == "issued"
    assert story.therapy(coi).containers[id_].state == "planned"


# --- reprint_has_its_people


def reprinted(*signs: tuple[str, str], story: Story | None = None, position: str = "bag") -> Taken:
    told = story or strict()
    _, id_, _ = issued(told)
    values = {"container": id_, "position": position}
    return told.take("demo-nurse", "label.issued", values=values, reason="label-damaged", signs=signs)


trials(
    globals(), "reprint_has_its_people", SIGNATURE,
    passes=("with_the_signature_of_another", lambda: reprinted(*OTHER)),
    speaks=("without_any_signature", reprinted),
    got="no signature 'verified' of another person", expected="one signature 'verified' of another person",
)  # fmt: skip


def test_reprint_has_its_people_refuses_who_signs_for_the_own_reprint():
    refused(reprinted(("demo-nurse", "verified")), "reprint_has_its_people", SIGNATURE)


def test_reprint_has_its_people_refuses_another_meaning_and_a_stranger():
    for sign in (("demo-operator", "approved"), ("other-nurse", "verified")):
        refused(reprinted(sign), "reprint_has_its_people", SIGNATURE)


def test_reprint_has_its_people_lets_the_first_label_of_each_place_pass_and_asks_only_where_the_pathway_does():
    assert reprinted(position="tie_tag").done
    passed(reprinted(story=Story()), "reprint_has_its_people")


def test_reprint_has_its_people_refuses_to_be_got_round_by_voiding_first():
    story = strict()
    coi, id_, label = issued(story)
    story.do("demo-nurse", "label.voided", [("label", label)], reason="label-misprinted")
    taken = story.take("demo-nurse", "label.issued", coi=coi, values={"container": id_}, reason="label-misprinted")
    refused(taken, "reprint_has_its_people", SIGNATURE)
    taken = story.take("demo-nurse", "label.issued", coi=coi, values={"container": id_}, signs=OTHER)
    refused(taken, "label_is_needed", STAGE)


# --- destruction_has_a_witness


def declared(witness: str | None, *, kind: str = "label.voided", story: Story | None = None) -> Taken:
    told = story or strict()
    coi, _, label = issued(told)
    values = {"label": label, **({"destroyed": True} if kind == "label.voided" else {})}
    values |= {"witness": witness} if witness else {}
    return told.take("demo-nurse", kind, coi=coi, values=values, reason="label-misprinted")


trials(
    globals(), "destruction_has_a_witness", SIGNATURE,
    passes=("when_another_saw_it", lambda: declared("demo-quality")),
    speaks=("when_nobody_is_named", lambda: declared(None)),
    got="no witness", expected="another person",
)  # fmt: skip


def test_destruction_has_a_witness_refuses_the_person_itself_on_every_pathway():
    for story, kind in product((Story(), strict()), ("label.voided", "label.destroyed")):
        refused(declared("demo-nurse", kind=kind, story=story), "destruction_has_a_witness", SIGNATURE)


def test_destruction_has_a_witness_lets_a_scanned_copy_pass_and_asks_only_where_the_pathway_does():
    passed(declared(None, story=Story()), "destruction_has_a_witness")
    story = strict()
    _, _, label = issued(story)
    taken = story.take("demo-nurse", "label.voided", [("label", label)], reason="label-misprinted")
    passed(taken, "destruction_has_a_witness")


# --- what may be destroyed or returned


def out_of_use(kind: str, *before: str) -> Taken:
    story = Story()
    _, _, label = issued(story)
    for step in before:
        story.do("demo-nurse", step, [("label", label)], reason="not-needed")
    return story.take("demo-nurse", kind, [("label", label)], reason="not-needed")


trials(
    globals(), "label_can_be_destroyed", STAGE,
    passes=("when_its_voided_copy_is_still_there", lambda: out_of_use("label.destroyed", "label.voided")),
    speaks=("while_it_is_on_its_container", lambda: out_of_use("label.destroyed", "label.applied")),
    got="applied", expected="an issued, returned or voided label",
)  # fmt: skip
trials(
    globals(), "label_can_be_returned", STAGE,
    passes=("when_it_was_never_used", lambda: out_of_use("label.returned")),
    speaks=("once_it_was_applied", lambda: out_of_use("label.returned", "label.applied")),
    got="applied", expected="an issued label",
)  # fmt: skip


# --- labels_are_accounted_for


def packed(*after: str, kind: str = "label") -> Taken:
    """A second label is printed for the only bag; what becomes of it is told, then the bag is packed."""
    story = Story()
    _, (bag,) = story.collected()
    spare = story.label(story.codes[bag].container or "", reason="label-misprinted")
    for step in after:
        story.do("demo-nurse", step, [(kind, spare)], reason="not-needed")
    return story.take("demo-nurse", "shipment.packed", [("shipper", story.charged()), *bags_of(bag)])


trials(
    globals(), "labels_are_accounted_for", ID,
    passes=("when_the_spare_one_was_returned", lambda: packed("label.returned")),
    speaks=("while_one_is_missing", packed),
    got="1 open label(s)", expected="every label applied, destroyed or returned",
)  # fmt: skip


def test_labels_are_accounted_for_passes_whatever_became_of_the_spare_one():
    for fate in (("label.voided",), ("label.destroyed",), ("label.returned", "label.destroyed")):
        passed(packed(*fate), "labels_are_accounted_for")


def test_labels_are_accounted_for_says_which_label_is_open_and_whose_it_is():
    finding = packed().finding("labels_are_accounted_for")
    assert "LBL-" in finding.message
    assert len(finding.containers) == 1


def closed(*, voided: bool, asked: str = '["therapy.closed"]') -> Taken:
    text = shipped_text("car-t-cryo")
    start = text.index("reconciled_before")
    text = text[:start] + f"reconciled_before = {asked}" + text[text.index("\n", start) :]
    story = Story(pathway=pathway_of(text.encode()))
    coi, id_, label = issued(story)
    if voided:
        story.do("demo-nurse", "label.voided", [("label", label)], reason="label-misprinted")
    story.do("demo-nurse", "container.discarded", bags_of(id_), reason="not-needed")
    return story.take("demo-coordinator", "therapy.closed", coi=coi, values={"outcome": "withdrew"})


def test_labels_are_accounted_for_refuses_to_close_the_therapy_while_one_is_missing():
    refused(closed(voided=False), "labels_are_accounted_for", ID)
    passed(closed(voided=True), "labels_are_accounted_for")


def test_labels_are_accounted_for_cautions_at_the_end_where_the_pathway_asks_for_nothing():
    cautioned(closed(voided=False, asked="[]"), "labels_are_accounted_for", COUNT)


def test_labels_are_accounted_for_refuses_a_release_while_a_label_of_the_lot_is_missing():
    story = Story()
    coi, (dose,) = story.doses()
    (tube,) = story.plan(coi, "qc_sample", person="demo-operator")
    label = story.label(tube, person="demo-operator", position="tube")
    story.do("demo-operator", "sample.taken", [("container", dose), ("label", label)])
    assert story.container(tube).lot == story.container(dose).lot
    spare = story.label(tube, person="demo-operator", reason="label-misprinted")
    refused(story.take("demo-quality", "containers.released", bags_of(dose)), "labels_are_accounted_for", ID)
    story.do("demo-operator", "label.destroyed", coi=coi, values={"label": spare}, reason="label-misprinted")
    passed(story.take("demo-quality", "containers.released", bags_of(dose)), "labels_are_accounted_for")


@pytest.mark.parametrize("step", ["container.stored", "handoff.offered", "container.discarded"])
def test_labels_are_accounted_for_never_keeps_cells_from_being_saved(step):
    story = Story()
    _, (bag,) = story.collected()
    story.label(story.codes[bag].container or "", reason="label-misprinted")
    scans = [*bags_of(bag), *([("location", "T-1")] if step == "container.stored" else [])]
    values = {"to": "demo-courier-co"} if step == "handoff.offered" else {}
    assert story.take("demo-nurse", step, scans, values=values, reason="not-needed").done
