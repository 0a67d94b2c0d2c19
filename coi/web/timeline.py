"""Timeline: entries of the log as lines that can be read aloud, newest first. Nothing is judged again here.

Verdicts are read from the entry: what was refused then is shown as refused, with the findings of that moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from coi.journey.entry import Outcome, from_instant
from coi.web import words
from coi.web.building import is_correctable

_SYSTEM = frozenset({"window.warned", "window.breached", "window.withdrawn", "deviation.opened", "print.ended"})
_UNSAID = frozenset({"kind", "pathway", "patient", "identifiers", "clock", "doses", "because", "to_organisation",
                     "job"})  # fmt: skip
_A_WHILE = timedelta(minutes=2)
_SUBJECT = frozenset({"seal", "location", "wristband", "document"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry as it is shown. `tone` is done, refused, disputed, alarm or system."""

    entry: Mapping[str, Any]
    title: str
    tone: str
    who: str
    facts: Sequence[tuple[str, str]]
    scans: Sequence[tuple[str, str, str]]  # role, what, how it came in
    note: str
    signatures: Sequence[tuple[str, str, str]] = ()  # what it says, who, when
    acknowledged: Sequence[str] = ()  # the people named as performers who said that it is so
    later: bool = False  # it was recorded a while after it happened, so both times are shown
    awaited: bool = False  # the person who looks is named as performer and has not acknowledged it
    correctable: bool = False

    @property
    def findings(self) -> Sequence[Mapping[str, Any]]:
        """Return what the rules found then."""
        found: Sequence[Mapping[str, Any]] = self.entry["findings"]
        return found


def lines(
    entries: Iterable[Mapping[str, Any]],
    *,
    names: Mapping[str, str],
    acknowledged: Mapping[str, Sequence[str]] | None = None,
    looking: str = "",
) -> list[Line]:
    """Return the entries as lines, newest first; `names` has the readable texts of tokens and notes.

    `acknowledged` says by entry who acknowledged it; `looking` is the person who looks.
    """
    known = acknowledged or {}
    return [
        line(entry, names=names, acknowledged=known.get(entry["id"], ()), looking=looking)
        for entry in reversed(list(entries))
    ]


def line(
    entry: Mapping[str, Any], *, names: Mapping[str, str], acknowledged: Sequence[str] = (), looking: str = ""
) -> Line:
    """Return one entry as it is shown."""
    performers = entry["performed_by"]
    return Line(
        entry=entry,
        title=_title(entry),
        tone=_tone(entry),
        who=_who(entry["actor"]),
        facts=[(words.spaced(name).capitalize(), _said(value)) for name, value in entry["values"].items()
               if name not in _UNSAID and value not in (None, [], {}, "")],
        scans=[(scan["role"], _scanned(scan, names), words.via(scan["via"])) for scan in entry["scans"]],
        note=names.get(entry["attempt"], "") if entry["note"] else "",
        signatures=[] if entry.get("masked") else [
            (words.meaning(one["meaning"]), one["person"], one["at"]) for one in entry["signatures"]],
        acknowledged=acknowledged,
        later=_later(entry),
        awaited=looking in performers and looking not in acknowledged and entry["outcome"] == Outcome.DONE.value,
        correctable=is_correctable(entry),
    )  # fmt: skip


def _later(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry was recorded so long after it happened that one time would mislead."""
    if entry["kind"] in _SYSTEM:
        return False
    return from_instant(entry["recorded_at"]) - from_instant(entry["occurred_at"]) >= _A_WHILE


def _title(entry: Mapping[str, Any]) -> str:
    if entry["kind"] == "attempt.refused":
        return f"Refused: {words.title(str(entry['values'].get('kind', '')))}"
    return words.happened(entry["kind"])


def _tone(entry: Mapping[str, Any]) -> str:
    if entry["outcome"] != Outcome.DONE.value:
        return str(entry["outcome"])
    if entry["kind"] in ("window.breached", "window.warned", "deviation.opened"):
        return "alarm"
    return "system" if entry["kind"] in _SYSTEM else "done"


def _who(actor: Mapping[str, Any]) -> str:
    if actor.get("role") == "system":
        return "the system"
    who = actor.get("person") or "somebody"
    return " ".join(
        filter(None, [f"{who},", actor.get("role"), f"at {actor['site']}" if actor.get("site") else ""])
    ).rstrip(",")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_said(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{words.spaced(name)}: {_said(item)}" for name, item in value.items() if item is not None)
    return words.code(value) if isinstance(value, str) else str(value)


def _scanned(scan: Mapping[str, Any], names: Mapping[str, str]) -> str:
    subject = scan["subject"]
    if scan["role"] in _SUBJECT and subject in names:
        return names[subject]
    if not subject:
        return "not known here"
    return words.code(subject) if subject[3:4] == "-" else words.named(scan["role"])
