"""Stage rules: has everything happened that must come before?"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.derive import lot_of, open_lots, samples_left
from coi.journey.steps import EMPTY, Family, Purpose, State

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


_OF_AN_OPEN_COLLECTION = frozenset(
    {"container.filled", "collection.completed", "collection.paused", "collection.resumed", "collection.aborted"}
)


def collection_is_under_way(case: Case) -> Iterator[Problem]:
    """A collection is filled, paused, ended or aborted once it was started, and not started twice at a time."""
    if case.therapy is None:
        return
    if case.kind in _OF_AN_OPEN_COLLECTION and case.therapy.donation is None:
        yield Problem(_STAGE, "No collection is under way; start it first.", "no open collection", "an open collection")
    if case.kind == "collection.started" and case.therapy.donation is not None:
        yield Problem(
            _STAGE,
            "A collection is under way already; complete it first.",
            f"open donation {case.therapy.donation}",
            "no open collection",
        )


def collection_is_not_paused(case: Case) -> Iterator[Problem]:
    """What was paused is resumed before it goes on, with the wristband scanned again; it is not paused twice."""
    if case.therapy is None or case.therapy.donation is None:
        return
    if case.kind in ("container.filled", "collection.completed", "collection.paused") and case.therapy.paused:
        yield Problem(_STAGE, "The collection is paused; resume it first.", "a paused collection", "one that goes on")
    if case.kind == "collection.resumed" and not case.therapy.paused:
        yield Problem(_STAGE, "The collection is not paused.", "a collection that goes on", "a paused collection")


def collection_has_a_product(case: Case) -> Iterator[Problem]:
    """A completed collection filled something; what ends without a product is aborted."""
    if case.kind != "collection.completed" or case.therapy is None or case.containers:
        return
    if not any(c.donation == case.therapy.donation for c in case.therapy.containers.values() if case.therapy.donation):
        yield Problem(
            _STAGE,
            "Scan the container that was filled; a collection without a product is aborted instead.",
            "no filled container",
            "at least one",
        )


def planned_containers_are_accounted_for(case: Case) -> Iterator[Problem]:
    """At the end of a collection and of the therapy every planned container was filled, or is unused on record."""
    if case.kind not in ("collection.completed", "collection.aborted", "therapy.closed") or case.therapy is None:
        return
    filled = {container.id for container in case.containers}
    left = tuple(c.id for c in case.therapy.containers.values() if c.state in EMPTY and c.id not in filled)
    if left:
        yield Problem(
            Family.COUNT,
            f"{len(left)} planned container(s) were not filled: {', '.join(left)}. Discard them as unused.",
            f"{len(left)} unaccounted",
            "each filled or unused",
            left,
            Severity.CAUTION,
        )


def labels_are_accounted_for(case: Case) -> Iterator[Problem]:
    """At the end of the therapy every label that was issued was applied, superseded or voided."""
    if case.kind != "therapy.closed" or case.therapy is None:
        return
    left = [label.serial for label in case.therapy.labels.values() if label.state == "issued"]
    if left:
        yield Problem(
            Family.COUNT,
            f"{len(left)} issued label(s) were never applied: {', '.join(left)}. Void the ones that were destroyed.",
            f"{len(left)} unaccounted",
            "each applied or voided",
            severity=Severity.CAUTION,
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
    """Nothing is made in a lot that was terminated; what is to be terminated is named when several lots run."""
    if case.therapy is None:
        return
    if case.kind == "lot.terminated" and len(open_lots(case)) != 1:
        yield Problem(
            _STAGE, "Name the lot to terminate.", f"{len(open_lots(case))} open lots", "one lot, named in values.lot"
        )
    if case.kind not in ("lot.terminated", "containers.transformed"):
        return
    lot = case.therapy.lots.get(case.attempt.values.get("lot") or lot_of(case) or "")
    if lot is not None and lot.terminated is not None:
        yield Problem(
            _STAGE, f"Lot {lot.id} was terminated ({lot.terminated}).", "a terminated lot", "a lot that goes on"
        )


def everything_living_has_a_disposition(case: Case) -> Iterator[Problem]:
    """A therapy is closed when the closing says for every container with cells what is to become of it."""
    if case.kind != "therapy.closed" or case.therapy is None:
        return
    spoken = {id_ for name in ("discard", "give_back", "keep") for id_ in case.attempt.values.get(name, ())}
    spoken |= {container.id for container in samples_left(case.therapy)}
    left = tuple(c.id for c in case.therapy.containers.values() if c.living and c.id not in spoken)
    if left:
        yield Problem(
            _STAGE,
            f"{len(left)} container(s) still hold cells: {', '.join(left)}. "
            "Say for each whether it is to be discarded, given back or kept.",
            f"{len(left)} living containers without a disposition",
            "a disposition for each",
            left,
        )


def position_is_free(case: Case) -> Iterator[Problem]:
    """Each stored container has a position of its own."""
    if case.kind != "container.stored":
        return
    locations = [scan.subject for scan in case.attempt.scanned("location")]
    if len(case.containers) != len(set(locations)):
        yield Problem(
            _STAGE,
            "Scan one position for each container, in the same order.",
            f"{len(set(locations))} position(s) for {len(case.containers)} container(s)",
            "as many positions as containers",
        )
    mine = {container.id for container in case.containers}
    for holder in sorted({case.taken[place] for place in locations if place and place in case.taken}):
        if holder not in mine:
            ours = case.therapy is not None and holder in case.therapy.containers
            what = f"container {holder}" if ours else "a container of another therapy"
            yield Problem(_STAGE, f"The position is taken by {what}; scan a free one.", what, "a free position")


def plan_names_a_stage(case: Case) -> Iterator[Problem]:
    """The plan is about a stage of the pathway and says a time or a site."""
    if case.kind != "plan.changed" or case.pathway is None:
        return
    stages = [stage.id for stage in case.pathway.stages]
    stage = case.attempt.values.get("stage", "")
    if stage not in stages:
        yield Problem(_STAGE, f"The pathway has no stage {stage}.", stage, f"one of {', '.join(stages)}")
    if not {"at", "site"} & case.attempt.values.keys():
        yield Problem(_STAGE, "Say when or where it is expected now.", "neither", "a time or a site")


def document_is_new(case: Case) -> Iterator[Problem]:
    """A file is attached to a therapy once; what it supersedes is one of the therapy's documents."""
    if case.kind != "document.attached" or case.therapy is None:
        return
    values = case.attempt.values
    if values.get("sha256") in case.therapy.documents:
        yield Problem(_STAGE, "This file is attached already.", values["sha256"], "a file that is new here")
    older = values.get("supersedes")
    if older is not None and older not in case.therapy.documents:
        yield Problem(_STAGE, "The document to supersede is not one of this therapy's.", older, "one of its documents")
    about = values.get("about")
    if about is not None and about not in case.therapy.kinds:
        yield Problem(_STAGE, "This therapy has no such entry.", f"entry {about}", "an entry of this therapy")


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
    patient_was_verified,
    collection_is_under_way,
    collection_is_not_paused,
    collection_has_a_product,
    planned_containers_are_accounted_for,
    labels_are_accounted_for,
    shipper_is_ready,
    logger_is_the_one_running,
    container_is_out_of_the_shipper,
    outputs_are_ready,
    lot_was_started,
    lot_is_open,
    everything_living_has_a_disposition,
    position_is_free,
    plan_names_a_stage,
    document_is_new,
    plan_fits_the_therapy,
)
