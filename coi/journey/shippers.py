"""What each kind of entry changes about a shipper: one small function a kind, named in SHIPPER_EFFECTS.

A shipper has a stream of its own, because it is there before and after the therapies that it carries. As in
`coi.journey.effects`, an effect trusts its entry and refuses nothing.
"""

from collections.abc import Callable, Mapping

from coi.journey.effects import acting
from coi.journey.entry import Entry
from coi.journey.therapy import Shipper


def _charge(shipper: Shipper, entry: Entry) -> None:
    shipper.charged_at, shipper.hold_hours = entry.occurred_at, entry.values.get("hold_hours")
    if not shipper.contents:  # whoever charges an empty shipper has it in hand; a full one stays sealed and held
        shipper.state, shipper.seals, shipper.custodian = "charged", (), acting(entry)


def _pack(shipper: Shipper, entry: Entry) -> None:
    for container in entry.values["containers"]:
        shipper.contents[container] = entry.therapy or ""
    shipper.custodian = acting(entry)


def _seal(shipper: Shipper, entry: Entry) -> None:
    shipper.state, shipper.seals = "sealed", entry.subjects("seal")
    shipper.custodian = acting(entry)


def _take(shipper: Shipper, entry: Entry) -> None:
    shipper.custodian = acting(entry)


def _open(shipper: Shipper, entry: Entry) -> None:
    shipper.state, shipper.seals = "opened", ()
    shipper.contents = {id_: coi for id_, coi in shipper.contents.items() if coi != entry.therapy}
    shipper.custodian = acting(entry)


SHIPPER_EFFECTS: Mapping[str, Callable[[Shipper, Entry], None]] = {
    "shipper.charged": _charge,
    "shipment.packed": _pack,
    "shipper.sealed": _seal,
    "handoff.accepted": _take,
    "shipment.unpacked": _open,
}
