"""Each room calls only rooms below it, and the heart needs nothing but the language."""

import subprocess
import sys

import pytest

from tests.house.source import ROOT, Module, imports, module, modules


def outsiders(module: Module, *, own: str) -> list[str]:
    """Imports that are neither the standard library's nor of the room ``own``."""
    known = sys.stdlib_module_names
    return [
        f"{module.path}:{line} {name}"
        for line, name in imports(module)
        if name.split(".")[0] not in known and not f"{name}.".startswith(f"{own}.")
    ]


@pytest.mark.slow
def test_the_import_contracts_are_kept():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_the_heart_imports_the_standard_library_and_itself_only():
    assert [name for found in modules("coi/journey") for name in outsiders(found, own="coi.journey")] == []


def test_settings_and_clock_stand_on_the_ground():
    ground = [found for found in modules("coi") if found.path in ("coi/settings.py", "coi/clock.py")]
    assert [name for found in ground for name in outsiders(found, own="nothing")] == []


def test_only_the_watcher_imports_the_scheduler():
    found = [(found.path, name) for found in modules() for _, name in imports(found)]
    assert [path for path, name in found if name.startswith("apscheduler") and not path.startswith("coi/watch/")] == []


@pytest.mark.parametrize(
    "line",
    ["import flask", "from sqlmodel import col", "from coi import clock", "from ..settings import load",
     "def late():\n    import PIL.Image", "from coi import record", "from .. import clock"],
)  # fmt: skip
def test_an_import_that_the_heart_may_not_have_is_found(line):
    assert outsiders(module("coi/journey/rules.py", line), own="coi.journey") != []


@pytest.mark.parametrize(
    "line", ["import re", "from coi.journey import steps", "from . import steps", "from .steps import STEPS"]
)
def test_an_import_that_the_heart_may_have_is_not_found(line):
    assert outsiders(module("coi/journey/rules.py", line), own="coi.journey") == []


def test_every_folder_with_source_is_a_package():
    folders = {(ROOT / found.path).parent for found in modules()}
    assert [folder for folder in folders if folder.name != "versions" and not (folder / "__init__.py").is_file()] == []
