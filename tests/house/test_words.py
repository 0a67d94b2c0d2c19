"""Names are the field's, what is public is explained, and what is excused says why."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOMS, ROOT, Module, comments, module, modules, tracked

VAGUE = {"manager", "helper", "util", "utils", "base", "service"}
EXCUSE = re.compile(r"#\s*(?:ruff: *)?(noqa|type: *ignore|pragma: *no cover|pyright: *ignore)\b(.*)", re.IGNORECASE)
CODES = re.compile(r"^(?:\s*[:,]?\s*[A-Z]+[0-9]+|\s*\[[a-z0-9, -]+\])*")


def words(name: str) -> set[str]:
    """The words of a name in either case: ``LabelManager`` and ``label_helpers`` hold label, manager, helper."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return {part.lower() for part in parts} | {part.lower().removesuffix("s") for part in parts}


def vague(module: Module) -> list[str]:
    """Names of the module, its folders and its classes that say nothing."""
    classes = [node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    return [
        f"{module.path}: {name}"
        for name in [*module.path.removesuffix(".py").split("/"), *classes]
        if words(name) & VAGUE
    ]


def silent(folder: Path) -> str:
    """What ruff says of public names without a docstring, whatever pyproject ignores."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select=D100,D101,D102,D103,D104"]
    done = subprocess.run(
        [*command, "--output-format=concise", "."], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode else ""


def unexcused(module: Module) -> list[str]:
    """Lint and type exceptions without their codes, or without a reason on their line."""
    found = []
    for line, comment in comments(module.text):
        excuse = EXCUSE.search(comment)
        if excuse:
            codes = next(iter(CODES.findall(excuse[2])), "")
            reason = excuse[2].removeprefix(codes).strip(" #-:,")
            coded = bool(codes) or excuse[1].lower().startswith("pragma")
            if not coded or len(reason.split()) < 2:
                found.append(f"{module.path}:{line} {comment}")
    return found


def test_no_module_or_class_is_called_manager_helper_util_base_or_service():
    assert [name for found in modules() for name in vague(found)] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [("coi/api/utils.py", ""), ("coi/record/x.py", "class LedgerService:\n    pass"), ("coi/helpers/x.py", ""),
     ("coi/x.py", "def f():\n    class BaseStep:\n        pass")],
)  # fmt: skip
def test_a_vague_name_is_found(path, text):
    assert vague(module(path, text)) != []


def test_a_name_that_only_contains_such_letters_is_not_found():
    assert vague(module("coi/record/database.py", "class Serviced:\n    based = 1\nclass DATABASE: pass")) == []


@pytest.mark.parametrize("room", ROOMS)
def test_everything_public_is_explained(room):
    assert silent(ROOT / room) == ""


def test_a_public_name_without_a_docstring_is_found(tmp_path):
    text = (
        'class Here:\n    """Says."""\n    def shown(self): ...\n    def _hidden(self): ...\n    def __len__(self): ...'
    )
    (tmp_path / "place.py").write_text(text + "\n", "utf-8")
    said = silent(tmp_path)
    assert "place.py:1:1: D100" in said
    assert "place.py:3:9: D102" in said
    assert "Found 2 errors" in said


def test_every_lint_and_type_exception_has_its_reason_beside_it():
    ours = [
        module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in tracked() if path.suffix == ".py"
    ]
    assert [name for found in ours for name in unexcused(found)] == []


@pytest.mark.parametrize(
    "tail", ["noqa", "noqa: E501", "type: ignore", "type: ignore[misc]", "noqa as it is", "pragma: no cover"]
)
def test_an_exception_without_code_or_reason_is_found(tail):
    assert unexcused(module("coi/x.py", f"x = 1  # {tail}\n")) != []


@pytest.mark.parametrize(
    "tail",
    [
        "noqa: E501 - a golden vector",
        "noqa: S101, S102 - checked above",
        "type: ignore[misc, arg-type]  # untyped library",
    ],
)
def test_an_exception_with_code_and_reason_is_not_found(tail):
    assert unexcused(module("coi/x.py", f"x = 1  # {tail}\n")) == []
