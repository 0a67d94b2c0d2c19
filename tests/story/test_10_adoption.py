"""Item 10: a container with another maker's label comes in midway; two people bind it, and it scans like ours."""

from tests.story.conftest import bags_of

TWO = [("demo-infusion", "performed"), ("demo-infusion-2", "verified")]
FOREIGN = "=A99991712345600=<S1128V00"
HERE = [("container", FOREIGN)]


def adopted(tale, **values):
    coi = tale.enrol("MRN-1")
    said = {"therapy": coi, "signs": TWO, "values": {"purpose": "dose", **values}}
    tale.step("demo-infusion", "container.adopted", [*HERE, ("wristband", "MRN-1")], **said)
    return coi


def test_two_people_bind_it_and_its_history_starts_here(tale):
    coi = tale.enrol("MRN-1")
    tale.step("demo-infusion", "container.stored", [*HERE, ("location", "T")], therapy=coi, expect=422)
    values = {"therapy": coi, "values": {"purpose": "dose", "made_at": "2026-03-01T10:00:00Z"}}
    assert "signed_as_it_must_be" in tale.refused("demo-infusion", "container.adopted", HERE, **values)
    tale.step("demo-infusion", "container.adopted", HERE, signs=TWO, **values)
    (container,) = tale.therapy(coi)["containers"]
    assert (container["adopted"], container["parents"], container["state"]) == (True, [], "filled")
    assert container["custody"]["organisation"] == "demo-hospital"
    assert FOREIGN not in str(tale.entries(coi))
    tale.is_sound()


def test_afterwards_it_scans_like_ours_up_to_the_infusion(tale):
    coi = adopted(tale, made_at="2026-03-01T10:00:00Z")
    (container,) = tale.therapy(coi)["containers"]
    found = tale.post("demo-nurse", "/scans", {"text": FOREIGN}, 200)
    assert found["subject"] == {"type": "container", "id": container["id"], "therapy": coi}
    tale.step("demo-quality", "hold.lifted", HERE, reason="investigation-closed")
    tale.step("demo-quality", "containers.released", HERE)
    tale.step("demo-infusion", "thaw.started", HERE)
    for person in ("demo-infusion", "demo-infusion-2"):
        tale.step(person, "infusion.checked", [("wristband", "MRN-1"), *HERE])
    tale.step("demo-infusion", "infusion.started", HERE)
    tale.step("demo-infusion", "infusion.completed", HERE)
    assert tale.therapy(coi)["containers"][0]["state"] == "infused"


def test_it_is_held_first_and_without_its_age_nothing_can_be_shown(tale):
    coi = adopted(tale)
    assert tale.therapy(coi)["containers"][0]["holds"]
    tale.step("demo-quality", "hold.lifted", HERE, reason="investigation-closed")
    tale.step("demo-quality", "containers.released", HERE)
    assert "no_clock_has_run_out" in tale.refused("demo-infusion", "thaw.started", HERE)


def test_a_label_is_adopted_once_and_never_one_of_ours(tale):
    adopted(tale)
    other = tale.enrol("MRN-2", patient={"family": "Okafor"})
    said = {"therapy": other, "signs": TWO, "values": {"purpose": "dose"}}
    assert "adopted_label_is_new" in tale.refused("demo-infusion", "container.adopted", HERE, **said)
    _, (ours,) = tale.collected("MRN-3", patient={"family": "Silva"})
    assert "adopted_label_is_new" in tale.refused("demo-infusion", "container.adopted", bags_of([ours]), **said)


def test_the_wristband_beside_it_is_the_patients(tale):
    coi = tale.enrol("MRN-1")
    tale.enrol("MRN-2", patient={"family": "Okafor"})
    stops = tale.refused("demo-infusion", "container.adopted", [*HERE, ("wristband", "MRN-2")], therapy=coi, signs=TWO,
                         values={"purpose": "dose"})  # fmt: skip
    assert "wristband_is_this_patients" in stops
