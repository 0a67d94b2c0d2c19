"""Every form of every label is read back by another library, and all forms show the same label."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp
from PIL import ImageChops, ImageFilter

from labels import TEMPLATES, lay_out, render_pdf, render_png, render_zpl
from labels.symbol import KINDS
from tests.labels.reading import CONTENT, meant, pdf, png, read, zpl

RESOLUTIONS = (203, 300, 600)
FORMS = {
    **{f"png at {dpi}": lambda layout, dpi=dpi: png(render_png(layout, dpi=dpi)) for dpi in RESOLUTIONS},
    **{f"zpl at {dpi}": lambda layout, dpi=dpi: zpl(render_zpl(layout, dpi=dpi)) for dpi in RESOLUTIONS},
    "pdf": lambda layout: pdf(render_pdf(layout)),
}
every_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
# every template at the dots of the most common printer, a small and a large one at the finer ones too
every_case = pytest.mark.parametrize(
    ("template", "dpi"),
    [pytest.param(TEMPLATES[name], dpi, id=f"{name}-{dpi}") for name in TEMPLATES for dpi in RESOLUTIONS
     if dpi == 203 or name in ("container-100x100", "vial-40x15")],
)  # fmt: skip


def edges(box, *, dpi):
    """The box in dots."""
    return tuple(round(edge * dpi / 25.4) for edge in (box.left, box.top, box.right, box.bottom))


def cut(picture, box, *, dpi):
    """The part of the picture that shows the box, ink as 255 on 0."""
    return picture.convert("L").crop(edges(box, dpi=dpi)).point(lambda grey: 255 if grey < 128 else 0)


def ink(picture):
    return picture.histogram()[255]


@pytest.mark.parametrize("form", FORMS)
@every_template
def test_every_form_of_every_label_says_its_codes_byte_for_byte(template, form):
    layout = lay_out(CONTENT, template)
    assert sorted(read(FORMS[form](layout))) == meant(layout)


KINDS_READ = {"qr": ("QRCode", "]Q1"), "datamatrix": ("DataMatrix", "]d1"), "code128": ("Code128", "]C0")}


@every_template
def test_the_symbols_are_of_the_kinds_that_the_template_names(template):
    seen = zxingcpp.read_barcodes(png(render_png(lay_out(CONTENT, template), dpi=203)).convert("L"))
    assert sorted((one.format.name, one.symbology_identifier) for one in seen) == sorted(
        KINDS_READ[mark.kind] for mark in template.marks
    )
    assert {one.ec_level for one in seen if one.format.name == "QRCode"} <= {"Q"}


@every_case
def test_a_label_printer_burns_the_dots_of_the_picture(template, dpi):
    layout = lay_out(CONTENT, template)
    burnt, shown = zpl(render_zpl(layout, dpi=dpi)), png(render_png(layout, dpi=dpi))
    assert ImageChops.difference(burnt, shown.convert("L")).getbbox() is None


@every_case
def test_a_picture_is_black_and_white_and_names_its_resolution_and_size(template, dpi):
    picture = png(render_png(lay_out(CONTENT, template), dpi=dpi))
    assert picture.mode == "1"
    assert picture.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)
    assert picture.size == (round(template.width * dpi / 25.4), round(template.height * dpi / 25.4))


@every_template
def test_a_page_is_exactly_as_large_as_the_label(template):
    page = pypdfium2.PdfDocument(render_pdf(lay_out(CONTENT, template)))[0]
    assert [side * 25.4 / 72 for side in page.get_size()] == pytest.approx([template.width, template.height], abs=0.001)


@every_case
def test_every_module_is_the_same_whole_number_of_dots_as_large_as_the_place_allows(template, dpi):
    layout = lay_out(CONTENT, template)
    picture = png(render_png(layout, dpi=dpi))
    for symbol in layout.symbols:
        seen = cut(picture, symbol.box, dpi=dpi)
        inner = seen.crop(seen.getbbox())
        across, down = len(symbol.dark[0]), len(symbol.dark)
        side, rest = divmod(inner.width, across)
        high = inner.height if symbol.is_linear else side
        assert (inner.size, rest) == ((side * across, high * down), 0)
        assert side >= 3
        assert (side + 1) * symbol.across > symbol.box.width * dpi / 25.4 - 1
        for y, row in enumerate(symbol.dark):
            for x, dark in enumerate(row):
                module = inner.crop((x * side, y * high, (x + 1) * side, (y + 1) * high))
                assert module.getextrema() == ((255, 255) if dark else (0, 0))


@every_case
def test_the_quiet_zone_around_each_symbol_is_white(template, dpi):
    layout = lay_out(CONTENT, template)
    shown = png(render_png(layout, dpi=dpi)).convert("L")
    for symbol in layout.symbols:
        picture, side = shown.copy(), symbol.dots(dpi=dpi)
        left, top, right, bottom = cut(picture, symbol.box, dpi=dpi).getbbox()
        left, right = (x + round(symbol.box.left * dpi / 25.4) for x in (left, right))
        top, bottom = (y + round(symbol.box.top * dpi / 25.4) for y in (top, bottom))
        beside, above = KINDS[symbol.kind].beside * side, KINDS[symbol.kind].above * side
        around = (left - beside, top - above, right + beside, bottom + above)
        assert min(around) >= 0
        picture.paste(255, (left, top, right, bottom))
        assert picture.crop(around).getextrema() == (255, 255)


@every_template
def test_the_page_holds_every_text_as_text(template):
    layout = lay_out(CONTENT, template)
    said = pypdfium2.PdfDocument(render_pdf(layout))[0].get_textpage().get_text_bounded().split()
    assert sorted(said) == sorted(" ".join(row.text for text in layout.texts for row in text.rows).split())


@every_case
def test_the_picture_and_the_page_show_the_same_letters_to_a_dot(template, dpi):
    layout = lay_out(CONTENT, template)
    picture, page = png(render_png(layout, dpi=dpi)), pdf(render_pdf(layout), dpi=dpi)
    for text in layout.texts:
        shown, meant = (cut(one, text.box.inset(0.2), dpi=dpi) for one in (picture, page))
        if text.white:
            shown, meant = ImageChops.invert(shown), ImageChops.invert(meant)
        assert ink(shown) > 30, text.field
        for one, other in ((shown, meant), (meant, shown)):
            stray = ImageChops.subtract(one, other.filter(ImageFilter.MaxFilter(3)))
            assert ink(stray) <= (0.05 if dpi > 203 else 0.15) * ink(one), text.field  # at 203 a hair is a dot


@pytest.mark.parametrize("field", ["coi", "count", "serial"])
@every_case
def test_another_identity_is_another_picture_in_its_own_box_and_nowhere_else(template, dpi, field):
    other = {
        "coi": {"coi": "COI 5WDN 8QHE 3RVA M"},
        "count": {"number": 2},
        "serial": {"serial": "LBL 7K3M 9QRT 2XYZ5", "code": "LBL-7K3M9QRT2XYZ5"},
    }[field]
    if field in template.leaves_out:
        return
    ours, theirs = lay_out(CONTENT, template), lay_out(replace(CONTENT, **other), template)
    box = next(text.box for text in ours.texts if text.field == field)
    shown, changed = (png(render_png(layout, dpi=dpi)).convert("L") for layout in (ours, theirs))
    seen, other_seen = (cut(picture, box, dpi=dpi) for picture in (shown, changed))
    assert ink(ImageChops.difference(seen, other_seen)) > 0.02 * ink(seen)
    for picture in (shown, changed):
        picture.paste(255, edges(box.inset(-25.4 / dpi), dpi=dpi))
        for symbol in ours.symbols if field == "serial" else ():
            picture.paste(255, edges(symbol.box, dpi=dpi))
    assert ImageChops.difference(shown, changed).getbbox() is None


@every_case
def test_no_ink_of_a_text_leaves_its_box(template, dpi):
    layout = lay_out(replace(CONTENT, title="Éjgpqy, Ångström (g)"), template)
    bare = replace(layout, bars=(), frames=(), texts=tuple(replace(text, white=False) for text in layout.texts))
    for text in bare.texts:
        alone = png(render_png(replace(bare, texts=(text,)), dpi=dpi)).convert("L")
        nothing = png(render_png(replace(bare, texts=()), dpi=dpi)).convert("L")
        seen = ImageChops.difference(alone, nothing).getbbox()
        left, top, right, bottom = (edge * 25.4 / dpi for edge in seen)
        dot = 25.4 / dpi
        assert left >= text.box.left - dot, text.field
        assert top >= text.box.top - dot, text.field
        assert right <= text.box.right + dot, text.field
        assert bottom <= text.box.bottom + dot, text.field


def _all_bytes(template):
    layout = lay_out(CONTENT, template)
    return render_pdf(layout), render_png(layout, dpi=203), render_zpl(layout, dpi=203)


@every_template
def test_the_same_label_is_the_same_bytes_also_from_many_threads(template):
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(_all_bytes, [template] * 40)) == {_all_bytes(template)}


@pytest.mark.slow
def test_the_same_label_is_the_same_bytes_in_another_process():
    code = (
        "import hashlib, labels; from tests.labels.test_readback import _all_bytes\n"
        "print(hashlib.sha256(b''.join(one for t in labels.TEMPLATES.values() for one in _all_bytes(t))).hexdigest())"
    )
    said = {
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
                       capture_output=True, text=True, check=True).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(said) == 1
