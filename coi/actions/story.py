"""The demo story: journeys played through the one door, so that a newcomer finds something on every page.

Finished (vein to vein), under way (with the courier), in breach (a collection that was kept on paper and reported too
late), a refused wrong bag, and the five of `coi.actions.mishaps`. Played once; playing it again changes nothing.
"""

from datetime import timedelta

from coi.actions import mishaps
from coi.actions.office import Office
from coi.actions.telling import HOSPITAL, PLANT, Teller, bags_of


def play(office: Office) -> list[str]:
    """Play the story and return the COI ids of its therapies; told before, it changes nothing."""
    straight = [_finished(office), _under_way(office), _in_breach(office), *_wrong_bag(office)]
    return [*straight, *(told(Teller(office, name)) for name, told in mishaps.ALL.items())]


def _finished(office: Office) -> str:
    """Tell a journey from vein to vein."""
    tell = Teller(office, "finished")
    tell.enrol("Okafor", "Adaeze", "1971-03-14", "MRN-1001")
    bags = tell.collected("MRN-1001", 2)
    box = tell.to_courier("demo-nurse", bags, "SEAL-2001")
    tell.from_courier("demo-receiver", PLANT, box, bags, "SEAL-2001")
    tell.step("demo-operator", "lot.started", bags_of(bags))
    doses = tell.labelled("demo-operator", "dose", 1)
    tell.step("demo-operator", "containers.transformed", [*bags_of(bags), *(("label", serial) for serial in doses)])
    tell.step("demo-quality", "containers.released", bags_of(doses))
    box = tell.to_courier("demo-operator", doses, "SEAL-2002")
    tell.from_courier("demo-infusion", HOSPITAL, box, doses, "SEAL-2002")
    tell.step("demo-infusion", "container.stored", [*bags_of(doses), ("location", "TANK-1/R2/P5")])
    tell.step("demo-infusion", "thaw.started", bags_of(doses))
    for person in ("demo-infusion", "demo-infusion-2"):
        tell.step(person, "infusion.checked", [("wristband", "MRN-1001"), *bags_of(doses)], values={"dose": 1})
    tell.step("demo-infusion", "infusion.started", bags_of(doses))
    tell.step("demo-infusion", "infusion.completed", bags_of(doses), values={"volume_ml": "68"})
    tell.step("demo-coordinator", "therapy.closed", values={"outcome": "infused"})
    return tell.coi


def _under_way(office: Office) -> str:
    """Tell a journey that is with the courier, two bags in a sealed shipper."""
    tell = Teller(office, "under way")
    tell.enrol("Lindqvist", "Åsa", "1984-11-02", "MRN-1002")
    bags = tell.collected("MRN-1002", 2)
    box = tell.to_courier("demo-nurse", bags, "SEAL-2003")
    tell.step("demo-courier", "handoff.offered", [box], values={"to": PLANT})
    tell.expects("manufacturing", timedelta(hours=2), PLANT)
    tell.expects("bedside", timedelta(days=21), HOSPITAL)
    return tell.coi


def _in_breach(office: Office) -> str:
    """Tell a fresh collection that was kept on paper and reported after its window had closed."""
    tell = Teller(office, "in breach")
    tell.enrol("Moreau", "Élodie", "1990-07-21", "MRN-1003", "car-t-fresh")
    tell.collected("MRN-1003", 1, at=office.now() - timedelta(hours=56))
    tell.expects("manufacturing", -timedelta(hours=9), PLANT)
    return tell.coi


def _wrong_bag(office: Office) -> list[str]:
    """Tell how the bag of one patient is refused in the lot of another."""
    other = Teller(office, "the other patient")
    other.enrol("Nakamura", "Yui", "1966-01-30", "MRN-1005")
    (theirs,) = other.collected("MRN-1005", 1)
    tell = Teller(office, "wrong bag")
    tell.enrol("Silva", "Caio", "1979-09-09", "MRN-1004")
    (bag,) = tell.collected("MRN-1004", 1)
    box = tell.to_courier("demo-nurse", [bag], "SEAL-2004")
    tell.from_courier("demo-receiver", PLANT, box, [bag], "SEAL-2004")
    tell.step("demo-operator", "lot.started", bags_of([bag, theirs]), expect=422)
    tell.step("demo-operator", "lot.started", bags_of([bag]))
    return [other.coi, tell.coi]
