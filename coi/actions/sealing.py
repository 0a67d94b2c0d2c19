"""Sealing: values that are patient data leave the request for the vault before anything else sees them.

The attempt, the rules and the entry get a commitment, or a keyed token where two of them have to be compared. The plain
text stays beside the turn for those who have to act on it (`coi.actions.identifiers`), and goes nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coi.actions.office import Office
from coi.journey.steps import StepKind
from coi.journey.values import Sealed
from coi.record import sealed
from coi.record.vault import opaque_token


@dataclass(slots=True)
class Sealing:
    """Values as the log may hold them, what goes to the vault, and the plain texts by name."""

    values: dict[str, Any]
    secrets: list[sealed.Secret] = field(default_factory=list)
    plain: dict[str, str] = field(default_factory=dict)


def seal_values(office: Office, values: Mapping[str, Any], *, row: StepKind, attempt: str) -> Sealing:
    """Return `values` with everything that the row says is to be sealed replaced."""
    found = Sealing(dict(values))
    for one in row.values:
        if isinstance(one, Sealed) and one.name in values:
            text = found.plain[one.name] = values[one.name]
            token = opaque_token(office.keys, scope=one.name, text=text) if one.equal else None
            kept = sealed.secret(subject=token or attempt, name="text" if token else f"value.{one.name}", text=text)
            found.secrets.append(kept)
            found.values[one.name] = token or kept.commitment
    return found
