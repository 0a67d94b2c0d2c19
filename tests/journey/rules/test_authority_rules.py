"""Authority beyond roles: nobody acts in another's name, and what must be asked is not told afterwards."""

from coi.journey.entry import Outcome
from coi.journey.steps import Family
from tests.journey.rules.saying import passed, refused, says
from tests.journey.story import Story

AUTHORITY = Family.AUTHORITY


def check(story, dose, person, **more):
    return story.take(person, "infusion.checked", [("wristband", "MRN-1"), ("container", dose)], **more)


def test_asker_performs_it_passes_for_the_asker_and_for_a_report_of_somebody_else():
    story = Story()
    _, (dose,) = story.at_bedside()
    passed(check(story, dose, "demo-infusion", performed_by=("demo-infusion",)), "asker_performs_it")
    taken = story.take("demo-infusion", "container.stored", [("container", dose), ("location", "T")], tense="reported",
                       performed_by=("demo-nurse",))  # fmt: skip
    passed(taken, "asker_performs_it")
    assert story.container(dose).custodian.person == "demo-nurse"


def test_asker_performs_it_refuses_a_check_in_the_name_of_another():
    story = Story()
    _, (dose,) = story.at_bedside()
    check(story, dose, "demo-infusion")
    for others in (("demo-infusion-2",), ("demo-infusion", "demo-infusion-2")):
        taken = check(story, dose, "demo-infusion", performed_by=others)
        assert taken.stops >= {"asker_performs_it"}
        assert not taken.done
    refused(check(story, dose, "demo-infusion-2", performed_by=("demo-nurse",)), "asker_performs_it", AUTHORITY)


def test_asker_performs_it_says_who_was_named():
    story = Story()
    _, (dose,) = story.at_bedside()
    taken = check(story, dose, "demo-infusion", performed_by=("demo-infusion-2",))
    says(taken, "asker_performs_it", got="demo-infusion-2", expected="demo-infusion")


def test_it_may_be_reported_passes_for_what_can_be_kept_on_paper():
    story = Story()
    _, (dose,) = story.at_bedside()
    taken = story.take("demo-infusion", "thaw.started", [("container", dose)], tense="reported")
    passed(taken, "it_may_be_reported")


def test_it_may_be_reported_refuses_what_must_be_asked():
    story = Story()
    coi, (dose,) = story.at_bedside()
    bag, id_ = ("container", dose), story.codes[dose].container
    for person, kind, scans, values in (
        ("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), bag], {}),
        ("demo-quality", "containers.released", [bag], {}),
        ("demo-nurse", "label.issued", [], {"container": id_}),
    ):
        taken = story.take(person, kind, scans, coi=coi, values=values, tense="reported", reason="other")
        assert taken.outcome is Outcome.REFUSED
        refused(taken, "it_may_be_reported", AUTHORITY)
    story.do("demo-quality", "hold.placed", [bag], reason="other")
    lifted = story.take("demo-quality", "hold.lifted", [bag], tense="reported", reason="other")
    refused(lifted, "it_may_be_reported", AUTHORITY)
    assert story.container(dose).holds


def test_it_may_be_reported_says_that_it_has_to_be_asked():
    story = Story()
    _, (dose,) = story.at_bedside()
    taken = check(story, dose, "demo-infusion", tense="reported")
    says(taken, "it_may_be_reported", got="reported", expected="asked", names="Check at the bedside")
