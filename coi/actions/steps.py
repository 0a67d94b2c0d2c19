"""The one door: `take` is how anything about a therapy changes, whoever asks.

In one unit of work, under the write lock: the stored answer of a replay; what the scans name; the streams and what
they amount to; whether the person has the authority at all; the values and the reason; the verdict; the entry, allowed
or refused, with everything the system writes beside it; the projections; the answer.

Malformed requests and lack of authority raise a `Fault` and leave nothing behind. What the rules refuse is recorded.
"""

from coi.actions import recording, together
from coi.actions.attempts import Answer, Recorded, once
from coi.actions.faults import malformed
from coi.actions.office import Office
from coi.actions.requests import Caller, StepRequest
from coi.actions.scans import GivenScan, look_up
from coi.actions.turn import Turn, attempt_of, case_of, deciding_time, scene_of
from coi.journey.entry import Tense
from coi.journey.rules import decide, is_about_nothing, outcome_of
from coi.journey.steps import STEPS, StepKind

__all__ = ["Caller", "GivenScan", "StepRequest", "Tense", "take"]


def take(office: Office, request: StepRequest, *, caller: Caller, route: str = "steps") -> Answer:
    """Take one step for `caller` and return what is answered: 201, 200 (replay), 409, or 422 with findings.

    Raises Fault for what is malformed (400, 422 for a code that is none), not permitted (403) or not there (404).
    """
    row = STEPS.get(request.kind)
    if row is None or row.route != route:
        elsewhere = f" It is taken through /{row.route}." if row and row.route != "system" else ""
        raise malformed("step.kind", f"There is no such step to take here.{elsewhere} See /step-kinds.",
                        {"kind": ["Expected one of the kinds in /step-kinds."]})  # fmt: skip
    return once(office, attempt=request.id, person=caller.person, digest=request.digest,
                work=lambda desk: _work(Turn(office, request, row, caller, desk)))  # fmt: skip


def _work(turn: Turn) -> Recorded:
    request = turn.request
    _check_form(request, turn.row, turn.caller)
    at = deciding_time(turn)
    looked = look_up(turn.desk.conn, request.scans, office=turn.office, person=turn.caller.person,
                     sites=frozenset(turn.caller.grants), subject=request.id, adopts=turn.row.adopts)  # fmt: skip
    if turn.row.every_therapy:
        return together.record(turn, looked, at=at)
    scene = scene_of(turn, looked)
    attempt, sealing = attempt_of(turn, scene, looked)
    case = case_of(turn, scene, attempt, at=at)
    verdict = decide(case)
    outcome = outcome_of(case, verdict)
    if is_about_nothing(case, outcome):
        raise malformed("step.therapy", "Name the therapy, or scan something that belongs to one.",
                        {"therapy": ["It follows from none of the scans."]})  # fmt: skip
    return recording.record(turn.office, turn.desk, recording.Recording(
        case=case, verdict=verdict, outcome=outcome, streams=scene.streams, looked=looked, note=request.note,
        sealing=sealing, file=request.file,
    ))  # fmt: skip


def _check_form(request: StepRequest, row: StepKind, caller: Caller) -> None:
    """Refuse what the row does not allow in form: the tense, the number of scans by role, who performed."""
    faults: dict[str, list[str]] = {}
    if request.tense is Tense.REPORTED and not row.reported_by:
        faults["tense"] = [f"{row.title} can never be reported afterwards; it has to be asked for."]
    if row.reason and request.reason is None:
        faults["reason"] = ["This step needs a coded reason from the pathway's list."]
    if request.tense is Tense.ASKED and set(request.performed_by) - {caller.person}:
        faults["performed_by"] = ["A step that is asked for is performed by the one who asks."]
    faults |= _scan_faults(request, row)
    if faults:
        raise malformed("step.malformed", next(iter(faults.values()))[0], faults)


def _scan_faults(request: StepRequest, row: StepKind) -> dict[str, list[str]]:
    wanted = {wish.role.value: wish for wish in row.scans}
    faults = {}
    for role in {scan.role for scan in request.scans} - wanted.keys():
        faults["scans"] = [f"This step takes no scan in the role '{role}'; it takes {', '.join(wanted) or 'none'}."]
    for role, wish in wanted.items():
        count = sum(scan.role == role for scan in request.scans)
        if not wish.minimum <= count <= wish.maximum:
            faults["scans"] = [
                f"Got {count} scan(s) of a {role}, expected {wish.minimum} to {wish.maximum}: {wish.text}"
            ]
    if row.one_of and not any(scan.role in row.one_of for scan in request.scans):
        faults["scans"] = [f"Scan at least one of these: {', '.join(row.one_of)}."]
    return faults
