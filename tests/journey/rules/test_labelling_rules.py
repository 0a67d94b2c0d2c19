"""Labelling: a voided label, a label on the wrong bag, a number told instead of a label, a second print."""

from coi.journey.attempt import Severity
from coi.journey.steps import Family
from tests.journey.rules.plays import WARD, bags_of, stored
from tests.journey.rules.saying import cautioned, passed, refused, says
from tests.journey.rules.trials import trials
from tests.journey.story import COURIERS, Story, Taken, pathway_of, shipped_text

ID, STAGE = Family.IDENTITY, Family.STAGE


def relabelled(story, serial, person="demo-infusion", **voiding):
    """Print and apply another label for the container of `serial`; return its serial."""
    id_ = story.codes[serial].container
    new = story.label(id_, person=person, reason="label-damaged")
    story.do(person, "label.applied", [("label", new)])
    return new


def voided(story, serial, person="demo-infusion"):
    coi = story.codes[serial].therapy
    values = {"label": serial, "destroyed": True}
    story.do(person, "label.voided", coi=coi, values=values, reason="label-damaged")


def check(story, code):
    coi = story.codes[code].therapy
    return story.take("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), ("container", code)], coi=coi)


# --- label_is_current


def test_label_is_current_passes_for_the_label_in_force():
    story = Story()
    _, (dose,) = story.at_bedside()
    passed(check(story, relabelled(story, dose)), "label_is_current")


def test_label_is_current_refuses_a_voided_label():
    story = Story()
    _, (dose,) = story.at_bedside()
    relabelled(story, dose)
    voided(story, dose)
    refused(check(story, dose), "label_is_current", ID)


def test_label_is_current_refuses_a_label_that_was_never_scanned_back():
    story = Story()
    _, (dose,) = story.at_bedside()
    new = story.label(story.codes[dose].container, person="demo-infusion", reason="label-damaged")
    refused(check(story, new), "label_is_current", ID)


def test_label_is_current_refuses_the_voided_label_of_what_comes_out():
    story = Story()
    coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", "demo-plant", "demo-operator")
    story.do("demo-operator", "lot.started", [("container", bag)])
    (out,) = story.labelled(coi, "dose", person="demo-operator")
    relabelled(story, out, "demo-operator")
    voided(story, out, "demo-operator")
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("label", out)])
    refused(taken, "label_is_current", ID)


def test_label_is_current_cautions_about_an_older_copy_that_is_still_on_the_bag():
    story = Story()
    _, (dose,) = story.at_bedside()
    relabelled(story, dose)
    cautioned(check(story, dose), "label_is_current", ID)


def test_label_is_current_says_which_label_is_in_force():
    story = Story()
    _, (dose,) = story.at_bedside()
    id_, new = story.codes[dose].container, relabelled(story, dose)
    says(check(story, dose), "label_is_current", got=f"superseded label {dose}", expected=new, containers=(id_,),
         names=[dose, new])  # fmt: skip
    voided(story, dose)
    says(check(story, dose), "label_is_current", got=f"voided label {dose}", expected=new, containers=(id_,),
         names=[dose, new])  # fmt: skip
    another = story.label(id_, person="demo-infusion", reason="label-damaged")
    says(check(story, another), "label_is_current", got=f"label {another}, not applied", expected=new,
         containers=(id_,), names=another)  # fmt: skip


# --- number_is_of_a_label_in_force


def test_number_is_of_a_label_in_force_passes_for_the_number_on_the_one_label():
    story = Story()
    _, (dose,) = story.at_bedside()
    passed(check(story, story.codes[dose].container), "number_is_of_a_label_in_force")


def test_number_is_of_a_label_in_force_refuses_the_number_that_a_voided_label_shows_too():
    story = Story()
    _, (dose,) = story.at_bedside()
    relabelled(story, dose)
    voided(story, dose)
    refused(check(story, story.codes[dose].container), "number_is_of_a_label_in_force", ID)


def test_number_is_of_a_label_in_force_refuses_a_number_without_any_label_in_force():
    story = Story()
    _, (dose,) = story.at_bedside()
    voided(story, dose)
    refused(check(story, story.codes[dose].container), "number_is_of_a_label_in_force", ID)


def test_number_is_of_a_label_in_force_lets_cells_be_saved_without_a_word_to_quality():
    story = Story()
    _, (dose,) = story.at_bedside()
    voided(story, dose)
    scans = [("container", story.codes[dose].container), ("location", "TANK-1")]
    taken = story.take("demo-infusion", "container.stored", scans)
    assert taken.done
    assert taken.finding("number_is_of_a_label_in_force").severity is Severity.INFO
    assert taken.deviations == []


