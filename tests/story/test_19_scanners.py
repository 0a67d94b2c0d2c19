"""Codes of other establishments and of hospitals: one thing is one thing, however its code was scanned or typed."""

import io
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image

import scanners
from coi.actions.setup import scanners_of
from coi.settings import SettingsError, load
from tests.story.conftest import HOSPITAL
from tests.story.test_17_hostile import correct

TWO = [("demo-infusion", "performed"), ("demo-infusion-2", "verified")]
BAG, TUBE, PAPER = "=A99991712345601", "=A99991712345606", "=A99991712345608"
KEYED = "A9999 17 123456 "
PRODUCT, OTHER_PRODUCT = "=<S1128V99", "=<S1194V99"
FIRST, SECOND = "=,000001", "=,000002"


def adopt(tale, coi, code, **more):
    return tale.step("demo-infusion", "container.adopted", [("container", code)], therapy=coi, signs=TWO,
                     values={"purpose": "dose"}, **more)  # fmt: skip


def asked(tale, text, status=200, **more):
    return tale.post("demo-nurse", "/scans", {"text": text, **more}, status)


def test_bag_and_tube_with_other_flags_are_the_same_donation(tale):
    coi = tale.enrol("MRN-1")
    adopt(tale, coi, BAG + PRODUCT + FIRST)
    found = [asked(tale, text)["subject"] for text in (BAG, TUBE, PAPER, "]C0" + TUBE, KEYED + check())]
    assert {(one["type"], one["therapy"]) for one in found} == {("donation", coi)}
    assert len({one["id"] for one in found}) == 1
    assert "A9999" not in str(tale.entries(coi)) + str(found)


def check():
    return scanners.isbt128.mod37_2("A999917123456")


def test_the_same_bag_is_the_same_however_its_label_was_scanned(tale):
    coi = tale.enrol("MRN-1")
    adopt(tale, coi, BAG + PRODUCT + FIRST)
    (container,) = tale.therapy(coi)["containers"]
    for text in (BAG + PRODUCT + FIRST, TUBE + PRODUCT + FIRST, f"=+03000{PRODUCT}{FIRST}{PAPER}"):
        assert asked(tale, text)["subject"] == {"type": "container", "id": container["id"], "therapy": coi}


@pytest.mark.parametrize("other", [PRODUCT + SECOND, OTHER_PRODUCT + FIRST, "=<S1128V00"])
def test_donation_right_and_division_wrong_is_another_bag_and_refused_by_name(tale, other):
    coi = tale.enrol("MRN-1")
    adopt(tale, coi, BAG + PRODUCT + FIRST)
    fault = asked(tale, BAG + other, 422)
    assert (fault["code"], "this bag is not" in fault["message"]) == ("scan.foreign", True)
    body = tale.step("demo-infusion", "thaw.started", [("container", BAG + other)], expect=422)
    said = [finding["message"] for finding in body["findings"] if finding["rule"] == "scans_fit_their_roles"]
    assert any("the bag is not" in message for message in said)
    assert tale.entries(coi, "attempt.refused")


def test_a_donations_number_alone_names_no_bag(tale):
    coi = tale.enrol("MRN-1")
    assert adopt(tale, coi, BAG, expect=422)["code"] == "scan.incomplete"
    assert "divisions" in adopt(tale, coi, BAG + PRODUCT, expect=422)["message"]
    adopt(tale, coi, BAG + PRODUCT + FIRST)
    assert "scans_fit_their_roles" in tale.refused("demo-infusion", "thaw.started", [("container", TUBE)])


def test_sister_bags_are_adopted_each_for_itself_and_into_one_therapy_only(tale):
    coi, other = tale.enrol("MRN-1"), tale.enrol("MRN-2", patient={"family": "Okafor"})
    adopt(tale, coi, BAG + PRODUCT + FIRST)
    adopt(tale, coi, BAG + PRODUCT + SECOND)
    assert len({one["id"] for one in tale.therapy(coi)["containers"]}) == 2
    stops = tale.refused("demo-infusion", "container.adopted", [("container", BAG + "=<S1128V00")], therapy=other,
                         signs=TWO, values={"purpose": "dose"})  # fmt: skip
    assert "container_is_this_therapys" in stops
    tale.is_sound()


def test_a_stranger_who_knows_a_donations_number_learns_nothing(tale):
    coi = tale.enrol("MRN-1")
    adopt(tale, coi, BAG + PRODUCT + FIRST)
    for text in (TUBE, BAG + PRODUCT + SECOND):
        fault = tale.post("other-nurse", "/scans", {"text": text}, 422)
        assert (fault["code"], "names nothing here" in fault["message"]) == ("scan.foreign", True)
        step = tale.step("other-nurse", "container.discarded", [("container", text)], reason="other", expect=404)
        assert coi not in str(step)


