"""Patient data with a mark in it, put wherever text goes in: it comes out of the vault and nowhere else."""

import io
import json
import logging
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from coi.record.tables import ATTEMPT, CLASH, CODE, CONTAINER, ENTRY, HANDOFF, SHIPPER, THERAPY, VAULT
from scanners import read_keys, verify_label
from tests.api.conftest import Client

MARK = "ZEBEDEE"
CANARY = f"{MARK}-PETROSSIAN"
LOWER = MARK.lower()
PEOPLE = ("demo-nurse", "demo-coordinator", "demo-operator", "demo-courier", "demo-auditor", "demo-admin")


class Witness:
    """Keeps every log line, and of every answer the status, the headers and the body."""

    def __init__(self, client, lines):
        self.client, self.lines, self.answers = client, lines, []
        original = client.http.open

        def kept(*args, **more):
            answer = original(*args, **more)
            self.answers.append((answer.status_code, str(answer.headers), answer.data))
            return answer

        client.http.open = kept


class Lines(logging.Handler):
    def __init__(self):
        super().__init__(0)
        self.told = []

    def emit(self, record):
        self.told.append(self.format(record) + repr(record.__dict__))


@pytest.fixture
def witness(client: Client):
    lines = Lines()
    logging.getLogger().addHandler(lines)
    yield Witness(client, lines.told)
    logging.getLogger().removeHandler(lines)


def enrol(client):
    given = [{"issuer": f"{LOWER}-hospital", "kind": f"{LOWER}-mrn", "value": f"{CANARY}-1"},
             {"issuer": "demo-hospital", "kind": "mrn", "value": f"{CANARY}-2"}]  # fmt: skip
    answer = client.post("demo-coordinator", "/therapies", {
        "id": str(uuid4()), "pathway": "car-t-cryo", "site": "demo-hospital",
        "patient": {"family": CANARY, "given": MARK, "born": "1980-02-29", "identifiers": given},
        "identifiers": [{"issuer": CANARY, "kind": "order", "value": CANARY}],
    })  # fmt: skip
    assert answer.status_code == 201, answer.data
    return answer.json["therapy"]


def play(client):
    """Play the steps in which text goes in: notes, wristbands, seals, places, shippers, devices. Return COI, label."""
    band, told = ("wristband", f"{CANARY}-2"), {"note": f"{CANARY} told us.\nBorn 1980-02-29."}
    told["device"] = {"id": CANARY, "seq": 1}
    coi = enrol(client)
    client.step("demo-nurse", "patient.verified", [band], **told)
    client.step("demo-nurse", "collection.started", [band], **told)
    planned = client.step(
        "demo-nurse", "container.planned", therapy=coi, values={"purpose": "starting_material"}, **told
    )
    (container,) = planned["entry"]["values"]["containers"]
    issued = client.post("demo-nurse", "/labels", {"id": str(uuid4()), "container": container})
    serial = issued.json["label"]["serial"]
    client.step("demo-nurse", "label.applied", [("label", serial)], **told)
    client.step("demo-nurse", "collection.completed", [("container", serial), band], **told)
    client.step("demo-nurse", "container.stored", [("container", serial), ("location", f"{CANARY}/R1")], **told)
    box, seal = ("shipper", f"{CANARY}-BOX"), ("seal", f"{CANARY}-SEAL")
    client.step("demo-nurse", "shipper.charged", [box], values={"hold_hours": 99}, **told)
    client.step("demo-nurse", "shipment.packed", [box, ("container", serial)], **told)
    client.step("demo-nurse", "shipper.sealed", [box, seal], **told)
    client.step("demo-nurse", "handoff.offered", [box], values={"to": "demo-courier-co"}, **told)
    client.step("demo-courier", "handoff.accepted", [box, ("seal", f"{CANARY}-OTHER")], **told)
    return coi, serial


def refuse(client, coi, serial):
    """Make everything be refused that can carry text, malformed and by the rules."""
    for number in (f"{CANARY}-9", f"{CANARY} {CANARY}"):
        client.step("demo-nurse", "patient.verified", [("wristband", number)], therapy=coi, note=CANARY, expect=422)
    client.step(
        "demo-nurse", "container.stored", [("container", serial), ("location", CANARY)], note=CANARY, expect=422
    )
    step = client.step_body("container.planned", therapy=coi, values={"purpose": "dose"})
    for name, wrong in step.items():
        for text in (CANARY, MARK, LOWER, [CANARY], {MARK: CANARY}, [{MARK: CANARY}]):
            if name != "note" or not isinstance(text, str):
                answer = client.post("demo-nurse", "/steps", step | {"id": str(uuid4()), name: text})
                assert answer.status_code in (400, 422), (name, wrong, text, answer.data)
    odd = {"role": "label", "text": "x", MARK: 1}
    bodies = [step | {MARK: 1}, step | {"values": {MARK: 1}}, step | {"values": {"purpose": CANARY}},
              step | {"scans": [{"role": MARK, "text": "x"}]}, step | {"scans": [odd]},
              step | {"scans": [{"role": "wristband", "text": CANARY}]}]  # fmt: skip
    for body in bodies:
        assert client.post("demo-nurse", "/steps", body).status_code == 400
    roles = {"container.stored": "container", "label.applied": "label", "collection.started": "wristband"}
    for kind, role in roles.items():
        for text in (f"https://{CANARY}.example", f"{CANARY}\x00", CANARY * 50, f"{CANARY}é"):
            scans = [{"role": role, "text": text, "via": "api"}]
            client.post("demo-nurse", "/steps", client.step_body(kind, scans, therapy=coi, note=CANARY))
    client.post("demo-nurse", "/steps/batch", {"steps": [step | {"id": CANARY}, CANARY, {MARK: MARK}]})


