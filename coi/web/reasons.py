"""Which coded reasons are usual for a step: they stand first in its form, all others below them.

This is about the order on the screen only. Which reasons exist is the pathway's; a code that it has not is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coi.web.choices import Option

_PATIENT: Final = ("patient-condition", "patient-decision", "patient-died")
_TRANSPORT: Final = ("weather", "carrier-changed", "customs", "addressee-changed")
_MISTAKE: Final = ("recorded-in-error", "wrong-container-scanned", "downtime")
_LABEL: Final = ("label-damaged", "label-misprinted", "label-lost")

USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "therapy.postponed": (*_PATIENT, "manufacturing-failed", "second-day"),
    "plan.changed": ("second-day", *_PATIENT, *_TRANSPORT),
    "site.changed": ("patient-moved", "patient-decision"),
    "identifier.replaced": ("details-corrected", "recorded-in-error"),
    "identifier.withdrawn": ("recorded-in-error", "details-corrected"),
    "patient.changed": ("details-corrected", "recorded-in-error"),
    "label.issued": _LABEL,
    "label.voided": (*_LABEL, "not-needed"),
    "label.destroyed": (*_LABEL, "not-needed"),
    "label.superseded": _LABEL,
    "container.reidentified": _LABEL,
    "collection.paused": ("second-day", *_PATIENT),
    "collection.aborted": ("collection-failed", *_PATIENT),
    "seal.broken": ("customs", "re-icing", "seal-broken"),
    "seal.replaced": ("customs", "re-icing", "seal-broken"),
    "shipment.transferred": ("wrong-shipper", "temperature-excursion", "bag-damaged"),
    "shipment.diverted": (*_TRANSPORT, "patient-moved"),
    "shipment.delayed": _TRANSPORT,
    "shipment.returned": (*_TRANSPORT, "not-needed"),
    "handoff.refused": ("count-differs", "seal-broken", "temperature-excursion", "bag-damaged", "wrong-shipper"),
    "handoff.cancelled": ("addressee-changed", "recorded-in-error", "second-day"),
    "container.discarded": ("expired", "out-of-specification", "not-needed", "bag-damaged", "patient-died"),
    "storage.evacuated": ("storage-failure",),
    "contents.transferred": ("bag-damaged",),
    "container.returned": ("not-needed", *_PATIENT),
    "lot.terminated": ("manufacturing-failed", "out-of-specification", *_PATIENT),
    "release.refused": ("out-of-specification", "under-investigation"),
    "release.revoked": ("under-investigation", "out-of-specification"),
    "release.requested": ("no-alternative",),
    "infusion.interrupted": ("patient-condition", "bag-damaged"),
    "infusion.stopped": ("patient-condition", "patient-decision", "bag-damaged"),
    "hold.placed": ("under-investigation", "temperature-excursion", "bag-damaged", "out-of-specification"),
    "hold.lifted": ("investigation-closed", "recorded-in-error"),
    "entry.annulled": _MISTAKE,
    "entry.replaced": _MISTAKE,
}


def grouped(kind: str, options: Sequence[Option]) -> list[tuple[str, list[Option]]]:
    """Return `options` under captions: those that are usual for a step of `kind` first, in their order, then the rest.

    Without usual ones there is one group, and its caption is empty.
    """
    known = {option.value: option for option in options}
    first = [known[code] for code in USUAL.get(kind, ()) if code in known]
    others = [option for option in options if option not in first]
    if not first:
        return [("", others)]
    return [("Usual here", first), ("Others", others)]
