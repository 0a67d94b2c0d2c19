"""The door: passwords, sessions and the tokens of forms."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.web.conftest import Person, make_app


@pytest.fixture
def stranger(app):
    return Person(app.test_client())


def test_one_signs_in_and_is_greeted_by_name(stranger):
    assert stranger.sign_in("demo-nurse").location == "/"
    assert "Demo nurse" in stranger.get("/").text


@pytest.mark.parametrize(
    ("who", "password"), [("demo-nurse", "wrong"), ("nobody", "wrong"), ("", ""), ("demo-nurse", "")]
)
def test_a_wrong_name_and_a_wrong_password_hear_the_same(stranger, who, password):
    answer = stranger.sign_in(who, password)
    assert answer.status_code == 401
    assert "The name or the password is wrong" in answer.text
    assert "Set-Cookie" not in answer.headers or "coi=" not in answer.headers["Set-Cookie"]
    assert stranger.get("/").status_code == 303


def test_after_five_wrong_passwords_the_right_one_waits_too(stranger, hands):
    for _ in range(5):
        assert stranger.sign_in("demo-nurse", "wrong").status_code == 401
    answer = stranger.sign_in("demo-nurse")
    assert answer.status_code == 401
    assert "locked for now" in answer.text
    hands.ahead += timedelta(minutes=16)
    assert stranger.sign_in("demo-nurse").status_code == 303


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites(stranger):
    cookie = stranger.sign_in("demo-nurse").headers["Set-Cookie"]
    assert all(part in cookie for part in ("coi=", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Secure" not in cookie  # demo mode on loopback


def test_behind_https_every_cookie_is_secure_and_forms_are_believed(world, tmp_path):
    app = make_app(world, tmp_path, COI_SECURE_COOKIES="true")
    someone = Person(app.test_client())
    over = {"base_url": "https://coi.example.org", "headers": {"Referer": "https://coi.example.org/sign-in"}}
    shown = someone.client.get("/sign-in", base_url=over["base_url"])
    assert "__Host-coi-forms=" in shown.headers["Set-Cookie"]
    assert "Secure" in shown.headers["Set-Cookie"]
    assert shown.headers["Referrer-Policy"] == "same-origin"  # without a referrer no form would be believed over https
    token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    data = {"csrf_token": token, "person": "demo-nurse", "password": "correct horse battery staple"}
    answer = someone.client.post("/sign-in", data=data, **over)
    assert answer.status_code == 303
    assert "__Host-coi=" in answer.headers["Set-Cookie"]
    assert "Secure" in answer.headers["Set-Cookie"]


def test_a_session_ends_when_nobody_does_anything(person, hands):
    nurse = person("demo-nurse")
    hands.ahead += timedelta(minutes=14)
    assert nurse.get("/").status_code == 200
    hands.ahead += timedelta(minutes=14)
    assert nurse.get("/").status_code == 200
    hands.ahead += timedelta(minutes=16)
    assert nurse.get("/").status_code == 303


def test_a_session_ends_after_a_working_day_however_busy(person, hands):
    nurse = person("demo-nurse")
    for _ in range(71):
        hands.ahead += timedelta(minutes=10)
        nurse.get("/")
    assert nurse.get("/").status_code == 200
    hands.ahead += timedelta(minutes=11)
    assert nurse.get("/").status_code == 303


def test_what_is_sent_after_the_session_ended_is_not_recorded_and_says_so(person, hands, player):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    hands.ahead += timedelta(minutes=16)
    answer = nurse.post("/steps/container.planned", {"therapy": coi, "value.purpose": "dose"})
    assert answer.status_code == 401
    assert "nothing was recorded" in answer.text


def test_signing_out_ends_the_session_on_the_server(person, app):
    nurse = person("demo-nurse")
    secret = nurse.client.get_cookie("coi").value
    assert nurse.post("/sign-out").location == "/sign-in"
    assert nurse.client.get_cookie("coi") is None
    thief = app.test_client()
    thief.set_cookie("coi", secret)
    assert thief.get("/").status_code == 303


def test_a_made_up_cookie_opens_nothing(app):
    thief = app.test_client()
    for secret in ("x", "", "é" * 300, "a" * 4000):
        thief.set_cookie("coi", secret)
        assert thief.get("/").status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/scan", "/enrol", "/search", "/steps/hold.placed",
                                  "/steps/hold.placed/form", "/containers/CTR-NOTTHERENOTTH/label"])  # fmt: skip
@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_nothing_is_taken_without_the_token_of_the_form(person, path, token):
    data = {} if token is None else {"csrf_token": token}
    answer = person("demo-nurse").client.post(path, data=data)
    assert answer.status_code == 400
    assert "not sent from its own page" in answer.text


def test_a_token_of_another_session_is_worth_nothing(person):
    first, second = person("demo-nurse"), person("demo-nurse")
    assert second.client.post("/scan", data={"csrf_token": first.token(), "text": "x"}).status_code == 400


def test_a_token_that_was_known_before_signing_in_is_worth_nothing_after_it(stranger):
    before = stranger.token()
    stranger.sign_in("demo-nurse")
    assert stranger.client.post("/scan", data={"csrf_token": before, "text": "x"}).status_code == 400


def test_the_people_of_the_demo_are_offered_in_demo_mode(stranger):
    shown = stranger.get("/sign-in").text
    assert "demo-nurse" in shown
    assert "nurse at Demo hospital" in shown
    assert "DEMO – NOT FOR CLINICAL USE" in shown
    assert 'value="demo-nurse"' in stranger.get("/sign-in?person=demo-nurse").text


def test_outside_demo_mode_nobody_is_offered_and_nothing_is_marked(world, tmp_path):
    real = Person(make_app(replace(world, demo=False), tmp_path).test_client())
    shown = real.get("/sign-in").text
    assert "demo-" not in shown
    assert "DEMO" not in shown
