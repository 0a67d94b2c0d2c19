"""Stage: has everything happened that must come before?"""

from coi.journey.pathway import Pathway
from coi.journey.steps import Family
from tests.journey.rules.plays import bags_of, sent
from tests.journey.rules.saying import cautioned, passed, refused, says
from tests.journey.rules.trials import trials
from tests.journey.story import COURIERS, PLANT, Story, Taken, pathway_of, shipped, shipped_text

STAGE = Family.STAGE


# --- therapy_is_open


def closed():
    story = Story()
    coi, (bag,) = story.collected()
    story.do("demo-nurse", "container.discarded", [("container", bag)], reason="not-needed")
    story.do("demo-coordinator", "therapy.closed", coi=coi, values={"outcome": "withdrew"})
    return story, coi


def test_therapy_is_open_passes_while_it_is():
    story = Story()
    passed(
        story.take("demo-nurse", "container.planned", coi=story.enrol(), values={"purpose": "dose"}), "therapy_is_open"
    )


def test_therapy_is_open_refuses_a_further_step_of_a_closed_therapy():
    story, coi = closed()
    for kind, scans, values in (
        ("container.planned", [], {"purpose": "dose"}),
        ("patient.verified", [("wristband", "MRN-1")], {}),
        ("collection.started", [("wristband", "MRN-1")], {}),
    ):
        refused(story.take("demo-nurse", kind, scans, coi=coi, values=values), "therapy_is_open", STAGE)


def test_therapy_is_open_lets_the_cells_of_a_closed_therapy_be_saved():
    story = Story()
    coi, (dose,) = story.doses()
    tube = story.labelled(coi, "retention", person="demo-operator")[0]
    story.do("demo-operator", "sample.taken", [("container", dose), ("label", tube)])
    story.do("demo-operator", "container.discarded", [("container", dose)], reason="not-needed")
    story.do("demo-coordinator", "therapy.closed", coi=coi, values={"outcome": "died"})
    thing = [("container", tube)]
    passed(story.take("demo-operator", "container.stored", [*thing, ("location", "T")]), "therapy_is_open")
    passed(story.take("demo-operator", "container.discarded", thing, reason="not-needed"), "therapy_is_open")


def test_therapy_is_open_says_how_it_was_closed():
    story, coi = closed()
    taken = story.take("demo-nurse", "container.planned", coi=coi, values={"purpose": "dose"})
    says(taken, "therapy_is_open", got="a closed therapy", expected="an open therapy", names="withdrew")


# --- step_belongs_to_the_pathway


def test_step_belongs_to_the_pathway_passes_for_a_thaw_of_the_frozen_product():
    story = Story()
    _, (dose,) = story.at_bedside()
    passed(story.take("demo-infusion", "thaw.started", [("container", dose)]), "step_belongs_to_the_pathway")


def test_step_belongs_to_the_pathway_refuses_a_thaw_of_the_fresh_product():
    story = Story(pathway=shipped("car-t-fresh"))
    _, (dose,) = story.at_bedside()
    refused(story.take("demo-infusion", "thaw.started", [("container", dose)]), "step_belongs_to_the_pathway", STAGE)


def test_step_belongs_to_the_pathway_says_which_pathway():
    story = Story(pathway=shipped("car-t-fresh"))
    _, (dose,) = story.at_bedside()
    says(story.take("demo-infusion", "thaw.started", [("container", dose)]), "step_belongs_to_the_pathway",
         got="thaw.started", expected="a step of car-t-fresh", names=["car-t-fresh", "Start the thaw"])  # fmt: skip


# --- container_state_allows


