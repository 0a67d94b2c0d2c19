"""Safety: holds, releases, clocks, counts, temperature, and two people who looked for themselves."""

from datetime import timedelta

from coi.journey.steps import Family
from tests.journey.rules.plays import bags_of
from tests.journey.rules.saying import cautioned, passed, refused, says
from tests.journey.rules.trials import trials
from tests.journey.story import COURIERS, HOSPITAL, PLANT, Story, Taken, pathway_of, shipped, shipped_text

FRESH = shipped("car-t-fresh")


# --- nothing_is_on_hold


def held():
    story = Story()
    _, (dose,) = story.at_bedside()
    story.do("demo-quality", "hold.placed", [("container", dose)], reason="under-investigation")
    return story, dose


def test_nothing_is_on_hold_passes_once_quality_lifted_the_hold():
    story, dose = held()
    story.do("demo-quality", "hold.lifted", [("container", dose)], reason="investigation-closed")
    passed(story.take("demo-infusion", "thaw.started", [("container", dose)]), "nothing_is_on_hold")


def test_nothing_is_on_hold_refuses_manufacturing_release_thaw_and_infusion():
    story, dose = held()
    refused(story.take("demo-infusion", "thaw.started", [("container", dose)]), "nothing_is_on_hold", Family.HOLD)
    refused(story.take("demo-quality", "containers.released", [("container", dose)]), "nothing_is_on_hold", Family.HOLD)
    story = Story(pathway=FRESH)
    _, (dose,) = story.at_bedside()
    story.checked("MRN-1", [dose])
    story.do("demo-quality", "hold.placed", [("container", dose)], reason="other")
    refused(story.take("demo-infusion", "infusion.started", [("container", dose)]), "nothing_is_on_hold", Family.HOLD)
    _, (bag,) = story.collected("MRN-2")
    story.do("demo-nurse", "hold.placed", [("container", bag)], reason="other")
    story.take("demo-nurse", "handoff.offered", [("container", bag)], values={"to": PLANT})
    story.take("demo-operator", "handoff.accepted", [("container", bag)])
    refused(story.take("demo-operator", "lot.started", [("container", bag)]), "nothing_is_on_hold", Family.HOLD)


def test_nothing_is_on_hold_cautions_while_cells_are_saved():
    story, dose = held()
    thing = ("container", dose)
    cautioned(
        story.take("demo-infusion", "container.stored", [thing, ("location", "T")]), "nothing_is_on_hold", Family.HOLD
    )
    offered = story.take("demo-infusion", "handoff.offered", [thing], values={"to": COURIERS})
    accepted = story.take("demo-courier", "handoff.accepted", [thing])
    discarded = story.take("demo-courier", "handoff.offered", [thing], values={"to": PLANT})
    assert offered.done
    assert accepted.done
    assert discarded.done
    assert all(not taken.deviations for taken in (offered, accepted, discarded))  # one deviation for one hold is enough


def test_nothing_is_on_hold_says_why_it_is_held():
    story, dose = held()
    id_ = story.codes[dose].container
    says(story.take("demo-infusion", "thaw.started", [("container", dose)]), "nothing_is_on_hold",
         got="1 hold(s): under-investigation", expected="no hold", containers=(id_,), names=id_)  # fmt: skip


# --- a_hold_is_there_to_lift


def lift(story, code, **values):
    coi = story.codes[code].therapy
    return story.take("demo-quality", "hold.lifted", [("container", code)], coi=coi, values=values, reason="other")


def test_a_hold_is_there_to_lift_passes_for_the_hold_that_is_named():
    story, dose = held()
    (hold,) = story.container(dose).holds
    story.do("demo-nurse", "hold.placed", [("container", dose)], reason="other")
    passed(lift(story, dose, hold=hold), "a_hold_is_there_to_lift")
    assert len(story.container(dose).holds) == 1
    passed(lift(story, dose), "a_hold_is_there_to_lift")
    assert story.container(dose).holds == {}


def test_a_hold_is_there_to_lift_refuses_where_there_is_none_or_another():
    story, dose = held()
    refused(lift(story, dose, hold=story.new_id()), "a_hold_is_there_to_lift", Family.STAGE)
    assert story.container(dose).holds
    lift(story, dose)
    refused(lift(story, dose), "a_hold_is_there_to_lift", Family.STAGE)


