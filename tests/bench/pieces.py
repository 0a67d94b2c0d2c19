"""Labels per second in each form, time per decoded picture, and per sweep of 100 000 open clocks."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageFilter
from sqlalchemy import insert

import labels
import scanners
from coi.actions import sweep
from coi.journey.entry import instant
from coi.record.tables import CLOCK
from tests.bench.accepts import instance
from tests.bench.figures import Figures
from tests.play import Player
from tests.worlds import open_office

CONTENT = labels.LabelContent(
    code="LBL-7K3M9QRT2XYZL", coi="COI 7K3M 9QRT 2XYZ 4", container="CTR 7K3M 9QRT 2XYZ 4",
    serial="LBL 7K3M 9QRT 2XYZ L", number=1, total=2, title="Apheresis, starting material",
    statements=("FOR AUTOLOGOUS USE ONLY", "NOT EVALUATED FOR INFECTIOUS SUBSTANCES"),
    lines=(("Site", "demo-hospital"), ("Pathway", "car-t-cryo 1")), position="bag", generation=1,
    banner="DEMO - NOT FOR CLINICAL USE",
)  # fmt: skip

MEASURED = ("container-100x100", "product-100x75", "tube-50x25", "vial-40x15")
FORMS: dict[str, Callable[[labels.Layout], bytes]] = {
    "PNG 203 dpi": lambda layout: labels.render_png(layout, dpi=203),
    "PNG 300 dpi": lambda layout: labels.render_png(layout, dpi=300),
    "PDF": labels.render_pdf,
    "ZPL bitmap 203 dpi": lambda layout: labels.render_zpl(layout, dpi=203),
    "ZPL native 203 dpi": lambda layout: labels.render_zpl(layout, dpi=203, native=True),
}


def measure(figures: Figures, *, folder: Path, quick: bool) -> None:
    times = 5 if quick else 40
    for name in MEASURED:
        for form, render in FORMS.items():
            took = _each(lambda name=name, render=render: render(_layout(labels.TEMPLATES[name])), times)
            figures.add(f"label {name}: {form}", [1000 / each for each in took], "labels/s")
    picture = photograph(_png(labels.TEMPLATES["container-100x100"]), random.Random(1))
    figures.add("picture 1280 x 720 read", _each(lambda: scanners.read_picture(picture), times), "ms")
    sweep_of_many(figures, folder, clocks=1_000 if quick else 100_000, times=5)


def _layout(template: labels.Template) -> labels.Layout:
    return labels.lay_out(CONTENT, template)


def _png(template: labels.Template) -> bytes:
    return labels.render_png(_layout(template), dpi=300)


def _each(work: Callable[[], object], times: int) -> list[float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return took


def photograph(png: bytes, chance: random.Random) -> bytes:
    """Return the label as a phone would take it: 1280 x 720, turned by up to 15 degrees, blurred, JPEG quality 50."""
    label = Image.open(io.BytesIO(png)).convert("L")
    side = 520
    label = label.resize((side, round(side * label.height / label.width)))
    turned = label.rotate(chance.uniform(-15, 15), expand=True, fillcolor=235)
    page = Image.new("L", (1280, 720), 235)
    room = (1280 - turned.width, 720 - turned.height)
    page.paste(turned, (chance.randrange(max(1, room[0])), chance.randrange(max(1, room[1]))))
    out = io.BytesIO()
    page.filter(ImageFilter.GaussianBlur(1.0)).save(out, "JPEG", quality=50)
    return out.getvalue()


def sweep_of_many(figures: Figures, folder: Path, *, clocks: int, times: int) -> None:
    """Sweep when many clocks run and none is due, which is what a sweep mostly finds."""
    url = f"sqlite:///{folder / 'coi.sqlite3'}"
    instance(folder, url)
    office = open_office(folder, url)
    coi, _ = Player(office).collected("SWEEP-1")
    later = datetime.now(UTC) + timedelta(days=1)
    rows = [
        {"id": f"{number:036d}", "therapy": coi, "container": f"C{number}", "window": "w", "state": "running",
         "started_at": instant(later), "warn_at": instant(later + timedelta(seconds=number)),
         "due_at": instant(later + timedelta(seconds=number)), "ended_at": None,
         "next_at": instant(later + timedelta(seconds=number))}
        for number in range(clocks)
    ]  # fmt: skip
    with office.store.write() as conn:
        conn.execute(insert(CLOCK), rows)
    figures.add(f"sweep of {clocks} open clocks, none due", _each(lambda: sweep.sweep(office, limit=100), times), "ms")
    office.store.close()
