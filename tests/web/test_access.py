"""Who may come in: every route says it, strangers get nowhere, and names are for those who treat."""

import re

import pytest
from sqlalchemy import delete, insert
from werkzeug.routing import Rule

from coi.journey.steps import STEPS, Role
from coi.record.tables import GRANT
from coi.web.access import EVERYONE, PUBLIC, own_path
from tests.web.conftest import Person, field_of

STRANGERS = {"web.asset", "web.sign_in.page", "web.sign_in.enter", "web.sign_in.leave", "web.labelling.paper"}
NUMBER, NAME = "MRN-4711", "Doe"
FILLINGS = {"coi": "COI-NOTTHERENOTTH", "id_": "CTR-NOTTHERENOTTH", "serial": "LBL-NOTTHERENOTTH", "form": "png",
            "template": "container-100x100", "kind": "hold.placed", "name": "pages.css",
            "sha256": "0" * 64}  # fmt: skip


def routes(app) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("web.")]


def address(app, rule: Rule) -> str:
    with app.test_request_context():
        return app.url_map.bind("").build(rule.endpoint, {name: FILLINGS[name] for name in rule.arguments})


def test_every_page_declares_who_may_call_it(app):
    declared = {rule.endpoint: app.view_functions[rule.endpoint].open_to for rule in routes(app)}
    assert len(declared) > 20
    assert all(isinstance(roles, frozenset) and roles <= EVERYONE for roles in declared.values())
    assert {endpoint for endpoint, roles in declared.items() if roles == PUBLIC} == STRANGERS


def test_a_page_that_declares_nothing_stays_shut(app, person):
    nurse = person("demo-nurse")
    assert nurse.get("/").status_code == 200
    app.view_functions["web.home.page"] = lambda: "wide open"
    assert nurse.get("/").status_code == 403


def test_a_stranger_is_sent_to_the_door_from_every_other_page(app):
    stranger = app.test_client()
    for rule in routes(app):
        if rule.endpoint in STRANGERS:
            continue
        path = address(app, rule)
        if "GET" in rule.methods:
            answer = stranger.get(path)
            assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/sign-in"), path
        else:
            answer = stranger.post(path)
            assert answer.status_code == 401, path
            assert "nothing was recorded" in answer.text


def test_what_strangers_may_call_shows_them_no_more_than_a_form_and_a_style(app):
    stranger = app.test_client()
    assert stranger.get("/assets/pages.css").mimetype == "text/css"
    assert stranger.get("/labels/container-100x100.css").text.startswith("@page { size: 100mm 100mm")
    assert stranger.get("/assets/../here.py").status_code == 404


def test_only_those_who_may_enrol_are_shown_the_enrolment(person):
    assert person("demo-nurse").get("/enrol").status_code == 200
    courier = person("demo-courier")
    answer = courier.get("/enrol")
    assert answer.status_code == 403
    assert "coordinator, nurse, physician" in answer.text
    assert 'href="/enrol"' not in courier.get("/").text


def test_a_courier_cannot_search_by_a_patients_number(person, player):
    player.collected(NUMBER)
    assert person("demo-courier").post("/search", {"value": NUMBER}).status_code == 403
    assert "COI" in person("demo-nurse").post("/search", {"value": NUMBER}).text


def test_the_roles_of_a_step_are_judged_behind_the_form_too(person, player):
    coi, _ = player.offered(NUMBER)
    answer = person("demo-courier").fill(f"/steps/containers.released?therapy={coi}", {"value.status": "final"})
    assert answer.status_code in (403, 404)
    assert "nothing was recorded" in answer.text


def everything(person: Person, coi: str) -> str:
    """Every page of a therapy that a person comes to by following links, as one text."""
    first = person.get(f"/therapies/{coi}")
    assert first.status_code == 200
    paths = set(re.findall(r'href="(/(?:containers|steps|therapies|clocks|handoffs)[^"#]*)"', first.text)) | {"/"}
    assert len(paths) > 5
    pages = [person.get(path.replace("&amp;", "&")) for path in sorted(paths)]
    return first.text + "".join(page.text for page in pages if page.mimetype == "text/html")  # the papers are no pages


def handed_to_the_courier(player) -> tuple[str, str]:
    coi, serial = player.offered(NUMBER)
    player.step("demo-courier", "handoff.accepted", [("container", serial)], coi=coi,
                note=f"Told by {NAME}'s husband")  # fmt: skip
    return coi, serial


@pytest.mark.parametrize("who", ["demo-courier", "demo-auditor"])
def test_pages_never_name_the_patient_to_couriers_and_auditors(person, player, who):
    coi, serial = handed_to_the_courier(player)
    someone = person(who)
    shown = everything(someone, coi) + someone.post("/scan", {"text": serial, "via": "wedge"}).text
    assert coi in shown
    for secret in (NAME, "Jane", "1980-02-29", NUMBER):
        assert secret not in shown, secret


def test_pages_name_the_patient_to_those_who_treat(person, player):
    coi, _ = handed_to_the_courier(player)
    shown = person("demo-nurse").get(f"/therapies/{coi}").text
    assert all(secret in shown for secret in (NAME, "Jane", "1980-02-29", NUMBER, "husband"))


def test_the_makers_see_the_therapy_but_not_whose_it_is(person, player, world):
    coi, _, _ = player.doses(NUMBER)
    with world.store.write() as conn:  # somebody who works at the plant alone
        conn.execute(delete(GRANT).where(GRANT.c.person == "demo-operator", GRANT.c.organisation == "demo-hospital"))
    shown = everything(person("demo-operator"), coi)
    assert all(secret not in shown for secret in (NAME, "Jane", "1980-02-29", NUMBER))


def test_a_courier_of_the_hospital_itself_is_shown_no_name_either(person, player, world):
    coi, serial = player.offered(NUMBER)
    with world.store.write() as conn:
        conn.execute(insert(GRANT), {"person": "demo-courier", "organisation": "demo-hospital", "role": "courier"})
    courier = person("demo-courier")
    shown = everything(courier, coi) + courier.post("/scan", {"text": serial, "via": "wedge"}).text
    assert all(secret not in shown for secret in (NAME, "Jane", "1980-02-29", NUMBER))


def test_a_therapy_of_others_is_not_there(person, player):
    coi = player.enrol(NUMBER)
    courier = person("demo-courier")
    assert courier.get(f"/therapies/{coi}").status_code == 404
    assert coi not in courier.get("/therapies").text
    assert courier.get(f"/steps/hold.placed?therapy={coi}").status_code == 404


@pytest.mark.parametrize("kind", [kind for kind, row in STEPS.items() if row.route == "steps"])
def test_the_list_of_steps_holds_what_the_roles_allow_and_no_more(person, kind):
    shown = person("demo-physician").get("/steps").text
    assert (f'href="/steps/{kind}"' in shown) == (Role.PHYSICIAN in STEPS[kind].who)


@pytest.mark.parametrize(
    "text", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "evil", "", "/a\nb",
             "///evil.example", "/\tevil"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_signing_in(text, app):
    assert own_path(text) is None
    someone = Person(app.test_client())
    assert someone.sign_in("demo-nurse", next=text).location == "/"


def test_one_comes_to_the_page_that_was_asked_for(app):
    someone = Person(app.test_client())
    door = someone.get("/clocks")
    onward = field_of(someone.get(door.location).text, "next")
    assert someone.sign_in("demo-nurse", next=onward).location == "/clocks"
