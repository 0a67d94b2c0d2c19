"""What a hostile tester found in the journeys: each of these was a wrong yes, a wrong record, a leak or a failure."""

import io
import struct
import zlib
from uuid import uuid4

from PIL import Image

from coi.actions import people as accounts
from coi.journey.steps import Role
from tests.story.conftest import COURIERS, HOSPITAL, OTHER, PLANT, bags_of
from tests.worlds import PASSWORD, QUICK

WARD = [("demo-infusion", "performed"), ("demo-infusion-2", "verified")]
CHAIR = [("demo-nurse", "performed"), ("demo-infusion", "verified")]
COPIED = [("demo-nurse", "transcribed"), ("demo-physician", "checked_against_paper")]
BOTH = ("demo-quality", "demo-quality-2")
MRN = {"issuer": HOSPITAL, "kind": "mrn"}


def send(tale, person, kind, scans=(), **more):
    return tale.http.post("/api/v1/steps", headers=tale.headers(person), json=tale.body(kind, scans, **more))


def correct(tale, coi, kind, people=BOTH, **values):
    return [send(tale, p, kind, therapy=coi, values=values, reason="recorded-in-error").status_code for p in people]


def person(tale, code, grants):
    accounts.add_person(tale.office, code=code, name=code, password=QUICK.hash(PASSWORD), grants=grants)


def given(tale, number, serial):
    """Try thaw, two checks and the infusion; return the four statuses."""
    bag = bags_of([serial])
    return [
        send(tale, "demo-infusion", "thaw.started", bag).status_code,
        *(
            send(tale, p, "infusion.checked", [("wristband", number), *bag]).status_code
            for p in ("demo-infusion", "demo-infusion-2")
        ),
        send(tale, "demo-infusion", "infusion.started", [*bag, ("wristband", number)]).status_code,
    ]


