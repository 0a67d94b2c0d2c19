"""Shown: what every template can say and call."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape
from werkzeug.local import LocalProxy

from coi.journey.steps import STEPS
from coi.web import here, reasons, themes, words
from coi.web.printers import KEEPERS
from coi.web.scanning import carried
from coi.web.stepping import sentences
from coi.web.therapies import SEARCHERS

_CODE = re.compile(r"([A-Z]{3}-[2-9A-HJ-NP-Z]{13})")
_CODE_SPAN = Markup('<span class="code" translate="no">{}</span>')
DEMO = "DEMO – NOT FOR CLINICAL USE"


def context() -> dict[str, Any]:
    """Return what every template finds: who is signed in, the present moment, and what it can call."""
    return {
        "visitor": LocalProxy(here.visitor), "now": here.office().now(), "demo": DEMO if here.office().demo else None,
        "organisations": here.organisations, "carried": carried, "sentences": sentences, "zone_name": here.zone_name,
        "enrollers": STEPS["therapy.enrolled"].who, "searchers": SEARCHERS,
        "correctors": STEPS["entry.annulled"].who, "by_theme": _by_theme, "keepers": KEEPERS,
        "reasons_for": reasons.grouped,
    }  # fmt: skip


def _by_theme(steps: Sequence[Mapping[str, Any]]) -> list[tuple[str, Sequence[Mapping[str, Any]]]]:
    """Return steps that may follow, as JSON, in groups by theme."""
    return themes.grouped(steps, kind=lambda step: str(step["kind"]))


def moment(when: datetime | str | None) -> str:
    """Return a moment in the zone of the person's own site, with UTC in parentheses."""
    return words.moment(when, here.zone())


def organisation(code: str | None) -> str:
    """Return the title of a site or company, or its code."""
    row: Mapping[str, Any] = here.organisations().get(code or "", {})
    return str(row.get("title", code or ""))


def with_codes(text: str, names: Mapping[str, str] | None = None) -> Markup:
    """Return a sentence with every identifier of ours set apart and grouped; `names` says who a patient's id is."""
    parts = []
    for index, part in enumerate(_CODE.split(text)):
        known = (names or {}).get(part)
        parts.append(escape(known or part) if known or not index % 2 else _CODE_SPAN.format(words.code(part)))
    return Markup("").join(parts)


FILTERS: Mapping[str, Callable[..., str]] = {
    "moment": moment, "organisation": organisation, "code": words.code, "spaced": words.spaced, "title_of": words.title,
    "happened": words.happened, "named": words.named, "via": words.via, "place": words.place, "left": words.left,
    "duration": words.duration, "with_codes": with_codes, "holder": words.holder,
}  # fmt: skip
