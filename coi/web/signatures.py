"""Signatures: who stands for a step, asked on the same screen, so that two people at one terminal can sign.

A password is read once, judged by `coi.actions.signing`, and forgotten: no form, page or line of the log ever shows it
again. Who has to sign is the row's; whether it suffices is judged behind the door.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coi.actions import people, signing
from coi.actions.faults import Fault, malformed
from coi.actions.requests import StepRequest
from coi.actions.signing import SignRequest
from coi.journey.steps import PAPER, Family, Meaning, Signing, StepKind
from coi.journey.values import CODE
from coi.web import here, words
from coi.web.paper import Form, is_told

_SAYS = {
    Meaning.PERFORMED: "Done by",
    Meaning.VERIFIED: "Checked by a second person",
    Meaning.APPROVED: "Approved by",
    Meaning.RELEASED: "Released by",
    Meaning.ACCEPTED: "Accepted by",
    Meaning.TRANSCRIBED: "Copied from the paper by",
    Meaning.CHECKED: "Compared with the paper by a second person",
}
_WHERE = {"site": "the site that treats the patient now", "to": "the site that is named above"}
_LACKING = "Give the person's code and the password, or leave both empty where that is allowed."
_LONGEST = 1000
Errors = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One signature that the form asks for. `fixed`: the signed-in person signs it, nobody else."""

    number: int
    meaning: Meaning
    title: str
    whose: str
    person: str
    fixed: bool
    needed: bool
    people: Sequence[str] = ()
    errors: Sequence[str] = ()


def blocks(row: StepKind, form: Form, *, therapy: Mapping[str, Any] | None, errors: Errors) -> list[Block]:
    """Return the signatures that the form asks for, with the names it holds and never with a password."""
    wanted = _wanted(row, form)
    parties = [*(therapy or {}).get("parties", ()), *here.caller().grants] if wanted else []
    known = people.colleagues(here.office(), set(parties) - {"*"})
    site = (therapy or {}).get("site")
    return [
        Block(
            number=number, meaning=signed.meaning, title=_SAYS[signed.meaning], whose=_whose(signed),
            person=_person(signed, form, number), fixed=signed.by == "actor",
            needed=not form.get("paper") and Family.SIGNATURE in row.stops,
            people=_fitting(signed, known, site), errors=errors.get(f"signatures.{number}", ()),
        )
        for number, signed in enumerate(wanted)
    ]  # fmt: skip


def _wanted(row: StepKind, form: Form) -> list[Signing]:
    rule = PAPER if is_told(row, form) else row.signatures
    return [signed for signed in rule for _ in range(signed.count)]


def _whose(signed: Signing) -> str:
    said = [words.spaced(role) for role in sorted(signed.who or ())]
    return ", ".join([*said, *([_WHERE[signed.by]] if signed.by in _WHERE else [])])


def _person(signed: Signing, form: Form, number: int) -> str:
    mine = signed.by == "actor" or (signed.meaning is Meaning.TRANSCRIBED and "id" not in form)
    return here.caller().person if mine else form.get(f"sign.{number}.person", "").strip()


def _fitting(signed: Signing, known: Sequence[tuple[str, str, Any]], site: str | None) -> list[str]:
    """Return the people to choose from; whoever is named by a site that is still to be typed is not known yet."""
    if signed.by == "to":
        return []
    return list(dict.fromkeys(
        person for person, organisation, role in known
        if (signed.by != "site" or organisation == site) and (signed.who is None or role in signed.who)
    ))  # fmt: skip


def tokens(row: StepKind, form: Form, request: StepRequest) -> tuple[str, ...]:
    """Return a token for each signature that was given; raises Fault 400 with a sentence for each that is no good.

    Nothing is recorded then, and the passwords have to be typed again.
    """
    given: list[str] = []
    errors: dict[str, list[str]] = {}
    for number, signed in enumerate(_wanted(row, form)):
        try:
            given.extend(_sign(row, form, request, signed, number))
        except Fault as fault:
            errors[f"signatures.{number}"] = [fault.message]
    if errors:
        raise malformed("step.signatures", "Not everybody has signed; nothing was recorded. Sign again.", errors)
    return tuple(given)


def _sign(row: StepKind, form: Form, request: StepRequest, signed: Signing, number: int) -> Iterator[str]:
    person, password = _person(signed, form, number), form.get(f"sign.{number}.password", "")
    if not password and (signed.by == "actor" or not person) and (form.get("paper") or not _stops(row)):
        return  # it may be left out; a deviation says so
    if not CODE.fullmatch(person) or not 0 < len(password) <= _LONGEST:
        raise malformed("step.signatures", _LACKING)
    asked = SignRequest(request.id, request.digest, signed.meaning.value, password)
    office = here.office()
    signer = people.caller_called(office, person)
    yield signing.sign(office, asked, caller=signer, hasher=here.house().hasher)["token"]


def _stops(row: StepKind) -> bool:
    return Family.SIGNATURE in row.stops
