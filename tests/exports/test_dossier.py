"""The dossier says everything of a therapy, in words, with the people and the times; and to nobody more than is due."""

import json
from datetime import timedelta

import pytest

from coi.actions import exporting, reads
from coi.actions.faults import Fault
from coi.actions.requests import Caller
from coi.exports import dossier_pdf, words
from coi.journey.entry import from_instant
from coi.journey.identity import grouped
from coi.journey.steps import Role
from coi.record import ledger
from coi.record.tables import ENTRY
from tests.exports.journey import HOUR, corrected, entry_of, infused_on_paper
from tests.exports.reading import codes_of, text_of

NAME = "Doe, Jane"


@pytest.fixture
def told(player):
    """A therapy with everything in it, as its nurse reads it: COI id, dossier, text of the PDF."""
    coi, serials, _ = infused_on_paper(player)
    corrected(player, coi, serials)
    dossier = exporting.dossier(player.office, coi, caller=player.as_("demo-nurse"))
    return coi, dossier, text_of(dossier_pdf.render(dossier))


def named(dossier, kind):
    return [entry for entry in dossier["entries"] if entry["kind"] == kind]


def test_the_pdf_names_the_therapy_and_every_entry_in_words_in_order(told):
    coi, dossier, text = told
    assert grouped(coi) in text
    place = text.index("Every entry, in order")
    for entry in dossier["entries"]:
        place = text.index(f"#{entry['number']} {entry['words']}", place)
    assert len(dossier["entries"]) > 25
    assert "Refused: Start the thaw" in text


def test_an_infusion_from_paper_names_four_people_and_both_times(told):
    _, dossier, text = told
    (entry,) = named(dossier, "infusion.started")
    start = text.index(f"#{entry['number']} Infusion started", text.index("Every entry, in order"))
    part = text[start : text.index(f"#{entry['number'] + 1} ", start)]
    assert "Performed by demo-infusion, demo-infusion-2" in part
    assert "transcribed by demo-quality" in part
    assert "checked against paper by demo-coordinator" in part
    assert entry["late"] == "reported, 3 h later"
    assert entry["late"] in part
    for time in ("occurred_at", "recorded_at"):
        assert words.utc(from_instant(entry[time])) in part
    assert entry["occurred_local"].endswith(" +01:00")
    assert f"({entry['occurred_local'][11:]})" in part or f"({entry['occurred_local']})" in part
    assert from_instant(entry["recorded_at"]) - from_instant(entry["occurred_at"]) >= 3 * HOUR


def test_who_acknowledged_is_named_with_the_time_and_who_did_not_yet_as_well(told):
    _, dossier, text = told
    (entry,) = named(dossier, "infusion.started")
    assert [one["person"] for one in entry["acknowledged_by"]] == ["demo-infusion"]
    assert entry["unacknowledged"] == ["demo-infusion-2"]
    assert "not yet by demo-infusion-2" in text


def test_what_was_corrected_is_marked_and_points_at_who_did_it(told):
    _, dossier, text = told
    (held,) = named(dossier, "hold.placed")
    assert held["struck"]
    assert held["correction"]["people"] == ["demo-quality", "demo-quality-2"]
    first, second = held["correction"]["numbers"]
    assert f"Hold placed ANNULLED, see #{first}, #{second}" in text
    assert not any(hold["number"] == held["number"] for one in dossier["containers"] for hold in one["holds"])
    (done,) = named(dossier, "infusion.completed")
    assert (done["values"]["volume_ml"], done["correction"]["values"]) == ("86", {"volume_ml": "68"})
    assert "volume ml: 86 68" in text
    assert [one["in_force"] for one in dossier["corrections"]] == [True] * 4


def test_a_correction_that_waits_for_its_second_person_strikes_nothing(player):
    coi, _ = player.collected("MRN-7")
    held = player.step("demo-nurse", "hold.placed", coi=coi, reason="other")["entry"]["id"]
    player.step("demo-quality", "entry.annulled", coi=coi, values={"entry": held}, reason="recorded-in-error")
    dossier = exporting.dossier(player.office, coi, caller=player.as_("demo-nurse"))
    (entry,) = named(dossier, "hold.placed")
    assert (entry["struck"], entry["correction"]["in_force"]) == (False, False)
    assert "asked for, not in force yet" in text_of(dossier_pdf.render(dossier))


