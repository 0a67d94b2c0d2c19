"""Identity: the wrong bag, the wrong patient, the wrong dose, the wrong lot, the wrong shipper."""

from dataclasses import replace

from coi.journey.attempt import ResolvedScan
from coi.journey.steps import Family
from tests.journey.rules.plays import BAND, WARD, bags_of
from tests.journey.rules.saying import cautioned, passed, refused, says
from tests.journey.rules.trials import trials
from tests.journey.story import COURIERS, PLANT, Story, Taken, pathway_of, shipped, shipped_text

ID = Family.IDENTITY


# --- signed_label_is_believed


def offered_with(*texts):
    story = Story()
    coi, (bag,) = story.collected()
    return story.take("demo-nurse", "handoff.offered", [("container", text) for text in (bag, *texts)], coi=coi,
                      values={"to": "demo-courier-co"})  # fmt: skip


def test_signed_label_is_believed_passes_for_labels_that_the_log_knows():
    passed(offered_with(), "signed_label_is_believed")


def test_signed_label_is_believed_refuses_a_step_with_one_that_is_not():
    for judged in ("altered", "forged", "retired", "not_in_log", "contradicts"):
        taken = offered_with(f"COI1:{judged}")
        refused(taken, "signed_label_is_believed", ID)
        assert "codes_are_known" not in taken.rules  # one thing is said once


def test_signed_label_is_believed_says_what_is_wrong_with_it():
    says(offered_with("COI1:forged"), "signed_label_is_believed", got="a label that is forged",
         expected="a genuine label that the log knows")  # fmt: skip


# --- codes_are_known