def test_a_hold_is_there_to_lift_says_which_is_not():
    story, dose = held()
    id_, other = story.codes[dose].container, story.new_id()
    says(lift(story, dose, hold=other), "a_hold_is_there_to_lift", got="no such hold", expected="a hold in force",
         containers=(id_,), names=other)  # fmt: skip


# --- release_in_force_names_it


def test_release_in_force_names_it_passes_for_a_released_dose():
    story = Story()
    _, (dose,) = story.at_bedside()
    passed(story.take("demo-infusion", "thaw.started", [("container", dose)]), "release_in_force_names_it")


def test_release_in_force_names_it_refuses_thaw_and_infusion_before_release():
    story = Story()
    _, (dose,) = story.doses()
    story.moved([dose], "demo-operator", "demo-hospital", "demo-infusion")
    refused(
        story.take("demo-infusion", "thaw.started", [("container", dose)]), "release_in_force_names_it", Family.RELEASE
    )
    story = Story(pathway=FRESH)
    _, (dose,) = story.doses()
    story.moved([dose], "demo-operator", "demo-hospital", "demo-infusion")
    for person in ("demo-infusion", "demo-infusion-2"):
        story.take(person, "infusion.checked", [("wristband", "MRN-1"), ("container", dose)])
    taken = story.take("demo-infusion", "infusion.started", [("container", dose)])
    refused(taken, "release_in_force_names_it", Family.RELEASE)


def test_release_in_force_names_it_refuses_after_the_release_was_refused_revoked_or_annulled():
    for kind in ("release.refused", "release.revoked", "entry.annulled"):
        story = Story()
        coi, (dose,) = story.at_bedside()
        if kind == "entry.annulled":
            (release,) = story.container(dose).releases
            for person in ("demo-quality", "demo-quality-2"):
                story.take(person, kind, coi=coi, values={"entry": release}, reason="recorded-in-error")
            lift(story, dose)
        else:
            story.do("demo-quality", kind, [("container", dose)], reason="out-of-specification")
        taken = story.take("demo-infusion", "thaw.started", [("container", dose)])
        refused(taken, "release_in_force_names_it", Family.RELEASE)


def test_release_in_force_names_it_refuses_the_bag_that_is_not_named():
    story = Story()
    _, (first, second) = story.doses(count=2)
    story.do("demo-quality", "containers.released", [("container", second)])
    story.moved([first, second], "demo-operator", "demo-hospital", "demo-infusion")
    taken = story.take("demo-infusion", "thaw.started", [("container", first)])
    refused(taken, "release_in_force_names_it", Family.RELEASE)


def test_release_in_force_names_it_says_which_is_not_released():
    story = Story()
    _, (dose,) = story.doses()
    story.moved([dose], "demo-operator", "demo-hospital", "demo-infusion")
    id_ = story.codes[dose].container
    says(story.take("demo-infusion", "thaw.started", [("container", dose)]), "release_in_force_names_it",
         got="not released", expected="a release in force that names it", containers=(id_,), names=id_)  # fmt: skip


# --- release_is_final


def released_as(status):
    story = Story(pathway=FRESH)
    _, (dose,) = story.doses()
    story.do("demo-quality", "containers.released", [("container", dose)], values={"status": status})
    story.moved([dose], "demo-operator", "demo-hospital", "demo-infusion")
    story.checked("MRN-1", [dose])
    return story, dose


def test_release_is_final_passes_for_a_final_release():
    story, dose = released_as("final")
    passed(story.take("demo-infusion", "infusion.started", [("container", dose)]), "release_is_final")


def test_release_is_final_cautions_about_a_provisional_one():
    story, dose = released_as("provisional")
    cautioned(
        story.take("demo-infusion", "infusion.started", [("container", dose)]), "release_is_final", Family.RELEASE
    )


def test_release_is_final_says_that_it_is_not():
    story, dose = released_as("provisional")
    id_ = story.codes[dose].container
    says(story.take("demo-infusion", "infusion.started", [("container", dose)]), "release_is_final",
         got="a release as provisional", expected="a final release", containers=(id_,), names=id_)  # fmt: skip


# --- release_was_not_taken_back


def revoked():
    story = Story()
    _, (dose,) = story.doses()
    story.do("demo-quality", "containers.released", [("container", dose)])
    story.do("demo-quality", "release.revoked", [("container", dose)], reason="out-of-specification")
    return story, dose


def test_release_was_not_taken_back_passes_for_a_first_release():
    story = Story()
    _, (dose,) = story.doses()
    passed(story.take("demo-quality", "containers.released", [("container", dose)]), "release_was_not_taken_back")


