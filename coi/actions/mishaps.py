"""Mishaps: five journeys of the demo that went otherwise than planned, told through the one door.

A bag that leaked and was rescued, a dose that was postponed, a lot that was out of specification, an infusion that was
kept on paper while the network was down, and a patient who died. Each is one function and names what it shows.
"""

import io
from datetime import timedelta
from typing import Any

from PIL import Image, ImageDraw

from coi.actions.telling import HOSPITAL, PLANT, Teller, bags_of

_TWO = [("demo-infusion", "performed"), ("demo-infusion-2", "verified")]
_COPIED = [("demo-nurse", "transcribed"), ("demo-physician", "checked_against_paper")]


def fractured_bag(tell: Teller) -> str:
    """A dose bag leaks at the ward; two people move its cells to a rescue bag, quality looks, and they are infused."""
    tell.enrol("Haddad", "Leila", "1962-04-18", "MRN-1006")
    (dose,) = tell.at_the_ward("MRN-1006")
    tell.step("demo-infusion", "container.damaged", bags_of([dose]), values={"damage": "leak", "lost_ml": "4"})
    (rescue,) = tell.labelled("demo-infusion", "rescue", 1)
    tell.step("demo-infusion", "contents.transferred", [*bags_of([dose]), ("label", rescue)], reason="bag-damaged",
              signs=_TWO, values={"volume_ml": "58"})  # fmt: skip
    tell.step("demo-quality", "hold.lifted", bags_of([rescue]), reason="investigation-closed")
    tell.step("demo-quality", "containers.released", bags_of([rescue]))
    tell.infused("MRN-1006", [rescue])
    return tell.coi


def postponed_dose(tell: Teller) -> str:
    """The patient has a fever: the dose goes back to its tank, the therapy is postponed, its clocks go on."""
    tell.enrol("Bauer", "Jonas", "1958-12-05", "MRN-1007")
    (dose,) = tell.at_the_ward("MRN-1007")
    tell.step("demo-infusion", "container.stored", [*bags_of([dose]), ("location", "TANK-1/R3/P1")])
    tell.step("demo-physician", "therapy.postponed", reason="patient-condition")
    tell.step("demo-infusion", "thaw.started", bags_of([dose]), expect=422)
    return tell.coi


def out_of_specification(tell: Teller) -> str:
    """A lot misses its specification; the physician asks for it, quality releases it for this hospital only."""
    tell.enrol("Costa", "Inês", "1949-08-30", "MRN-1008")
    (dose,) = tell.at_the_ward("MRN-1008", released=False)
    tell.step("demo-quality", "release.refused", bags_of([dose]), reason="out-of-specification")
    tell.step("demo-physician", "release.requested", bags_of([dose]), reason="no-alternative",
              signs=[("demo-physician", "performed")])  # fmt: skip
    tell.step("demo-quality", "containers.released", bags_of([dose]),
              values={"status": "out_of_specification", "site": HOSPITAL})  # fmt: skip
    return tell.coi


def downtime(tell: Teller) -> str:
    """The network is down while a bag thaws: paper first, entered and compared afterwards, acknowledged by both."""
    tell.enrol("Novák", "Eliška", "1990-02-11", "MRN-1009")
    (dose,) = tell.at_the_ward("MRN-1009")
    sheet = tell.attach("demo-nurse", "downtime_sheet", _photographed_sheet())
    start = tell.office.now()
    by, bags = ("demo-infusion", "demo-infusion-2"), bags_of([dose])
    paper: dict[str, Any] = {"signs": _COPIED, "documents": (sheet,), "performed_by": by}
    tell.step("demo-nurse", "thaw.started", bags, at=start, **paper)
    begun = tell.step("demo-nurse", "infusion.started", bags, at=start + timedelta(seconds=1), **paper)
    tell.step("demo-nurse", "infusion.completed", bags, at=start + timedelta(seconds=2), **paper)
    for person in by:
        tell.step(person, "entry.acknowledged", values={"entry": begun["entry"]["id"]})
    return tell.coi


def _photographed_sheet() -> bytes:
    """Return a picture that stands for the photographed sheet."""
    page = Image.new("RGB", (420, 594), "white")
    pen = ImageDraw.Draw(page)
    for line, text in enumerate(("DOWNTIME SHEET (demo)", "thaw started", "infusion started", "infusion completed")):
        pen.text((24, 24 + 40 * line), text, fill="black")
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def patient_died(tell: Teller) -> str:
    """The patient dies before the infusion: the closing says what becomes of every bag, and who sees to it."""
    tell.enrol("Eriksen", "Nils", "1944-06-23", "MRN-1010")
    first, second = tell.at_the_ward("MRN-1010", 2)
    kept, gone = (tell.container(label) for label in (first, second))
    tell.step("demo-physician", "therapy.closed", values={"outcome": "died", "keep": [kept], "discard": [gone],
                                                          "owner": PLANT})  # fmt: skip
    tell.step("demo-infusion", "container.discarded", bags_of([second]), reason="patient-died")
    return tell.coi


ALL = {
    "fractured bag": fractured_bag, "postponed dose": postponed_dose, "out of specification": out_of_specification,
    "downtime": downtime, "patient died": patient_died,
}  # fmt: skip