def test_number_is_of_a_label_in_force_says_which_label_to_scan():
    story = Story()
    _, (dose,) = story.at_bedside()
    id_, new = story.codes[dose].container, relabelled(story, dose)
    voided(story, dose)
    says(check(story, id_), "number_is_of_a_label_in_force", got=f"the number {id_}", expected=f"label {new}",
         containers=(id_,), names=[id_, dose])  # fmt: skip
    voided(story, new)
    says(check(story, id_), "number_is_of_a_label_in_force", got=f"the number {id_}", containers=(id_,),
         expected="a label that was issued and applied")  # fmt: skip


# --- label_is_this_containers


def two_planned(story):
    coi = story.enrol()
    ids = story.plan(coi, "starting_material", 2)
    return coi, ids, [story.label(id_) for id_ in ids]


def test_label_is_this_containers_passes_for_its_own_container():
    story = Story()
    _, (first, _), (serial, _) = two_planned(story)
    taken = story.take("demo-nurse", "label.applied", [("label", serial)], values={"container": first})
    passed(taken, "label_is_this_containers")


def test_label_is_this_containers_refuses_another_bag_named_or_scanned():
    story = Story()
    _, (_, second), (serial, _) = two_planned(story)
    named = story.take("demo-nurse", "label.applied", [("label", serial)], values={"container": second})
    scanned = story.take("demo-nurse", "label.applied", [("label", serial), ("container", second)])
    for taken in (named, scanned):
        refused(taken, "label_is_this_containers", ID)


def test_label_is_this_containers_refuses_a_voided_or_superseded_label():
    story = Story()
    _, (_first, _second), (serial, other) = two_planned(story)
    for label in (serial, other):
        story.do("demo-nurse", "label.applied", [("label", label)])
    relabelled(story, serial, "demo-nurse")
    voided(story, other, "demo-nurse")
    for label in (serial, other):
        refused(story.take("demo-nurse", "label.applied", [("label", label)]), "label_is_this_containers", ID)


def test_label_is_this_containers_says_whose_label_it_is():
    story = Story()
    _, (first, second), (serial, _) = two_planned(story)
    taken = story.take("demo-nurse", "label.applied", [("label", serial)], values={"container": second})
    says(taken, "label_is_this_containers", got=f"label {serial} of container {first}",
         expected=f"a label of container {second}", containers=(first,))  # fmt: skip


def test_label_is_this_containers_never_brings_a_voided_label_back_when_that_is_reported():
    story = Story()
    _, _, (serial, _) = two_planned(story)
    story.do("demo-nurse", "label.applied", [("label", serial)])
    voided(story, serial, "demo-nurse")
    taken = story.take("demo-nurse", "label.applied", [("label", serial)], tense="reported")
    assert taken.done
    assert [entry.values["hold"] for entry in taken.deviations] == [True]
    assert story.therapy(story.codes[serial].therapy).labels[serial].state == "voided"


# --- label_is_needed


def test_label_is_needed_passes_for_the_first_and_for_a_copy_with_a_reason():
    story = Story()
    coi = story.enrol()
    (id_,) = story.plan(coi, "dose")
    for reason in (None, "label-damaged"):
        taken = story.take("demo-nurse", "label.issued", values={"container": id_}, reason=reason)
        passed(taken, "label_is_needed")
    assert taken.entry.values["generation"] == 2


def test_label_is_needed_refuses_a_second_copy_without_a_reason():
    story = Story()
    (id_,) = story.plan(story.enrol(), "dose")
    story.label(id_)
    refused(story.take("demo-nurse", "label.issued", values={"container": id_}), "label_is_needed", STAGE)
    other_place = {"container": id_, "position": "tie_tag"}
    passed(story.take("demo-nurse", "label.issued", values=other_place), "label_is_needed")


def test_label_is_needed_says_which_label_there_is():
    story = Story()
    (id_,) = story.plan(story.enrol(), "dose")
    serial = story.label(id_)
    taken = story.take("demo-nurse", "label.issued", values={"container": id_})
    says(
        taken, "label_is_needed", got="no reason", expected="a reason for the reprint", containers=(id_,), names=serial
    )


# --- label_can_be_voided