def test_release_was_not_taken_back_cautions_about_a_release_after_a_revocation_once():
    story, dose = revoked()
    taken = story.take("demo-quality", "containers.released", [("container", dose)])
    cautioned(taken, "release_was_not_taken_back", Family.RELEASE)
    passed(story.take("demo-quality", "containers.released", [("container", dose)]), "release_was_not_taken_back")


def test_release_was_not_taken_back_says_what_came_before():
    story, dose = revoked()
    id_ = story.codes[dose].container
    says(story.take("demo-quality", "containers.released", [("container", dose)]), "release_was_not_taken_back",
         got="release.revoked", expected="no earlier refusal", containers=(id_,), names=id_)  # fmt: skip


# --- no_clock_has_run_out


def thawed():
    story = Story(tick=timedelta(seconds=1))
    _, (dose,) = story.at_bedside()
    story.do("demo-infusion", "thaw.started", [("container", dose)])
    began = story.now
    story.wait(minutes=10)
    story.checked("MRN-1", [dose])
    return story, dose, began


def infuse_at(moment, story, dose, **more):
    story.now = moment - story.tick  # the step itself takes a tick
    return story.take("demo-infusion", "infusion.started", [("container", dose)], **more)


def test_no_clock_has_run_out_passes_at_the_deadline_itself():
    story, dose, began = thawed()
    passed(infuse_at(began + timedelta(minutes=30), story, dose), "no_clock_has_run_out")


def test_no_clock_has_run_out_refuses_a_microsecond_after_the_deadline():
    story, dose, began = thawed()
    taken = infuse_at(began + timedelta(minutes=30, microseconds=1), story, dose)
    refused(taken, "no_clock_has_run_out", Family.CLOCK)


def test_no_clock_has_run_out_refuses_what_cannot_be_shown():
    story, dose, began = thawed()
    taken = infuse_at(began + timedelta(minutes=29, seconds=30), story, dose, uncertainty=60)
    refused(taken, "no_clock_has_run_out", Family.CLOCK)


def test_no_clock_has_run_out_refuses_a_window_without_a_start():
    text = shipped_text("car-t-fresh").replace(
        'id = "formulation-to-infusion"',
        'id = "never-started"\ntitle = "Never started"\npurposes = ["dose"]\nstarts = ["thaw.started"]\n'
        'ends = ["infusion.started"]\nlimit = "PT1H"\nneeded_by = ["infusion.started"]\nsource = "a test"\n\n'
        '[[window]]\nid = "formulation-to-infusion"',
    )
    story = Story(pathway=pathway_of(text.encode()))
    _, (dose,) = story.at_bedside()
    story.checked("MRN-1", [dose])
    taken = story.take("demo-infusion", "infusion.started", [("container", dose)])
    refused(taken, "no_clock_has_run_out", Family.CLOCK)
    id_ = story.codes[dose].container
    says(
        taken,
        "no_clock_has_run_out",
        got="cannot be shown",
        expected="inside",
        containers=(id_,),
        names="Never started",
    )


def test_no_clock_has_run_out_refuses_manufacturing_of_expired_starting_material():
    story = Story(pathway=FRESH)
    _, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    story.wait(hours=48)
    refused(story.take("demo-operator", "lot.started", [("container", bag)]), "no_clock_has_run_out", Family.CLOCK)


def test_no_clock_has_run_out_refuses_what_is_left_over_after_its_time():
    story = Story(pathway=FRESH)
    coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    lot = story.do("demo-operator", "lot.started", [("container", bag)]).entry.values["lot"]
    first, second = story.labelled(coi, "in_process", 2, person="demo-operator")
    scans = [("container", bag), ("label", first)]
    story.do("demo-operator", "containers.transformed", scans, values={"consumed": False, "lot": lot})
    story.wait(hours=48)
    scans = [("container", bag), ("label", second)]
    taken = story.take("demo-operator", "containers.transformed", scans, values={"lot": lot})
    refused(taken, "no_clock_has_run_out", Family.CLOCK)


