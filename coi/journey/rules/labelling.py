"""Labelling rules: is the thing read by the label that is in force on it, and may this label be made or used?"""

from collections.abc import Iterator

from coi.journey.accounting import GONE, copies
from coi.journey.attempt import Case, Problem, ResolvedScan, Severity
from coi.journey.derive import label_serial
from coi.journey.steps import Family, State
from coi.journey.therapy import Label

_ID = Family.IDENTITY
_STAGE = Family.STAGE
_ABOUT_A_LABEL = frozenset({"label.applied", "label.voided", "label.superseded", "label.destroyed", "label.returned"})
_ON_THE_CONTAINER = frozenset({"issued", "applied", "superseded"})  # or on its way there
_LEAVES = frozenset({"shipment.packed", "handoff.offered"})
_OTHER_LABELS = frozenset({"cassette", "certificate"})


def label_is_current(case: Case) -> Iterator[Problem]:
    """A container is read by the label in force on it: applied and not out of use; a superseded copy is a caution."""
    if case.therapy is None:
        return
    for scan in case.attempt.scans:
        label = case.therapy.labels.get(scan.label or "")
        applying = scan.role == "label" and case.kind in _ABOUT_A_LABEL
        if label is not None and not applying:
            yield from _label_problem(case, label)


def _label_problem(case: Case, label: Label) -> Iterator[Problem]:
    live_serial = _in_force(case, label) or "a label that was issued and applied"
    about = (label.container,)
    if label.state in GONE:
        yield Problem(
            _ID,
            f"Label {label.serial} was {label.state}; the label in force is {live_serial}.",
            f"{label.state} label {label.serial}",
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


def _in_force(case: Case, label: Label) -> str | None:
    """Return the serial of the label that is applied to the same container, or None."""
    live = case.therapy.live_label(label.container) if case.therapy else None
    return live.serial if live and live.state == "applied" else None


def number_is_of_a_label_in_force(case: Case) -> Iterator[Problem]:
    """A container told by its own number has a label in force, and none that was voided and shows the same number."""
    for scan in case.attempt.scanned("container"):
        container = case.therapy.containers.get(scan.subject or "") if case.therapy else None
        if case.therapy is None or container is None or scan.label or container.state is State.PLANNED:
            continue
        own = [label for label in case.therapy.labels.values() if label.container == container.id]
        live = [label.serial for label in own if label.state == "applied"]
        voided = [label.serial for label in own if label.state == "voided"]  # what was destroyed shows nothing
        if not live or voided:
            yield Problem(
                _ID,
                f"Container {container.id} was told by its number, "
                + (f"which stands on the voided label {voided[-1]} too" if voided else "and no label is in force on it")
                + "; scan the label in force.",
                f"the number {container.id}",
                f"label {live[-1]}" if live else "a label that was issued and applied",
                (container.id,),
                None if _ID in case.row.stops else Severity.INFO,
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
            live = _in_force(case, label)
            yield Problem(
                _ID,
                f"Label {label.serial} was {label.state} and cannot be applied; "
                + (f"the label in force is {live}." if live else "issue a new one."),
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


def label_is_needed(case: Case) -> Iterator[Problem]:
    """A label is printed for a place that has had none yet; whatever became of that, another takes a coded reason."""
    if case.kind != "label.issued" or case.therapy is None:
        return
    values = case.attempt.values
    earlier = copies(case.therapy, container=values.get("container"), position=values.get("position"))
    if earlier and case.attempt.reason is None:
        yield Problem(
            _STAGE,
            f"Label {earlier[-1].serial} was issued for this place; another copy needs a coded reason.",
            "no reason",
            "a reason for the reprint",
            tuple(c.id for c in case.containers),
        )


def label_can_be_voided(case: Case) -> Iterator[Problem]:
    """A label is voided once, with the old copy scanned or declared destroyed."""
    if case.kind != "label.voided" or case.therapy is None:
        return
    scanned: tuple[ResolvedScan, ...] = case.attempt.scanned("label")
    serial = scanned[0].label if scanned else case.attempt.values.get("label")
    label = case.therapy.labels.get(serial or "")
    if label is None or label.state not in _ON_THE_CONTAINER:
        yield Problem(
            _STAGE,
            "There is no such label to void.",
            "no label of this therapy in force",
            "an issued, applied or superseded label",
        )
    elif not scanned and not case.attempt.values.get("destroyed"):
        yield Problem(_STAGE, "Scan the old copy or declare it destroyed.", "neither", "a scan or destroyed = true")


def label_can_be_superseded(case: Case) -> Iterator[Problem]:
    """A label that stays on its container is superseded in its place while it is in force there."""
    if case.kind != "label.superseded" or case.therapy is None:
        return
    label = case.therapy.labels.get(label_serial(case.attempt) or "")
    if label is None or label.state != "applied":
        yield Problem(
            _STAGE, "There is no such label in force.", label.state if label else "no label", "an applied label"
        )


def other_labels_speak_for_it(case: Case) -> Iterator[Problem]:
    """A container is re-identified by its own cassette and certificate, both in force."""
    if case.kind != "container.reidentified" or case.therapy is None:
        return
    named = case.attempt.values.get("container", "")
    found = [case.therapy.labels.get(scan.label or "") for scan in case.attempt.scanned("label")]
    for label in found:
        if label is None or label.container != named:
            yield Problem(
                _ID,
                "A scanned label belongs to another container; do not use either until quality has looked.",
                f"a label of container {label.container}" if label else "a label of nothing known",
                f"a label of container {named}",
                (named,),
            )
    positions = {label.position for label in found if label and label.state == "applied" and label.container == named}
    if not positions >= _OTHER_LABELS:
        yield Problem(
            _ID,
            "Scan the label of the cassette and that of the certificate, both in force.",
            ", ".join(sorted(positions)) or "neither",
            "cassette and certificate",
            (named,),
        )


def it_lies_where_it_was_stored(case: Case) -> Iterator[Problem]:
    """A container is re-identified only where the log says that it lies."""
    if case.kind != "container.reidentified":
        return
    scanned = {scan.subject for scan in case.attempt.scanned("location")}
    for container in case.containers:
        if container.place.kind != "location" or container.place.id not in scanned:
            yield Problem(
                _ID,
                f"Container {container.id} is not stored at the scanned location.",
                "another location",
                "the location it was stored at",
                (container.id,),
            )


def label_says_what_is_known(case: Case) -> Iterator[Problem]:
    """A label that was printed before the donor's results asks for a new one when the pathway says more on it now."""
    if case.kind not in _LEAVES or case.therapy is None or case.pathway is None:
        return
    for container in case.containers:
        label, text = case.therapy.live_label(container.id), case.pathway.labels.get(container.purpose.value)
        now = case.therapy.donor_tests(container)
        if label is not None and text is not None and text.said(label.tested) != text.said(now):
            yield Problem(
                _STAGE,
                f"The label of container {container.id} lacks what the donor's tests demand; issue a new one.",
                f"a label for a donor {label.tested.replace('_', ' ')}",
                f"a label for a donor {now.replace('_', ' ')}",
                (container.id,),
                Severity.CAUTION,
            )


RULES = (
    label_can_be_superseded,
    other_labels_speak_for_it,
    it_lies_where_it_was_stored,
    label_says_what_is_known,
    label_is_current,
    number_is_of_a_label_in_force,
    label_is_this_containers,
    label_is_needed,
    label_can_be_voided,
)
