"""One therapy from enrolment to infusion, by a client that scans photographs of the rendered labels."""

import io
import random
from uuid import uuid4

import pytest
from PIL import Image, ImageFilter

from coi.actions.verification import verify


def photograph(png, chance):
    """Return a rendered label as a phone takes it: 1280 x 720, turned up to 15 degrees, blurred, JPEG quality 50."""
    label = Image.open(io.BytesIO(png)).convert("L")
    side = 520
    label = label.resize((side, round(side * label.height / label.width)))
    turned = label.rotate(chance.uniform(-15, 15), expand=True, fillcolor=235)
    page = Image.new("L", (1280, 720), 235)
    page.paste(turned, (chance.randrange(1280 - turned.width), chance.randrange(max(1, 720 - turned.height))))
    out = io.BytesIO()
    page.filter(ImageFilter.GaussianBlur(1.0)).save(out, "JPEG", quality=50)
    return out.getvalue()


class Eye:
    """Scans a label the hard way: render, photograph, send the picture, use the token that comes back."""

    def __init__(self, client):
        self.client, self.chance = client, random.Random(20261123)

    def sees(self, person, serial, role="container"):
        png = self.client.get(person, f"/labels/{serial}.png?dpi={self.chance.choice([203, 300])}")
        assert png.status_code == 200, png.get_data(as_text=True)
        picture = (io.BytesIO(photograph(png.data, self.chance)), "label.jpg")
        answer = self.client.post(person, "/scans", data={"picture": picture}, content_type="multipart/form-data")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        (reading,) = answer.json["readings"]
        assert answer.json["subject"]["type"] == "container"
        return {"role": role, "text": reading["text"], "via": "camera", "token": reading["token"]}


def labelled(client, eye, coi, person, values):
    planned = client.step(person, "container.planned", therapy=coi, values=values)
    serials = []
    for container in planned["entry"]["values"]["containers"]:
        issued = client.post(person, "/labels", {"id": str(uuid4()), "container": container})
        assert issued.status_code == 201, issued.get_data(as_text=True)
        serials.append(issued.json["label"]["serial"])
        client.step(person, "label.applied", [eye.sees(person, serials[-1], "label")], therapy=coi)
    return serials


def sent(client, eye, coi, serials, *, giver, taker, to, seal):
    """Pack, seal and hand over by courier; return what comes out of the shipper."""
    shipper = client.step(giver, "shipper.charged", values={"hold_hours": 240})["entry"]["values"]["shipper"]
    box, mark = ("shipper", shipper), ("seal", seal)
    client.step(giver, "shipment.packed", [box, *(eye.sees(giver, serial) for serial in serials)], therapy=coi)
    client.step(giver, "shipper.sealed", [box, mark])
    client.step(giver, "handoff.offered", [box], values={"to": "demo-courier-co"})
    client.step("demo-courier", "handoff.accepted", [box, mark])
    client.step("demo-courier-2", "handoff.offered", [box], values={"to": to})
    client.step(taker, "handoff.accepted", [box, mark])
    client.step(taker, "shipment.unpacked", [box, mark, *(eye.sees(taker, serial) for serial in serials)])
    client.step(taker, "shipment.inspected", [eye.sees(taker, serial) for serial in serials])


@pytest.mark.parametrize("pathway", ["car-t-cryo", "car-t-fresh"])
def test_a_client_drives_a_therapy_from_enrolment_to_infusion(client, office, pathway):
    eye, band = Eye(client), ("wristband", "MRN-4711")
    coi = client.enrol("MRN-4711", pathway=pathway)
    client.step("demo-nurse", "patient.verified", [band], values={"stated": ["name", "birth_date"]})
    bags = labelled(client, eye, coi, "demo-nurse", {"purpose": "starting_material", "count": 2})
    client.step("demo-nurse", "collection.started", [band])
    client.step("demo-nurse", "collection.completed", [*(eye.sees("demo-nurse", bag) for bag in bags), band])
    sent(client, eye, coi, bags, giver="demo-nurse", taker="demo-receiver", to="demo-plant", seal="S-001")
    client.step("demo-operator", "lot.started", [eye.sees("demo-operator", bag) for bag in bags])
    doses = labelled(client, eye, coi, "demo-operator", {"purpose": "dose"})
    going_in = [eye.sees("demo-operator", bag) for bag in bags]
    coming_out = [eye.sees("demo-operator", dose, "label") for dose in doses]
    client.step("demo-operator", "containers.transformed", [*going_in, *coming_out])
    client.step("demo-quality", "containers.released", [eye.sees("demo-quality", dose) for dose in doses])
    sent(client, eye, coi, doses, giver="demo-operator", taker="demo-infusion", to="demo-hospital", seal="S-002")
    if pathway == "car-t-cryo":
        client.step("demo-infusion", "container.stored",
                    [*(eye.sees("demo-infusion", dose) for dose in doses), ("location", "TANK-1/R2/P5")])  # fmt: skip
        client.step("demo-infusion", "thaw.started", [eye.sees("demo-infusion", doses[0])])
    for person in ("demo-infusion", "demo-infusion-2"):
        client.step(person, "infusion.checked", [band, eye.sees(person, doses[0])])
    client.step("demo-infusion", "infusion.started", [eye.sees("demo-infusion", doses[0])])
    client.step("demo-infusion", "infusion.completed", [eye.sees("demo-infusion", doses[0])])
    client.step("demo-coordinator", "therapy.closed", therapy=coi, values={"outcome": "infused"})
    state = client.get("demo-nurse", f"/therapies/{coi}").json
    assert {c["state"] for c in state["containers"]} == {"consumed", "infused"}
    assert state["closed"] == "infused"
    assert state["deviations"] == []
    entries = client.get("demo-nurse", f"/therapies/{coi}/entries").json["items"]
    assert {scan["via"] for entry in entries for scan in entry["scans"] if scan["role"] == "container"} == {"camera"}
    assert verify(office) == []
