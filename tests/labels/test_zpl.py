"""ZPL as a printer that is not ours shows it: the same symbols in the same places, and no text that is a command."""

from dataclasses import replace

import pytest
import zxingcpp
from PIL import ImageChops

from labels import TEMPLATES, lay_out, render_png, render_zpl
from tests.labels import renderer
from tests.labels.reading import CONTENT, meant, png, read
from tests.labels.test_pictures import content
from tests.labels.test_refusals import NAUGHTY

COMMANDS = {
    "XA",
    "MU",
    "LH",
    "LS",
    "PO",
    "PM",
    "LR",
    "PQ",
    "PW",
    "LL",
    "FO",
    "GF",
    "BQ",
    "BX",
    "BY",
    "BC",
    "FD",
    "FS",
    "XZ",
}
CODED = replace(CONTENT, code="LBL-7K3M9QRT2XYZ4^XZ~JA_5E\\&>;")


@pytest.fixture(scope="module")
def printer():
    with renderer.running() as found:
        yield found


def shown(printer, layout, *, dpi, native):
    zpl = render_zpl(layout, dpi=dpi, native=native)
    return printer.draw(zpl, width=layout.width, height=layout.height, dpi=dpi)


@pytest.mark.parametrize("native", [False, True], ids=["bitmap", "native"])
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_code_of_a_printed_label_is_read(printer, name, dpi, native):
    layout = lay_out(content(name), TEMPLATES[name])
    assert sorted(read(shown(printer, layout, dpi=dpi, native=native))) == meant(layout)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_bitmap_is_printed_dot_for_dot(printer, name):
    layout = lay_out(CONTENT, TEMPLATES[name])
    ours = png(render_png(layout, dpi=203)).convert("L")
    theirs = shown(printer, layout, dpi=203, native=False)
    both = tuple(min(sides) for sides in zip(ours.size, theirs.size, strict=True))  # its millimetre is 8 dots sharp
    ours, theirs = (one.crop((0, 0, *both)) for one in (ours, theirs))
    assert ImageChops.difference(ours, theirs).getbbox() is None


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_symbol_that_the_printer_draws_stands_where_ours_does(printer, name):
    layout = lay_out(content(name), TEMPLATES[name])
    ours, theirs = (
        {one.text: corners(one) for one in zxingcpp.read_barcodes(shown(printer, layout, dpi=203, native=native))}
        for native in (False, True)
    )
    assert ours.keys() == theirs.keys()
    for text, places in ours.items():
        assert all(abs(a - b) <= 3 for a, b in zip(places, theirs[text], strict=True)), (text, places, theirs[text])


def corners(seen):
    ends = (seen.position.top_left, seen.position.bottom_right)
    return [place for end in ends for place in (end.x, end.y)]


@pytest.mark.parametrize("native", [False, True], ids=["bitmap", "native"])
@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_naughty_text_in_every_field_is_printed_and_is_never_a_command(printer, text, native):
    said = replace(
        CONTENT, title=text, position=text, banner=text, statements=(text, f"{text} 2"), lines=(("Note", text),)
    )
    layout = lay_out(said, TEMPLATES["container-100x100"])
    zpl = render_zpl(layout, dpi=203, native=native)
    assert {part[:2] for part in zpl.decode().strip().split("^")[1:]} <= COMMANDS
    assert zpl.count(b"~") == 0
    assert read(printer.draw(zpl, width=100, height=100, dpi=203)) == meant(layout)


def test_a_code_that_could_mean_something_to_a_printer_is_drawn_by_us(printer):
    layout = lay_out(CODED, TEMPLATES["container-100x100"])
    native, bitmap = (render_zpl(layout, dpi=203, native=native) for native in (True, False))
    assert native == bitmap
    assert read(printer.draw(native, width=100, height=100, dpi=203)) == [CODED.code.encode()]


def test_a_symbol_of_larger_modules_than_a_printer_knows_is_drawn_by_us():
    layout = lay_out(CONTENT, TEMPLATES["certificate-190x130"])
    assert b"^BQ" not in render_zpl(layout, dpi=600, native=True)
    assert b"^BQ" in render_zpl(lay_out(content("cassette-100x65"), TEMPLATES["cassette-100x65"]), dpi=203, native=True)
