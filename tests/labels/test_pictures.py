"""Labels that lie crooked, are stained, blurred, pressed through JPEG: read as what they say, or not at all.

Every code of every template is read after each of those by itself. Mixed at random and worse, a label may stay unread;
it is never read as something else.
"""

import io
import random
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw, ImageFilter

from labels import TEMPLATES, lay_out, render_png
from labels.law import SHIPPED
from tests.labels.reading import CONTENT, meant, png, read
from tests.labels.test_readback import FORMS
from tests.labels.test_signed_label import TEXT

FRAME = (1280, 720)


def content(name):
    """What a label of the template says in use: its signed text where there is room for it."""
    return replace(CONTENT, code=TEXT) if SHIPPED.carriers[name].code == "signed" else CONTENT


def turned(picture, *, by):
    return picture.convert("L").rotate(by, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def stained(picture, layout, *, dpi, side):
    """A tenth of each symbol under one black or white stain that spares what a reader looks for first.

    That is a QR's and a Data Matrix's finder pattern, and a row that crosses all bars of a linear symbol.
    """
    shown = picture.convert("L").copy()
    for symbol in layout.symbols:
        dot, box = symbol.dots(dpi=dpi) * 1.0, symbol.box
        across, down = (
            len(symbol.dark[0]) * dot,
            box.height * dpi / 25.4 if symbol.is_linear else len(symbol.dark) * dot,
        )
        centre_x, centre_y = (box.left + box.width / 2) * dpi / 25.4, (box.top + box.height / 2) * dpi / 25.4
        if symbol.is_linear:
            stain = (across, down * 0.1)
            place = (centre_x - across / 2, centre_y + down * (0.2 if side else -0.3))
        else:
            stain = (across * 0.31, down * 0.31)
            place = (centre_x - across * 0.05, centre_y - down * (0.0 if side else 0.1))
        ImageDraw.Draw(shown).rectangle((*place, place[0] + stain[0], place[1] + stain[1]), fill=255 * side)
    return shown


def blurred(picture, *, radius):
    return picture.convert("L").filter(ImageFilter.GaussianBlur(radius))


def pressed(picture, *, quality):
    kept = io.BytesIO()
    picture.convert("RGB").save(kept, "JPEG", quality=quality)
    return Image.open(kept)


HARMS = {
    "turned left": lambda picture, _layout, _dpi: turned(picture, by=5),
    "turned right": lambda picture, _layout, _dpi: turned(picture, by=-5),
    "stained black": lambda picture, layout, dpi: stained(picture, layout, dpi=dpi, side=0),
    "stained white": lambda picture, layout, dpi: stained(picture, layout, dpi=dpi, side=1),
    "blurred": lambda picture, _layout, _dpi: blurred(picture, radius=1.0),
    "as JPEG": lambda picture, _layout, _dpi: pressed(picture, quality=30),
}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_code_is_read_from_a_label_that_was_harmed(name, dpi, harm):
    layout = lay_out(content(name), TEMPLATES[name])
    picture = png(render_png(layout, dpi=dpi))
    assert sorted(read(HARMS[harm](picture, layout, dpi))) == meant(layout)


def noisy(picture, draw):
    """Something that may happen to a label on its way to the reader, several things at once, and badly."""
    shown = picture.convert("L")
    pen = ImageDraw.Draw(shown)
    for _ in range(draw.randrange(4)):
        x, y = draw.randrange(shown.width), draw.randrange(shown.height)
        size = draw.randrange(2, max(3, shown.width // 8))
        pen.ellipse((x, y, x + size, y + draw.randrange(1, size + 1)), fill=draw.choice((0, 255)))
    shown = turned(shown, by=draw.uniform(-5, 5))
    scale = draw.uniform(0.4, 1.2)
    shown = shown.resize(
        (max(8, int(shown.width * scale)), max(8, int(shown.height * scale))), Image.Resampling.BILINEAR
    )
    shown = blurred(shown, radius=draw.uniform(0, 1.8))
    grain = Image.frombytes("L", shown.size, draw.randbytes(shown.width * shown.height))
    return pressed(Image.blend(shown, grain, draw.uniform(0, 0.35)), quality=draw.randrange(20, 90))


def read_wrongly(times, *, seed):
    """Return (times that something else was read, times that all was read) of so many noisy renders of all forms."""
    draw = random.Random(seed)
    wrong = right = 0
    forms = [form for form in FORMS if "600" not in form]
    for _ in range(times):
        name = draw.choice(list(TEMPLATES))
        layout = lay_out(content(name), TEMPLATES[name])
        seen = read(noisy(FORMS[draw.choice(forms)](layout), draw))
        wrong += not set(seen) <= set(meant(layout))
        right += sorted(seen) == meant(layout)
    return wrong, right


def test_two_hundred_noisy_labels_are_never_read_as_something_else():
    wrong, right = read_wrongly(200, seed=20261123)
    assert wrong == 0
    assert right >= 100


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_ten_thousand_noisy_labels_are_never_read_as_something_else(record_property):
    wrong, right = read_wrongly(10_000, seed=20261124)
    record_property("renders", 10_000)
    record_property("seed", 20261124)
    record_property("read", right)
    record_property("read as something else", wrong)
    assert wrong == 0
    assert right >= 5_000


def photographed(label, *, draw):
    """All of the label on a grey table, at a random size, place and angle within ±15°; blur radius 1.0, JPEG 50."""
    white = Image.new("L", label.size, 255)
    angle = draw.uniform(-15, 15)
    turned_, mask = (one.rotate(angle, Image.Resampling.BICUBIC, expand=True) for one in (label.convert("L"), white))
    scale = draw.uniform(0.6, 1) * min(room / side for room, side in zip(FRAME, turned_.size, strict=True))
    size = tuple(int(side * scale) for side in turned_.size)
    table = Image.new("L", FRAME, draw.randrange(60, 200))
    place = tuple(draw.randint(0, room - side) for room, side in zip(FRAME, size, strict=True))
    table.paste(turned_.resize(size, Image.Resampling.LANCZOS), place, mask.resize(size, Image.Resampling.LANCZOS))
    kept = io.BytesIO()
    table.filter(ImageFilter.GaussianBlur(1.0)).convert("RGB").save(kept, "JPEG", quality=50)
    return Image.open(kept)


def unread(template, *, times, seed):
    """How many of so many photographs were not read, or read as something else."""
    draw = random.Random(seed)
    label = png(render_png(lay_out(CONTENT, TEMPLATES[template]), dpi=300))
    return sum(read(photographed(label, draw=draw)) != [CONTENT.code.encode("ascii")] for _ in range(times))


@pytest.mark.parametrize("template", ["container-100x100", "tube-50x25"])
def test_photographs_of_a_label_are_read(template):
    assert unread(template, times=30, seed=template) == 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("template", ["container-100x100", "tube-50x25"])
def test_two_thousand_poor_pictures_of_a_label_are_read(template, record_property):
    record_property("pictures", 2000)
    missed = unread(template, times=2000, seed=f"soak {template}")
    record_property("unread", missed)
    assert missed == 0
