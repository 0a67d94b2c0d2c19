"""Derive: what a step acts on, and the values that its entry keeps beside the ones that were given.

The effects of an entry (`coi.journey.effects`) read subjects from its values only. They are worked out here, once,
when the step is taken: the containers, what goes in and what comes out, the offer, the lot, the donation, and the
identifiers that the step assigns. Nothing is decided here.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from coi.journey.accounting import copies
from coi.journey.attempt import Attempt, Case
from coi.journey.identity import RefType
from coi.journey.pathway import Dose, Pathway
from coi.journey.shippers import TAKES_OUT
from coi.journey.steps import EMPTY, Purpose
from coi.journey.therapy import Container, Shipper, Therapy

Mint = Callable[[RefType], str]
_HANDOFFS = frozenset({"handoff.accepted", "handoff.refused", "handoff.cancelled"})
_MAKES = frozenset({"containers.transformed", "contents.transferred", "sample.taken"})
_PER_LABEL = frozenset({"label.issued", "label.sent", "label.applied", "label.voided", "label.superseded",
                        "label.destroyed", "label.returned"})  # fmt: skip
_INSIDE = frozenset({"handoff.offered", "shipment.transferred"})  # about what is inside the shipper


def consider(
    attempt: Attempt,
    *,
    therapy: Therapy | None,
    pathway: Pathway | None,
    shipper: Shipper | None,
    at: datetime,
    **looked_up: Any,
) -> Case:
    """Return `attempt` in its situation, with everything it acts on worked out.

    `looked_up` are the fields of `Case` that no stream of the step tells.
    """
    case = Case(attempt=attempt, therapy=therapy, pathway=pathway, shipper=shipper, at=at, **looked_up)
    if therapy is None:
        return case
    scanned = _scanned(therapy, attempt)
    if attempt.row.kind in _HANDOFFS:
        _find_offer(case, therapy, scanned)
    elif attempt.row.kind == "handoff.acknowledged":
        case.offer = therapy.handoffs.get(attempt.values.get("handoff", ""))
        case.containers = tuple(therapy.containers[id_] for id_ in case.offer.containers) if case.offer else ()
    elif attempt.row.kind in _MAKES:
        _split(case, therapy, scanned)
    else:
        case.containers = tuple(_acted_on(therapy, attempt, scanned))
    return case


def _scanned(therapy: Therapy, attempt: Attempt) -> list[Container]:
    ids = dict.fromkeys(scan.subject for scan in attempt.scanned("container"))
    return [therapy.containers[id_] for id_ in ids if id_ in therapy.containers]


def _find_offer(case: Case, therapy: Therapy, scanned: list[Container]) -> None:
    """Find the open offer that the scans mean; without one, act on what was scanned."""
    shippers = [scan.subject for scan in case.attempt.scanned("shipper") if scan.subject]
    shipper = shippers[0] if shippers else None
    ids = frozenset(container.id for container in scanned)
    named = case.attempt.values.get("handoff")
    case.offers = tuple(
        offer for offer in therapy.open_handoffs(shipper=shipper, containers=ids) if named in (None, offer.id)
    )
    case.offer = case.offers[0] if len(case.offers) == 1 else None
    inside = therapy.in_shipper(shipper) if shipper else ()
    covered = case.offer.containers if case.offer else (*inside, *ids)
    case.containers = tuple(therapy.containers[id_] for id_ in dict.fromkeys(covered) if id_ in therapy.containers)


def _split(case: Case, therapy: Therapy, scanned: list[Container]) -> None:
    """What was scanned and is empty comes out, what is filled goes in; scans of labels name what comes out."""
    labelled = [scan.container for scan in case.attempt.scanned("label") if scan.container]
    out = {id_: therapy.containers[id_] for id_ in labelled if id_ in therapy.containers}
    out |= {container.id: container for container in scanned if container.state in EMPTY}
    case.outputs = tuple(out.values())
    case.inputs = tuple(container for container in scanned if container.id not in out)
    case.containers = case.inputs


def _acted_on(therapy: Therapy, attempt: Attempt, scanned: list[Container]) -> Iterable[Container]:
    kind = attempt.row.kind
    if kind in _PER_LABEL:
        return _of_label(therapy, attempt)
    if attempt.row.by_name:
        return _named(therapy, attempt, scanned)
    if kind in _INSIDE:
        inside = [id_ for scan in attempt.scanned("shipper")[:1] for id_ in therapy.in_shipper(scan.subject or "")]
        ids = dict.fromkeys([*inside, *(container.id for container in scanned)])
        return [therapy.containers[id_] for id_ in ids]
    if kind == "container.reidentified":
        id_ = attempt.values.get("container", "")
        return [therapy.containers[id_]] if id_ in therapy.containers else []
    return scanned


def _of_label(therapy: Therapy, attempt: Attempt) -> list[Container]:
    serial = label_serial(attempt)
    label = therapy.labels.get(serial or "")
    id_ = label.container if label else attempt.values.get("container")
    return [therapy.containers[id_]] if id_ in therapy.containers else []


def label_serial(attempt: Attempt) -> str | None:
    """Return the serial of the label that `attempt` is about: scanned, or named in its values."""
    scanned = [scan.label for scan in attempt.scanned("label") if scan.label]
    serial: str | None = scanned[0] if scanned else attempt.values.get("label")
    return serial


def _named(therapy: Therapy, attempt: Attempt, scanned: list[Container]) -> list[Container]:
    named = [therapy.containers[id_] for id_ in attempt.values.get("containers", ()) if id_ in therapy.containers]
    lot = attempt.values.get("lot")
    made = [c for c in therapy.of_purpose(Purpose.DOSE) if lot and c.lot == lot]
    found = {container.id: container for container in (*scanned, *named, *made)}
    given = scanned or attempt.values.get("containers") or lot or attempt.scanned("container")
    if given or not attempt.row.kind.startswith("hold."):
        return list(found.values())
    return [c for c in therapy.containers.values() if c.living or c.state in EMPTY]


def entry_values(case: Case, *, mint: Mint) -> dict[str, Any]:
    """Return the values that the entry keeps: the given ones and everything the effects need; `mint` assigns ids."""
    values = dict(case.attempt.values)
    if case.row.states is not None or case.containers:
        values["containers"] = [container.id for container in case.containers]
    if case.kind in _MAKES:
        values["inputs"] = [container.id for container in case.inputs]
        values["outputs"] = [container.id for container in case.outputs]
    for role in ("shipper", "location"):
        subjects = [scan.subject for scan in case.attempt.scanned(role) if scan.subject]
        if subjects:
            values[role] = subjects[0]
    left = [c.place.id for c in case.containers if case.kind in TAKES_OUT and c.place.kind == "shipper" and c.place.id]
    if left:
        values["out_of"] = list(dict.fromkeys(left))
    extra = _EXTRA.get(case.kind)
    return values | extra(case, mint) if extra else values


def _planned(case: Case, mint: Mint) -> dict[str, Any]:
    count = case.attempt.values["count"]
    return {"containers": [mint(RefType.CONTAINER) for _ in range(count)], **_as_planned(doses_planned(case))}


def _as_planned(doses: Sequence[Dose | None]) -> dict[str, Any]:
    told = {
        "components": [dose.component if dose else None for dose in doses],
        "strengths": [dose.strength if dose else None for dose in doses],
    }
    numbers = {"doses": [dose.number if dose else None for dose in doses]}
    return numbers | {name: values for name, values in told.items() if any(values)}


def doses_planned(case: Case) -> list[Dose | None]:
    """Return the dose of each container that a plan step adds; None for what is not part of a dose."""
    values = case.attempt.values
    count = values.get("count", 1)
    if values["purpose"] != Purpose.DOSE or case.therapy is None or case.pathway is None:
        return [None] * count
    if "dose" in values:
        named = [dose for dose in case.pathway.doses if dose.number == values["dose"]]
        before = sum(c.dose == values["dose"] for c in case.therapy.of_purpose(Purpose.DOSE))
        parts = [dose for dose in named for _ in range(dose.containers)][before:]
        return [*parts[:count], *([Dose(values["dose"], 1)] * (count - len(parts[:count])))]
    before = len(case.therapy.of_purpose(Purpose.DOSE))
    return [case.pathway.dose_of(before + ordinal) for ordinal in range(1, count + 1)]


def _adopted(case: Case, mint: Mint) -> dict[str, Any]:
    """Give the foreign container and its foreign label ids of ours, so that they can be told apart ever after."""
    id_ = mint(RefType.CONTAINER)
    label = {"label": mint(RefType.LABEL), "template": "foreign", "position": "bag", "generation": 1}
    return {"containers": [id_], "container": id_, **_as_planned(doses_planned(case)), **label}


def _label_issued(case: Case, mint: Mint) -> dict[str, Any]:
    place = {name: case.attempt.values[name] for name in ("container", "position")}
    return {"label": mint(RefType.LABEL), "generation": len(copies(case.therapy, **place) if case.therapy else ()) + 1}


def _label_named(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    return {"label": label_serial(case.attempt)}


def _donation_started(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    return {"donation": mint(RefType.DONATION)}


def _stored(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    """Say which container is at which position: they are scanned in the same order."""
    locations = [scan.subject for scan in case.attempt.scanned("location")]
    if len(locations) < 2 or len(locations) != len(case.containers):  # noqa: PLR2004 - one is for all
        return {}
    return {"positions": {c.id: place for c, place in zip(case.containers, locations, strict=True)}}


def _closed(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    """Samples that nobody spoke of are kept: that is what they are for."""
    values = case.attempt.values
    spoken = {id_ for name in ("discard", "give_back", "keep") for id_ in values.get(name, ())}
    kept = [c.id for c in samples_left(case.therapy) if c.id not in spoken]
    return {"keep": [*values.get("keep", ()), *kept]} if kept else {}


def samples_left(therapy: Therapy | None) -> list[Container]:
    """Return the samples of the therapy that are still there."""
    of = (Purpose.QC_SAMPLE, Purpose.RETENTION)
    return [c for c in therapy.containers.values() if c.living and c.purpose in of] if therapy else []


def _transferred(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    return {"into": case.attempt.scanned("shipper")[1].subject}


def _seals_before(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    return {"old": list(case.shipper.seals) if case.shipper else []}


def _lot_ended(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    lots = open_lots(case)
    return {"lot": lots[0]} if len(lots) == 1 else {}


def open_lots(case: Case) -> list[str]:
    """Return the lots that a step may mean: the named one, or those that were not terminated."""
    if case.therapy is None:
        return []
    named = case.attempt.values.get("lot")
    if named:
        return [named] if named in case.therapy.lots else []
    return [lot.id for lot in case.therapy.lots.values() if lot.terminated is None]


def _donation_open(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    return {"donation": case.therapy.donation if case.therapy else None}


def _shipper(case: Case, mint: Mint) -> dict[str, Any]:
    scanned = [scan.subject for scan in case.attempt.scanned("shipper") if scan.subject]
    return {"shipper": scanned[0] if scanned else mint(RefType.SHIPPER)}


def _offered(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    to = case.attempt.addressee
    return {"to_type": to.type, "to_organisation": to.organisation} if to else {}


def _handoff(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    return {"handoff": case.offer.id} if case.offer else {}


def _lot_started(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    return {"lot": mint(RefType.LOT)}


def _lot_used(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    lot = lot_of(case)
    return {"lot": lot} if lot else {}


def lot_of(case: Case) -> str | None:
    """Return the lot that a manufacturing step belongs to: named, or the one lot that everything going in shares."""
    named: str | None = case.attempt.values.get("lot")
    if named or case.therapy is None:
        return named
    therapy = case.therapy
    lots = {lot for container in case.inputs for lot in lots_of(therapy, container)}
    running = {lot for lot in lots if lot not in therapy.lots or therapy.lots[lot].terminated is None}
    return running.pop() if len(running) == 1 else None


def lots_of(therapy: Therapy, container: Container) -> list[str]:
    """Return the lots that `container` was made in or went into; two lots may be started from one bag."""
    made = [container.lot] if container.lot else []
    return list(dict.fromkeys([*made, *(lot.id for lot in therapy.lots.values() if container.id in lot.inputs)]))


def _corrected(case: Case, mint: Mint) -> dict[str, Any]:  # noqa: ARG001 - one shape for all extras
    """Name the shippers of the corrected entries: their streams have to learn of the correction too."""
    values = case.attempt.values
    acts = case.therapy.acts if case.therapy else {}
    of = [acts[id_].shippers for id_ in (values["entry"], *values.get("also", ())) if id_ in acts]
    shippers = list(dict.fromkeys(shipper for several in of for shipper in several))
    return {"shipper": shippers[0], **({"shippers": shippers} if shippers[1:] else {})} if shippers else {}


_EXTRA: dict[str, Callable[[Case, Mint], dict[str, Any]]] = {
    "container.planned": _planned,
    "container.adopted": _adopted,
    "container.stored": _stored,
    "therapy.closed": _closed,
    "shipment.transferred": _transferred,
    "seal.broken": _seals_before,
    "seal.replaced": _seals_before,
    "lot.terminated": _lot_ended,
    "label.superseded": _label_named,
    "label.destroyed": _label_named,
    "label.returned": _label_named,
    "container.filled": _donation_open,
    "collection.aborted": _donation_open,
    "label.issued": _label_issued,
    "label.applied": _label_named,
    "label.voided": _label_named,
    "collection.started": _donation_started,
    "collection.completed": _donation_open,
    "shipper.charged": _shipper,
    "handoff.offered": _offered,
    "handoff.accepted": _handoff,
    "handoff.refused": _handoff,
    "handoff.cancelled": _handoff,
    "lot.started": _lot_started,
    "containers.transformed": _lot_used,
    "entry.annulled": _corrected,
    "entry.replaced": _corrected,
}
