"""Steps over HTTP: idempotent for ever, batches that never fail as a whole, the past as believed, corrections."""

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from coi.actions.verification import verify
from coi.journey.identity import RefType, mint
from coi.record.db import open_store
from tests.api.conftest import Client, enrolment, make_app
from tests.api.faults import clashes, fault_of, size
from tests.play import Player

REASON = "recorded-in-error"


@pytest.fixture
def player(office):
    return Player(office)


def plan(client, coi, **more):
    return client.step_body("container.planned", therapy=coi, values={"purpose": "dose"}, **more)


def history(client, coi, person="demo-quality"):
    return client.get(person, f"/therapies/{coi}/entries?limit=500").json["items"]


# --- idempotency


def test_a_step_sent_again_gets_the_same_bytes_and_nothing_is_added(client, office):
    body = plan(client, client.enrol("MRN-1"))
    first = client.post("demo-nurse", "/steps", body)
    before = size(office)
    shuffled = dict(reversed(body.items())) | {"id": body["id"].upper()}
    for again in (body, body, body | {"signatures": []}, dict(reversed(body.items()))):
        answer = client.post("demo-nurse", "/steps", again)
        assert (first.status_code, answer.status_code) == (201, 200)
        assert answer.data == first.data
    assert client.post("demo-nurse", "/steps", shuffled).status_code == 409
    assert size(office) == before
    assert verify(office) == []


def test_a_refused_step_sent_again_gets_the_same_refusal(client, office):
    coi = client.enrol("MRN-1")
    body = client.step_body("therapy.closed", therapy=coi, values={"outcome": "infused"})
    body |= {"kind": "patient.verified", "values": {}, "scans": [{"role": "wristband", "text": "MRN-9", "via": "api"}]}
    first = client.post("demo-nurse", "/steps", body)
    said = fault_of(first, 422, "step.refused")
    assert said["findings"]
    assert said["receipt"]["entry"] == body["id"]
    before = size(office)
    client.enrol("MRN-9", person="demo-coordinator")  # the world goes on; the answer stays
    later = size(office)
    answer = client.post("demo-nurse", "/steps", body)
    assert (answer.status_code, answer.data) == (422, first.data)
    assert size(office) == later > before


def test_an_enrolment_and_a_label_sent_again_get_the_same_bytes(client, office):
    form = enrolment("MRN-1")
    first = client.post("demo-coordinator", "/therapies", form)
    again = client.post("demo-coordinator", "/therapies", form)
    assert (again.status_code, again.data) == (200, first.data)
    planned = client.step("demo-nurse", "container.planned", therapy=first.json["therapy"], values={"purpose": "dose"})
    label = {"id": str(uuid4()), "container": planned["entry"]["values"]["containers"][0]}
    first = client.post("demo-nurse", "/labels", label)
    before = size(office)
    again = client.post("demo-nurse", "/labels", label)
    assert (first.status_code, again.status_code, again.data) == (201, 200, first.data)
    assert size(office) == before


def test_an_id_that_was_used_for_something_else_is_refused_for_ever(client, office):
    coi = client.enrol("MRN-1")
    body = plan(client, coi)
    assert client.post("demo-nurse", "/steps", body).status_code == 201
    before, known = size(office), clashes(office)
    others = [("demo-nurse", "/steps", body | {"note": "another"}), ("demo-coordinator", "/steps", body),
              ("demo-nurse", "/therapies", enrolment("MRN-2", id=body["id"])),
              ("demo-nurse", "/labels", {"id": body["id"], "container": unissued_container()})]  # fmt: skip
    for person, route, other in others:
        fault_of(client.post(person, route, other), 409, "id.reused")
    assert size(office) == before
    assert clashes(office) == known + len(others)
    assert client.post("demo-nurse", "/steps", body).status_code == 200


def unissued_container():
    return mint(RefType.CONTAINER, choose=lambda letters: letters[7])


def test_what_was_malformed_or_not_permitted_leaves_the_id_free(client, office):
    body = plan(client, client.enrol("MRN-1"))
    before = size(office)
    fault_of(client.post("demo-nurse", "/steps", body | {"values": {}}), 400)
    fault_of(client.post("demo-nurse", "/steps", body | {"occurred_at": "2026-01-01T00:00:00Z"}), 400)
    fault_of(client.post("demo-auditor", "/steps", body), 403)
    fault_of(client.post("demo-courier", "/steps", body), 404)
    fault_of(client.http.post("/api/v1/steps", json=body), 401)
    assert size(office) == before
    assert client.post("demo-nurse", "/steps", body).status_code == 201


