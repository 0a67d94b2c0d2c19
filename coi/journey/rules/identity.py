"""Identity rules: is this the right patient's, the right dose's, and is it what its label says?

Messages name subjects by our ids only; a container of another therapy is called just that.
"""

from collections.abc import Iterator, Sequence

from coi.journey.attempt import Case, Problem, ResolvedScan, Severity
from coi.journey.derive import lot_of, lots_of
from coi.journey.steps import Family, Purpose

_ID = Family.IDENTITY
_IRREVERSIBLE = frozenset({"container.discarded"})  # not saving any cells when they are somebody else's
_OF_A_LOT = frozenset({"containers.transformed", "containers.released", "release.refused", "release.revoked"})
_PUTS_A_SEAL_ON = frozenset({"shipper.sealed", "seal.replaced", "seal.broken"})
_BELONG = frozenset({"container", "label", "donation", "other_bag", "unlisted"})
_OF_A_DONATION = {
    "donation": "Only the donation's number was scanned, which is on every bag of it; "
    "scan the product code and the divisions of the same label too.",
    "other_bag": "The donation is the right one and the bag is not: its product code or its division is of another.",
}
_TEXT_ONLY = frozenset({"seal", "location", "document"})


def codes_are_known(case: Case) -> Iterator[Problem]:
    """Every scanned code names something we know: a patient, a label, a container, a shipper."""
    for scan in case.attempt.scans:
        new = case.row.adopts if scan.role == "container" else case.kind == "shipper.charged"
        first_seen = scan.type == "unlisted" and new  # adopting makes a label known, charging a shipper
        if scan.subject is None and scan.role not in _TEXT_ONLY and not first_seen and not scan.judged:
            yield Problem(
                _ID,
                f"The scanned {scan.role} is not known here. Check that it is the right one.",
                "a code that names nothing of ours, or several patients",
                f"the {scan.role} of this therapy",
            )


def what_must_be_scanned_was_not_typed(case: Case) -> Iterator[Problem]:
    """Where the pathway wants a scan, a code that was typed does not do: it can be read off the wrong thing."""
    wanted = case.pathway.must_scan.get(case.kind, frozenset()) if case.pathway else frozenset()
    for scan in case.attempt.scans:
        if scan.role in wanted and scan.via == "typed":
            yield Problem(
                _ID,
                f"The {scan.role}'s code was typed; this pathway wants it scanned from the {scan.role} itself.",
                f"a typed code of a {scan.role}",
                f"a scanned code of a {scan.role}",
            )


_JUDGED = {
    "altered": "The scanned label was altered or damaged; its signature does not fit what it says.",
    "forged": "The scanned label is signed with a key that is not ours; it is forged or of another house.",
    "retired": "The scanned label is signed with a key that was revoked or did not count when it was printed.",
    "not_in_log": "The scanned label is genuine, and the log knows no such label; ask quality before anything is done.",
    "contradicts": "The scanned label is genuine, and the log says that it belongs to another container or therapy.",
}


def signed_label_is_believed(case: Case) -> Iterator[Problem]:
    """A signed label that is not genuine, or that the log contradicts, never reads as identity, whatever the step."""
    for scan in case.attempt.scans:
        if scan.judged is not None:
            yield not_believed(scan.judged)


