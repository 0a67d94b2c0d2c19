"""From paper: a step that happened already, entered from its sheet, and what the history says of it afterwards."""

import json
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from coi.actions import documents, reads
from tests.play import Player
from tests.web.conftest import Person, hidden_of, make_app
from tests.web.test_signing import blocks

COPIED = blocks("demo-nurse", "demo-physician")


def photo(office, player, coi):
    """Attach a photographed sheet; return its SHA-256."""
    picture = BytesIO()
    Image.new("RGB", (40, 30), "white").save(picture, "PNG")
    request = documents.AttachRequest(id=str(uuid4()), therapy=coi, kind="downtime_sheet", data=picture.getvalue(),
                                      name="sheet.png")  # fmt: skip
    answer = documents.attach(office, request, caller=player.as_("demo-nurse"))
    assert answer.status == 201, answer.body
    return json.loads(answer.body)["entry"]["values"]["sha256"]


def earlier(office, **ago):
    """A local time of the demo hospital (its zone is UTC), as the browser sends it."""
    return f"{office.now() - timedelta(**ago):%Y-%m-%dT%H:%M:%S}"


def last(office, player, coi):
    return reads.entries(office, coi, caller=player.as_("demo-nurse"))["items"][-1]


def test_a_verification_on_paper_is_entered_with_two_signatures_on_either_database(office, tmp_path):
    player = Player(office)
    coi = player.enrol("MRN-1")
    sheet = photo(office, player, coi)
    nurse = Person(make_app(office, tmp_path).test_client())
    nurse.sign_in("demo-nurse")
    path = f"/steps/patient.verified?therapy={coi}"
    link = f'href="/steps/patient.verified?therapy={coi}&amp;paper=yes"'
    assert link in nurse.get(path).text
    shown = nurse.get(f"{path}&paper=yes").text
    assert f'name="document" id="document-1" value="{sheet}"' in shown
    assert "Copied from the paper by" in shown
    assert "Compared with the paper by a second person" in shown
    at = earlier(office, seconds=150)
    answer = nurse.fill(f"{path}&paper=yes", {
        "paper": "yes", "occurred_at": at, "performed_by": ["demo-infusion", "demo-infusion-2"], "document": sheet,
        "scan.wristband": "MRN-1", "value.stated": ["name", "birth_date"], **COPIED})  # fmt: skip
    assert answer.status_code == 201, answer.text
    entry = next(item for item in reads.entries(office, coi, caller=player.as_("demo-nurse"))["items"]
                 if item["kind"] == "patient.verified")  # fmt: skip
    assert (entry["tense"], entry["documents"]) == ("reported", [sheet])
    assert entry["performed_by"] == ["demo-infusion", "demo-infusion-2"]
    assert [scan["via"] for scan in entry["scans"]] == ["paper"]
    assert [one["meaning"] for one in entry["signatures"]] == ["transcribed", "checked_against_paper"]
    history = nurse.get(f"/therapies/{coi}").text
    assert "done by demo-infusion, demo-infusion-2" in history
    assert "compared with the paper: demo-physician" in history
    assert history.count('class="event-later"') == 1


def test_who_did_it_acknowledges_it_from_the_history(person, player, world):
    coi = player.enrol("MRN-1")
    person("demo-nurse").fill(f"/steps/patient.verified?therapy={coi}&paper=yes", {
        "paper": "yes", "occurred_at": earlier(world, seconds=1), "performed_by": "demo-infusion",
        "scan.wristband": "MRN-1", "value.stated": ["name", "birth_date"], **COPIED})  # fmt: skip
    assert "Acknowledge that it is so" not in person("demo-physician").get(f"/therapies/{coi}").text
    one = person("demo-infusion")
    page = one.get(f"/therapies/{coi}").text
    assert "Acknowledge that it is so" in page
    entry = next(item for item in reads.entries(world, coi, caller=player.as_("demo-nurse"))["items"]
                 if item["kind"] == "patient.verified")["id"]  # fmt: skip
    assert one.fill(f"/steps/entry.acknowledged?therapy={coi}&entry={entry}", {"value.entry": entry}).status_code == 201
    page = one.get(f"/therapies/{coi}").text
    assert "acknowledged by demo-infusion" in page
    assert "Acknowledge that it is so" not in page


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"occurred_at": ""}, "Say when it happened"),
    ({"occurred_at": "yesterday"}, "Say when it happened"),
    ({"occurred_at": "9999-12-31T23:59"}, "Say when it happened"),
    ({"performed_by": ["", ""]}, "Say who did it"),
    ({"performed_by": ["a", "b", "c", "d", "e"]}, "Say who did it"),
    ({"performed_by": "<b>"}, "Say who did it"),
    ({"performed_by": "nobody-here"}, "Somebody named as performer is not known here."),
    ({"document": "0" * 64}, "Attach 0000"),
    ({"sign.1.password": "wrong"}, "name or the password is wrong"),
])  # fmt: skip
def test_what_is_missing_on_the_paper_is_said_and_nothing_is_recorded(person, player, world, changed, sentence):
    coi = player.enrol("MRN-1")
    answer = person("demo-nurse").fill(f"/steps/patient.verified?therapy={coi}&paper=yes", {
        "paper": "yes", "occurred_at": earlier(world, seconds=1), "performed_by": "demo-infusion",
        "scan.wristband": "MRN-1", "value.stated": ["name", "birth_date"], **COPIED, **changed})  # fmt: skip
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "MRN-1" in answer.text
    assert "– from paper" in answer.text
    assert last(world, player, coi)["kind"] == "therapy.enrolled"


def test_a_paper_that_nobody_signs_is_recorded_with_what_is_missing(person, player, world):
    coi = player.enrol("MRN-1")
    answer = person("demo-nurse").fill(f"/steps/patient.verified?therapy={coi}&paper=yes", {
        "paper": "yes", "occurred_at": earlier(world, seconds=1), "performed_by": "demo-nurse",
        "scan.wristband": "MRN-1", "value.stated": ["name", "birth_date"]})  # fmt: skip
    assert answer.status_code == 201
    assert "A paper record was entered without" in answer.text
    assert last(world, player, coi)["signatures"] == []


@pytest.mark.parametrize("kind", ["infusion.checked", "containers.released", "hold.lifted", "entry.annulled"])
def test_what_can_never_be_reported_has_no_paper(person, player, kind):
    coi = player.enrol("MRN-1")
    quality = person("demo-quality")
    assert "enter it from paper" not in quality.get(f"/steps/{kind}?therapy={coi}").text
    answer = quality.fill(f"/steps/{kind}?therapy={coi}", {"paper": "yes", "occurred_at": "2026-01-01T10:00"})
    assert answer.status_code == 400
    assert "is never entered afterwards" in answer.text


def test_the_time_on_the_paper_is_the_time_of_the_site_and_changes_what_is_sent(person, player, world):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    path = f"/steps/patient.verified?therapy={coi}&paper=yes"
    shown = nurse.get(path).text
    data = hidden_of(shown) | {"paper": "yes", "performed_by": "demo-nurse", "scan.wristband": "MRN-1",
                               "value.stated": ["name", "birth_date"]}  # fmt: skip
    first, again = (nurse.post("/steps/patient.verified", data | {"occurred_at": earlier(world, seconds=ago)})
                    for ago in (5, 3))  # fmt: skip
    assert (first.status_code, again.status_code) == (201, 409)
