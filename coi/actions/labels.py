"""Labels: issuing one through the one door, and rendering what was issued.

What a label says comes from the log and the pathway; how it looks is the business of the `labels` room. Rendering
records nothing: a label counts as printed when it was scanned back (`label.applied`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

import labels
from coi.actions.attempts import Answer
from coi.actions.faults import Fault, malformed, unknown
from coi.actions.office import Office
from coi.actions.steps import Caller, StepRequest, take
from coi.journey.accounting import GONE
from coi.journey.authority import may_read
from coi.journey.entry import Entry, Outcome
from coi.journey.fold import fold
from coi.journey.identity import grouped, is_own
from coi.journey.pathway import LabelText, Pathway
from coi.journey.steps import Purpose
from coi.journey.therapy import Container, Label, Therapy
from coi.record import codes, ledger

DEMO_BANNER = "DEMO - NOT FOR CLINICAL USE"
RESOLUTIONS = (203, 300, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest:
    """A label as a client asks for it."""

    id: str
    digest: str
    container: str
    template: str = "container-100x100"
    position: str = "bag"
    reason: str | None = None
    signatures: Sequence[str] = ()


def issue(office: Office, request: LabelRequest, *, caller: Caller) -> Answer:
    """Issue a label for a planned container (or another copy, with a reason); the answer names it as `label`.

    Raises Fault for an unknown template and for whatever `take` raises one.
    """
    if request.template not in labels.TEMPLATES:
        known = ", ".join(sorted(labels.TEMPLATES))
        raise malformed("label.template", f"There is no such template; expected one of {known}.",
                        {"template": [f"Expected one of {known}."]})  # fmt: skip
    values = {"container": request.container, "template": request.template, "position": request.position}
    step = StepRequest(id=request.id, kind="label.issued", occurred_at=office.now(), digest=request.digest,
                       values=values, reason=request.reason, signatures=request.signatures)  # fmt: skip
    return take(office, step, caller=caller, route="labels")


def render(office: Office, serial: str, *, form: str, dpi: int, caller: Caller) -> bytes:
    """Return the issued label `serial` as png, pdf or zpl.

    Raises Fault: 404 when there is none that the caller may see, 409 when it was voided, 422 when it does not fit.
    """
    if dpi not in RESOLUTIONS:
        raise malformed(
            "label.dpi", f"Expected {', '.join(map(str, RESOLUTIONS))} dots per inch.", {"dpi": ["Not one of these."]}
        )
    content, template = _content(office, serial, caller)
    try:
        layout = labels.lay_out(content, template)
        if form == "png":
            return labels.render_png(layout, dpi=dpi)
        return labels.render_pdf(layout) if form == "pdf" else labels.render_zpl(layout, dpi=dpi)
    except labels.LabelError as fault:
        raise Fault(422, "label.does_not_fit", str(fault)) from fault


def therapy_of(conn: Connection, serial: str) -> str:
    """Return the COI id of the therapy that a label belongs to; raises Fault 404 for a serial that is of none."""
    named = codes.resolve(conn, [serial]).get(serial, []) if is_own(serial) else []
    if not named or named[0].type != "label" or not named[0].therapy:
        raise unknown("label")
    return named[0].therapy


def _content(office: Office, serial: str, caller: Caller) -> tuple[labels.LabelContent, labels.Template]:
    with office.store.read() as conn:
        stream = f"therapy:{therapy_of(conn, serial)}"
        entries = ledger.read_streams(conn, [stream])[stream].entries
        therapy = fold(entries, pathway=lambda digest: office.pathway(conn, digest))
        if therapy is None or not may_read(therapy, grants=caller.grants):
            raise unknown("label")
        pathway = office.pathway(conn, therapy.pathway)
    label = therapy.labels[serial]
    if label.state in GONE:
        raise Fault(409, f"label.{label.state}", f"Label {serial} was {label.state}; print the label in force instead.")
    return _said(office, therapy, pathway, label), labels.TEMPLATES[label.template]


def as_issued(
    office: Office, entries: Sequence[Entry], *, pathway: Callable[[str], Pathway]
) -> Iterator[tuple[str, labels.Layout]]:
    """Return (serial, layout) of each label that `entries` of one therapy issued, as it was when it was issued.

    A label that does not fit was never printed and is left out; so is another maker's, which we cannot draw.
    """
    for number, entry in enumerate(entries, 1):
        if entry.kind != "label.issued" or entry.outcome != Outcome.DONE:
            continue
        therapy = fold(entries[:number], pathway=pathway)
        label = therapy.labels.get(entry.values["label"]) if therapy else None
        if therapy is None or label is None or label.template not in labels.TEMPLATES:
            continue
        content = _said(office, therapy, pathway(therapy.pathway), label)
        with suppress(labels.LabelError):
            yield label.serial, labels.lay_out(content, labels.TEMPLATES[label.template])


def _said(office: Office, therapy: Therapy, pathway: Pathway, label: Label) -> labels.LabelContent:
    container = therapy.containers[label.container]
    text = pathway.labels.get(container.purpose.value, LabelText(container.purpose.value.replace("_", " "), (), {}))
    return labels.LabelContent(
        code=label.serial, coi=grouped(therapy.coi), container=grouped(container.id), serial=grouped(label.serial),
        number=container.number, total=len(therapy.of_purpose(container.purpose)),
        title=text.title, statements=text.said(label.tested), lines=_lines(therapy, pathway, container),
        position=label.position.replace("_", " "), generation=label.generation,
        banner=DEMO_BANNER if office.demo else None,
    )  # fmt: skip


def _lines(therapy: Therapy, pathway: Pathway, container: Container) -> tuple[tuple[str, str], ...]:
    dose = f"{container.dose}" if container.purpose is Purpose.DOSE and container.dose else ""
    lot = grouped(container.lot) if container.lot else ""
    told = (("Site", therapy.site), ("Pathway", f"{pathway.name} {pathway.version}"), ("Dose", dose), ("Lot", lot))
    return tuple((caption, value) for caption, value in told if value)
