"""Custody: the giver holds it, the taker may take it, once, and somebody else sees it change hands."""

from coi.journey.steps import Family, Role
from tests.journey.rules.plays import bags_of
from tests.journey.rules.saying import cautioned, passed, refused, says
from tests.journey.rules.trials import trials
from tests.journey.story import COURIERS, HOSPITAL, OTHER_COURIERS, PLANT, Story, Taken

CUSTODY = Family.CUSTODY


def offered(to=COURIERS, bags=1):
    """Return a story with bags offered, their label serials and the offer's entry id."""
    story = Story()
    _, serials = story.collected(bags=bags)
    things = [("container", serial) for serial in serials]
    taken = story.do("demo-nurse", "handoff.offered", things, values={"to": to})
    return story, serials, things, taken.entry.id


# --- giver_holds_it


def test_giver_holds_it_passes_for_a_person_of_the_organisation_that_holds_it():
    story = Story()
    _, (bag,) = story.collected()
    taken = story.take("demo-operator", "container.stored", [("container", bag), ("location", "T")])
    passed(taken, "giver_holds_it")


def test_giver_holds_it_refuses_whoever_does_not_hold_it():
    story = Story()
    _coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    for kind, scans, more in (
        ("handoff.offered", [], {"values": {"to": COURIERS}}),
        ("container.stored", [("location", "T")], {}),
        ("container.discarded", [], {"reason": "other"}),
        ("shipment.packed", [("shipper", story.charged())], {}),
    ):
        taken = story.take("demo-nurse", kind, [("container", bag), *scans], **more)
        refused(taken, "giver_holds_it", CUSTODY)


def test_giver_holds_it_refuses_a_full_shipper_that_is_with_somebody_else():
    story = Story()
    _, (bag,) = story.collected()
    shipper = story.packed([bag])
    story.do("demo-nurse", "handoff.offered", [("shipper", shipper)], values={"to": COURIERS})
    story.do("demo-courier", "handoff.accepted", [("shipper", shipper)])
    taken = story.take("demo-nurse", "shipper.sealed", [("shipper", shipper), ("seal", "S-2")])
    refused(taken, "giver_holds_it", CUSTODY)


def test_giver_holds_it_refuses_a_label_on_a_bag_with_cells_that_is_elsewhere():
    story = Story()
    _, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    serial = story.label(story.codes[bag].container, person="demo-operator", reason="label-damaged")
    refused(story.take("demo-nurse", "label.applied", [("label", serial)]), "giver_holds_it", CUSTODY)
    passed(story.take("demo-operator", "label.applied", [("label", serial)]), "giver_holds_it")


def test_giver_holds_it_lets_the_plant_label_what_the_hospital_planned():
    story = Story()
    coi, _ = story.doses()
    serial = story.label(*story.plan(coi, "dose", person="demo-nurse"), person="demo-operator")
    taken = story.take("demo-operator", "label.applied", [("label", serial)])
    passed(taken, "giver_holds_it")


def test_giver_holds_it_says_who_does():
    story = Story()
    _, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    taken = story.take("demo-nurse", "handoff.offered", [("container", bag)], values={"to": COURIERS})
    id_ = story.codes[bag].container
    says(taken, "giver_holds_it", got=f"demo-nurse of {HOSPITAL}", expected=f"demo-operator of {PLANT}",
         containers=(id_,), names=[id_, PLANT])  # fmt: skip


# --- taker_may_take_it


def test_taker_may_take_it_passes_for_a_member_of_the_organisation_and_for_the_named_person():
    for to, person in ((COURIERS, "demo-courier"), (COURIERS, "demo-courier-2"), ("demo-courier-2", "demo-courier-2")):
        story, _, things, _ = offered(to)
        passed(story.take(person, "handoff.accepted", things), "taker_may_take_it")


def test_taker_may_take_it_refuses_a_person_of_another_company():
    story, _, things, _ = offered()
    for kind, more in (("handoff.accepted", {}), ("handoff.refused", {"reason": "other"})):
        refused(story.take("other-courier", kind, things, **more), "taker_may_take_it", CUSTODY)


def test_taker_may_take_it_refuses_a_colleague_of_the_named_person():
    story, _, things, _ = offered("demo-courier")
    refused(story.take("demo-courier-2", "handoff.accepted", things), "taker_may_take_it", CUSTODY)


def test_taker_may_take_it_refuses_an_auditor_of_the_organisation_who_carries_for_another():
    story, (_bag,), things, _ = offered()
    assert story.people["two-houses"][COURIERS] == frozenset({Role.AUDITOR})
    taken = story.take("two-houses", "handoff.accepted", things)
    assert taken.case.attempt.actor.site == OTHER_COURIERS
    refused(taken, "taker_may_take_it", CUSTODY)


