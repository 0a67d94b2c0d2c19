"""Who may call what: every view says so, and so does this table; every step kind says who may take it."""

import re
from io import BytesIO
from uuid import uuid4

import pytest

from coi.actions import people
from coi.journey.steps import STEPS, Role
from coi.record import people as accounts
from tests.api.conftest import Client, enrolment, make_app
from tests.api.faults import fault_of, size
from tests.play import Player

ALL = frozenset(Role)
UNKNOWN = "COI-222222222222T"
ROUTES = {
    ("POST", "/steps"): ALL,
    ("POST", "/steps/batch"): ALL,
    ("POST", "/therapies"): {Role.COORDINATOR, Role.PHYSICIAN, Role.NURSE},
    ("POST", "/labels"): {Role.NURSE, Role.OPERATOR, Role.RECEIVER, Role.INFUSION, Role.COORDINATOR},
    ("POST", "/labels/<serial>/print"): {Role.NURSE, Role.OPERATOR, Role.RECEIVER, Role.INFUSION, Role.COORDINATOR},
    ("GET", "/printers"): ALL,
    ("POST", "/scans"): ALL,
    ("POST", "/signatures"): ALL,
    ("POST", "/search"): ALL - {Role.COURIER, Role.ADMIN},
    ("POST", "/documents"): ALL - {Role.AUDITOR, Role.ADMIN},
    ("GET", "/documents/<sha256>"): ALL,
    ("GET", "/step-kinds"): ALL,
    ("GET", "/pathways"): ALL,
    ("GET", "/therapies"): ALL,
    ("GET", "/therapies/<coi>"): ALL,
    ("GET", "/therapies/<coi>/entries"): ALL,
    ("GET", "/therapies/<coi>/dossier"): ALL,
    ("GET", "/therapies/<coi>/dossier.pdf"): ALL,
    ("GET", "/therapies/<coi>/downtime.pdf"): ALL,
    ("GET", "/containers/<id_>"): ALL,
    ("GET", "/clocks"): ALL,
    ("GET", "/handoffs"): ALL,
    ("GET", "/plan"): ALL,
    ("GET", "/labels/<serial>.<form>"): ALL,
    ("GET", "/label-sheets/<paper>.pdf"): ALL,
    ("GET", "/labels/<serial>"): ALL,
}
OPEN = (
    {("GET", "/api/v1/openapi.json"), ("GET", "/health"), ("GET", "/metrics")}
    | {
        ("GET", f"/api/v1/log/{what}")
        for what in ("checkpoint", "key", "proof", "consistency", "entries/<int:position>")
    }
    | {("GET", "/api/v1/labels/keys")}
)


@pytest.fixture
def office_of_all(sqlite_office):
    """The demo world with one person more for every role, at the hospital."""
    with sqlite_office.store.write() as conn:
        for role in Role:
            accounts.add_person(conn, code=f"only-{role.value}", name=role.value, password="",
                                grants=[("demo-hospital", role)])  # fmt: skip
        accounts.add_person(conn, code="only-none", name="nobody", password="", grants=[])
    return sqlite_office


@pytest.fixture
def client(office_of_all, tmp_path):
    app = make_app(office_of_all, tmp_path)
    return Client(app.test_client(), lambda person: people.issue_token(office_of_all, person))


