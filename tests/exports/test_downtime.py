"""A downtime sheet says what was known, leaves room for what is done, and can be scanned back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pypdfium2
import pytest

from coi.actions import exporting, reads
from coi.actions.faults import Fault
from coi.exports import downtime, downtime_pdf
from coi.journey.identity import grouped
from coi.journey.steps import Purpose, State
from coi.journey.therapy import Container, Custodian, Label, Place, Therapy
from tests.exports.journey import signed
from tests.exports.reading import codes_of, text_of

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BLANK = "____:____"


@pytest.fixture
def pathway(player):
    """The pathway of the demo whose doses are frozen."""
    coi = player.enrol("MRN-PATHWAY")
    return reads.history(player.office, coi, caller=player.as_("demo-nurse"))[2]


def sheets_for(player, coi, person="demo-nurse"):
    return exporting.downtime_as_pdf(player.office, coi, caller=player.as_(person))


def bag(number, *, dose=1, **more):
    return Container(f"CTR-{number}", Purpose.DOSE, number, dose, State.FILLED, Custodian("demo-hospital", None),
                     Place("hand"), **more)  # fmt: skip


def therapy_of(*bags):
    found = Therapy("COI-X", site="demo-hospital", patient="PAT-X", containers={one.id: one for one in bags})
    for one in bags:
        found.labels[f"LBL-{one.number}"] = Label(f"LBL-{one.number}", one.id, "container-100x100", "bag", 1, "applied")
    return found


def built(therapy, pathway, *, at=NOON, identifiers=()):
    printing = downtime.Printing(at=at, zone=PARIS, zone_name="Europe/Paris", reader="demo-nurse", software="coi 1")
    return downtime.build(therapy, pathway=pathway, printing=printing, identifiers=identifiers)


def rects(text):
    """Where the lines of a page stand, in points from its lower left corner."""
    return [text.get_rect(index) for index in range(text.count_rects())]


def test_each_dose_has_a_page_whose_codes_are_the_therapy_and_the_labels_in_force(player):
    coi, serials, ids = player.at_bedside("MRN-1", 2)
    data = sheets_for(player, coi)
    assert codes_of(data) == [{coi, serials[0]}, {coi, serials[1]}]
    text = text_of(data)
    for thing in (coi, *serials, *ids):
        assert grouped(thing) in text


def test_the_code_is_that_of_the_label_that_replaced_another(player):
    coi, serials, ids = player.at_bedside("MRN-1")
    newer = player.label(ids[0], person="demo-infusion", reason="label-damaged")
    player.step("demo-infusion", "label.applied", [("label", newer)], coi=coi)
    assert codes_of(sheets_for(player, coi)) == [{coi, newer}]
    assert serials[0] != newer


def test_every_sheet_fits_one_a4_page_however_much_there_is_to_say(pathway):
    reasons = {f"entry-{number}": "a-very-long-reason-that-somebody-had-to-give" for number in range(6)}
    told = {"component": "CD8", "strength": "1.0 x 10^8", "volume_ml": "70"}
    bags = [bag(number, holds=reasons, **told) for number in range(1, 8)]
    sheets = built(therapy_of(*bags), pathway, identifiers=[("Name", "Doe " * 30), ("Number", "1" * 60)])
    assert [len(sheet["containers"]) for sheet in sheets] == [3, 3, 1]
    assert [sheet["what"] for sheet in sheets] == [f"Dose 1, part {number} of 3" for number in (1, 2, 3)]
    data = downtime_pdf.render(sheets)
    assert codes_of(data)[2] == {"COI-X", "LBL-7"}
    with pypdfium2.PdfDocument(data) as document:
        assert [tuple(map(round, page.get_size())) for page in document] == [(595, 842)] * 3
        for page in document:
            for left, bottom, right, top in rects(page.get_textpage()):
                assert 20 < left < right < 575
                assert 10 < bottom < top < 842


def test_what_is_to_be_agreed_and_signed_has_its_place(player):
    coi, _, _ = player.at_bedside("MRN-1")
    text = text_of(sheets_for(player, coi))
    for caption in ("Thaw started", "Checked by 1", "Checked by 2", "Infusion started", "Infusion completed",
                    "Volume given", "Performed", "Checked", "Transcribed", "Checked against paper", "Signature",
                    "agrees, person 1", "agrees, person 2"):  # fmt: skip
        assert caption in text, caption
    assert f"thaw started {BLANK} - use until {BLANK}" in text
    assert f"infusion started {BLANK} - complete by {BLANK}" in text
    assert "Start of thaw to start of infusion: at most 30 min" in text
    assert "DEMO - NOT FOR CLINICAL USE" in text


def test_who_treats_gets_the_two_identifiers_and_nobody_else_does(player):
    coi, _, _ = player.at_bedside("MRN-4711")
    shown = text_of(sheets_for(player, coi))
    assert "Doe, Jane, born 1980-02-29" in shown
    assert "MRN-4711" in shown
    hidden = text_of(sheets_for(player, coi, "demo-auditor"))
    assert "Doe" not in hidden
    assert "MRN-4711" not in hidden
    assert hidden.count("Identifier, from the wristband") == 2


def test_a_number_that_was_withdrawn_is_not_printed(player):
    coi, _, _ = player.at_bedside("MRN-OLD")
    said = {"issuer": "demo-hospital", "kind": "mrn", "old": "MRN-OLD", "value": "MRN-NEW"}
    signers = (("demo-coordinator", "performed"), ("demo-nurse", "verified"))
    signed(player, "demo-coordinator", "identifier.replaced", signers, therapy=coi, values=said,
           reason="recorded-in-error")  # fmt: skip
    text = text_of(sheets_for(player, coi))
    assert "MRN-NEW" in text
    assert "MRN-OLD" not in text


def test_a_name_that_the_printer_lacks_letters_for_is_left_to_be_written_by_hand(pathway):
    sheet = built(therapy_of(bag(1)), pathway, identifiers=[("Name", "王小明"), ("Number", "17")])
    text = text_of(downtime_pdf.render(sheet))
    assert "U+" not in text
    assert "Name" in text


def test_a_hold_and_a_missing_release_cannot_be_overlooked(player):
    coi, serials, _ = player.doses("MRN-1")
    text = text_of(sheets_for(player, coi))
    assert "NOT RELEASED as of" in text
    assert "Not on hold as of" in text
    player.step("demo-quality", "hold.placed", [("container", serials[0])], coi=coi, reason="under-investigation")
    text = text_of(sheets_for(player, coi))
    assert "ON HOLD as of" in text
    assert "Quality is looking into it" in text


def test_times_are_those_of_the_wall_with_utc_beside_them(pathway):
    one = bag(1, starts={"product-shelf-life": ("e", NOON - timedelta(days=1), 0)})
    (sheet,) = built(therapy_of(one), pathway)
    assert sheet["printed"] == "23 Nov 2026, 13:00 (12:00 UTC)"
    (expiry,) = sheet["containers"][0]["expiry"]
    assert (expiry["until"], expiry["over"]) == ("19 Aug 2027, 14:00 (12:00 UTC)", False)


@pytest.mark.parametrize(("minutes", "over"), [(5, False), (31, True)])
def test_a_thaw_that_runs_says_until_when(pathway, minutes, over):
    one = bag(1, starts={"thaw-to-infusion": ("e", NOON - timedelta(minutes=minutes), 0)})
    (sheet,) = built(therapy_of(one), pathway)
    thaw, infusion = sheet["containers"][0]["limits"]
    assert thaw["running"]["over"] is over
    assert infusion["running"] is None
    text = text_of(downtime_pdf.render([sheet]))
    assert f"use until 23 Nov 2026, {'12:59 (11:59 UTC), WHICH HAS PASSED' if over else '13:25 (12:25 UTC)'}" in text
    assert f"thaw started {BLANK}" not in text


def test_a_shelf_life_that_is_over_says_so(pathway):
    one = bag(1, starts={"product-shelf-life": ("e", NOON - timedelta(days=271), 0)})
    assert "EXPIRED" in text_of(downtime_pdf.render(built(therapy_of(one), pathway)))


def test_only_what_waits_to_be_given_is_on_a_sheet(pathway):
    bags = [bag(1, dose=2), bag(2, dose=1), bag(3, dose=None), bag(4, dose=1)]
    bags[2].purpose = Purpose.RESCUE
    bags[3].state = State.INFUSED
    assert [sheet["what"] for sheet in built(therapy_of(*bags), pathway)] == ["Dose 1", "Dose 2", "Rescue cells"]


def test_a_container_without_a_label_in_force_has_no_code(pathway):
    therapy = therapy_of(bag(1))
    therapy.labels["LBL-1"].state = "voided"
    data = downtime_pdf.render(built(therapy, pathway))
    assert codes_of(data) == [{"COI-X"}]
    assert "NO LABEL IN FORCE" in text_of(data)


def test_a_therapy_without_a_dose_has_no_sheet_and_a_stranger_no_therapy(player):
    coi, _ = player.collected("MRN-1")
    for person, code in (("demo-nurse", "downtime.nothing"), ("demo-courier", "not_found")):
        with pytest.raises(Fault) as caught:
            sheets_for(player, coi, person)
        assert (caught.value.status, caught.value.code) == (404, code)