def not_believed(judged: str) -> Problem:
    """Return what is found of a signed label that is altered, forged, retired, not_in_log or that contradicts it."""
    return Problem(
        _ID,
        f"{_JUDGED[judged]} Put the thing aside and report it.",
        f"a label that is {judged.replace('_', ' ')}",
        "a genuine label that the log knows",
        severity=Severity.STOP,
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
        if scan.subject is not None and scan.type not in fitting.get(scan.role, set()):
            yield Problem(
                _ID,
                _OF_A_DONATION.get(scan.type) or f"A {scan.type} was scanned where the {scan.role} is asked for.",
                f"{scan.type} {scan.subject}",
                f"a {scan.role}",
            )


def container_is_this_therapys(case: Case) -> Iterator[Problem]:
    """Every scanned container and label belongs to the therapy of the step."""
    for scan in case.attempt.scans:
        foreign = scan.therapy is not None and (case.therapy is None or scan.therapy != case.therapy.coi)
        if scan.type in _BELONG and foreign:
            yield Problem(
                _ID,
                "The scanned container belongs to another therapy. Put it back and find out why it is here.",
                f"{scan.type} {scan.subject} of another therapy",
                f"a container of {case.therapy.coi if case.therapy else 'this therapy'}",
                severity=Severity.STOP if case.kind in _IRREVERSIBLE else None,
            )


def scanned_thing_is_in_force(case: Case) -> Iterator[Problem]:
    """What is scanned as this therapy's is there: the entry that planned the container or issued its label stands."""
    for scan in case.attempt.scans:
        ours = case.therapy is not None and scan.therapy in (None, case.therapy.coi)
        if ours and scan.type in ("container", "label") and scan.subject is not None and _is_gone(case, scan):
            yield Problem(
                _ID,
                f"The scanned {scan.type} {scan.subject} is not in force; the entry that made it was annulled.",
                f"{scan.type} {scan.subject}, not in force",
                f"a {scan.role} of {case.therapy.coi if case.therapy else 'this therapy'}",
            )


def _is_gone(case: Case, scan: ResolvedScan) -> bool:
    assert case.therapy is not None  # noqa: S101 - said to the type checker; the caller looked
    container = scan.container or (scan.subject if scan.type == "container" else None)
    label = scan.label or (scan.subject if scan.type == "label" else None)
    return container not in case.therapy.containers or (label is not None and label not in case.therapy.labels)


def named_containers_are_this_therapys(case: Case) -> Iterator[Problem]:
    """Containers named in the values instead of scanned belong to the therapy too."""
    values = case.attempt.values
    named = [id_ for name in ("containers", "discard", "give_back", "keep") for id_ in values.get(name, ())]
    one = values.get("container")
    for id_ in (*named, *([one] if one else [])):
        if case.therapy is not None and id_ not in case.therapy.containers:
            yield Problem(
                _ID, f"Container {id_} is not one of this therapy's.", id_, f"a container of {case.therapy.coi}"
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
    used = [(container, container.cells, case.row.purposes) for container in case.containers]
    filled = [(container, container.purpose, case.row.makes) for container in case.outputs]
    for container, meant, allowed in (*used, *filled):
        if allowed is not None and meant not in allowed:
            yield Problem(
                _ID,
                f"Container {container.id} is meant as {_words(meant)}; this step does not take that.",
                _words(meant),
                " or ".join(sorted(_words(p) for p in allowed)),
                (container.id,),
            )


def _words(purpose: Purpose) -> str:
    return purpose.value.replace("_", " ")


def seals_are_those_of_dispatch(case: Case) -> Iterator[Problem]:
    """The seals on the shipper are the seals that were recorded when it was sent."""
    scanned = {scan.subject for scan in case.attempt.scanned("seal")}
    if case.shipper is None or case.kind in _PUTS_A_SEAL_ON or not scanned:
        return
    if scanned != set(case.shipper.seals):
        yield Problem(
            _ID,
            "The seal is not the one that was recorded when the shipper was sealed.",
            f"{len(scanned)} seal(s) {_seals(scanned)}",
            f"{_seals(set(case.shipper.seals))}",
            tuple(id_ for id_ in case.shipper.contents if case.therapy and id_ in case.therapy.containers),
            holds=True,
        )


def _seals(tokens: set[str | None]) -> str:
    return ", ".join(sorted(token or "unknown" for token in tokens)) or "no seal recorded"


def shipper_holds_one_therapy(case: Case) -> Iterator[Problem]:
    """Two therapies never travel in one shipper."""
    into = {"shipment.packed": case.shipper, "shipment.transferred": case.other_shipper}.get(case.kind)
    if into is None or case.therapy is None:
        return
    others = {coi for coi in into.contents.values() if coi != case.therapy.coi}
    if others:
        yield Problem(
            _ID,
            "The shipper already holds containers of another therapy. Use another shipper.",
            f"shipper {into.id} with another therapy inside",
            "an empty shipper or one of this therapy",
        )


def lot_is_the_one_started(case: Case) -> Iterator[Problem]:
    """What goes into a lot was scanned when that lot was started, and what is released under a lot was made in it."""
    named = case.attempt.values.get("lot")
    if case.therapy is None or case.kind not in _OF_A_LOT:
        return
    if named is not None and named not in case.therapy.lots:
        yield Problem(_ID, f"Lot {named} is not one of this therapy's.", named, f"a lot of {case.therapy.coi}")
    meant = named or (lot_of(case) if case.inputs else None)
    for container in case.inputs or case.containers:
        own = lots_of(case.therapy, container)
        if meant is not None and meant not in own:
            yield Problem(
                _ID,
                f"Container {container.id} is of {_lots(own)}, not of lot {meant}.",
                _lots(own),
                f"lot {meant}",
                (container.id,),
            )


def _lots(own: Sequence[str]) -> str:
    return f"lot {', '.join(own)}" if own else "no lot"


def adopted_label_is_new(case: Case) -> Iterator[Problem]:
    """Only a label that names nothing here is adopted, so that no bag gets a second identity."""
    if not case.row.adopts:
        return
    for scan in case.attempt.scanned("container"):
        if scan.subject is not None:
            yield Problem(
                _ID,
                "This label is known here already; it needs no adoption.",
                f"{scan.type} {scan.subject}",
                "another maker's label that is new here",
            )


def namesake_is_not_mistaken(case: Case) -> Iterator[Problem]:
    """Another patient with the same or a similar name, or born on the same day, is pointed out where it matters."""
    if case.row.alerts and case.namesakes:
        yield Problem(
            _ID,
            f"{case.namesakes} other patient(s) of this site have a like name or the same birth date; "
            "let the patient state two identifiers.",
            f"{case.namesakes} patient(s) with a like name",
            "nobody to be mistaken for",
            severity=Severity.CAUTION,
        )


def patient_stated_who_it_is(case: Case) -> Iterator[Problem]:
    """Patients state their identifiers, they do not confirm them; the pathway says how many."""
    if case.kind != "patient.verified" or case.pathway is None:
        return
    stated, wanted = len(case.attempt.values.get("stated", ())), case.pathway.bedside.stated
    if stated < wanted:
        yield Problem(
            _ID,
            f"The patient stated {stated} identifier(s) unprompted; ask for {wanted}, and do not read them out.",
            f"{stated} stated",
            f"{wanted} stated",
        )


RULES = (
    adopted_label_is_new,
    namesake_is_not_mistaken,
    patient_stated_who_it_is,
    codes_are_known,
    what_must_be_scanned_was_not_typed,
    signed_label_is_believed,
    scans_fit_their_roles,
    container_is_this_therapys,
    scanned_thing_is_in_force,
    named_containers_are_this_therapys,
    wristband_is_this_patients,
    purpose_fits_the_step,
    seals_are_those_of_dispatch,
    shipper_holds_one_therapy,
    lot_is_the_one_started,
)
