"""What the pages show: therapies, containers, clocks, handoffs, labels, enrolment - and that all can use them."""

import io
import re
from datetime import timedelta
from html.parser import HTMLParser

import pypdfium2
import pytest
from PIL import Image

import scanners
from tests.web.conftest import Person, hidden_of, make_app

PATIENT = {"site": "demo-hospital", "family": "Döe", "given": "Jané", "born": "1980-02-29", "pathway": "car-t-cryo",
           "identifier.kind": ["mrn", "mrn"], "identifier.value": ["MRN-77", ""],
           "identifier.issuer": ["demo-hospital", "demo-hospital"]}  # fmt: skip


def enrolled(nurse, **more):
    shown = nurse.get("/enrol?pathway=car-t-cryo").text
    return nurse.post("/enrol", hidden_of(shown) | PATIENT | more)


def test_enrolling_gives_a_coi_id_and_says_what_comes_next(person):
    answer = enrolled(person("demo-nurse"))
    assert answer.status_code == 201
    assert re.search(r"COI( [2-9A-HJ-NP-Z]{4}){3} [2-9A-HJ-NP-Z]", answer.text)
    assert "Plan containers" in answer.text


def test_enrolling_twice_with_one_form_gives_one_therapy(person):
    nurse = person("demo-nurse")
    data = hidden_of(nurse.get("/enrol?pathway=car-t-cryo").text) | PATIENT
    first, second = nurse.post("/enrol", data), nurse.post("/enrol", data)
    assert (first.status_code, second.status_code) == (201, 200)
    assert nurse.get("/therapies").text.count('data-label="Therapy"') == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"born": "2999-01-01"}, "not in the future"),
        ({"born": "1.2.1980"}, "YYYY-MM-DD"),
        ({"born": "19800229"}, "YYYY-MM-DD"),
        ({"family": " "}, "Expected a name"),
        ({"given": "a\x00b"}, "Expected a name"),
        ({"family": "x" * 201}, "Expected a name"),
        ({"identifier.value": ["", ""]}, "at least one number"),
        ({"identifier.issuer": ["A B", "x"]}, "Expected an issuer"),
        ({"pathway": "nonsense"}, "This pathway is not published here"),
        ({"site": "demo-plant"}, "Enrolling at demo-plant"),
        ({"plan.collection.at": "tomorrow"}, "Expected a date and time"),
        ({"plan.nowhere.site": "demo-plant"}, "stage"),
        ({"reason": "because"}, "not one of the pathway"),
        ({"id": "7"}, "has no id of its own"),
    ],
)
def test_an_enrolment_that_is_not_right_is_asked_again_and_leaves_nothing(person, wrong, said):
    nurse = person("demo-nurse")
    answer = enrolled(nurse, **wrong)
    assert 400 <= answer.status_code < 500
    assert said in answer.text
    assert "nothing was recorded" in answer.text
    assert "There is none that you may see." in nurse.get("/therapies").text


def test_a_second_therapy_of_a_patient_must_say_which_it_repeats_and_why(person):
    nurse = person("demo-nurse")
    enrolled(nurse)
    answer = enrolled(nurse)
    assert answer.status_code == 409
    coi = re.search(r"COI-[2-9A-HJ-NP-Z]{13}", answer.text)[0]
    assert "Döe" in answer.text  # what was typed is kept
    again = enrolled(nurse, repeat_of=coi, reason="repeat-treatment")
    assert again.status_code == 201


def test_a_plan_is_kept_in_the_time_of_the_site_and_shown_on_the_row_of_stages(person):
    nurse = person("demo-nurse")
    answer = enrolled(nurse, **{"plan.collection.at": "2027-03-01T08:30", "plan.manufacturing.site": "demo-plant"})
    coi = re.search(r"/therapies/(COI-[2-9A-HJ-NP-Z]{13})", answer.text)[1]
    assert "01 Mar 2027, 08:30 UTC" in nurse.get(f"/therapies/{coi}").text


def test_a_therapy_is_found_by_a_part_of_its_id_and_by_the_patients_number(person, player):
    one, other = player.enrol("MRN-1"), player.enrol("MRN-2")
    nurse = person("demo-nurse")
    shown = nurse.get("/therapies", query_string={"q": one[6:11].lower()}).text
    assert one in shown
    assert other not in shown
    found = nurse.post("/search", {"value": "MRN-2"}).text
    assert other in found
    assert one not in found
    assert "0 found" in nurse.post("/search", {"value": "MRN-3"}).text


