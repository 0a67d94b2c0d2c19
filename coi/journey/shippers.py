"""What each kind of entry changes about a shipper: one small function a kind, named in SHIPPER_EFFECTS.

A shipper has a stream of its own, because it is there before and after the therapies that it carries. As in
`coi.journey.effects`, an effect trusts its entry and refuses nothing.
"""

from collections.abc import Callable, Mapping

from coi.journey.effects import acting
from coi.journey.entry import Entry
from coi.journey.therapy import Shipper

TAKES_OUT = frozenset(  # steps after which a container is not in its shipper any more, although nobody unpacked it
    {"container.stored", "storage.evacuated", "container.discarded", "container.lost", "container.returned"}
)


def _charge(shipper: Shipper, entry: Entry) -> None:
    shipper.charged_at, shipper.hold_hours = entry.occurred_at, entry.values.get("hold_hours")
    if not shipper.contents:  # whoever charges an empty shipper has it in hand; a full one stays sealed and held
        shipper.state, shipper.seals, shipper.custodian = "charged", (), acting(entry)


def _pack(shipper: Shipper, entry: Entry) -> None:
    for container in entry.values.get("containers", ()):
        shipper.contents[container] = entry.therapy or ""
    shipper.custodian = acting(entry)


def _lose(shipper: Shipper, entry: Entry) -> None:
    """Take out what was stored, lost or ended without the shipper being unpacked."""
    for container in entry.values.get("containers", ()):
        shipper.contents.pop(container, None)


def _seal(shipper: Shipper, entry: Entry) -> None:
    shipper.state, shipper.seals = "sealed", entry.subjects("seal")
    shipper.custodian = acting(entry)


def _take(shipper: Shipper, entry: Entry) -> None:
    shipper.custodian = acting(entry)


def _open(shipper: Shipper, entry: Entry) -> None:
    shipper.state, shipper.seals = "opened", ()
    shipper.contents = {id_: coi for id_, coi in shipper.contents.items() if coi != entry.therapy}
    shipper.custodian = acting(entry)


def _top_up(shipper: Shipper, entry: Entry) -> None:
    shipper.charged_at = entry.occurred_at
    shipper.hold_hours = entry.values.get("hold_hours", shipper.hold_hours)


def _log(shipper: Shipper, entry: Entry) -> None:
    shipper.logger = entry.values["logger"] if entry.kind == "logger.started" else None


def _break_seal(shipper: Shipper, entry: Entry) -> None:
    broken = set(entry.subjects("seal")) or set(shipper.seals)
    shipper.seals = tuple(seal for seal in shipper.seals if seal not in broken)
    shipper.state = "sealed" if shipper.seals else "unsealed"


def _transfer(shipper: Shipper, entry: Entry) -> None:
    """Empty the shipper that is left, fill the one that it goes into; both streams hold the entry."""
    if shipper.id == entry.values["shipper"]:
        _open(shipper, entry)
    elif shipper.id == entry.values.get("into"):
        _pack(shipper, entry)


def _redirect(shipper: Shipper, entry: Entry) -> None:
    shipper.bound_for = entry.values["to"]


def _delay(shipper: Shipper, entry: Entry) -> None:
    shipper.delayed_until = entry.values.get("until")


def _unattended(shipper: Shipper, entry: Entry) -> None:
    shipper.unattended.append(entry.id)


def _offer(shipper: Shipper, entry: Entry) -> None:
    shipper.bound_for = entry.values.get("to_organisation", shipper.bound_for)


def _send_kit(shipper: Shipper, entry: Entry) -> None:
    shipper.bound_for = entry.values["to"]


def _give_back(shipper: Shipper, entry: Entry) -> None:
    shipper.state, shipper.seals, shipper.custodian = "returned", (), acting(entry)
    shipper.bound_for = entry.values.get("to")


SHIPPER_EFFECTS: Mapping[str, Callable[[Shipper, Entry], None]] = {
    "shipper.charged": _charge,
    "shipper.topped_up": _top_up,
    "shipper.returned": _give_back,
    "kit.sent": _send_kit,
    "kit.received": _take,
    "shipment.packed": _pack,
    "shipper.sealed": _seal,
    "seal.broken": _break_seal,
    "seal.replaced": _seal,
    "logger.started": _log,
    "logger.stopped": _log,
    "handoff.offered": _offer,
    "handoff.accepted": _take,
    "shipment.transferred": _transfer,
    "shipment.diverted": _redirect,
    "shipment.returned": _redirect,
    "shipment.delayed": _delay,
    "leg.reported": _unattended,
    "shipment.unpacked": _open,
    **dict.fromkeys(TAKES_OUT, _lose),
}