def test_the_chain_of_custody_has_giver_and_taker_with_both_times_of_each(told):
    _, dossier, _ = told
    sides = [(one["giver"]["person"], one["taker"]["person"]) for one in dossier["custody"]]
    assert sides == [("demo-nurse", "demo-operator"), ("demo-operator", "demo-infusion")]
    for one in dossier["custody"]:
        for side in (one["giver"], one["taker"]):
            assert from_instant(side["occurred_at"]) <= from_instant(side["recorded_at"]) + timedelta(seconds=1)
            assert dossier["entries"][side["number"] - 1]["recorded_by"]["person"] == side["person"]


def test_an_offer_that_waits_or_was_refused_has_no_taker(player):
    coi, serial = player.offered("MRN-8")
    caller = player.as_("demo-nurse")
    (one,) = exporting.dossier(player.office, coi, caller=caller)["custody"]
    assert (one["state"], one["taker"], one["ended"]) == ("open", None, None)
    player.step("demo-courier", "handoff.refused", [("container", serial)], coi=coi, reason="bag-damaged")
    dossier = exporting.dossier(player.office, coi, caller=caller)
    assert (dossier["custody"][0]["taker"], dossier["custody"][0]["ended"]["person"]) == (None, "demo-courier")
    assert "Handoff refused demo-courier at demo-courier-co" in text_of(dossier_pdf.render(dossier))


def test_the_genealogy_goes_from_the_donation_to_the_dose_and_back(told):
    _, dossier, _ = told
    bag, dose = dossier["containers"]
    assert bag["donation"] in dossier["therapy"]["donations"]
    assert (bag["children"], dose["parents"]) == ([dose["id"]], [bag["id"]])
    (lot,) = dossier["lots"]
    assert (lot["inputs"], lot["outputs"]) == ([bag["id"]], [dose["id"]])
    assert dose["released_by"] == [dossier["releases"][0]["number"]]
    assert dossier["releases"][0]["in_force_for"] == [dose["id"]]


def test_every_label_says_who_issued_and_applied_it(told):
    _, dossier, _ = told
    for label in dossier["labels"]:
        assert [act["what"] for act in label["acts"]] == ["issued", "applied"]


def test_the_dossier_accounts_for_every_label_and_names_the_open_one(player):
    coi, (bag,) = player.collected("MRN-9")
    caller = player.as_("demo-nurse")
    (one,) = exporting.dossier(player.office, coi, caller=caller)["reconciliation"]
    assert (one["issued"], one["applied"], one["open"]) == (1, [bag], [])
    spare = player.label(one["container"], reason="label-damaged")
    dossier = exporting.dossier(player.office, coi, caller=caller)
    (one,) = dossier["reconciliation"]
    assert (one["issued"], one["open"]) == (2, [spare])
    assert "Reconciliation of labels" in text_of(dossier_pdf.render(dossier))
    player.step("demo-nurse", "label.destroyed", [("label", spare)], coi=coi, reason="label-misprinted")
    dossier = exporting.dossier(player.office, coi, caller=caller)
    assert (
        dossier["reconciliation"][0] | {"issued": 2, "destroyed": [spare], "open": []} == dossier["reconciliation"][0]
    )
    assert [act["what"] for act in dossier["labels"][1]["acts"]] == ["issued", "destroyed"]


def test_the_windows_say_what_they_answer_and_deviations_what_brought_them_about(told):
    _, dossier, _ = told
    answers = {(one["window"], one["answer"]) for one in dossier["windows"]}
    assert ("infusion-duration", "breached") in answers
    assert ("thaw-to-infusion", "inside") in answers
    first = dossier["deviations"][0]
    assert dossier["entries"][first["because"] - 1]["kind"] == "infusion.started"
    assert "two_people_checked_it" in first["rules"]


def test_the_hash_of_each_entry_is_the_one_in_the_log(told, player):
    _, dossier, text = told
    with player.office.store.read() as conn:
        rows = conn.execute(ENTRY.select()).all()
    kept = {row.position: row.hash for row in rows}
    assert [entry["leaf"] for entry in dossier["entries"]] == [kept[one["position"]] for one in dossier["entries"]]
    assert dossier["last_leaf"] in text


def test_a_dossier_is_plain_json_and_its_pdf_is_always_the_same(told):
    _, dossier, _ = told
    again = json.loads(json.dumps(dossier))
    assert again == dossier
    assert dossier_pdf.render(again) == dossier_pdf.render(dossier)


def test_the_banner_of_the_demo_stands_on_every_page_and_the_code_on_the_first(told):
    coi, dossier, text = told
    data = dossier_pdf.render(dossier)
    pages = codes_of(data)
    assert text.count(dossier["banner"]) == len(pages) > 1
    assert pages[0] == {coi}
    assert f"Page {len(pages)} of {len(pages)}" in text
    assert dossier["banner"] not in text_of(dossier_pdf.render({**dossier, "banner": None}))


