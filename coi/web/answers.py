"""Answers: what the one door answered, made ready for the page - what happened, what was found, what comes next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coi.actions import reads
from coi.actions.attempts import CREATED, REFUSED, REPLAYED, Answer
from coi.actions.faults import Fault
from coi.web import here
from coi.web.patients import named_in, patient_of
from coi.web.stages import near, reached

_WEIGHT = {"stop": 0, "caution": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer as a page shows it. `tone` is done, refused or clash."""

    status: int
    tone: str
    body: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]

    @property
    def again(self) -> bool:
        """Tell whether this is the stored answer to something that was sent before."""
        return self.status == REPLAYED

    @property
    def therapy(self) -> str | None:
        """Return the therapy of what was recorded."""
        entry: Mapping[str, Any] = self.body.get("entry") or {}
        return entry.get("therapy") or self.body.get("therapy")


def outcome_of(answer: Answer) -> Outcome:
    """Return what `answer` says, the findings that stop first."""
    body = json.loads(answer.body)
    findings = sorted(body.get("findings", ()), key=lambda finding: _WEIGHT[finding["severity"]])
    tones = {CREATED: "done", REPLAYED: "done", REFUSED: "refused"}
    return Outcome(answer.status, tones.get(answer.status, "clash"), body, findings)


@dataclass(frozen=True, slots=True)
class Onward:
    """Where the therapy stands after a step: what may come next, and who its patient is for those who may know."""

    next: Sequence[Mapping[str, Any]] = ()
    people: Mapping[str, str] = field(default_factory=dict)


def onward(coi: str | None) -> Onward:
    """Return where the therapy stands; nothing when it is not the person's to see."""
    if coi is None:
        return Onward()
    office, caller = here.office(), here.caller()
    try:
        shown = reads.therapy(office, coi, caller=caller)
        entries = reads.entries(office, coi, caller=caller)["items"]
    except Fault:  # a courier who has handed everything over may be no party any more
        return Onward()
    stages = shown["pathway"]["stages"]
    likely = near(stages, reached(stages, entries))
    allowed = [step for step in shown["next"] if step["allowed"] and step["kind"] in likely]
    return Onward(allowed, named_in(shown["patient"], patient_of(coi, site=shown["site"])))
