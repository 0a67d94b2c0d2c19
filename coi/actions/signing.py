"""Signing: a person stands for one step, with a meaning, by entering the password once more.

* A signature is bound to the attempt's id and to the SHA-256 of its body without `signatures`; it is good for five
  minutes and for one use. In the entry it stands inside the leaf, so it cannot be cut out and put elsewhere.
* Wrong passwords count as failed sign-ins, so signing is no way around the lock.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher

from coi.actions import people
from coi.actions.attempts import Desk
from coi.actions.faults import malformed
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.journey.attempt import Signed
from coi.journey.entry import from_instant, instant
from coi.journey.steps import Meaning, Role
from coi.record import signatures

GOOD_FOR = timedelta(minutes=5)
MEANINGS = tuple(meaning.value for meaning in Meaning)


@dataclass(frozen=True, slots=True)
class SignRequest:
    """What is signed: an attempt by its id and the digest of its body, with a meaning and the signer's password."""

    attempt: str
    digest: str
    meaning: str
    password: str


def sign(office: Office, request: SignRequest, *, caller: Caller, hasher: PasswordHasher) -> dict[str, str]:
    """Return the token of a signature and until when it is good; raises Fault 401 for a wrong password."""
    people.prove(office, caller.person, request.password, hasher=hasher)
    now = office.now()
    secret = secrets.token_urlsafe(32)
    ends = instant(now + GOOD_FOR)
    with office.store.write() as conn:
        signatures.give(conn, secret=secret, attempt=request.attempt, digest=request.digest, person=caller.person,
                        meaning=request.meaning, at=instant(now), expires_at=ends)  # fmt: skip
    return {"token": secret, "person": caller.person, "meaning": request.meaning, "expires_at": ends}


def signed(desk: Desk, tokens: Sequence[str], *, attempt: str, digest: str) -> tuple[Signed, ...]:
    """Return who signed `attempt`, and use the signatures up; raises 400 for a token that is no good for it."""
    if not tokens:
        return ()
    found = signatures.use(desk.conn, tokens, attempt=attempt, at=instant(desk.at))
    if len(found) != len(set(tokens)) or any(given.digest != digest for given in found):
        message = "A signature is unknown, used, older than five minutes, or was given for another step; sign again."
        raise malformed("step.signatures", message, {"signatures": [message]})
    return tuple(
        Signed(given.person, Meaning(given.meaning), from_instant(given.given_at), _grants(given)) for given in found
    )


def _grants(given: signatures.Given) -> dict[str, frozenset[Role]]:
    held: dict[str, set[Role]] = {}
    for organisation, role in given.grants:
        held.setdefault(organisation, set()).add(Role(role))
    return {organisation: frozenset(roles) for organisation, roles in held.items()}
