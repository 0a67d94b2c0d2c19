"""The page that tests scanners and printers: the sheet can be read, and what arrives is told byte by byte."""

import json
import re

import pypdfium2
import pytest

import scanners
from scanners.trial import SIZES, TRIALS, size_text
from tests.web.browser import chromium, seat, served


@pytest.fixture
def nurse(person):
    return person("demo-nurse")


def told(html):
    return {name: re.sub(r"<[^>]+>", " ", said).strip() for name, said in
            re.findall(r'data-told="(\w+)">(.*?)</(?:dd|ul|pre|tbody)>', html, re.DOTALL)}  # fmt: skip


def test_every_code_of_the_printed_sheet_is_read(nurse, tmp_path):
    answer = nurse.get("/scanner/sheet.pdf")
    assert answer.mimetype == "application/pdf"
    page = pypdfium2.PdfDocument(answer.data)
    assert len(page) == 1
    page[0].render(scale=600 / 72).to_pil().convert("L").save(tmp_path / "sheet.png")
    found = {reading.text: reading.symbology for reading in scanners.read_picture((tmp_path / "sheet.png").read_bytes(),
             max_pixels=40_000_000)}  # fmt: skip
    assert found == {trial.arrives: trial.symbol for trial in TRIALS} | {size_text(size): "QRCode" for size in SIZES}
    assert nurse.get("/scanner/sheet.pdf").data == answer.data


def test_what_arrived_is_told_byte_by_byte_with_what_to_set(nurse):
    text = f"*{TRIALS[0].arrives}#\t"
    keys = [[{"\t": "Tab"}.get(one, one), False, 7 * place] for place, one in enumerate(text)]
    page = told(nurse.post("/scanner", {"keys": json.dumps(keys)}).text)
    assert (page["trial"], page["terminator"], page["prefix"], page["suffix"]) == ("Code 128", "TAB", "*", "#")
    assert "a scan, 7 ms" in page["pace"]
    assert "scanner_prefix = &#34;*&#34;" in page["settings"]
    assert "09" in page["bytes"]
    assert "TAB" in page["bytes"]


def test_without_a_script_the_bytes_are_told_and_the_pace_is_not(nurse):
    page = told(nurse.post("/scanner", {"text": "<script>alert(1)</script>"}).text)
    assert page["pace"] == "not counted"
    assert "3C" in page["bytes"]


@pytest.mark.parametrize(
    "form", [{}, {"keys": "nonsense"}, {"keys": "[[1,2,3]]"}, {"keys": "[" * 5000}, {"text": "A" * 2001}]
)
def test_what_is_no_scan_is_refused_in_words(nurse, form):
    answer = nurse.post("/scanner", form)
    assert answer.status_code == 422
    assert "expected" in answer.text or "Got" in answer.text


@pytest.mark.browser
def test_fast_keys_are_a_scan_and_slow_ones_are_typing(app):
    with served(app) as address, chromium() as chrome, seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go("/scanner")
        for delay, said in ((0, "a scan"), (150, "typing")):
            nurse.page.locator("#raw").focus()
            with nurse.page.expect_navigation():
                nurse.page.keyboard.type(f"*{TRIALS[1].arrives}", delay=delay)
                nurse.page.keyboard.press("Control+]")
                nurse.page.keyboard.press("Enter")
            assert said in nurse.page.locator("[data-told=pace]").inner_text()
            assert nurse.page.locator("[data-told=terminator]").inner_text() == "CR"
            assert nurse.page.locator("[data-told=prefix]").inner_text() == "*"
            assert "GS" in nurse.page.locator("[data-told=bytes]").inner_text()
        nurse.page.locator("#raw").focus()
        nurse.page.keyboard.press("Escape")
        assert nurse.page.evaluate("document.activeElement.id") != "raw"


@pytest.mark.browser
def test_the_box_at_the_top_records_how_a_code_came_in_and_keeps_the_separator_of_gs1(app):
    gs1 = TRIALS[3].arrives
    with served(app) as address, chromium() as chrome, seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go("/")
        for delay, via in ((0, "wedge"), (120, "typed")):
            nurse.page.evaluate(
                "document.querySelector('#scan').form.addEventListener('submit', e => e.preventDefault())"
            )
            nurse.page.locator("#scan").fill("")
            for one in gs1:
                nurse.page.keyboard.press("Control+]" if one == "\x1d" else one, delay=0)
                nurse.page.wait_for_timeout(delay)
            nurse.page.keyboard.press("Enter")
            assert nurse.page.locator("#scan").evaluate("box => box.form.elements.via.value") == via
            if via == "wedge":
                assert nurse.page.locator("#scan").input_value() == gs1


@pytest.mark.browser
def test_the_codes_of_one_label_that_are_scanned_one_after_another_are_one_scan(app, player):
    coi = player.enrol("MRN-1")
    with served(app) as address, chromium() as chrome, seat(chrome, address) as ward:
        ward.sign_in("demo-infusion")
        ward.go(f"/steps/container.adopted?therapy={coi}")
        for code in ("]C0=A99991712345601", "]C0=<S1128V99", "=,000012"):
            ward.scan(code)
        boxes = ward.page.locator("[data-scanned] input").evaluate_all(
            "boxes => boxes.map(box => JSON.parse(box.value))"
        )
        assert boxes == [{"role": "container", "text": "]C0=A99991712345601=<S1128V99=,000012", "via": "wedge"}]
