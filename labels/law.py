"""The law of labels as data: one TOML document with the statements and the matrix, read and checked before it counts.

The shipped document is `labels/law.toml`; an operator's own copy takes its place. Each row names its source and whether
it was verified against it: what was not verified is a default, and everything that shows it says so. What follows from
the rows for one label is decided in `labels.statements` and `labels.matrix`.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

OTHER: Final = "other"  # the regime of every country that stands nowhere
RELATIONS: Final = ("autologous", "directed", "allogeneic")
MARKETS: Final = ("commercial", "trial")
CONDITIONS: Final = (
    "incomplete", "complete", "reactive", "risk", "positive", "final", "trial", "commercial", "samples"
)  # fmt: skip
STAGES: Final = ("collection", "partial", "sample", "processing", "distribution", "product")
PLACES: Final[Mapping[str, str]] = {"af": "affixed", "at": "attached", "ac": "accompanying"}
SHOWN: Final = ("name", "born", "mrn", "subject", "order")
SYMBOLS: Final = ("biohazard",)
_FORMAT: Final = 1
_VERSION: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class BadLaw(ValueError):
    """A document of label law is not usable; `faults` has one sentence per fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and when a label has to carry it. `text` may hold {agents}; `symbol` is drawn beside the words."""

    code: str
    text: str
    regimes: tuple[str, ...]
    relations: tuple[str, ...]
    when: frozenset[str]
    source: str
    verified: bool
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """A field and where it has to be at each stage: any of the named places will do."""

    name: str
    title: str
    regimes: tuple[str, ...]
    relations: tuple[str, ...]
    markets: tuple[str, ...]
    stages: Mapping[str, tuple[str, ...]]
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Which eye-readable identifiers of the patient a label shows."""

    regimes: tuple[str, ...]
    markets: tuple[str, ...]
    show: tuple[str, ...]
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Carrier:
    """A template as the law sees it: where its label stands, how many patient fields it has room for, its code.

    `stage` overrides that of the container: a sample's label is one wherever it is printed.
    """

    place: str
    code: str  # signed | serial
    patient: str  # two | one | none
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Law:
    """One version of the document. `regimes` tells the regime of a country in two small letters."""

    version: str
    title: str
    digest: str
    regimes: Mapping[str, str]
    statements: tuple[Statement, ...]
    duties: tuple[Duty, ...]
    identifiers: tuple[Identifiers, ...]
    carriers: Mapping[str, Carrier]

    def regime(self, country: str | None) -> str:
        """Return the regime that counts in a country, `other` when it is not known."""
        return self.regimes.get((country or "").lower(), OTHER)

    @property
    def name(self) -> str:
        """Return version and the beginning of the digest, as entries keep it."""
        return f"{self.version}-{self.digest[:8]}"


