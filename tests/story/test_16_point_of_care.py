"""Item 16: a product made at the bedside's own house: fresh, no courier, released provisionally."""

from tests.story.conftest import bags_of


def test_it_is_collected_made_released_provisionally_and_infused_in_one_house(tale):
    tale.pathway = "point-of-care"
    coi, (bag,) = tale.collected("MRN-1")
    doses = tale.made(coi, bag)
    tale.step("demo-quality", "containers.released", bags_of(doses), values={"status": "provisional"})
    tale.checked("MRN-1", doses)
    begun = tale.step("demo-infusion", "infusion.started", bags_of(doses))
    assert [one["rule"] for one in begun["findings"]] == ["release_is_final"]
    tale.step("demo-infusion", "infusion.completed", bags_of(doses))
    tale.step("demo-quality", "containers.released", bags_of(doses), values={"status": "final"}, expect=422)
    tale.step("demo-coordinator", "therapy.closed", therapy=coi, values={"outcome": "infused"})
    known = tale.therapy(coi)
    assert {stage["place"] for stage in known["pathway"]["stages"]} == {"treating"}
    assert known["stage"] == "bedside"
    tale.is_sound()


def test_it_knows_no_thaw(tale):
    tale.pathway = "point-of-care"
    coi, (bag,) = tale.collected("MRN-1")
    doses = tale.made(coi, bag)
    tale.step("demo-quality", "containers.released", bags_of(doses))
    assert "step_belongs_to_the_pathway" in tale.refused("demo-infusion", "thaw.started", bags_of(doses))


def test_its_window_stops_an_infusion_that_comes_too_late(tale):
    tale.pathway = "point-of-care"
    coi, (bag,) = tale.collected("MRN-1")
    doses = tale.made(coi, bag)
    tale.step("demo-quality", "containers.released", bags_of(doses))
    tale.forward(hours=13)
    tale.checked("MRN-1", doses)
    assert "no_clock_has_run_out" in tale.refused("demo-infusion", "infusion.started", bags_of(doses))