# --- batches


def test_a_batch_is_worked_through_in_order_and_one_bad_item_fails_no_other(client, office):
    coi = client.enrol("MRN-1")
    good, later = plan(client, coi), plan(client, coi)
    lifted = client.step_body("hold.lifted", therapy=coi, reason=REASON)
    items = [good, good | {"id": str(uuid4()), "kind": "no.such"}, "text", None, 7, {}, good, good | {"note": "other"},
             plan(client, "COI-ABCDEFGHJKLMN"), lifted, later]  # fmt: skip
    answer = client.post("demo-nurse", "/steps/batch", {"steps": items})
    assert answer.status_code == 200
    results = answer.json["results"]
    assert [found["status"] for found in results] == [201, 400, 400, 400, 400, 400, 200, 409, 400, 403, 201]
    assert [found["id"] for found in results] == [item.get("id") if isinstance(item, dict) else None for item in items]
    assert results[6]["body"] == results[0]["body"]
    assert results[0]["body"]["entry"]["position"] < results[-1]["body"]["entry"]["position"]
    assert [entry["id"] for entry in history(client, coi)][-2:] == [good["id"], later["id"]]


def test_a_batch_takes_five_hundred_steps_and_no_more(client, office):
    coi = client.enrol("MRN-1")
    steps = [{"id": str(uuid4())} for _ in range(498)]
    real = [plan(client, coi), plan(client, coi)]
    before = size(office)
    fault_of(client.post("demo-nurse", "/steps/batch", {"steps": [*real, *steps, {}]}), 400)
    assert size(office) == before
    answer = client.post("demo-nurse", "/steps/batch", {"steps": [real[0], *steps, real[1]]})
    statuses = [found["status"] for found in answer.json["results"]]
    assert (len(statuses), statuses[0], set(statuses[1:-1]), statuses[-1]) == (500, 201, {400}, 201)
    assert client.post("demo-nurse", "/steps/batch", {"steps": []}).json == {"results": []}


# --- what was believed


def test_the_past_is_shown_as_it_was_believed_then(client, player):
    coi, (bag,) = player.collected("MRN-1")
    container = client.get("demo-nurse", f"/therapies/{coi}").json["containers"][0]["id"]
    planned = next(e for e in history(client, coi) if e["kind"] == "container.planned")
    collected = history(client, coi)[-1]["recorded_at"]
    hold = client.step("demo-nurse", "hold.placed", [("container", bag)], reason="under-investigation")
    for path, then, now in ((f"/therapies/{coi}", 0, 1), (f"/containers/{container}", 0, 1)):
        shown = [client.get("demo-nurse", path + at).json for at in (f"?at={collected}", "")]
        holds = [len(s["holds"] if "holds" in s else s["containers"][0]["holds"]) for s in shown]
        assert holds == [then, now]
    early = client.get("demo-nurse", f"/therapies/{coi}?at={planned['recorded_at']}").json
    assert early["containers"][0]["state"] == "planned"
    for person in ("demo-quality", "demo-quality-2"):
        client.step(person, "entry.annulled", therapy=coi, reason=REASON, values={"entry": hold["entry"]["id"]})
    assert client.get("demo-nurse", f"/containers/{container}").json["holds"] == []
    believed = client.get("demo-nurse", f"/containers/{container}?at={hold['entry']['recorded_at']}").json
    assert len(believed["holds"]) == 1
    fault_of(client.get("demo-nurse", f"/therapies/{coi}?at=2001-01-01T00:00:00Z"), 404)


def test_a_moment_with_a_plus_sign_is_understood(client):
    coi = client.enrol("MRN-1")
    at = (datetime.now(UTC) + timedelta(hours=3)).replace(tzinfo=None).isoformat() + "+02:00"
    for text in (at, at.replace("+", "%2B")):
        assert client.get("demo-nurse", f"/therapies/{coi}?at={text}").status_code == 200


# --- the bedside


def told_of(client, person, coi, container):
    paths = (f"/therapies/{coi}", f"/therapies/{coi}/entries?limit=500", f"/containers/{container}")
    return [client.get(person, path).get_data(as_text=True) for path in paths]


