"""Item 15: every step says which identifiers must agree; patients state who they are."""

from coi.journey.rules import AGREEMENTS, RULES
from coi.journey.steps import STEPS, Agree

JOURNEY = {  # the places of the journey where identifiers are compared, and the step that compares them there
    "chair": "collection.started", "fill": "collection.completed", "label": "label.applied", "pack": "shipment.packed",
    "receive": "handoff.accepted", "unpack": "shipment.unpacked", "manufacture": "containers.transformed",
    "release": "containers.released", "retrieve": "container.retrieved", "thaw": "thaw.started",
    "bedside": "infusion.checked", "infuse": "infusion.started",
}  # fmt: skip


def test_every_place_of_the_journey_declares_what_must_agree():
    assert {place for place, kind in JOURNEY.items() if not STEPS[kind].agree} == set()


def test_every_agreement_is_held_by_a_rule():
    assert set(AGREEMENTS) == set(Agree)
    assert set(AGREEMENTS.values()) <= set(RULES)


def test_the_interface_tells_what_must_agree(tale):
    told = {one["kind"]: one["agree"] for one in tale.get("demo-nurse", "/step-kinds")["items"]}
    assert "wristband = enrolled patient" in told["infusion.checked"]
    assert "container = the dose that is due" in told["infusion.checked"]


def test_the_patient_states_who_it_is_where_the_pathway_asks_for_it(tale):
    tale.pathway = "point-of-care"
    coi = tale.enrol("MRN-1")
    band = [("wristband", "MRN-1")]
    for stated in ({}, {"stated": ["name", "birth_date"][:1] * 1}):
        body = tale.step(
            "demo-nurse", "patient.verified", band, therapy=coi, values=stated, expect=400 if stated else 422
        )
        assert body["code"] in ("step.refused", "step.values")
    tale.verified(coi, "MRN-1")


def test_one_mismatch_at_the_thaw_is_named_with_what_was_got_and_expected(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.enrol("MRN-2", patient={"family": "Okafor"})
    body = tale.step("demo-infusion", "thaw.started", [("container", dose), ("wristband", "MRN-2")], expect=422)
    (told,) = [one for one in body["findings"] if one["rule"] == "wristband_is_this_patients"]
    assert told["expected"] == f"patient {tale.therapy(coi)['patient']}"