def test_taker_may_take_it_refuses_a_second_taking():
    story, (bag,), things, _ = offered()
    story.do("demo-courier", "handoff.accepted", things)
    taken = story.take("demo-courier-2", "handoff.accepted", things)
    refused(taken, "taker_may_take_it", CUSTODY)
    assert story.container(bag).custodian.person == "demo-courier"


def test_taker_may_take_it_refuses_what_was_refused_or_taken_back():
    for person, kind in (("demo-courier", "handoff.refused"), ("demo-nurse", "handoff.cancelled")):
        story, (bag,), things, _ = offered()
        story.do(person, kind, things, reason="other")
        refused(story.take("demo-courier", "handoff.accepted", things), "taker_may_take_it", CUSTODY)
        assert story.container(bag).custodian.organisation == HOSPITAL


def test_taker_may_take_it_refuses_what_nobody_offered():
    story = Story()
    _, (bag,) = story.collected()
    refused(story.take("demo-courier", "handoff.accepted", [("container", bag)]), "taker_may_take_it", CUSTODY)


def test_taker_may_take_it_refuses_to_guess_between_two_offers():
    story = Story()
    _, bags = story.collected(bags=2)
    offers = [
        story.do("demo-nurse", "handoff.offered", [("container", bag)], values={"to": COURIERS}).entry.id
        for bag in bags
    ]
    things = [("container", bag) for bag in bags]
    refused(story.take("demo-courier", "handoff.accepted", things), "taker_may_take_it", CUSTODY)
    taken = story.take("demo-courier", "handoff.accepted", things[:1], values={"handoff": offers[0]})
    passed(taken, "taker_may_take_it")
    assert [story.container(bag).custodian.organisation for bag in bags] == [COURIERS, HOSPITAL]


def test_taker_may_take_it_cautions_when_the_offer_has_not_arrived_yet_and_moves_custody():
    story = Story()
    _, (bag,) = story.collected()
    taken = story.take("demo-courier", "handoff.accepted", [("container", bag)], tense="reported")
    cautioned(taken, "taker_may_take_it", CUSTODY)
    assert story.container(bag).custodian.organisation == COURIERS


def test_taker_may_take_it_disputes_a_report_that_comes_after_another_took_it():
    story, (bag,), things, _ = offered()
    story.do("demo-courier", "handoff.accepted", things)
    taken = story.take("other-courier", "handoff.accepted", things, tense="reported")
    assert taken.outcome == "disputed"
    assert story.container(bag).custodian.organisation == COURIERS
    assert story.container(bag).holds


def test_taker_may_take_it_says_to_whom_it_is_offered_and_who_holds_it():
    story, (bag,), things, _ = offered()
    id_ = story.codes[bag].container
    taken = story.take("other-courier", "handoff.accepted", things)
    says(taken, "taker_may_take_it", got=f"other-courier of {OTHER_COURIERS}", expected=COURIERS, containers=(id_,),
         names=COURIERS)  # fmt: skip
    story.do("demo-courier", "handoff.accepted", things)
    taken = story.take("demo-courier-2", "handoff.accepted", things)
    says(taken, "taker_may_take_it", got="no open offer", containers=(id_,), names="demo-courier",
         expected=f"an open offer; the holder is demo-courier of {COURIERS}")  # fmt: skip


# --- giver_still_holds_it


def given_on_behind_the_offer():
    """An accept of the hospital is annulled while the hospital's own offer is open: the plant holds the bag again."""
    story = Story()
    coi, (bag,) = story.collected()
    thing = [("container", bag)]
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    story.do("demo-operator", "handoff.offered", thing, values={"to": HOSPITAL})
    accept = story.do("demo-nurse", "handoff.accepted", thing).entry.id
    story.do("demo-nurse", "handoff.offered", thing, values={"to": COURIERS})
    for person in ("demo-quality", "demo-quality-2"):
        story.take(person, "entry.annulled", coi=coi, values={"entry": accept}, reason="recorded-in-error")
    assert story.container(bag).custodian.organisation == PLANT
    return story, bag, thing


def test_giver_still_holds_it_passes_when_nothing_moved_in_between():
    story, _, things, _ = offered()
    passed(story.take("demo-courier", "handoff.accepted", things), "giver_still_holds_it")


