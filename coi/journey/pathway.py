"""A pathway: the definition of one product's journey, read from TOML and checked before anything relies on it.

A pathway decides which steps belong to the journey, which stability windows run, what a label says, which coded
reasons exist, how many doses there are in which order, and how long a bedside check stays valid. A therapy pins the
SHA-256 of the bytes it started on; `read_pathway` accepts those bytes for ever.

Nothing here knows what a step does (`coi.journey.steps`) or when a window ran out (`coi.journey.stability`).
Limits are facts of a product: each window names its source and whether it was verified against that source.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from coi.journey.accounting import Labelling, read_labelling
from coi.journey.durations import DAY, seconds
from coi.journey.labeltext import PRINTED, LabelText
from coi.journey.product import AGENTS, Product, read_product
from coi.journey.scanning import read_must_scan
from coi.journey.values import CODE

MOST_DOSES, MOST_CONTAINERS, MOST_STATED = 99, 50, 5  # what a step can name
FORMAT = 1


class BadPathway(ValueError):
    """A pathway document is not usable; `faults` has one sentence per fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the journey: where it takes place and which kinds of step belong to it."""

    id: str
    title: str
    place: str  # treating | courier | manufacturer
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """A stability rule: from a step to a step, for containers of some purposes, at most `limit` seconds.

    `needed_by` names the steps that may not be taken when no clock of this window can be shown to be inside.
    """

    id: str
    title: str
    purposes: tuple[str, ...]
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    limit: int
    warn_before: int
    needed_by: tuple[str, ...]
    source: str
    verified: bool
    adds_up: bool = False  # its runs add up: each start goes on from what was used before
    expiry: bool = False  # its end is the expiry that labels print


@dataclass(frozen=True, slots=True)
class Dose:
    """A planned dose, or one component of it: in the order of infusion, with how many containers it is made of.

    `not_before` and `not_after` are seconds from the start of the first infusion of the dose before it.
    """

    number: int
    containers: int
    component: str | None = None
    strength: str | None = None
    not_before: int | None = None
    not_after: int | None = None


@dataclass(frozen=True, slots=True)
class Bedside:
    """How doses are given: how long a check counts (seconds), one container at a time, identifiers to be stated."""

    check_valid_for: int
    one_at_a_time: bool
    stated: int


@dataclass(frozen=True, slots=True)
class Pathway:
    """One version of one product's journey."""

    name: str
    version: str
    title: str
    digest: str
    stages: tuple[Stage, ...]
    windows: tuple[Window, ...]
    doses: tuple[Dose, ...]
    reasons: Mapping[str, str]
    labels: Mapping[str, LabelText]
    bedside: Bedside
    labelling: Labelling
    needs_thaw: bool
    must_scan: Mapping[str, frozenset[str]]  # kind of step -> roles whose scans may not be typed
    product: Product | None = None  # None: the labels' statements are the pathway's own

    @property
    def agents(self) -> Mapping[str, str]:
        """Return the agents that a test result may name, with what a label prints for them."""
        return self.product.agents if self.product else AGENTS

    def has_step(self, kind: str) -> bool:
        """Tell whether `kind` belongs to this journey."""
        return any(kind in stage.steps for stage in self.stages)

    def window(self, id_: str) -> Window:
        """Return the stability window `id_`; LookupError when the pathway has none of that name."""
        return {window.id: window for window in self.windows}[id_]

    def stage_of(self, kind: str) -> Stage | None:
        """Return the first stage that `kind` belongs to, or None."""
        return next((stage for stage in self.stages if kind in stage.steps), None)

    def stage_after(self, reached: int, kind: str, *, treating: bool) -> int:
        """Return the number of the stage that a therapy is in after a step of `kind`, from the stage it had `reached`.

        A step that several stages name counts for the nearest one ahead that lies where the person acts.
        """
        if reached < len(self.stages) and kind in self.stages[reached].steps:
            return reached
        for number in range(reached + 1, len(self.stages)):
            stage = self.stages[number]
            here = stage.place == "courier" or (stage.place == "treating") is treating
            if kind in stage.steps and here:
                return number
        return reached

    def dose_of(self, ordinal: int) -> Dose | None:
        """Return the dose that the `ordinal`-th planned dose container belongs to (from 1), or None past the plan."""
        for dose in self.doses:
            if ordinal <= dose.containers:
                return dose
            ordinal -= dose.containers
        return None


