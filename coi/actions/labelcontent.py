"""The content of a label, from the log as it was when the label was issued, and the check that nothing is missing.

The same serial gives the same bytes for ever, unless the pathway's law, the label key or the vault changed: statements
follow the law in force, a younger key signs for its own beginning, and destroyed details refuse the label.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

import labels
from coi.actions import labelkeys, labelpatient, labelwords
from coi.actions.office import Office
from coi.journey.attempt import Case
from coi.journey.identity import grouped
from coi.journey.labeltext import LabelText
from coi.journey.pathway import Pathway
from coi.journey.stability import clock_of
from coi.journey.steps import Purpose
from coi.journey.therapy import Container, Label, Therapy
from labels.matrix import asked, carrier_of, refuse_incomplete
from labels.signed import Signed, signed_text
from labels.statements import Said
from scanners import PublicKey

DEMO_BANNER = "DEMO - NOT FOR CLINICAL USE"
Lines = tuple[tuple[str, str], ...]
CAPTIONS = {"collected_at": "Collected", "volume": "Volume", "additives": "Additives", "storage": "Store at",
            "handling": "Handling", "abo": "ABO", "identify_recipient": "Identify"}  # fmt: skip
"""The fields of the law that stand on a label only where it asks for them."""


def statements_of(office: Office, therapy: Therapy, pathway: Pathway, label: Label) -> tuple[Said, ...]:
    """Return the statements that the law asked for on `label`; none for a pathway that writes its own."""
    container = therapy.containers[label.container]
    return labelwords.said(office.law, pathway, container, label.donor, label.country)


def patient_fields(office: Office, therapy: Therapy, pathway: Pathway, label: Label) -> tuple[str, ...]:
    """Return which eye-readable fields of the patient `label` shows, by the law of labels."""
    if pathway.product is None:
        return ()
    container = therapy.containers[label.container]
    use = labelwords.use_of(pathway.product, container, template=label.template, country=label.country)
    return asked(office.law, use).patient


def content_of(
    office: Office, therapy: Therapy, pathway: Pathway, label: Label, *, patient: Lines, keys: Sequence[PublicKey]
) -> labels.LabelContent:
    """Return what `label` says; `therapy` is as it was when the label was issued. Raises LabelError."""
    container = therapy.containers[label.container]
    text = pathway.labels.get(container.purpose.value, LabelText(container.purpose.value.replace("_", " "), (), {}))
    statements = statements_of(office, therapy, pathway, label)
    said = (
        labelwords.words(pathway, container, statements) if pathway.product
        else dict.fromkeys(text.said(label.tested), "")
    )  # fmt: skip
    return labels.LabelContent(
        code=_code(office, therapy, pathway, label, keys), coi=grouped(therapy.coi), container=grouped(container.id),
        serial=grouped(label.serial), number=container.number, total=len(therapy.of_purpose(container.purpose)),
        title=text.title, statements=tuple(said), symbols=tuple(said.values()),
        lines=(*patient, *_lines(therapy, pathway, container, label),
               *_asked_lines(office, therapy, pathway, label)),
        position=label.position.replace("_", " "), generation=label.generation,
        banner=DEMO_BANNER if office.demo else None,
    )  # fmt: skip


def refuse_lacking(office: Office, therapy: Therapy, pathway: Pathway, label: Label, *, patient: Lines) -> None:
    """Raise LabelError, in a sentence that names the field, when the law asks for more than there is to print."""
    if pathway.product is None:
        return
    container = therapy.containers[label.container]
    use = labelwords.use_of(pathway.product, container, template=label.template, country=label.country)
    refuse_incomplete(office.law, use, _fields(office, therapy, pathway, label, patient))


def refuse_before_issue(office: Office, conn: Connection, case: Case, *, at: datetime) -> None:
    """Refuse a label that could not be printed for want of a field: LabelError, or Fault for one of the patient."""
    therapy, pathway = case.therapy, case.pathway
    if therapy is None or pathway is None or pathway.product is None or not case.containers:
        return
    container, values = case.containers[0], case.attempt.values
    coming = Label("", container.id, values["template"], values["position"], 1, "issued",
                   donor=therapy.donor(container), country=_text(case.prints.get("country")),
                   lot=_text(case.prints.get("printed_lot")), issued_at=at)  # fmt: skip
    wanted = patient_fields(office, therapy, pathway, coming)
    patient = labelpatient.lines_of(office, conn, therapy, wanted, at=at)
    refuse_lacking(office, therapy, pathway, coming, patient=patient)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _fields(
    office: Office, therapy: Therapy, pathway: Pathway, label: Label, patient: Lines
) -> Mapping[str, str | None]:
    container, product = therapy.containers[label.container], pathway.product
    assert product is not None  # noqa: S101 - said to the type checker; the caller looked
    text = pathway.labels.get(container.purpose.value)
    warnings = [one.text for one in statements_of(office, therapy, pathway, label)]
    return {
        "unique_id": container.id, "proper_name": text.title if text else container.purpose.value,
        "warnings": ", ".join(warnings) or "none apply", "patient": ", ".join(value for _, value in patient),
        "facility": container.custodian.organisation or therapy.site, "lot": label.lot, "maker": product.maker,
        "collected_at": _shown(container.filled_at),
        "volume": f"{container.volume_ml} ml" if container.volume_ml else "", **(text.fields if text else {}),
        "trial": product.trial, "expiry": _shown(expiry_of(therapy, pathway, container, label.issued_at)),
        **({} if product.blinded else {"strength": container.strength, "component": container.component}),
    }  # fmt: skip


def expiry_of(therapy: Therapy, pathway: Pathway, container: Container, at: datetime | None) -> datetime | None:
    """Return the earliest end of the windows that labels print as expiry; of one that has not begun, as from `at`."""
    ends = []
    for window in pathway.windows:
        if window.expiry and container.purpose.value in window.purposes:
            clock = clock_of(therapy, container, window)
            ends += [clock.due_at] if clock else [at + timedelta(seconds=window.limit)] if at else []
    return min(ends, default=None)


def _shown(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


def _lines(therapy: Therapy, pathway: Pathway, container: Container, label: Label) -> Lines:
    dose = f"{container.dose}" if container.purpose is Purpose.DOSE and container.dose else ""
    lot = label.lot or container.lot
    product = pathway.product
    if product is None:
        told = [("Site", therapy.site), ("Pathway", f"{pathway.name} {pathway.version}"), ("Dose", dose)]
        return tuple((caption, value) for caption, value in (*told, ("Lot", grouped(lot) if lot else "")) if value)
    part = () if product.blinded else (container.component, container.strength)
    told = [
        ("Site", therapy.site), ("Dose", " ".join(filter(None, (dose, *part)))), ("Lot", grouped(lot) if lot else ""),
        ("Expiry", _shown(expiry_of(therapy, pathway, container, label.issued_at))), ("Trial", product.trial or ""),
        ("Made by", (product.maker or "") if container.cells is Purpose.DOSE else ""),
    ]  # fmt: skip
    return tuple((caption, value) for caption, value in told if value)


def _asked_lines(office: Office, therapy: Therapy, pathway: Pathway, label: Label) -> Lines:
    """Return the fields that the law asks of this label and that stand on no other line, as far as they are known."""
    if pathway.product is None:
        return ()
    container = therapy.containers[label.container]
    use = labelwords.use_of(pathway.product, container, template=label.template, country=label.country)
    wanted, known = asked(office.law, use), _fields(office, therapy, pathway, label, ())
    duties = wanted.here
    if carrier_of(office.law, label.template).place != "affixed":
        duties = (*duties, *wanted.attached, *wanted.accompanying)
    names = dict.fromkeys(duty.name for duty in duties if duty.name in CAPTIONS)
    return tuple((CAPTIONS[name], text) for name in names if (text := known.get(name) or ""))


def _code(office: Office, therapy: Therapy, pathway: Pathway, label: Label, keys: Sequence[PublicKey]) -> str:
    """Return the text of the symbol: signed where the template has room for it and there is a key, else the serial."""
    carrier, key = office.law.carriers.get(label.template), office.label_key
    if carrier is None or carrier.code != "signed" or key is None or label.issued_at is None:
        return label.serial
    container = therapy.containers[label.container]
    said = Signed(
        type=container.purpose.value, container=container.id, coi=therapy.coi, serial=label.serial,
        generation=label.generation, as_of=max(label.issued_at, labelkeys.since(keys, key.public)),
        expires_at=expiry_of(therapy, pathway, container, label.issued_at),
    )  # fmt: skip
    return signed_text(said, key_id=key.id, sign=key.signature)


def told_by_law(office: Office, therapy: Therapy, pathway: Pathway, label: Label) -> dict[str, object]:
    """Return why `label` says what it says: statements, and what else is asked, each with source and verified flag."""
    if pathway.product is None:
        return {"law": None, "statements": [], "asked": []}
    container = therapy.containers[label.container]
    use = labelwords.use_of(pathway.product, container, template=label.template, country=label.country)
    wanted, place = asked(office.law, use), carrier_of(office.law, label.template).place
    rows = [(place, duty) for duty in wanted.here]
    rows += [("attached", duty) for duty in wanted.attached] + [("accompanying", duty) for duty in wanted.accompanying]
    return {
        "law": office.law.name, "country": label.country, "regime": office.law.regime(label.country),
        "statements": [
            {"text": one.text, "symbol": one.symbol, "source": one.row.source, "verified": one.row.verified}
            for one in statements_of(office, therapy, pathway, label)
        ],
        "asked": [{"field": duty.name, "title": duty.title, "place": where, "source": duty.source,
                   "verified": duty.verified} for where, duty in rows],
        "patient": list(wanted.patient),
    }  # fmt: skip
