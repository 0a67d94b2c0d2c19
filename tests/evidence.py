"""``pytest --evidence FILE`` writes what a run showed: each test, how it ended, how long it took, what it measured.

A test adds a measure with pytest's own ``record_property("pairs", 200)``.
"""

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from coi import clock


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--evidence", metavar="FILE", help="write outcomes, durations and measures as JSON")


def pytest_configure(config: pytest.Config) -> None:
    # A worker of xdist sends its reports to the session that started it, which alone writes.
    if config.option.evidence and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Evidence(Path(config.rootpath, config.option.evidence)))


class Evidence:
    """Collects the reports of one run and writes them when it ends, also when it failed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.rows: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self.rows.append(
                {
                    "test": report.nodeid,
                    "outcome": report.outcome,
                    "seconds": round(report.duration, 3),
                    "measured": dict(report.user_properties),
                }
            )

    def pytest_sessionfinish(self) -> None:
        if not self.rows:
            return
        said = {"recorded_at": clock.now().isoformat(), **dict(_surroundings()), "tests": self.rows}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(said, indent=1, default=str) + "\n", encoding="utf-8")


def _surroundings() -> Iterator[tuple[str, Any]]:
    yield "commit", _commit()
    yield "software", version("coi-tracker")
    yield "python", platform.python_version()
    yield "sqlite", sqlite3.sqlite_version
    yield "system", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _commit() -> str:
    """The commit that was tried, and whether the tree held more than it."""
    root = Path(__file__).parent
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], cwd=root, capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or "unknown"
