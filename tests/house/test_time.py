"""Time is read in one place and always knows its zone."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import Module, module, modules, prose

READERS = {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "clock_gettime", "clock_gettime_ns"}
SQL = (
    "current_timestamp",
    "current_time",
    "current_date",
    "now()",
    "'now'",
    "clock_timestamp",
    "localtimestamp",
    "getdate(",
)


def reads_of_the_clock(module: Module) -> list[str]:
    """Where a module asks for the present moment, from Python or from the database."""
    said = prose(module.tree)
    origins = _origins(module.tree)
    found = [node for node in ast.walk(module.tree) if _reads(node, origins) or (node not in said and _asks_sql(node))]
    return [f"{module.path}:{getattr(node, 'lineno', 0)} {ast.unparse(node)}" for node in found]


def _origins(tree: ast.Module) -> dict[str, str]:
    """What a local name stands for where it was imported under another: ``import time as t`` gives t: time."""
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.asname: alias.name for node in named for alias in node.names if alias.asname}


def _reads(node: ast.AST, origins: dict[str, str]) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "time" and not node.level and bool({alias.name for alias in node.names} & READERS)
    if not isinstance(node, ast.Attribute):
        return False
    owner = ast.unparse(node.value).split(".")[-1]
    owner = origins.get(owner, owner).split(".")[-1]
    asked = node.attr in ("now", "today") and owner in (
        "datetime",
        "date",
        "func",
    )  # others may carry a clock given to them
    return asked or node.attr == "utcnow" or (node.attr in READERS and owner == "time")


def _asks_sql(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return any(word in node.value.lower() for word in SQL)
    return isinstance(node, ast.Attribute) and node.attr in ("current_timestamp", "localtimestamp")


def zoneless(module: Module) -> Iterator[str]:
    """Where a module makes a time without a zone, or in the zone of the machine."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("utcfromtimestamp", "NaiveDatetime"):
            yield f"{module.path}:{node.lineno} {ast.unparse(node)}"
        if isinstance(node, ast.Call) and _drops_the_zone(node):
            yield f"{module.path}:{node.lineno} {ast.unparse(node)}"


def _drops_the_zone(call: ast.Call) -> bool:
    given = {word.arg: word.value for word in call.keywords}
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    zone = given.get("tzinfo", given.get("tz"))
    if isinstance(zone, ast.Constant) and zone.value is None:
        return True
    if name == "astimezone":
        return not call.args and "tz" not in given
    if name == "fromtimestamp":
        return len(call.args) < 2 and zone is None
    return name == "datetime" and len(call.args) < 8 and zone is None and bool(call.args or given)


def test_only_the_clock_reads_the_clock():
    assert [place for found in modules() if found.path != "coi/clock.py" for place in reads_of_the_clock(found)] == []


@pytest.mark.parametrize(
    "text",
    ["datetime.now(UTC)", "x = datetime.utcnow", "date.today()", "import time\ntime.time()",
     "import time as t\nt.time_ns()", "from time import time", "field(default_factory=datetime.now)", "func.now()",
     "sa.text('SELECT CURRENT_TIMESTAMP')", "x = \"datetime('now')\"", "dt.datetime.today()",
     "from datetime import datetime as moment\nmoment.now(UTC)", "from sqlalchemy import func as f\nf.now()"],
)  # fmt: skip
def test_a_read_of_the_clock_is_found(text):
    assert reads_of_the_clock(module("coi/x.py", text)) != []


@pytest.mark.parametrize(
    "text",
    ["clock.now()", "coi.clock.now()", "import time\ntime.monotonic()", "from time import perf_counter",
     '"""The current_timestamp of the database is not asked."""', "request.time", "from coi.clock import now",
     "office.now()"],
)  # fmt: skip
def test_what_does_not_read_the_clock_is_not_found(text):
    assert reads_of_the_clock(module("coi/x.py", text)) == []


def test_no_time_is_without_its_zone():
    assert [place for found in modules() for place in zoneless(found)] == []


@pytest.mark.parametrize(
    "text",
    ["datetime(2026, 1, 1)", "at.replace(tzinfo=None)", "datetime.fromtimestamp(1)", "at.astimezone()",
     "datetime.utcfromtimestamp(1)", "datetime.combine(d, t, tzinfo=None)", "dt.datetime(2026, month=1, day=1)"],
)  # fmt: skip
def test_a_time_without_its_zone_is_found(text):
    assert list(zoneless(module("coi/x.py", text))) != []


@pytest.mark.parametrize(
    "text",
    [
        "datetime(2026, 1, 1, tzinfo=UTC)",
        "datetime.fromtimestamp(1, UTC)",
        "datetime.fromtimestamp(1, tz=UTC)",
        "at.astimezone(UTC)",
    ],
)
def test_a_time_with_its_zone_is_not_found(text):
    assert list(zoneless(module("coi/x.py", text))) == []
