"""Item 6: lots start, end and are repeated; a release is provisional, final, out of specification, for a place."""

from tests.story.conftest import HOSPITAL, PLANT, bags_of


def ids(tale, coi, labels):
    return [tale.container(coi, label)["id"] for label in labels]


def test_a_lot_is_terminated_and_a_second_one_is_made_from_another_bag(tale):
    coi, (first, second) = tale.collected("MRN-1", 2)
    tale.moved([first, second], "demo-nurse", PLANT, "demo-operator")
    lot = tale.step("demo-operator", "lot.started", bags_of([first]))["entry"]["values"]["lot"]
    out = tale.labelled(coi, "dose", person="demo-operator")
    tale.step("demo-operator", "lot.terminated", therapy=coi, reason="manufacturing-failed")
    scans = [*bags_of([first]), ("label", out[0])]
    assert "lot_is_open" in tale.refused("demo-operator", "containers.transformed", scans, values={"lot": lot})
    tale.step("demo-operator", "lot.started", bags_of([second]))
    tale.step("demo-operator", "containers.transformed", [*bags_of([second]), ("label", out[0])])
    lots = {one["id"]: one["terminated"] for one in tale.therapy(coi)["lots"]}
    assert sorted(lots.values(), key=str) == [None, "manufacturing-failed"]
    assert tale.container(coi, out[0])["lot"] != lot


def test_two_lots_run_at_once_and_do_not_mix(tale):
    coi, (cd8, cd4) = tale.collected("MRN-1", 2)
    tale.moved([cd8, cd4], "demo-nurse", PLANT, "demo-operator")
    lots = [tale.step("demo-operator", "lot.started", bags_of([bag]))["entry"]["values"]["lot"] for bag in (cd8, cd4)]
    (out,) = tale.labelled(coi, "dose", person="demo-operator")
    scans = [*bags_of([cd8]), ("label", out)]
    assert "lot_is_the_one_started" in tale.refused("demo-operator", "containers.transformed", scans,
                                                    values={"lot": lots[1]})  # fmt: skip
    tale.step("demo-operator", "containers.transformed", scans, values={"lot": lots[0]})
    assert tale.container(coi, out)["lot"] == lots[0]
    assert "lot_is_open" in tale.refused("demo-operator", "lot.terminated", therapy=coi, reason="other")


def test_nothing_is_thawed_without_a_release_in_force_now_that_names_it(tale):
    coi, (one, two) = tale.doses("MRN-1", 2)
    tale.step("demo-quality", "containers.released", bags_of([two]))
    tale.moved([one, two], "demo-operator", HOSPITAL, "demo-infusion")
    assert "release_in_force_names_it" in tale.refused("demo-infusion", "thaw.started", bags_of([one]))
    tale.step("demo-quality", "containers.released", therapy=coi, values={"containers": ids(tale, coi, [one])})
    tale.step("demo-quality", "release.revoked", therapy=coi, reason="under-investigation",
              values={"containers": ids(tale, coi, [one])})  # fmt: skip
    assert "release_in_force_names_it" in tale.refused("demo-infusion", "thaw.started", bags_of([one]))
    tale.step("demo-quality", "containers.released", therapy=coi, values={"containers": ids(tale, coi, [one])})
    tale.step("demo-infusion", "thaw.started", bags_of([one]))


def test_a_release_that_is_revoked_between_thaw_and_infusion_stops_the_infusion(tale):
    _, (dose,) = tale.at_bedside("MRN-1")
    tale.step("demo-infusion", "thaw.started", bags_of([dose]))
    tale.checked("MRN-1", [dose])
    tale.step("demo-quality", "release.revoked", bags_of([dose]), reason="under-investigation")
    assert "release_in_force_names_it" in tale.refused("demo-infusion", "infusion.started", bags_of([dose]))


def test_a_provisional_release_becomes_final(tale):
    coi, (dose,) = tale.doses("MRN-1")
    tale.step("demo-quality", "containers.released", bags_of([dose]), values={"status": "provisional"})
    tale.step("demo-quality", "containers.released", bags_of([dose]), values={"status": "final"})
    tale.moved([dose], "demo-operator", HOSPITAL, "demo-infusion")
    tale.step("demo-infusion", "thaw.started", bags_of([dose]))
    tale.checked("MRN-1", [dose])
    begun = tale.step("demo-infusion", "infusion.started", bags_of([dose]))
    assert "release_is_final" not in {one["rule"] for one in begun["findings"]}
    assert [one["status"] for one in tale.container(coi, dose)["releases"]] == ["provisional", "final"]


def test_what_is_out_of_specification_is_given_only_when_a_physician_has_asked_for_it(tale):
    coi, (dose,) = tale.doses("MRN-1")
    tale.step("demo-quality", "release.refused", bags_of([dose]), reason="out-of-specification")
    oos = {"values": {"status": "out_of_specification"}}
    assert "out_of_specification_was_asked_for" in tale.refused(
        "demo-quality", "containers.released", bags_of([dose]), **oos
    )
    named = {"therapy": coi, "reason": "no-alternative", "values": {"containers": ids(tale, coi, [dose])}}
    assert "signed_as_it_must_be" in tale.refused("demo-physician", "release.requested", **named)
    tale.step("demo-physician", "release.requested", signs=[("demo-physician", "performed")], **named)
    released = tale.step("demo-quality", "containers.released", bags_of([dose]), **oos)
    assert "release_was_not_taken_back" in {one["rule"] for one in released["findings"]}
    tale.moved([dose], "demo-operator", HOSPITAL, "demo-infusion")
    tale.step("demo-infusion", "thaw.started", bags_of([dose]))
    tale.checked("MRN-1", [dose])
    begun = tale.step("demo-infusion", "infusion.started", bags_of([dose]))
    assert "release_is_final" in {one["rule"] for one in begun["findings"]}


def test_a_release_for_one_country_or_site_counts_nowhere_else(tale):
    _, (dose,) = tale.doses("MRN-1")
    tale.step("demo-quality", "containers.released", bags_of([dose]), values={"country": "de"})
    tale.moved([dose], "demo-operator", HOSPITAL, "demo-infusion")
    assert "release_in_force_names_it" in tale.refused("demo-infusion", "thaw.started", bags_of([dose]))
    tale.step("demo-quality", "containers.released", bags_of([dose]), values={"site": HOSPITAL})
    tale.step("demo-infusion", "thaw.started", bags_of([dose]))