def void(story, coi, scans=(), **values):
    return story.take("demo-nurse", "label.voided", scans, coi=coi, values=values, reason="label-damaged")


def test_label_can_be_voided_passes_for_a_scanned_or_a_destroyed_copy():
    story = Story()
    coi, _, (first, second) = two_planned(story)
    passed(void(story, coi, [("label", first)]), "label_can_be_voided")
    passed(void(story, coi, label=second, destroyed=True), "label_can_be_voided")
    assert {label.state for label in story.therapy(coi).labels.values()} == {"voided"}


def test_label_can_be_voided_refuses_a_second_time_and_what_is_no_label_here():
    story = Story()
    coi, _, (first, second) = two_planned(story)
    void(story, coi, [("label", first)])
    refused(void(story, coi, [("label", first)]), "label_can_be_voided", STAGE)
    refused(void(story, coi), "label_can_be_voided", STAGE)
    refused(void(story, coi, label=second), "label_can_be_voided", STAGE)
    other = story.enrol("MRN-2")
    refused(void(story, other, label=second, destroyed=True), "label_can_be_voided", STAGE)


def test_label_can_be_voided_says_what_is_missing():
    story = Story()
    coi, _, (_, second) = two_planned(story)
    says(void(story, coi), "label_can_be_voided", got="no label of this therapy in force",
         expected="an issued, applied or superseded label")  # fmt: skip
    says(void(story, coi, label=second), "label_can_be_voided", got="neither", expected="a scan or destroyed = true")


# --- what the journeys that really happen added

QUALITY = [*WARD, ("demo-quality", "approved")]


def superseded(*, twice: bool) -> Taken:
    story = Story()
    _, (label,) = story.at_bedside()
    if twice:
        story.do("demo-infusion", "label.superseded", [("label", label)], reason="label-damaged")
    return story.take("demo-infusion", "label.superseded", [("label", label)], reason="label-damaged")


trials(
    globals(), "label_can_be_superseded", Family.STAGE,
    passes=("while_it_is_in_force", lambda: superseded(twice=False)),
    speaks=("one_that_is_superseded_already", lambda: superseded(twice=True)),
    got="superseded", expected="an applied label",
)  # fmt: skip


def reidentified(*, others: int = 2, place: str = "T-1") -> Taken:
    story, coi, id_, labels = stored()
    scans = [*(("label", label) for label in labels[:others]), ("location", place)]
    scans += [("label", labels[0])] * (2 - others)
    return story.take("demo-infusion", "container.reidentified", scans, coi=coi, signs=QUALITY,
                      values={"container": id_}, reason="label-damaged")  # fmt: skip


trials(
    globals(), "other_labels_speak_for_it", Family.IDENTITY,
    passes=("with_cassette_and_certificate", reidentified),
    speaks=("with_the_cassette_alone", lambda: reidentified(others=1)),
    got="cassette", expected="cassette and certificate",
)  # fmt: skip
trials(
    globals(), "it_lies_where_it_was_stored", Family.IDENTITY,
    passes=("where_the_log_says", reidentified),
    speaks=("anywhere_else", lambda: reidentified(place="T-2")),
    got="another location", expected="the location it was stored at",
)  # fmt: skip


def with_its_own_words():
    """A pathway from before there were products: its labels say what it writes for each result."""
    text = shipped_text("car-t-cryo")
    text = text.replace(text[text.index("[product]") : text.index("[bedside]")], "")
    own = 'statements = ["NOT EVALUATED"]\nreactive = ["BIOHAZARD"]'
    return pathway_of(text.replace('statements = ["DO NOT IRRADIATE - DO NOT FILTER"]', own).encode())


def offered_after_tests(*, relabelled: bool) -> Taken:
    story = Story(pathway=with_its_own_words())
    coi, (label,) = story.collected()
    story.do("demo-nurse", "donor.tested", coi=coi, values={"result": "reactive"})
    if relabelled:
        label = story.label(story.codes[label].container or "", position="bag", reason="label-misprinted")
    return story.take("demo-nurse", "handoff.offered", bags_of(label), values={"to": COURIERS})


trials(
    globals(), "label_says_what_is_known", Family.STAGE, stops=False, holds=False,
    passes=("with_a_label_that_was_issued_after_the_tests", lambda: offered_after_tests(relabelled=True)),
    speaks=("about_a_label_from_before", lambda: offered_after_tests(relabelled=False)),
    got="a label for a donor unknown", expected="a label for a donor reactive",
)  # fmt: skip
