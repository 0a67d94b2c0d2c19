"""A cut network: the request or its answer is lost, and the client sends the same again."""

import json
import threading

import pytest
from sqlalchemy import func, select

from coi.actions import therapies
from coi.record.tables import ENTRY, THERAPY
from tests.play import HOSPITAL, Player

ID = "0b9c6a52-51f3-4c0e-9d6d-0c1f0f6f3a10"


def enrolment(digest="d"):
    patient = therapies.Patient("Doe", "Jane", "1980-02-29", [therapies.Identifier(HOSPITAL, "mrn", "LOST-1")])
    return therapies.EnrolRequest(id=ID, digest=digest, pathway="car-t-cryo", site=HOSPITAL, patient=patient)


def count(office, table):
    with office.store.read() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_an_enrolment_whose_answer_was_lost_and_is_sent_again_is_one_therapy(office):
    caller = Player(office).as_("demo-coordinator")
    first = therapies.enrol(office, enrolment(), caller=caller)
    again = therapies.enrol(office, enrolment(), caller=caller)
    assert (first.status, again.status) == (201, 200)
    assert first.body == again.body
    assert count(office, THERAPY) == 1


def test_an_enrolment_sent_by_eight_impatient_clients_at_once_is_one_therapy(office):
    caller = Player(office).as_("demo-coordinator")
    bodies = []
    threads = [
        threading.Thread(target=lambda: bodies.append(therapies.enrol(office, enrolment(), caller=caller).body))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(bodies)) == 1
    assert count(office, THERAPY) == 1


def test_the_same_id_with_another_body_is_refused_and_leaves_the_log_as_it_was(office):
    caller = Player(office).as_("demo-coordinator")
    therapies.enrol(office, enrolment(), caller=caller)
    before = count(office, ENTRY)
    other = therapies.enrol(office, enrolment(digest="another"), caller=caller)
    assert other.status == 409
    assert json.loads(other.body)["code"] == "id.reused"
    assert count(office, ENTRY) == before


def test_the_same_id_from_another_person_is_refused(office):
    player = Player(office)
    therapies.enrol(office, enrolment(), caller=player.as_("demo-coordinator"))
    assert therapies.enrol(office, enrolment(), caller=player.as_("demo-nurse")).status == 409


def replays_give_the_same_bytes(office, times):
    caller = Player(office).as_("demo-coordinator")
    first = therapies.enrol(office, enrolment(), caller=caller).body
    before = count(office, ENTRY)
    assert {therapies.enrol(office, enrolment(), caller=caller).body for _ in range(times)} == {first}
    assert count(office, ENTRY) == before


def test_two_hundred_replays_give_the_same_bytes(office):
    replays_give_the_same_bytes(office, 200)


@pytest.mark.soak
def test_ten_thousand_replays_give_the_same_bytes(office, record_property):
    replays_give_the_same_bytes(office, 10_000)
    record_property("replays", 10_000)


def test_a_replayed_refusal_is_the_same_refusal_and_no_second_entry(office):
    player = Player(office)
    coi, serial = player.offered("REFUSED-1")
    ask = {
        "person": "demo-receiver",
        "kind": "handoff.accepted",
        "scans": [("container", serial)],
        "coi": coi,
        "id_": ID,
    }
    first = player.try_step(**ask)
    before = count(office, ENTRY)
    assert first[0] == 422
    assert player.try_step(**ask) == first
    assert count(office, ENTRY) == before


def test_after_a_refusal_the_same_step_is_possible_under_a_new_id(office):
    player = Player(office)
    coi, (serial,) = player.collected("AGAIN-1")
    assert player.try_step("demo-courier", "handoff.accepted", [("container", serial)], coi=coi)[0] == 422
    player.step("demo-nurse", "handoff.offered", [("container", serial)], coi=coi, values={"to": "demo-courier-co"})
    assert player.try_step("demo-courier", "handoff.accepted", [("container", serial)], coi=coi)[0] == 201
