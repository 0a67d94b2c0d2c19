"""What is installed is pinned, complete, and under a licence that the product can be passed on with."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NAME = canonicalize_name(PROJECT["name"])
PERMISSIVE = re.compile(
    r"\b(MIT|MIT-CMU|HPND|BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Zlib|Unlicense|Public Domain)\b"
    r"|BSD-[23]-Clause"
)
NOT_PERMISSIVE = re.compile(r"\b(A?GPL|SSPL|BUSL|proprietary|commercial)", re.IGNORECASE)
EXCEPTED = {
    "bagit": "public domain: a work of the Library of Congress, CC0 elsewhere",
    "qrcode": "BSD-3-Clause; its second classifier stands for the MIT text of the code that it grew from",
    "psycopg": "LGPL-3.0-only: the optional driver of PostgreSQL, used as it is over its public interface",
    "psycopg-binary": "LGPL-3.0-only: as psycopg",
}


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    rows = [line.split("#")[0].strip() for line in lines]
    return dict(row.split("==") for row in rows if row)


def closure(*extras: str) -> dict[str, Distribution]:
    """Every distribution that the product needs here, with those extras, found through what each one requires."""
    found: dict[str, Distribution] = {}
    open_ends = [Requirement(f"{NAME}[{','.join(extras)}]")] if extras else [Requirement(NAME)]
    seen = set()
    while open_ends:
        wanted = open_ends.pop()
        if (key := (canonicalize_name(wanted.name), frozenset(wanted.extras))) not in seen:
            seen.add(key)
            found[key[0]] = distribution(wanted.name)
            open_ends += needs(found[key[0]], wanted.extras)
    del found[NAME]
    return found


def needs(installed: Distribution, extras: set[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, installed.requires or []):
        chosen = [{"extra": extra} for extra in ["", *extras]]
        if not requirement.marker or any(requirement.marker.evaluate(each) for each in chosen):
            yield requirement


def licence(installed: Distribution) -> str:
    fields = installed.metadata
    classifiers = [line for line in fields.get_all("Classifier") or [] if line.startswith("License")]
    return fields["License-Expression"] or " ".join([*classifiers, (fields["License"] or "")[:60]])


@pytest.mark.parametrize("line", [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())])
def test_every_dependency_is_pinned_to_a_version_that_it_allows(line):
    wanted = Requirement(line)
    name = canonicalize_name(wanted.name)
    assert name == NAME or wanted.specifier.contains(pins()[name])


def test_everything_that_a_dependency_pulls_in_is_pinned_to_the_version_that_is_tested():
    assert {name: found.version for name, found in closure("dev").items() if pins().get(name) != found.version} == {}


def test_constraints_are_sorted_exact_and_named_once():
    rows = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert rows == sorted(set(rows), key=lambda row: row.split("==")[0])
    assert [row for row in rows if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", row)] == []


@pytest.mark.parametrize("name", sorted(closure("postgres")))
def test_every_library_of_the_product_is_under_a_licence_that_lets_it_be_passed_on(name):
    said = licence(distribution(name))
    assert name in EXCEPTED or (PERMISSIVE.search(said) and not NOT_PERMISSIVE.search(said)), said


@pytest.mark.parametrize(
    "said", ["GPL-3.0-or-later", "License :: OSI Approved :: GNU Affero General Public License", "", "AGPLv3"]
)
def test_a_licence_that_does_not_is_refused(said):
    assert not PERMISSIVE.search(said) or NOT_PERMISSIVE.search(said)
