"""Signing on one screen: two people at one terminal, what is wrong beside its block, and passwords without a trace."""

import json
import logging
import re

import pytest

from coi.actions import reads
from tests.play import Player
from tests.web.conftest import Person, field_of, hidden_of, make_app
from tests.worlds import PASSWORD

BINDING = {"value.issuer": "demo-hospital", "value.kind": "mrn", "value.value": "MRN-1-NEW"}
WRONG = "a wrong password that must not be seen again"


def blocks(*signers, password=PASSWORD):
    """The fields of signature blocks: a code for each person, None for the one who is signed in."""
    data = {}
    for number, who in enumerate(signers):
        data |= {f"sign.{number}.password": password} | ({f"sign.{number}.person": who} if who else {})
    return data


def last(office, player, coi):
    return reads.entries(office, coi, caller=player.as_("demo-coordinator"))["items"][-1]


def beside(page, number):
    """The sentence beside a block."""
    found = re.search(rf'id="sign-{number}-problem">(.*?)</p>', page, re.DOTALL)
    return found[1].strip() if found else None


@pytest.fixture
def path(player):
    return f"/steps/identifier.bound?therapy={player.enrol('MRN-1')}"


def test_two_people_sign_on_one_screen_on_either_database(office, tmp_path):
    player = Player(office)
    coi = player.enrol("MRN-1")
    nurse = Person(make_app(office, tmp_path).test_client())
    nurse.sign_in("demo-nurse")
    shown = nurse.get(f"/steps/identifier.bound?therapy={coi}").text
    assert "You: <strong>demo-nurse</strong>" in shown
    assert '<option value="demo-physician">' in shown
    wrong = nurse.fill(
        f"/steps/identifier.bound?therapy={coi}", BINDING | blocks(None, "demo-physician", password="no")
    )
    assert wrong.status_code == 400
    assert last(office, player, coi)["kind"] == "therapy.enrolled"
    answer = nurse.fill(f"/steps/identifier.bound?therapy={coi}", BINDING | blocks(None, "demo-physician"))
    assert answer.status_code == 201, answer.text
    entry = last(office, player, coi)
    assert [(one["person"], one["meaning"]) for one in entry["signatures"]] == [
        ("demo-nurse", "performed"), ("demo-physician", "verified")]  # fmt: skip
    history = nurse.get(f"/therapies/{coi}").text
    assert "done: demo-nurse" in history
    assert "checked by a second person: demo-physician" in history
    assert "Signed: checked by a second person" in history


def test_a_wrong_second_password_records_nothing_and_keeps_what_was_typed(person, player, world, path):
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get(path).text) | BINDING | blocks(None, "demo-physician")
    answer = nurse.post("/steps/identifier.bound", data | {"sign.1.password": WRONG})
    assert answer.status_code == 400
    assert beside(answer.text, 0) is None
    assert "name or the password is wrong" in beside(answer.text, 1)
    assert 'value="MRN-1-NEW"' in answer.text
    assert field_of(answer.text, "sign.1.person") == "demo-physician"
    assert last(world, player, data["therapy"])["kind"] == "therapy.enrolled"
    again = nurse.post("/steps/identifier.bound", data)  # the same form, signed rightly
    assert again.status_code == 201


@pytest.mark.parametrize("who", ["nobody-here", "Demo Nurse", "", "x\0y", "a" * 300])
def test_who_is_not_known_is_told_beside_the_block(person, player, world, path, who):
    answer = person("demo-nurse").fill(path, BINDING | blocks(None, "demo-physician") | {"sign.1.person": who})
    assert answer.status_code == 400
    assert beside(answer.text, 1)
    assert answer.text.count('id="sign-0-problem"') == 0


def test_nobody_signs_for_the_one_who_does_it(person, player, world, path):
    forged = {"sign.0.person": "demo-coordinator"}  # the first block has no such field
    answer = person("demo-nurse").fill(path, BINDING | blocks(None, "demo-physician") | forged)
    assert answer.status_code == 201
    coi = path.partition("=")[2]
    assert last(world, player, coi)["signatures"][0]["person"] == "demo-nurse"


