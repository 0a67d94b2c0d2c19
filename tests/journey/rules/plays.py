"""Beginnings that several trials share."""

from coi.journey.entry import instant
from tests.journey.story import COURIERS, HOSPITAL, PLANT, START, Story, Taken, pathway_of, shipped, shipped_text

NURSES = [("demo-nurse", "performed"), ("demo-operator", "verified")]
WARD = [("demo-infusion", "performed"), ("demo-infusion-2", "verified")]
BAND = ("wristband", "MRN-1")


def bags_of(*serials: str) -> list[tuple[str, str]]:
    return [("container", serial) for serial in serials]


def split() -> tuple[Story, str, list[str]]:
    """The doses of the split plan at the ward, without the identifiers that its patient would have to state."""
    text = shipped_text("car-t-split-dose").replace("stated = 2", "stated = 0")
    story = Story(pathway=pathway_of(text.encode()))
    coi, serials = story.at_bedside(count=4)
    return story, coi, serials


def sent(number: str = "MRN-1") -> tuple[Story, str, str, str]:
    """One bag in a sealed shipper with the courier: story, COI id, label, shipper."""
    story = Story()
    coi, (label,) = story.collected(number)
    box = story.packed([label])
    things = [("shipper", box), ("seal", "S-1")]
    story.do("demo-nurse", "handoff.offered", things, values={"to": COURIERS})
    story.do("demo-courier", "handoff.accepted", things)
    return story, coi, label, box


def begun(bags: int = 2) -> tuple[Story, str, list[str]]:
    """A collection that is under way."""
    story = Story()
    coi = story.enrol()
    story.do("demo-nurse", "patient.verified", [BAND], coi=coi)
    serials = story.labelled(coi, "starting_material", bags)
    story.do("demo-nurse", "collection.started", [BAND], coi=coi)
    return story, coi, serials


def stored(*, place: str = "T-1") -> tuple[Story, str, str, list[str]]:
    """A dose stored at the ward with labels on bag, cassette and certificate."""
    story = Story()
    coi, (label,) = story.at_bedside()
    id_ = story.codes[label].container
    assert id_ is not None
    others = [story.label(id_, person="demo-infusion", position=where) for where in ("cassette", "certificate")]
    story.do("demo-infusion", "container.stored", [*bags_of(label), ("location", place)])
    return story, coi, id_, others


__all__ = ["BAND", "COURIERS", "HOSPITAL", "NURSES", "PLANT", "START", "WARD", "Story", "Taken", "bags_of", "begun",
           "instant", "sent", "shipped", "split", "stored"]  # fmt: skip
