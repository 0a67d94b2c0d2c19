"""The vault held against the log: every text that an entry commits itself to is there, and is that text.

What the log says nothing of cannot be checked: the name and number with which a patient was enrolled, in a log of
before commitments to them were told.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from coi.actions.office import Office
from coi.actions.promises import Place, Promises
from coi.journey.steps import STEPS
from coi.journey.values import Sealed
from coi.record import sealed
from coi.record.tables import BLOB
from coi.record.vault import VaultKeys, opaque_token

_SCOPES = {"seal", "location", "document", "code"} | {
    one.name for row in STEPS.values() for one in row.values if isinstance(one, Sealed) and one.equal
}
_NOT_COPIED = ("note", "file_name", "scan")  # nothing is worked out from these, or not from where they lie


@dataclass(slots=True)
class Texts:
    """The opened texts that others are held against: where they lie; scans, and their rows, by commitment."""

    at: dict[Place, str] = field(default_factory=dict)
    scans: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    def keep(self, one: sealed.Secret) -> None:
        """Remember a text if it is one of those."""
        if one.name == "scan":
            self.scans[one.commitment], self.rows[one.commitment] = one.text, one.subject
        elif one.name not in _NOT_COPIED:
            self.at[one.subject, one.name] = one.text


@dataclass(slots=True)
class Left:
    """What the log promises and was not met in the vault yet."""

    commitments: dict[Place, str]
    scans: dict[str, str]
    identifiers: dict[str, str]
    texts: set[str]


def opened(office: Office, conn: Connection, promised: Promises, texts: Texts, *, own_tokens: bool) -> Iterator[str]:
    """Return what is wrong with the vault, and fill `texts` with what others have to be held against.

    Without `own_tokens` the tokens in the log were made with another key, and are not held against their texts.
    """
    left = Left(dict(promised.commitments), dict(promised.scans), dict(promised.identifiers), set(promised.texts))
    for place, one in sealed.each(conn, keys=office.keys):
        if one is None:
            yield f"Vault {_named(place)}: it does not open; it was altered, moved or sealed with another key."
            continue
        if not _is_as_promised(one, left):
            yield f"Vault {_named(place)}: it is not the text that the log committed itself to."
        if own_tokens and one.name == "text" and not _is_of_its_token(office.keys, one):
            yield f"Vault {_named(place)}: it is not the text of this token."
        texts.keep(one)
    yield from _not_there(left)
    yield from _details(promised, texts)


def _named(place: Place) -> str:
    """Return a place in words; of an identifier without its token, which tells nobody anything."""
    subject, name = place
    return f"{subject} {name.partition('.')[0] if name.startswith('identifier.') else name}"


def _is_as_promised(one: sealed.Secret, left: Left) -> bool:
    """Tell whether a text is what the log says of it, if it says anything, and take it off what is left."""
    commitment = one.commitment
    if one.name == "scan":
        return left.scans.pop(commitment, None) == one.subject.partition("/")[0]
    if one.name == "text":
        left.texts.discard(one.subject)
    if one.name.startswith("identifier.") and left.identifiers.get(commitment) == one.subject:
        del left.identifiers[commitment]
    return left.commitments.pop((one.subject, one.name), commitment) == commitment


def _is_of_its_token(keys: VaultKeys, one: sealed.Secret) -> bool:
    return one.subject in {opaque_token(keys, scope=scope, text=one.text) for scope in _SCOPES}


def _not_there(left: Left) -> Iterator[str]:
    scans = ((attempt, "scan") for attempt in left.scans.values())
    for place in [*left.commitments, *scans, *((token, "text") for token in sorted(left.texts))]:
        yield f"Vault {_named(place)}: the log tells of it and it is not there; take it from a backup."
    for patient in sorted(left.identifiers.values()):
        yield f"Vault {patient} identifier: one that the log committed itself to is not there, or is another one."


def _details(promised: Promises, texts: Texts) -> Iterator[str]:
    for place, origin in promised.details.items():
        if texts.at.get(place) != texts.at.get(origin):
            yield f"Vault {_named(place)}: it is not what the step of {origin[0]} changed it to."


def documents(conn: Connection, promised: Promises) -> Iterator[str]:
    """Return which documents are in the store that no entry names."""
    for sha256 in conn.execute(select(BLOB.c.sha256).order_by(BLOB.c.sha256)).scalars():
        if sha256 not in promised.documents:
            yield f"Document {sha256}: no entry names it; find out who put it there, and take it away."
