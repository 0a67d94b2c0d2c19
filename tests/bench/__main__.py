"""`make bench`: what the service does in a second, in one run, as ratios with their limits beside them.

    python -m tests.bench                everything
    python -m tests.bench --quick        small numbers, to see that it runs

* `handoff.accepted` through POST /steps (token sign-in, offers made before, the load client on the same cores) with
  1, 8 and 32 clients on both databases; beside it the same ledger path without HTTP, and the bare SQL of one accept.
* time per label, per decoded picture, and per sweep of 100 000 open clocks.
* a log of 1 000 000 entries: one proof, an append beside one to a new log, and the whole verification from outside.

Rounds are repeated; median and spread (lowest to highest) are printed. The machine is noisy: read ratios, not seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import stores
from tests.bench import accepts, long_log, pieces
from tests.bench.figures import Figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the service.")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    parser.add_argument("--only", choices=("accepts", "pieces", "log"), help="one part of the measurements")
    chosen = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="coi-bench-") as folder, _databases(Path(folder)) as (databases, new):
        if chosen.only in (None, "accepts"):
            for name, (url, copies) in databases.items():
                accepts.measure(
                    figures, name=name, url=url, folder=Path(folder) / name, copies=copies, quick=chosen.quick
                )
        if chosen.only in (None, "pieces"):
            pieces.measure(figures, folder=Path(folder) / "pieces", quick=chosen.quick)
        if chosen.only in (None, "log"):
            for name in databases:
                long_log.measure(figures, name=name, new=new[name], folder=Path(folder) / "log", quick=chosen.quick)
    figures.show()


@contextlib.contextmanager
def _databases(
    folder: Path,
) -> Iterator[tuple[dict[str, tuple[str, accepts.Copies]], dict[str, Callable[[], str]]]]:
    """Give a SQLite file and a database on a durable PostgreSQL server, and ways to copy and to make them."""
    file = folder / "bench.sqlite3"
    numbers = itertools.count()

    def copy_file() -> str:
        copy = folder / f"copy{next(numbers)}.sqlite3"
        with contextlib.closing(sqlite3.connect(file)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return f"sqlite:///{copy}"

    with stores.running_cluster(durable=True) as cluster:
        name = cluster.create()
        yield {
            "sqlite": (f"sqlite:///{file}", copy_file),
            "postgresql": (cluster.url(name), lambda: cluster.url(cluster.create(template=name))),
        }, {
            "sqlite": lambda: f"sqlite:///{folder / f'new{next(numbers)}.sqlite3'}",
            "postgresql": lambda: cluster.url(cluster.create()),
        }  # fmt: skip


if __name__ == "__main__":
    main()