def test_the_page_of_a_therapy_shows_all_that_is_known(person, player):
    coi, serials, ids = player.at_bedside("MRN-1", 2)
    player.step("demo-quality", "hold.placed", [("container", serials[1])], coi=coi, reason="under-investigation")
    player.try_step("demo-infusion", "infusion.checked", [("wristband", "MRN-9"), ("container", serials[0])], coi=coi)
    shown = person("demo-infusion").get(f"/therapies/{coi}").text
    for expected in (
        "Doe, Jane", "final release", "on hold", "under investigation", "Refused: Check at the bedside", "Bedside",
        "Frozen product, formulation to thaw", "limit not verified against a product label",
        "The scanned wristband is not known here", "demo-infusion at demo-hospital",
    ):  # fmt: skip
        assert expected in shown, expected
    tree = shown[shown.index("<svg") : shown.index("</svg>")]
    assert tree.count("<rect") == 5  # a donation, a bag, a lot, two doses
    assert tree.count('class="branch"') == 4
    assert all(id_ in tree for id_ in ids)
    assert 'aria-current="step">Back to the patient' in shown
    history = shown[shown.index("History, newest first") :]
    assert (
        history.index("Refused: Check at the bedside")
        < history.index("Hold placed")
        < history.index("Therapy enrolled")
    )


def test_the_page_of_a_therapy_shows_what_was_believed_then(person, player, world):
    coi = player.enrol("MRN-1")
    then = world.now()
    player.plan(coi, "dose", 2)
    nurse = person("demo-nurse")
    assert "Dose 1 of 2" in nurse.get(f"/therapies/{coi}").text
    shown = nurse.get(f"/therapies/{coi}", query_string={"at": then.isoformat()}).text
    assert "Dose 1 of 2" not in shown
    assert "As recorded by" in shown
    assert "What may I do now?" not in shown
    assert nurse.get(f"/therapies/{coi}?at=yesterday").status_code == 400
    assert nurse.get(f"/therapies/{coi}?at=1999-01-01").status_code == 404


def test_a_bedside_check_is_hidden_until_the_second_is_made(person, player):
    coi, serials, _ = player.at_bedside("MRN-1")
    scans = [("wristband", "MRN-1"), ("container", serials[0])]
    player.step("demo-infusion", "infusion.checked", scans, coi=coi, values={"dose": 1})
    assert "not shown until the second check is made" in person("demo-infusion-2").get(f"/therapies/{coi}").text
    assert "not shown until the second check is made" not in person("demo-infusion").get(f"/therapies/{coi}").text


def test_the_page_of_a_container_shows_who_has_it_and_its_history(person, player):
    _, _, ids = player.at_bedside("MRN-1")
    shown = person("demo-infusion").get(f"/containers/{ids[0]}").text
    for expected in ("Dose 1 of 1", "demo-infusion at demo-hospital", "in hand", "Handoff accepted", "Made from",
                     "What may I do with it now?"):  # fmt: skip
        assert expected in shown, expected


def test_a_place_is_shown_by_its_name_though_the_log_has_none(person, player):
    coi, (serial,) = player.collected("MRN-1")
    player.step("demo-nurse", "container.stored", [("container", serial), ("location", "FREEZER-7-B")], coi=coi)
    nurse = person("demo-nurse")
    shown = nurse.get(f"/therapies/{coi}").text
    assert "FREEZER-7-B" in shown
    container = re.search(r"/containers/(CTR-[2-9A-HJ-NP-Z]{13})", shown)[1]
    assert "FREEZER-7-B" in nurse.get(f"/containers/{container}").text


def test_scanning_says_what_it_is_who_has_it_and_what_may_be_done(person, player):
    coi, (serial,) = player.collected("MRN-1")
    nurse = person("demo-nurse")
    shown = nurse.post("/scan", {"text": serial, "via": "wedge"}).text
    for expected in ("Starting material 1 of 1", "demo-nurse at demo-hospital", "Offer a handoff", "Doe, Jane", coi,
                     "Not now, and why", "Read by", "scanner"):  # fmt: skip
        assert expected in shown, expected
    assert shown.index("Offer a handoff") < shown.index("Not now, and why") < shown.index("Complete the collection")


def test_scanning_a_wristband_shows_the_patient_to_those_who_treat(person, player):
    coi, _ = player.collected("MRN-1")
    shown = person("demo-nurse").post("/scan", {"text": "MRN-1", "via": "wedge"}).text
    assert "Doe, Jane" in shown
    assert coi in shown


