"""Nothing in the tree ties it to one machine or one package registry, and nothing of a running instance is in it."""

import re
import tomllib

import pytest

from tests.house.source import ROOMS, ROOT, tracked

# Written in pieces, so that this file does not hold what it looks for.
REGISTRIES = [
    r"py" + r"pi\.org", r"python" + r"hosted\.org", r"npm" + r"js\.(?:org|com)", r"yarn" + r"pkg\.com",
    r"deb" + r"ian\.org", r"ubun" + r"tu\.com", r"crates" + r"\.io", r"golang" + r"\.org", r"ruby" + r"gems\.org",
    r"maven" + r"\.org", r"conda" + r"\.(?:org|io|com)", r"docker" + r"\.io",
    r"jsdel" + r"ivr\.net", r"unp" + r"kg\.com",
]  # fmt: skip
PLACES = [
    r"/wo" + r"rk/", r"/ro" + r"ot\b", r"/ho" + r"me/", r"/Us" + r"ers/", r"\b[A-Z]:\\+" + r"Users",
    r"\.py" + r"env", r"/opt/" + r"(?:wheels|py)", r"bash" + r"_jobs",
]  # fmt: skip
FORBIDDEN = re.compile("|".join(REGISTRIES + PLACES).encode(), re.IGNORECASE)


def places(data: bytes) -> list[str]:
    return [found[0].decode(errors="replace") for found in FORBIDDEN.finditer(data)]


def test_no_file_names_a_package_registry_or_a_path_of_some_machine():
    found = {path.relative_to(ROOT).as_posix(): places(path.read_bytes()) for path in tracked()}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "text",
    ["https://py" + "pi.org/simple", "files.python" + "hosted.org", "/ho" + "me/someone/x", "cd /ro" + "ot",
     "/wo" + "rk/main", "C:\\Us" + "ers\\me"],
)  # fmt: skip
def test_such_a_name_is_found(text):
    assert places(text.encode()) != []


@pytest.mark.parametrize("text", ["https://coi.example.org", "/usr/bin/env", "/roots", "the home of", "framework/"])
def test_other_names_are_not_found(text):
    assert places(text.encode()) == []


def test_no_database_key_or_setting_of_an_instance_is_in_the_tree():
    kept = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert {path for path in kept if path.startswith("instance/")} == {"instance/README.md"}
    assert [path for path in kept if re.search(r"\.(sqlite3?|db|pem|key)(-wal|-shm)?$", path)] == []


def test_every_file_of_a_room_is_installed_with_the_package():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    data = {path for room, globs in patterns.items() for pattern in globs for path in (ROOT / room).glob(pattern)}
    ours = [path for path in tracked() if path.relative_to(ROOT).parts[0] in ROOMS]
    packaged = [path for path in ours if path.suffix == ".py" and (path.parent / "__init__.py").is_file()]
    assert [path.relative_to(ROOT).as_posix() for path in ours if path not in data and path not in packaged] == []


def test_no_file_is_larger_than_a_mebibyte():
    sizes = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in tracked()}
    assert {path: size for path, size in sizes.items() if size > 2**20} == {}


def test_every_link_between_the_pages_of_the_documentation_leads_somewhere():
    pages = [path for path in tracked() if path.suffix == ".md"]
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
        if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists()
    ]
    assert dead == []


def test_the_records_of_decisions_are_numbered_without_a_gap():
    names = sorted(path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [name[:5] for name in names] == [f"{number:04}-" for number in range(1, len(names) + 1)]