def test_container_state_allows_passes_for_a_labelled_bag_at_the_chair():
    story = Story()
    coi = story.enrol()
    story.do("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    story.do("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    (bag,) = story.labelled(coi, "starting_material")
    passed(story.take("demo-nurse", "collection.completed", [("container", bag)]), "container_state_allows")


def test_container_state_allows_refuses_what_has_come_to_its_end():
    story = Story()
    _coi, (bag,) = story.at_bedside()
    thing = [("container", bag)]
    story.do("demo-infusion", "container.discarded", thing, reason="expired")
    for kind, person, scans, more in (
        ("infusion.checked", "demo-infusion", [("wristband", "MRN-1")], {}),
        ("thaw.started", "demo-infusion", [], {}),
        ("container.stored", "demo-infusion", [("location", "T")], {}),
        ("container.discarded", "demo-infusion", [], {"reason": "expired"}),
        ("handoff.offered", "demo-infusion", [], {"values": {"to": COURIERS}}),
    ):
        taken = story.take(person, kind, [*scans, *thing], **more)
        assert "container_state_allows" in taken.stops, kind
        assert taken.stops <= {"container_state_allows", "dose_is_the_one_due"}
    assert story.container(bag).place.kind == "gone"


def test_container_state_allows_refuses_a_second_thaw_and_a_second_start():
    story = Story()
    _, (dose,) = story.at_bedside()
    thing = [("container", dose)]
    story.do("demo-infusion", "thaw.started", thing)
    refused(story.take("demo-infusion", "thaw.started", thing), "container_state_allows", STAGE)
    story.checked("MRN-1", [dose])
    story.do("demo-infusion", "infusion.started", thing)
    refused(story.take("demo-infusion", "infusion.started", thing), "container_state_allows", STAGE)


def test_container_state_allows_refuses_a_label_on_what_is_used_up():
    story = Story()
    coi, _ = story.doses()
    bag = next(c for c in story.therapy(coi).containers.values() if c.state == "consumed")
    taken = story.take("demo-operator", "label.issued", values={"container": bag.id}, reason="label-lost")
    refused(taken, "container_state_allows", STAGE)


def test_container_state_allows_says_what_it_is_and_what_it_has_to_be():
    story = Story()
    _, (dose,) = story.at_bedside()
    story.do("demo-infusion", "thaw.started", [("container", dose)])
    id_ = story.codes[dose].container
    says(story.take("demo-infusion", "thaw.started", [("container", dose)]), "container_state_allows",
         got="thawing", expected="filled", containers=(id_,), names=[id_, "thawing"])  # fmt: skip


# --- what_has_to_be_scanned_was_scanned


def test_what_has_to_be_scanned_was_scanned_passes_for_a_whole_attempt():
    story = Story()
    _, (dose,) = story.at_bedside()
    taken = story.take("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), ("container", dose)])
    passed(taken, "what_has_to_be_scanned_was_scanned")


def test_what_has_to_be_scanned_was_scanned_refuses_an_attempt_without_its_scans():
    story = Story()
    coi, (dose,) = story.at_bedside()
    for kind, person, scans in (
        ("infusion.checked", "demo-infusion", [("container", dose)]),
        ("infusion.checked", "demo-infusion", [("wristband", "MRN-1")]),
        ("thaw.started", "demo-infusion", []),
        ("patient.verified", "demo-nurse", []),
        ("container.stored", "demo-infusion", [("container", dose)]),
        ("handoff.offered", "demo-infusion", []),
        ("handoff.accepted", "demo-infusion", []),
    ):
        values = {"to": COURIERS} if kind == "handoff.offered" else {}
        taken = story.take(person, kind, scans, coi=coi, values=values)
        assert "what_has_to_be_scanned_was_scanned" in taken.stops, kind
        assert not taken.done


def test_what_has_to_be_scanned_was_scanned_refuses_two_shippers():
    story = Story()
    _, (bag,) = story.collected()
    scans = [("shipper", story.charged()), ("shipper", story.charged()), ("container", bag)]
    refused(story.take("demo-nurse", "shipment.packed", scans), "what_has_to_be_scanned_was_scanned", STAGE)


def test_what_has_to_be_scanned_was_scanned_is_not_held_against_what_may_follow():
    story = Story()
    _, (dose,) = story.at_bedside()
    found = {step.row.kind: step for step in story.next("demo-infusion", dose)}
    assert found["infusion.checked"].allowed
    assert found["container.stored"].allowed


def test_what_has_to_be_scanned_was_scanned_says_what_to_scan():
    story = Story()
    coi, (dose,) = story.at_bedside()
    taken = story.take("demo-infusion", "infusion.checked", [("container", dose)])
    says(taken, "what_has_to_be_scanned_was_scanned", got="0 scans of a wristband", expected="1 to 1",
         names="Scan the patient's wristband.")  # fmt: skip
    taken = story.take("demo-infusion", "handoff.offered", coi=coi, values={"to": COURIERS})
    says(taken, "what_has_to_be_scanned_was_scanned", got="no scan", expected="a shipper or container")


# --- something_is_acted_on


def test_something_is_acted_on_passes_for_a_hold_of_the_whole_therapy():
    story = Story()
    coi, bags = story.collected(bags=2)
    (planned,) = story.plan(coi, "dose")
    taken = story.take("demo-quality", "hold.placed", coi=coi, reason="other")
    passed(taken, "something_is_acted_on")
    assert {c.id for c in story.therapy(coi).containers.values() if c.holds} == {
        *(story.codes[bag].container for bag in bags), planned
    }  # fmt: skip


def test_something_is_acted_on_refuses_a_hold_that_holds_nothing():
    story = Story()
    coi = story.enrol()
    refused(story.take("demo-quality", "hold.placed", coi=coi, reason="other"), "something_is_acted_on", STAGE)
    story.collected(coi=coi)
    unknown = story.take("demo-quality", "hold.placed", [("container", "CTR-?")], coi=coi, reason="other")
    refused(unknown, "something_is_acted_on", STAGE)


def test_something_is_acted_on_refuses_a_release_and_an_offer_of_nothing():
    story = Story()
    coi, _ = story.doses()
    refused(story.take("demo-quality", "containers.released", coi=coi), "something_is_acted_on", STAGE)
    scans = [("shipper", story.charged("demo-operator"))]
    taken = story.take("demo-operator", "handoff.offered", scans, coi=coi, values={"to": COURIERS})
    refused(taken, "something_is_acted_on", STAGE)


def test_something_is_acted_on_says_that_nothing_would_change():
    story = Story()
    taken = story.take("demo-quality", "hold.placed", coi=story.enrol(), reason="other")
    says(taken, "something_is_acted_on", got="no container", expected="at least one container", names="nothing would")


# --- patient_was_verified


def test_patient_was_verified_passes_after_the_wristband_was_scanned():
    story = Story()
    coi = story.enrol()
    story.do("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    taken = story.take("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    passed(taken, "patient_was_verified")


def test_patient_was_verified_refuses_a_collection_before():
    story = Story()
    taken = story.take("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=story.enrol())
    refused(taken, "patient_was_verified", STAGE)


def test_patient_was_verified_refuses_after_the_verification_was_annulled():
    story = Story()
    coi = story.enrol()
    entry = story.do("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi).entry.id
    for person in ("demo-quality", "demo-coordinator"):
        story.do(person, "entry.annulled", coi=coi, values={"entry": entry}, reason="recorded-in-error")
    taken = story.take("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    refused(taken, "patient_was_verified", STAGE)


def test_patient_was_verified_says_what_comes_first():
    story = Story()
    taken = story.take("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=story.enrol())
    says(taken, "patient_was_verified", got="no verification", expected="patient.verified before collection.started")


# --- collection_is_under_way


def collecting():
    story = Story()
    coi = story.enrol()
    story.do("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    bags = story.labelled(coi, "starting_material", 2)
    return story, coi, bags


def test_collection_is_under_way_passes_between_start_and_end_and_again_for_another_donation():
    story, coi, bags = collecting()
    for bag in bags:
        story.do("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
        passed(story.take("demo-nurse", "collection.completed", [("container", bag)]), "collection_is_under_way")
    donations = [story.container(bag).donation for bag in bags]
    assert len(set(donations)) == 2
    assert story.therapy(coi).donations == donations


def test_collection_is_under_way_refuses_an_end_without_a_start_and_a_second_start():
    story, coi, (bag, _) = collecting()
    refused(story.take("demo-nurse", "collection.completed", [("container", bag)]), "collection_is_under_way", STAGE)
    story.do("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    taken = story.take("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    refused(taken, "collection_is_under_way", STAGE)


def test_collection_is_under_way_says_which_donation_is_open():
    story, coi, (bag, _) = collecting()
    taken = story.take("demo-nurse", "collection.completed", [("container", bag)])
    says(taken, "collection_is_under_way", got="no open collection", expected="an open collection")
    story.do("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    taken = story.take("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    donation = story.therapy(coi).donation
    says(taken, "collection_is_under_way", got=f"open donation {donation}", expected="no open collection")


# --- shipper_is_ready


def test_shipper_is_ready_passes_for_a_charged_one():
    story = Story()
    _, (bag,) = story.collected()
    taken = story.take("demo-nurse", "shipment.packed", [("shipper", story.charged()), ("container", bag)])
    passed(taken, "shipper_is_ready")


def test_shipper_is_ready_refuses_to_pack_into_a_sealed_one_also_after_topping_it_up():
    story = Story()
    _, (bag, late) = story.collected(bags=2)
    shipper = story.packed([bag])
    for _ in range(2):
        taken = story.take("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", late)])
        refused(taken, "shipper_is_ready", STAGE)
        story.do("demo-nurse", "shipper.charged", [("shipper", shipper)])
    assert story.shipper(shipper).seals == ("token-S-1",)


def test_shipper_is_ready_cautions_about_a_seal_on_an_empty_one():
    story = Story()
    coi, _ = story.collected()
    scans = [("shipper", story.charged()), ("seal", "S-1")]
    cautioned(story.take("demo-nurse", "shipper.sealed", scans, coi=coi), "shipper_is_ready", STAGE)


def test_shipper_is_ready_says_what_is_wrong_with_it():
    story = Story()
    _, (bag, late) = story.collected(bags=2)
    shipper = story.packed([bag])
    taken = story.take("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", late)])
    says(taken, "shipper_is_ready", got="sealed", expected="charged", names=shipper)


# --- container_is_out_of_the_shipper


def arrived_but_not_unpacked():
    story = Story()
    _coi, (bag,) = story.collected()
    shipper = story.packed([bag])
    story.do("demo-nurse", "handoff.offered", [("shipper", shipper)], values={"to": PLANT})
    story.do("demo-operator", "handoff.accepted", [("shipper", shipper)])
    return story, bag, shipper


def test_container_is_out_of_the_shipper_passes_after_unpacking():
    story, bag, shipper = arrived_but_not_unpacked()
    story.do("demo-operator", "shipment.unpacked", [("shipper", shipper), ("container", bag)])
    passed(story.take("demo-operator", "lot.started", [("container", bag)]), "container_is_out_of_the_shipper")


def test_container_is_out_of_the_shipper_refuses_to_work_on_what_is_inside():
    story, bag, _ = arrived_but_not_unpacked()
    refused(story.take("demo-operator", "lot.started", [("container", bag)]), "container_is_out_of_the_shipper", STAGE)


def test_container_is_out_of_the_shipper_refuses_also_when_the_shipper_was_never_known():
    story = Story()
    _, (bag,) = story.collected()
    scans = [("shipper", "BOX-OF-SOMEBODY"), ("container", bag)]
    packed = story.take("demo-nurse", "shipment.packed", scans, tense="reported")
    assert packed.done
    assert story.container(bag).place.kind == "shipper"
    assert story.container(bag).holds
    taken = story.take("demo-nurse", "sample.taken", [("container", bag)])
    refused(taken, "container_is_out_of_the_shipper", STAGE)
    assert "an unknown shipper" in taken.verdict.stops[0].message


def test_container_is_out_of_the_shipper_says_inside_which():
    story, bag, shipper = arrived_but_not_unpacked()
    id_ = story.codes[bag].container
    says(story.take("demo-operator", "lot.started", [("container", bag)]), "container_is_out_of_the_shipper",
         got=f"inside shipper {shipper}", expected="unpacked", containers=(id_,), names=[id_, shipper])  # fmt: skip


# --- product_was_thawed


def test_product_was_thawed_passes_after_the_thaw_and_where_nothing_is_frozen():
    for name in ("car-t-cryo", "car-t-fresh"):
        story = Story(pathway=shipped(name))
        _, (dose,) = story.at_bedside()
        if story.pathway.needs_thaw:
            story.do("demo-infusion", "thaw.started", [("container", dose)])
        story.checked("MRN-1", [dose])
        passed(story.take("demo-infusion", "infusion.started", [("container", dose)]), "product_was_thawed")


def test_product_was_thawed_refuses_what_is_frozen():
    story = Story(pathway=without_windows())
    _, (dose,) = story.at_bedside()
    story.checked("MRN-1", [dose])
    refused(story.take("demo-infusion", "infusion.started", [("container", dose)]), "product_was_thawed", STAGE)


def without_windows() -> Pathway:
    """Return the shipped frozen pathway without any window, so that no clock speaks up before the rule does."""
    head, *windows = shipped_text("car-t-cryo").split("[[window]]")
    return pathway_of((head + windows[-1][windows[-1].index("[[doses]]") :]).encode())


def test_product_was_thawed_says_that_it_was_not():
    story = Story(pathway=without_windows())
    _, (dose,) = story.at_bedside()
    story.checked("MRN-1", [dose])
    id_ = story.codes[dose].container
    says(story.take("demo-infusion", "infusion.started", [("container", dose)]), "product_was_thawed",
         got="filled", expected="thawing", containers=(id_,), names=id_)  # fmt: skip


# --- no_dose_was_skipped


def first_dose_discarded():
    story = Story()
    _, (first, second) = story.at_bedside(count=2)
    story.do("demo-infusion", "container.discarded", [("container", first)], reason="bag-damaged")
    return story, second


def test_no_dose_was_skipped_passes_when_the_first_was_given():
    story = Story()
    _, (first, second) = story.at_bedside(count=2)
    story.infused("MRN-1", [first])
    passed(story.take("demo-infusion", "thaw.started", [("container", second)]), "no_dose_was_skipped")


def test_no_dose_was_skipped_cautions_when_the_first_can_never_be_given():
    story, second = first_dose_discarded()
    cautioned(story.take("demo-infusion", "thaw.started", [("container", second)]), "no_dose_was_skipped", STAGE)


def test_no_dose_was_skipped_cautions_when_the_first_was_never_even_planned():
    story = Story()
    _, (second,) = story.at_bedside(dose=2)
    cautioned(story.take("demo-infusion", "thaw.started", [("container", second)]), "no_dose_was_skipped", STAGE)


def test_no_dose_was_skipped_says_which():
    story, second = first_dose_discarded()
    id_ = story.codes[second].container
    says(story.take("demo-infusion", "thaw.started", [("container", second)]), "no_dose_was_skipped",
         got="dose 2 first", expected="dose 1 first", containers=(id_,), names=[id_, "dose 1 was never"])  # fmt: skip


# --- outputs_are_ready


def lot_under_way(count=1):
    story = Story()
    coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    story.do("demo-operator", "lot.started", [("container", bag)])
    return story, coi, bag, story.plan(coi, "dose", count, person="demo-operator")


def test_outputs_are_ready_passes_for_labelled_empty_containers():
    story, coi, bag, _ = lot_under_way()
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("label", dose)])
    passed(taken, "outputs_are_ready")


def test_outputs_are_ready_refuses_what_was_not_labelled():
    story, _, bag, (dose,) = lot_under_way()
    scans = [("container", bag), ("container", dose)]  # it is empty, so it is meant to come out
    refused(story.take("demo-operator", "containers.transformed", scans), "outputs_are_ready", STAGE)


def test_outputs_are_ready_refuses_nothing_in_or_nothing_out():
    story, coi, bag, _ = lot_under_way()
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    refused(story.take("demo-operator", "containers.transformed", [("container", bag)]), "outputs_are_ready", STAGE)
    taken = story.take("demo-operator", "containers.transformed", [("container", dose)])
    assert "outputs_are_ready" in taken.stops


def test_outputs_are_ready_refuses_what_is_full_already():
    story, coi, bag, _ = lot_under_way()
    (dose, _other) = story.labelled(coi, "dose", 2, person="demo-operator")
    values = {"consumed": False}
    scans = [("container", bag), ("label", dose)]
    story.do("demo-operator", "containers.transformed", scans, values=values)
    refused(story.take("demo-operator", "containers.transformed", scans, values=values), "outputs_are_ready", STAGE)


def test_outputs_are_ready_refuses_what_was_used_up():
    story, coi, bag, _ = lot_under_way()
    (dose, other) = story.labelled(coi, "dose", 2, person="demo-operator")
    story.do("demo-operator", "containers.transformed", [("container", bag), ("label", dose)])
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("label", other)])
    refused(taken, "outputs_are_ready", STAGE)


def test_outputs_are_ready_says_what_it_is():
    story, _, bag, (dose,) = lot_under_way()
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("container", dose)])
    says(taken, "outputs_are_ready", got="planned", expected="labelled", containers=(dose,), names=dose)


# --- lot_was_started


def test_lot_was_started_passes_within_a_lot():
    story, coi, bag, _ = lot_under_way()
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("label", dose)])
    passed(taken, "lot_was_started")
    assert story.container(dose).lot == taken.entry.values["lot"]


