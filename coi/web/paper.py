"""Paper: a step that happened already and is entered from the sheet it was written on.

The form says when it happened, who did it and on which documents of the therapy it stands. Whether it may be reported
and what follows from it is judged behind the door.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from coi.actions.faults import malformed
from coi.actions.scans import GivenScan
from coi.journey.entry import instant
from coi.journey.steps import StepKind
from coi.journey.values import CODE
from coi.web import here, words
from coi.web.choices import Option

Form = MultiDict[str, str]
ROUTE = "paper"
PERFORMERS = 4
_WHEN = "Say when it happened, as the paper has it: a date and a time that have passed."
_WHO = "Say who did it: the code of one to four people, as they sign in."


@dataclass(frozen=True, slots=True)
class Told:
    """What the paper says besides the step itself."""

    occurred_at: datetime
    performed_by: tuple[str, ...]
    documents: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as it counts for the sameness of two forms."""
        return {
            "tense": "reported", "occurred_at": instant(self.occurred_at),
            "performed_by": list(self.performed_by), "documents": list(self.documents),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the form asks about the paper, holding what it holds."""

    occurred_at: str
    performed_by: Sequence[str]
    documents: Sequence[Option]
    ticked: Sequence[str]


def may_be_told(row: StepKind) -> bool:
    """Tell whether a step of this kind may be entered from paper at all."""
    return ROUTE in row.reported_by


def is_told(row: StepKind, form: Form) -> bool:
    """Tell whether the form is one of the past; raises Fault 400 when a step of this kind is never told afterwards."""
    if not form.get("paper"):
        return False
    if not may_be_told(row):
        raise malformed("form.paper", f"{row.title} is never entered afterwards; take the step when it is done.")
    return True


def told(form: Form) -> Told:
    """Return what the form says of the paper; raises Fault 400 with a sentence for each input that is wrong."""
    moment, people = _moment(form.get("occurred_at", "").strip()), _people(form)
    errors = {}
    if moment is None:
        errors["occurred_at"] = [_WHEN]
    if not 0 < len(people) <= PERFORMERS or not all(CODE.fullmatch(person) for person in people):
        errors["performed_by"] = [_WHO]
    if moment is None or errors:
        raise malformed("form.paper", next(iter(errors.values()))[0], errors)
    return Told(moment, tuple(people), tuple(dict.fromkeys(form.getlist("document"))))


def _people(form: Form) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in form.getlist("performed_by") if text.strip()))


def _moment(text: str) -> datetime | None:
    """Return a local time of the site as the instant it was, None when it is none or lies ahead."""
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=found.tzinfo or here.zone())
        instant(found)
        return found if found <= here.now() else None
    except (ValueError, OverflowError):
        return None


def copied(scan: GivenScan) -> GivenScan:
    """Return a scan as one that was taken from the sheet, whatever read it there."""
    return replace(scan, via=ROUTE, token=None)


def sheet(form: Form, *, therapy: Mapping[str, Any] | None) -> Sheet:
    """Return what the form asks about the paper."""
    people = form.getlist("performed_by")[:PERFORMERS]
    return Sheet(
        form.get("occurred_at", ""),
        [*people, *[""] * (PERFORMERS - len(people))],
        list(_documents((therapy or {}).get("documents", ()))),
        form.getlist("document"),
    )


def _documents(documents: Iterable[Mapping[str, Any]]) -> Iterable[Option]:
    for document in documents:
        if not document["superseded_by"]:
            yield Option(document["sha256"], f"{words.spaced(document['kind']).capitalize()} {document['sha256'][:8]}")
