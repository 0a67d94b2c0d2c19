"""Every format of label, from the choice to the scan: which goes where, on rolls, on sheets, drawn as it was issued."""

import pypdfium2
import pytest
import zxingcpp

from coi.actions import printers
from coi.record.printers import Printer
from labels import TEMPLATES
from labels.law import SHIPPED
from tests.labels.printing import listening as devices
from tests.labels.printing.listening import listening
from tests.labels.reading import png, read
from tests.story.conftest import bags_of
from tests.story.test_18_label_ledger import issued, send


def picture(tale, serial, form="png", **query):
    answer = tale.http.get(f"/api/v1/labels/{serial}.{form}", query_string=query, headers=tale.headers("demo-nurse"))
    assert answer.status_code == 200, answer.text
    return answer.data


def sheet(tale, serials, paper="a4", status=200, **query):
    answer = tale.http.get(f"/api/v1/label-sheets/{paper}.pdf", headers=tale.headers("demo-nurse"),
                           query_string={"serial": serials, **query})  # fmt: skip
    assert answer.status_code == status, answer.text
    return answer.json if status >= 400 else answer.data


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_label_of_each_format_is_issued_read_from_its_picture_and_scanned_back(tale, name):
    coi = tale.enrol("MRN-1")
    tale.verified(coi, "MRN-1")
    serials = tale.labelled(coi, "starting_material", 1)
    tale.step("demo-nurse", "collection.started", [("wristband", "MRN-1")], therapy=coi)
    tale.step("demo-nurse", "collection.completed", bags_of(serials), therapy=coi, values={"volume_ml": "180"})
    id_ = tale.container(coi, serials[0])["id"]
    template = TEMPLATES[name]
    for position in template.positions:
        label = tale.label(id_, template=name, position=position, apply=False, reason="label-damaged")
        entry = tale.entries(coi, "label.issued")[-1]
        assert entry["values"]["template_version"] == template.version
        codes = read(png(picture(tale, label, dpi=203)))
        assert len(codes) == len(template.marks)
        assert any(label.encode() in code for code in codes) or SHIPPED.carriers[name].code == "signed"
        for code in codes:
            tale.step("demo-nurse", "label.applied", [("label", code.decode())]) if code == codes[0] else None
            found = tale.post("demo-nurse", "/scans", {"text": code.decode(), "via": "camera"}, 200)
            assert found["subject"]["id"] == id_
            assert found["subject"]["therapy"] == coi
    tale.is_sound()


@pytest.mark.parametrize(
    ("template", "position"), [("product-100x75", "card"), ("card-85x54", "bag"), ("vial-40x15", "bag")]
)
def test_a_label_that_does_not_belong_there_is_refused_by_name(tale, template, position):
    coi = tale.enrol("MRN-1")
    (id_,) = tale.plan(coi, "starting_material")
    body = {"id": tale.body("label.issued")["id"], "container": id_, "template": template, "position": position}
    said = tale.post("demo-nurse", "/labels", body, 400)
    assert said["code"] == "label.position"
    assert f"A label of {template} goes on: " in said["message"]
    assert position in said["message"]


def test_labels_of_several_bags_stand_on_one_sheet_and_another_therapys_are_not_shown(tale):
    coi = tale.enrol("MRN-1")
    serials = [tale.label(id_, apply=False) for id_ in tale.plan(coi, "starting_material", 3)]
    for paper in ("a4", "letter"):
        page = pypdfium2.PdfDocument(sheet(tale, serials, paper))[0]
        seen = zxingcpp.read_barcodes(page.render(scale=300 / 72).to_pil().convert("L"))
        assert len({one.text for one in seen}) == 3
    assert sheet(tale, serials, first=99, status=422)["code"] == "label.does_not_fit"
    assert sheet(tale, [], status=400)["code"] == "label.number"
    assert sheet(tale, serials * 40, status=400)["code"] == "label.number"
    assert sheet(tale, ["LBL-7K3M9QRT2XYZ4"], status=404)["code"] == "not_found"
    assert sheet(tale, serials, "a3", status=404)["message"] == "The papers are a4, letter."


def test_a_printer_that_draws_symbols_itself_gets_them_as_its_own_commands(tale):
    _, _, label = issued(tale)
    with listening(devices.takes_everything) as device:
        printers.add(tale.office, Printer(code="ward-4", kind="raw", address=str(device.address), language="zpl-native",
                                          dpi=203, width=100, height=100))  # fmt: skip
        assert send(tale, label, printer="ward-4")["job"]["state"] == "sent"
    data = bytes(device.received).strip()
    assert (data[:3], data[-3:], data.count(b"^XA"), data.count(b"^XZ")) == (b"^XA", b"^XZ", 1, 1)
    assert b"^BQN,2," in data
    assert picture(tale, label, "zpl-native", dpi=203).strip() == data


def test_an_office_printer_gets_the_label_on_a_sheet_of_its_paper(tale, tmp_path):
    _, _, label = issued(tale)
    with listening(devices.takes_everything) as device:
        printer = Printer(code="office", kind="raw", address=str(device.address), language="pdf", dpi=300, width=210,
                          height=297)  # fmt: skip
        printers.add(tale.office, printer)
        assert send(tale, label, printer="office")["job"]["state"] == "sent"
    page = pypdfium2.PdfDocument(bytes(device.received))[0]
    assert [round(side * 25.4 / 72) for side in page.get_size()] == [210, 297]


def test_a_tie_tag_says_what_the_partial_label_has_no_room_for_and_is_refused_before_it_can(tale):
    coi = tale.enrol("MRN-1")
    (id_,) = tale.plan(coi, "starting_material")
    body = {
        "id": tale.body("label.issued")["id"],
        "container": id_,
        "template": "tie-tag-100x70",
        "position": "tie_tag",
    }
    said = tale.post("demo-nurse", "/labels", body, 422)
    assert said["code"] == "label.lacks_field"
    assert "date and time of the end of collection" in said["message"]
    partial = tale.label(id_, template="partial-70x50")
    tale.verified(coi, "MRN-1")
    tale.step("demo-nurse", "collection.started", [("wristband", "MRN-1")], therapy=coi)
    tale.step("demo-nurse", "collection.completed", bags_of([partial]), therapy=coi, values={"volume_ml": "180"})
    tag = tale.label(id_, template="tie-tag-100x70", position="tie_tag")
    page = pypdfium2.PdfDocument(picture(tale, tag, "pdf"))[0].get_textpage().get_text_bounded()
    for text in ("Collected", "180 ml", "Additives", "Store at", "Do not irradiate, do not filter"):
        assert text in page
    tale.is_sound()
