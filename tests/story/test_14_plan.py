"""Item 14: the plan is set at enrolment and changed with reasons; today, arriving and late come from it."""

from tests.story.conftest import HOSPITAL, PLANT

PLAN = {
    "collection": {"at": "2026-03-02T10:00:00Z", "site": HOSPITAL},
    "manufacturing": {"at": "2026-03-05T09:00:00Z", "site": PLANT},
}


def stages(tale, person, view):
    return [
        (one["therapy"], one["stage"]) for one in tale.get(person, f"/plan?view={view}")["items"] if one.get("stage")
    ]


def test_the_plan_says_what_is_due_today_and_what_arrives(tale):
    coi = tale.enrol("MRN-1", plan=PLAN)
    assert stages(tale, "demo-nurse", "today") == [(coi, "collection")]
    assert (coi, "manufacturing") in stages(tale, "demo-receiver", "arriving")
    assert stages(tale, "other-nurse", "today") == []


def test_what_is_not_reached_in_time_is_late_until_it_happens(tale):
    coi = tale.enrol("MRN-1", plan=PLAN)
    tale.forward(hours=5)
    assert stages(tale, "demo-nurse", "late") == [(coi, "collection")]
    tale.verified(coi, "MRN-1")
    assert stages(tale, "demo-nurse", "late") == []


def test_a_change_has_a_reason_and_the_earlier_plan_stays(tale):
    coi = tale.enrol("MRN-1", plan=PLAN)
    before = tale.clock.at.isoformat().replace("+00:00", "Z")
    tale.forward(minutes=1)
    moved = {"stage": "collection", "at": "2026-03-04T10:00:00Z"}
    tale.step("demo-coordinator", "plan.changed", therapy=coi, values=moved, expect=400)
    tale.step("demo-coordinator", "plan.changed", therapy=coi, values=moved, reason="patient-condition")
    assert tale.therapy(coi)["plan"]["collection"]["at"].startswith("2026-03-04T10:00")
    assert tale.therapy(coi)["plan"]["collection"]["site"] == HOSPITAL
    assert tale.therapy(coi, at=before)["plan"]["collection"]["at"].startswith("2026-03-02T10:00")
    assert stages(tale, "demo-nurse", "today") == []
    assert "plan_names_a_stage" in tale.refused("demo-coordinator", "plan.changed", therapy=coi, reason="other",
                                                values={"stage": "moon", "at": "2026-03-04T10:00:00Z"})  # fmt: skip
    tale.is_sound()