def test_lot_was_started_refuses_manufacturing_outside_of_any_lot():
    story = Story()
    coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    scans = [("container", bag), ("label", dose)]
    refused(story.take("demo-operator", "containers.transformed", scans), "lot_was_started", STAGE)


def test_lot_was_started_refuses_to_guess_between_two_lots():
    story, coi, bag, _ = lot_under_way()
    story.do("demo-operator", "lot.started", [("container", bag)])
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("label", dose)])
    refused(taken, "lot_was_started", STAGE)


def test_lot_was_started_says_that_there_is_none():
    story = Story()
    coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("label", dose)])
    says(taken, "lot_was_started", got="no open lot", expected="lot.started")


# --- plan_fits_the_therapy


def plan(story, **values):
    return story.take("demo-nurse", "container.planned", coi=story.enrol(), values=values)


def test_plan_fits_the_therapy_passes_for_a_dose_of_the_plan():
    passed(plan(Story(), purpose="dose", dose=2), "plan_fits_the_therapy")


def test_plan_fits_the_therapy_refuses_a_dose_that_is_not_planned_and_a_dose_that_is_no_dose():
    refused(plan(Story(), purpose="dose", dose=3), "plan_fits_the_therapy", STAGE)
    refused(plan(Story(), purpose="qc_sample", dose=1), "plan_fits_the_therapy", STAGE)


