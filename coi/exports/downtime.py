"""Downtime sheets: what a treating site needs on paper when the network is gone, and what it writes down meanwhile.

One sheet for the containers of each dose, and for rescue cells. It says what was known when it was printed and leaves
room for what is done; nothing is decided on it. The patient's identifiers are there only when the reader belongs to
the treating site, else they are written by hand from the wristband.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from coi.exports import words
from coi.journey.pathway import Pathway, Window
from coi.journey.stability import Answer, Clock, clock_of, clocks
from coi.journey.steps import HOLDS_CELLS, Purpose
from coi.journey.therapy import Container, Therapy

Json = dict[str, Any]
MOST = 3  # containers that one sheet has room for
_THAW, _START, _END = "thaw.started", "infusion.started", "infusion.completed"
_GIVEN = frozenset({Purpose.DOSE, Purpose.RESCUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Printing:
    """How the sheets are printed: as of when, in which zone's clock time, for whom, under which banner."""

    at: datetime
    zone: tzinfo
    zone_name: str
    reader: str
    software: str
    banner: str | None = None


def build(
    therapy: Therapy, *, pathway: Pathway, printing: Printing, identifiers: Sequence[tuple[str, str]] = ()
) -> list[Json]:
    """Return what each sheet says, in the order of infusion; none when nothing waits to be given.

    `identifiers` are pairs of caption and text by which the patient is agreed, for a reader who may know them.
    """
    if therapy.closed:
        return []  # nothing of it is to be given any more
    sets = [part for group in _groups(therapy) for part in _parts(group)]
    return [
        {
            "coi": therapy.coi, "site": therapy.site, "patient": therapy.patient,
            "pathway": f"{pathway.title} ({pathway.name}, version {pathway.version})",
            "identifiers": [{"caption": caption, "text": text} for caption, text in identifiers],
            "what": what, "number": number, "total": len(sets),
            "printed": words.clock_time(printing.at, printing.zone), "zone": printing.zone_name,
            "reader": printing.reader, "software": printing.software, "banner": printing.banner,
            "containers": [_container(therapy, one, pathway=pathway, printing=printing) for one in containers],
        }
        for number, (what, containers) in enumerate(sets, 1)
    ]  # fmt: skip


def _groups(therapy: Therapy) -> list[tuple[str, list[Container]]]:
    """Return the containers with cells to be given, by their place in the order of infusion; without one last."""
    found: dict[tuple[int, str], list[Container]] = {}
    for one in therapy.containers.values():
        if one.cells in _GIVEN and one.state in HOLDS_CELLS:
            rescued = "Rescue cells" if one.purpose is Purpose.RESCUE else "Dose"
            name = f"{rescued} {one.dose}" if one.dose else rescued
            found.setdefault((one.dose or 10**6, name), []).append(one)
    return [(name, found[number, name]) for number, name in sorted(found)]


def _parts(group: tuple[str, list[Container]]) -> list[tuple[str, list[Container]]]:
    """Return a group cut into as many sheets as it needs, each saying which part it is."""
    name, everything = group
    pieces = [everything[first : first + MOST] for first in range(0, len(everything), MOST)]
    if len(pieces) == 1:
        return [(name, everything)]
    return [(f"{name}, part {number} of {len(pieces)}", piece) for number, piece in enumerate(pieces, 1)]


def _container(therapy: Therapy, one: Container, *, pathway: Pathway, printing: Printing) -> Json:
    label = therapy.live_label(one.id)
    return {
        "id": one.id, "label": label.serial if label else None,
        "what": f"{words.spaced(one.purpose.value)} {one.number} of {len(therapy.of_purpose(one.purpose))}",
        "dose": one.dose, "component": one.component, "strength": one.strength, "volume_ml": one.volume_ml,
        "state": words.spaced(one.state.value), "filling": one.filling,
        "expiry": _expiry(therapy, one, pathway=pathway, printing=printing),
        "limits": [_limit(therapy, one, window, printing) for window in _bedside(pathway, one)],
        "holds": [*_postponed(therapy, pathway),
                  *(pathway.reasons.get(code, words.spaced(code or "no reason said")) for code in one.holds.values())],
        "releases": [_released(release.status, release.country, release.site) for release in one.releases.values()],
    }  # fmt: skip


def _postponed(therapy: Therapy, pathway: Pathway) -> list[str]:
    """Return what is to be read before anything else while the therapy is postponed: on paper nothing else says so."""
    if not therapy.postponed:
        return []
    return [f"THERAPY POSTPONED ({pathway.reasons.get(therapy.postponed, therapy.postponed)}): do not thaw"]


def _released(status: str, *scope: str | None) -> str:
    return ", ".join([words.spaced(status), *(f"for {where}" for where in scope if where)])


def _bedside(pathway: Pathway, one: Container) -> list[Window]:
    """Return the windows that start with the thaw or the infusion of such a container."""
    starts = {_THAW, _START}
    return [window for window in pathway.windows if one.purpose.value in window.purposes and starts & {*window.starts}]


def _expiry(therapy: Therapy, one: Container, *, pathway: Pathway, printing: Printing) -> list[Json]:
    """Return the shelf-life windows that run for it, soonest deadline first."""
    at_bedside = {window.id for window in _bedside(pathway, one)}
    return [
        {"title": clock.window.title, **_deadline(clock, printing)}
        for clock in clocks(therapy, pathway=pathway)
        if clock.container == one.id and clock.ended_at is None and clock.window.id not in at_bedside
    ]


def _deadline(clock: Clock, printing: Printing) -> Json:
    return {"until": words.clock_time(clock.due_at, printing.zone),
            "over": clock.answer(printing.at) is not Answer.INSIDE}  # fmt: skip


def _limit(therapy: Therapy, one: Container, window: Window, printing: Printing) -> Json:
    """Return a window of the bedside: what starts it, how much of it is left, and until when where it runs already."""
    clock = clock_of(therapy, one, window)
    running = clock if clock is not None and clock.ended_at is None else None
    return {
        "title": window.title, "from": "thaw started" if _THAW in window.starts else "infusion started",
        "until": "complete by" if _END in window.ends else "use until",
        "limit": words.duration(max(window.limit - one.spent.get(window.id, 0), 0)),
        "running": _deadline(running, printing) if running else None,
        "ended": clock is not None and running is None,
    }  # fmt: skip
