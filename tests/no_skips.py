"""Under CI a skipped test is a failed one: what was not tried there was not tried anywhere.

The same holds for an expected failure: the main line has no test that is known to fail.
"""

import os
from collections.abc import Generator

import pytest

Report = pytest.TestReport | pytest.CollectReport


def _under_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def _fail(report: Report) -> None:
    if report.skipped and _under_ci():
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", "no reason")
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped under CI, expected every test to run: {why}"
        report.__dict__.pop("wasxfail", None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail(report)
    return report