def test_neither_checker_sees_the_others_check_until_both_exist(client, player):
    coi, (dose,), (container,) = player.at_bedside("MRN-1")
    scans = [("wristband", "MRN-1"), ("container", dose)]
    player.step("demo-infusion", "thaw.started", [("container", dose)], coi=coi)
    first = client.step("demo-infusion", "infusion.checked", scans)["entry"]["id"]
    for person in ("demo-infusion-2", "demo-nurse", "demo-physician", "demo-quality", "demo-coordinator"):
        for text in told_of(client, person, coi, container):
            body = json.loads(text)
            assert body.get("checks", []) == [], person
            entries = [e for e in body.get("items", body.get("entries", [])) if e["id"] == first]
            assert all(not entry["scans"] and not entry["values"] for entry in entries), (person, entries)
        shown = client.post(person, "/scans", {"text": dose}).get_data(as_text=True)
        assert first not in shown
    second = client.step("demo-infusion-2", "infusion.checked", scans)["entry"]["id"]
    for person in ("demo-infusion", "demo-infusion-2", "demo-nurse"):
        checks = client.get(person, f"/therapies/{coi}").json["checks"]
        assert {check["entry"] for check in checks} == {first, second}


# --- reported


def test_what_is_reported_afterwards_is_recorded_with_a_deviation_and_a_hold(client, player):
    coi, (bag,) = player.collected("MRN-1")
    wrong = {"role": "wristband", "text": "MRN-NOBODY", "via": "paper"}
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    before = len(history(client, coi))
    body = client.step_body("patient.verified", [wrong], therapy=coi, tense="reported", occurred_at=at,
                            performed_by=["demo-nurse"])  # fmt: skip
    answer = client.post("demo-nurse", "/steps", body)
    assert answer.status_code == 201, answer.data
    entry = answer.json["entry"]
    assert entry["tense"] == "reported"
    assert any(finding["severity"] == "stop" for finding in answer.json["findings"])
    assert "deviation.opened" in {also["kind"] for also in answer.json["also"]}
    assert len(history(client, coi)) > before
    assert client.get("demo-nurse", f"/therapies/{coi}").json["deviations"]
    assert bag


def reported_accept(client, coi, bag, person):
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    scans = [{"role": "container", "text": bag, "via": "paper"}]
    body = client.step_body("handoff.accepted", scans, therapy=coi, tense="reported", occurred_at=at)
    answer = client.post(person, "/steps", body)
    assert answer.status_code == 201, answer.data
    return answer.json


def test_an_accept_without_an_offer_is_refused_when_asked_and_a_deviation_when_reported(client, player):
    coi, (bag,) = player.collected("MRN-1")
    scans = [{"role": "container", "text": bag, "via": "api"}]
    asked = client.step_body("handoff.accepted", scans, therapy=coi)
    fault_of(client.post("demo-courier", "/steps", asked), 422, "step.refused")
    told = reported_accept(client, coi, bag, "demo-courier")
    assert [finding["rule"] for finding in told["findings"]] == ["taker_may_take_it", "paper_was_copied_by_two"]
    assert [entry["kind"] for entry in told["also"]] == ["deviation.opened"]


def test_an_accept_reported_after_another_has_taken_it_is_disputed_and_moves_nothing(client, player):
    coi, bag = player.offered("MRN-1")
    client.step("demo-courier", "handoff.accepted", [("container", bag)])
    told = reported_accept(client, coi, bag, "demo-operator")
    assert told["entry"]["outcome"] == "disputed"
    (container,) = client.get("demo-nurse", f"/therapies/{coi}").json["containers"]
    assert container["custody"]["person"] == "demo-courier"
    assert container["holds"]


@pytest.mark.parametrize("kind", ["containers.released", "hold.lifted", "infusion.checked", "entry.annulled",
                                  "entry.replaced"])  # fmt: skip
