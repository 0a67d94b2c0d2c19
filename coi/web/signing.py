"""Signing on a page: people who stand at one screen each enter their password, and what they sign is this form.

A password is used once, to make the signature, and is never shown again. Who signs what is asked by the step's row, or,
for a paper record that is entered afterwards, by what paper needs. Whether it is enough is judged behind the door.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coi.actions import signing
from coi.actions.faults import Fault
from coi.actions.requests import Caller, StepRequest
from coi.actions.signing import SignRequest
from coi.journey.steps import PAPER, Signing, StepKind
from coi.web import here
from coi.web.given import Form, is_paper, text_of

_SAID = {
    "performed": "I do this.", "verified": "I have looked for myself, and it is right.",
    "approved": "Quality agrees.", "released": "Our site hands the patient over.",
    "accepted": "Our site takes the patient over.", "transcribed": "I have copied this from the paper.",
    "checked_against_paper": "I have compared this with the paper.",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One signature as the page asks for it; `person` is fixed where it has to be the one who is signed in."""

    number: int
    meaning: str
    said: str
    person: str
    fixed: bool
    errors: Sequence[str] = ()


def blocks(row: StepKind, form: Form, *, fault: Fault | None) -> list[Block]:
    """Return the signatures that the step needs, with who was named before; passwords are not kept."""
    wanted = PAPER if is_paper(form) else row.signatures
    return [_block(number, one, form, fault) for number, one in enumerate(wanted)]


def _block(number: int, one: Signing, form: Form, fault: Fault | None) -> Block:
    fixed = one.by == "actor"
    person = here.caller().person if fixed else form.get(f"sign.{number}.person", "")
    errors = fault.errors.get(f"sign.{number}", ()) if fault else ()
    return Block(number=number, meaning=one.meaning.value, said=_SAID[one.meaning.value], person=person, fixed=fixed,
                 errors=errors)  # fmt: skip


def with_signatures(request: StepRequest, row: StepKind, form: Form) -> StepRequest:
    """Return the request with a signature for each block that was filled in; raises Fault for a wrong password."""
    tokens = [_signed(request, block, form) for block in blocks(row, form, fault=None) if _filled(block, form)]
    return replace(request, signatures=tokens)


def _filled(block: Block, form: Form) -> bool:
    return bool(form.get(f"sign.{block.number}.password"))


def _signed(request: StepRequest, block: Block, form: Form) -> str:
    person = block.person if block.fixed else text_of(form, f"sign.{block.number}.person") or ""
    asked = SignRequest(request.id, request.digest, block.meaning, form.get(f"sign.{block.number}.password", ""))
    try:
        done = signing.sign(here.office(), asked, caller=Caller(person, {}), hasher=here.house().hasher)
    except Fault as fault:
        message = f"The name or the password of who signs as {block.meaning.replace('_', ' ')} is wrong; sign again."
        raise Fault(422, "signature.failed", message, {f"sign.{block.number}": [message]}) from fault
    return done["token"]
