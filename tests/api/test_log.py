"""What the log says of itself is open to anyone; what was recorded is for those whose it is."""

import json

import pytest

from coi.journey.checkpoint import read_checkpoint, read_note
from coi.journey.entry import leaf_hash
from coi.journey.tree import verify_consistency, verify_inclusion
from coi.record.logkey import verified
from tests.api.faults import fault_of
from tests.play import Player
from tests.worlds import LOG_KEY


def get(client, path):
    return client.http.get(f"/api/v1/log/{path}")


def raw(hashes):
    return [bytes.fromhex(one) for one in hashes]


@pytest.fixture
def answer(client, office):
    """The answer to a step in the middle of a log."""
    coi = client.enrol("LOG-1")
    answered = client.post("demo-nurse", "/steps", client.step_body("container.planned", therapy=coi,
                                                                   values={"purpose": "dose"})).json  # fmt: skip
    Player(office).collected("LOG-2")
    return answered


def test_the_checkpoint_and_the_key_are_text_for_anyone(client, answer):
    note = get(client, "checkpoint")
    assert (note.status_code, note.mimetype) == (200, "text/plain")
    assert get(client, "key").get_data(as_text=True).strip() == LOG_KEY.verifier_key
    assert verified(note.get_data(as_text=True), key=LOG_KEY.verifier_key).size > answer["receipt"]["size"]


def test_a_receipt_proves_its_entry_by_itself(answer):
    receipt = answer["receipt"]
    said = verified(receipt["checkpoint"], key=LOG_KEY.verifier_key)
    assert said.size == receipt["size"]
    assert verify_inclusion(leaf=bytes.fromhex(receipt["leaf"]), position=receipt["position"], size=said.size,
                            proof=raw(receipt["proof"]), root=said.root)  # fmt: skip


def test_proofs_are_given_for_any_size_and_lead_to_the_signed_root(client, answer):
    note = read_checkpoint(read_note(get(client, "checkpoint").get_data(as_text=True))[0])
    position = answer["receipt"]["position"]
    found = get(client, f"proof?position={position}").json
    assert (found["position"], found["size"], found["leaf"]) == (position, note.size, answer["receipt"]["leaf"])
    assert verify_inclusion(leaf=bytes.fromhex(found["leaf"]), position=position, size=note.size, root=note.root,
                            proof=raw(found["proof"]))  # fmt: skip
    old = answer["receipt"]["size"]
    assert get(client, f"proof?position={position}&size={old}").json["proof"] == answer["receipt"]["proof"]
    proof = get(client, f"consistency?from={old}&to={note.size}").json
    old_root = read_checkpoint(read_note(answer["receipt"]["checkpoint"])[0]).root
    assert verify_consistency(first=old, second=note.size, first_root=old_root, second_root=note.root,
                              proof=raw(proof["proof"]))  # fmt: skip
    assert get(client, f"consistency?from={old}").json == proof
    assert get(client, f"consistency?from={old}&to={old}").json["proof"] == []


@pytest.mark.parametrize("path", [
    "proof", "proof?position=", "proof?position=-1", "proof?position=1.0", "proof?position=x", "proof?position=1e3",
    "proof?position=99999", "proof?position=5&size=5", "proof?position=1&size=99999", "proof?position=1&size=0",
    "proof?position=" + "9" * 40, "proof?position=%D9%A3", "consistency", "consistency?from=0",
    "consistency?from=3&to=2", "consistency?from=1&to=99999", "consistency?from=1&to=x", "consistency?from=0&to=0",
])  # fmt: skip
def test_what_is_no_place_in_the_log_is_said_in_one_sentence(client, answer, path):
    assert answer
    fault_of(get(client, path), 400)


def test_the_bytes_of_an_entry_are_for_those_whose_it_is(client, answer):
    position, leaf = answer["receipt"]["position"], answer["receipt"]["leaf"]
    path = f"/log/entries/{position}"
    assert get(client, f"entries/{position}").json == {"position": position, "leaf": leaf}
    for person in ("demo-nurse", "demo-auditor"):
        shown = client.get(person, path).json
        assert leaf_hash(shown["bytes"].encode()) == leaf
        assert json.loads(shown["bytes"])["id"] == answer["entry"]["id"]
    assert client.get("demo-courier", path).json == {"position": position, "leaf": leaf}
    fault_of(get(client, "entries/99999"), 404)
    fault_of(client.http.get(f"/api/v1{path}", headers={"Authorization": "Bearer x"}), 401)


def test_entries_of_the_house_are_for_auditors_and_for_whom_they_are_about(client, office):
    with office.store.read() as conn:
        rows = conn.exec_driver_sql("SELECT position, stream FROM entry").all()
    of = {stream: position for position, stream in rows}
    for stream, may in (("system", False), ("person:demo-nurse", True), ("person:demo-courier", False),
                        ("site:demo-hospital", True), ("site:demo-plant", False)):  # fmt: skip
        shown = client.get("demo-nurse", f"/log/entries/{of[stream]}").json
        assert ("bytes" in shown) is may, stream
        assert "bytes" in client.get("demo-auditor", f"/log/entries/{of[stream]}").json


def test_anothers_bedside_check_shows_no_bytes_before_there_is_a_second(client, office):
    player = Player(office)
    coi, (dose,), _ = player.at_bedside("LOG-3")
    scans = [("wristband", "LOG-3"), ("container", dose)]
    player.step("demo-infusion", "thaw.started", [("container", dose)], coi=coi)
    first = player.step("demo-infusion", "infusion.checked", scans, coi=coi)["receipt"]["position"]
    path = f"/log/entries/{first}"
    assert "bytes" in client.get("demo-infusion", path).json
    assert "bytes" not in client.get("demo-infusion-2", path).json
    player.step("demo-infusion-2", "infusion.checked", scans, coi=coi)
    assert "bytes" in client.get("demo-infusion-2", path).json


def test_a_client_that_names_the_size_it_knows_gets_the_proof_between(client, answer):
    known = answer["receipt"]["size"]
    coi = client.enrol("LOG-4")
    body = client.step_body("container.planned", therapy=coi, values={"purpose": "dose"})
    headers = client.headers("demo-nurse") | {"Coi-Known-Size": str(known)}
    first = client.http.post("/api/v1/steps", json=body, headers=headers)
    found = first.json["consistency"]
    receipt = first.json["receipt"]
    assert (found["from"], found["to"]) == (known, receipt["size"])
    roots = [read_checkpoint(read_note(one["checkpoint"])[0]).root for one in (answer["receipt"], receipt)]
    assert verify_consistency(first=known, second=receipt["size"], first_root=roots[0], second_root=roots[1],
                              proof=raw(found["proof"]))  # fmt: skip
    again = client.http.post("/api/v1/steps", json=body, headers=headers)
    assert (again.status_code, again.data) == (200, first.data)
    plain = client.http.post("/api/v1/steps", json=body, headers=client.headers("demo-nurse"))
    assert first.data.startswith(plain.data[:-1])
    for strange in ("0", "-1", "x", "9" * 30, "99999999"):
        odd = client.http.post("/api/v1/steps", json=body, headers=headers | {"Coi-Known-Size": strange})
        assert odd.data == plain.data
