"""Together: one step whose scans hold containers of several therapies, as when a whole store is evacuated.

Each therapy is judged by itself and keeps its own entry; the site's stream keeps one for the whole step, under the
attempt's id. When any of them is refused nothing is done, so that the list can be put right and sent again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coi.actions.appending import append, derived_id
from coi.actions.attempts import CREATED, REFUSED, Recorded
from coi.actions.faults import malformed
from coi.actions.recording import answered, beside, fields_of
from coi.actions.scans import Looked
from coi.actions.turn import Scene, Turn, attempt_of, case_of, scene_of, signatures_of
from coi.journey.attempt import Case, Verdict
from coi.journey.derive import entry_values
from coi.journey.entry import Outcome
from coi.journey.rules import consequences, decide, outcome_of
from coi.record import sealed
from coi.record.ledger import Draft


@dataclass(frozen=True, slots=True)
class _Part:
    """The step as one therapy sees it."""

    scene: Scene
    case: Case
    verdict: Verdict
    outcome: Outcome


def record(turn: Turn, looked: Sequence[Looked], *, at: datetime) -> Recorded:
    """Judge and write the step for every therapy that its scans name; raises 400 when they name none."""
    cois = list(dict.fromkeys(item.scan.therapy for item in looked if item.scan.therapy))
    if not cois:
        raise malformed("step.therapy", "Scan at least one container.", {"scans": ["None belongs to a therapy."]})
    turn = replace(turn, signed=signatures_of(turn))
    parts = [_part(turn, looked, coi, at=at) for coi in cois]
    secrets = [secret for item in looked for secret in item.secrets]
    request = turn.request
    note = sealed.secret(subject=request.id, name="note", text=request.note) if request.note else None
    sealed.keep(turn.desk.conn, [*secrets, *([note] if note else [])], keys=turn.office.keys)
    refused = [part for part in parts if part.outcome is Outcome.REFUSED]
    return _write(turn, refused or parts, refused=bool(refused), note=note.commitment if note else None)


def _part(turn: Turn, looked: Sequence[Looked], coi: str, *, at: datetime) -> _Part:
    own = [item for item in looked if item.scan.therapy in (coi, None)]
    narrowed = replace(turn, request=replace(turn.request, therapy=coi))
    scene = scene_of(narrowed, own)
    attempt, _ = attempt_of(narrowed, scene, own)
    case = case_of(narrowed, scene, attempt, at=at)
    verdict = decide(case)
    return _Part(scene, case, verdict, outcome_of(case, verdict))


def _write(turn: Turn, parts: Sequence[_Part], *, refused: bool, note: str | None) -> Recorded:
    """Write the step for the site, with the note that was given, and then for each therapy."""
    desk, first = turn.desk, parts[0]
    kind = "attempt.refused" if refused else first.case.kind
    whole: dict[str, Any] = (
        {"kind": first.case.kind} if refused else {"therapies": len(parts), "containers": _count(parts)}
    )
    site = _draft(turn, first, kind, stream=f"site:{first.case.attempt.actor.site}", values=whole, whole=True)
    drafts = [Draft(site.stream, {**site.fields, "note": note})]
    for part in parts:
        values = {"kind": part.case.kind} if refused else entry_values(part.case, mint=turn.office.mint)
        drafts.append(_draft(turn, part, kind, stream=_stream(part), values=values, whole=False))
        drafts += [_draft(turn, part, kind, stream=f"shipper:{left}", values=values, whole=False)
                   for left in values.get("out_of", ())]  # fmt: skip
        drafts += [] if refused else _beside(turn, part)
    streams = {name: stream for part in parts for name, stream in part.scene.streams.items()}
    written = append(turn.office, desk, drafts, streams)
    findings = [finding.as_json() for part in parts for finding in part.verdict.findings]
    stops = list(dict.fromkeys(stop.message for part in parts for stop in part.verdict.stops))
    return answered(REFUSED if refused else CREATED, written, findings, stops=stops)


def _stream(part: _Part) -> str:
    return f"therapy:{part.case.therapy.coi}" if part.case.therapy else ""


def _count(parts: Sequence[_Part]) -> int:
    return sum(len(part.case.containers) for part in parts)


def _draft(turn: Turn, part: _Part, kind: str, *, stream: str, values: Mapping[str, Any], whole: bool) -> Draft:
    """Return the entry of one stream; that of the site names no therapy's container."""
    fields = fields_of(turn.office, turn.desk, part.case, part.verdict, part.outcome, kind=kind, values=values)
    attempt = part.case.attempt.id
    if whole:
        scans = tuple(scan.as_json() for scan in part.case.attempt.scans if scan.therapy is None)
        return Draft(stream, {**fields, "id": attempt, "therapy": None, "scans": scans, "findings": ()})
    return Draft(stream, {**fields, "id": derived_id(attempt, stream)})


def _beside(turn: Turn, part: _Part) -> list[Draft]:
    id_ = derived_id(part.case.attempt.id, _stream(part))
    found = consequences(part.case, part.verdict, entry=id_)
    return [beside(turn.office, turn.desk, one, part.case, f"{id_}/{n}") for n, one in enumerate(found)]
