"""Item 8: a therapy is postponed, resumed, closed; what is left of it has a disposition and one owner."""

from tests.story.conftest import HOSPITAL, PLANT, bags_of


def ids(tale, coi, labels):
    return [tale.container(coi, label)["id"] for label in labels]


def test_a_postponed_therapy_goes_on_when_it_is_resumed_and_its_clocks_never_stopped(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    due = [one["due_at"] for one in tale.therapy(coi)["clocks"]]
    tale.step("demo-physician", "therapy.postponed", therapy=coi, reason="patient-condition",
              values={"until": "2026-03-09T08:00:00Z"})  # fmt: skip
    assert "therapy_is_not_postponed" in tale.refused("demo-infusion", "thaw.started", bags_of([dose]))
    tale.step("demo-infusion", "container.stored", [*bags_of([dose]), ("location", "TANK-1")])
    assert [one["due_at"] for one in tale.therapy(coi)["clocks"]] == due
    tale.step("demo-physician", "therapy.resumed", therapy=coi)
    tale.step("demo-infusion", "container.retrieved", bags_of([dose]))
    tale.infused("MRN-1", [dose])


def test_closing_lists_every_living_container_and_demands_a_disposition_for_each(tale):
    coi, (one, two) = tale.at_bedside("MRN-1", 2)
    closing = {"therapy": coi}
    body = tale.step("demo-physician", "therapy.closed", expect=422, **closing, values={"outcome": "died"})
    (told,) = [one for one in body["findings"] if one["rule"] == "everything_living_has_a_disposition"]
    assert set(told["facts"]["containers"]) == set(ids(tale, coi, [one, two]))
    half = {"outcome": "died", "discard": ids(tale, coi, [one])}
    assert "everything_living_has_a_disposition" in tale.refused(
        "demo-physician", "therapy.closed", **closing, values=half
    )
    whole = {**half, "keep": ids(tale, coi, [two]), "owner": PLANT}
    tale.step("demo-physician", "therapy.closed", **closing, values=whole)
    assert [tale.container(coi, label)["disposition"] for label in (one, two)] == ["discard", "keep"]


def test_a_disposition_is_of_this_therapys_containers_and_only_one_for_each(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    other, (theirs,) = tale.collected("MRN-2", patient={"family": "Okafor"})
    own, foreign = ids(tale, coi, [dose]), ids(tale, other, [theirs])
    twice = {"outcome": "died", "discard": own, "keep": own}
    assert "everything_living_has_a_disposition" in tale.refused(
        "demo-physician", "therapy.closed", therapy=coi, values=twice
    )
    values = {"outcome": "died", "discard": own, "keep": foreign}
    assert "named_containers_are_this_therapys" in tale.refused(
        "demo-physician", "therapy.closed", therapy=coi, values=values
    )
    assert tale.container(other, theirs)["disposition"] is None


def test_an_owner_that_is_no_organisation_is_sent_back(tale):
    coi = tale.enrol("MRN-1")
    values = {"outcome": "died", "owner": "demo-hospitel"}
    tale.step("demo-physician", "therapy.closed", therapy=coi, values=values, expect=400)


def test_after_the_end_nothing_goes_forward_and_the_cells_are_still_saved_or_discarded(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    values = {"outcome": "died", "discard": ids(tale, coi, [dose])}
    tale.step("demo-physician", "therapy.closed", therapy=coi, values=values)
    assert "therapy_is_open" in tale.refused("demo-infusion", "thaw.started", bags_of([dose]))
    assert "therapy_is_open" in tale.refused("demo-nurse", "patient.verified", [("wristband", "MRN-1")], therapy=coi)
    tale.step("demo-infusion", "container.stored", [*bags_of([dose]), ("location", "TANK-1")])
    tale.step("demo-infusion", "container.discarded", bags_of([dose]), reason="patient-died")
    tale.is_sound()


def test_the_clocks_of_a_closed_therapy_go_on_for_the_owner_of_the_disposition(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    values = {"outcome": "died", "keep": ids(tale, coi, [dose]), "owner": HOSPITAL}
    tale.step("demo-physician", "therapy.closed", therapy=coi, values=values)
    tale.forward(days=271)
    tale.sweep()
    breaches = [one["values"]["window"] for one in tale.entries(coi, "window.breached")]
    assert "product-shelf-life" in breaches
    assert tale.therapy(coi)["owner"] == HOSPITAL


def test_every_outcome_can_be_told(tale):
    for number, outcome in enumerate(("infused", "died", "withdrew", "ineligible", "manufacturing_failed", "moved")):
        coi = tale.enrol(f"MRN-{number}", patient={"family": f"Doe{number}"})
        tale.step("demo-coordinator", "therapy.closed", therapy=coi, values={"outcome": outcome})
        assert tale.therapy(coi)["closed"] == outcome