def test_plan_fits_the_therapy_says_which_doses_there_are():
    taken = plan(Story(), purpose="dose", dose=3)
    says(taken, "plan_fits_the_therapy", got="dose 3", expected="one of 1, 2 with purpose dose", names="dose 3")


# --- what the journeys that really happen added


def postponed(*, resumed: bool) -> Taken:
    story = Story()
    coi, (dose,) = story.at_bedside()
    story.do("demo-physician", "therapy.postponed", coi=coi, reason="patient-condition")
    if resumed:
        story.do("demo-physician", "therapy.resumed", coi=coi)
    return story.take("demo-infusion", "thaw.started", bags_of(dose))


trials(
    globals(), "therapy_is_not_postponed", STAGE,
    passes=("after_it_was_resumed", lambda: postponed(resumed=True)),
    speaks=("while_it_is", lambda: postponed(resumed=False)),
    got="a postponed therapy", expected="a therapy that goes on",
)  # fmt: skip


def test_therapy_is_not_postponed_lets_the_cells_be_saved():
    story = Story()
    coi, (dose,) = story.at_bedside()
    story.do("demo-physician", "therapy.postponed", coi=coi, reason="patient-condition")
    story.do("demo-infusion", "container.stored", [*bags_of(dose), ("location", "T")])


