"""The matrix: which field has to be affixed, attached or accompanying at which stage, and what a label lacks.

* A field that may be in several places has to be in one of them; only what has no other place is asked of the label
  at hand. The rest is told, so that somebody can see to it: `attached` and `accompanying` of `asked`.
* The patient's eye-readable identifiers are chosen by country and market. A trial's label shows the subject's number
  and nothing else of the patient; a blinded one shows nothing that tells the arm.
* A template that the law does not name carries no label: where it stands and what it shows would be a guess.

What the fields hold is filled in by who prints. Nothing here knows a patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from labels.content import LabelError
from labels.law import MARKETS, STAGES, Carrier, Duty, Identifiers, Law

ARM: Final = ("arm", "strength", "component")  # fields that would tell the arm of a blinded trial
_ROOM: Final = {"two": 2, "one": 1, "none": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a template: at which stage, in which country, for which market and relation, blinded or not."""

    template: str
    stage: str
    country: str | None
    market: str
    relation: str
    blinded: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked at a use: of the label itself (`here`), and of what is attached to it or accompanies it.

    `patient` are the identifiers that the label shows, `hidden` the fields that it must not show.
    """

    here: tuple[Duty, ...]
    attached: tuple[Duty, ...]
    accompanying: tuple[Duty, ...]
    patient: tuple[str, ...]
    hidden: tuple[str, ...]
    unverified: bool


def carrier_of(law: Law, template: str) -> Carrier:
    """Return what the law says of a template. Raises LabelError for one that it does not name."""
    if template not in law.carriers:
        raise LabelError(f"The label law {law.name} does not name the template {template!r}; expected one of "
                         f"{', '.join(sorted(law.carriers))}. Add it under [templates].")  # fmt: skip
    return law.carriers[template]


def asked(law: Law, use: Use) -> Asked:
    """Return what is asked at `use`. Raises LabelError for a template, stage or market that the law does not know."""
    carrier, stage = carrier_of(law, use.template), stage_of(law, use)
    duties = [duty for duty in law.duties if _applies(law, duty, use) and stage in duty.stages]
    by_place = {place: tuple(duty for duty in duties if duty.stages[stage] == (place,))
                for place in ("affixed", "attached", "accompanying")}  # fmt: skip
    shown = _identifiers(law, use)
    patient = shown.show[: _ROOM[carrier.patient]] if shown else ()
    either = tuple(duty for duty in duties if len(duty.stages[stage]) > 1)
    return Asked(
        here=by_place[carrier.place], attached=(*by_place["attached"], *either),
        accompanying=(*by_place["accompanying"], *either), patient=patient, hidden=ARM if use.blinded else (),
        unverified=not all(duty.verified for duty in duties) or bool(shown and not shown.verified),
    )  # fmt: skip


def stage_of(law: Law, use: Use) -> str:
    """Return the stage that counts for a template: its own, where it has one. Raises LabelError for one unknown."""
    stage = carrier_of(law, use.template).stage or use.stage
    if stage not in STAGES or use.market not in MARKETS:
        raise LabelError(f"The label is for stage {use.stage!r} and market {use.market!r}, expected one of "
                         f"{', '.join(STAGES)} and one of {', '.join(MARKETS)}.")  # fmt: skip
    return stage


def lacking(law: Law, use: Use, fields: Mapping[str, str | None]) -> tuple[Duty, ...]:
    """Return the duties of the label itself that `fields` (name to text) do not fulfil."""
    return tuple(duty for duty in asked(law, use).here if not (fields.get(duty.name) or "").strip())


def refuse_incomplete(law: Law, use: Use, fields: Mapping[str, str | None]) -> None:
    """Raise LabelError, in one sentence that names the field, when the label lacks one or shows what it must not."""
    wanted = asked(law, use)
    for name in wanted.hidden:
        if (fields.get(name) or "").strip():
            raise LabelError(f"The label shows the field {name!r}, which would tell the arm of a blinded trial; "
                             "nothing was printed.")  # fmt: skip
    for duty in lacking(law, use, fields):
        source = duty.source if duty.verified else f"{duty.source}, not verified"
        raise LabelError(f"The label lacks the {duty.title} (field {duty.name!r}), which has to be on it at stage "
                         f"{stage_of(law, use)!r} in this country ({source}); nothing was printed.")  # fmt: skip


def _applies(law: Law, duty: Duty, use: Use) -> bool:
    here = law.regime(use.country) in duty.regimes
    return here and use.market in duty.markets and use.relation in duty.relations


def _identifiers(law: Law, use: Use) -> Identifiers | None:
    regime = law.regime(use.country)
    return next((row for row in law.identifiers if regime in row.regimes and use.market in row.markets), None)
