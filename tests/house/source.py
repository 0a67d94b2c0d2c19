"""Reads the source of the house as a person would: rooms, modules, functions and their lengths.

``python -m tests.house.source`` prints the lengths and the longest functions.
"""

import ast
import io
import statistics
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("coi", "scanners", "labels")
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """One Python file: its path from the root of the house, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module


class Length(NamedTuple):
    """One function: where it begins, its lines of code, and its lines with docstring, comments and blanks."""

    where: str
    code: int
    whole: int


def modules(*rooms: str) -> list[Module]:
    """Every Python file of the rooms, all rooms when none is named."""
    paths = sorted(path for room in rooms or ROOMS for path in (ROOT / room).rglob("*.py"))
    return [module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def module(path: str, text: str) -> Module:
    return Module(path, text, ast.parse(text, path))


def tracked() -> list[Path]:
    """Every file that is in the tree of git or would be added to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file()]


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Line number and text of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line number and dotted name of everything that a module imports, relative names made absolute."""
    package = module.path.removesuffix(".py").removesuffix("/__init__").split("/")
    package = package if module.path.endswith("__init__.py") else package[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            near = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*near, *filter(None, [node.module])])
            yield from ((node.lineno, f"{stem}.{alias.name}") for alias in node.names)


def prose(tree: ast.AST) -> list[ast.Constant]:
    """The docstrings: strings that stand alone as a statement."""
    alone = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return [value for value in alone if isinstance(value, ast.Constant) and isinstance(value.value, str)]


def lengths(module: Module) -> list[Length]:
    """Length of every function, from ``def`` to its end; a function inside another counts in both."""
    lines = dict(enumerate(module.text.splitlines(), 1))
    silent = {number for number, line in lines.items() if not line.strip()}
    silent |= {number for number, comment in comments(module.text) if lines[number].strip() == comment.strip()}
    for text in prose(module.tree):
        silent |= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return [_length(module, node, silent) for node in ast.walk(module.tree) if isinstance(node, Function)]


def _length(module: Module, node: Function, silent: set[int]) -> Length:
    lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return Length(f"{module.path}:{node.lineno} {node.name}", len(set(lines) - silent), len(lines))


def spread(numbers: Iterable[int]) -> tuple[float, int]:
    """Median and nine-in-ten of some lengths; zeros for an empty house."""
    ordered = sorted(numbers)
    return (statistics.median(ordered), ordered[len(ordered) * 9 // 10]) if ordered else (0, 0)


def main() -> None:
    """Print the lengths of the house."""
    found = [length for module in modules() for length in lengths(module)]
    for words, numbers in {
        "lines of code": [length.code for length in found],
        "with docstring, comments and blanks": [length.whole for length in found],
    }.items():
        median, most = spread(numbers)
        print(f"{len(found)} functions, {words}: median {median:g}, nine in ten within {most}")
    for length in sorted(found, key=lambda length: -length.code)[:5]:
        print(f"  {length.code:3} {length.where}")


if __name__ == "__main__":
    main()
