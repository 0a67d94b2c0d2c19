"""Stage rules: has everything happened that must come before?"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.derive import lot_of, open_lots
from coi.journey.steps import Family, Purpose, State

_STAGE = Family.STAGE
_OUT_OF_SHIPPER = frozenset(
    {
        "lot.started",
        "containers.transformed",
        "sample.taken",
        "thaw.started",
        "infusion.checked",
        "infusion.started",
        "shipment.packed",
        "contents.transferred",
    }
)
_CAUTION = Severity.CAUTION


def therapy_is_open(case: Case) -> Iterator[Problem]:
    """A therapy that was closed goes no further; its cells can still be saved."""
    if case.therapy is not None and case.therapy.closed and not case.row.after_end:
        yield Problem(
            _STAGE, f"The therapy was closed as {case.therapy.closed}.", "a closed therapy", "an open therapy"
        )


def therapy_is_not_postponed(case: Case) -> Iterator[Problem]:
    """While a therapy is postponed nothing brings it on; only a postponed therapy is resumed."""
    if case.therapy is None:
        return
    if case.row.forward and case.therapy.postponed:
        yield Problem(
            _STAGE,
            f"The therapy is postponed ({case.therapy.postponed}); resume it first.",
            "a postponed therapy",
            "a therapy that goes on",
        )
    if case.kind == "therapy.resumed" and not case.therapy.postponed:
        yield Problem(_STAGE, "The therapy is not postponed.", "a therapy that goes on", "a postponed therapy")


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
        "shipment.transferred",
    )
    if named and case.therapy is not None and not case.containers:
        yield Problem(
            _STAGE,
            "No container of this therapy was named, so nothing would change.",
            "no container",
            "at least one container",
        )


def shipper_is_ready(case: Case) -> Iterator[Problem]:
    """Containers go into a charged, open shipper; a seal goes on a shipper with something inside."""
    goes_in = {"shipment.packed": case.shipper, "shipment.transferred": case.other_shipper}.get(case.kind)
    if goes_in is not None and goes_in.state in ("sealed", "returned"):
        yield Problem(
            _STAGE, f"Shipper {goes_in.id} is {goes_in.state}; it has to be opened first.", goes_in.state, "charged"
        )
    if goes_in is not None and goes_in.charged_at is None:
        yield Problem(_STAGE, f"Shipper {goes_in.id} was not charged.", "not charged", "charged")
    shipper = case.shipper
    if shipper is not None and not shipper.contents and case.kind in ("shipper.sealed", "seal.replaced"):
        yield Problem(_STAGE, f"Shipper {shipper.id} is empty; there is nothing to seal in.", "empty", "packed")
    if shipper is not None and shipper.contents and case.kind == "shipper.returned":
        yield Problem(
            _STAGE,
            f"Shipper {shipper.id} is not empty; unpack it, or turn the shipment back with its contents.",
            f"{len(shipper.contents)} containers inside",
            "an empty shipper",
        )


def logger_is_the_one_running(case: Case) -> Iterator[Problem]:
    """The logger that is stopped is the one that was started; one logger runs at a time."""
    running = case.shipper.logger if case.shipper else None
    if case.kind == "logger.started" and running is not None:
        yield Problem(_STAGE, "A logger is running in this shipper already.", "a second logger", "one", (), _CAUTION)
    if case.kind == "logger.stopped" and running != case.attempt.values.get("logger"):
        yield Problem(
            Family.TEMPERATURE,
            "This is not the logger that was started in this shipper; what it shows proves nothing.",
            "another logger" if running else "no logger that was started",
            "the logger that was started",
            _inside(case),
            _CAUTION,
            holds=True,
        )


def _inside(case: Case) -> tuple[str, ...]:
    ids = case.shipper.contents if case.shipper else ()
    return tuple(id_ for id_ in ids if case.therapy and id_ in case.therapy.containers)


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


def outputs_are_ready(case: Case) -> Iterator[Problem]:
    """What comes out goes into containers that were planned, labelled and scanned back; something goes in."""
    if case.kind not in ("containers.transformed", "contents.transferred", "sample.taken"):
        return
    if case.kind == "containers.transformed" and not (case.inputs and case.outputs):
        yield Problem(
            _STAGE,
            "Scan at least one container that goes in and the label of one that comes out.",
            f"{len(case.inputs)} in, {len(case.outputs)} out",
            "at least one each",
        )
    for container in case.inputs:
        if container.state is not State.FILLED and case.kind != "contents.transferred":
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


def lot_is_open(case: Case) -> Iterator[Problem]:
    """Nothing is made in, or released from, a terminated lot; what is to be terminated is named when several run."""
    if case.therapy is None:
        return
    if case.kind == "lot.terminated" and len(open_lots(case)) != 1:
        yield Problem(
            _STAGE, "Name the lot to terminate.", f"{len(open_lots(case))} open lots", "one lot, named in values.lot"
        )
    meant = {"lot.terminated", "containers.transformed"} & {case.kind} and [
        case.attempt.values.get("lot") or lot_of(case)
    ]
    if case.kind == "containers.released":
        meant = [container.lot for container in case.containers]
    for lot in [case.therapy.lots[id_] for id_ in dict.fromkeys(meant) if id_ in case.therapy.lots]:
        if lot.terminated is not None:
            yield Problem(
                _STAGE, f"Lot {lot.id} was terminated ({lot.terminated}).", "a terminated lot", "a lot that goes on"
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
    therapy_is_not_postponed,
    step_belongs_to_the_pathway,
    container_state_allows,
    what_has_to_be_scanned_was_scanned,
    something_is_acted_on,
    shipper_is_ready,
    logger_is_the_one_running,
    container_is_out_of_the_shipper,
    outputs_are_ready,
    lot_was_started,
    lot_is_open,
    plan_fits_the_therapy,
)