def test_codes_are_known_passes_for_what_was_issued_here():
    story = Story()
    coi = story.enrol()
    taken = story.take("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    passed(taken, "codes_are_known")


def test_codes_are_known_refuses_a_wristband_that_names_nobody():
    story = Story()
    coi = story.enrol()
    refused(story.take("demo-nurse", "patient.verified", [("wristband", "MRN-9")], coi=coi), "codes_are_known", ID)


def test_codes_are_known_refuses_a_bedside_check_of_an_unknown_wristband():
    story = Story()
    _, (dose,) = story.at_bedside()
    taken = story.take("demo-infusion", "infusion.checked", [("wristband", "MRN-9"), ("container", dose)])
    refused(taken, "codes_are_known", ID)


def test_codes_are_known_lets_a_shippers_own_code_in_when_it_is_charged():
    story = Story()
    passed(story.take("demo-nurse", "shipper.charged", [("shipper", "BOX-7")]), "codes_are_known")


def test_codes_are_known_says_which_role_was_not_known():
    story = Story()
    coi = story.enrol()
    taken = story.take("demo-nurse", "patient.verified", [("wristband", "MRN-9")], coi=coi)
    says(taken, "codes_are_known", names="wristband", expected="the wristband of this therapy",
         got="a code that names nothing of ours, or several patients")  # fmt: skip


# --- scans_fit_their_roles


def test_scans_fit_their_roles_passes_for_a_wristband_as_a_wristband():
    story = Story()
    coi = story.enrol()
    taken = story.take("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    passed(taken, "scans_fit_their_roles")


def test_scans_fit_their_roles_refuses_a_bag_as_a_wristband():
    story = Story()
    coi, (bag,) = story.collected()
    taken = story.take("demo-nurse", "collection.started", [("wristband", bag)], coi=coi)
    refused(taken, "scans_fit_their_roles", ID)


def test_scans_fit_their_roles_refuses_a_wristband_as_a_bag():
    story = Story()
    coi, _ = story.at_bedside()
    taken = story.take("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), ("container", "MRN-1")], coi=coi)
    refused(taken, "scans_fit_their_roles", ID)


def test_scans_fit_their_roles_does_not_fail_at_a_role_that_nobody_knows():
    story = Story()
    coi = story.enrol()
    odd = replace(story.resolve("wristband", "MRN-1"), role="badge")
    taken = story.take("demo-nurse", "patient.verified", [("wristband", "MRN-1"), odd], coi=coi)
    refused(taken, "scans_fit_their_roles", ID)


def test_scans_fit_their_roles_says_what_was_scanned_instead():
    story = Story()
    coi, (bag,) = story.collected()
    taken = story.take("demo-nurse", "collection.started", [("wristband", bag)], coi=coi)
    says(taken, "scans_fit_their_roles", got=f"label {bag}", expected="a wristband", names=["label", "wristband"])


# --- container_is_this_therapys


def test_container_is_this_therapys_passes_for_its_own_bag():
    story = Story()
    coi, (bag,) = story.collected()
    passed(story.take("demo-nurse", "container.retrieved", [("container", bag)], coi=coi), "container_is_this_therapys")


def test_container_is_this_therapys_refuses_another_patients_bag_in_manufacturing():
    story, mine, theirs = two_bags_at_the_plant()
    taken = story.take("demo-operator", "lot.started", [("container", mine), ("container", theirs)])
    refused(taken, "container_is_this_therapys", ID)


def test_container_is_this_therapys_refuses_another_therapys_label_as_what_comes_out():
    story, mine, theirs = two_bags_at_the_plant()
    story.do("demo-operator", "lot.started", [("container", mine)])
    other = story.codes[theirs].therapy
    (dose,) = story.labelled(other, "dose", person="demo-operator")
    taken = story.take("demo-operator", "containers.transformed", [("container", mine), ("label", dose)])
    assert "container_is_this_therapys" in taken.stops
    assert not taken.done


def test_container_is_this_therapys_refuses_the_same_patients_bag_of_another_therapy():
    story = Story()
    first, (bag,) = story.collected("MRN-1")
    second = story.enrol("MRN-1")
    assert story.therapy(first).patient == story.therapy(second).patient
    taken = story.take("demo-nurse", "shipment.packed", [("shipper", story.charged()), ("container", bag)], coi=second)
    refused(taken, "container_is_this_therapys", ID)


def test_container_is_this_therapys_cautions_when_cells_are_saved():
    story, mine, theirs = two_bags_at_the_plant()
    taken = story.take("demo-operator", "container.stored",
                       [("container", mine), ("container", theirs), ("location", "TANK-1")])  # fmt: skip
    cautioned(taken, "container_is_this_therapys", ID)
    assert story.container(mine).place.kind == "location"
    assert story.container(theirs).place.kind == "hand"


def test_container_is_this_therapys_refuses_to_discard_another_patients_cells():
    story, mine, theirs = two_bags_at_the_plant()
    scans = [("container", mine), ("container", theirs)]
    taken = story.take("demo-operator", "container.discarded", scans, reason="not-needed")
    refused(taken, "container_is_this_therapys", ID)
    assert story.container(mine).living
    assert story.container(theirs).living


def test_container_is_this_therapys_says_that_it_is_anothers_and_no_more():
    story, mine, theirs = two_bags_at_the_plant()
    taken = story.take("demo-operator", "lot.started", [("container", mine), ("container", theirs)])
    says(taken, "container_is_this_therapys", got=f"container {story.codes[theirs].container} of another therapy",
         expected=f"a container of {story.codes[mine].therapy}", names="another therapy")  # fmt: skip


def two_bags_at_the_plant():
    story = Story()
    _, (mine,) = story.collected("MRN-1")
    _, (theirs,) = story.collected("MRN-2")
    for bag in (mine, theirs):
        story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    return story, mine, theirs


# --- scanned_thing_is_in_force


def annulled(story, coi, entry):
    for person in ("demo-quality", "demo-quality-2"):
        story.do(person, "entry.annulled", coi=coi, values={"entry": entry}, reason="recorded-in-error")


def test_scanned_thing_is_in_force_passes_for_a_label_that_stands():
    story = Story()
    coi = story.enrol()
    serial = story.label(story.plan(coi, "starting_material")[0])
    passed(story.take("demo-nurse", "label.applied", [("label", serial)]), "scanned_thing_is_in_force")


def test_scanned_thing_is_in_force_refuses_a_label_whose_issue_was_annulled():
    story = Story()
    coi = story.enrol()
    taken = story.do("demo-nurse", "label.issued", values={"container": story.plan(coi, "starting_material")[0]})
    annulled(story, coi, taken.entry.id)
    applied = story.take("demo-nurse", "label.applied", [("label", taken.entry.values["label"])])
    refused(applied, "scanned_thing_is_in_force", ID)


def test_scanned_thing_is_in_force_refuses_a_container_that_is_planned_no_more():
    story = Story()
    coi = story.enrol()
    taken = story.do("demo-nurse", "container.planned", coi=coi, values={"purpose": "dose"})
    annulled(story, coi, taken.entry.id)
    (id_,) = taken.entry.values["containers"]
    for kind, scans in (("infusion.checked", [("wristband", "MRN-1")]), ("thaw.started", [])):
        refused(story.take("demo-infusion", kind, [*scans, ("container", id_)]), "scanned_thing_is_in_force", ID)


def test_scanned_thing_is_in_force_refuses_what_the_look_up_did_not_place():
    story = Story()
    coi, (dose,) = story.at_bedside()
    stray = ResolvedScan("container", "container", "CTR-NOTTHERENOTTH", "wedge")
    taken = story.take("demo-infusion", "thaw.started", [("container", dose), stray], coi=coi)
    refused(taken, "scanned_thing_is_in_force", ID)


def test_scanned_thing_is_in_force_says_what_is_not():
    story = Story()
    coi = story.enrol()
    taken = story.do("demo-nurse", "label.issued", values={"container": story.plan(coi, "starting_material")[0]})
    annulled(story, coi, taken.entry.id)
    serial = taken.entry.values["label"]
    says(story.take("demo-nurse", "label.applied", [("label", serial)]), "scanned_thing_is_in_force",
         got=f"label {serial}, not in force", expected=f"a label of {coi}", names=serial)  # fmt: skip


# --- named_containers_are_this_therapys


def test_named_containers_are_this_therapys_passes_for_its_own():
    story = Story()
    coi, (dose,) = story.doses()
    values = {"containers": [story.codes[dose].container]}
    taken = story.take("demo-quality", "containers.released", coi=coi, values=values)
    passed(taken, "named_containers_are_this_therapys")


def test_named_containers_are_this_therapys_refuses_a_release_of_another_therapys_dose():
    story = Story()
    coi, (dose,) = story.doses("MRN-1")
    _, (other,) = story.doses("MRN-2")
    values = {"containers": [story.codes[dose].container, story.codes[other].container]}
    taken = story.take("demo-quality", "containers.released", coi=coi, values=values)
    refused(taken, "named_containers_are_this_therapys", ID)


def test_named_containers_are_this_therapys_refuses_a_label_for_another_therapys_container():
    story = Story()
    coi, _ = story.collected("MRN-1")
    _other, (bag,) = story.collected("MRN-2")
    values = {"container": story.codes[bag].container}
    taken = story.take("demo-nurse", "label.issued", coi=coi, values=values)
    refused(taken, "named_containers_are_this_therapys", ID)


def test_named_containers_are_this_therapys_says_which_is_not():
    story = Story()
    coi, _ = story.doses("MRN-1")
    _, (other,) = story.doses("MRN-2")
    id_ = story.codes[other].container
    taken = story.take("demo-quality", "release.refused", coi=coi, values={"containers": [id_]}, reason="other")
    says(taken, "named_containers_are_this_therapys", got=id_, expected=f"a container of {coi}", names=id_)


# --- wristband_is_this_patients


def test_wristband_is_this_patients_passes_for_the_right_patient():
    story = Story()
    _, (dose,) = story.at_bedside()
    taken = story.take("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), ("container", dose)])
    passed(taken, "wristband_is_this_patients")


def test_wristband_is_this_patients_refuses_another_patient_wherever_a_wristband_is_scanned():
    story = Story()
    coi, (dose,) = story.at_bedside("MRN-1")
    story.enrol("MRN-2")
    band, bag = ("wristband", "MRN-2"), ("container", dose)
    for kind, person, scans in (
        ("patient.verified", "demo-nurse", [band]),
        ("collection.started", "demo-nurse", [band]),
        ("infusion.checked", "demo-infusion", [band, bag]),
        ("thaw.started", "demo-infusion", [band, bag]),
    ):
        taken = story.take(person, kind, scans, coi=coi)
        refused(taken, "wristband_is_this_patients", ID)


def test_wristband_is_this_patients_refuses_also_when_one_of_two_wristbands_is_right():
    story = Story()
    coi, (dose,) = story.at_bedside("MRN-1")
    story.enrol("MRN-2")
    scans = [("wristband", "MRN-1"), ("wristband", "MRN-2"), ("container", dose)]
    taken = story.take("demo-infusion", "infusion.checked", scans, coi=coi)
    assert taken.stops == {"wristband_is_this_patients", "what_has_to_be_scanned_was_scanned"}


def test_wristband_is_this_patients_says_which_patient_was_meant():
    story = Story()
    coi, (dose,) = story.at_bedside("MRN-1")
    other = story.therapy(story.enrol("MRN-2")).patient
    taken = story.take("demo-infusion", "infusion.checked", [("wristband", "MRN-2"), ("container", dose)], coi=coi)
    says(taken, "wristband_is_this_patients", got=f"patient {other}", expected=f"patient {story.therapy(coi).patient}",
         containers=(story.codes[dose].container,), names="another patient")  # fmt: skip


# --- purpose_fits_the_step


def test_purpose_fits_the_step_passes_for_starting_material_in_a_lot():
    story = Story()
    _, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    passed(story.take("demo-operator", "lot.started", [("container", bag)]), "purpose_fits_the_step")


def test_purpose_fits_the_step_refuses_the_infusion_of_starting_material():
    story = Story(pathway=shipped("car-t-fresh"))
    _, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", "demo-infusion", "demo-infusion")
    taken = story.take("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), ("container", bag)])
    refused(taken, "purpose_fits_the_step", ID)


def test_purpose_fits_the_step_refuses_a_release_of_a_sample():
    story = Story()
    coi, (dose,) = story.doses()
    (tube,) = story.labelled(coi, "qc_sample", person="demo-operator")
    story.do("demo-operator", "sample.taken", [("container", dose), ("label", tube)])
    taken = story.take("demo-quality", "containers.released", [("container", tube)])
    refused(taken, "purpose_fits_the_step", ID)


def test_purpose_fits_the_step_refuses_a_sample_that_goes_into_a_lot():
    story = Story()
    coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    story.do("demo-operator", "lot.started", [("container", bag)])
    (tube,) = story.labelled(coi, "qc_sample", person="demo-operator")
    story.do("demo-operator", "sample.taken", [("container", bag), ("label", tube)])
    refused(story.take("demo-operator", "lot.started", [("container", tube)]), "purpose_fits_the_step", ID)
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    taken = story.take("demo-operator", "containers.transformed", [("container", tube), ("label", dose)])
    assert "purpose_fits_the_step" in taken.stops


def test_purpose_fits_the_step_refuses_a_dose_that_is_filled_as_if_it_were_a_sample_tube():
    story = Story()
    coi, (bag,) = story.collected()
    (dose,) = story.labelled(coi, "dose")
    taken = story.take("demo-nurse", "sample.taken", [("container", bag), ("label", dose)])
    refused(taken, "purpose_fits_the_step", ID)


def test_purpose_fits_the_step_refuses_starting_material_that_comes_out_of_manufacturing():
    story = Story()
    coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    story.do("demo-operator", "lot.started", [("container", bag)])
    (out,) = story.labelled(coi, "starting_material", person="demo-operator")
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("label", out)])
    refused(taken, "purpose_fits_the_step", ID)


def test_purpose_fits_the_step_says_what_it_is_meant_for():
    story = Story()
    coi, (bag,) = story.collected()
    (dose,) = story.labelled(coi, "dose")
    taken = story.take("demo-nurse", "sample.taken", [("container", bag), ("label", dose)])
    id_ = story.codes[dose].container
    says(taken, "purpose_fits_the_step", got="dose", expected="qc sample or retention", containers=(id_,), names=id_)


# --- dose_is_the_one_due


def test_dose_is_the_one_due_passes_for_the_first_dose_first():
    story = Story()
    _, (first, _) = story.at_bedside(count=2)
    scans = [("wristband", "MRN-1"), ("container", first)]
    taken = story.take("demo-infusion", "infusion.checked", scans, values={"dose": 1})
    passed(taken, "dose_is_the_one_due")


def test_dose_is_the_one_due_refuses_the_second_dose_first():
    story = Story()
    _, (_, second) = story.at_bedside(count=2)
    for kind, scans in (("infusion.checked", [("wristband", "MRN-1")]), ("thaw.started", [])):
        taken = story.take("demo-infusion", kind, [*scans, ("container", second)])
        refused(taken, "dose_is_the_one_due", ID)


def test_dose_is_the_one_due_refuses_the_second_dose_while_the_first_runs_in():
    story = Story(pathway=shipped("car-t-fresh"))
    _, (first, second) = story.at_bedside(count=2)
    story.checked("MRN-1", [first])
    story.do("demo-infusion", "infusion.started", [("container", first)])
    taken = story.take("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), ("container", second)])
    refused(taken, "dose_is_the_one_due", ID)


def test_dose_is_the_one_due_refuses_another_dose_than_was_ordered():
    story = Story()
    _, (first, _) = story.at_bedside(count=2)
    scans = [("wristband", "MRN-1"), ("container", first)]
    taken = story.take("demo-infusion", "infusion.checked", scans, values={"dose": 2})
    refused(taken, "dose_is_the_one_due", ID)


def test_dose_is_the_one_due_refuses_a_bag_that_belongs_to_no_dose_also_when_none_is_due():
    story = Story()
    _, bags = story.at_bedside(count=3)
    assert [story.container(bag).dose for bag in bags] == [1, 2, None]
    check = [("wristband", "MRN-1"), ("container", bags[2])]
    refused(story.take("demo-infusion", "infusion.checked", check), "dose_is_the_one_due", ID)
    for bag in bags[:2]:
        story.infused("MRN-1", [bag])
    assert story.therapy(story.codes[bags[2]].therapy).due_dose() is None
    refused(story.take("demo-infusion", "infusion.checked", check), "dose_is_the_one_due", ID)
    refused(story.take("demo-infusion", "thaw.started", check[1:]), "dose_is_the_one_due", ID)


def test_dose_is_the_one_due_says_which_is():
    story = Story()
    _, (_first, second, none) = story.at_bedside(count=3)
    for bag, own in ((second, "dose 2"), (none, "no dose of the plan")):
        id_ = story.codes[bag].container
        taken = story.take("demo-infusion", "thaw.started", [("container", bag)])
        says(taken, "dose_is_the_one_due", got=own, expected="dose 1", containers=(id_,), names=[id_, "that is due"])


# --- seals_are_those_of_dispatch


def sealed_and_offered(seal="S-1"):
    story = Story()
    _, (bag,) = story.collected()
    shipper = story.packed([bag], seal=seal)
    story.do("demo-nurse", "handoff.offered", [("shipper", shipper)], values={"to": COURIERS})
    return story, bag, shipper


def test_seals_are_those_of_dispatch_passes_for_the_same_seal():
    story, _, shipper = sealed_and_offered()
    taken = story.take("demo-courier", "handoff.accepted", [("shipper", shipper), ("seal", "S-1")])
    passed(taken, "seals_are_those_of_dispatch")


def test_seals_are_those_of_dispatch_cautions_about_another_seal_and_holds_what_is_inside():
    story, bag, shipper = sealed_and_offered()
    taken = story.take("demo-courier", "handoff.accepted", [("shipper", shipper), ("seal", "S-2")])
    cautioned(taken, "seals_are_those_of_dispatch", ID, holds=True)
    assert story.container(bag).holds
    assert story.container(bag).custodian.organisation == COURIERS


def test_seals_are_those_of_dispatch_cautions_about_one_seal_more():
    story, _bag, shipper = sealed_and_offered()
    scans = [("shipper", shipper), ("seal", "S-1"), ("seal", "S-2")]
    cautioned(story.take("demo-courier", "handoff.accepted", scans), "seals_are_those_of_dispatch", ID, holds=True)


def test_seals_are_those_of_dispatch_says_which_seals():
    story, bag, shipper = sealed_and_offered()
    taken = story.take("demo-courier", "handoff.accepted", [("shipper", shipper), ("seal", "S-2")])
    says(taken, "seals_are_those_of_dispatch", got="1 seal(s) token-S-2", expected="token-S-1",
         containers=(story.codes[bag].container,), names="seal")  # fmt: skip


# --- shipper_holds_one_therapy


def two_bags_and_a_shipper():
    story = Story()
    _, (mine,) = story.collected("MRN-1")
    _, (theirs,) = story.collected("MRN-2")
    shipper = story.charged()
    story.do("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", mine)])
    return story, mine, theirs, shipper


def test_shipper_holds_one_therapy_passes_for_a_second_bag_of_the_same():
    story = Story()
    _, bags = story.collected(bags=2)
    shipper = story.charged()
    for bag in bags:
        taken = story.take("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", bag)])
        passed(taken, "shipper_holds_one_therapy")
    assert len(story.shipper(shipper).contents) == 2