def test_typed_codes_are_understood_without_their_hyphen_and_in_small_letters(person, player):
    _, (serial,) = player.collected("MRN-1")
    typed = f"{serial[:3].lower()} {serial[4:8]} {serial[8:].lower()}"
    assert person("demo-nurse").post("/scan", {"text": typed, "via": "typed"}).status_code == 200
    assert person("demo-nurse").post("/scan", {"text": typed, "via": "wedge"}).status_code == 422


def test_the_page_of_a_label_says_why_it_says_what_it_says_and_what_nobody_verified(person, player):
    coi = player.enrol("MRN-1")
    (container,) = player.plan(coi, "starting_material")
    player.label(container)
    for who in ("demo-nurse", "demo-auditor"):
        shown = person(who).get(f"/containers/{container}/label").text
        assert "FOR AUTOLOGOUS USE ONLY" in shown
        assert "21 CFR 1271.90(c)(1); elsewhere a default; NOT VERIFIED" in shown
        assert "country XA" in shown
        assert "1980-02-29" not in shown


def test_a_picture_of_a_label_is_read_and_its_scan_counts_as_camera(person, player, world):
    coi, (serial,) = player.collected("MRN-1")
    nurse = person("demo-nurse")
    png = nurse.get(f"/labels/{serial}.png?dpi=203").data
    shown = nurse.post("/scan", {"picture": (io.BytesIO(png), "label.png")}, content_type="multipart/form-data").text
    assert "Starting material 1 of 1" in shown
    assert "camera" in shown
    data = hidden_of(nurse.get(f"/steps/handoff.offered?therapy={coi}").text)
    form = nurse.post("/steps/handoff.offered/form", data | {"picture.container": (io.BytesIO(png), "label.png")},
                      content_type="multipart/form-data")  # fmt: skip
    scan = re.search(r'name="scan" value="([^"]+)"', form.text)[1].replace("&#34;", '"')
    assert '"via":"camera"' in scan
    assert nurse.post("/steps/handoff.offered", data | {"scan": scan, "value.to": "demo-courier-co"}).status_code == 201
    assert "Container (camera)" in nurse.get(f"/therapies/{coi}").text


def test_several_codes_in_one_picture_are_offered_to_choose_from(person, player):
    _, serials = player.collected("MRN-1", 2)
    nurse = person("demo-nurse")
    labels = [Image.open(io.BytesIO(nurse.get(f"/labels/{serial}.png?dpi=203").data)) for serial in serials]
    both = Image.new("L", (labels[0].width * 2, labels[0].height), 255)
    for index, label in enumerate(labels):
        both.paste(label, (index * labels[0].width, 0))
    data = io.BytesIO()
    both.save(data, "PNG")
    data.seek(0)
    shown = nurse.post("/scan", {"picture": (data, "two.png")}, content_type="multipart/form-data").text
    assert "2 codes in one picture" in shown
    assert all(serial in shown for serial in serials)


@pytest.mark.parametrize("text", ["https://example.org/x", "COI-222222222222A", "WWW.EXAMPLE.ORG", "nobody-knows"])
def test_what_is_not_ours_is_said_not_to_count(person, text):
    answer = person("demo-nurse").post("/scan", {"text": text, "via": "wedge"})
    assert answer.status_code in (404, 422)
    assert 'role="alert"' in answer.text


def test_clocks_stand_soonest_first_in_words_and_colours(person, player, hands):
    coi, _ = player.collected("MRN-1")
    nurse = person("demo-nurse")
    shown = nurse.get("/clocks").text
    assert "23 h 59 min left" in shown
    first, second = "Starting material, end of collection to frozen store", "Cryopreserved starting material"
    assert shown.index(first) < shown.index(second)
    hands.ahead += timedelta(hours=25)
    nurse.sign_in("demo-nurse")
    later = nurse.get("/clocks").text
    assert "over by 1 h 00 min" in later
    assert "row-breached" in later  # though no watcher has noticed yet
    assert coi in nurse.get("/clocks?state=running").text
    assert "There is none." in nurse.get("/clocks?state=warned").text
    assert nurse.get("/clocks?state=nonsense").status_code == 400