def test_what_must_be_asked_for_is_never_reported(client, player, kind):
    coi, (bag,) = player.collected("MRN-1")
    scans = [{"role": "wristband", "text": "MRN-1", "via": "api"}, {"role": "container", "text": bag, "via": "api"}]
    entry = history(client, coi)[-1]["id"]
    values = {"entry": entry} if kind.startswith("entry") else {}
    body = client.step_body(kind, scans if kind == "infusion.checked" else [], therapy=coi, tense="reported",
                            reason=REASON, values=values, occurred_at="2026-01-01T00:00:00Z")  # fmt: skip
    before = size(player.office)
    person = "demo-infusion" if kind == "infusion.checked" else "demo-quality"
    assert "tense" in fault_of(client.post(person, "/steps", body), 400)["errors"]
    assert size(player.office) == before


# --- corrections


def test_what_one_person_may_annul_is_annulled_at_once(client):
    coi = client.enrol("MRN-1")
    closed = client.step("demo-coordinator", "therapy.closed", therapy=coi, values={"outcome": "withdrew"})
    assert client.get("demo-nurse", f"/therapies/{coi}").json["closed"] == "withdrew"
    client.step("demo-quality", "entry.annulled", therapy=coi, reason=REASON, values={"entry": closed["entry"]["id"]})
    assert client.get("demo-nurse", f"/therapies/{coi}").json["closed"] is None


def test_what_two_people_must_annul_stands_until_the_second_asks(client, player):
    coi, (bag,) = player.collected("MRN-1")
    offered = client.step("demo-nurse", "handoff.offered", [("container", bag)], values={"to": "demo-plant"})
    offer = offered["entry"]["id"]
    more = {"therapy": coi, "reason": REASON, "values": {"entry": offer}}
    client.step("demo-quality", "entry.annulled", **more)
    assert [h["state"] for h in client.get("demo-nurse", f"/therapies/{coi}").json["handoffs"]] == ["open"]
    refused = client.step("demo-quality", "entry.annulled", expect=422, **more)
    assert any(finding["family"] == "signature" for finding in refused["findings"])
    assert [h["state"] for h in client.get("demo-nurse", f"/therapies/{coi}").json["handoffs"]] == ["open"]
    client.step("demo-quality-2", "entry.annulled", **more)
    assert client.get("demo-nurse", f"/therapies/{coi}").json["handoffs"] == []
    assert verify(player.office) == []


# --- the shape of what went wrong


def test_every_error_has_one_shape_whatever_went_wrong(client):
    headers = client.headers("demo-nurse")
    for path in ("/nothing", "/therapies/", "/steps/x", "/labels/x", "/"):
        fault_of(client.get("demo-nurse", path), 404, "not_found")
    for method, path in (("GET", "/steps"), ("DELETE", "/therapies"), ("PUT", "/labels"), ("PATCH", "/search")):
        answer = client.http.open(f"/api/v1{path}", method=method, headers=headers)
        fault_of(answer, 405, "method.not_allowed")
        assert answer.headers["Allow"], path
    for path in ("/health", "/metrics"):
        fault_of(client.http.post(path), 405)
    fault_of(client.http.post("/api/v1/steps", data=b"x", headers=headers, content_type="text/plain"), 415, "body.type")
    fault_of(client.http.post("/api/v1/steps", data=b"x" * (11 * 2**20), headers=headers,
                              content_type="application/json"), 413, "body.too_large")  # fmt: skip


@contextmanager
def kept_busy(store):
    """Let somebody else hold the write lock for the block."""
    has_it, done = threading.Event(), threading.Event()

    def hold():
        with store.write():
            has_it.set()
            done.wait(30)

    other = threading.Thread(target=hold)
    other.start()
    has_it.wait(30)
    try:
        yield
    finally:
        done.set()
        other.join()


def test_a_busy_store_fails_the_items_of_a_batch_and_not_the_batch(client, office, tables_url, tmp_path):
    coi = client.enrol("BUSY-1")
    hasty = replace(office, store=open_store(tables_url, wait=0.3))
    asking = Client(make_app(hasty, tmp_path).test_client(), client.issue, client.tokens)
    asking.headers("demo-nurse")  # the token is issued before the store is kept busy
    body = {"steps": [plan(client, coi), plan(client, coi)]}
    with kept_busy(office.store):
        answer = asking.post("demo-nurse", "/steps/batch", body)
    told = [(item["status"], item["body"]["code"]) for item in answer.json["results"]]
    assert (answer.status_code, told) == (200, [(503, "store.busy")] * 2)
    again = asking.post("demo-nurse", "/steps/batch", body)
    assert [item["status"] for item in again.json["results"]] == [201, 201]
    hasty.store.close()