def test_no_clock_has_run_out_cautions_while_expired_cells_are_saved():
    story, dose, _ = thawed()
    story.wait(hours=1)
    thing = ("container", dose)
    for person, kind, scans, more in (
        ("demo-infusion", "container.stored", [("location", "T")], {}),
        ("demo-infusion", "handoff.offered", [], {"values": {"to": COURIERS}}),
        ("demo-courier", "handoff.accepted", [], {}),
        ("demo-courier", "handoff.offered", [], {"values": {"to": "demo-infusion"}}),
        ("demo-infusion", "handoff.accepted", [], {}),
        ("demo-infusion", "container.discarded", [], {"reason": "expired"}),
    ):
        taken = story.take(person, kind, [thing, *scans], **more)
        assert taken.done, kind
        assert "no_clock_has_run_out" in taken.rules


def test_no_clock_has_run_out_says_when_it_ran_out():
    story, dose, began = thawed()
    id_ = story.codes[dose].container
    due = f"{began + timedelta(minutes=30):%Y-%m-%d %H:%M:%S} UTC"
    at = began + timedelta(minutes=30, seconds=1)
    says(infuse_at(at, story, dose), "no_clock_has_run_out", got=f"{at:%Y-%m-%d %H:%M:%S} UTC",
         expected=f"not after {due}", containers=(id_,), names=[id_, due])  # fmt: skip
    at = began + timedelta(minutes=29, seconds=30)
    says(infuse_at(at, story, dose, uncertainty=60), "no_clock_has_run_out", got="cannot be shown",
         expected=f"surely not after {due}", containers=(id_,), names=id_)  # fmt: skip


# --- count_is_what_was_sent


def offered(bags=2):
    story = Story()
    _, serials = story.collected(bags=bags)
    things = [("container", serial) for serial in serials]
    story.do("demo-nurse", "handoff.offered", things, values={"to": COURIERS})
    return story, serials, things


def test_count_is_what_was_sent_passes_for_all_of_them_counted_or_scanned():
    for scans, values in ((2, {}), (1, None), (2, {"containers_received": 2})):
        story, _, things = offered()
        taken = story.take("demo-courier", "handoff.accepted", things[:scans], values=values)
        if values is not None:
            passed(taken, "count_is_what_was_sent")


def test_count_is_what_was_sent_cautions_about_a_missing_bag_and_holds_it():
    story, (here, missing), things = offered()
    taken = story.take("demo-courier", "handoff.accepted", things[:1])
    cautioned(taken, "count_is_what_was_sent", Family.COUNT, holds=True)
    assert (bool(story.container(here).holds), bool(story.container(missing).holds)) == (False, True)
    assert taken.entry.values["remarks"] is True
    (handoff,) = story.therapy(story.codes[here].therapy).handoffs.values()
    assert handoff.state == "remarks"


def test_count_is_what_was_sent_cautions_about_another_number_and_holds_all():
    for number in (0, 1, 3):
        story, bags, things = offered()
        taken = story.take("demo-courier", "handoff.accepted", things, values={"containers_received": number})
        cautioned(taken, "count_is_what_was_sent", Family.COUNT, holds=True)
        assert all(story.container(bag).holds for bag in bags)


def test_count_is_what_was_sent_cautions_about_a_bag_too_many_and_holds_it():
    story = Story()
    _, (sent, extra) = story.collected(bags=2)
    story.do("demo-nurse", "handoff.offered", [("container", sent)], values={"to": COURIERS})
    taken = story.take("demo-courier", "handoff.accepted", [("container", sent), ("container", extra)])
    cautioned(taken, "count_is_what_was_sent", Family.COUNT, holds=True)
    assert (bool(story.container(sent).holds), bool(story.container(extra).holds)) == (False, True)
    assert story.container(extra).custodian.organisation == "demo-hospital"


def test_count_is_what_was_sent_does_not_name_a_bag_of_another_therapy():
    story, bags, things = offered()
    _, (foreign,) = story.collected("MRN-2")
    coi = story.codes[bags[0]].therapy
    taken = story.take("demo-courier", "handoff.accepted", [*things, ("container", foreign)], coi=coi)
    assert taken.rules == {"count_is_what_was_sent", "container_is_this_therapys"}
    assert story.codes[foreign].container not in taken.finding("count_is_what_was_sent").containers
    assert all(story.container(bag).holds for bag in bags)


def test_count_is_what_was_sent_cautions_when_less_comes_out_of_the_shipper():
    story = Story()
    _, bags = story.collected(bags=2)
    shipper = story.packed(bags)
    taken = story.take("demo-nurse", "shipment.unpacked", [("shipper", shipper), ("container", bags[0])])
    cautioned(taken, "count_is_what_was_sent", Family.COUNT, holds=True)
    assert [bool(story.container(bag).holds) for bag in bags] == [False, True]