def test_a_label_is_issued_printed_at_its_size_and_scanned_back(person, player):
    coi = player.enrol("MRN-1")
    (id_,) = player.plan(coi, "starting_material")
    nurse = person("demo-nurse")
    page = nurse.get(f"/containers/{id_}/label").text
    form = {"id": re.search(r'name="id" value="([^"]+)"', page)[1], "sort": "container-100x100/bag"}
    assert nurse.post(f"/containers/{id_}/label", form).location == f"/containers/{id_}/label"
    issued = nurse.get(f"/containers/{id_}/label").text
    serial = re.search(r"/labels/(LBL-[2-9A-HJ-NP-Z]{13})\.png", issued)[1]
    assert 'width="378" height="378"' in issued  # 100 mm at 96 dots per inch
    png = nurse.get(f"/labels/{serial}.png?dpi=300")
    assert png.mimetype == "image/png"
    assert Image.open(io.BytesIO(png.data)).width == round(100 / 25.4 * 300)
    pdf = nurse.get(f"/labels/{serial}.pdf")
    assert "Content-Security-Policy" not in pdf.headers
    assert pdf.headers["Cache-Control"] == "no-store"
    width, height = pypdfium2.PdfDocument(pdf.data)[0].get_size()
    assert (round(width / 72 * 25.4, 1), round(height / 72 * 25.4, 1)) == (100.0, 100.0)
    assert nurse.get(f"/labels/{serial}.zpl").data.startswith(b"^XA")
    assert scanners.read_picture(png.data)[0].text == serial
    applied = nurse.fill(f"/steps/label.applied?therapy={coi}", {"scan.label": serial, "value.container": id_})
    assert applied.status_code == 201
    assert "was scanned back from its container" in nurse.get(f"/containers/{id_}/label").text


def test_a_label_scanned_back_from_another_bag_is_refused(person, player):
    coi = player.enrol("MRN-1")
    first, second = player.plan(coi, "starting_material", 2)
    player.label(first)
    wrong = player.label(second)
    nurse = person("demo-nurse")
    answer = nurse.fill(f"/steps/label.applied?therapy={coi}", {"scan.label": wrong, "value.container": first})
    assert answer.status_code == 422
    assert "STOP" in answer.text


def test_a_further_copy_without_a_reason_is_not_issued(person, player):
    coi, _ = player.collected("MRN-1")
    nurse = person("demo-nurse")
    id_ = re.search(r"/containers/(CTR-[2-9A-HJ-NP-Z]{13})", nurse.get(f"/therapies/{coi}").text)[1]
    page = nurse.get(f"/containers/{id_}/label").text
    form = {"id": re.findall(r'name="id" value="([^"]+)"', page)[-1], "sort": "container-100x100/bag"}
    answer = nurse.post(f"/containers/{id_}/label", form)
    assert answer.status_code in (400, 422)
    assert "reason" in answer.text
    assert nurse.post(f"/containers/{id_}/label", form | {"sort": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("LBL-NOTTHERENOTTH.png", 404),
        ("LBL-NOTTHERENOTTH.gif", 404),
        ("x/print?template=nonsense", 404),
        ("nonsense.css", 404),
    ],
)
def test_there_is_no_label_that_was_not_issued(person, path, status):
    assert person("demo-nurse").get(f"/labels/{path}").status_code == status


def test_an_impossible_resolution_is_refused(person, player):
    _, (serial,) = player.collected("MRN-1")
    assert person("demo-nurse").get(f"/labels/{serial}.png?dpi=100000").status_code == 400


class _Reader(HTMLParser):
    """Collects what a screen reader needs: labels, landmarks, names of pictures, and what a strict policy forbids."""

    def __init__(self):
        super().__init__()
        self.tags, self.ids, self.labelled, self.inputs, self.faults = [], [], set(), [], []
        self.depth = 0

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        self.tags.append(tag)
        self.ids += [said["id"]] if "id" in said else []
        self.depth += tag == "label"
        if tag == "label" and said.get("for"):
            self.labelled.add(said["for"])
        named = self.depth or said.get("aria-label") or said.get("type") in ("hidden", "submit")
        if tag in ("input", "select", "textarea") and not named:
            self.inputs.append(said.get("id"))
        if "style" in said or any(name.startswith("on") for name in said) or (tag == "script" and "src" not in said):
            self.faults.append(f"<{tag} {said}> is forbidden by the content policy")
        if tag == "img" and not said.get("alt"):
            self.faults.append(f"<img {said}> has no text")
        for name in ("src", "href", "action", "formaction"):
            if said.get(name, "/")[:1] not in ("/", "#"):
                self.faults.append(f"<{tag} {name}={said[name]}> leads elsewhere")

    def handle_endtag(self, tag):
        self.depth -= tag == "label"