def test_giver_still_holds_it_cautions_when_the_giver_does_not():
    story, bag, thing = given_on_behind_the_offer()
    taken = story.take("demo-courier", "handoff.accepted", thing, values={"handoff": last_offer(story, bag)})
    assert taken.done
    assert taken.finding("giver_still_holds_it").severity == "caution"


def last_offer(story, bag):
    return [h.id for h in story.therapy(story.codes[bag].therapy).handoffs.values() if h.state == "open"][-1]


def test_giver_still_holds_it_says_who_holds_it():
    story, bag, thing = given_on_behind_the_offer()
    taken = story.take("demo-courier", "handoff.accepted", thing, values={"handoff": last_offer(story, bag)})
    says(taken, "giver_still_holds_it", got=f"demo-operator of {PLANT}", expected=f"demo-nurse of {HOSPITAL}",
         containers=(story.codes[bag].container,), names=PLANT)  # fmt: skip


# --- two_people_hand_over


def test_two_people_hand_over_passes_for_two_people():
    story, _, things, _ = offered()
    passed(story.take("demo-courier", "handoff.accepted", things), "two_people_hand_over")


def test_two_people_hand_over_cautions_about_one_person_on_both_sides():
    story = Story()
    _, (bag,) = story.doses()
    story.do("demo-operator", "handoff.offered", [("container", bag)], values={"to": HOSPITAL})
    taken = story.take("demo-operator", "handoff.accepted", [("container", bag)])
    cautioned(taken, "two_people_hand_over", CUSTODY)
    assert story.container(bag).custodian.organisation == HOSPITAL


def test_two_people_hand_over_says_who_it_was():
    story = Story()
    _, (bag,) = story.doses()
    story.do("demo-operator", "handoff.offered", [("container", bag)], values={"to": HOSPITAL})
    taken = story.take("demo-operator", "handoff.accepted", [("container", bag)])
    says(taken, "two_people_hand_over", got="demo-operator twice", expected="two people",
         containers=(story.codes[bag].container,), names="demo-operator")  # fmt: skip


# --- offer_is_taken_back_by_its_giver


def test_offer_is_taken_back_by_its_giver_passes_for_a_colleague_of_the_giver():
    story, (_bag,), things, _ = offered()
    taken = story.take("demo-infusion", "handoff.cancelled", things, reason="other")
    passed(taken, "offer_is_taken_back_by_its_giver")
    passed(story.take("demo-nurse", "handoff.offered", things, values={"to": PLANT}), "nothing_is_offered_twice")


def test_offer_is_taken_back_by_its_giver_refuses_the_addressee_and_strangers():
    story, _, things, _ = offered()
    for person in ("demo-courier", "other-courier"):
        taken = story.take(person, "handoff.cancelled", things, reason="other")
        refused(taken, "offer_is_taken_back_by_its_giver", CUSTODY)


def test_offer_is_taken_back_by_its_giver_refuses_an_offer_that_is_not_open():
    story, _, things, _ = offered()
    story.do("demo-courier", "handoff.accepted", things)
    taken = story.take("demo-nurse", "handoff.cancelled", things, reason="other")
    refused(taken, "offer_is_taken_back_by_its_giver", CUSTODY)


def test_offer_is_taken_back_by_its_giver_refuses_a_member_without_a_role_that_hands_over():
    story, _, things, _ = offered()
    story.people["auditing-courier"] = {HOSPITAL: frozenset({Role.AUDITOR}), OTHER_COURIERS: frozenset({Role.COURIER})}
    taken = story.take("auditing-courier", "handoff.cancelled", things, reason="other")
    refused(taken, "offer_is_taken_back_by_its_giver", CUSTODY)


def test_offer_is_taken_back_by_its_giver_says_who_made_it():
    story, (bag,), things, _ = offered()
    taken = story.take("demo-courier", "handoff.cancelled", things, reason="other")
    says(taken, "offer_is_taken_back_by_its_giver", got="demo-courier", expected=f"demo-nurse of {HOSPITAL}",
         containers=(story.codes[bag].container,), names=HOSPITAL)  # fmt: skip


# --- shipper_is_this_therapys


def two_shippers():
    story = Story()
    _, (mine,) = story.collected("MRN-1")
    _, (theirs,) = story.collected("MRN-2")
    return story, mine, theirs, story.packed([mine]), story.packed([theirs], seal="S-2")


def test_shipper_is_this_therapys_passes_for_its_own():
    story, _, _, own, _ = two_shippers()
    taken = story.take("demo-nurse", "handoff.offered", [("shipper", own)], values={"to": COURIERS})
    passed(taken, "shipper_is_this_therapys")