def test_count_is_what_was_sent_says_how_many():
    story, (_here, missing), things = offered()
    taken = story.take("demo-courier", "handoff.accepted", things[:1])
    says(taken, "count_is_what_was_sent", got="1 containers", expected="2 containers",
         containers=(story.codes[missing].container,), names="held")  # fmt: skip


# --- nothing_was_remarked


def test_nothing_was_remarked_passes_without_remarks():
    story, _, things = offered()
    passed(story.take("demo-courier", "handoff.accepted", things), "nothing_was_remarked")


def test_nothing_was_remarked_cautions_and_holds_what_was_scanned():
    story, (first, second), things = offered()
    taken = story.take("demo-courier", "handoff.accepted", things, values={"remarks": True})
    cautioned(taken, "nothing_was_remarked", Family.COUNT, holds=True)
    assert all(story.container(bag).holds for bag in (first, second))
    assert story.container(first).custodian.organisation == COURIERS


def test_nothing_was_remarked_says_what_is_held():
    story, bags, things = offered()
    taken = story.take("demo-courier", "handoff.accepted", things, values={"remarks": True})
    says(taken, "nothing_was_remarked", got="remarks", expected="no remarks",
         containers=tuple(story.codes[bag].container for bag in bags), names="held")  # fmt: skip


# --- it_arrived_in_good_order


def inspect(story, bag, **values):
    return story.take("demo-nurse", "shipment.inspected", [("container", bag)], values=values)


def test_it_arrived_in_good_order_passes_for_an_intact_bag_in_range():
    story = Story()
    _, (bag,) = story.collected()
    passed(inspect(story, bag, condition="intact", temperature="in_range"), "it_arrived_in_good_order")
    passed(inspect(story, bag), "it_arrived_in_good_order")


def test_it_arrived_in_good_order_cautions_about_damage_excursions_and_a_silent_logger():
    for values in ({"condition": "damaged"}, {"condition": "leaking"}, {"temperature": "excursion"},
                   {"temperature": "not_recorded"}):  # fmt: skip
        story = Story()
        _, (bag,) = story.collected()
        cautioned(inspect(story, bag, **values), "it_arrived_in_good_order", Family.TEMPERATURE, holds=True)
        assert story.container(bag).holds


def test_it_arrived_in_good_order_says_what_was_not():
    story = Story()
    _, (bag,) = story.collected()
    id_ = story.codes[bag].container
    says(inspect(story, bag, temperature="excursion"), "it_arrived_in_good_order", got="excursion",
         expected="in_range", containers=(id_,))  # fmt: skip
    says(inspect(story, bag, condition="leaking"), "it_arrived_in_good_order", got="leaking", expected="intact",
         containers=(id_,))  # fmt: skip


# --- checker_is_another_person


def check(story, person, dose, **more):
    return story.take(person, "infusion.checked", [("wristband", "MRN-1"), ("container", dose)], **more)


def test_checker_is_another_person_passes_for_two_people_and_for_the_same_one_the_next_day():
    story = Story()
    _, (dose,) = story.at_bedside()
    for person in ("demo-infusion", "demo-infusion-2"):
        passed(check(story, person, dose), "checker_is_another_person")
    story.wait(minutes=31)
    passed(check(story, "demo-infusion", dose), "checker_is_another_person")


def test_checker_is_another_person_refuses_the_first_persons_second_check():
    story = Story()
    _, (dose,) = story.at_bedside()
    check(story, "demo-infusion", dose)
    refused(check(story, "demo-infusion", dose), "checker_is_another_person", Family.SIGNATURE)


def test_checker_is_another_person_says_who_was_first():
    story = Story()
    _, (dose,) = story.at_bedside()
    check(story, "demo-infusion", dose)
    says(check(story, "demo-infusion", dose), "checker_is_another_person", got="demo-infusion twice",
         expected="two people", containers=(story.codes[dose].container,))  # fmt: skip


# --- two_people_checked_it


def at_bedside(count=1, people=("demo-infusion", "demo-infusion-2"), checked=None):
    story = Story(pathway=pathway_of(shipped_text("car-t-fresh").replace("containers = 1", "containers = 2").encode()))
    _, bags = story.at_bedside(count=count)
    for person in people:
        scans = [("wristband", "MRN-1"), *(("container", bag) for bag in bags[:checked])]
        story.do(person, "infusion.checked", scans)
    return story, bags