def test_every_page_can_be_read_aloud_used_by_keyboard_and_lives_by_the_content_policy(person, player):
    coi, serials, ids = player.at_bedside("MRN-1", 2)
    player.offered("MRN-2")
    nurse = person("demo-nurse")
    paths = [
        "/",
        "/sign-in",
        "/steps",
        "/clocks",
        "/handoffs",
        "/plan",
        "/plan?view=arriving",
        "/therapies",
        "/enrol",
        "/enrol?pathway=car-t-fresh",
        f"/therapies/{coi}",
        f"/containers/{ids[0]}",
        f"/containers/{ids[0]}/label",
        "/nothing-here",
        *(f"/steps/{kind}?therapy={coi}" for kind in ("infusion.checked", "handoff.offered", "containers.released")),
        f"/steps/container.reidentified?therapy={coi}",
        f"/steps/thaw.started?therapy={coi}&paper=yes",
    ]
    pages = {path: nurse.get(path) for path in paths}
    pages["scan"] = nurse.post("/scan", {"text": serials[0]})
    pages["refused"] = nurse.fill(f"/steps/infusion.checked?therapy={coi}", {
        "scan.wristband": "MRN-2", "scan.container": serials[0]})  # fmt: skip
    for path, page in pages.items():
        reader = _Reader()
        reader.feed(page.text)
        assert page.text.startswith('<!doctype html>\n<html lang="en">'), path
        assert reader.faults == [], path
        assert [id_ for id_ in reader.inputs if id_ not in reader.labelled] == [], path
        assert len(reader.ids) == len(set(reader.ids)), path
        assert reader.tags.count("main") == reader.tags.count("h1") == 1, path
        assert "DEMO – NOT FOR CLINICAL USE" in page.text, path
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self';"), path
        assert page.headers["Cache-Control"] == "no-store", path
        assert page.headers["X-Content-Type-Options"] == "nosniff", path


def test_every_page_for_people_at_work_has_one_scan_box_and_one_focus(person, player):
    coi, _, ids = player.at_bedside("MRN-1")
    nurse = person("demo-nurse")
    for path in (f"/steps/thaw.started?therapy={coi}&paper=yes", f"/steps/patient.changed?therapy={coi}",
                 "/", "/therapies", "/clocks", "/enrol", f"/therapies/{coi}", f"/containers/{ids[0]}", "/nothing-here",
                 f"/containers/{ids[0]}/label", f"/steps/infusion.checked?therapy={coi}", "/steps"):  # fmt: skip
        shown = nurse.get(path).text
        assert shown.count("data-scan-box") == 1, path
        assert len(re.findall(r"\bautofocus\b", shown)) == 1, path


def test_an_unknown_address_is_a_page_and_not_a_trace(app, person):
    for client in (app.test_client(), person("demo-nurse")):
        answer = client.get("/no/such/page")
        assert answer.status_code == 404
        assert answer.mimetype == "text/html"
        assert "There is no such page" in answer.text
        assert answer.headers["Content-Security-Policy"]


def test_a_page_used_the_wrong_way_says_so_and_names_the_right_one(person):
    answer = person("demo-nurse").get("/scan")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "page&#39;s own buttons" in answer.text


def test_a_failure_of_the_service_itself_is_a_page_too(app, person, monkeypatch):
    nurse = person("demo-nurse")
    monkeypatch.setattr("coi.web.boards.reads.clocks", lambda *_, **__: 1 / 0)
    answer = nurse.get("/clocks")
    assert answer.status_code == 500
    assert "never recorded twice" in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_the_pages_work_on_either_database(office, tmp_path):
    nurse = Person(make_app(office, tmp_path).test_client())
    nurse.sign_in("demo-nurse")
    answer = enrolled(nurse)
    assert answer.status_code == 201
    coi = re.search(r"/therapies/(COI-[2-9A-HJ-NP-Z]{13})", answer.text)[1]
    planned = nurse.fill(f"/steps/container.planned?therapy={coi}", {"value.purpose": "dose", "value.count": "2"})
    assert planned.status_code == 201
    assert "Dose 2 of 2" in nurse.get(f"/therapies/{coi}").text
    assert coi in nurse.get("/therapies").text
    assert nurse.get("/clocks").status_code == nurse.get("/handoffs").status_code == 200


def test_bootstrap_comes_from_this_service(person):
    nurse = person("demo-nurse")
    shown = nurse.get("/").text
    sheet = re.search(r'href="(/bootstrap/assets/css/bootstrap.min.css)"', shown)[1]
    assert nurse.get(sheet).status_code == 200
    assert "<script" in shown
    assert "bootstrap.min.js" not in shown
