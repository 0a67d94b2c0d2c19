"""Dossier and downtime sheets over the interface: the same therapy, as each caller may see it."""

import json

import pytest

from coi.journey.identity import grouped
from tests.api.faults import fault_of
from tests.exports.reading import codes_of, text_of
from tests.play import Player


@pytest.fixture
def player(office):
    return Player(office)


def test_the_dossier_comes_as_json_and_as_a_pdf(client, player):
    coi, _ = player.collected("MRN-1")
    told = client.get("demo-nurse", f"/therapies/{coi}/dossier")
    assert told.status_code == 200
    assert told.json["therapy"]["coi"] == coi
    assert told.json["patient"]["family"] == "Doe"
    printed = client.get("demo-nurse", f"/therapies/{coi}/dossier.pdf")
    assert (printed.status_code, printed.mimetype) == (200, "application/pdf")
    assert printed.headers["Cache-Control"] == "no-store"
    text = text_of(printed.data)
    assert grouped(coi) in text
    assert all(entry["words"] in text for entry in told.json["entries"])


def test_a_courier_who_is_a_party_gets_no_name(client, player):
    coi, _ = player.offered("MRN-1")
    told = client.get("demo-courier", f"/therapies/{coi}/dossier")
    assert (told.status_code, told.json["patient"]) == (200, None)
    said = json.dumps(told.json) + text_of(client.get("demo-courier", f"/therapies/{coi}/dossier.pdf").data)
    assert "Doe" not in said
    assert "MRN-1" not in said


def test_as_of_a_moment_it_is_shorter(client, player):
    coi, _ = player.collected("MRN-1")
    entries = client.get("demo-nurse", f"/therapies/{coi}/dossier").json["entries"]
    then = entries[2]["recorded_at"]
    old = client.get("demo-nurse", f"/therapies/{coi}/dossier?at={then}").json
    assert [entry["number"] for entry in old["entries"]] == [1, 2, 3]
    assert old["as_of"] == then
    fault_of(client.get("demo-nurse", f"/therapies/{coi}/dossier.pdf?at=yesterday"), 400, "query.at")


def test_the_downtime_sheets_come_as_a_pdf(client, player):
    coi, serials, _ = player.at_bedside("MRN-1")
    printed = client.get("demo-infusion", f"/therapies/{coi}/downtime.pdf")
    assert (printed.status_code, printed.mimetype) == (200, "application/pdf")
    assert codes_of(printed.data) == [{coi, *serials}]


@pytest.mark.parametrize("what", ["dossier", "dossier.pdf", "downtime.pdf"])
def test_a_stranger_is_told_that_there_is_no_such_therapy(client, player, what):
    coi, _, _ = player.at_bedside("MRN-1")
    fault_of(client.get("demo-courier", f"/therapies/{coi}/{what}"), 404, "not_found")


def test_taking_something_out_writes_nothing(client, player):
    coi, _ = player.collected("MRN-1")
    before = len(client.get("demo-nurse", f"/therapies/{coi}/dossier").json["entries"])
    client.get("demo-nurse", f"/therapies/{coi}/dossier.pdf")
    assert len(client.get("demo-nurse", f"/therapies/{coi}/dossier").json["entries"]) == before
