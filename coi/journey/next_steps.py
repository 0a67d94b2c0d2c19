"""What may be done next with a thing that was just scanned: the same rules, asked beforehand.

For every step whose scans take such a thing and that the person may take somewhere, the rules are asked with only this
scan; what other scans and values would add is left to the attempt itself. Families that only a complete attempt can
satisfy are not held against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from coi.journey.attempt import Actor, Attempt, Finding, ResolvedScan, Severity
from coi.journey.authority import acting_for, preferred_organisations
from coi.journey.derive import consider
from coi.journey.entry import Tense
from coi.journey.pathway import Pathway
from coi.journey.rules import decide
from coi.journey.steps import STEPS, ScanRole, StepKind
from coi.journey.therapy import Shipper, Therapy

_ROLE_OF = {
    "patient": "wristband",
    "container": "container",
    "label": "label",
    "shipper": "shipper",
    "location": "location",
    "seal": "seal",
}
_INCOMPLETE = frozenset(
    {
        "what_has_to_be_scanned_was_scanned",
        "outputs_are_ready",
        "something_is_acted_on",
        "correction_has_its_entry",
        "count_is_what_was_sent",
        "label_can_be_voided",
        "lot_was_started",
        "lot_is_open",
        "signed_as_it_must_be",
        "acknowledged_by_its_performer",
        "plan_names_a_stage",
        "one_sided_handoff_is_there",
        "document_is_new",
        "other_labels_speak_for_it",
        "it_lies_where_it_was_stored",
        "position_is_free",
        "everything_living_has_a_disposition",
        "logger_is_the_one_running",
        "label_can_be_superseded",
        "label_can_be_destroyed",
        "label_can_be_returned",
        "destruction_has_a_witness",
        "collection_has_a_product",
        "patient_stated_who_it_is",
        "out_of_specification_was_asked_for",
    }
)


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that could follow: whether it is allowed now, and what speaks for or against it."""

    row: StepKind
    allowed: bool
    findings: tuple[Finding, ...]


def next_steps(
    scan: ResolvedScan | None,
    *,
    actor: Actor,
    therapy: Therapy | None,
    pathway: Pathway | None,
    shipper: Shipper | None,
    at: datetime,
) -> list[NextStep]:
    """Return the steps that `actor` may think of taking with what was scanned, allowed ones first."""
    found = [
        _ask(row, scan, actor=actor, therapy=therapy, pathway=pathway, shipper=shipper, at=at)
        for row in _fitting(scan, pathway, therapy)
        if any(row.who & roles for roles in actor.grants.values())
    ]
    return sorted(found, key=lambda step: not step.allowed)


def _fitting(scan: ResolvedScan | None, pathway: Pathway | None, therapy: Therapy | None) -> Iterator[StepKind]:
    for row in STEPS.values():
        if scan is None:
            wanted = therapy is None or _finds_something(row, therapy)
        else:
            wanted = any(wish.role == _ROLE_OF.get(scan.type) for wish in row.scans)
        belongs = row.always or pathway is None or pathway.has_step(row.kind)
        if row.route == "steps" and wanted and belongs:
            yield row


def _finds_something(row: StepKind, therapy: Therapy) -> bool:
    """Whether the therapy has a container of the state and purpose that the step must be shown, if it must be one."""
    asks = any(wish.role is ScanRole.CONTAINER and wish.minimum for wish in row.scans)
    return not asks or any(
        (row.states is None or container.state in row.states)
        and (row.purposes is None or container.purpose in row.purposes)
        for container in therapy.containers.values()
    )


def _ask(
    row: StepKind,
    scan: ResolvedScan | None,
    *,
    actor: Actor,
    therapy: Therapy | None,
    pathway: Pathway | None,
    shipper: Shipper | None,
    at: datetime,
) -> NextStep:
    as_role = replace(scan, role=_role_for(row, scan)) if scan else None
    held = shipper.custodian.organisation if shipper and shipper.custodian else None
    scanned = [scan.subject] if scan and scan.type == "container" and scan.subject else []
    acting = acting_for(
        row, grants=actor.grants, preferred=preferred_organisations(therapy, scanned=scanned, shipper=held)
    )
    site, role = acting or ("", "")
    attempt = Attempt(
        id="",
        row=row,
        actor=replace(actor, site=site, role=role),
        tense=Tense.ASKED,
        occurred_at=at,
        scans=(as_role,) if as_role else (),
        values=_defaults(row),
    )
    verdict = decide(consider(attempt, therapy=therapy, pathway=pathway, shipper=shipper, at=at))
    telling = tuple(finding for finding in verdict.findings if finding.rule not in _INCOMPLETE)
    allowed = not any(finding.severity is Severity.STOP for finding in telling)
    return NextStep(row, allowed, telling)


def _role_for(row: StepKind, scan: ResolvedScan) -> str:
    if scan.type == "container" and any(wish.role == "label" for wish in row.scans) and row.kind.startswith("label."):
        return "label"
    return _ROLE_OF.get(scan.type, scan.role)


def _defaults(row: StepKind) -> dict[str, object]:
    values = {field.name: field.default for field in row.values if field.default is not None}
    return values | ({"purpose": "starting_material"} if row.kind in ("container.planned", "container.adopted") else {})
