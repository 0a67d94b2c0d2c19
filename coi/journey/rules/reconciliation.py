"""Reconciliation rules: one serial is one print, a further copy has its reason and its people, and none stays open."""

from collections.abc import Iterator

from coi.journey.accounting import copies, open_labels
from coi.journey.attempt import Case, Problem, Severity
from coi.journey.derive import label_serial
from coi.journey.rules.signing import signers
from coi.journey.steps import Family, Meaning, Signing
from coi.journey.therapy import Label

_ID, _STAGE, _SIGNATURE = Family.IDENTITY, Family.STAGE, Family.SIGNATURE
_SECOND = Signing(Meaning.VERIFIED)
_MAY_HAVE_COME_OUT = frozenset({"sent", "unknown"})
_NOT_IN_USE = frozenset({"issued", "voided", "returned"})


def _label(case: Case) -> Label | None:
    """Return the label that the step is about."""
    return case.therapy.labels.get(label_serial(case.attempt) or "") if case.therapy else None


def label_is_sent_once(case: Case) -> Iterator[Problem]:
    """One serial is one print: what may have come out of a printer is never sent again, another copy is issued."""
    if case.kind != "label.sent" or case.therapy is None:
        return
    label = _label(case)
    if label is None or label.state != "issued":
        state = label.state if label else "not known here"
        message = f"Label {label_serial(case.attempt)} is {state}; only a label that was just issued is printed."
        yield Problem(_STAGE, message, f"a label that is {state}", "an issued label")
    elif label.sent in _MAY_HAVE_COME_OUT:
        yield Problem(
            _STAGE,
            f"Label {label.serial} was sent to the printer {label.printer} and may have come out. "
            "Scan it back, or void it and issue another copy with a reason.",
            f"a label that was sent to {label.printer}",
            "a label that was never sent, or whose job failed",
            (label.container,),
        )


def reprint_has_its_people(case: Case) -> Iterator[Problem]:
    """Where the pathway says so, another person than the one who asks signs each further copy of a label."""
    if case.kind != "label.issued" or case.therapy is None or case.pathway is None:
        return
    values = case.attempt.values
    others = signers(case, _SECOND) - {case.attempt.performer, case.attempt.actor.person}
    earlier = copies(case.therapy, container=values.get("container"), position=values.get("position"))
    if case.pathway.labelling.second_person and earlier and not others:
        yield Problem(
            _SIGNATURE,
            "Another copy of this label is signed by a second person; ask somebody else to sign it.",
            "no signature 'verified' of another person",
            "one signature 'verified' of another person",
            tuple(container.id for container in case.containers),
        )


def destruction_has_a_witness(case: Case) -> Iterator[Problem]:
    """Who declares a copy destroyed may name who saw it, where the pathway says so must, and is never that person."""
    declared = case.kind == "label.destroyed" or (case.kind == "label.voided" and case.attempt.values.get("destroyed"))
    if not declared:
        return
    witness = case.attempt.values.get("witness")
    if witness in (case.attempt.performer, case.attempt.actor.person):
        yield Problem(_SIGNATURE, "Nobody is the witness of what he does himself.", str(witness), "another person")
    elif witness is None and case.pathway is not None and case.pathway.labelling.witness:
        yield Problem(_SIGNATURE, "Name another person who saw it destroyed.", "no witness", "another person")


def label_can_be_destroyed(case: Case) -> Iterator[Problem]:
    """What is destroyed is not in use: never applied, returned, or voided before."""
    if case.kind == "label.destroyed" and case.therapy is not None:
        label = _label(case)
        if label is None or label.state not in _NOT_IN_USE:
            yield Problem(
                _STAGE,
                "There is no such label out of use; void a label that was applied first.",
                label.state if label else "no label of this therapy",
                "an issued, returned or voided label",
            )


def label_can_be_returned(case: Case) -> Iterator[Problem]:
    """What is returned was issued and never applied."""
    if case.kind == "label.returned" and case.therapy is not None:
        label = _label(case)
        if label is None or label.state != "issued":
            state = label.state if label else "no label of this therapy"
            yield Problem(_STAGE, "Only a label that was never applied is returned unused.", state, "an issued label")


def labels_are_accounted_for(case: Case) -> Iterator[Problem]:
    """Issued is applied, destroyed or returned before a step that the pathway names: a stray label may be anywhere.

    At the end of the therapy it is said in any case.
    """
    if case.therapy is None or case.pathway is None:
        return
    waits, ends = case.kind in case.pathway.labelling.reconciled_before, case.kind == "therapy.closed"
    everything = tuple(case.therapy.containers.values())
    left = open_labels(case.therapy, everything if ends else (*case.containers, *case.inputs, *case.outputs))
    if left and (waits or ends):
        serials = ", ".join(label.serial for label in left)
        yield Problem(
            _ID if waits else Family.COUNT,
            f"{len(left)} label(s) were issued and nobody has said where they are: {serials}. "
            "Scan each back from its container, return it unused, or void or destroy it.",
            f"{len(left)} open label(s)",
            "every label applied, destroyed or returned",
            tuple(dict.fromkeys(label.container for label in left)),
            None if waits else Severity.CAUTION,
        )


RULES = (
    label_is_sent_once,
    reprint_has_its_people,
    destruction_has_a_witness,
    label_can_be_destroyed,
    label_can_be_returned,
    labels_are_accounted_for,
)
