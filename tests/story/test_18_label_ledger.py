"""Labels from the printer to the reconciliation: a printer dies in the middle, copies are voided, one is missing."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from coi.actions import printers
from coi.actions.setup import publish
from coi.record.printers import Printer
from tests.journey.story import shipped_text
from tests.labels.printing import listening as devices
from tests.labels.printing.listening import listening
from tests.story.conftest import bags_of


def wired(tale, device, code="ward-3", **more):
    """Put a listening printer on the list."""
    at = Printer(code=code, kind="raw", address=str(device.address), language="zpl", dpi=203, width=100, height=100)
    printers.add(tale.office, at, **more)


def issued(tale, number="MRN-1"):
    coi = tale.enrol(number)
    (id_,) = tale.plan(coi, "starting_material")
    return coi, id_, tale.label(id_, apply=False)


def send(tale, label, *, printer="ward-3", status=202, id_=None, person="demo-nurse"):
    body = {"id": id_ or str(uuid4()), "printer": printer}
    return tale.post(person, f"/labels/{label}/print", body, status)


def label_of(tale, coi, serial):
    return next(one for one in tale.therapy(coi)["labels"] if one["serial"] == serial)


def impatient(monkeypatch):
    """Let the service wait for a printer for no longer than a moment."""
    real = printers.devices.RawPrinter
    monkeypatch.setattr(printers.devices, "RawPrinter", lambda address: real(address, done_within=0.5))


# --- printing


def test_what_a_printer_took_is_sent_and_not_printed_until_the_label_is_scanned_back(tale):
    coi, id_, label = issued(tale)
    with listening(devices.takes_everything) as device:
        wired(tale, device)
        answer = send(tale, label)
    data = bytes(device.received).strip()
    assert (data[:3], data[-3:], data.count(b"^XA"), data.count(b"^XZ")) == (b"^XA", b"^XZ", 1, 1)
    known = {"label": label, "printer": "ward-3", "state": "sent", "document": f"/api/v1/labels/{label}.pdf"}
    assert answer["job"] == known | {"message": answer["job"]["message"]}
    assert answer["entry"]["kind"] == "label.sent"
    assert label_of(tale, coi, label)["state"] == "issued"
    assert tale.container(coi, id_)["state"] == "planned"
    assert not tale.entries(coi, "label.printed")
    tale.step("demo-nurse", "label.applied", [("label", label)])
    assert label_of(tale, coi, label)["state"] == "applied"
    tale.is_sound()


@pytest.mark.parametrize("behaviour", [devices.closes_half_way, devices.resets, devices.never_reads])
def test_a_printer_that_is_killed_in_the_middle_leaves_the_container_unlabelled_and_the_job_unknown(
    tale, behaviour, monkeypatch
):
    impatient(monkeypatch)
    coi, id_, label = issued(tale)
    with listening(behaviour) as device:
        wired(tale, device)
        answer = send(tale, label)
    assert answer["job"]["state"] == "unknown"
    assert "void" in answer["job"]["message"]
    assert device.dialled == 1
    assert tale.container(coi, id_)["state"] == "planned"
    assert label_of(tale, coi, label)["job"]["state"] == "unknown"
    (ended,) = tale.entries(coi, "print.ended")
    assert (ended["values"]["state"], ended["values"]["job"]) == ("unknown", answer["entry"]["id"])
    assert {one["rule"] for one in send(tale, label, status=422)["findings"]} == {"label_is_sent_once"}
    tale.step("demo-nurse", "label.voided", reason="label-misprinted", therapy=coi,
              values={"label": label, "destroyed": True, "witness": "demo-operator"})  # fmt: skip
    tale.is_sound()


def test_a_job_that_never_reached_the_printer_failed_and_the_same_label_is_sent_again(tale):
    coi, _, label = issued(tale)
    with listening(devices.takes_everything) as device:
        wired(tale, device)
    assert send(tale, label)["job"]["state"] == "failed"
    assert label_of(tale, coi, label)["job"]["state"] == "failed"
    with listening(devices.takes_everything) as other:
        wired(tale, other, "ward-4")
        assert send(tale, label, printer="ward-4")["job"]["state"] == "sent"
    assert label_of(tale, coi, label)["job"]["printer"] == "ward-4"


def test_the_same_request_is_answered_again_and_nothing_is_sent_twice(tale):
    coi, _, label = issued(tale)
    id_ = str(uuid4())
    with listening(devices.takes_everything) as device:
        wired(tale, device)
        first = send(tale, label, id_=id_)
        printers.remove(tale.office, "ward-3")
        tale.step("demo-nurse", "label.voided", [("label", label)], reason="label-misprinted")
        again = send(tale, label, id_=id_, status=200)
        assert device.dialled == 1
    assert again["job"]["state"] == "sent"
    assert again["entry"] == first["entry"]
    assert len(tale.entries(coi, "label.sent")) == 1
    assert "reused" in send(tale, label, id_=id_, status=409, printer="browser")["code"]


def test_a_service_that_dies_between_the_label_and_the_end_of_its_job_leaves_it_unknown(tale, monkeypatch):
    coi, _, label = issued(tale)

    def dies(*_, **__):
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(printers.devices.BrowserPrinter, "send", dies)
    id_ = str(uuid4())
    send(tale, label, printer="browser", id_=id_, status=500)
    assert label_of(tale, coi, label)["job"]["state"] == "unknown"
    assert send(tale, label, printer="browser", id_=id_, status=200)["job"]["state"] == "unknown"


def test_what_does_not_fit_the_paper_or_cannot_be_printed_is_refused_and_nothing_is_recorded(tale):
    coi, id_, label = issued(tale)
    printers.add(tale.office, Printer(code="small", kind="null", address="", language="zpl", dpi=203, width=50,
                                      height=25))  # fmt: skip
    before = len(tale.entries(coi))
    assert "100 × 100 mm and small takes 50 × 25 mm" in send(tale, label, printer="small", status=422)["message"]
    assert send(tale, label, printer="nowhere", status=404)["code"] == "not_found"
    assert send(tale, "LBL-222222222222F", printer="browser", status=404)["code"] == "not_found"
    assert send(tale, label, printer="browser", status=403, person="demo-auditor")["code"] == "authority.missing"
    assert len(tale.entries(coi)) == before
    assert id_ == label_of(tale, coi, label)["container"]


def test_a_printer_of_another_site_is_not_there(tale):
    _, _, label = issued(tale)
    made = {"kind": "null", "address": "", "language": "zpl", "dpi": 203, "width": 100, "height": 100}
    printers.add(tale.office, Printer(code="plant-1", site="demo-plant", **made))
    printers.add(tale.office, Printer(code="ward-1", site="demo-hospital", **made))
    assert [one["code"] for one in tale.get("demo-nurse", "/printers")["items"]] == ["ward-1", "browser"]
    assert "address" not in json.dumps(tale.get("demo-nurse", "/printers"))
    assert send(tale, label, printer="plant-1", status=404)["code"] == "not_found"
    assert send(tale, label, printer="ward-1")["job"]["state"] == "sent"


def test_the_browser_gets_the_label_as_a_page_to_print_and_that_is_recorded_too(tale):
    coi, _, label = issued(tale)
    answer = send(tale, label, printer="browser")
    page = tale.http.get(answer["job"]["document"], headers=tale.headers("demo-nurse"))
    assert page.data.startswith(b"%PDF-")
    assert tale.entries(coi, "label.sent")[0]["values"]["printer"] == "browser"
    send(tale, label, printer="browser", status=422)


# --- copies


def reprint(tale, container, signs=(), status=201, person="demo-nurse", **more):
    body = {"id": str(uuid4()), "container": container, **more}
    body["signatures"] = [tale.signature(who, "verified", body) for who in signs]
    return tale.post(person, "/labels", body, status)


@pytest.fixture
def strict(tale):
    """The frozen pathway as a house has it in which a reprint has a second person and a destroyed copy a witness."""
    text = shipped_text("car-t-cryo").replace('name = "car-t-cryo"', 'name = "strict"')
    text = text.replace("[labelling]\n", "[labelling]\nsecond_person = true\nwitness = true\n")
    publish(tale.office, text.encode())
    tale.pathway = "strict"
    return tale


def test_a_reprint_without_a_reason_is_refused_and_one_with_a_reason_is_another_generation(tale):
    _, id_, _ = issued(tale)
    assert "another copy needs a coded reason" in reprint(tale, id_, status=422)["message"]
    assert reprint(tale, id_, reason="label-damaged")["label"]["generation"] == 2


def test_a_reprint_is_signed_by_another_person_where_the_pathway_says_so(strict):
    _, id_, _ = issued(strict)
    why = {"reason": "label-damaged"}
    assert "second person" in reprint(strict, id_, status=422, **why)["message"]
    assert "second person" in reprint(strict, id_, ["demo-nurse"], status=422, **why)["message"]
    answer = reprint(strict, id_, ["demo-infusion"], **why)
    (signature,) = answer["entry"]["signatures"]
    assert (signature["person"], signature["meaning"]) == ("demo-infusion", "verified")


def test_a_copy_is_declared_destroyed_before_a_witness_who_is_known_and_somebody_else(strict):
    coi, _, label = issued(strict)
    more = {"therapy": coi, "reason": "label-misprinted"}
    declared = {"label": label, "destroyed": True}
    assert strict.refused("demo-nurse", "label.voided", values=declared, **more) == {"destruction_has_a_witness"}
    own = {**declared, "witness": "demo-nurse"}
    assert strict.refused("demo-nurse", "label.voided", values=own, **more) == {"destruction_has_a_witness"}
    strict.step("demo-nurse", "label.voided", expect=400, values={**declared, "witness": "nobody"}, **more)
    strict.step("demo-nurse", "label.voided", values={**declared, "witness": "demo-infusion"}, **more)


def test_a_voided_copy_is_refused_by_name_wherever_it_is_scanned_and_the_live_one_is_named(tale):
    coi, (bag,) = tale.collected("MRN-1")
    id_ = tale.container(coi, bag)["id"]
    live = tale.label(id_, reason="label-damaged")
    tale.step("demo-nurse", "label.voided", [("label", bag)], reason="label-damaged")
    body = tale.step("demo-nurse", "sample.taken", bags_of([bag]), expect=422)
    assert f"Label {bag} was voided; the label in force is {live}." in body["message"]
    body = tale.step("demo-nurse", "label.applied", [("label", bag)], expect=422)
    assert f"Label {bag} was voided and cannot be applied; the label in force is {live}." in body["message"]
    assert tale.http.get(f"/api/v1/labels/{bag}.zpl", headers=tale.headers("demo-nurse")).status_code == 409
    send(tale, bag, printer="browser", status=409)


def test_a_copy_that_cannot_be_removed_is_superseded_in_its_place_and_identifies_with_a_caution(tale):
    coi, (bag,) = tale.collected("MRN-1")
    tale.step("demo-nurse", "container.stored", [*bags_of([bag]), ("location", "TANK-1")])
    live = tale.label(tale.container(coi, bag)["id"], reason="label-damaged")
    assert label_of(tale, coi, bag)["state"] == "superseded"
    body = tale.step("demo-nurse", "container.retrieved", bags_of([bag]))
    (finding,) = [one for one in body["findings"] if one["rule"] == "label_is_current"]
    assert finding["severity"] == "caution"
    assert live in finding["message"]


# --- reconciliation


def account(tale, coi):
    (found,) = tale.therapy(coi)["reconciliation"]
    return {key: value if key == "issued" else len(value) for key, value in found.items()
            if key not in ("container", "purpose", "lot")}  # fmt: skip


def test_one_missing_label_holds_up_the_packing_and_is_named_and_the_account_comes_out_even(tale):
    coi, (bag,) = tale.collected("MRN-1")
    missing = tale.label(tale.container(coi, bag)["id"], apply=False, reason="label-damaged")
    box = tale.step("demo-nurse", "shipper.charged", values={"hold_hours": 240})["entry"]["values"]["shipper"]
    scans = [("shipper", box), *bags_of([bag])]
    body = tale.step("demo-nurse", "shipment.packed", scans, expect=422)
    assert missing in body["message"]
    even = {"issued": 2, "applied": 1, "superseded": 0, "voided": 0, "destroyed": 0, "returned": 0, "open": 1}
    assert account(tale, coi) == even
    tale.step("demo-nurse", "container.stored", [*bags_of([bag]), ("location", "TANK-1")])  # saving is not held up
    tale.step("demo-nurse", "container.retrieved", bags_of([bag]))
    tale.step("demo-nurse", "label.returned", [("label", missing)])
    assert account(tale, coi) == even | {"open": 0, "returned": 1}
    tale.step("demo-nurse", "shipment.packed", scans)
    tale.step("demo-nurse", "label.destroyed", [("label", missing)], reason="not-needed")
    assert account(tale, coi) == even | {"open": 0, "destroyed": 1}
    tale.is_sound()


def test_a_therapy_is_not_closed_while_a_label_is_missing(tale):
    coi, id_, label = issued(tale)
    tale.step("demo-nurse", "container.discarded", bags_of([id_]), reason="not-needed")
    closing = {"therapy": coi, "values": {"outcome": "withdrew"}}
    assert tale.refused("demo-coordinator", "therapy.closed", **closing) == {"labels_are_accounted_for"}
    tale.step("demo-nurse", "label.destroyed", [("label", label)], reason="not-needed")
    tale.step("demo-coordinator", "therapy.closed", **closing)
