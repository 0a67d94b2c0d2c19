"""Taking steps by form, without JavaScript: what a form asks, what it sends, and how the answer is shown."""

import json
from uuid import uuid4

import pytest

from coi.actions import reads
from coi.journey.steps import STEPS
from coi.journey.values import Flag
from coi.record.tables import ORGANISATION
from tests.web.conftest import field_of, hidden_of

BY_FORM = [row for row in STEPS.values() if row.route == "steps"]


def entries(world, player, coi):
    return reads.entries(world, coi, caller=player.as_("demo-nurse"))["items"]


def kinds(world, player, coi):
    return [entry["kind"] for entry in entries(world, player, coi)]


@pytest.mark.parametrize("row", BY_FORM, ids=[row.kind for row in BY_FORM])
def test_the_form_of_a_step_asks_for_everything_in_its_row(person, player, row):
    coi = player.enrol("MRN-1")
    shown = person("demo-nurse").get(f"/steps/{row.kind}?therapy={coi}").text
    assert f"<h1>{row.title}</h1>".replace("'", "&#39;") in shown
    for wish in row.scans:
        assert f'name="scan.{wish.role.value}"' in shown
        assert wish.text.replace("'", "&#39;") in shown
    for field in row.values:
        if field.name in ("discard", "give_back", "keep"):  # nothing lives yet that could be disposed of
            continue
        assert f'name="value.{field.name}"' in shown
        assert field.text.replace("'", "&#39;") in shown
    assert ('name="reason" required' in shown) == row.reason
    assert shown.count('type="password"') == sum(signing.count for signing in row.signatures)
    assert ("enter it from paper" in shown) == ("paper" in row.reported_by)
    assert 'name="note"' in shown


def test_a_step_is_taken_from_its_form(person, player, world):
    coi = player.enrol("MRN-1")
    answer = person("demo-nurse").fill(f"/steps/patient.verified?therapy={coi}", {
        "scan.wristband": "MRN-1", "value.stated": ["name", "birth_date"]})  # fmt: skip
    assert answer.status_code == 201
    assert "Recorded: Patient verified" in answer.text
    entry = entries(world, player, coi)[-1]
    assert (entry["kind"], entry["values"]["stated"]) == ("patient.verified", ["name", "birth_date"])
    assert [scan["via"] for scan in entry["scans"]] == ["typed"]


def test_after_planning_each_container_can_be_labelled(person, player):
    coi = player.enrol("MRN-1")
    answer = person("demo-nurse").fill(f"/steps/container.planned?therapy={coi}", {
        "value.purpose": "starting_material", "value.count": "3"})  # fmt: skip
    assert answer.status_code == 201
    assert answer.text.count('/label">') == 3


def test_sending_a_form_twice_records_it_once(person, player, world):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get(f"/steps/container.planned?therapy={coi}").text) | {"value.purpose": "dose"}
    first, second = (nurse.post("/steps/container.planned", data) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert "nothing was recorded twice" in second.text
    assert kinds(world, player, coi).count("container.planned") == 1


def test_an_id_that_was_used_for_something_else_is_told_apart(person, player, world):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get(f"/steps/container.planned?therapy={coi}").text) | {"value.purpose": "dose"}
    nurse.post("/steps/container.planned", data)
    answer = nurse.post("/steps/container.planned", data | {"value.purpose": "rescue"})
    assert answer.status_code == 409
    assert "This form was used before" in answer.text
    assert kinds(world, player, coi).count("container.planned") == 1


def test_a_refusal_is_loud_and_says_what_was_got_and_what_was_expected(person, player, world):
    coi, _, _ = player.at_bedside("MRN-1")
    _, other, _ = player.at_bedside("MRN-2")
    answer = person("demo-infusion").fill(f"/steps/infusion.checked?therapy={coi}", {
        "scan.wristband": "MRN-2", "scan.container": other[0], "value.dose": "1"})  # fmt: skip
    assert answer.status_code == 422
    assert "STOP – Check at the bedside is refused" in answer.text
    assert "The wristband belongs to another patient" in answer.text
    assert "belongs to another therapy" in answer.text
    assert answer.text.count("<dt>Expected</dt>") == answer.text.count("<dt>Got</dt>") >= 2
    assert "patient Doe, Jane" in answer.text  # whom the nurse should have before her
    assert kinds(world, player, coi)[-1] == "attempt.refused"


