"""Printing: an issued label is sent to a printer, once, and the log says what is known of that.

* First the label is rendered and measured against the printer's paper; of what does not fit nothing is recorded.
* Then `label.sent` is recorded. From here on the log says *unknown*, also when this process is killed now.
* Then the bytes go out, once. `print.ended` says sent, failed (nothing reached the printer) or unknown.

Sent is not printed: no entry says that a label was printed. It counts when it was scanned back (`label.applied`). A
label that may have come out is never sent again; the same request sent again is answered and sends nothing.
"""

import json
from dataclasses import dataclass
from typing import Any

import labels as layouts
from coi.actions import labels, printers, reads
from coi.actions.appending import append, derived_id, system_fields
from coi.actions.attempts import CREATED, REPLAYED, Answer, desk_of
from coi.actions.faults import Fault, unknown
from coi.actions.office import Office
from coi.actions.requests import Caller, StepRequest
from coi.actions.steps import take
from coi.journey.therapy import Label
from coi.record import queries
from coi.record.ledger import Draft
from coi.record.printers import Printer
from labels import printing as devices

UNKNOWN = devices.UNKNOWN
_TOLERANCE = 1.0  # millimetres, between the label's format and a roll
_SAYS = {
    "sent": "It was sent to the printer. It counts when it was scanned back.",
    "failed": "It did not reach the printer; send it again.",
    UNKNOWN: "Nobody knows whether it came out: scan it back, or void it and issue another copy.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintRequest:
    """A label that is to be sent to a printer, as a client asks for it."""

    id: str
    digest: str
    label: str
    printer: str


@dataclass(frozen=True, slots=True)
class Printed:
    """The answer to the step, and what is known of the job: a state and a sentence; None when nothing was sent."""

    answer: Answer
    state: str | None = None
    message: str = ""


def print_label(office: Office, request: PrintRequest, *, caller: Caller) -> Printed:
    """Send a label to a printer and return what is known of the job.

    Raises Fault: 404 for a label or a printer that is not the caller's, 409 for a voided label, 422 for one that does
    not fit, and whatever `take` raises.
    """
    with office.store.read() as conn:
        coi = labels.therapy_of(conn, request.label)
        before = queries.is_answered(conn, request.id)
    ready = None if before else _ready(office, request, coi, caller)
    values = {"label": request.label, "printer": request.printer}
    step = StepRequest(id=request.id, kind="label.sent", occurred_at=office.now(), digest=request.digest, therapy=coi,
                       values=values)  # fmt: skip
    answer = take(office, step, caller=caller, route="labels")
    if answer.status == CREATED and ready is not None:
        sent = ready.device.send(ready.data, title=request.label)
        _tell_the_end(office, coi, request, answer, sent)
        return Printed(answer, sent.state, sent.message)
    if answer.status == REPLAYED:
        state = _state_of(office, coi, request, caller)
        return Printed(answer, state, _SAYS[state])
    return Printed(answer)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A label in the printer's language, and what sends it."""

    data: bytes
    device: devices.Printer


def _ready(office: Office, request: PrintRequest, coi: str, caller: Caller) -> _Ready:
    therapy, _, _ = reads.history(office, coi, caller=caller)
    if request.label not in therapy.labels:
        raise unknown("label")
    printer = printers.called(office, request.printer, caller=caller)
    label = therapy.labels[request.label]
    _refuse_size(label, printer)
    if devices.is_sheet(printer.language) and not _is_of_its_size(label, printer):
        paper = layouts.Sheet(f"the paper of {printer.code}", printer.width, printer.height)
        data = labels.render_sheet(office, [request.label], paper=paper, first=1, caller=caller)
    else:
        data = labels.render(office, request.label, form=printer.language, dpi=printer.dpi, caller=caller)
    try:
        devices.refuse_strange(data, language=printer.language)
    except devices.BadJob as fault:
        raise Fault(422, "label.not_one", str(fault)) from fault
    return _Ready(data, printers.device(printer))


def _refuse_size(label: Label, printer: Printer) -> None:
    """A label on a roll is as large as the roll's; on a sheet it is not larger than the sheet."""
    template = layouts.TEMPLATES.get(label.template)
    if template is None:
        raise Fault(409, "label.foreign", f"Label {label.serial} is another maker's; we cannot print it.")
    beyond = max(template.width - printer.width, template.height - printer.height)
    if beyond > _TOLERANCE or not (devices.is_sheet(printer.language) or _is_of_its_size(label, printer)):
        message = (
            f"The label is {template.width:g} × {template.height:g} mm and {printer.code} takes "
            f"{printer.width} × {printer.height} mm; choose another printer."
        )
        raise Fault(422, "label.size", message, {"printer": [message]})


def _is_of_its_size(label: Label, printer: Printer) -> bool:
    template = layouts.TEMPLATES[label.template]
    return max(abs(printer.width - template.width), abs(printer.height - template.height)) <= _TOLERANCE


def _tell_the_end(office: Office, coi: str, request: PrintRequest, answer: Answer, sent: devices.Sent) -> None:
    """Record what is known of the job, right behind it."""
    entry = json.loads(answer.body)["entry"]
    values: dict[str, Any] = {"label": request.label, "job": entry["id"], "state": sent.state,
                              "containers": entry["values"]["containers"]}  # fmt: skip
    id_ = derived_id(request.id, "print.ended")
    with office.store.write() as conn:
        desk = desk_of(office, conn, id_)
        fields = system_fields(office, desk, kind="print.ended", attempt=id_, therapy=coi)
        draft = Draft(f"therapy:{coi}", {**fields, "id": id_, "occurred_at": desk.at, "values": values})
        append(office, desk, [draft], {})


def _state_of(office: Office, coi: str, request: PrintRequest, caller: Caller) -> str:
    """Return what the log knows of the job that this request began."""
    _, entries, _ = reads.history(office, coi, caller=caller)
    ended = derived_id(request.id, "print.ended")
    return next((str(entry.values["state"]) for entry in entries if entry.id == ended), UNKNOWN)