def test_shipper_is_this_therapys_refuses_another_therapys_shipper_with_its_bag():
    story, mine, _, _, other = two_shippers()
    coi = story.codes[mine].therapy
    scans = [("shipper", other), ("container", mine)]
    taken = story.take("demo-nurse", "handoff.offered", scans, coi=coi, values={"to": COURIERS})
    refused(taken, "shipper_is_this_therapys", CUSTODY)
    for kind in ("shipment.unpacked", "shipper.sealed"):
        scans = [("shipper", other), *([("seal", "S-9")] if kind == "shipper.sealed" else [])]
        refused(story.take("demo-nurse", kind, scans, coi=coi), "shipper_is_this_therapys", CUSTODY)


def test_shipper_is_this_therapys_refuses_to_accept_with_another_therapys_shipper():
    story, mine, _theirs, own, other = two_shippers()
    story.do("demo-nurse", "handoff.offered", [("shipper", own)], values={"to": COURIERS})
    scans = [("shipper", other), ("container", mine)]
    taken = story.take("demo-courier", "handoff.accepted", scans, coi=story.codes[mine].therapy)
    refused(taken, "shipper_is_this_therapys", CUSTODY)
    assert story.shipper(other).custodian.organisation == HOSPITAL


def test_shipper_is_this_therapys_cautions_when_both_are_inside_so_that_each_can_be_saved():
    story = Story()
    bags = [story.collected(number)[1][0] for number in ("MRN-1", "MRN-2")]
    box = ("shipper", story.charged())
    for bag in bags:
        assert story.take("demo-nurse", "shipment.packed", [box, ("container", bag)], tense="reported").done
    for bag in bags:
        coi = story.codes[bag].therapy
        taken = story.take("demo-nurse", "shipment.unpacked", [box, ("container", bag)], coi=coi)
        assert taken.done
        assert story.container(bag).place.kind == "hand"
        assert ("shipper_is_this_therapys" in taken.rules) is (bag == bags[0])  # the second finds its own alone
    assert story.shipper(box[1]).contents == {}


def test_shipper_is_this_therapys_says_so_without_naming_the_other():
    story, mine, _theirs, _, other = two_shippers()
    coi = story.codes[mine].therapy
    scans = [("shipper", other), ("container", mine)]
    taken = story.take("demo-nurse", "handoff.offered", scans, coi=coi, values={"to": COURIERS})
    says(taken, "shipper_is_this_therapys", got=f"shipper {other} with another therapy inside",
         expected=f"a shipper with containers of {coi}", names=other)  # fmt: skip


# --- offer_changes_hands


def test_offer_changes_hands_passes_for_a_colleague_the_own_ward_and_another_organisation():
    for to in ("demo-infusion", HOSPITAL, PLANT, "demo-courier"):
        story = Story()
        _, (bag,) = story.collected()
        taken = story.take("demo-nurse", "handoff.offered", [("container", bag)], values={"to": to})
        passed(taken, "offer_changes_hands")


def test_offer_changes_hands_refuses_oneself():
    story = Story()
    _, (bag,) = story.collected()
    taken = story.take("demo-nurse", "handoff.offered", [("container", bag)], values={"to": "demo-nurse"})
    refused(taken, "offer_changes_hands", CUSTODY)


def test_offer_changes_hands_says_who_holds_it_already():
    story = Story()
    _, (bag,) = story.collected()
    taken = story.take("demo-nurse", "handoff.offered", [("container", bag)], values={"to": "demo-nurse"})
    says(taken, "offer_changes_hands", got=f"an offer of demo-nurse of {HOSPITAL} to demo-nurse",
         expected="another organisation or person", containers=(story.codes[bag].container,))  # fmt: skip


# --- nothing_is_offered_twice


def test_nothing_is_offered_twice_passes_for_another_bag():
    story, (_, second), _, _ = one_of_two_offered()
    taken = story.take("demo-nurse", "handoff.offered", [("container", second)], values={"to": PLANT})
    passed(taken, "nothing_is_offered_twice")


def one_of_two_offered():
    story = Story()
    _, bags = story.collected(bags=2)
    offer = story.do("demo-nurse", "handoff.offered", [("container", bags[0])], values={"to": COURIERS}).entry.id
    return story, bags, [("container", bag) for bag in bags], offer


def test_nothing_is_offered_twice_refuses_one_bag_in_two_offers():
    story, (_first, _), things, _ = one_of_two_offered()
    for scans in (things[:1], things):
        taken = story.take("demo-nurse", "handoff.offered", scans, values={"to": PLANT})
        refused(taken, "nothing_is_offered_twice", CUSTODY)