def test_shipper_holds_one_therapy_refuses_another_patients_bag_beside_it():
    story, _, theirs, shipper = two_bags_and_a_shipper()
    taken = story.take("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", theirs)])
    refused(taken, "shipper_holds_one_therapy", ID)


def test_shipper_holds_one_therapy_says_so_without_naming_the_other():
    story, mine, theirs, shipper = two_bags_and_a_shipper()
    taken = story.take("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", theirs)])
    says(taken, "shipper_holds_one_therapy", got=f"shipper {shipper} with another therapy inside",
         expected="an empty shipper or one of this therapy", names="another therapy")  # fmt: skip
    assert story.codes[mine].therapy not in str(taken.entry.findings)


# --- lot_is_the_one_started


def lot_with_one_of_two_bags():
    story = Story()
    coi, bags = story.collected(bags=2)
    story.moved(bags, "demo-nurse", PLANT, "demo-operator")
    lot = story.do("demo-operator", "lot.started", [("container", bags[0])]).entry.values["lot"]
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    return story, coi, bags, dose, lot


def test_lot_is_the_one_started_passes_for_what_was_scanned_at_its_start():
    story, _, (bag, _), dose, lot = lot_with_one_of_two_bags()
    scans = [("container", bag), ("label", dose)]
    taken = story.take("demo-operator", "containers.transformed", scans, values={"lot": lot})
    passed(taken, "lot_is_the_one_started")