def test_what_is_malformed_comes_back_with_what_was_typed_and_the_sentence_beside_it(person, player, world):
    coi = player.enrol("MRN-1")
    before = kinds(world, player, coi)
    nurse = person("demo-nurse")
    shown = nurse.get(f"/steps/container.planned?therapy={coi}").text
    data = hidden_of(shown) | {"value.purpose": "dose", "value.count": "many", "note": "two <b>bags</b>"}
    answer = nurse.post("/steps/container.planned", data)
    assert answer.status_code == 400
    assert 'value="many"' in answer.text
    assert "Expected a whole number from 1 to 50." in answer.text
    assert "two &lt;b&gt;bags&lt;/b&gt;" in answer.text
    assert field_of(answer.text[answer.text.index("step-sheet") :], "id") == data["id"]  # not used up
    assert kinds(world, player, coi) == before
    assert nurse.post("/steps/container.planned", data | {"value.count": "2"}).status_code == 201


def test_a_number_with_a_comma_is_asked_again_and_never_read_as_thousands(person, player):
    coi = player.enrol("MRN-1")
    player.step("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    player.step("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    serials = player.labelled(coi, "starting_material")
    answer = person("demo-nurse").fill(f"/steps/collection.completed?therapy={coi}", {
        "scan.container": serials[0], "value.volume_ml": "1,000"})  # fmt: skip
    assert answer.status_code == 400
    assert "Expected millilitres" in answer.text


def test_several_scans_stand_one_a_line(person, player, world):
    coi = player.enrol("MRN-1")
    player.step("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    player.step("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    serials = player.labelled(coi, "starting_material", 2)
    answer = person("demo-nurse").fill(f"/steps/collection.completed?therapy={coi}", {
        "scan.container": f"{serials[0]}\r\n\r\n{serials[1]}\r\n", "value.volume_ml": "212.5"})  # fmt: skip
    assert answer.status_code == 201
    entry = entries(world, player, coi)[-1]
    assert len(entry["values"]["containers"]) == 2
    assert entry["values"]["volume_ml"] == "212.5"


def test_a_note_goes_to_the_vault_and_only_its_commitment_to_the_log(person, player, world):
    coi, _ = player.collected("MRN-1")
    answer = person("demo-nurse").fill(f"/steps/hold.placed?therapy={coi}", {
        "reason": "under-investigation", "note": "Ask Mrs Canary\nabout the bag"})  # fmt: skip
    assert answer.status_code == 201
    entry = entries(world, player, coi)[-1]
    assert entry["note"]
    assert "Canary" not in json.dumps(entries(world, player, coi))
    assert "Ask Mrs Canary\nabout the bag" in person("demo-nurse").get(f"/therapies/{coi}").text


def test_the_time_of_a_step_has_the_offset_and_the_zone_of_the_persons_site(person, player, world):
    with world.store.write() as conn:
        conn.execute(ORGANISATION.update().where(ORGANISATION.c.code == "demo-hospital").values(zone="Asia/Kolkata"))
    coi = player.enrol("MRN-1")
    person("demo-nurse").fill(f"/steps/container.planned?therapy={coi}", {"value.purpose": "dose"})
    entry = entries(world, player, coi)[-1]
    assert (entry["offset"], entry["zone"]) == (330, "Asia/Kolkata")
    assert " IST (" in person("demo-nurse").get(f"/therapies/{coi}").text


def test_a_scan_is_carried_from_the_scan_page_into_the_form(person, player, world):
    _, serial = player.offered("MRN-1")
    courier = person("demo-courier")
    shown = courier.post("/scan", {"text": serial, "via": "wedge"}).text
    assert "Accept a handoff" in shown
    part = shown[shown.index("/steps/handoff.accepted/form") :]
    form = courier.post("/steps/handoff.accepted/form", {"scan": field_of(part, "scan")})
    assert form.status_code == 200
    sheet = form.text[form.text.index("step-sheet") :]
    data = hidden_of(form.text) | {"scan": field_of(sheet, "scan"), "value.containers_received": "1"}
    assert courier.post("/steps/handoff.accepted", data).status_code == 201


def test_opening_a_form_again_keeps_what_was_given(person, player):
    coi, (serial,) = player.collected("MRN-1")
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get(f"/steps/handoff.offered?therapy={coi}").text) | {
        "scan.container": serial, "value.to": ["demo-courier-co", ""], "note": "at the hatch"}  # fmt: skip
    again = nurse.post("/steps/handoff.offered/form", data)
    assert again.status_code == 200
    assert serial in again.text
    assert 'value="demo-courier-co" selected' in again.text
    assert "at the hatch</textarea>" in again.text
    assert hidden_of(again.text)["id"] == data["id"]


def test_a_handoff_can_be_offered_to_one_person(person, player, world):
    coi, (serial,) = player.collected("MRN-1")
    answer = person("demo-nurse").fill(f"/steps/handoff.offered?therapy={coi}", {
        "scan.container": serial, "value.to": ["", "demo-courier"]})  # fmt: skip
    assert answer.status_code == 201
    assert entries(world, player, coi)[-1]["values"]["to_type"] == "person"
    assert "Waiting for you" in person("demo-courier").get("/").text
    assert "Waiting for you" not in person("demo-courier-2").get("/").text


@pytest.mark.parametrize("consumed", [True, False])
def test_a_tick_that_is_taken_away_says_no(person, player, world, consumed):
    assert isinstance(STEPS["containers.transformed"].values[1], Flag)
    coi, (bag,) = player.collected("MRN-1")
    player.moved(coi, [bag], "demo-nurse", "demo-plant", "demo-operator")
    player.step("demo-operator", "lot.started", [("container", bag)], coi=coi)
    dose = player.labelled(coi, "dose", person="demo-operator")[0]
    operator = person("demo-operator")
    path = f"/steps/containers.transformed?therapy={coi}"
    assert 'id="value-consumed" value="on" checked' in operator.get(path).text
    tick = {"value.consumed": "on"} if consumed else {}
    answer = operator.fill(path, {"scan.container": bag, "scan.label": dose, **tick})
    assert answer.status_code == 201
    assert entries(world, player, coi)[-1]["values"]["consumed"] is consumed


def test_containers_of_the_therapy_can_be_ticked_where_they_cannot_be_scanned(person, player, world):
    coi, _, ids = player.doses("MRN-1", 2)
    answer = person("demo-quality").fill(f"/steps/containers.released?therapy={coi}", {
        "value.containers": ids, "value.status": "final"})  # fmt: skip
    assert answer.status_code == 201
    assert entries(world, player, coi)[-1]["values"]["containers"] == ids


def test_a_correction_is_written_as_json_and_a_time_of_the_site(person, player, world):
    coi, _ = player.collected("MRN-1")
    entry = next(item for item in entries(world, player, coi) if item["kind"] == "container.planned")
    path = f"/steps/entry.replaced?therapy={coi}&entry={entry['id']}"
    quality = person("demo-quality")
    assert f'value="{entry["id"]}"' in quality.get(path).text
    broken = quality.fill(path, {"value.entry": entry["id"], "reason": "recorded-in-error", "value.values": "{"})
    assert broken.status_code == 400
    assert "Expected an object with the corrected values." in broken.text


def test_an_offer_is_chosen_by_following_its_link(person, player, world):
    coi, _ = player.offered("MRN-1")
    offer = next(item["id"] for item in entries(world, player, coi) if item["kind"] == "handoff.offered")
    courier = person("demo-courier")
    assert f"handoff={offer}" in courier.get("/handoffs").text
    shown = courier.get(f"/steps/handoff.accepted?handoff={offer}").text
    assert f'value="{offer}"' in shown


def test_an_offer_is_taken_by_those_it_is_for_and_taken_back_by_those_who_made_it(person, player):
    coi, _ = player.offered("MRN-1")
    for path in ("/handoffs", f"/therapies/{coi}"):
        nurse = person("demo-nurse").get(path).text
        assert ("Take it back" in nurse, "Accept</a>" in nurse) == (True, False), path
    courier = person("demo-courier").get("/handoffs").text
    assert ("Take it back" in courier, "Accept</a>" in courier) == (False, True)


@pytest.mark.parametrize("kind", ["attempt.refused", "window.breached", "no.such", "label.issued", "%00", "a" * 300])
def test_there_is_no_form_for_what_is_no_step(person, kind):
    nurse = person("demo-nurse")
    assert nurse.get(f"/steps/{kind}").status_code == 404
    assert nurse.post(f"/steps/{kind}", {"id": str(uuid4())}).status_code == 404


def test_label_and_enrolment_have_pages_of_their_own(person, player):
    coi = player.enrol("MRN-1")
    (id_,) = player.plan(coi, "dose")
    nurse = person("demo-nurse")
    assert nurse.get(f"/steps/label.issued?container={id_}").location == f"/containers/{id_}/label"
    assert nurse.get("/steps/therapy.enrolled").location == "/enrol"
