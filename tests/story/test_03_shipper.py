"""Item 3: the kit, the shipper's own life, customs, delays, another shipper, an unattended leg, the way back."""

from tests.story.conftest import COURIERS, HOSPITAL, PLANT, bags_of

TWO = [("demo-courier", "performed"), ("demo-courier-2", "verified")]


def shipped(tale):
    """One bag in a sealed shipper with the courier."""
    coi, (bag,) = tale.collected("MRN-1")
    box = ("shipper", tale.boxed("demo-nurse", [bag]))
    tale.step("demo-nurse", "handoff.offered", [box], values={"to": COURIERS})
    tale.step("demo-courier", "handoff.accepted", [box, ("seal", "S-1")])
    return coi, bag, box


def test_a_kit_is_sent_and_received_and_a_damaged_one_is_told_at_the_chair(tale):
    coi = tale.enrol("MRN-1")
    tale.step("demo-coordinator", "kit.sent", therapy=coi, values={"to": HOSPITAL})
    tale.step("demo-nurse", "kit.received", therapy=coi, values={"condition": "damaged"})
    assert tale.therapy(coi)["kits"] == ["sent", "damaged"]
    tale.verified(coi, "MRN-1")
    begun = tale.step("demo-nurse", "collection.started", [("wristband", "MRN-1")], therapy=coi)
    assert "kit_was_intact" in {one["rule"] for one in begun["findings"]}


def test_a_shipper_is_topped_up_on_its_way_and_keeps_its_temperature_from_then(tale):
    _, _, box = shipped(tale)
    tale.forward(hours=200)
    tale.step("demo-courier", "shipper.topped_up", [box], values={"hold_hours": 100})
    tale.forward(hours=90)
    cool = tale.step("demo-courier", "handoff.offered", [box], values={"to": PLANT})
    assert "shipper_still_cools" not in {one["rule"] for one in cool["findings"]}
    tale.step("demo-courier", "handoff.cancelled", [box], reason="other")
    tale.forward(hours=20)
    late = tale.step("demo-courier", "handoff.offered", [box], values={"to": PLANT})
    assert "shipper_still_cools" in {one["rule"] for one in late["findings"]}


def test_the_logger_that_is_stopped_is_the_one_that_was_started_and_an_excursion_holds_the_cells(tale):
    coi, bag, box = shipped(tale)
    tale.step("demo-courier", "logger.started", [box], values={"logger": "LOG-7"})
    tale.step("demo-courier", "logger.stopped", [box], values={"logger": "LOG-7"})
    assert tale.container(coi, bag)["holds"] == []
    tale.step("demo-courier", "logger.started", [box], values={"logger": "LOG-8"})
    wrong = tale.step("demo-courier", "logger.stopped", [box], values={"logger": "LOG-9"})
    assert "logger_is_the_one_running" in {one["rule"] for one in wrong["findings"]}
    assert tale.container(coi, bag)["holds"]
    assert "LOG-7" not in str(tale.entries(coi))


def test_customs_opens_the_box_and_the_seal_is_replaced(tale):
    coi, bag, box = shipped(tale)
    tale.step("demo-courier", "seal.verified", [box, ("seal", "S-1")])
    tale.step("demo-courier", "seal.broken", [box, ("seal", "S-1")], reason="customs", values={"by": "customs"})
    assert tale.container(coi, bag)["holds"]
    body = tale.step("demo-courier", "seal.replaced", [box, ("seal", "S-2")], reason="customs")
    assert body["entry"]["values"]["old"] == []
    tale.step("demo-courier", "handoff.offered", [box], values={"to": PLANT})
    taken = tale.step("demo-receiver", "handoff.accepted", [box, ("seal", "S-2")])
    assert "seals_are_those_of_dispatch" not in {one["rule"] for one in taken["findings"]}
    tale.step("demo-receiver", "shipment.unpacked", [box, ("seal", "S-2"), *bags_of([bag])])
    tale.step("demo-quality", "hold.lifted", bags_of([bag]), reason="investigation-closed")
    assert tale.container(coi, bag)["holds"] == []