def test_lot_is_the_one_started_passes_for_two_lots_from_one_bag():
    story, coi, (bag, _), dose, first = lot_with_one_of_two_bags()
    second = story.do("demo-operator", "lot.started", [("container", bag)]).entry.values["lot"]
    (other,) = story.labelled(coi, "dose", person="demo-operator")
    for lot, out, consumed in ((first, dose, False), (second, other, True)):
        values = {"lot": lot, "consumed": consumed}
        taken = story.take(
            "demo-operator", "containers.transformed", [("container", bag), ("label", out)], values=values
        )
        passed(taken, "lot_is_the_one_started")
        assert story.container(out).lot == lot


def test_lot_is_the_one_started_refuses_a_bag_that_was_not_scanned_at_its_start():
    story, _, (bag, stray), dose, lot = lot_with_one_of_two_bags()
    for values in ({"lot": lot}, {}):
        scans = [("container", bag), ("container", stray), ("label", dose)]
        taken = story.take("demo-operator", "containers.transformed", scans, values=values)
        refused(taken, "lot_is_the_one_started", ID)


def test_lot_is_the_one_started_refuses_a_lot_of_another_therapy():
    story, _, (bag, _), dose, _ = lot_with_one_of_two_bags()
    _coi, (other,) = story.collected("MRN-2")
    story.moved([other], "demo-nurse", PLANT, "demo-operator")
    foreign = story.do("demo-operator", "lot.started", [("container", other)]).entry.values["lot"]
    scans = [("container", bag), ("label", dose)]
    taken = story.take("demo-operator", "containers.transformed", scans, values={"lot": foreign})
    assert "lot_is_the_one_started" in taken.stops


