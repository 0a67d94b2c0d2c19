"""Two people sign at one screen; a paper record is entered with its sheet; a document is attached by form."""

import io

from PIL import Image

from coi.actions import reads
from tests.web.conftest import PASSWORD, Person, hidden_of

BOUND = {"value.issuer": "demo-hospital", "value.kind": "mrn", "value.value": "MRN-1B"}


def bind(someone: Person, coi: str, **signed: str):
    data = {"sign.0.password": PASSWORD, "sign.1.person": "demo-physician", "sign.1.password": PASSWORD, **signed}
    return someone.fill(f"/steps/identifier.bound?therapy={coi}", {**BOUND, **data})


def entries(world, player, coi):
    return reads.entries(world, coi, caller=player.as_("demo-nurse"))["items"]


def test_two_people_sign_at_one_screen(person, player, world):
    coi = player.enrol("MRN-1")
    assert bind(person("demo-nurse"), coi).status_code == 201
    entry = entries(world, player, coi)[-1]
    assert [(one["person"], one["meaning"]) for one in entry["signatures"]] == [
        ("demo-nurse", "performed"), ("demo-physician", "verified")]  # fmt: skip


def test_a_wrong_second_password_records_nothing_and_says_whose(person, player, world):
    coi = player.enrol("MRN-1")
    before = len(entries(world, player, coi))
    answer = bind(person("demo-nurse"), coi, **{"sign.1.password": "wrong"})
    assert answer.status_code == 422
    assert "who signs as verified is wrong" in answer.text
    assert len(entries(world, player, coi)) == before


def test_the_same_person_twice_is_refused_with_its_sentence(person, player):
    coi = player.enrol("MRN-1")
    answer = bind(person("demo-nurse"), coi, **{"sign.1.person": "demo-nurse"})
    assert answer.status_code == 422
    assert "Nobody signs the same step twice." in answer.text


def test_no_password_is_ever_shown_again(person, player):
    coi = player.enrol("MRN-1")
    answer = bind(person("demo-nurse"), coi, **{"sign.1.person": "nobody-here"})
    assert answer.status_code == 422
    assert PASSWORD not in answer.text
    assert "demo-nurse" in answer.text


def test_a_paper_record_is_entered_with_its_sheet_and_two_signatures(person, player, world):
    coi, (bag,) = player.collected("MRN-1")
    nurse = person("demo-nurse")
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(picture, "JPEG")
    picture.seek(0)
    sent = nurse.fill(f"/therapies/{coi}/documents", {"kind": "downtime_sheet", "file": (picture, "Jane Doe.jpg")},
                      content_type="multipart/form-data")  # fmt: skip
    assert sent.status_code == 303
    (document,) = reads.therapy(world, coi, caller=player.as_("demo-nurse"))["documents"]
    form = nurse.get(f"/steps/container.damaged?therapy={coi}&paper=1")
    assert document["sha256"] in form.text
    answer = nurse.post("/steps/container.damaged", hidden_of(form.text) | {
        "paper": "1", "happened": "2026-01-02T08:00:00", "by": "demo-nurse demo-infusion",
        "document": document["sha256"], "scan.container": bag, "value.damage": "leak",
        "sign.0.person": "demo-nurse", "sign.0.password": PASSWORD,
        "sign.1.person": "demo-physician", "sign.1.password": PASSWORD})  # fmt: skip
    assert answer.status_code == 201, answer.text
    entry = next(one for one in entries(world, player, coi) if one["kind"] == "container.damaged")
    assert (entry["tense"], entry["performed_by"], entry["documents"]) == (
        "reported", ["demo-nurse", "demo-infusion"], [document["sha256"]])  # fmt: skip
    assert [one["meaning"] for one in entry["signatures"]] == ["transcribed", "checked_against_paper"]
    page = nurse.get(f"/therapies/{coi}").text
    assert "Signed, transcribed" in page
    assert "reported afterwards" in page


def test_a_paper_record_without_its_time_is_sent_back(person, player):
    coi, (bag,) = player.collected("MRN-1")
    answer = person("demo-nurse").fill(f"/steps/container.damaged?therapy={coi}", {
        "paper": "1", "scan.container": bag, "value.damage": "leak"})  # fmt: skip
    assert answer.status_code == 400
    assert "Say when it happened" in answer.text


def test_a_document_is_opened_again_by_those_who_see_the_therapy(person, player, world):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    pdf = (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "c.pdf")
    data = {"kind": "certificate", "file": pdf}
    nurse.fill(f"/therapies/{coi}/documents", data, content_type="multipart/form-data")
    page = nurse.get(f"/therapies/{coi}/documents").text
    (document,) = reads.therapy(world, coi, caller=player.as_("demo-nurse"))["documents"]
    assert f"/documents/{document['sha256']}" in page
    assert nurse.get(f"/documents/{document['sha256']}").data == b"%PDF-1.4\n%%EOF\n"
    assert person("demo-courier").get(f"/documents/{document['sha256']}").status_code == 404


def test_a_file_of_another_kind_is_sent_back_with_a_sentence(person, player):
    coi = player.enrol("MRN-1")
    answer = person("demo-nurse").fill(f"/therapies/{coi}/documents", {
        "kind": "other", "file": (io.BytesIO(b"GIF89a"), "x.gif")}, content_type="multipart/form-data")  # fmt: skip
    assert answer.status_code == 415
    assert "no PDF, PNG or JPEG" in answer.text
