"""Item 11: the server is off at the thaw; the infusion is kept on paper and entered the next day."""

from tests.story.conftest import bags_of

BY = ["demo-infusion", "demo-infusion-2"]
COPIED = [("demo-nurse", "transcribed"), ("demo-physician", "checked_against_paper")]


def on_paper(tale, coi, kind, scans, *, at, sheet, signs=COPIED, by=BY, **more):
    """Enter from paper what happened at `at`, by the ones who did it."""
    given = {"therapy": coi, "tense": "reported", "occurred_at": at, "performed_by": by, "documents": [sheet]}
    return tale.step("demo-nurse", kind, scans, via="paper", signs=signs, **given, **more)


def night(tale):
    """The dose is stored at the ward; then the server is off and the infusion is kept on paper."""
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.step("demo-infusion", "container.stored", [*bags_of([dose]), ("location", "TANK-1")])
    sheet = tale.http.get(f"/api/v1/therapies/{coi}/downtime.pdf", headers=tale.headers("demo-infusion"))
    assert sheet.data.startswith(b"%PDF")
    tale.forward(hours=20)
    photo = tale.attach("demo-nurse", coi, "downtime_sheet")
    day = "2026-03-02T"
    scans = bags_of([dose])
    on_paper(tale, coi, "container.retrieved", scans, at=f"{day}09:00:00+00:00", sheet=photo)
    on_paper(tale, coi, "thaw.started", scans, at=f"{day}09:05:00+00:00", sheet=photo)
    begun = on_paper(tale, coi, "infusion.started", scans, at=f"{day}09:15:00+00:00", sheet=photo)
    on_paper(tale, coi, "infusion.completed", scans, at=f"{day}09:35:00+00:00", sheet=photo, values={"volume_ml": "60"})
    return coi, dose, photo, begun


def test_the_infusion_on_paper_is_entered_and_nobody_is_stopped(tale):
    coi, dose, _, begun = night(tale)
    assert begun["entry"]["outcome"] == "done"
    assert {one["rule"] for one in begun["findings"] if one["severity"] == "stop"} == set()
    assert "two_people_checked_it" in {one["rule"] for one in begun["findings"]}
    assert tale.container(coi, dose)["state"] == "infused"
    assert [one["window"] for one in tale.therapy(coi)["clocks"] if one["state"] == "breached"] == []
    tale.is_sound()


def test_the_dossier_shows_four_names_both_times_and_the_sheet(tale):
    coi, _, photo, begun = night(tale)
    tale.step("demo-infusion", "entry.acknowledged", therapy=coi, values={"entry": begun["entry"]["id"]})
    tale.step("demo-infusion-2", "entry.acknowledged", therapy=coi, values={"entry": begun["entry"]["id"]})
    dossier = tale.get("demo-auditor", f"/therapies/{coi}/dossier")
    said = str(next(one for one in dossier["entries"] if one["kind"] == "infusion.started"))
    for name in (*BY, "demo-nurse", "demo-physician"):
        assert name in said
    assert "2026-03-02T09:15:00" in said.replace(" ", "T")
    assert begun["entry"]["recorded_at"][:16] in said.replace(" ", "T")
    assert photo[:12] in said
    pdf = tale.http.get(f"/api/v1/therapies/{coi}/dossier.pdf", headers=tale.headers("demo-auditor"))
    assert pdf.data.startswith(b"%PDF")


def test_only_who_performed_it_acknowledges_it_and_once(tale):
    coi, _, _, begun = night(tale)
    said = {"therapy": coi, "values": {"entry": begun["entry"]["id"]}}
    assert "acknowledged_by_its_performer" in tale.refused("demo-physician", "entry.acknowledged", **said)
    tale.step("demo-infusion", "entry.acknowledged", **said)
    assert "acknowledged_by_its_performer" in tale.refused("demo-infusion", "entry.acknowledged", **said)
    assert tale.therapy(coi)["acknowledged"] == {begun["entry"]["id"]: ["demo-infusion"]}


def test_a_copy_by_one_person_alone_is_recorded_and_held_against_the_checks(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.forward(hours=20)
    photo = tale.attach("demo-nurse", coi, "downtime_sheet")
    scans = bags_of([dose])
    on_paper(tale, coi, "thaw.started", scans, at="2026-03-02T09:05:00+00:00", sheet=photo)
    body = on_paper(tale, coi, "infusion.started", scans, at="2026-03-02T09:15:00+00:00", sheet=photo, signs=COPIED[:1])
    told = {one["rule"]: one["severity"] for one in body["findings"]}
    assert (told["two_people_checked_it"], told["paper_was_copied_by_two"]) == ("stop", "caution")
    assert tale.container(coi, dose)["holds"]


def test_a_bedside_check_can_never_be_entered_from_paper(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    tale.step("demo-infusion", "infusion.checked", [("wristband", "MRN-1"), *bags_of([dose])], therapy=coi,
              tense="reported", via="paper", expect=400)  # fmt: skip


def test_the_sheet_is_printed_at_receipt_and_names_what_must_agree(tale):
    coi, serials = tale.at_bedside("MRN-1", 2)
    answer = tale.http.get(f"/api/v1/therapies/{coi}/downtime.pdf", headers=tale.headers("demo-infusion"))
    assert answer.mimetype == "application/pdf"
    assert len(serials) == 2
    stranger = tale.http.get(f"/api/v1/therapies/{coi}/downtime.pdf", headers=tale.headers("other-nurse"))
    assert stranger.status_code == 404