def test_lot_is_the_one_started_refuses_a_release_under_a_lot_that_the_dose_is_not_of():
    story, coi, (bag, other), dose, lot = lot_with_one_of_two_bags()
    story.do("demo-operator", "containers.transformed", [("container", bag), ("label", dose)])
    second = story.do("demo-operator", "lot.started", [("container", other)]).entry.values["lot"]
    values = {"containers": [story.codes[dose].container]}
    taken = story.take("demo-quality", "containers.released", coi=coi, values={**values, "lot": second})
    refused(taken, "lot_is_the_one_started", ID)
    passed(story.take("demo-quality", "containers.released", coi=coi, values={**values, "lot": lot}), taken.stops.pop())


def test_lot_is_the_one_started_says_of_which_lot_it_is():
    story, _, (bag, stray), dose, lot = lot_with_one_of_two_bags()
    scans = [("container", bag), ("container", stray), ("label", dose)]
    taken = story.take("demo-operator", "containers.transformed", scans)
    id_ = story.codes[stray].container
    says(taken, "lot_is_the_one_started", got="no lot", expected=f"lot {lot}", containers=(id_,), names=[id_, lot])


# --- what the journeys that really happen added

FOREIGN = "=A99991712345600"


def adopted(text: str) -> Taken:
    story = Story()
    coi = story.enrol()
    story.do("demo-infusion", "container.adopted", bags_of(FOREIGN), coi=coi, signs=WARD, values={"purpose": "dose"})
    return story.take(
        "demo-infusion", "container.adopted", bags_of(text), coi=coi, signs=WARD, values={"purpose": "dose"}
    )


