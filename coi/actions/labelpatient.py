"""The eye-readable patient fields of a label: opened from the vault when it is drawn, kept nowhere and never encoded.

* Only those who treat may print them, and the maker's people where the pathway says so.
* A label is drawn as it was when it was issued: a later change of details is on the next label, not on this one.
* When the details were destroyed (redaction) or were never told, the label is refused: with a field left out it would
  be another label under the same serial.

Who printed is the entry of `label.issued`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from coi.actions.faults import Fault, forbidden
from coi.actions.identifiers import details_of, version_of
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.journey.authority import READERS_OF_ALL
from coi.journey.pathway import Pathway
from coi.journey.steps import STEPS
from coi.journey.therapy import Therapy
from coi.record import sealed

CAPTIONS: Mapping[str, str] = {
    "name": "Patient", "born": "Born", "mrn": "Hospital no.", "subject": "Subject no.", "order": "Order no.",
}  # fmt: skip
_KINDS: Mapping[str, tuple[str, ...]] = {"mrn": ("mrn",), "subject": ("study", "subject"), "order": ("order",)}
_PRINTS = STEPS["label.issued"].who


def may_print(therapy: Therapy, pathway: Pathway, caller: Caller) -> bool:
    """Tell whether the caller may see who the patient is on a label."""
    if caller.grants.get(therapy.site, frozenset()) - READERS_OF_ALL:
        return True
    lets = pathway.product is not None and pathway.product.names_for_maker
    return lets and any(caller.grants.get(party, frozenset()) & _PRINTS for party in therapy.parties)


def refuse_stranger(therapy: Therapy, pathway: Pathway, caller: Caller) -> None:
    """Raise Fault 403 when the label shows who the patient is and the caller may not see that."""
    if not may_print(therapy, pathway, caller):
        raise forbidden("This label shows who the patient is; printing it is for those who treat, and for the maker "
                        "where the pathway lets it.")  # fmt: skip


def lines_of(
    office: Office, conn: Connection, therapy: Therapy, wanted: tuple[str, ...], *, at: datetime
) -> tuple[tuple[str, str], ...]:
    """Return (caption, text) of the `wanted` fields as they were known at `at`.

    Raises Fault 409 when the patient's details were destroyed, 422 when one of them was never told.
    """
    if not wanted:
        return ()
    texts = sealed.read(conn, [therapy.patient, therapy.coi], keys=office.keys)
    known = _known(texts, therapy, at)
    if not texts.get(therapy.patient):
        raise Fault(409, "label.redacted", "The patient's details were destroyed; this label shows them and cannot be "
                    "printed again.")  # fmt: skip
    for name in wanted:
        if not known.get(name):
            raise Fault(422, "label.lacks_patient", f"The label has to show the {CAPTIONS[name].lower()} of the "
                        "patient and none is known; bind it to the patient or the therapy first.")  # fmt: skip
    return tuple((CAPTIONS[name], known[name]) for name in wanted)


def _known(texts: Mapping[str, Mapping[str, str]], therapy: Therapy, at: datetime) -> dict[str, str]:
    own = texts.get(therapy.patient, {})
    until = version_of(at)
    details = details_of({name: text for name, text in own.items() if name.partition("@")[2] <= until})
    found = {"name": _name(details), "born": details.get("born", "")}
    numbers = [said for told in (texts.get(therapy.coi, {}), own) for said in _identifiers(told)]
    for field, kinds in _KINDS.items():
        fitting = [said for said in numbers if said["kind"] in kinds]
        if field == "mrn":
            fitting = [said for said in fitting if said["issuer"] == therapy.site]
        found[field] = fitting[-1]["value"] if fitting else ""
    return found


def _name(details: Mapping[str, str]) -> str:
    latin = ", ".join(filter(None, (details.get("family"), details.get("given"))))
    native = " ".join(filter(None, (details.get("native_family"), details.get("native_given"))))
    return f"{latin} ({native})" if native else latin


def _identifiers(texts: Mapping[str, str]) -> list[dict[str, Any]]:
    return [json.loads(text) for name, text in sorted(texts.items()) if name.startswith("identifier.")]
