"""The things of a dossier: containers with their genealogy, who handed what to whom, labels, releases, windows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from coi.exports import words
from coi.exports.dossier_entries import Told, moment_json, person_of, times_json
from coi.journey.accounting import accounts
from coi.journey.entry import Entry, instant
from coi.journey.stability import Clock, clocks
from coi.journey.therapy import Container, Handoff, Label

Json = dict[str, Any]
_OUTCOMES = ("handoff.accepted", "handoff.refused", "handoff.cancelled")
_RELEASES = ("containers.released", "release.refused", "release.revoked", "release.requested")
_LABELS = {"label.issued": "issued", "label.applied": "applied", "label.voided": "voided",
           "label.superseded": "superseded", "label.sent": "sent to a printer", "label.returned": "returned",
           "label.destroyed": "destroyed"}  # fmt: skip


def containers_json(told: Told) -> list[Json]:
    """Return the containers in the order of their planning: what each is, what it came from and what came of it."""
    return [_container(told, container) for container in told.therapy.containers.values()]


def _container(told: Told, container: Container) -> Json:
    everything = told.therapy.containers.values()
    return {
        "id": container.id, "purpose": container.purpose.value, "number": container.number,
        "total": len(told.therapy.of_purpose(container.purpose)), "dose": container.dose,
        "component": container.component, "strength": container.strength, "volume_ml": container.volume_ml,
        "lost_ml": container.lost_ml, "filling": container.filling, "damage": container.damage,
        "state": container.state.value, "adopted": container.adopted, "disposition": container.disposition,
        "donation": container.donation, "lot": container.lot, "parents": list(container.parents),
        "children": [other.id for other in everything if container.id in other.parents],
        "custody": {"organisation": container.custodian.organisation, "person": container.custodian.person},
        "place": {"kind": container.place.kind, "id": container.place.id,
                  "name": told.names.get(container.place.id or "")},
        "holds": [{"number": told.number(entry), **(told.reason(reason) or {"code": None, "text": "not said"})}
                  for entry, reason in container.holds.items()],
        "released_by": [told.number(entry) for entry in container.releases],
    }  # fmt: skip


def lots_json(told: Told) -> list[Json]:
    """Return the lots: where each was made, what went in and what came out."""
    everything = told.therapy.containers.values()
    return [
        {"id": lot.id, "organisation": lot.organisation, "inputs": list(lot.inputs), "donations": list(lot.donations),
         "outputs": [item.id for item in everything if item.lot == lot.id and item.id not in lot.inputs],
         "terminated": told.reason(lot.terminated)}
        for lot in told.therapy.lots.values()
    ]  # fmt: skip


def custody_json(told: Told) -> list[Json]:
    """Return every handoff that counts, in the order of the offers: giver, taker, and both times of each side."""
    by_id = {entry.id: entry for entry in told.done()}
    return [_handoff(told, offer, by_id) for offer in told.therapy.handoffs.values()]


def _handoff(told: Told, offer: Handoff, by_id: dict[str, Entry]) -> Json:
    given = by_id.get(offer.id)
    ended = _last(told, lambda entry: entry.kind in _OUTCOMES and entry.values.get("handoff") == offer.id)
    if given is not None and given.kind == "handoff.accepted":  # told by the taker alone, maybe acknowledged since
        ended, given = given, _last(told, lambda entry: _acknowledges(entry, offer))
    return {
        "id": offer.id, "state": offer.state, "shipper": offer.shipper, "containers": list(offer.containers),
        "to": offer.to, "giver": _side(given) or _named(offer), "taker": _side(ended) if offer.taker else None,
        "ended": _side(ended),
    }  # fmt: skip


def _acknowledges(entry: Entry, offer: Handoff) -> bool:
    return entry.kind == "handoff.acknowledged" and entry.values.get("handoff") == offer.id


def _last(told: Told, fits: Callable[[Entry], bool]) -> Entry | None:
    return next((entry for entry in reversed(told.done()) if fits(entry)), None)


def _side(entry: Entry | None) -> Json | None:
    if entry is None:
        return None
    return {**person_of(entry), "number": entry.seq, "words": words.happened(entry.kind, entry.values),
            **times_json(entry)}  # fmt: skip


def _named(offer: Handoff) -> Json:
    """Return the giver of a handoff that only the taker has told of: who had it, without a time."""
    giver = offer.giver
    return {"organisation": giver.organisation, "person": giver.person, "recorded_by": None, "number": None}


def labels_json(told: Told) -> list[Json]:
    """Return the labels in the order of their issue, each with what was done with it, by whom and when."""
    return [_label(told, label) for label in told.therapy.labels.values()]


def _label(told: Told, label: Label) -> Json:
    acts = [
        {"what": _LABELS[entry.kind], **person_of(entry), "number": entry.seq, **times_json(entry)}
        for entry in told.done(*_LABELS)
        if entry.values.get("label") == label.serial
    ]
    return {"serial": label.serial, "container": label.container, "template": label.template,
            "position": label.position, "generation": label.generation, "state": label.state, "acts": acts}  # fmt: skip


def reconciliation_json(told: Told) -> list[Json]:
    """Return where the labels of each container are: how many were issued, and the serials by what became of them."""
    return [account.as_json() for account in accounts(told.therapy)]


def releases_json(told: Told) -> list[Json]:
    """Return every decision about release, in order, and for which containers it is still in force."""
    return [_release(told, entry) for entry in told.done(*_RELEASES)]


def _release(told: Told, entry: Entry) -> Json:
    values, named = entry.values, list(entry.values.get("containers", ()))
    known = told.therapy.containers
    return {
        "number": entry.seq, "words": words.happened(entry.kind, values), "status": values.get("status"),
        "country": values.get("country"), "site": values.get("site"), "containers": named, **person_of(entry),
        "in_force_for": [id_ for id_ in named if id_ in known and entry.id in known[id_].releases],
        "reason": told.reason(entry.reason), "signatures": [dict(one) for one in entry.signatures],
        **times_json(entry),
    }  # fmt: skip


def windows_json(told: Told, *, at: datetime) -> list[Json]:
    """Return the clocks of all containers, soonest deadline first, with what each says at `at`."""
    return [_clock(clock, at) for clock in clocks(told.therapy, pathway=told.pathway)]


def _clock(clock: Clock, at: datetime) -> Json:
    return {
        "id": clock.id, "window": clock.window.id, "title": clock.window.title, "container": clock.container,
        "limit_s": clock.window.limit, "started_at": instant(clock.started_at), "due_at": instant(clock.due_at),
        "ended_at": moment_json(clock.ended_at), "state": clock.state, "answer": clock.answer(at).value,
        "source": clock.window.source, "verified": clock.window.verified,
    }  # fmt: skip


def deviations_json(told: Told) -> list[Json]:
    """Return the deviations with the entries that brought them about and the rules that found them."""
    return [
        {"number": entry.seq, "because": told.number(one.because), "rules": list(one.rules),
         "containers": list(one.containers), **times_json(entry)}
        for entry in told.done("deviation.opened")
        if (one := told.therapy.deviations.get(entry.id)) is not None
    ]  # fmt: skip


def documents_json(told: Told) -> list[Json]:
    """Return the documents of the therapy by the SHA-256 of their bytes; names and bytes are not in a dossier."""
    return [
        {"sha256": document.sha256, "kind": document.kind, "number": told.number(document.entry),
         "about": told.number(document.about), "superseded_by": document.superseded_by}
        for document in told.therapy.documents.values()
    ]  # fmt: skip
