"""Item 13: what was recorded in error is annulled or replaced; what was believed stays; who relied on it is held."""

from tests.story.conftest import PLANT, bags_of

FIRST, SECOND = "demo-quality", "demo-quality-2"


def annul(tale, coi, entry, *, also=(), people=(FIRST, SECOND)):
    """Let `people` annul an entry; return what the last of them was answered."""
    values = {"entry": entry, **({"also": list(also)} if also else {})}
    for person in people:
        body = tale.step(person, "entry.annulled", therapy=coi, values=values, reason="recorded-in-error")
    return body


def last(tale, coi, kind):
    return tale.entries(coi, kind)[-1]["id"]


def test_the_wrong_bags_discard_is_annulled_and_the_bag_is_there_again(tale):
    coi, (one, two) = tale.collected("MRN-1", 2)
    tale.step("demo-nurse", "container.discarded", bags_of([one]), reason="bag-damaged")
    tale.forward(minutes=5)
    then = tale.clock.at.isoformat().replace("+00:00", "Z")
    tale.forward(minutes=5)
    annul(tale, coi, last(tale, coi, "container.discarded"), people=[FIRST])
    assert tale.container(coi, one)["state"] == "discarded"  # one person is not enough
    annul(tale, coi, last(tale, coi, "container.discarded"), people=[SECOND])
    assert tale.container(coi, one)["state"] == "filled"
    believed = {c["id"]: c["state"] for c in tale.therapy(coi, at=then)["containers"]}
    assert believed[tale.container(coi, one)["id"]] == "discarded"
    assert tale.container(coi, two)["state"] == "filled"
    tale.is_sound()


def test_a_step_on_the_wrong_therapy_is_annulled_and_the_decisions_that_relied_on_it_are_listed_and_held(tale):
    coi, (dose,) = tale.doses("MRN-1")
    released = tale.step("demo-quality", "containers.released", bags_of([dose]))["entry"]["id"]
    tale.moved([dose], "demo-operator", "demo-hospital", "demo-infusion")
    thaw = tale.step("demo-infusion", "thaw.started", bags_of([dose]))["entry"]["id"]
    body = annul(tale, coi, released)
    (told,) = [one for one in body["findings"] if one["rule"] == "nobody_relied_on_it"]
    assert thaw in told["got"]
    assert "thaw.started" in told["got"]
    assert tale.container(coi, dose)["holds"]
    assert tale.container(coi, dose)["releases"] == []
    tale.checked("MRN-1", [dose])
    stops = tale.refused("demo-infusion", "infusion.started", bags_of([dose]))
    assert {"nothing_is_on_hold", "release_in_force_names_it"} <= stops


def test_a_collection_on_the_wrong_therapy_is_annulled_with_everything_that_builds_on_it(tale):
    coi, (bag,) = tale.collected("MRN-1")
    tale.moved([bag], "demo-nurse", PLANT, "demo-operator")
    doses = tale.made(coi, bag)
    target = last(tale, coi, "collection.completed")
    body = tale.step(
        FIRST, "entry.annulled", therapy=coi, values={"entry": target}, reason="recorded-in-error", expect=422
    )
    (told,) = [one for one in body["findings"] if one["rule"] == "nothing_is_built_on_it"]
    also = [word.split()[1] for word in told["got"].split(", ")]
    kinds = {entry["id"]: entry["kind"] for entry in tale.entries(coi)}
    assert {kinds[one] for one in also} == {
        "handoff.offered",
        "handoff.accepted",
        "lot.started",
        "containers.transformed",
    }
    annul(tale, coi, target, also=also)
    assert tale.container(coi, bag)["state"] == "labelled"
    assert tale.container(coi, doses[0])["state"] == "labelled"
    assert tale.therapy(coi)["lots"] == []
    tale.is_sound()


def test_an_amount_or_a_time_is_replaced_by_two_people_and_the_clock_follows(tale):
    coi, (bag,) = tale.collected("MRN-1")
    target = last(tale, coi, "collection.completed")
    due = tale.therapy(coi)["clocks"][0]["due_at"]
    values = {"entry": target, "values": {"volume_ml": "212.5"}, "occurred_at": "2026-03-02T07:00:00Z"}
    for person in (FIRST, SECOND):
        tale.step(person, "entry.replaced", therapy=coi, values=values, reason="recorded-in-error")
    assert tale.container(coi, bag)["volume_ml"] == "212.5"
    assert tale.therapy(coi)["clocks"][0]["due_at"] < due
    tale.is_sound()


def test_a_correction_of_a_step_in_two_shippers_reaches_both(tale):
    coi, (bag,) = tale.collected("MRN-1")
    first = tale.boxed("demo-nurse", [bag])
    second = tale.step("demo-nurse", "shipper.charged", values={"hold_hours": 9})["entry"]["values"]["shipper"]
    signs = [("demo-nurse", "performed"), ("demo-operator", "verified")]
    moved = tale.step("demo-nurse", "shipment.transferred", [("shipper", first), ("shipper", second)], reason="other",
                      signs=signs)["entry"]["id"]  # fmt: skip
    annul(tale, coi, moved)
    assert tale.container(coi, bag)["custody"]["place"] == {"kind": "shipper", "id": first}
    assert "shipper_is_ready" in tale.refused("demo-nurse", "shipper.returned", [("shipper", first)])
    tale.step("demo-nurse", "shipper.returned", [("shipper", second)])
    tale.is_sound()
