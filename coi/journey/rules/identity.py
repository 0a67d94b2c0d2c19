"""Identity rules: is this the right patient's, the right dose's, and is it what its label says?

Messages name subjects by our ids only; a container of another therapy is called just that.
"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.steps import Family, Purpose, State
from coi.journey.therapy import Label

_ID = Family.IDENTITY
_DOSE_STEPS = frozenset({"thaw.started", "infusion.checked", "infusion.started"})
_TEXT_ONLY = frozenset({"seal", "location", "document"})


def codes_are_known(case: Case) -> Iterator[Problem]:
    """Every scanned code names something we know: a patient, a label, a container, a shipper."""
    for scan in case.attempt.scans:
        first_seen = scan.type == "unlisted" and case.kind == "shipper.charged"  # charging makes a shipper known
        if scan.subject is None and scan.role not in _TEXT_ONLY and not first_seen:
            yield Problem(
                _ID,
                f"The scanned {scan.role} is not known here. Check that it is the right one.",
                "a code that names nothing of ours, or several patients",
                f"the {scan.role} of this therapy",
            )


def scans_fit_their_roles(case: Case) -> Iterator[Problem]:
    """A wristband is scanned as a wristband, a bag as a container: no code is taken for another."""
    fitting = {
        "wristband": {"patient"},
        "container": {"container"},
        "label": {"label"},
        "shipper": {"shipper"},
        "location": {"location"},
        "seal": {"seal"},
        "document": {"document"},
    }
    for scan in case.attempt.scans:
        if scan.subject is not None and scan.type not in fitting[scan.role]:
            yield Problem(
                _ID,
                f"A {scan.type} was scanned where the {scan.role} is asked for.",
                f"{scan.type} {scan.subject}",
                f"a {scan.role}",
            )


def container_is_this_therapys(case: Case) -> Iterator[Problem]:
    """Every scanned container and label belongs to the therapy of the step."""
    for scan in case.attempt.scans:
        foreign = scan.therapy is not None and (case.therapy is None or scan.therapy != case.therapy.coi)
        if scan.type in ("container", "label") and foreign:
            yield Problem(
                _ID,
                "The scanned container belongs to another therapy. Put it back and find out why it is here.",
                f"{scan.type} {scan.subject} of another therapy",
                f"a container of {case.therapy.coi if case.therapy else 'this therapy'}",
            )


def named_containers_are_this_therapys(case: Case) -> Iterator[Problem]:
    """Containers named in the values instead of scanned belong to the therapy too."""
    named = case.attempt.values.get("containers", ())
    one = case.attempt.values.get("container")
    for id_ in (*named, *([one] if one else [])):
        if case.therapy is not None and id_ not in case.therapy.containers:
            yield Problem(
                _ID, f"Container {id_} is not one of this therapy's.", id_, f"a container of {case.therapy.coi}"
            )


def label_is_current(case: Case) -> Iterator[Problem]:
    """A container is read by the label that is in force on it: applied, not voided; a superseded copy is a caution."""
    if case.therapy is None:
        return
    for scan in case.attempt.scans:
        label = case.therapy.labels.get(scan.label or "")
        applying = scan.role == "label" and case.kind in ("label.applied", "label.voided")
        if label is not None and not applying:
            yield from _label_problem(case, label)


def _label_problem(case: Case, label: Label) -> Iterator[Problem]:
    live = case.therapy.live_label(label.container) if case.therapy else None
    live_serial = live.serial if live and live.state == "applied" else "a label that was issued and applied"
    about = (label.container,)
    if label.state == "voided":
        yield Problem(
            _ID,
            f"Label {label.serial} was voided; the label in force is {live_serial}.",
            f"voided label {label.serial}",
            live_serial,
            about,
        )
    elif label.state == "issued":
        yield Problem(
            _ID,
            f"Label {label.serial} was issued but never scanned back from its container.",
            f"label {label.serial}, not applied",
            live_serial,
            about,
        )
    elif label.state == "superseded":
        yield Problem(
            _ID,
            f"Label {label.serial} is an older copy still on the container; {live_serial} replaced it.",
            f"superseded label {label.serial}",
            live_serial,
            about,
            Severity.CAUTION,
        )


def label_is_this_containers(case: Case) -> Iterator[Problem]:
    """A label is applied to the container it was issued for, and to no other bag."""
    if case.kind != "label.applied" or case.therapy is None:
        return
    for scan in case.attempt.scanned("label"):
        label = case.therapy.labels.get(scan.label or "")
        if label is None:
            continue
        if label.state not in ("issued", "applied"):
            yield Problem(
                _ID,
                f"Label {label.serial} was {label.state} and cannot be applied; issue a new one.",
                f"{label.state} label {label.serial}",
                "an issued label",
                (label.container,),
            )
        yield from _other_container(case, label)


def _other_container(case: Case, label: Label) -> Iterator[Problem]:
    meant = [scan.subject for scan in case.attempt.scanned("container")]
    named = case.attempt.values.get("container")
    for other in (*meant, *([named] if named else [])):
        if other is not None and other != label.container:
            yield Problem(
                _ID,
                "This label was issued for another container. Take it off and apply it to its own.",
                f"label {label.serial} of container {label.container}",
                f"a label of container {other}",
                (label.container,),
            )


def wristband_is_this_patients(case: Case) -> Iterator[Problem]:
    """The scanned wristband is the wristband of the therapy's patient."""
    for scan in case.attempt.scanned("wristband"):
        if case.therapy is not None and scan.type == "patient" and scan.subject != case.therapy.patient:
            yield Problem(
                _ID,
                "The wristband belongs to another patient. Stop and check who is in front of you.",
                f"patient {scan.subject}",
                f"patient {case.therapy.patient}",
                tuple(container.id for container in case.containers),
            )