def test_a_seal_replaced_in_one_go_keeps_the_old_one_and_why(tale):
    _, _, box = shipped(tale)
    body = tale.step("demo-courier", "seal.replaced", [box, ("seal", "S-3")], reason="re-icing")
    entry = body["entry"]
    assert len(entry["values"]["old"]) == 1
    assert entry["reason"] == "re-icing"
    assert entry["actor"]["person"] == "demo-courier"


def test_the_contents_move_to_another_shipper_with_two_people(tale):
    coi, bag, box = shipped(tale)
    new = tale.step("demo-courier", "shipper.charged", values={"hold_hours": 200})["entry"]["values"]["shipper"]
    both = [box, ("shipper", new)]
    assert "signed_as_it_must_be" in tale.refused("demo-courier", "shipment.transferred", both, reason="bag-damaged")
    tale.step("demo-courier", "shipment.transferred", both, reason="other", signs=TWO)
    assert tale.container(coi, bag)["custody"]["place"] == {"kind": "shipper", "id": new}
    tale.step("demo-courier", "shipper.sealed", [("shipper", new), ("seal", "S-9")])
    tale.step("demo-courier", "shipper.returned", [box], values={"to": COURIERS})
    tale.step("demo-courier", "handoff.offered", [("shipper", new)], values={"to": PLANT})
    tale.step("demo-receiver", "handoff.accepted", [("shipper", new), ("seal", "S-9")])
    assert tale.container(coi, bag)["custody"]["organisation"] == PLANT
    tale.is_sound()


def test_the_contents_never_move_into_a_shipper_of_another_patient(tale):
    _, _, box = shipped(tale)
    _, (theirs,) = tale.collected("MRN-2", patient={"family": "Okafor"})
    other = tale.boxed("demo-nurse", [theirs])
    stops = tale.refused("demo-courier", "shipment.transferred", [box, ("shipper", other)], reason="other", signs=TWO)
    assert {"shipper_holds_one_therapy", "shipper_is_ready"} <= stops


def test_a_shipment_is_delayed_diverted_and_turned_back_with_its_contents(tale):
    coi, bag, box = shipped(tale)
    tale.step("demo-courier", "shipment.delayed", [box], reason="weather", values={"until": "2026-03-04T10:00:00Z"})
    tale.step("demo-courier", "shipment.diverted", [box], reason="weather", values={"to": "other-hospital"})
    assert tale.get("other-nurse", f"/therapies/{coi}")["therapy"] == coi
    tale.step("demo-courier", "shipment.returned", [box], reason="weather", values={"to": HOSPITAL})
    tale.step("demo-courier", "handoff.offered", [box], values={"to": HOSPITAL})
    tale.step("demo-nurse", "handoff.accepted", [box, ("seal", "S-1")])
    assert tale.container(coi, bag)["custody"]["organisation"] == HOSPITAL
    assert "shipper_is_ready" in tale.refused("demo-nurse", "shipper.returned", [box])


def test_a_courier_hands_on_to_another_courier_of_the_company(tale):
    coi, bag, box = shipped(tale)
    tale.step("demo-courier", "handoff.offered", [box], values={"to": "demo-courier-2"})
    tale.step("demo-courier-2", "handoff.accepted", [box, ("seal", "S-1")])
    assert tale.container(coi, bag)["custody"]["person"] == "demo-courier-2"


def test_a_leg_that_nobody_attended_is_reported_by_the_company_that_answers_for_it(tale):
    coi, bag, box = shipped(tale)
    told = {"values": {"carrier": "airline", "started_at": "2026-03-02T06:00:00Z", "ended_at": "2026-03-02T07:30:00Z"}}
    assert "giver_holds_it" in tale.refused("demo-nurse", "leg.reported", [box], **told)
    tale.step("demo-courier", "leg.reported", [box], **told)
    assert tale.entries(coi, "leg.reported")[0]["values"]["carrier"] == "airline"
    assert tale.container(coi, bag)["custody"]["organisation"] == COURIERS