def test_a_seal_that_looks_like_a_misread_code_is_that_seal_before_and_after_patterns(tale):
    _, bags = tale.collected("MRN-1")
    shipper = tale.step("demo-nurse", "shipper.charged")["entry"]["values"]["shipper"]
    tale.step("demo-nurse", "shipment.packed", [("shipper", shipper), *(("container", bag) for bag in bags)])
    seals = [("seal", "00106141412345678909"), ("seal", "7654321")]
    tale.step("demo-nurse", "shipper.sealed", [("shipper", shipper), *seals])
    object.__setattr__(tale.office, "site", scanners.Site(patterns=scanners.checked_patterns(["^(?P<mrn>[0-9]{7})$"])))
    opened = tale.step("demo-nurse", "shipment.unpacked", [("shipper", shipper), *seals, ("container", bags[0])])
    assert [one["rule"] for one in opened["findings"] if one["rule"] == "seals_are_those_of_dispatch"] == []


def test_an_adoption_that_was_annulled_frees_the_donation_too(tale):
    wrong, right = tale.enrol("MRN-1"), tale.enrol("MRN-2", patient={"family": "Okafor"})
    made = adopt(tale, wrong, BAG + PRODUCT + FIRST)
    assert correct(tale, wrong, "entry.annulled", entry=made["entry"]["id"]) == [201, 201]
    assert asked(tale, TUBE, 422)["code"] == "scan.foreign"
    adopt(tale, right, BAG + PRODUCT + FIRST)
    assert asked(tale, TUBE)["subject"]["therapy"] == right


def enrolled_with(tale, kind, value, status=201):
    more = {"identifiers": [{"issuer": "other-maker", "kind": kind, "value": value}]}
    return tale.enrol("MRN-1", status=status, **more)


def test_a_donation_that_the_therapy_was_enrolled_with_is_found_with_any_flags(tale):
    coi = enrolled_with(tale, "din", KEYED + check())
    assert asked(tale, TUBE)["subject"]["therapy"] == coi
    for value in (BAG, TUBE, KEYED + check()):
        found = tale.post("demo-coordinator", "/search", {"value": value}, 200)
        assert [item["coi"] for item in found["items"]] == [coi]
    patient = {"family": "Okafor"}
    again = {"identifiers": [{"issuer": "another", "kind": "din", "value": BAG}]}
    assert tale.enrol("MRN-2", patient=patient, status=409, **again)["code"] == "crosswalk.taken"


@pytest.mark.parametrize(
    ("kind", "value"),
    [("din", "A9999 17 123456 Z"), ("din", "4711"), ("din", "00106141412345678908"), ("sscc", BAG), ("gsrn", "12")],
)
def test_an_identifier_that_is_not_of_the_form_of_its_kind_is_refused(tale, kind, value):
    assert enrolled_with(tale, kind, value, status=400)["code"] == "identifier.form"


@pytest.fixture
def badged(tale):
    """A hospital whose wristbands say MRN and seven digits, and whose badges say ST and seven digits."""
    patterns = scanners.checked_patterns(["^MRN(?P<mrn>[0-9]{7})$", "^ST(?P<staff>[0-9]{7})$"])
    object.__setattr__(tale.office, "site", replace(scanners.Site(prefix="*"), patterns=patterns))
    return tale


def test_a_wristband_is_the_number_on_it_and_a_badge_with_the_same_digits_is_nobodys(badged):
    coi = badged.enrol("1234567")
    for text in ("MRN1234567", "*MRN1234567\r", "1234567"):
        assert asked(badged, text)["subject"]["type"] == "patient"
        badged.step("demo-nurse", "patient.verified", [("wristband", text)], therapy=coi,
                    values={"stated": ["name", "birth_date"]})  # fmt: skip
    assert asked(badged, "ST1234567", 422)["code"] == "scan.foreign"
    stops = badged.refused("demo-nurse", "patient.verified", [("wristband", "ST1234567")], therapy=coi,
                           values={"stated": ["name", "birth_date"]})  # fmt: skip
    assert "codes_are_known" in stops
    assert badged.enrol("ST1234567", patient={"family": "Okafor"}, status=400)["code"] == "identifier.form"


