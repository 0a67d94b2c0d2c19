"""Scan anything: what is it, who has it, and what may I do with it now. Nothing is recorded here.

The text of a scan may be a patient's number, so it travels in the body of a POST and never in an address.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from coi.actions import asking, reads
from coi.actions.faults import Fault, malformed
from coi.actions.scans import GivenScan
from coi.web import here
from coi.web.access import EVERYONE, open_to
from coi.web.given import VIAS, as_field
from coi.web.patients import patient_of
from coi.web.stages import near, reached

pages = Blueprint("scanning", __name__)
_ROLES = {
    "patient": ("wristband",), "container": ("container", "label"), "label": ("label", "container"),
    "shipper": ("shipper",), "location": ("location",), "seal": ("seal",),
}  # fmt: skip


@pages.post("/scan")
@open_to(EVERYONE)
def look() -> ResponseReturnValue:
    """Say what was scanned, typed or photographed, and what may be done with it."""
    picture = request.files.get("picture")
    try:
        found = _of_picture(picture) if picture and picture.filename else _of_text()
    except Fault as fault:
        return render_template("scan_fault.html", fault=fault), fault.status
    if found["subject"] is None:
        return render_template("readings.html", readings=found["readings"])
    return render_template("scanned.html", found=found, scan=found["readings"][0], **_about(found))


def _of_text() -> dict[str, Any]:
    text, via = request.form.get("text", ""), request.form.get("via", "typed")
    if not text.strip():
        raise malformed("scan.empty", "Nothing was scanned. Scan a code, or type what stands below it.")
    found = asking.scan_text(here.office(), text=text, via=via if via in VIAS else "typed", caller=here.caller())
    found["readings"][0]["token"] = request.form.get("token")
    return found


def _of_picture(picture: FileStorage) -> dict[str, Any]:
    return asking.scan_picture(here.office(), picture=picture.read(), caller=here.caller())


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else the page shows of the subject to those who may see it."""
    subject, office, caller = found["subject"], here.office(), here.caller()
    container = None
    if subject["type"] == "container" and subject["therapy"]:
        container = reads.container(office, subject["id"], caller=caller)
    therapy = reads.therapy(office, subject["therapy"], caller=caller) if subject["therapy"] else None
    patient = patient_of(therapy["coi"], site=therapy["site"]) if therapy else None
    return {"container": container, "therapy": therapy, "patient": patient, "likely": _likely(found, therapy)}


def _likely(found: Mapping[str, Any], therapy: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the kinds of step that belong to where the therapy stands; all of them when that is not known."""
    if therapy is None:
        return frozenset(step["kind"] for step in found["next"])
    entries = reads.entries(here.office(), therapy["coi"], caller=here.caller())["items"]
    stages = therapy["pathway"]["stages"]
    return near(stages, reached(stages, entries))


def carried(scan: Mapping[str, Any], type_: str, step: Mapping[str, Any]) -> str:
    """Return the scan as the form of `step` takes it on: in the role that the step has for such a thing."""
    role = _role(type_, [wish["role"] for wish in step["scans"]], step["kind"])
    return as_field(GivenScan(role, scan["text"], scan["via"], scan["token"]))


def _role(type_: str, wanted: Sequence[str], kind: str) -> str:
    fitting = _ROLES.get(type_, (type_,))
    if kind.startswith("label."):
        fitting = tuple(reversed(fitting))
    return next((role for role in fitting if role in wanted), fitting[0])
