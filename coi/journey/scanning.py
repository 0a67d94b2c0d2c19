"""Which codes a pathway wants scanned: in the named steps and roles a typed code is refused where identity stops.

A document says it in `[[must_scan]]` tables, each with `steps` and `roles`. A code counts as scanned when a hand
scanner, a picture that the service read, or a program brought it in. On paper nothing is scanned, or asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from coi.journey.steps.row import ScanRole

_ROLES = frozenset(role.value for role in ScanRole)


def read_must_scan(
    tables: Iterable[Mapping[str, Any]], *, kinds: frozenset[str], faults: list[str]
) -> Mapping[str, frozenset[str]]:
    """Return the roles that must be scanned by kind of step; what is wrong in the tables is added to `faults`."""
    found: dict[str, frozenset[str]] = {}
    for table in tables:
        faults += [
            f"must_scan: unknown key '{key}'; known are roles, steps." for key in table.keys() - {"steps", "roles"}
        ]
        steps = _names(table.get("steps"), "step", kinds, faults)
        roles = frozenset(_names(table.get("roles"), "role", _ROLES, faults))
        found |= {step: found.get(step, frozenset()) | roles for step in steps}
    return MappingProxyType(found)


def _names(value: Any, what: str, known: frozenset[str], faults: list[str]) -> Sequence[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        faults.append(f"must_scan: '{what}s' must be a list of at least one {what}.")
        return ()
    faults += [f"must_scan: unknown {what} '{item}'." for item in value if item not in known]
    return value