def test_a_binding_that_was_annulled_names_nobody(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    bound = tale.step("demo-nurse", "identifier.bound", signs=CHAIR, therapy=coi, values={**MRN, "value": "MRN-B"})
    assert correct(tale, coi, "entry.annulled", entry=bound["entry"]["id"]) == [201, 201]
    assert given(tale, "MRN-B", dose) == [201, 422, 422, 422]


def test_a_withdrawal_that_was_annulled_counts_no_longer(tale):
    coi = tale.enrol("MRN-1")
    said = {**MRN, "value": "MRN-1"}
    gone = tale.step("demo-nurse", "identifier.withdrawn", signs=CHAIR, therapy=coi, values=said, reason="other")
    assert correct(tale, coi, "entry.annulled", entry=gone["entry"]["id"]) == [201, 201]
    tale.post("demo-nurse", "/scans", {"text": "MRN-1"}, 200)


def test_a_wrong_adoption_is_annulled_and_the_right_one_made(tale):
    wrong, right = tale.enrol("MRN-1"), tale.enrol("MRN-2", patient={"family": "Okafor"})
    here, said = [("container", "=A99991712345600=<S1128V00")], {"signs": WARD, "values": {"purpose": "dose"}}
    made = tale.step("demo-infusion", "container.adopted", here, therapy=wrong, **said)
    assert correct(tale, wrong, "entry.annulled", entry=made["entry"]["id"]) == [201, 201]
    tale.step("demo-infusion", "container.adopted", here, therapy=right, **said)


def test_starting_material_in_a_rescue_bag_is_not_infused(tale):
    coi, (bag,) = tale.collected("MRN-1")
    (rescue,) = tale.labelled(coi, "rescue")
    tale.step(
        "demo-nurse", "contents.transferred", [*bags_of([bag]), ("label", rescue)], reason="bag-damaged", signs=CHAIR
    )
    tale.step("demo-quality", "hold.lifted", bags_of([rescue]), reason="investigation-closed")
    assert send(tale, "demo-quality", "containers.released", bags_of([rescue])).status_code == 422
    assert given(tale, "MRN-1", rescue)[-1] == 422


def test_a_sample_in_a_rescue_bag_is_not_released(tale):
    coi, (bag,) = tale.collected("MRN-1")
    (tube,) = tale.labelled(coi, "qc_sample")
    tale.step("demo-nurse", "sample.taken", [*bags_of([bag]), ("label", tube)])
    (rescue,) = tale.labelled(coi, "rescue")
    send(tale, "demo-nurse", "contents.transferred", [*bags_of([tube]), ("label", rescue)])
    tale.step(
        "demo-nurse", "contents.transferred", [*bags_of([tube]), ("label", rescue)], reason="bag-damaged", signs=CHAIR
    )
    tale.step("demo-quality", "hold.lifted", bags_of([rescue]), reason="investigation-closed")
    tale.step("demo-quality", "containers.released", bags_of([rescue]), expect=422)


def test_a_rescue_bag_of_a_running_infusion_needs_its_own_release_and_checks(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    assert given(tale, "MRN-1", dose) == [201, 201, 201, 201]
    tale.step("demo-infusion", "infusion.interrupted", bags_of([dose]), reason="bag-damaged")
    (rescue,) = tale.labelled(coi, "rescue", person="demo-infusion")
    tale.step(
        "demo-infusion", "contents.transferred", [*bags_of([dose]), ("label", rescue)], reason="bag-damaged", signs=WARD
    )
    assert tale.container(coi, rescue)["releases"] == []
    send(tale, "demo-infusion", "infusion.completed", bags_of([rescue]))
    assert tale.container(coi, rescue)["state"] != "infused"


def test_what_is_annulled_with_its_ground_is_annulled_also_when_it_was_replaced_before(tale):
    coi, (bag,) = tale.collected("MRN-1")
    tale.moved([bag], "demo-nurse", PLANT, "demo-operator")
    (dose,) = tale.made(coi, bag)
    made = tale.entries(coi, "containers.transformed")[-1]["id"]
    correct(tale, coi, "entry.replaced", entry=made, occurred_at="2026-03-02T07:59:00Z")
    target = tale.entries(coi, "collection.completed")[-1]["id"]
    body = send(tale, BOTH[0], "entry.annulled", therapy=coi, values={"entry": target}, reason="other").json
    (told,) = [one for one in body["findings"] if one["rule"] == "nothing_is_built_on_it"]
    also = [word.split()[1] for word in told["got"].split(", ")]
    assert made in also
    codes = correct(tale, coi, "entry.annulled", entry=target, also=also)
    states = [tale.container(coi, one)["state"] for one in (bag, dose)]
    holds = [bool(tale.container(coi, one)["holds"]) for one in (bag, dose)]
    released = send(tale, "demo-quality", "containers.released", bags_of([dose])).status_code
    moved = send(tale, "demo-operator", "handoff.offered", bags_of([dose]), values={"to": HOSPITAL}).status_code
    assert (states, released) == (["labelled", "labelled"], 422), (codes, states, holds, released, moved)


def test_an_entry_whose_amount_was_replaced_can_still_be_annulled(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.infused("MRN-1", [dose])
    done = tale.entries(coi, "infusion.completed")[-1]["id"]
    assert correct(tale, coi, "entry.replaced", entry=done, values={"volume_ml": "61"}) == [201, 201]
    assert correct(tale, coi, "entry.annulled", entry=done) == [201, 201]


def test_a_stranger_who_reports_a_receipt_does_not_get_the_record(tale):
    coi, (bag,) = tale.collected("MRN-1")
    consent = tale.attach("demo-nurse", coi, "consent")
    id_ = tale.container(coi, bag)["id"]
    tale.get("other-nurse", f"/therapies/{coi}", 404)
    send(tale, "other-nurse", "handoff.accepted", [("container", id_)], via="typed", tense="reported")
    one = tale.container(coi, bag)
    seen = [
        tale.http.get(f"/api/v1{path}", headers=tale.headers("other-nurse")).status_code
        for path in (f"/therapies/{coi}", f"/documents/{consent}")
    ]
    assert (one["custody"]["organisation"], seen) == (HOSPITAL, [404, 404]), (one["custody"], one["holds"], seen)


def test_a_stranger_does_not_take_custody_by_lost_and_found(tale):
    coi, (bag,) = tale.collected("MRN-1")
    scan = [("container", tale.container(coi, bag)["id"])]
    codes = [
        send(tale, "other-nurse", kind, scan, via="typed").status_code for kind in ("container.lost", "container.found")
    ]
    one = tale.container(coi, bag)["custody"]
    nurse = send(tale, "demo-nurse", "handoff.offered", bags_of([bag]), values={"to": PLANT}).status_code
    assert one["organisation"] == HOSPITAL, (codes, one, nurse)


def test_without_quality_a_revoked_release_stays_revoked(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    revoked = tale.step("demo-quality", "release.revoked", bags_of([dose]), reason="out-of-specification")
    person(tale, "coordinator-2", [(HOSPITAL, Role.COORDINATOR)])
    correct(tale, coi, "entry.annulled", ("demo-coordinator", "coordinator-2"), entry=revoked["entry"]["id"])
    assert given(tale, "MRN-1", dose)[0] == 422


def test_without_quality_a_hold_stays(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    held = tale.step("demo-quality", "hold.placed", bags_of([dose]), reason="out-of-specification")
    person(tale, "coordinator-2", [(HOSPITAL, Role.COORDINATOR)])
    correct(tale, coi, "entry.annulled", ("demo-coordinator", "coordinator-2"), entry=held["entry"]["id"])
    assert given(tale, "MRN-1", dose)[0] == 422


def paper(tale, coi, kind, scans, *, at, sheet, signs=COPIED):
    return tale.step(
        "demo-nurse",
        kind,
        scans,
        via="paper",
        signs=signs,
        therapy=coi,
        tense="reported",
        occurred_at=f"2026-03-02T{at}:00+00:00",
        documents=[sheet],
        performed_by=["demo-infusion", "demo-infusion-2"],
    )


def test_an_infusion_on_paper_before_the_release_is_told_as_such(tale):
    coi, (dose,) = tale.doses("MRN-1")
    tale.moved([dose], "demo-operator", HOSPITAL, "demo-infusion")
    tale.forward(hours=4)
    tale.step("demo-quality", "containers.released", bags_of([dose]))
    sheet = tale.attach("demo-nurse", coi, "downtime_sheet")
    for kind, at in (("thaw.started", "09:05"), ("infusion.started", "09:15")):  # the release came at 12:00
        body = paper(tale, coi, kind, bags_of([dose]), at=at, sheet=sheet)
        assert "release_in_force_names_it" in {one["rule"] for one in body["findings"]}


def test_a_release_that_was_in_force_then_is_not_missed_because_it_ended_since(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.forward(hours=4)
    tale.step("demo-quality", "release.revoked", bags_of([dose]), reason="out-of-specification")
    sheet = tale.attach("demo-nurse", coi, "downtime_sheet")
    body = paper(tale, coi, "thaw.started", bags_of([dose]), at="09:05", sheet=sheet)
    assert "release_in_force_names_it" not in {one["rule"] for one in body["findings"]}


def test_who_carries_it_does_not_read_the_consent_for_a_role_elsewhere(tale):
    coi, (bag,) = tale.collected("MRN-1")
    consent = tale.attach("demo-nurse", coi, "consent")
    tale.moved([bag], "demo-nurse", COURIERS, "demo-courier")
    person(tale, "two-jobs", [(COURIERS, Role.COURIER), (OTHER, Role.NURSE)])
    tale.get("demo-courier", f"/documents/{consent}", 404)
    code = tale.http.get(f"/api/v1/documents/{consent}", headers=tale.headers("two-jobs")).status_code
    assert code == 404


def test_what_is_stored_is_no_longer_in_the_shipper(tale):
    coi, (bag,) = tale.collected("MRN-1")
    box = tale.boxed("demo-nurse", [bag])
    stored = send(tale, "demo-nurse", "container.stored", [*bags_of([bag]), ("location", "TANK-1")])
    back = send(tale, "demo-nurse", "shipper.returned", [("shipper", box)])
    kind = tale.container(coi, bag)["custody"]["place"]["kind"]
    assert (stored.status_code, kind, back.status_code) in ((201, "location", 201), (422, "shipper", 422))


def test_what_was_evacuated_is_no_longer_in_the_shipper(tale):
    coi, (bag,) = tale.collected("MRN-1")
    box = tale.boxed("demo-nurse", [bag])
    moved = send(
        tale, "demo-nurse", "storage.evacuated", [*bags_of([bag]), ("location", "TANK-9")], reason="storage-failure"
    )
    back = send(tale, "demo-nurse", "shipper.returned", [("shipper", box)])
    kind = tale.container(coi, bag)["custody"]["place"]["kind"]
    assert (moved.status_code, kind, back.status_code) in ((201, "location", 201), (422, "shipper", 422))


def test_strangers_do_not_stand_for_the_copy_of_a_paper_record(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.forward(hours=4)
    sheet = tale.attach("demo-nurse", coi, "consent")
    paper(tale, coi, "thaw.started", bags_of([dose]), at="09:05", sheet=sheet)
    strangers = [("other-nurse", "transcribed"), ("other-physician", "checked_against_paper")]
    body = paper(tale, coi, "infusion.started", bags_of([dose]), at="09:15", sheet=sheet, signs=strangers)
    told = {one["rule"]: one["severity"] for one in body["findings"]}
    assert told["two_people_checked_it"] == "stop", told


def test_an_evacuation_of_two_patients_bags_is_entered_from_paper(tale):
    first, (mine,) = tale.collected("MRN-1")
    second, (theirs,) = tale.collected("MRN-2", patient={"family": "Okafor"})
    tale.forward(hours=3)
    sheet = tale.attach("demo-nurse", first, "downtime_sheet")
    assert tale.attach("demo-nurse", second, "downtime_sheet") == sheet
    tale.step(
        "demo-nurse",
        "storage.evacuated",
        [*bags_of([mine, theirs]), ("location", "TANK-9")],
        via="paper",
        signs=COPIED,
        tense="reported",
        occurred_at="2026-03-02T09:00:00+00:00",
        documents=[sheet],
        performed_by=["demo-infusion", "demo-infusion-2"],
        reason="storage-failure",
    )


def test_moving_the_contents_of_an_empty_shipper_is_no_failure_of_the_service(tale):
    coi = tale.enrol("MRN-1")
    boxes = [
        tale.step("demo-nurse", "shipper.charged", values={"hold_hours": 9})["entry"]["values"]["shipper"]
        for _ in range(2)
    ]
    body = tale.body("shipment.transferred", [("shipper", box) for box in boxes], therapy=coi, reason="other")
    body["signatures"] = [tale.signature(who, what, body) for who, what in CHAIR]
    answer = tale.http.post("/api/v1/steps", headers=tale.headers("demo-nurse"), json=body)
    assert answer.status_code == 422, answer.status_code


def test_a_picture_with_an_empty_profile_is_no_failure_of_the_service(tale):
    coi = tale.enrol("MRN-1")
    raw = io.BytesIO()
    Image.new("RGB", (8, 8)).save(raw, "PNG")
    data, part = raw.getvalue(), struct.pack(">I", 0) + b"iCCP" + struct.pack(">I", zlib.crc32(b"iCCP"))
    form = {
        "id": str(uuid4()),
        "therapy": coi,
        "kind": "other",
        "file": (io.BytesIO(data[:-12] + part + data[-12:]), "a.png"),
    }
    answer = tale.http.post(
        "/api/v1/documents", headers=tale.headers("demo-nurse"), data=form, content_type="multipart/form-data"
    )
    assert answer.status_code in (201, 415), answer.status_code


def test_a_rescue_bag_of_a_thawed_dose_can_be_released(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.step("demo-infusion", "thaw.started", bags_of([dose]))
    (rescue,) = tale.labelled(coi, "rescue", person="demo-infusion")
    tale.step(
        "demo-infusion", "contents.transferred", [*bags_of([dose]), ("label", rescue)], reason="bag-damaged", signs=WARD
    )
    tale.step("demo-quality", "hold.lifted", bags_of([rescue]), reason="investigation-closed")
    tale.step("demo-quality", "containers.released", bags_of([rescue]))


def test_releasing_from_a_terminated_lot_does_not_pass_unnoticed(tale):
    coi, (dose,) = tale.doses("MRN-1")
    tale.step("demo-operator", "lot.terminated", therapy=coi, reason="out-of-specification")
    body = send(tale, "demo-quality", "containers.released", bags_of([dose]))
    assert body.status_code == 422 or body.json["findings"]