trials(
    globals(), "adopted_label_is_new", Family.IDENTITY,
    passes=("for_another_makers_label", lambda: adopted("=A99991712345700")),
    speaks=("one_that_is_known_here", lambda: adopted(FOREIGN)),
    got=lambda taken: f"container {taken.case.attempt.scans[0].subject}",
    expected="another maker's label that is new here",
)  # fmt: skip


def with_namesakes(number: int) -> Taken:
    story = Story(namesakes=number)
    coi = story.enrol()
    story.do("demo-nurse", "patient.verified", [BAND], coi=coi)
    return story.take("demo-nurse", "collection.started", [BAND], coi=coi)


trials(
    globals(), "namesake_is_not_mistaken", Family.IDENTITY, stops=False,
    passes=("without_any", lambda: with_namesakes(0)),
    speaks=("about_one", lambda: with_namesakes(1)),
    got="1 patient(s) with a like name", expected="nobody to be mistaken for",
)  # fmt: skip


def test_namesake_is_not_mistaken_does_not_open_a_deviation():
    assert with_namesakes(2).deviations == []


def stated(*said: str) -> Taken:
    story = Story(pathway=shipped("point-of-care"))
    values = {"stated": list(said)} if said else {}
    return story.take("demo-nurse", "patient.verified", [BAND], coi=story.enrol(), values=values)


