"""Labels: issuing one through the one door, and rendering what was issued.

What a label says comes from the log and the pathway; how it looks is the business of the `labels` room. Rendering
records nothing: a label counts as printed when it was scanned back (`label.applied`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

import labels
from coi.actions import labelkeys, labelpatient
from coi.actions.attempts import Answer
from coi.actions.faults import Fault, malformed, unknown
from coi.actions.labelcontent import content_of, patient_fields, refuse_lacking, told_by_law
from coi.actions.office import Office
from coi.actions.steps import Caller, StepRequest, take
from coi.journey.accounting import GONE
from coi.journey.authority import may_read
from coi.journey.entry import Entry, Outcome
from coi.journey.fold import fold
from coi.journey.identity import is_own
from coi.journey.pathway import Pathway
from coi.journey.therapy import Label, Therapy
from coi.record import codes, ledger

RESOLUTIONS = (203, 300, 600)
MOST_AT_ONCE = 100
FORMS: Mapping[str, Callable[[labels.Layout, int], bytes]] = {
    "png": lambda layout, dpi: labels.render_png(layout, dpi=dpi),
    "pdf": lambda layout, _dpi: labels.render_pdf(layout),
    "zpl": lambda layout, dpi: labels.render_zpl(layout, dpi=dpi),
    "zpl-native": lambda layout, dpi: labels.render_zpl(layout, dpi=dpi, native=True),
}


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
    fitting = labels.TEMPLATES[request.template].positions
    if request.position not in fitting:
        message = (f"A label of {request.template} goes on: {', '.join(fitting).replace('_', ' ')}; got "
                   f"{request.position!a}. Choose another position, or another template.")  # fmt: skip
        raise malformed("label.position", message, {"position": [message]})
    values = {"container": request.container, "template": request.template, "position": request.position}
    step = StepRequest(id=request.id, kind="label.issued", occurred_at=office.now(), digest=request.digest,
                       values=values, reason=request.reason, signatures=request.signatures)  # fmt: skip
    return take(office, step, caller=caller, route="labels")


def render(office: Office, serial: str, *, form: str, dpi: int, caller: Caller) -> bytes:
    """Return the issued label `serial` as one of FORMS: png, pdf, zpl (a bitmap), zpl-native (the printer's symbols).

    Raises Fault: 403 for somebody who may not see the patient that it shows, 404 when there is none that the caller
    may see, 409 when it was voided or the patient's details were destroyed, 422 when it does not fit or lacks a field.
    """
    if dpi not in RESOLUTIONS:
        raise malformed(
            "label.dpi", f"Expected {', '.join(map(str, RESOLUTIONS))} dots per inch.", {"dpi": ["Not one of these."]}
        )
    with _refused_in_words():
        return FORMS[form](labels.lay_out(*content(office, serial, caller=caller)), dpi)


def render_sheet(office: Office, serials: Sequence[str], *, paper: labels.Sheet, first: int, caller: Caller) -> bytes:
    """Return issued labels of one size as PDF on office paper, beginning at place `first`.

    Raises Fault as `render` does, 400 for no label or too many, 422 for what does not go on one sheet together.
    """
    if not 1 <= len(serials) <= MOST_AT_ONCE:
        raise malformed("label.number", f"Got {len(serials)} labels, expected 1 to {MOST_AT_ONCE}.",
                        {"serial": [f"Expected 1 to {MOST_AT_ONCE}."]})  # fmt: skip
    with _refused_in_words():
        layouts = [labels.lay_out(*content(office, serial, caller=caller)) for serial in serials]
        return labels.render_sheets(layouts, paper, first=first)


@contextmanager
def _refused_in_words() -> Iterator[None]:
    try:
        yield
    except labels.LabelError as fault:
        raise Fault(422, "label.does_not_fit", str(fault)) from fault


def about(office: Office, serial: str, *, caller: Caller) -> dict[str, Any]:
    """Return why the label `serial` says what it says, row by row, with source and verified flag; no patient data.

    Raises Fault 404 when there is none that the caller may see, 422 when the law in force does not name its template.
    """
    with office.store.read() as conn:
        _, then, pathway, label = _issued(office, conn, serial, caller)
        try:
            return {"serial": serial, "template": label.template, **told_by_law(office, then, pathway, label)}
        except labels.LabelError as fault:  # the law in force does not name its template any more
            raise Fault(422, "label.law", str(fault)) from fault


def content(office: Office, serial: str, *, caller: Caller) -> tuple[labels.LabelContent, labels.Template]:
    """Return what the label `serial` says, patient fields and all, and the template that it was issued for.

    Raises Fault as `render` does, LabelError when a field is missing that the law asks for.
    """
    with office.store.read() as conn:
        now, then, pathway, label = _issued(office, conn, serial, caller)
        wanted = patient_fields(office, then, pathway, label)
        if wanted:
            labelpatient.refuse_stranger(now, pathway, caller)
        at = label.issued_at or office.now()
        patient = labelpatient.lines_of(office, conn, then, wanted, at=at)
        keys = labelkeys.public_keys(office, conn)
    refuse_lacking(office, then, pathway, label, patient=patient)
    said = content_of(office, then, pathway, label, patient=patient, keys=keys)
    return said, labels.template_of(label.template, label.version)


def therapy_of(conn: Connection, serial: str) -> str:
    """Return the COI id of the therapy that a label belongs to; raises Fault 404 for a serial that is of none."""
    named = codes.resolve(conn, [serial]).get(serial, []) if is_own(serial) else []
    if not named or named[0].type != "label" or not named[0].therapy:
        raise unknown("label")
    return named[0].therapy


def _issued(office: Office, conn: Connection, serial: str, caller: Caller) -> tuple[Therapy, Therapy, Pathway, Label]:
    """Return the therapy as it is and as it was when the label was issued, its pathway, the label as it was issued."""
    stream = f"therapy:{therapy_of(conn, serial)}"
    entries = ledger.read_streams(conn, [stream])[stream].entries
    therapy = fold(entries, pathway=lambda digest: office.pathway(conn, digest))
    if therapy is None or not may_read(therapy, grants=caller.grants):
        raise unknown("label")
    label = therapy.labels.get(serial)
    if label is None or label.template not in labels.TEMPLATES:  # annulled, or another maker's
        raise unknown("label")
    if label.state in GONE:
        raise Fault(409, f"label.{label.state}", f"Label {serial} was {label.state}; print the label in force instead.")
    then = _as_of(entries, label, lambda digest: office.pathway(conn, digest))
    return therapy, then, office.pathway(conn, then.pathway), then.labels[serial]


def _as_of(entries: Sequence[Entry], label: Label, pathway: Callable[[str], Pathway]) -> Therapy:
    last = next(number for number, entry in enumerate(entries, 1) if entry.id == label.entry)
    then = fold(entries[:last], pathway=pathway)
    same = then.labels.get(label.serial) if then else None
    if then is None or same is None or (same.container, same.template) != (label.container, label.template):
        raise Fault(409, "label.corrected", f"What was recorded of label {label.serial} was corrected since; void it "
                    "and issue another.")  # fmt: skip
    return then


def as_issued(
    office: Office, conn: Connection, entries: Sequence[Entry], *, pathway: Callable[[str], Pathway]
) -> Iterator[tuple[str, labels.Layout]]:
    """Return (serial, layout) of each label that `entries` of one therapy issued, as it was when it was issued.

    Patient fields are left out: a copy for the record, not for a bag. A label that does not fit was never printed and
    is left out; so is another maker's, which we cannot draw.
    """
    keys = labelkeys.public_keys(office, conn)
    for number, entry in enumerate(entries, 1):
        if entry.kind != "label.issued" or entry.outcome != Outcome.DONE:
            continue
        therapy = fold(entries[:number], pathway=pathway)
        label = therapy.labels.get(entry.values["label"]) if therapy else None
        if therapy is None or label is None or label.template not in labels.TEMPLATES:
            continue
        with suppress(labels.LabelError):
            says = content_of(office, therapy, pathway(therapy.pathway), label, patient=(), keys=keys)
            yield label.serial, labels.lay_out(says, labels.template_of(label.template, label.version))