def rules(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield method, rule.rule, app.view_functions[rule.endpoint]


def test_every_view_declares_who_may_call_it(client):
    silent = [(method, rule) for method, rule, view in rules(client.http.application)
              if not isinstance(getattr(view, "open_to", None), frozenset)]  # fmt: skip
    assert silent == []


def test_the_table_names_every_route_of_the_interface_and_agrees_with_it(client):
    declared = {(method, rule): view.open_to for method, rule, view in rules(client.http.application)
                if rule.startswith(("/api/", "/health", "/metrics"))}  # fmt: skip
    wanted = {(method, f"/api/v1{rule}"): frozenset(roles) for (method, rule), roles in ROUTES.items()}
    assert declared == wanted | dict.fromkeys(OPEN, frozenset())


def body_of(client, rule):
    step = client.step_body("no.such.kind")
    return {"/steps": step, "/steps/batch": {"steps": []}, "/therapies": enrolment("MRN-1", pathway="no-such-pathway"),
            "/labels": {"id": step["id"], "container": "CTR-x"},
            "/labels/<serial>/print": {"id": step["id"], "printer": "browser"}, "/scans": {"text": "NOBODY-1"},
            "/search": {"value": "NOBODY-1"}, "/signatures": {"attempt": "x"}}[rule]  # fmt: skip


def path_of(rule):
    return re.sub(r"<form>", "png", re.sub(r"<(coi|id_|serial)>", UNKNOWN, rule))


def called(client, method, rule, headers):
    more = {}
    if rule == "/documents" and method == "POST":
        file = (BytesIO(b"no document"), "a.pdf")
        more = {"data": {"id": str(uuid4()), "therapy": UNKNOWN, "kind": "other", "file": file}}
    elif method == "POST":
        more = {"json": body_of(client, rule)}
    return client.http.open(f"/api/v1{path_of(rule)}", method=method, headers=headers, **more)


@pytest.mark.parametrize(("method", "rule"), sorted(ROUTES))
def test_a_route_answers_those_it_is_for_and_nobody_else(client, office_of_all, method, rule):
    before = size(office_of_all)
    for role in Role:
        answer = called(client, method, rule, client.headers(f"only-{role.value}"))
        if role in ROUTES[method, rule]:
            assert answer.status_code in (200, 400, 404, 422), (role, answer.data)
        else:
            fault_of(answer, 403, "authority.missing")
    fault_of(called(client, method, rule, client.headers("only-none")), 403)
    assert size(office_of_all) == before


@pytest.mark.parametrize(("method", "rule"), sorted(ROUTES))
def test_a_route_without_a_right_token_says_how_to_send_one(client, method, rule):
    good = client.headers("only-nurse")["Authorization"]
    for header in (None, "", "Bearer", "Bearer ", "Bearer x", "Basic bnVyc2U6eA==", good + "x", good[:-1],
                   good.removeprefix("Bearer "), f"Bearer {'x' * 5000}", "Bearer \xe9\xff",
                   f"Token {good}"):  # fmt: skip
        headers = {} if header is None else {"Authorization": header}
        answer = called(client, method, rule, headers)
        fault_of(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer "), header
        assert "Location" not in answer.headers


def test_an_ended_token_is_none(client, office_of_all):
    token = client.headers("only-nurse")["Authorization"].removeprefix("Bearer ")
    assert client.get("only-nurse", "/pathways").status_code == 200
    people.end(office_of_all, token)
    fault_of(client.get("only-nurse", "/pathways"), 401)


def test_the_open_routes_ask_nobody_and_tell_no_names(client):
    for _, path in sorted(OPEN):
        answer = client.http.get(path)
        assert answer.status_code in (200, 400, 404, 503), path  # some want to be told a position
        assert b"demo-nurse" not in answer.data


def right_scans(row, bag):
    texts = {"wristband": "MRN-1", "container": bag, "label": bag, "shipper": "SHIPPER-1", "seal": "S-1",
             "location": "TANK-1", "document": "D-1"}  # fmt: skip
    found = [
        {"role": wish.role.value, "text": texts[wish.role.value], "via": "api"}
        for wish in row.scans
        for _ in range(wish.minimum)
    ]
    if row.one_of and not found:
        found = [{"role": "container", "text": bag, "via": "api"}]
    return found


def right_values(row, entry):
    given = {"outcome": "died", "purpose": "dose", "to": "demo-courier-co", "entry": entry,
             "container": "CTR-222222222222F",
             "stage": "bedside", "site": "demo-plant", "issuer": "demo-hospital", "kind": "mrn", "value": "7",
             "old": "6", "result": "negative", "logger": "L-1", "carrier": "airline", "damage": "leak",
             "started_at": "2026-01-01T00:00:00Z", "handoff": entry}  # fmt: skip
    return {field.name: given[field.name] for field in row.values if field.required}


@pytest.mark.parametrize("kind", sorted(kind for kind, row in STEPS.items() if row.route == "steps"))
def test_a_step_is_refused_to_every_role_it_is_not_for(client, office_of_all, kind):
    row, player = STEPS[kind], Player(office_of_all)
    coi, (bag,) = player.collected("MRN-1")
    entry = client.get("only-quality", f"/therapies/{coi}/entries").json["items"][0]["id"]
    more = {"therapy": None if row.without_therapy else coi, "values": right_values(row, entry),
            "reason": "under-investigation" if row.reason else None}  # fmt: skip
    for role in sorted(ALL - row.who):
        before = size(office_of_all)
        body = client.step_body(kind, right_scans(row, bag), **more)
        fault_of(client.post(f"only-{role.value}", "/steps", body), 403, "authority.missing")
        assert size(office_of_all) == before, role
    for role in sorted(row.who):
        body = client.step_body(kind, right_scans(row, bag), **more)
        answer = client.post(f"only-{role.value}", "/steps", body)
        assert answer.status_code in (201, 422), (role, answer.data)


@pytest.mark.parametrize("kind", sorted(kind for kind, row in STEPS.items() if row.route != "steps"))
def test_what_has_a_route_of_its_own_or_is_the_systems_is_no_step_to_take(client, office_of_all, kind):
    before = size(office_of_all)
    for role in Role:
        fault_of(client.post(f"only-{role.value}", "/steps", client.step_body(kind)), 400, "step.kind")
    assert size(office_of_all) == before
