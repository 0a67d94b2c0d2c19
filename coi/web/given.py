"""Given: what a form of the pages sent, as the one door takes it.

Scans come in two ways: one JSON text for each scan that the page already shows (`scan`: role, text, via, token), and
the lines of a role's own input (`scan.<role>`), which count as typed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from coi.actions.attempts import body_digest
from coi.actions.faults import malformed
from coi.actions.requests import StepRequest
from coi.actions.scans import GivenScan
from coi.journey.entry import Tense
from coi.journey.steps import StepKind
from coi.web import here, paper
from coi.web.fields import value_of
from coi.web.paper import Form

VIAS = frozenset({"wedge", "camera", "typed"})
LONGEST_NOTE = 4000


def step_request(row: StepKind, form: Form) -> StepRequest:
    """Return the step that `form` asks for; raises Fault 400 when the form itself is broken.

    The digest covers what the person sent, without the time of sending: the same form sent twice is one attempt. Who
    signs is no part of it; what they sign is.
    """
    said: dict[str, Any] = {
        "kind": row.kind, "therapy": text_of(form, "therapy"), "values": values_of(row, form),
        "reason": text_of(form, "reason"), "note": note_of(form),
    }  # fmt: skip
    told = paper.told(form) if paper.is_told(row, form) else None
    scans = [paper.copied(scan) for scan in scans_of(form)] if told else scans_of(form)
    body = {**said, "scans": [asdict(scan) for scan in scans], **(told.as_json() if told else {})}
    request = StepRequest(id=attempt_id(form), occurred_at=told.occurred_at if told else here.now(),
                          zone=here.zone_name(), scans=scans, digest=body_digest(body), **said)  # fmt: skip
    if told is None:
        return request
    return replace(request, tense=Tense.REPORTED, performed_by=told.performed_by, documents=told.documents)


def attempt_id(form: Form) -> str:
    """Return the id that the page gave this attempt when the form was made."""
    try:
        return str(UUID(form.get("id", "")))
    except ValueError:
        raise malformed("form.id", "This form has no id of its own; open it again and send it from there.") from None


def values_of(row: StepKind, form: Form) -> dict[str, Any]:
    """Return the values of the step as far as the form holds any; they are judged behind the door."""
    zone = here.zone()
    found = {field.name: value_of(field, form.getlist(f"value.{field.name}"), zone=zone) for field in row.values}
    return {name: value for name, value in found.items() if value is not None}


def text_of(form: Form, name: str) -> str | None:
    """Return one text of the form, None when it is empty."""
    return form.get(name, "").strip() or None


def note_of(form: Form) -> str | None:
    """Return the note; it may have several lines."""
    note = text_of(form, "note")
    if note and len(note) > LONGEST_NOTE:
        message = f"The note has {len(note)} characters, expected at most {LONGEST_NOTE}."
        raise malformed("form.note", message, {"note": [message]})
    return note


def scans_of(form: Form) -> list[GivenScan]:
    """Return the scans that the form holds, those already shown first."""
    shown = [_shown(text) for text in form.getlist("scan")]
    typed = [
        GivenScan(name.removeprefix("scan."), line.strip(), "typed")
        for name in form
        if name.startswith("scan.")
        for line in form[name].splitlines()
        if line.strip()
    ]
    return [*shown, *typed]


def _shown(text: str) -> GivenScan:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, Mapping) or not _is_scan(said):
        raise malformed("form.scan", "A scan on this page cannot be read; remove it and scan again.")
    return GivenScan(said["role"], said["text"], said["via"], said.get("token"))


def _is_scan(said: Mapping[str, Any]) -> bool:
    texts = [said.get("role"), said.get("text"), said.get("via"), said.get("token") or ""]
    return all(isinstance(text, str) and _is_whole(text) for text in texts) and said["via"] in VIAS


def _is_whole(text: str) -> bool:
    """Tell whether a text has no half of a surrogate pair, which nothing behind this page could write down."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def as_field(scan: GivenScan) -> str:
    """Return a scan as the JSON text that a form carries on."""
    kept = {"role": scan.role, "text": scan.text, "via": scan.via, "token": scan.token}
    return json.dumps({name: value for name, value in kept.items() if value is not None}, separators=(",", ":"))


def of_role(scans: Sequence[GivenScan], role: str) -> list[GivenScan]:
    """Return the scans in `role`."""
    return [scan for scan in scans if scan.role == role]
