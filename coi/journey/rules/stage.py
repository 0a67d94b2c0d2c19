"""Stage rules: has everything happened that must come before?"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.derive import lot_of
from coi.journey.steps import Family, Purpose, State

_STAGE = Family.STAGE
SAVING = frozenset(
    {
        "handoff.offered",
        "handoff.accepted",
        "handoff.refused",
        "handoff.cancelled",
        "shipment.unpacked",
        "shipment.inspected",
        "container.stored",
        "container.retrieved",
        "container.discarded",
        "hold.placed",
        "hold.lifted",
        "label.voided",
        "shipper.charged",
        "shipper.sealed",
        "entry.annulled",
        "entry.replaced",
    }
)  # what may always be done, also when a therapy has ended
_OUT_OF_SHIPPER = frozenset(
    {
        "lot.started",
        "containers.transformed",
        "sample.taken",
        "thaw.started",
        "infusion.checked",
        "infusion.started",
        "shipment.packed",
    }
)
_GIVES_A_DOSE = frozenset({"thaw.started", "infusion.checked", "infusion.started"})
_KEPT_SAMPLES = frozenset({Purpose.QC_SAMPLE, Purpose.RETENTION})


def therapy_is_open(case: Case) -> Iterator[Problem]:
    """A therapy that was closed goes no further; its cells can still be saved."""
    if case.therapy is not None and case.therapy.closed and case.kind not in SAVING:
        yield Problem(
            _STAGE, f"The therapy was closed as {case.therapy.closed}.", "a closed therapy", "an open therapy"
        )


def step_belongs_to_the_pathway(case: Case) -> Iterator[Problem]:
    """The pathway of the therapy has this step."""
    if case.pathway is not None and not case.row.always and not case.pathway.has_step(case.kind):
        yield Problem(
            _STAGE,
            f"The pathway {case.pathway.name} has no step '{case.row.title}'.",
            case.kind,
            f"a step of {case.pathway.name}",
        )


def container_state_allows(case: Case) -> Iterator[Problem]:
    """Each container is in a state from which the step can be taken."""
    allowed = case.row.states
    for container in case.containers:
        if allowed is not None and container.state not in allowed:
            expected = " or ".join(sorted(allowed))
            yield Problem(
                _STAGE,
                f"Container {container.id} is {container.state}; this step needs it {expected}.",
                container.state.value,
                expected,
                (container.id,),
            )


def what_has_to_be_scanned_was_scanned(case: Case) -> Iterator[Problem]:
    """Each role that the step asks for was scanned, as often as it has to be and not more often."""
    for wish in case.row.scans:
        count = len(case.attempt.scanned(wish.role))
        if not wish.minimum <= count <= wish.maximum:
            yield Problem(
                _STAGE,
                f"Got {count} scan(s) of a {wish.role}. {wish.text}",
                f"{count} scans of a {wish.role}",
                f"{wish.minimum} to {wish.maximum}",
            )
    if case.row.one_of and not any(case.attempt.scanned(role) for role in case.row.one_of):
        roles = " or ".join(case.row.one_of)
        yield Problem(_STAGE, f"Nothing was scanned; scan a {roles}.", "no scan", f"a {roles}")


def something_is_acted_on(case: Case) -> Iterator[Problem]:
    """A hold, a release or an offer names at least one container of the therapy, else it would say nothing."""
    named = case.kind in (
        "hold.placed",
        "hold.lifted",
        "containers.released",
        "release.refused",
        "release.revoked",
        "handoff.offered",
    )
    if named and case.therapy is not None and not case.containers:
        yield Problem(
            _STAGE,
            "No container of this therapy was named, so nothing would change.",
            "no container",
            "at least one container",
        )


def patient_was_verified(case: Case) -> Iterator[Problem]:
    """A collection starts after the patient was verified against the wristband."""
    if case.kind == "collection.started" and case.therapy is not None and case.therapy.verified is None:
        yield Problem(
            _STAGE,
            "The patient has not been verified yet; scan the wristband first.",
            "no verification",
            "patient.verified before collection.started",
        )


def collection_is_under_way(case: Case) -> Iterator[Problem]:
    """A collection is completed once it was started, and not started twice at a time."""
    if case.therapy is None:
        return
    if case.kind == "collection.completed" and case.therapy.donation is None:
        yield Problem(_STAGE, "No collection is under way; start it first.", "no open collection", "an open collection")
    if case.kind == "collection.started" and case.therapy.donation is not None:
        yield Problem(
            _STAGE,
            "A collection is under way already; complete it first.",
            f"open donation {case.therapy.donation}",
            "no open collection",
        )


def shipper_is_ready(case: Case) -> Iterator[Problem]:
    """Containers are packed into a charged, open shipper; a seal goes on a shipper with something inside."""
    shipper = case.shipper
    if shipper is None:
        return
    if case.kind == "shipment.packed" and shipper.state == "sealed":
        yield Problem(
            _STAGE, f"Shipper {shipper.id} is sealed; it has to be opened first.", "sealed", "charged or opened"
        )
    if case.kind == "shipment.packed" and shipper.charged_at is None:
        yield Problem(_STAGE, f"Shipper {shipper.id} was not charged.", "not charged", "charged")
    if case.kind == "shipper.sealed" and not shipper.contents:
        yield Problem(
            _STAGE, f"Shipper {shipper.id} is empty; there is nothing to seal in.", "empty", "packed containers"
        )


def container_is_out_of_the_shipper(case: Case) -> Iterator[Problem]:
    """A container is worked on after its shipper was unpacked."""
    for container in case.containers:
        if case.kind in _OUT_OF_SHIPPER and container.place.kind == "shipper":
            inside = f"shipper {container.place.id}" if container.place.id else "an unknown shipper"
            yield Problem(
                _STAGE,
                f"Container {container.id} is still inside {inside}; unpack it first.",
                f"inside {inside}",
                "unpacked",
                (container.id,),
            )


def product_was_thawed(case: Case) -> Iterator[Problem]:
    """On a pathway with a thaw nothing frozen is infused."""
    if case.kind != "infusion.started" or case.pathway is None or not case.pathway.needs_thaw:
        return
    for container in case.containers:
        if container.state is State.FILLED:
            yield Problem(
                _STAGE,
                f"Container {container.id} has not been thawed.",
                container.state.value,
                State.THAWING.value,
                (container.id,),
            )


def no_dose_was_skipped(case: Case) -> Iterator[Problem]:
    """A dose of the plan that can never be given any more is noticed before the next one is."""
    if case.kind not in _GIVES_A_DOSE or case.therapy is None or case.pathway is None:
        return
    doses = case.therapy.of_purpose(Purpose.DOSE)
    given = {c.dose for c in doses if c.state in (State.INFUSED, State.INFUSING)}
    for container in case.containers:
        skipped = [d.number for d in case.pathway.doses if d.number < (container.dose or 0) and d.number not in given]
        if skipped and container.purpose is Purpose.DOSE and container.dose == case.therapy.due_dose():
            numbers = ", ".join(map(str, skipped))
            yield Problem(
                _STAGE,
                f"Container {container.id} is dose {container.dose}; dose {numbers} was never given.",
                f"dose {container.dose} first",
                f"dose {skipped[0]} first",
                (container.id,),
                Severity.CAUTION,
            )


def outputs_are_ready(case: Case) -> Iterator[Problem]:
    """What comes out goes into containers that were planned, labelled and scanned back; something goes in."""
    if case.kind not in ("containers.transformed", "sample.taken"):
        return
    if case.kind == "containers.transformed" and not (case.inputs and case.outputs):
        yield Problem(
            _STAGE,
            "Scan at least one container that goes in and the label of one that comes out.",
            f"{len(case.inputs)} in, {len(case.outputs)} out",
            "at least one each",
        )
    for container in case.inputs:
        if container.state is not State.FILLED:
            yield Problem(
                _STAGE,
                f"Container {container.id} is {container.state} and cannot go in.",
                container.state.value,
                State.FILLED.value,
                (container.id,),
            )
    for container in case.outputs:
        if container.state is not State.LABELLED:
            yield Problem(
                _STAGE,
                f"Container {container.id} is {container.state}; it must be labelled and empty.",
                container.state.value,
                State.LABELLED.value,
                (container.id,),
            )


def lot_was_started(case: Case) -> Iterator[Problem]:
    """Containers are transformed within a lot that was started with them."""
    if case.kind == "containers.transformed" and case.therapy is not None and lot_of(case) not in case.therapy.lots:
        yield Problem(_STAGE, "No lot was started with these containers; start it first.", "no open lot", "lot.started")


def nothing_living_is_left(case: Case) -> Iterator[Problem]:
    """A therapy is closed when every container with cells in it has come to an end."""
    if case.kind != "therapy.closed" or case.therapy is None:
        return
    left = tuple(c.id for c in case.therapy.containers.values() if c.living and c.purpose not in _KEPT_SAMPLES)
    if left:
        yield Problem(
            _STAGE,
            f"{len(left)} container(s) still hold cells: {', '.join(left)}. Infuse, discard or use them first.",
            f"{len(left)} living containers",
            "none",
            left,
        )


def plan_fits_the_therapy(case: Case) -> Iterator[Problem]:
    """A dose container belongs to a dose of the pathway's plan."""
    if case.kind != "container.planned" or case.pathway is None:
        return
    dose = case.attempt.values.get("dose")
    numbers = [planned.number for planned in case.pathway.doses]
    if dose is not None and (case.attempt.values.get("purpose") != Purpose.DOSE or dose not in numbers):
        yield Problem(
            _STAGE,
            f"The pathway has no dose {dose} for this purpose.",
            f"dose {dose}",
            f"one of {', '.join(map(str, numbers))} with purpose dose",
        )


RULES = (
    therapy_is_open,
    step_belongs_to_the_pathway,
    container_state_allows,
    what_has_to_be_scanned_was_scanned,
    something_is_acted_on,
    patient_was_verified,
    collection_is_under_way,
    shipper_is_ready,
    container_is_out_of_the_shipper,
    product_was_thawed,
    no_dose_was_skipped,
    outputs_are_ready,
    lot_was_started,
    nothing_living_is_left,
    plan_fits_the_therapy,
)
