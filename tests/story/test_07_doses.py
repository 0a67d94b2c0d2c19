"""Item 7: the dose plan; one bag at a time; interrupted, resumed, stopped; a broken bag; one check for all vials."""

from tests.story.conftest import bags_of

TWO = [("demo-infusion", "performed"), ("demo-infusion-2", "verified")]


def split(tale, count=4):
    """The doses of the split plan at the ward: CD8 and CD4 of dose 1, then dose 2 and 3."""
    tale.pathway = "car-t-split-dose"
    return tale.at_bedside("MRN-1", count)


def thawed(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.step("demo-infusion", "thaw.started", bags_of([dose]))
    tale.step("demo-infusion", "thaw.completed", bags_of([dose]))
    tale.checked("MRN-1", [dose])
    return coi, dose


def test_the_plan_of_the_pathway_names_dose_component_and_strength(tale):
    coi, serials = split(tale)
    found = [tale.container(coi, serial) for serial in serials]
    told = [(one["dose"], one["component"], one["strength"]) for one in found]
    assert told == [(1, "cd8", "10e6"), (1, "cd4", "10e6"), (2, None, "100e6"), (3, None, "300e6")]


def test_one_bag_at_a_time_and_cd8_before_cd4(tale):
    _, (cd8, cd4, *_) = split(tale)
    assert "one_container_at_a_time" in tale.refused("demo-infusion", "thaw.started", bags_of([cd8, cd4]))
    tale.step("demo-infusion", "thaw.started", bags_of([cd4]))
    tale.checked("MRN-1", [cd4])
    assert "components_are_in_order" in tale.refused("demo-infusion", "infusion.started", bags_of([cd4]))
    assert "one_container_at_a_time" in tale.refused("demo-infusion", "thaw.started", bags_of([cd8]))


def test_one_check_by_two_people_covers_all_vials_of_a_dose_each_scanned_by_both(tale):
    _, (cd8, cd4, *_) = split(tale)
    tale.checked("MRN-1", [cd8, cd4])
    for vial in (cd8, cd4):
        tale.step("demo-infusion", "thaw.started", bags_of([vial]))
        tale.step("demo-infusion", "infusion.started", bags_of([vial]))
        tale.step("demo-infusion", "infusion.completed", bags_of([vial]))


def test_a_vial_that_only_one_of_them_scanned_is_not_given(tale):
    _, (cd8, cd4, *_) = split(tale)
    tale.step("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), *bags_of([cd8, cd4])])
    tale.step("demo-infusion-2", "infusion.checked", [("wristband", "MRN-1"), *bags_of([cd4])])
    tale.step("demo-infusion", "thaw.started", bags_of([cd8]))
    assert "two_people_checked_it" in tale.refused("demo-infusion", "infusion.started", bags_of([cd8]))


def test_the_second_dose_waits_for_its_day_and_is_too_late_afterwards(tale):
    _, (cd8, cd4, second, _) = split(tale)
    for vial in (cd8, cd4):
        tale.infused("MRN-1", [vial])
    assert "dose_is_in_its_time" in tale.refused("demo-infusion", "thaw.started", bags_of([second]))
    tale.forward(days=12)
    assert "dose_is_in_its_time" in tale.refused("demo-infusion", "thaw.started", bags_of([second]))


def test_the_second_dose_is_given_on_its_day(tale):
    _, (cd8, cd4, second, third) = split(tale)
    for vial in (cd8, cd4):
        tale.infused("MRN-1", [vial])
    tale.forward(days=9)
    assert "dose_is_the_one_due" in tale.refused("demo-infusion", "thaw.started", bags_of([third]))
    tale.infused("MRN-1", [second])


def test_an_infusion_is_interrupted_resumed_and_stopped_and_the_rest_discarded(tale):
    coi, dose = thawed(tale)
    tale.step("demo-infusion", "infusion.started", bags_of([dose]))
    tale.step(
        "demo-infusion", "infusion.interrupted", bags_of([dose]), reason="patient-condition", values={"volume_ml": "10"}
    )
    tale.step("demo-infusion", "infusion.resumed", bags_of([dose]), expect=400)  # the wristband again
    tale.step("demo-infusion", "infusion.resumed", [*bags_of([dose]), ("wristband", "MRN-1")])
    tale.step(
        "demo-infusion", "infusion.stopped", bags_of([dose]), reason="patient-condition", values={"volume_ml": "31.5"}
    )
    assert tale.container(coi, dose)["state"] == "stopped"
    tale.step("demo-infusion", "container.discarded", bags_of([dose]), reason="patient-condition")
    assert tale.container(coi, dose)["state"] == "discarded"
    assert tale.entries(coi, "infusion.stopped")[0]["values"]["volume_ml"] == "31.5"
    tale.is_sound()


def test_a_bag_leaks_at_minus_150_and_its_cells_go_on_in_a_rescue_bag(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.step("demo-infusion", "container.damaged", bags_of([dose]), values={"damage": "leak", "lost_ml": "5"})
    broken = tale.container(coi, dose)
    assert (broken["damage"], broken["lost_ml"], len(broken["holds"])) == ("leak", "5", 1)
    assert "nothing_is_on_hold" in tale.refused("demo-infusion", "thaw.started", bags_of([dose]))
    (rescue,) = tale.labelled(coi, "rescue", person="demo-infusion")
    scans = [*bags_of([dose]), ("label", rescue)]
    assert "signed_as_it_must_be" in tale.refused("demo-infusion", "contents.transferred", scans, reason="bag-damaged")
    tale.step(
        "demo-infusion", "contents.transferred", scans, reason="bag-damaged", signs=TWO, values={"volume_ml": "55"}
    )
    child, parent = tale.container(coi, rescue), tale.container(coi, dose)
    assert (parent["state"], child["parents"], child["dose"]) == ("consumed", [parent["id"]], 1)
    due = {one["window"]: one["due_at"] for one in tale.therapy(coi)["clocks"] if one["container"] == parent["id"]}
    assert {
        one["window"]: one["due_at"] for one in tale.therapy(coi)["clocks"] if one["container"] == child["id"]
    } == due
    assert {one["state"] for one in tale.therapy(coi)["clocks"] if one["container"] == parent["id"]} == {"ended"}
    tale.step("demo-quality", "hold.lifted", bags_of([rescue]), reason="investigation-closed")
    assert "release_in_force_names_it" in tale.refused("demo-infusion", "thaw.started", bags_of([rescue]))
    tale.step("demo-quality", "containers.released", bags_of([rescue]))
    tale.infused("MRN-1", [rescue])
    tale.is_sound()


def test_a_therapy_offers_only_steps_for_which_it_has_a_container(tale):
    coi = tale.enrol("MRN-1")
    offered = {one["kind"] for one in tale.therapy(coi, person="demo-infusion")["next"]}
    assert "thaw.started" not in offered
    coi, _ = tale.at_bedside("MRN-2")
    assert "thaw.started" in {one["kind"] for one in tale.therapy(coi, person="demo-infusion")["next"]}


def test_the_thaw_clock_goes_on_in_the_rescue_bag(tale):
    coi, dose = thawed(tale)
    tale.forward(minutes=20)
    (rescue,) = tale.labelled(coi, "rescue", person="demo-infusion")
    tale.step(
        "demo-infusion", "contents.transferred", [*bags_of([dose]), ("label", rescue)], reason="bag-damaged", signs=TWO
    )
    for one in (bags_of([rescue]),):
        tale.step("demo-quality", "hold.lifted", one, reason="investigation-closed")
    assert tale.container(coi, rescue)["state"] == "thawing"
    id_ = tale.container(coi, rescue)["id"]
    clocks = [one for one in tale.therapy(coi)["clocks"] if one["window"] == "thaw-to-infusion"]
    assert [one["seconds_left"] for one in clocks if one["container"] == id_] == [10 * 60]


def test_nothing_of_another_patient_is_moved_into_a_rescue_bag(tale):
    _, (dose,) = tale.at_bedside("MRN-1")
    other, _ = tale.collected("MRN-2", patient={"family": "Okafor"})
    (theirs,) = tale.labelled(other, "rescue")
    stops = tale.refused("demo-infusion", "contents.transferred", [*bags_of([dose]), ("label", theirs)],
                         reason="bag-damaged", signs=TWO)  # fmt: skip
    assert "container_is_this_therapys" in stops