def start(story, bags, **more):
    return story.take("demo-infusion", "infusion.started", [("container", bag) for bag in bags], **more)


def test_two_people_checked_it_passes_after_two_checks_of_all_bags_also_one_by_one():
    story, bags = at_bedside(2)
    for bag in bags:
        passed(start(story, [bag]), "two_people_checked_it")


def test_two_people_checked_it_refuses_with_one_check_or_none():
    for people in ((), ("demo-infusion",)):
        story, bags = at_bedside(people=people)
        refused(start(story, bags), "two_people_checked_it", Family.SIGNATURE)


def test_two_people_checked_it_refuses_two_bags_of_which_one_was_checked():
    story, bags = at_bedside(2, checked=1)
    refused(start(story, bags), "two_people_checked_it", Family.SIGNATURE)
    refused(start(story, bags[1:]), "two_people_checked_it", Family.SIGNATURE)
    passed(start(story, bags[:1]), "two_people_checked_it")


def test_two_people_checked_it_refuses_checks_of_different_bags():
    story, bags = at_bedside(2, people=())
    for person, bag in zip(("demo-infusion", "demo-infusion-2"), bags, strict=True):
        story.do(person, "infusion.checked", [("wristband", "MRN-1"), ("container", bag)])
    for chosen in (bags, bags[:1], bags[1:]):
        refused(start(story, chosen), "two_people_checked_it", Family.SIGNATURE)


def test_two_people_checked_it_refuses_stale_checks():
    story, bags = at_bedside()
    story.wait(minutes=30)
    refused(start(story, bags), "two_people_checked_it", Family.SIGNATURE)


def test_two_people_checked_it_refuses_a_check_that_was_annulled():
    story, bags = at_bedside()
    coi = story.codes[bags[0]].therapy
    for person in ("demo-quality", "demo-quality-2"):
        values = {"entry": story.therapy(coi).checks[0].entry}
        story.do(person, "entry.annulled", coi=coi, values=values, reason="recorded-in-error")
    refused(start(story, bags), "two_people_checked_it", Family.SIGNATURE)


def test_two_people_checked_it_does_not_count_checks_that_were_made_after_a_reported_start():
    story, bags = at_bedside(people=())
    began = story.now
    story.wait(minutes=5)
    for person in ("demo-infusion", "demo-infusion-2"):
        story.do(person, "infusion.checked", [("wristband", "MRN-1"), ("container", bags[0])])
    taken = start(story, bags, tense="reported", at=began)
    assert taken.done
    assert taken.stops == {"two_people_checked_it"}
    assert [entry.values["hold"] for entry in taken.deviations] == [True]
    assert story.container(bags[0]).holds


def test_two_people_checked_it_says_how_many_have_and_not_who():
    story, bags = at_bedside(people=("demo-infusion-2",))
    id_ = story.codes[bags[0]].container
    taken = start(story, bags)
    says(taken, "two_people_checked_it", got="1 matching check(s)", expected="two matching checks by two people",
         containers=(id_,), names="30 minutes")  # fmt: skip
    assert "demo-infusion-2" not in str(taken.entry.findings)


# --- what the journeys that really happen added


def out_of_specification(*, asked: bool) -> Taken:
    story = Story()
    _, (dose,) = story.doses()
    if asked:
        story.do("demo-physician", "release.requested", bags_of(dose), signs=[("demo-physician", "performed")],
                 reason="no-alternative")  # fmt: skip
    return story.take("demo-quality", "containers.released", bags_of(dose), values={"status": "out_of_specification"})


trials(
    globals(), "out_of_specification_was_asked_for", Family.STAGE,
    passes=("when_the_physician_has_asked", lambda: out_of_specification(asked=True)),
    speaks=("a_release_that_nobody_asked_for", lambda: out_of_specification(asked=False)),
    got="no request", expected="a physician's request that names it",
)  # fmt: skip


def test_release_in_force_names_it_refuses_a_release_for_another_site_or_country():
    for values, country in (({"site": "other-hospital"}, None), ({"country": "de"}, "fr")):
        story = Story(country=country)
        _, (dose,) = story.doses()
        story.do("demo-quality", "containers.released", bags_of(dose), values=values)
        story.moved([dose], "demo-operator", HOSPITAL, "demo-infusion")
        assert story.take("demo-infusion", "thaw.started", bags_of(dose)).stops == {"release_in_force_names_it"}
