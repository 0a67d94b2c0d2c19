"""Patients: who a therapy is for, shown to the people who treat at its site and to nobody else."""

import json
from collections.abc import Mapping
from typing import Any

from coi.actions import reads
from coi.web import here
from coi.web.access import sees_patients
from coi.web.words import spaced

_KINDS = {"mrn": "Hospital number", "national": "National number", "study": "Study subject number"}


def patient_of(coi: str, *, site: str) -> dict[str, Any] | None:
    """Return name, birth date and numbers of the patient, None for those who do not treat at `site`."""
    if not sees_patients(site):
        return None
    found = reads.patient(here.office(), coi, caller=here.caller())
    return {**found, "numbers": [_number(text) for text in found["identifiers"]]} if found else None


def named_in(patient: str | None, found: Mapping[str, Any] | None) -> dict[str, str]:
    """Return who the id of a patient stands for, so that a finding can name the person to those who may know."""
    return {patient: f"{found['family']}, {found['given']}"} if patient and found else {}


def _number(text: str) -> dict[str, str]:
    said = json.loads(text)
    kind = str(said["kind"])
    return {"kind": _KINDS.get(kind, spaced(kind).capitalize()), "value": said["value"], "issuer": said["issuer"]}
