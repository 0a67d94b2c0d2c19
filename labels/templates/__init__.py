"""The label formats there are, one document each; a changed one is a new version beside the old, never in its place.

A label is drawn with the version that it was issued with for as long as that is kept.
"""

from collections.abc import Mapping
from importlib import resources
from typing import Final

from labels.content import LabelError
from labels.template import Template
from labels.templates.reader import read_template


def _shipped() -> dict[tuple[str, int], Template]:
    found = [read_template(file.read_bytes()) for file in resources.files(__package__).iterdir()
             if file.name.endswith(".toml")]  # fmt: skip
    return {(one.name, one.version): one for one in sorted(found, key=lambda one: (one.name, one.version))}


VERSIONS: Final[Mapping[tuple[str, int], Template]] = _shipped()
TEMPLATES: Final[Mapping[str, Template]] = {name: template for (name, _), template in VERSIONS.items()}  # the newest


def template_of(name: str, version: int | None = None) -> Template:
    """Return a version of a template, the newest when none is said. Raises LabelError for one that there is not."""
    found = VERSIONS.get((name, version)) if version else TEMPLATES.get(name)
    if found is None:
        said = f"{name} version {version}" if version else name
        raise LabelError(f"There is no label template {said}; expected one of {', '.join(TEMPLATES)}.")
    return found
