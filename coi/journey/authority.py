"""Authority: who may take a step, and for which organisation the person then acts.

A person holds roles at organisations (sites and courier companies). A step is open to a person who has one of the
row's roles somewhere; for which organisation the person acts follows from what is scanned: the custodian's or the
addressee's first, then the therapy's site, then the person's own. Lack of authority moves nothing and is not a matter
for rules: it is refused before they are asked.
"""

from collections.abc import Iterable, Mapping

from coi.journey.steps import Role, StepKind
from coi.journey.therapy import Therapy

READERS_OF_ALL = frozenset({Role.AUDITOR})


def acting_for(
    row: StepKind, *, grants: Mapping[str, frozenset[Role]], preferred: Iterable[str]
) -> tuple[str, Role] | None:
    """Return the (organisation, role) that a person with `grants` acts in for `row`, or None when not entitled."""
    able = {organisation: roles & row.who for organisation, roles in grants.items() if roles & row.who}
    for organisation in (*preferred, *sorted(able)):
        if organisation in able:
            return organisation, min(able[organisation])
    return None


def preferred_organisations(therapy: Therapy | None, *, scanned: Iterable[str], shipper: str | None) -> list[str]:
    """Return the organisations that what is scanned speaks for, most telling first.

    `scanned` are container ids, `shipper` is the organisation that holds the scanned shipper.
    """
    if therapy is None:
        return [shipper] if shipper else []
    ids = list(dict.fromkeys(scanned))
    living = [container for container in therapy.containers.values() if container.living]
    addressed = [offer.organisation or offer.to for offer in therapy.open_handoffs(containers=frozenset(ids))]
    held = [container.custodian.organisation for container in living if container.id in ids]
    elsewhere = [container.custodian.organisation for container in living]
    return [*addressed, *held, *([shipper] if shipper else []), *elsewhere, therapy.site]


def may_read(therapy: Therapy, *, grants: Mapping[str, frozenset[Role]]) -> bool:
    """Tell whether a person with `grants` may see `therapy`: its parties may, and auditors may see all."""
    if any(roles & READERS_OF_ALL for roles in grants.values()):
        return True
    return bool(therapy.parties & grants.keys())