class _Reader:
    """Collects the faults of one document while its parts are read."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def text(self, table: Mapping[str, Any], key: str, where: str) -> str:
        value = table.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self.faults.append(f"{where}: '{key}' is missing; expected text.")
        return ""

    def code(self, table: Mapping[str, Any], key: str, where: str) -> str:
        value = self.text(table, key, where)
        if value and not CODE.fullmatch(value):
            self.faults.append(f"{where}: '{key}' is {value!r}; expected small letters, digits, '.', '_' and '-'.")
        return value

    def texts(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.faults.append(f"{where}: '{key}' must be a list of texts.")
        return ()

    def duration(self, table: Mapping[str, Any], key: str, where: str, default: str | None = None) -> int:
        value = table.get(key, default)
        try:
            length = seconds(value) if isinstance(value, str) else 0
        except ValueError as fault:
            self.faults.append(f"{where}: '{key}' {fault}")
            return 0
        if not isinstance(value, str):
            self.faults.append(f"{where}: '{key}' is missing; expected a duration such as PT30M.")
        return length

    def tables(self, document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        value = document.get(key, [])
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
        self.faults.append(f"'{key}' must be written as [[{key}]] tables.")
        return []

    def known(self, table: Mapping[str, Any], keys: set[str], where: str) -> None:
        self.faults += [
            f"{where}: unknown key '{key}'; known are {', '.join(sorted(keys))}." for key in set(table) - keys
        ]


_TOP = {"format", "name", "version", "title", "stage", "window", "doses", "reasons", "label", "labelling",
        "bedside", "must_scan", "product"}  # fmt: skip
_WINDOW = {"id", "title", "purposes", "starts", "ends", "limit", "warn_before", "needed_by", "source", "verified",
           "adds_up", "expiry"}  # fmt: skip
_DOSE = {"dose", "containers", "component", "strength", "not_before", "not_after"}
_TESTED = ("reactive", "not_tested", "negative")


def read_pathway(document: bytes, *, kinds: frozenset[str], purposes: frozenset[str]) -> Pathway:
    """Read and check a pathway; `kinds` and `purposes` are those that may be named.

    Raises BadPathway with every fault that was found.
    """
    try:
        table = tomllib.loads(document.decode())
    except (ValueError, RecursionError) as fault:  # also text that is not UTF-8, and numbers of thousands of digits
        raise BadPathway([f"This is not a TOML document: {fault}."]) from fault
    reader = _Reader()
    reader.known(table, _TOP, "pathway")
    if table.get("format") != FORMAT or table.get("format") is True:
        reader.faults.append(f"'format' is {table.get('format')!r}; expected {FORMAT}.")
    stages = tuple(_stage(reader, item, kinds) for item in reader.tables(table, "stage"))
    pathway = Pathway(
        name=reader.code(table, "name", "pathway"),
        version=reader.text(table, "version", "pathway"),
        title=reader.text(table, "title", "pathway"),
        digest=hashlib.sha256(document).hexdigest(),
        stages=stages,
        windows=tuple(_window(reader, item, kinds, purposes) for item in reader.tables(table, "window")),
        doses=tuple(_dose(reader, item) for item in reader.tables(table, "doses")),
        reasons=_reasons(reader, table.get("reasons", {})),
        labels=_labels(reader, table.get("label", {}), purposes),
        bedside=_bedside(reader, table.get("bedside", {})),
        labelling=read_labelling(table.get("labelling", {}), reader.faults),
        needs_thaw=any("thaw.started" in stage.steps for stage in stages),
        must_scan=read_must_scan(reader.tables(table, "must_scan"), kinds=kinds, faults=reader.faults),
        product=_product(reader, table),
    )
    _whole(reader, pathway)
    if reader.faults:
        raise BadPathway(reader.faults)
    return pathway


def _product(reader: _Reader, table: Mapping[str, Any]) -> Product | None:
    if "product" not in table:
        return None
    product, faults = read_product(table["product"])
    told = [f"label.{purpose}: '{key}' cannot stand beside [product]; the law of labels says what tests demand."
            for purpose, item in table.get("label", {}).items() for key in _TESTED if key in item]  # fmt: skip
    reader.faults += [*faults, *told]
    return product


def _stage(reader: _Reader, item: Mapping[str, Any], kinds: frozenset[str]) -> Stage:
    where = f"stage {item.get('id', '?')}"
    reader.known(item, {"id", "title", "place", "steps"}, where)
    steps = reader.texts(item, "steps", where)
    _unknown(reader, where, "step", steps, kinds)
    place = reader.text(item, "place", where)
    _unknown(reader, where, "place", (place,), frozenset({"treating", "courier", "manufacturer"}))
    return Stage(reader.code(item, "id", where), reader.text(item, "title", where), place, steps)


def _window(reader: _Reader, item: Mapping[str, Any], kinds: frozenset[str], purposes: frozenset[str]) -> Window:
    where = f"window {item.get('id', '?')}"
    reader.known(item, _WINDOW, where)
    window = Window(
        id=reader.code(item, "id", where),
        title=reader.text(item, "title", where),
        purposes=reader.texts(item, "purposes", where),
        starts=reader.texts(item, "starts", where),
        ends=reader.texts(item, "ends", where),
        limit=reader.duration(item, "limit", where),
        warn_before=reader.duration(item, "warn_before", where, "PT0S"),
        needed_by=reader.texts(item, "needed_by", where),
        source=reader.text(item, "source", where),
        verified=item.get("verified") is True,
        adds_up=item.get("adds_up") is True,
        expiry=item.get("expiry") is True,
    )
    for name in ("starts", "ends", "needed_by"):
        _unknown(reader, where, "step", getattr(window, name), kinds)
    _unknown(reader, where, "purpose", window.purposes, purposes)
    if not (window.purposes and window.starts and window.ends):
        reader.faults.append(f"{where}: expected at least one purpose, one start and one end.")
    for name in ("verified", "adds_up", "expiry"):
        if not isinstance(item.get(name, False), bool):
            reader.faults.append(f"{where}: '{name}' must be true or false.")
    if not 0 <= window.warn_before <= window.limit or window.limit == 0:
        reader.faults.append(f"{where}: expected 0 <= warn_before <= limit and a limit above zero.")
    return window


def _dose(reader: _Reader, item: Mapping[str, Any]) -> Dose:
    where = f"doses {item.get('dose', '?')}"
    reader.known(item, _DOSE, where)
    number, containers = item.get("dose"), item.get("containers", 1)
    if not (_is_whole(number, MOST_DOSES) and _is_whole(containers, MOST_CONTAINERS)):
        reader.faults.append(
            f"doses: expected whole numbers from 1 in 'dose' (to {MOST_DOSES}) and 'containers' (to {MOST_CONTAINERS})."
        )
        return Dose(1, 1)

    def code(name: str) -> str | None:
        return reader.code(item, name, where) if name in item else None

    def duration(name: str) -> int | None:
        return reader.duration(item, name, where) if name in item else None

    return Dose(number, containers, code("component"), code("strength"), duration("not_before"), duration("not_after"))


def _is_whole(number: Any, most: int) -> TypeGuard[int]:
    return type(number) is int and 1 <= number <= most


def _reasons(reader: _Reader, table: Any) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
        reader.faults.append("'reasons' must be a table of code = \"sentence\".")
        return {}
    reader.faults += [f"reasons: {code!r} is not a code." for code in table if not CODE.fullmatch(code)]
    return dict(table)


def _labels(reader: _Reader, table: Any, purposes: frozenset[str]) -> dict[str, LabelText]:
    if not isinstance(table, dict) or not all(isinstance(item, dict) for item in table.values()):
        reader.faults.append("'label' must be written as [label.<purpose>] tables.")
        return {}
    _unknown(reader, "label", "purpose", tuple(table), purposes)
    for purpose, item in table.items():
        reader.known(item, {"title", "statements", *_TESTED, *PRINTED}, f"label.{purpose}")
    return {purpose: _label(reader, item, f"label.{purpose}") for purpose, item in table.items()}


def _label(reader: _Reader, item: Mapping[str, Any], where: str) -> LabelText:
    when = {result: reader.texts(item, result, where) for result in _TESTED if result in item}
    told = {name: reader.text(item, name, where) for name in PRINTED if name in item}
    return LabelText(reader.text(item, "title", where), reader.texts(item, "statements", where), when, told)


def _bedside(reader: _Reader, table: Any) -> Bedside:
    if not isinstance(table, dict):
        reader.faults.append("'bedside' must be a table.")
        table = {}
    reader.known(table, {"check_valid_for", "one_at_a_time", "stated"}, "bedside")
    length = reader.duration(table, "check_valid_for", "bedside", "PT30M")
    if not 0 < length <= DAY:
        reader.faults.append("bedside: expected a 'check_valid_for' above zero and of at most a day.")
    one, stated = table.get("one_at_a_time", False), table.get("stated", 0)
    if not isinstance(one, bool) or type(stated) is not int or not 0 <= stated <= MOST_STATED:
        reader.faults.append(f"bedside: expected true or false in 'one_at_a_time', 0 to {MOST_STATED} in 'stated'.")
        one, stated = False, 0
    return Bedside(length, one, stated)


def _unknown(reader: _Reader, where: str, what: str, names: tuple[str, ...], known: frozenset[str]) -> None:
    reader.faults += [f"{where}: unknown {what} '{name}'." for name in names if name not in known]


def _whole(reader: _Reader, pathway: Pathway) -> None:
    """Add the faults that only the whole document shows."""
    for what, names in (
        ("stage", [stage.id for stage in pathway.stages]),
        ("window", [window.id for window in pathway.windows]),
        ("dose", [(dose.number, dose.component) for dose in pathway.doses]),
    ):
        if len(names) != len(set(names)):
            reader.faults.append(f"Two parts of kind '{what}' carry the same name.")
    if not pathway.stages:
        reader.faults.append("A pathway needs at least one [[stage]].")
    if not pathway.doses:
        reader.faults.append("A pathway needs at least one [[doses]] entry.")
    if [dose.number for dose in pathway.doses] != sorted(dose.number for dose in pathway.doses):
        reader.faults.append("The doses must stand in their order.")
    if not pathway.reasons:
        reader.faults.append("A pathway needs its coded [reasons].")