trials(
    globals(), "patient_stated_who_it_is", Family.IDENTITY,
    passes=("with_two_identifiers", lambda: stated("name", "birth_date")),
    speaks=("a_patient_who_stated_nothing", stated),
    got="0 stated", expected="2 stated",
)  # fmt: skip


SCANNED = '[[must_scan]]\nsteps = ["patient.verified"]\nroles = ["wristband"]\n'


def verified(via: str, demand: str = SCANNED) -> Taken:
    story = Story(pathway=pathway_of((shipped_text("car-t-fresh") + demand).encode()))
    coi = story.enrol()
    return story.take("demo-nurse", "patient.verified", [story.resolve(*BAND, via)], coi=coi)


trials(
    globals(), "what_must_be_scanned_was_not_typed", Family.IDENTITY,
    passes=("with_a_scanned_wristband", lambda: verified("wedge")),
    speaks=("a_typed_wristband", lambda: verified("typed")),
    got="a typed code of a wristband", expected="a scanned code of a wristband",
)  # fmt: skip


def test_what_must_be_scanned_was_not_typed_lets_a_camera_and_a_program_scan():
    assert verified("camera").done
    assert verified("api").done


def test_what_must_be_scanned_was_not_typed_lets_everything_be_typed_where_the_pathway_wants_nothing():
    assert verified("typed", "").done
    assert verified("typed", SCANNED.replace("patient.verified", "infusion.checked")).done
    assert verified("typed", SCANNED.replace('"wristband"', '"container"')).done