def test_nothing_is_offered_twice_refuses_a_bag_that_was_offered_with_its_shipper():
    story = Story()
    _, (bag,) = story.collected()
    shipper = story.packed([bag])
    story.do("demo-nurse", "handoff.offered", [("shipper", shipper)], values={"to": COURIERS})
    for scans in ([("container", bag)], [("shipper", shipper)]):
        taken = story.take("demo-nurse", "handoff.offered", scans, values={"to": PLANT})
        refused(taken, "nothing_is_offered_twice", CUSTODY)


def test_nothing_is_offered_twice_says_to_whom_it_is_offered():
    story, (first, _), things, offer = one_of_two_offered()
    taken = story.take("demo-nurse", "handoff.offered", things[:1], values={"to": PLANT})
    says(taken, "nothing_is_offered_twice", got=f"a second offer beside {offer}", expected="no open offer",
         containers=(story.codes[first].container,), names=COURIERS)  # fmt: skip


# --- offered_things_stay_put


def test_offered_things_stay_put_passes_once_the_offer_is_taken_back():
    story, (_bag,), things, _ = offered()
    story.do("demo-nurse", "handoff.cancelled", things, reason="other")
    passed(
        story.take("demo-nurse", "shipment.packed", [("shipper", story.charged()), *things]), "offered_things_stay_put"
    )


def test_offered_things_stay_put_refuses_to_pack_what_is_offered():
    story, _, things, _ = offered()
    taken = story.take("demo-nurse", "shipment.packed", [("shipper", story.charged()), *things])
    refused(taken, "offered_things_stay_put", CUSTODY)


def test_offered_things_stay_put_refuses_one_more_bag_in_a_shipper_that_is_offered():
    story = Story()
    _, (inside, late) = story.collected(bags=2)
    shipper = story.charged()
    story.do("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", inside)])
    story.do("demo-nurse", "handoff.offered", [("shipper", shipper)], values={"to": COURIERS})
    taken = story.take("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", late)])
    refused(taken, "offered_things_stay_put", CUSTODY)


def test_offered_things_stay_put_cautions_when_it_is_stored():
    story, _, things, _ = offered()
    taken = story.take("demo-nurse", "container.stored", [*things, ("location", "TANK-1")])
    cautioned(taken, "offered_things_stay_put", CUSTODY)


def test_offered_things_stay_put_says_to_whom_it_is_offered():
    story, (bag,), things, _ = offered()
    taken = story.take("demo-nurse", "shipment.packed", [("shipper", story.charged()), *things])
    says(taken, "offered_things_stay_put", got="a thing under offer", expected="no open offer",
         containers=(story.codes[bag].container,), names=COURIERS)  # fmt: skip


# --- what the journeys that really happen added


def acknowledged(*, twice: bool) -> Taken:
    story = Story()
    coi, (label,) = story.collected()
    told = story.take("demo-courier", "handoff.accepted", bags_of(label), tense="reported", at=story.now).entry.id
    said = {"coi": coi, "values": {"handoff": told}}
    if twice:
        story.do("demo-nurse", "handoff.acknowledged", **said)
    return story.take("demo-nurse", "handoff.acknowledged", **said)


trials(
    globals(), "one_sided_handoff_is_there", Family.STAGE,
    passes=("for_the_giver", lambda: acknowledged(twice=False)),
    speaks=("a_handoff_that_was_acknowledged", lambda: acknowledged(twice=True)),
    got="accepted", expected="a one-sided handoff",
)  # fmt: skip


def test_one_sided_handoff_is_there_refuses_everybody_but_the_giver():
    story = Story()
    coi, (label,) = story.collected()
    told = story.take("demo-courier", "handoff.accepted", bags_of(label), tense="reported", at=story.now).entry.id
    taken = story.take("demo-courier", "handoff.acknowledged", coi=coi, values={"handoff": told})
    assert taken.stops == {"one_sided_handoff_is_there"}


def changed(site: str) -> Taken:
    story = Story()
    signs = [("demo-physician", "released"), ("other-nurse" if site != HOSPITAL else "demo-nurse", "accepted")]
    return story.take("demo-physician", "site.changed", coi=story.enrol(), signs=signs, values={"site": site},
                      reason="patient-moved")  # fmt: skip


trials(
    globals(), "site_is_another", Family.STAGE,
    passes=("for_another_hospital", lambda: changed("other-hospital")),
    speaks=("the_same_one", lambda: changed(HOSPITAL)),
    got=HOSPITAL, expected="another site",
)  # fmt: skip