def stopped(logger: str) -> Taken:
    story, _, _, box = sent()
    story.do("demo-courier", "logger.started", [("shipper", box)], values={"logger": "L-1"})
    return story.take("demo-courier", "logger.stopped", [("shipper", box)], values={"logger": logger})


trials(
    globals(), "logger_is_the_one_running", Family.TEMPERATURE, stops=False, holds=True,
    passes=("for_the_one_that_was_started", lambda: stopped("L-1")),
    speaks=("about_another_one", lambda: stopped("L-2")),
    got="another logger", expected="the logger that was started",
)  # fmt: skip


def made(*, terminated: bool) -> Taken:
    story = Story()
    coi, (label,) = story.collected()
    story.moved([label], "demo-nurse", PLANT, "demo-operator")
    lot = story.do("demo-operator", "lot.started", bags_of(label)).entry.values["lot"]
    (out,) = story.labelled(coi, "dose", person="demo-operator")
    if terminated:
        story.do("demo-operator", "lot.terminated", coi=coi, reason="manufacturing-failed")
    return story.take("demo-operator", "containers.transformed", [*bags_of(label), ("label", out)], values={"lot": lot})


trials(
    globals(), "lot_is_open", STAGE,
    passes=("while_it_goes_on", lambda: made(terminated=False)),
    speaks=("a_lot_that_was_terminated", lambda: made(terminated=True)),
    got="a terminated lot", expected="a lot that goes on",
)  # fmt: skip


# --- it_is_in_store


def retrieved(*, stored):
    story = Story()
    coi, (bag,) = story.collected()
    if stored:
        story.do("demo-nurse", "container.stored", [("container", bag), ("location", "TANK-1")], coi=coi)
    return story.take("demo-nurse", "container.retrieved", [("container", bag)], coi=coi)


trials(
    globals(), "it_is_in_store", Family.STAGE, passes=("what_was_stored", lambda: retrieved(stored=True)),
    speaks=("what_is_in_hand", lambda: retrieved(stored=False)), got="hand",
    expected="a container in store", stops=False,
)  # fmt: skip
