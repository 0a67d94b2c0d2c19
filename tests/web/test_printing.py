"""Printing from the pages: a label goes to a printer once, a reprint is signed, administrators keep the list."""

import re
from uuid import uuid4

import pytest

from coi.actions import printers
from coi.actions.setup import publish
from coi.record.printers import Printer
from tests.journey.story import shipped_text
from tests.labels.printing import listening as devices
from tests.labels.printing.listening import listening
from tests.web.conftest import field_of
from tests.worlds import PASSWORD


def issued(player):
    (id_,) = player.plan(player.enrol("MRN-1"), "starting_material")
    return id_, player.label(id_)


def send(someone, id_, serial, printer):
    page = someone.get(f"/containers/{id_}/label").text
    part = page[page.index(f"/labels/{serial}/print") :]
    form = {"id": field_of(part, "id"), "container": id_, "printer": printer}
    return someone.post(f"/labels/{serial}/print", form)


def raw(office, device, code="ward-3"):
    printers.add(office, Printer(code=code, kind="raw", address=str(device.address), language="zpl", dpi=203, width=100,
                                 height=100))  # fmt: skip


def test_a_label_is_sent_to_a_printer_and_the_page_says_that_this_is_no_print(person, player, world):
    id_, serial = issued(player)
    nurse = person("demo-nurse")
    with listening(devices.takes_everything) as device:
        raw(world, device)
        assert 'value="ward-3"' in nurse.get(f"/containers/{id_}/label").text
        assert send(nurse, id_, serial, "ward-3").location == f"/containers/{id_}/label"
    assert device.received.startswith(b"^XA")
    page = nurse.get(f"/containers/{id_}/label").text
    assert "Sent to the printer ward-3. It counts when it was scanned back" in page
    assert f'action="/labels/{serial}/print"' not in page
    assert "Print view" not in page


def test_a_printer_that_died_is_told_and_the_label_is_not_offered_for_printing_again(person, player, world):
    id_, serial = issued(player)
    nurse = person("demo-nurse")
    with listening(devices.resets) as device:
        raw(world, device)
        send(nurse, id_, serial, "ward-3")
    page = nurse.get(f"/containers/{id_}/label").text
    assert "It is not known whether the printer ward-3 printed it" in page
    assert f'action="/labels/{serial}/print"' not in page


def test_a_printer_that_is_off_is_told_and_the_label_can_be_sent_to_another(person, player, world):
    id_, serial = issued(player)
    nurse = person("demo-nurse")
    with listening(devices.takes_everything) as device:
        raw(world, device)
    send(nurse, id_, serial, "ward-3")
    assert "It did not reach the printer ward-3" in nurse.get(f"/containers/{id_}/label").text
    assert send(nurse, id_, serial, "browser").status_code == 303
    assert f"/labels/{serial}/print?template=container-100x100" in nurse.get(f"/containers/{id_}/label").text


def test_a_label_is_not_sent_twice_nor_to_a_printer_that_is_not_there(person, player):
    id_, serial = issued(player)
    nurse = person("demo-nurse")
    assert send(nurse, id_, serial, "nowhere").status_code == 404
    send(nurse, id_, serial, "browser")
    form = {"id": str(uuid4()), "container": id_, "printer": "browser"}
    again = nurse.post(f"/labels/{serial}/print", form)
    assert again.status_code == 422
    assert "may have come out" in again.text


@pytest.mark.parametrize("signer", ["", "demo-nurse", "demo-infusion"])
def test_a_reprint_asks_for_the_second_person_where_the_pathway_does(person, player, world, signer):
    text = shipped_text("car-t-cryo").replace('name = "car-t-cryo"', 'name = "strict"')
    publish(world, text.replace("[labelling]\n", "[labelling]\nsecond_person = true\n").encode())
    player.pathway = "strict"
    id_, _ = issued(player)
    nurse = person("demo-nurse")
    page = nurse.get(f"/containers/{id_}/label").text
    assert 'name="sign.0.password"' in page
    form = {"id": re.findall(r'name="id" value="([^"]+)"', page)[-1], "sort": "container-100x100/bag",
            "position": "bag", "reason": "label-damaged"}  # fmt: skip
    sign = {"sign.0.person": signer, "sign.0.password": PASSWORD} if signer else {}
    answer = nurse.post(f"/containers/{id_}/label", form | sign)
    assert answer.status_code == (303 if signer == "demo-infusion" else 422)
    assert signer == "demo-infusion" or "signed by a second person" in answer.text
    assert PASSWORD not in answer.text


def test_nobody_is_asked_for_a_signature_where_the_pathway_does_not(person, player):
    id_, _ = issued(player)
    assert "sign.0.password" not in person("demo-nurse").get(f"/containers/{id_}/label").text


def test_the_page_of_a_therapy_shows_where_its_labels_are(person, player):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    assert 'id="labels"' not in nurse.get(f"/therapies/{coi}").text
    serial = player.label(player.plan(coi, "starting_material")[0])
    row = nurse.get(f"/therapies/{coi}").text.split('id="labels"')[1].split("</section>")[0]
    assert "row-held" in row
    assert serial[4:8] in row


# --- the list


FORM = {"code": "ward-3", "kind": "raw", "address": "10.1.2.3:9100", "language": "zpl", "dpi": "203", "width": "100",
        "height": "100", "site": ""}  # fmt: skip


def test_an_administrator_adds_and_removes_a_printer_and_both_are_in_the_log(person, world):
    admin = person("demo-admin")
    assert 'href="/printers"' in admin.get("/").text
    assert admin.post("/printers", FORM).location == "/printers"
    assert "10.1.2.3:9100" in admin.get("/printers").text
    assert admin.post("/printers/ward-3/remove").status_code == 303
    assert "10.1.2.3:9100" not in admin.get("/printers").text
    assert admin.post("/printers/ward-3/remove").status_code == 404
    assert admin.post("/printers", FORM).status_code == 409
    assert [one.code for one in printers.known(world)] == ["browser"]


@pytest.mark.parametrize(
    "wrong",
    [{"address": "169.254.169.254:9100"}, {"address": ""}, {"address": "10.1.2.3:22"}, {"code": "Ward 3"},
     {"kind": "lp", "address": "-o raw"}, {"kind": "null"}, {"dpi": "72"}, {"width": "0"}, {"height": "9999999"},
     {"language": "epl"}, {"site": "nowhere"}, {"kind": "usb"}],
)  # fmt: skip
def test_a_printer_that_is_wrong_is_not_added_and_the_form_keeps_what_was_typed(person, world, wrong):
    admin = person("demo-admin")
    answer = admin.post("/printers", FORM | wrong)
    assert answer.status_code == 400
    assert [one.code for one in printers.known(world)] == ["browser"]
    assert f'value="{(FORM | wrong)["code"]}"' in answer.text


def test_only_administrators_see_the_list(person):
    for name in ("demo-nurse", "demo-quality", "demo-auditor"):
        someone = person(name)
        assert someone.get("/printers").status_code == 403
        assert someone.post("/printers", FORM).status_code == 403
        assert someone.post("/printers/ward-3/test").status_code == 403
        assert 'href="/printers"' not in someone.get("/").text


def test_a_test_print_is_sent_and_says_what_is_known(person, world):
    admin = person("demo-admin")
    with listening(devices.takes_everything) as device:
        raw(world, device)
        assert 'data-outcome="sent"' in admin.post("/printers/ward-3/test").text
    assert b"NOT A LABEL" in device.received
    assert 'data-outcome="failed"' in admin.post("/printers/ward-3/test").text