class _Reader:
    """Collects the faults of one document while its rows are read."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def text(self, row: Mapping[str, Any], key: str, where: str) -> str:
        value = row.get(key)
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value
        self.faults.append(f"{where}: '{key}' is missing; expected text.")
        return ""

    def words(
        self, row: Mapping[str, Any], key: str, where: str, *, known: Sequence[str], default: Sequence[str] | None
    ) -> tuple[str, ...]:
        value = row.get(key, default)
        if isinstance(value, list | tuple) and (value or default == ()) and all(word in known for word in value):
            return tuple(value)
        self.faults.append(f"{where}: '{key}' is {value!r}; expected a list of {', '.join(known)}.")
        return ()

    def word(self, row: Mapping[str, Any], key: str, where: str, *, known: Sequence[str]) -> str:
        value = row.get(key)
        if value in known:
            return str(value)
        self.faults.append(f"{where}: '{key}' is {value!r}; expected one of {', '.join(known)}.")
        return known[0]

    def verified(self, row: Mapping[str, Any], where: str) -> bool:
        if not isinstance(row.get("verified"), bool):
            self.faults.append(f"{where}: 'verified' must be true or false.")
        return row.get("verified") is True

    def known(self, row: Mapping[str, Any], keys: set[str], where: str) -> None:
        self.faults += [
            f"{where}: unknown key '{key}'; known are {', '.join(sorted(keys))}." for key in set(row) - keys
        ]

    def rows(self, document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        value = document.get(key)
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            return value
        self.faults.append(f"'{key}' is missing; expected [[{key}]] tables.")
        return []

    def table(self, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = document.get(key)
        if isinstance(value, dict) and value:
            return value
        self.faults.append(f"'{key}' is missing; expected a table.")
        return {}


def read_law(document: bytes) -> Law:
    """Read and check a document of label law. Raises BadLaw with every fault that was found."""
    try:
        table = tomllib.loads(document.decode())
    except (ValueError, RecursionError) as fault:
        raise BadLaw([f"This is not a TOML document: {fault}."]) from fault
    reader = _Reader()
    reader.known(table, {"format", "version", "title", "regimes", "statement", "field", "identifiers", "templates"},
                 "label law")  # fmt: skip
    if table.get("format") != _FORMAT or table.get("format") is True:
        reader.faults.append(f"'format' is {table.get('format')!r}; expected {_FORMAT}.")
    regimes = _regimes(reader, table)
    names = [*dict.fromkeys(regimes.values()), OTHER]
    carriers = reader.table(table, "templates")
    law = Law(
        version=_version(reader, table), title=reader.text(table, "title", "label law"),
        digest=hashlib.sha256(document).hexdigest(), regimes=regimes,
        statements=tuple(_statement(reader, row, names) for row in reader.rows(table, "statement")),
        duties=tuple(_duty(reader, row, names) for row in reader.rows(table, "field")),
        identifiers=tuple(_identifiers(reader, row, names) for row in reader.rows(table, "identifiers")),
        carriers={name: _carrier(reader, row, f"templates.{name}") for name, row in carriers.items()},
    )  # fmt: skip
    if reader.faults:
        raise BadLaw(reader.faults)
    return law


def _version(reader: _Reader, table: Mapping[str, Any]) -> str:
    version = table.get("version")
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return version
    reader.faults.append(f"label law: 'version' is {version!r}; expected small letters, digits, '.', '_' and '-'.")
    return ""


def _regimes(reader: _Reader, table: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, countries in reader.table(table, "regimes").items():
        if not isinstance(countries, list) or not all(isinstance(c, str) and len(c) == 2 for c in countries):  # noqa: PLR2004 - ISO 3166-1 alpha-2
            reader.faults.append(f"regimes: '{name}' must be a list of countries of two small letters.")
            continue
        twice = [country for country in countries if country in found]
        reader.faults += [f"regimes: '{country}' stands in '{found[country]}' and in '{name}'." for country in twice]
        found |= dict.fromkeys(countries, name)
    return found


def _statement(reader: _Reader, row: Mapping[str, Any], regimes: Sequence[str]) -> Statement:
    where = f"statement {row.get('code', '?')}"
    reader.known(row, {"code", "text", "symbol", "regimes", "relations", "when", "source", "verified"}, where)
    return Statement(
        reader.text(row, "code", where), reader.text(row, "text", where),
        reader.words(row, "regimes", where, known=regimes, default=None),
        reader.words(row, "relations", where, known=RELATIONS, default=None),
        frozenset(reader.words(row, "when", where, known=CONDITIONS, default=())),
        reader.text(row, "source", where), reader.verified(row, where),
        reader.word(row, "symbol", where, known=SYMBOLS) if "symbol" in row else None,
    )  # fmt: skip


def _duty(reader: _Reader, row: Mapping[str, Any], regimes: Sequence[str]) -> Duty:
    where = f"field {row.get('name', '?')}"
    reader.known(row, {"name", "title", "regimes", "relations", "markets", "source", "verified", *STAGES}, where)
    stages = {stage: reader.words(row, stage, where, known=tuple(PLACES), default=None)
              for stage in STAGES if stage in row}  # fmt: skip
    if not stages:
        reader.faults.append(f"{where}: expected a place at one of {', '.join(STAGES)}.")
    return Duty(
        reader.text(row, "name", where), reader.text(row, "title", where),
        reader.words(row, "regimes", where, known=regimes, default=regimes),
        reader.words(row, "relations", where, known=RELATIONS, default=RELATIONS),
        reader.words(row, "markets", where, known=MARKETS, default=MARKETS),
        {stage: tuple(PLACES[place] for place in places) for stage, places in stages.items()},
        reader.text(row, "source", where), reader.verified(row, where),
    )  # fmt: skip


def _identifiers(reader: _Reader, row: Mapping[str, Any], regimes: Sequence[str]) -> Identifiers:
    where = "identifiers"
    reader.known(row, {"regimes", "markets", "show", "source", "verified"}, where)
    return Identifiers(
        reader.words(row, "regimes", where, known=regimes, default=regimes),
        reader.words(row, "markets", where, known=MARKETS, default=MARKETS),
        reader.words(row, "show", where, known=SHOWN, default=None),
        reader.text(row, "source", where), reader.verified(row, where),
    )  # fmt: skip


def _carrier(reader: _Reader, row: Any, where: str) -> Carrier:
    row = row if isinstance(row, dict) else {}
    reader.known(row, {"place", "code", "patient", "stage"}, where)
    return Carrier(
        reader.word(row, "place", where, known=tuple(PLACES.values())),
        reader.word(row, "code", where, known=("signed", "serial")),
        reader.word(row, "patient", where, known=("two", "one", "none")),
        reader.word(row, "stage", where, known=STAGES) if "stage" in row else None,
    )  # fmt: skip


def shipped() -> Law:
    """Return the law that comes with the product."""
    return read_law((resources.files("labels") / "law.toml").read_bytes())


SHIPPED: Final = shipped()