def test_a_wristband_of_gs1_is_the_patients_number_in_every_form(tale):
    coi = tale.enrol("(8018)795260646688514634(8019)1")
    for text in ("]C18018795260646688514634", "8018795260646688514634\x1d80197", "795260646688514634"):
        assert asked(tale, text)["subject"]["therapy"] == coi
    assert asked(tale, "8018795260646688514635", 422)["code"] == "scan.misread"
    assert asked(tale, "8017795260646688514634", 422)["code"] == "scan.foreign"


def test_a_number_that_was_bound_before_the_patterns_is_found_and_withdrawn_after_them(tale):
    coi = tale.enrol("MRN1234567")
    object.__setattr__(
        tale.office, "site", scanners.Site(patterns=scanners.checked_patterns(["^MRN(?P<mrn>[0-9]{7})$"]))
    )
    assert asked(tale, "MRN1234567")["subject"]["type"] == "patient"
    said = {"issuer": HOSPITAL, "kind": "mrn", "value": "MRN1234567"}
    signs = [("demo-nurse", "performed"), ("demo-physician", "verified")]
    tale.step("demo-nurse", "identifier.withdrawn", signs=signs, therapy=coi, values=said, reason="other")
    assert asked(tale, "MRN1234567", 422)["code"] == "scan.foreign"


def test_a_hospital_number_that_looks_like_a_misread_donation_is_still_the_patients(tale):
    coi = tale.enrol("W1234567890123")
    assert asked(tale, "W1234567890123")["subject"]["therapy"] == coi
    assert asked(tale, "W1234567890124", 422)["code"] == "scan.misread"


def test_two_codes_in_one_scan_are_refused(tale):
    coi = tale.enrol("MRN-1")
    assert asked(tale, coi + coi, 422)["code"] == "scan.two_codes"
    assert asked(tale, f"{coi}\r{coi}", 422)["code"] == "scan.two_codes"


def test_a_shipper_with_an_sscc_is_the_same_with_and_without_the_symbols_identifier(tale):
    said = {"values": {"hold_hours": 96}}
    first = tale.step("demo-operator", "shipper.charged", [("shipper", "]C100106141412345678908")], **said)
    again = asked(tale, "(00)106141412345678908")
    assert again["subject"]["id"] == first["entry"]["values"]["shipper"]


def test_a_picture_of_a_whole_label_offers_the_bag_that_its_codes_name_together(tale):
    coi = tale.enrol("MRN-1")
    found = tale.post("demo-infusion", "/scans", data={"picture": (io.BytesIO(drawn(BAG, PRODUCT, FIRST)), "x.png")},
                      content_type="multipart/form-data", status=200)  # fmt: skip
    assert [one["text"] for one in found["readings"]] == [BAG + PRODUCT + FIRST, BAG, PRODUCT, FIRST]
    assert found["subject"] is None
    scan = {"role": "container", "text": found["readings"][0]["text"], "via": "camera"}
    for token, via in ((found["readings"][0]["token"], "camera"), (found["readings"][1]["token"], "typed")):
        body = tale.body("container.adopted", therapy=coi, values={"purpose": "dose"}) | {
            "scans": [scan | {"token": token}]
        }
        body["signatures"] = [tale.signature(who, meaning, body) for who, meaning in TWO]
        entry = tale.post("demo-infusion", "/steps", body, 201 if via == "camera" else 422)
        stored = entry["entry"] if via == "camera" else tale.entries(coi, "attempt.refused")[-1]
        assert [one["via"] for one in stored["scans"]] == [via]


def drawn(*texts):
    """Return a picture with the texts as Data Matrix symbols, one below the other."""
    page = Image.new("L", (400, 200 * len(texts)), 255)
    for number, text in enumerate(texts):
        made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
        dots = made.to_image(scale=5, add_quiet_zones=True)
        height, width = dots.shape[:2]
        page.paste(Image.frombytes("L", (width, height), memoryview(dots).tobytes()), (20, 200 * number))
    kept = io.BytesIO()
    page.save(kept, "PNG")
    return kept.getvalue()


def test_a_pattern_that_must_not_be_used_keeps_the_service_from_starting(tmp_path):
    environ = {"COI_INSTANCE": str(tmp_path), "COI_SCANNER_PATTERNS": "^(?P<mrn>(a+)+)$"}
    with pytest.raises(SettingsError, match="scanner_patterns"):
        scanners_of(load(environ))
    settings = load(environ | {"COI_SCANNER_PATTERNS": "^S(?P<staff>[0-9]{6})$", "COI_SCANNER_FNC1": "~"})
    assert (scanners_of(settings).fnc1, scanners_of(settings).patterns[0].name) == ("~", "staff")