@pytest.mark.parametrize("person", ["demo-courier", "demo-auditor"])
def test_who_does_not_treat_reads_no_name_and_no_note(player, person):
    coi, serial = player.offered("MRN-9")
    player.step("demo-courier", "handoff.accepted", [("container", serial)], coi=coi)
    player.step("demo-nurse", "hold.placed", coi=coi, reason="other", note="Mr Doe telephoned")
    for reader, sees in ((person, False), ("demo-nurse", True)):
        dossier = exporting.dossier(player.office, coi, caller=player.as_(reader))
        said = json.dumps(dossier) + text_of(dossier_pdf.render(dossier))
        assert dossier["therapy"]["patient"] in said
        assert [word in said for word in ("Doe", "MRN-9", "telephoned")] == [sees] * 3
        assert (NAME in said) is sees


@pytest.mark.parametrize("role", [Role.COURIER, Role.ADMIN, Role.AUDITOR])
def test_the_treating_sites_own_courier_or_administrator_reads_no_name_either(player, role):
    coi, _, _ = player.at_bedside("MRN-9")
    caller = Caller("somebody", {"demo-hospital": frozenset({role})})
    assert exporting.dossier(player.office, coi, caller=caller)["patient"] is None
    assert "Doe" not in text_of(exporting.downtime_as_pdf(player.office, coi, caller=caller))


def test_a_stranger_is_told_there_is_no_such_therapy(player):
    coi, _ = player.collected("MRN-1")
    with pytest.raises(Fault) as caught:
        exporting.dossier(player.office, coi, caller=player.as_("demo-courier"))
    assert caught.value.status == 404


def test_a_bedside_check_that_waits_for_a_second_is_shown_to_its_author_only(player):
    coi, serials, _ = player.at_bedside("MRN-2")
    things = [("container", serial) for serial in serials]
    player.step("demo-infusion", "thaw.started", things, coi=coi)
    player.step("demo-infusion", "infusion.checked", [("wristband", "MRN-2"), *things], coi=coi, values={"dose": 1})
    for person, masked in (("demo-infusion-2", True), ("demo-infusion", False)):
        dossier = exporting.dossier(player.office, coi, caller=player.as_(person))
        (entry,) = named(dossier, "infusion.checked")
        assert entry["masked"] is masked
        assert (entry["recorded_by"]["person"] is None) is masked
        assert (entry["scans"] == [] and entry["values"] == {} and entry["signatures"] == []) is masked
        assert ("waits for a second" in text_of(dossier_pdf.render(dossier))) is masked


def test_as_of_a_moment_only_what_was_recorded_by_then_is_there(player):
    coi, _ = player.collected("MRN-3")
    then = entry_of(player, coi, "collection.started").recorded_at
    caller = player.as_("demo-nurse")
    dossier = exporting.dossier(player.office, coi, caller=caller, at=then)
    assert dossier["entries"][-1]["kind"] == "collection.started"
    assert (dossier["containers"], dossier["as_of"]) == ([], entry_json_time(then))
    assert f"As recorded by {words.utc(then)}" in text_of(dossier_pdf.render(dossier))


def entry_json_time(moment):
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_a_long_list_in_one_entry_runs_over_pages_and_loses_nothing(told):
    _, dossier, _ = told
    many = [f"CTR-{number:012}X" for number in range(400)]
    entry = dossier["entries"][3] | {"scans": [
        {"role": "container", "subject": id_, "via": "wedge", "name": None} for id_ in many]}  # fmt: skip
    container = dossier["containers"][0] | {"children": many}
    long = dossier | {"entries": [entry], "containers": [container]}
    text = text_of(dossier_pdf.render(long))
    assert all(text.count(id_) == 2 for id_ in many)


def test_text_with_marks_and_foreign_letters_is_printed_as_it_is(told):
    _, dossier, _ = told
    patient = dossier["patient"] | {"family": "<b>O'Neil & Søn", "native_family": "王"}
    text = text_of(dossier_pdf.render(dossier | {"patient": patient}))
    assert "<b>O'Neil & Søn, Jane / 王" in text


def test_the_history_that_a_dossier_is_made_of_is_the_stream_of_the_therapy(player):
    coi, _ = player.collected("MRN-4")
    _, entries, pathway = reads.history(player.office, coi, caller=player.as_("demo-nurse"))
    with player.office.store.read() as conn:
        assert tuple(entries) == ledger.read_streams(conn, [f"therapy:{coi}"])[f"therapy:{coi}"].entries
    assert pathway.name == "car-t-cryo"
