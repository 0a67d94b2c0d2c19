"""Item 2: a collection is paused, resumed, aborted, repeated; every container and label is accounted for."""

from tests.story.conftest import bags_of

BAND = [("wristband", "MRN-1")]


def begun(tale, bags=2):
    coi = tale.enrol("MRN-1")
    tale.verified(coi, "MRN-1")
    serials = tale.labelled(coi, "starting_material", bags)
    tale.step("demo-nurse", "collection.started", BAND, therapy=coi)
    return coi, serials


def state(tale, coi, label):
    return tale.container(coi, label)["state"]


def test_a_container_is_planned_labelled_at_the_chair_and_filled_or_left_unused(tale):
    coi, (first, second) = begun(tale)
    assert state(tale, coi, first) == "labelled"
    body = tale.step("demo-nurse", "collection.completed", [*BAND, *bags_of([first])], therapy=coi)
    (told,) = [one for one in body["findings"] if one["rule"] == "planned_containers_are_accounted_for"]
    assert told["severity"] == "caution"
    tale.step("demo-nurse", "container.discarded", bags_of([second]), reason="not-needed")
    tale.step(
        "demo-nurse", "label.voided", reason="not-needed", therapy=coi, values={"label": second, "destroyed": True}
    )
    assert [state(tale, coi, one) for one in (first, second)] == ["filled", "unused"]


def test_a_bag_without_its_label_applied_cannot_be_filled(tale):
    coi = tale.enrol("MRN-1")
    tale.verified(coi, "MRN-1")
    (bag,) = tale.plan(coi, "starting_material")
    tale.step("demo-nurse", "collection.started", BAND, therapy=coi)
    label = tale.label(bag, apply=False)
    stops = tale.refused("demo-nurse", "collection.completed", bags_of([label]), therapy=coi)
    assert {"container_state_allows", "label_is_current"} <= stops


def test_a_collection_goes_on_on_a_second_day_after_the_wristband_was_scanned_again(tale):
    coi, (first, second) = begun(tale)
    tale.step("demo-nurse", "container.filled", bags_of([first]), therapy=coi, values={"volume_ml": "110"})
    tale.step("demo-nurse", "collection.paused", therapy=coi, reason="second-day")
    clock = next(one for one in tale.therapy(coi)["clocks"] if one["window"] == "collection-to-freezer")
    tale.forward(hours=20)
    assert "collection_is_not_paused" in tale.refused(
        "demo-nurse", "collection.completed", bags_of([second]), therapy=coi
    )
    tale.enrol("MRN-2", patient={"family": "Okafor"})
    other = [("wristband", "MRN-2")]
    assert "wristband_is_this_patients" in tale.refused("demo-nurse", "collection.resumed", other, therapy=coi)
    tale.step("demo-nurse", "collection.resumed", BAND, therapy=coi)
    tale.step("demo-nurse", "collection.completed", bags_of([second]), therapy=coi)
    known = tale.therapy(coi)
    assert len(known["donations"]) == 1
    assert {one["donation"] for one in known["containers"]} == set(known["donations"])
    again = next(one for one in known["clocks"] if one["container"] == clock["container"])
    assert again["due_at"] == clock["due_at"]  # the first bag is as old as it is


def test_a_collection_is_aborted_with_a_partial_bag_and_another_one_follows(tale):
    coi, (first, second) = begun(tale)
    tale.step("demo-nurse", "collection.aborted", bags_of([first]), therapy=coi, reason="patient-condition",
              values={"volume_ml": "40"})  # fmt: skip
    partial = tale.container(coi, first)
    assert (partial["state"], partial["filling"], partial["volume_ml"]) == ("filled", "partial", "40")
    tale.step("demo-nurse", "collection.started", BAND, therapy=coi)
    tale.step("demo-nurse", "collection.completed", bags_of([second]), therapy=coi)
    assert len(tale.therapy(coi)["donations"]) == 2
    assert partial["donation"] != tale.container(coi, second)["donation"]


def test_a_collection_without_a_product_is_aborted_with_a_coded_reason_and_not_completed(tale):
    coi, _ = begun(tale)
    assert "collection_has_a_product" in tale.refused("demo-nurse", "collection.completed", therapy=coi)
    tale.step("demo-nurse", "collection.aborted", therapy=coi, expect=400)
    tale.step("demo-nurse", "collection.aborted", therapy=coi, reason="collection-failed")
    assert tale.therapy(coi)["collecting"] is None


def test_the_donors_tests_demand_another_label(tale):
    coi, (bag,) = tale.collected("MRN-1")
    tale.step("demo-nurse", "donor.tested", therapy=coi, values={"result": "reactive", "reactive": ["hbv"]})
    offered = tale.step("demo-nurse", "handoff.offered", bags_of([bag]), values={"to": "demo-plant"})
    assert "label_says_what_is_known" in {one["rule"] for one in offered["findings"]}
    tale.step("demo-nurse", "handoff.cancelled", bags_of([bag]), reason="other")
    new = tale.label(tale.container(coi, bag)["id"], reason="label-misprinted")
    again = tale.step("demo-nurse", "handoff.offered", bags_of([new]), values={"to": "demo-plant"})
    assert again["findings"] == []
    said = tale.http.get(f"/api/v1/labels/{new}", headers=tale.headers("demo-nurse")).json
    assert "WARNING: Reactive test results for HBV" in [one["text"] for one in said["statements"]]
    tale.is_sound()
