"""Item 9: a bag whose label cannot be read is re-identified, and its label superseded in place."""

from tests.story.conftest import bags_of

SIGNED = [("demo-infusion", "performed"), ("demo-infusion-2", "verified"), ("demo-quality", "approved")]
PLACE = ("location", "TANK-1/R2/P5")


def stored(tale):
    """A dose in its cassette in the tank, with labels on bag, cassette and certificate."""
    coi, (bag,) = tale.at_bedside("MRN-1")
    id_ = tale.container(coi, bag)["id"]
    others = [tale.label(id_, person="demo-infusion", position=where) for where in ("cassette", "certificate")]
    tale.step("demo-infusion", "container.stored", [*bags_of([bag]), PLACE])
    return coi, bag, id_, others


def told(id_, others, place=PLACE):
    return {
        "scans": [*(("label", one) for one in others), place],
        "values": {"container": id_},
        "reason": "label-damaged",
    }


def test_it_takes_the_cassette_the_certificate_the_place_two_people_and_quality(tale):
    coi, bag, id_, others = stored(tale)
    kind = "container.reidentified"
    assert "signed_as_it_must_be" in tale.refused("demo-infusion", kind, signs=SIGNED[:2], **told(id_, others))
    elsewhere = ("location", "TANK-1/R2/P6")
    assert "it_lies_where_it_was_stored" in tale.refused(
        "demo-infusion", kind, signs=SIGNED, **told(id_, others, elsewhere)
    )
    tale.step("demo-infusion", kind, signs=SIGNED, **told(id_, others))
    states = {one["serial"]: one["state"] for one in tale.therapy(coi)["labels"]}
    assert (states[bag], states[others[0]], states[others[1]]) == ("superseded", "applied", "applied")
    assert tale.container(coi, id_)["holds"]
    tale.is_sound()


def test_the_superseded_label_still_identifies_the_bag_with_a_caution_instead_of_a_refusal(tale):
    coi, bag, id_, others = stored(tale)
    tale.step("demo-infusion", "container.reidentified", signs=SIGNED, **told(id_, others))
    tale.step("demo-quality", "hold.lifted", therapy=coi, values={"containers": [id_]}, reason="investigation-closed")
    body = tale.step("demo-infusion", "thaw.started", bags_of([bag]))
    (caution,) = [one for one in body["findings"] if one["rule"] == "label_is_current"]
    assert caution["severity"] == "caution"


def test_a_cassette_of_another_bag_re_identifies_nothing(tale):
    _, _, id_, others = stored(tale)
    other, (theirs,) = tale.collected("MRN-2", patient={"family": "Okafor"})
    wrong = tale.label(tale.container(other, theirs)["id"], position="cassette")
    stops = tale.refused("demo-infusion", "container.reidentified", signs=SIGNED, **told(id_, [wrong, others[1]]))
    assert {"other_labels_speak_for_it", "container_is_this_therapys"} <= stops


def test_a_copy_that_cannot_be_taken_off_is_superseded_in_its_place(tale):
    coi, (bag,) = tale.at_bedside("MRN-1")
    tale.step("demo-infusion", "label.superseded", [("label", bag)], reason="label-damaged")
    assert {one["serial"]: one["state"] for one in tale.therapy(coi)["labels"]}[bag] == "superseded"
    assert tale.step("demo-infusion", "container.stored", [*bags_of([bag]), PLACE])["entry"]["outcome"] == "done"
