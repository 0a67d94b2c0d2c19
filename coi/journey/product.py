"""What a pathway says of its product, as far as labels depend on it: whose cells for whom, market, trial, agents.

A pathway without a `[product]` table writes its statements itself, for every result of the donor's tests. One with it
leaves these to the law of labels, which asks for the relation of donor and recipient, the market and the country.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from coi.journey.values import CODE

RELATIONS: Final = ("autologous", "directed", "allogeneic")
MARKETS: Final = ("commercial", "trial")
AGENTS: Final[Mapping[str, str]] = {
    "hiv": "HIV", "hbv": "HBV", "hcv": "HCV", "syphilis": "syphilis", "htlv": "HTLV", "cmv": "CMV", "wnv": "WNV",
    "other": "another agent, see the record",
}  # fmt: skip
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`agents` are the codes that a test result may name, with what a label prints for them.

    `names_for_maker` tells whether the manufacturer's people may print labels that show who the patient is.
    """

    relation: str
    market: str
    blinded: bool = False
    trial: str | None = None
    maker: str | None = None
    names_for_maker: bool = False
    agents: Mapping[str, str] = field(default_factory=lambda: AGENTS)


def read_product(table: Any) -> tuple[Product | None, list[str]]:
    """Read the `[product]` table of a pathway; return it with the faults that were found."""
    if not isinstance(table, dict):
        return None, ["'product' must be a table."]
    faults = [f"product: unknown key '{key}'; known are {', '.join(sorted(_KEYS))}." for key in table.keys() - _KEYS]
    faults += [
        f"product: '{key}' is {table.get(key)!r}; expected one of {', '.join(known)}."
        for key, known in (("relation", RELATIONS), ("market", MARKETS))
        if table.get(key) not in known
    ]
    faults += [
        f"product: '{key}' must be true or false."
        for key in ("blinded", "names_for_maker")
        if not isinstance(table.get(key, False), bool)
    ]
    faults += [
        f"product: '{key}' must be a text of 1 to {_LONGEST} characters."
        for key in ("trial", "maker")
        if key in table and not _is_text(table[key])
    ]
    if table.get("blinded") is True and table.get("market") != "trial":
        faults.append('product: only a trial is blinded; expected market = "trial".')
    faults += _agent_faults(table.get("agents", {}))
    return (None if faults else Product(**table)), faults


_KEYS: Final = frozenset({"relation", "market", "blinded", "trial", "maker", "names_for_maker", "agents"})


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and len(value) <= _LONGEST


def _agent_faults(table: Any) -> list[str]:
    if not isinstance(table, dict) or not all(_is_text(text) for text in table.values()):
        return ['product.agents: expected a table of code = "name as labels print it".']
    return [f"product.agents: {code!r} is not a code." for code in table if not CODE.fullmatch(code)]
