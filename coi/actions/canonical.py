"""Canonical identifiers: one form for every way in which the same number is scanned, typed or sent.

Codes are compared by keyed tokens, so what is one number has to be one text before a token is made of it: a donation
number without its flags, a hospital number without the letters that only its wristband has.
"""

from collections.abc import Mapping

import scanners
from coi.actions.faults import Fault, malformed
from coi.actions.office import Office

_FORMS: Mapping[str, frozenset[str]] = {
    "din": frozenset({"din", "bag"}), "sscc": frozenset({"sscc"}), "gsrn": frozenset({"gsrn.patient"}),
    "gln": frozenset({"gln"}),
}  # fmt: skip
_OF_A_SITE = frozenset({*scanners.PATIENTS, "staff"})
OF_PATIENTS = frozenset({*scanners.PATIENTS, "gsrn.patient"})
DONATION = "din"


def identifier(office: Office, *, kind: str, value: str) -> str:
    """Return the form in which an identifier of `kind` is kept and compared.

    Raises Fault 400 for a value that is not of the form that its kind has everywhere (din, sscc, gsrn, gln), and for a
    staff badge. Other values are kept as they are where no parser knows them.
    """
    reading = _read(office, kind, value)
    if reading is None or reading.kind == scanners.UNKNOWN:
        return value if kind not in _FORMS else _refuse(kind, "something else")
    if (kind in _FORMS and reading.kind not in _FORMS[kind]) or reading.kind == "staff":
        _refuse(kind, scanners.in_words(reading.kind))
    if kind == DONATION:
        return reading.fields[DONATION]
    return reading.canonical if kind in _FORMS or reading.kind in {kind, *OF_PATIENTS} else value


def forms(office: Office, *, kind: str, value: str) -> list[str]:
    """Return in which forms a value that is looked for may be kept: as an identifier of `kind`, and as a donation."""
    found = []
    for meant in dict.fromkeys((kind or "mrn", DONATION)):
        try:
            found.append(identifier(office, kind=meant, value=value))
        except Fault:  # not of the form that this kind has: it is not kept under that kind
            continue
    return found


def _read(office: Office, kind: str, value: str) -> scanners.Reading | None:
    try:
        return scanners.read_text(value, via="typed", site=office.site)
    except scanners.ScanError as fault:
        if kind in _FORMS:
            raise Fault(400, "identifier.form", str(fault), {"identifiers": [str(fault)]}) from fault
        return None


def _refuse(kind: str, got: str) -> str:
    message = f"Got {got} as an identifier of the kind {kind}; scan it, or type it with its check character."
    raise malformed("identifier.form", message, {"identifiers": [message]})


def patient_text(office: Office, text: str) -> str:
    """Return the identifier of the patient that a scanned text is read as here, the text itself where it is none."""
    try:
        reading = scanners.read_text(text, via="wedge", site=office.site)
    except scanners.ScanError:
        return text
    return reading.canonical if reading.kind in OF_PATIENTS else text


def code_text(reading: scanners.Reading) -> str:
    """Return the text that stands for the thing that a foreign code names, however the code was written.

    What only the site's patterns tell stays as it is: a seal is the same seal before and after they were set up.
    """
    plain = reading.kind == scanners.UNKNOWN or reading.kind in _OF_A_SITE
    return reading.text if plain else f"{reading.kind} {reading.canonical}"