def purpose_fits_the_step(case: Case) -> Iterator[Problem]:
    """A container is used only for what it was planned for: no sample is infused, no dose is a starting material."""
    allowed = case.row.purposes
    for container in case.containers:
        if allowed is not None and container.purpose not in allowed:
            yield Problem(
                _ID,
                f"Container {container.id} is meant as {_words(container.purpose)}; this step does not take that.",
                _words(container.purpose),
                " or ".join(sorted(_words(p) for p in allowed)),
                (container.id,),
            )


def _words(purpose: Purpose) -> str:
    return purpose.value.replace("_", " ")


def dose_is_the_one_due(case: Case) -> Iterator[Problem]:
    """Doses are thawed, checked and infused in the order of the plan, and as the order says."""
    if case.kind not in _DOSE_STEPS or case.therapy is None:
        return
    due = case.therapy.due_dose()
    ordered = case.attempt.values.get("dose")
    for container in case.containers:
        if container.purpose is not Purpose.DOSE or container.state is State.INFUSED:
            continue
        for expected, why in ((due, "that is due"), (ordered, "that was ordered")):
            if expected is not None and container.dose != expected:
                yield Problem(
                    _ID,
                    f"Container {container.id} is dose {container.dose}; the dose {why} is {expected}.",
                    f"dose {container.dose}",
                    f"dose {expected}",
                    (container.id,),
                )


def seals_are_those_of_dispatch(case: Case) -> Iterator[Problem]:
    """The seals on the shipper are the seals that were recorded when it was sent."""
    scanned = {scan.subject for scan in case.attempt.scanned("seal")}
    if case.shipper is None or case.kind == "shipper.sealed" or not scanned:
        return
    if scanned != set(case.shipper.seals):
        yield Problem(
            _ID,
            "The seal is not the one that was recorded when the shipper was sealed.",
            f"{len(scanned)} seal(s) {_seals(scanned)}",
            f"{_seals(set(case.shipper.seals))}",
            tuple(case.shipper.contents),
            holds=True,
        )


def _seals(tokens: set[str | None]) -> str:
    return ", ".join(sorted(token or "unknown" for token in tokens)) or "no seal recorded"


def shipper_holds_one_therapy(case: Case) -> Iterator[Problem]:
    """Two therapies never travel in one shipper."""
    if case.kind != "shipment.packed" or case.shipper is None or case.therapy is None:
        return
    others = {coi for coi in case.shipper.contents.values() if coi != case.therapy.coi}
    if others:
        yield Problem(
            _ID,
            "The shipper already holds containers of another therapy. Use another shipper.",
            f"shipper {case.shipper.id} with another therapy inside",
            "an empty shipper or one of this therapy",
        )


def lot_is_the_one_started(case: Case) -> Iterator[Problem]:
    """What goes into a lot was scanned when that lot was started."""
    named = case.attempt.values.get("lot")
    if case.kind != "containers.transformed" or case.therapy is None:
        return
    if named is not None and named not in case.therapy.lots:
        yield Problem(_ID, f"Lot {named} is not one of this therapy's.", named, f"a lot of {case.therapy.coi}")
    for container in case.inputs:
        if named is not None and container.lot not in (None, named):
            yield Problem(
                _ID,
                f"Container {container.id} went into lot {container.lot}, not into this one.",
                f"lot {container.lot}",
                f"lot {named}",
                (container.id,),
            )


RULES = (
    codes_are_known,
    scans_fit_their_roles,
    container_is_this_therapys,
    named_containers_are_this_therapys,
    label_is_current,
    label_is_this_containers,
    wristband_is_this_patients,
    purpose_fits_the_step,
    dose_is_the_one_due,
    seals_are_those_of_dispatch,
    shipper_holds_one_therapy,
    lot_is_the_one_started,
)