def test_the_same_person_twice_is_refused_with_its_sentence(person, player, world, path):
    answer = person("demo-nurse").fill(path, BINDING | blocks(None, "demo-nurse"))
    assert answer.status_code == 422
    assert "Nobody signs the same step twice." in answer.text
    assert last(world, player, path.partition("=")[2])["kind"] == "attempt.refused"


def test_a_form_that_is_sent_twice_by_a_double_click_is_recorded_once(person, path):
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get(path).text) | BINDING | blocks(None, "demo-physician")
    assert [nurse.post("/steps/identifier.bound", data).status_code for _ in range(2)] == [201, 200]


def test_a_signature_is_for_what_stood_in_the_form_and_nothing_else(person, player, world, path):
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get(path).text) | BINDING | blocks(None, "demo-physician")
    nurse.post("/steps/identifier.bound", data | {"sign.1.password": WRONG})  # the first signature was given
    changed = nurse.post("/steps/identifier.bound", data | {"value.value": "OTHER", "sign.0.password": ""})
    assert changed.status_code == 400
    assert beside(changed.text, 0)
    assert last(world, player, data["therapy"])["kind"] == "therapy.enrolled"


def test_passwords_stand_in_no_page_and_no_line_of_the_log(person, path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get(path).text) | BINDING | blocks(None, "demo-physician")
    pages = [
        nurse.post("/steps/identifier.bound", data | {"sign.1.password": WRONG}),
        nurse.post("/steps/identifier.bound/form", data),
        nurse.post("/steps/identifier.bound", data | {"id": "broken"}),
        nurse.post("/steps/identifier.bound", data),
    ]
    assert [page.status_code for page in pages] == [400, 200, 400, 201]
    captured = capfd.readouterr()
    told = "".join(page.text for page in pages) + caplog.text + captured.out + captured.err
    assert PASSWORD not in told
    assert WRONG not in told
    for page in pages:
        for field in re.findall(r'<input[^>]*type="password"[^>]*>', page.text):
            assert "value=" not in field
            assert 'autocomplete="off"' in field


def test_wrong_passwords_lock_the_account_as_at_the_door(person, path):
    nurse = person("demo-nurse")
    for _ in range(5):
        nurse.fill(path, BINDING | blocks(None, "demo-physician") | {"sign.1.password": WRONG})
    answer = nurse.fill(path, BINDING | blocks(None, "demo-physician"))
    assert answer.status_code == 400
    assert "locked for now" in beside(answer.text, 1)


def test_three_people_and_their_meanings_stand_in_three_blocks(person, player):
    coi, _ = player.collected("MRN-1")
    shown = person("demo-nurse").get(f"/steps/container.reidentified?therapy={coi}").text
    assert shown.count('class="sign-block"') == 3
    assert "3 signatures, each by another person" in shown
    third = shown[shown.index('id="sign-2-person"') :]
    assert re.findall(r'<option value="([^"]+)">', third)[:3] == ["demo-quality", "demo-quality-2"]


def test_the_site_that_takes_over_signs_for_itself(person, player):
    coi = player.enrol("MRN-1")
    shown = person("demo-physician").get(f"/steps/site.changed?therapy={coi}").text
    assert "(the site that treats the patient now)" in shown
    assert "(the site that is named above)" in shown


def test_a_step_without_signatures_asks_for_none(person, player):
    coi = player.enrol("MRN-1")
    assert 'type="password"' not in person("demo-nurse").get(f"/steps/patient.verified?therapy={coi}").text


def test_a_camera_picture_keeps_the_names_of_those_who_sign(person, path):
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get(path).text) | BINDING | blocks(None, "demo-physician")
    shown = nurse.post("/steps/identifier.bound/form", data).text
    assert field_of(shown, "sign.1.person") == "demo-physician"
    assert json.dumps(PASSWORD)[1:-1] not in shown
