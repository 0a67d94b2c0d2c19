"""Item 5: one container a position; time out of store adds up; a whole store moves at once; missing and found."""

from tests.story.conftest import HOSPITAL, bags_of

PLACE = ("location", "TANK-1/R2/P5")


def test_storing_needs_the_container_and_its_own_position(tale):
    coi, bags = tale.collected("MRN-1", 2)
    tale.step("demo-nurse", "container.stored", bags_of(bags), expect=400)
    assert "position_is_free" in tale.refused("demo-nurse", "container.stored", [*bags_of(bags), PLACE])
    tale.step("demo-nurse", "container.stored", [*bags_of(bags[:1]), PLACE])
    assert "position_is_free" in tale.refused("demo-nurse", "container.stored", [*bags_of(bags[1:]), PLACE])
    tale.step("demo-nurse", "container.stored", [*bags_of(bags[1:]), ("location", "TANK-1/R2/P6")])
    places = [tale.container(coi, bag)["custody"]["place"] for bag in bags]
    assert len({place["id"] for place in places}) == 2
    assert {place["kind"] for place in places} == {"location"}


def test_several_are_stored_at_once_in_the_order_of_their_positions(tale):
    coi, bags = tale.collected("MRN-1", 2)
    tale.step("demo-nurse", "container.stored", [*bags_of(bags), PLACE, ("location", "TANK-1/R2/P6")])
    assert len({tale.container(coi, bag)["custody"]["place"]["id"] for bag in bags}) == 2
    tale.is_sound()


def test_the_time_out_of_store_adds_up_over_retrievals(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.step("demo-infusion", "container.stored", [*bags_of([dose]), PLACE])
    for _ in range(2):
        tale.step("demo-infusion", "container.retrieved", [*bags_of([dose]), PLACE])
        tale.forward(minutes=14)
        tale.step("demo-infusion", "container.stored", [*bags_of([dose]), PLACE])
    tale.step("demo-infusion", "container.retrieved", [*bags_of([dose]), PLACE])
    clock = next(one for one in tale.therapy(coi)["clocks"] if one["window"] == "time-out-of-store")
    assert clock["seconds_left"] == 2 * 60
    tale.forward(minutes=3)
    assert "no_clock_has_run_out" in tale.refused("demo-infusion", "thaw.started", bags_of([dose]))
    tale.step("demo-infusion", "container.stored", [*bags_of([dose]), PLACE])  # saving it is never stopped


def test_a_whole_tank_is_evacuated_in_one_step_for_several_patients(tale):
    first, (mine,) = tale.collected("MRN-1")
    second, (theirs,) = tale.collected("MRN-2", patient={"family": "Okafor"})
    tale.step("demo-nurse", "container.stored", [*bags_of([mine]), PLACE])
    tale.step("demo-nurse", "container.stored", [*bags_of([theirs]), ("location", "TANK-1/R2/P6")])
    body = tale.step("demo-nurse", "storage.evacuated", [*bags_of([mine, theirs]), ("location", "TANK-9")],
                     reason="storage-failure")  # fmt: skip
    assert body["entry"]["values"]["therapies"] == 2
    places = [tale.container(coi, bag)["custody"]["place"]["id"] for coi, bag in ((first, mine), (second, theirs))]
    assert places[0] == places[1]
    for coi, foreign in ((first, second), (second, first)):
        (entry,) = tale.entries(coi, "storage.evacuated")
        assert foreign not in str(entry)
        assert len(entry["values"]["containers"]) == 1
    again = tale.post("demo-nurse", "/steps", tale.body("storage.evacuated", [("location", "TANK-9")]), 400)
    assert again["code"] == "step.malformed"
    tale.is_sound()


def test_an_evacuation_that_one_patients_bag_forbids_moves_nobodys(tale):
    coi, (mine,) = tale.collected("MRN-1")
    _, (gone,) = tale.collected("MRN-2", patient={"family": "Okafor"})
    tale.step("demo-nurse", "container.discarded", bags_of([gone]), reason="expired")
    stops = tale.refused("demo-nurse", "storage.evacuated", [*bags_of([mine, gone]), ("location", "TANK-9")],
                         reason="storage-failure")  # fmt: skip
    assert "container_state_allows" in stops
    assert tale.container(coi, mine)["custody"]["place"]["kind"] == "hand"
    tale.is_sound()


def test_a_container_is_missing_and_found_and_held_until_quality_has_looked(tale):
    coi, (bag,) = tale.collected("MRN-1")
    id_ = tale.container(coi, bag)["id"]
    tale.step("demo-nurse", "container.lost", therapy=coi, values={"containers": [id_]})
    lost = tale.container(coi, bag)
    assert (lost["state"], lost["custody"]["place"]["kind"], lost["custody"]["organisation"]) == (
        "missing", "unknown", HOSPITAL)  # fmt: skip
    assert "container_state_allows" in tale.refused("demo-nurse", "handoff.offered", bags_of([bag]),
                                                    values={"to": "demo-plant"})  # fmt: skip
    tale.step("demo-nurse", "container.found", [*bags_of([bag]), ("location", "TANK-2/R1/P1")])
    found = tale.container(coi, bag)
    assert (found["state"], found["custody"]["place"]["kind"]) == ("filled", "location")
    assert found["holds"]
