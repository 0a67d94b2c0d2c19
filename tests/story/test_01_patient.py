"""Item 1: the patient has several identifiers, may move, may have a namesake, and has one open therapy."""

from coi.actions import reads
from tests.play import caller_of
from tests.story.conftest import HOSPITAL, OTHER, PLANT, bags_of

TWO = [("demo-nurse", "performed"), ("demo-physician", "verified")]
MRN = {"issuer": HOSPITAL, "kind": "mrn"}


def names(scan):
    return scan["subject"]["id"]


def test_an_identifier_is_bound_replaced_and_withdrawn_by_two_people(tale):
    coi = tale.enrol("MRN-1")
    patient = tale.therapy(coi)["patient"]
    bound = {"therapy": coi, "values": {**MRN, "value": "MRN-1B"}}
    assert tale.refused("demo-nurse", "identifier.bound", **bound) == {"signed_as_it_must_be"}
    assert tale.refused("demo-nurse", "identifier.bound", signs=[TWO[0], ("demo-nurse", "verified")], **bound)
    tale.step("demo-nurse", "identifier.bound", signs=TWO, **bound)
    assert names(tale.post("demo-nurse", "/scans", {"text": "MRN-1B"}, 200)) == patient
    changed = {"therapy": coi, "reason": "details-corrected"}
    tale.step("demo-nurse", "identifier.replaced", signs=TWO, **changed,
              values={**MRN, "old": "MRN-1B", "value": "MRN-1C"})  # fmt: skip
    assert names(tale.post("demo-nurse", "/scans", {"text": "MRN-1C"}, 200)) == patient
    tale.post("demo-nurse", "/scans", {"text": "MRN-1B"}, 422)
    tale.step("demo-nurse", "identifier.withdrawn", signs=TWO, **changed, values={**MRN, "value": "MRN-1C"})
    tale.post("demo-nurse", "/scans", {"text": "MRN-1C"}, 422)
    assert names(tale.post("demo-nurse", "/scans", {"text": "MRN-1"}, 200)) == patient
    (entry,) = tale.entries(coi, "identifier.bound")
    assert [(one["person"], one["meaning"]) for one in entry["signatures"]] == TWO
    assert "MRN-1B" not in str(tale.entries(coi))
    tale.is_sound()


def test_an_identifier_of_somebody_else_is_not_bound(tale):
    coi = tale.enrol("MRN-1")
    tale.enrol("MRN-2", patient={"family": "Okafor"})
    body = tale.step("demo-nurse", "identifier.bound", signs=TWO, therapy=coi, expect=409,
                     values={**MRN, "value": "MRN-2"})  # fmt: skip
    assert body["code"] == "identifier.taken"


def test_an_identifier_counts_only_while_it_is_valid(tale):
    coi = tale.enrol("MRN-1")
    while_ = {"value": "MRN-T", "valid_from": "2026-03-03T00:00:00Z", "valid_until": "2026-03-05T00:00:00Z"}
    tale.step("demo-nurse", "identifier.bound", signs=TWO, therapy=coi, values={**MRN, **while_})
    tale.post("demo-nurse", "/scans", {"text": "MRN-T"}, 422)
    tale.forward(days=1)
    assert tale.post("demo-nurse", "/scans", {"text": "MRN-T"}, 200)["subject"]["type"] == "patient"
    tale.forward(days=3)
    tale.post("demo-nurse", "/scans", {"text": "MRN-T"}, 422)


def test_details_change_with_two_people_and_never_show_in_the_log(tale):
    coi = tale.enrol("MRN-1", patient={"native_family": "도", "native_given": "제인"})
    tale.step("demo-nurse", "patient.changed", signs=TWO, therapy=coi, reason="details-corrected",
              values={"family": "Dorset", "born": "1980-03-01"})  # fmt: skip
    known = reads.patient(tale.office, coi, caller=caller_of(tale.office, "demo-nurse"))
    assert (known["family"], known["given"], known["born"]) == ("Dorset", "Jane", "1980-03-01")
    assert (known["native_family"], known["native_given"]) == ("도", "제인")
    assert "Dorset" not in str(tale.entries(coi))
    tale.is_sound()


def test_the_treating_site_changes_when_both_sites_have_signed(tale):
    coi, serials = tale.at_bedside("MRN-1")
    moved = {"therapy": coi, "values": {"site": OTHER}, "reason": "patient-moved"}
    assert "signed_as_it_must_be" in tale.refused("demo-physician", "site.changed", **moved)
    one_side = [("demo-physician", "released"), ("demo-infusion", "accepted")]
    assert "signed_as_it_must_be" in tale.refused("demo-physician", "site.changed", signs=one_side, **moved)
    both = [("demo-physician", "released"), ("other-physician", "accepted")]
    tale.get("other-nurse", f"/therapies/{coi}", 404)
    tale.step("demo-physician", "site.changed", signs=both, **moved)
    assert tale.get("other-nurse", f"/therapies/{coi}")["site"] == OTHER
    tale.moved(serials, "demo-infusion", OTHER, "other-infusion")
    assert tale.container(coi, serials[0])["custody"]["organisation"] == OTHER


def test_a_namesake_is_pointed_out_at_the_chair_in_the_store_at_the_thaw_and_at_the_bedside(tale):
    tale.enrol("MRN-2", patient={"family": "Do", "given": "Jayne", "born": "1991-01-01"})
    coi = tale.enrol("MRN-1")
    tale.verified(coi, "MRN-1")
    serials = tale.labelled(coi, "starting_material")

    def alerts(person, kind, scans, **more):
        body = tale.step(person, kind, scans, **more)
        assert [entry["kind"] for entry in body["also"]] == []
        return [one["severity"] for one in body["findings"] if one["rule"] == "namesake_is_not_mistaken"]

    band = [("wristband", "MRN-1")]
    assert alerts("demo-nurse", "collection.started", band, therapy=coi) == ["caution"]
    assert alerts("demo-nurse", "collection.completed", bags_of(serials), therapy=coi) == ["caution"]
    stored = [*bags_of(serials), ("location", "TANK-1/R1/P1")]
    assert alerts("demo-nurse", "container.stored", stored) == ["caution"]
    tale.step("demo-nurse", "container.retrieved", bags_of(serials))
    tale.moved(serials, "demo-nurse", PLANT, "demo-operator")
    doses = tale.made(coi, serials[0])
    tale.step("demo-quality", "containers.released", bags_of(doses))
    tale.moved(doses, "demo-operator", HOSPITAL, "demo-infusion")
    assert alerts("demo-infusion", "thaw.started", bags_of(doses)) == ["caution"]
    assert alerts("demo-infusion", "infusion.checked", [*band, *bags_of(doses)]) == ["caution"]


def test_somebody_with_another_name_and_birth_date_is_no_namesake(tale):
    tale.enrol("MRN-2", patient={"family": "Okafor", "given": "Adaeze", "born": "1991-01-01"})
    coi = tale.enrol("MRN-1")
    tale.verified(coi, "MRN-1")
    body = tale.step("demo-nurse", "collection.started", [("wristband", "MRN-1")], therapy=coi)
    assert body["findings"] == []


def test_a_second_therapy_needs_to_say_which_it_repeats_and_why(tale):
    coi = tale.enrol("MRN-1")
    body = tale.enrol("MRN-1", status=409)
    assert coi in body["message"]
    second = tale.enrol("MRN-1", repeat_of=coi, reason="repeat-treatment")
    assert second != coi
    assert tale.entries(second, "therapy.enrolled")[0]["values"]["repeat_of"] == coi
