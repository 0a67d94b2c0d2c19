"""A label that somebody photographs badly is still read: small, turned, blurred, compressed."""

import io
import random

import pytest
from PIL import Image, ImageFilter

from labels import TEMPLATES, lay_out, render_png
from tests.labels.reading import CONTENT, png, read

FRAME = (1280, 720)


def photographed(label, *, draw):
    """All of the label on a grey table, at a random size, place and angle within ±15°; blur radius 1.0, JPEG 50."""
    white = Image.new("L", label.size, 255)
    angle = draw.uniform(-15, 15)
    turned, mask = (one.rotate(angle, Image.Resampling.BICUBIC, expand=True) for one in (label.convert("L"), white))
    scale = draw.uniform(0.6, 1) * min(room / side for room, side in zip(FRAME, turned.size, strict=True))
    size = tuple(int(side * scale) for side in turned.size)
    table = Image.new("L", FRAME, draw.randrange(60, 200))
    place = tuple(draw.randint(0, room - side) for room, side in zip(FRAME, size, strict=True))
    table.paste(turned.resize(size, Image.Resampling.LANCZOS), place, mask.resize(size, Image.Resampling.LANCZOS))
    kept = io.BytesIO()
    table.filter(ImageFilter.GaussianBlur(1.0)).convert("RGB").save(kept, "JPEG", quality=50)
    return Image.open(kept)


def unread(template, *, times, seed):
    """How many of so many pictures were not read, or read as something else."""
    draw = random.Random(seed)
    label = png(render_png(lay_out(CONTENT, TEMPLATES[template]), dpi=300))
    return sum(read(photographed(label, draw=draw)) != [CONTENT.code.encode("ascii")] for _ in range(times))


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES)
def test_sixty_poor_pictures_of_a_label_are_read(template):
    assert unread(template, times=60, seed=template) == 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("template", TEMPLATES)
def test_two_thousand_poor_pictures_of_a_label_are_read(template, record_property):
    record_property("pictures", 2000)
    missed = unread(template, times=2000, seed=f"soak {template}")
    record_property("unread", missed)
    assert missed == 0