def ask(client, coi):
    """Put the mark into what is asked: scans, searches, queries, headers, paths, content types, file names."""
    for text in (f"{CANARY}-2", f"{CANARY}-9", f"https://{CANARY}.example", f"{CANARY}é", f"{CANARY}-BOX"):
        client.post("demo-nurse", "/scans", {"text": text})
        client.post("demo-nurse", "/search", {"value": text, "issuer": CANARY, "kind": LOWER})
        client.post("demo-nurse", "/search", {"value": text})
    for path in (f"/therapies?q={CANARY}", f"/therapies?limit={CANARY}", f"/therapies?after={CANARY}", f"/{CANARY}",
                 f"/clocks?state={CANARY}", f"/handoffs?state={CANARY}", f"/therapies/{coi}?at={CANARY}",
                 f"/therapies/{CANARY}", f"/containers/{CANARY}", f"/labels/{CANARY}.png", f"/labels/x.{CANARY}",
                 f"/labels/x.png?dpi={CANARY}", f"/{CANARY}/", f"//{CANARY}",
                 f"/therapies/{CANARY}/?{CANARY}={CANARY}"):  # fmt: skip
        client.get("demo-nurse", path)
    sneaky = {"User-Agent": CANARY, "Referer": f"http://{CANARY}/", "X-Request-Id": CANARY, "Cookie": f"{MARK}={MARK}",
              "X-Forwarded-For": CANARY, "Authorization": f"Bearer {CANARY}"}  # fmt: skip
    for path in ("/api/v1/therapies", f"/api/v1/{CANARY}", f"/{CANARY}", "/health", f"/health?{CANARY}"):
        client.http.get(path, headers=sneaky)
        client.http.open(path, method="DELETE", headers=sneaky)
        client.http.open(path, method=MARK, headers=sneaky)
    headers = client.headers("demo-nurse")
    client.http.post("/api/v1/steps", data=CANARY, headers=headers, content_type=f"text/{LOWER}")
    client.http.post("/api/v1/steps", data=CANARY, headers=headers, content_type="application/json")
    picture = (io.BytesIO(CANARY.encode()), f"{CANARY}.png")
    client.post("demo-nurse", "/scans", data={"picture": picture}, content_type="multipart/form-data")
    client.post("demo-nurse", "/scans", data={MARK: CANARY}, content_type="multipart/form-data")


def marked(text):
    raw = text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")
    return MARK in raw.upper()


def test_marked_patient_data_stays_in_the_vault(client, office, witness):
    coi, serial = play(client)
    witness.answers.clear()
    refuse(client, coi, serial)
    refusals, witness.answers = witness.answers, []
    for status, headers, data in refusals:
        assert not marked(headers), headers
        # A batch names each item by the id that the client gave it; nothing else comes back.
        results = json.loads(data).get("results") if status == 200 else [{"body": json.loads(data)}]
        assert not any(marked(json.dumps(result["body"])) for result in results), data
    ask(client, coi)
    for _, headers, data in witness.answers:
        assert not marked(headers), headers
        error = json.loads(data) if data[:1] == b"{" else {}
        assert not marked(json.dumps([error.get("message"), error.get("errors")])), data
    assert len(witness.lines) > 100
    assert [line for line in witness.lines if marked(line)] == []
    for person in PEOPLE:
        for path in (f"/therapies/{coi}", f"/therapies/{coi}/entries?limit=5000", "/clocks", "/handoffs", "/therapies"):
            assert not marked(client.get(person, path).data), (person, path)
    with office.store.read() as conn:
        leaves = list(conn.execute(select(ENTRY.c.leaf)).scalars())
        assert len(leaves) > 20
        assert [leaf for leaf in leaves if marked(leaf)] == []
        for table in (ENTRY, ATTEMPT, CLASH, CODE, THERAPY, CONTAINER, HANDOFF, SHIPPER, VAULT):
            for row in conn.execute(select(table)):
                allowed = {"issuer", "issuer_known"} if table is CODE else set()
                texts = [(name, cell) for name, cell in row._mapping.items() if isinstance(cell, str | bytes)]
                found = [name for name, cell in texts if marked(cell) and name not in allowed]
                if table is VAULT and found == ["name"]:
                    continue  # the issuer stands in a vault row's name, the number only as its keyed token
                assert found == [], (table.name, row)


def test_the_code_of_a_label_says_nothing_of_the_patient_and_a_courier_gets_no_label(client):
    _, serial = play(client)
    answer = client.get("demo-nurse", f"/labels/{serial}.png")
    assert answer.status_code == 200, answer.data
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.data)))
    verdict = verify_label(code.text, read_keys(client.http.get("/api/v1/labels/keys").get_data(as_text=True)))
    assert (verdict.genuine, verdict.label.serial) == (True, serial)
    assert not marked(code.text.encode())
    refused = client.get("demo-courier", f"/labels/{serial}.png")  # the label shows who the patient is
    assert (refused.status_code, marked(refused.data)) == (403, False)


def test_the_birth_date_is_in_no_entry(client, office):
    play(client)
    with office.store.read() as conn:
        leaves = b"\n".join(map(bytes, conn.execute(select(ENTRY.c.leaf)).scalars()))
    assert b"1980-02-29" not in leaves
    assert datetime.now(UTC).strftime("%Y-%m-%d").encode() in leaves
