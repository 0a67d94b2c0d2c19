"""A real browser: a short journey with a hand scanner, and every page on a phone and on a desk."""

import re
from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest

from coi.actions import printers, reads
from coi.record.printers import Printer
from tests.web.browser import DESK, PHONE, chromium, seat, served
from tests.worlds import PASSWORD

pytestmark = pytest.mark.browser
SMALLEST_TARGET = 44  # CSS pixels; buttons are 48 and more, links in tables a little less


@pytest.fixture(scope="session")
def chrome():
    """One Chromium for the tests of this process."""
    with chromium() as started:
        yield started


@pytest.fixture
def address(app):
    """The service on a port of this machine."""
    with served(app) as url:
        yield url


def serial_on(nurse) -> str:
    return re.search(r"LBL-[2-9A-HJ-NP-Z]{13}", nurse.page.locator("img.exact-picture").get_attribute("src"))[0]


def enrol(nurse, number: str) -> str:
    nurse.go("/enrol?pathway=car-t-cryo")
    nurse.page.fill("#family", "Döe <b>")
    nurse.page.fill("#given", "Jané")
    nurse.page.fill("#born", "1980-02-29")
    nurse.page.fill("#identifier-value-0", number)
    nurse.press("Enrol and assign the COI id")
    assert nurse.heading() == "✓ Recorded: Therapy enrolled"
    return re.search(r"COI-[2-9A-HJ-NP-Z]{13}", nurse.page.content())[0]


def choose(nurse, text: str) -> None:
    nurse.page.get_by_text(text, exact=True).click()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_from_enrolment_to_the_couriers_hands_with_a_hand_scanner(chrome, address, size):
    with seat(chrome, address, size=size) as nurse:
        nurse.sign_in("demo-nurse")
        coi = enrol(nurse, "MRN-4711")
        nurse.follow("Verify the patient")
        nurse.scan("MRN-4711")
        choose(nurse, "Name")
        choose(nurse, "Birth date")
        nurse.press("Verify the patient")
        assert nurse.heading() == "✓ Recorded: Patient verified"
        nurse.follow("Start the collection")
        nurse.scan("MRN-4711")
        nurse.press("Start the collection")
        assert nurse.heading() == "✓ Recorded: Collection started"
        nurse.follow("Plan containers")
        choose(nurse, "Starting material")
        nurse.press("Plan containers")
        with nurse.page.expect_navigation():
            nurse.page.get_by_role("link", name=re.compile("^Label 1")).click()
        nurse.press("Issue the label")
        serial = serial_on(nurse)
        nurse.scan(serial)  # the cursor waits in the field; scanning sends the form
        nurse.page.wait_for_selector("[data-outcome=done]")
        assert nurse.heading() == "✓ Recorded: Label applied"
        nurse.follow("Complete the collection")
        nurse.scan(serial)
        nurse.page.fill("#value-volume_ml", "212.5")
        nurse.press("Complete the collection")
        assert nurse.heading() == "✓ Recorded: Collection completed"
        nurse.go("/")
        nurse.scan(serial)  # scan anything
        nurse.press("Offer a handoff")
        nurse.page.select_option("#value-to", "demo-courier-co")
        nurse.press("Offer a handoff")
        assert nurse.heading() == "✓ Recorded: Handoff offered"
    with seat(chrome, address, size=size) as courier:
        courier.sign_in("demo-courier")
        courier.follow("Accept")
        courier.scan(serial)  # wherever the cursor stands, the scan goes where one is asked for
        courier.page.locator("[data-scan-field=container] [data-scanned] li").wait_for()
        courier.press("Accept a handoff")
        assert courier.heading() == "✓ Recorded: Handoff accepted"
        courier.go(f"/therapies/{coi}")
        assert "demo-courier at demo-courier-co" in courier.page.content()
        assert "Jané" not in courier.page.content()
        history = courier.page.locator("#history + ol").inner_text()
        assert history.index("Handoff accepted") < history.index("Label applied") < history.index("Therapy enrolled")


def test_the_same_works_without_javascript(chrome, address, player):
    coi, (serial,) = player.collected("MRN-1")
    with seat(chrome, address, scripts=False) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go("/")
        nurse.page.locator("#scan").focus()
        nurse.scan(serial)
        assert nurse.page.locator(".thing-type").inner_text().lower() == "container"
        nurse.press("Offer a handoff")
        nurse.page.select_option("#value-to", "demo-courier-co")
        nurse.press("Offer a handoff")
        assert nurse.heading() == "✓ Recorded: Handoff offered"
        nurse.go(f"/steps/hold.placed?therapy={coi}")
        nurse.page.locator("[name='scan.container']").focus()
        nurse.scan(serial)  # Enter begins a new line and does not send the form
        assert nurse.heading() == "Place a hold"
        nurse.page.select_option("#reason", "other")
        nurse.press("Place a hold")
        assert nurse.heading() == "✓ Recorded: Hold placed"


def test_a_refusal_fills_the_screen_and_names_what_is_wrong(chrome, address, player):
    coi, _, _ = player.at_bedside("MRN-1")
    _, other, _ = player.at_bedside("MRN-2")
    with seat(chrome, address, size=PHONE) as nurse:
        nurse.sign_in("demo-infusion")
        nurse.go(f"/steps/infusion.checked?therapy={coi}")
        nurse.scan("MRN-2")
        nurse.scan(other[0])
        nurse.press("Check at the bedside")
        assert nurse.heading() == "✕ STOP – Check at the bedside is refused"
        panel = nurse.page.locator("[data-outcome=refused]")
        assert panel.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(176, 16, 28)"
        assert panel.bounding_box()["width"] > 340
        assert nurse.page.locator(".finding-stop").count() == 2


def scanned(place, role: str) -> list[str]:
    return place.page.locator(f"[data-scan-field={role}] [data-scanned] input").evaluate_all(
        "all => all.map((one) => JSON.parse(one.value).text + ' ' + JSON.parse(one.value).via)"
    )


def test_a_scanner_and_a_keyboard_are_told_apart(chrome, address, player):
    coi, (serial,) = player.collected("MRN-1")
    with seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go(f"/steps/shipment.packed?therapy={coi}")
        field = nurse.page.locator("[data-scan-field=shipper] [data-scan-input]")
        field.press_sequentially("SHP-77", delay=150)
        field.press("Enter")
        nurse.scan(serial)
        assert scanned(nurse, "shipper") == ["SHP-77 typed"]
        assert scanned(nurse, "container") == [f"{serial} wedge"]


def test_a_scan_never_ends_up_in_a_number_a_choice_or_a_button(chrome, address, player):
    coi, (serial,) = player.collected("MRN-1")
    with seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        for place in ("#value-containers_received", "#reason", "[data-send]", "#note"):
            nurse.go(f"/steps/handoff.accepted?therapy={coi}")
            nurse.page.locator("summary", has_text="Add a note").click()
            before = nurse.page.input_value(place) if place != "[data-send]" else ""
            nurse.page.locator(place).focus()
            nurse.scan(serial)
            assert nurse.heading() == "Accept a handoff", place  # the form was not sent
            assert scanned(nurse, "shipper") + scanned(nurse, "container") == [f"{serial} wedge"], place
            if place != "[data-send]":
                assert nurse.page.input_value(place) == before, place


def test_a_code_of_ours_goes_where_its_letters_say_it_belongs(chrome, address, player):
    coi, (serial,) = player.collected("MRN-1")
    shipper = player.step("demo-nurse", "shipper.charged")["entry"]["values"]["shipper"]
    with seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go(f"/steps/handoff.offered?therapy={coi}")
        for text in (serial, "SEAL-1", shipper):
            nurse.scan(text)
        assert scanned(nurse, "container") == [f"{serial} wedge", "SEAL-1 wedge"]  # a seal's own code says nothing
        assert scanned(nurse, "shipper") == [f"{shipper} wedge"]


def test_enter_in_a_value_does_not_send_the_step(chrome, address, player):
    coi = player.enrol("MRN-1")
    with seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go(f"/steps/container.planned?therapy={coi}")
        choose(nurse, "Dose")
        nurse.page.locator("#value-count").press_sequentially("2", delay=150)
        nurse.page.keyboard.press("Enter")
        assert nurse.heading() == "Plan containers"


def test_the_same_code_twice_is_one_scan_and_a_scan_can_be_taken_away(chrome, address, player):
    coi, serials = player.collected("MRN-1", 2)
    with seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go(f"/steps/hold.placed?therapy={coi}")
        for text in (serials[0], serials[0], serials[1]):
            nurse.scan(text)
        assert scanned(nurse, "container") == [f"{serial} wedge" for serial in serials]
        nurse.page.locator("[data-scanned] input").first.uncheck()
        nurse.page.select_option("#reason", "other")
        nurse.press("Place a hold")
        held = [item for item in player_containers(player, coi) if item["holds"]]
        assert len(held) == 1


def player_containers(player, coi):
    return reads.therapy(player.office, coi, caller=player.as_("demo-nurse"))["containers"]


def test_pressing_twice_and_reloading_records_once(chrome, address, player):
    coi = player.enrol("MRN-1")
    with seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go(f"/steps/container.planned?therapy={coi}")
        choose(nurse, "Dose")
        nurse.page.locator("[data-send]").dblclick()
        nurse.page.wait_for_selector("[data-outcome=done]")
        nurse.page.reload()
        assert nurse.heading() == "✓ Recorded: Container planned"
        assert len(player_containers(player, coi)) == 1


def test_a_picture_from_the_camera_goes_into_the_form_as_a_reading(chrome, address, player, person, tmp_path):
    coi, (serial,) = player.collected("MRN-1")
    picture = tmp_path / "label.png"
    picture.write_bytes(person("demo-nurse").get(f"/labels/{serial}.png?dpi=203").data)
    with seat(chrome, address, size=PHONE) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.page.set_input_files("[data-send-when-chosen]", picture)
        nurse.page.wait_for_selector(".thing-id")
        assert "camera" in nurse.page.locator(".thing-pairs").inner_text()
        nurse.go(f"/steps/hold.placed?therapy={coi}")
        nurse.page.select_option("#reason", "other")
        nurse.page.set_input_files("[data-read-when-chosen]", picture)
        nurse.page.wait_for_selector("[data-scanned] li")
        assert scanned(nurse, "container") == [f"{serial} camera"]
        assert nurse.page.input_value("#reason") == "other"


def test_a_label_prints_on_a_page_of_its_own_size(chrome, address, player):
    _, (serial,) = player.collected("MRN-1")
    with seat(chrome, address) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go(f"/labels/{serial}/print?template=container-100x100")
        nurse.page.wait_for_load_state("networkidle")
        printed = pypdfium2.PdfDocument(nurse.page.pdf(prefer_css_page_size=True, print_background=True))
        assert len(printed) == 1
        assert [round(side / 72 * 25.4) for side in printed[0].get_size()] == [100, 100]


def test_a_clock_counts_down_by_the_servers_time_whatever_the_device_believes(chrome, address, player):
    player.collected("MRN-1")
    with seat(chrome, address) as nurse:
        nurse.page.clock.install(time="2031-05-05T12:00:00Z")  # the clock of the device is years off
        nurse.sign_in("demo-nurse")
        nurse.go("/clocks")
        first = nurse.page.locator("[data-due]").first
        assert first.inner_text() == "23 h 59 min left"
        nurse.page.clock.fast_forward("01:30:00")
        assert first.inner_text() == "22 h 29 min left"
        nurse.page.clock.fast_forward("23:00:00")
        assert first.inner_text().startswith("over by 30 min")
        assert "left-over" in first.get_attribute("class")


_TOO_SMALL = """(least) => {
  const targets = "button, .btn, input:not([type=hidden]), select, textarea, summary, .tabs a";
  const beside = ".visually-hidden, .btn-check, .picture input, .scanned-item input";  // their label is what is touched
  return [...document.querySelectorAll(targets)]
    .filter((one) => one.offsetParent && !one.matches(beside) && one.getBoundingClientRect().height < least)
    .map((one) => one.outerHTML.slice(0, 90));
}"""


def too_small(place) -> list[str]:
    return place.page.evaluate(_TOO_SMALL, SMALLEST_TARGET)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_list_of_printers_fits_the_screen_and_every_target_a_glove(chrome, address, world, size):
    printers.add(world, Printer(code="ward-3", kind="raw", address="printer-3.ward.example.org:9100", language="zpl",
                                dpi=203, width=100, height=100, site="demo-hospital"))  # fmt: skip
    with seat(chrome, address, size=size) as admin:
        admin.sign_in("demo-admin")
        admin.go("/printers")
        wide = admin.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (wide <= 0, too_small(admin)) == (True, [])


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_fits_the_screen_and_every_target_a_glove(chrome, address, player, size):
    coi, _, ids = player.at_bedside("MRN-1", 2)
    player.offered("MRN-2")
    now = datetime.now(UTC)
    planned = player.enrol("MRN-3", plan={"collection": {"at": now - timedelta(seconds=5), "site": "demo-hospital"},
                                "bedside": {"at": now + timedelta(days=2), "site": "demo-hospital"}})  # fmt: skip
    paths = ["/", "/steps", "/clocks", "/handoffs", "/plan?view=late", "/plan?view=arriving",
             "/therapies", "/enrol", "/enrol?pathway=car-t-cryo",
             f"/therapies/{coi}", f"/therapies/{planned}", f"/containers/{ids[0]}", f"/containers/{ids[0]}/label",
             "/nothing-here",
             *(f"/steps/{kind}?therapy={coi}" for kind in ("infusion.checked", "handoff.offered", "containers.released",
                                                           "patient.verified", "shipment.unpacked",
                                                           "container.reidentified")),
             f"/steps/thaw.started?therapy={coi}&paper=yes"]  # fmt: skip
    with seat(chrome, address, size=size) as nurse:
        nurse.go("/sign-in")
        assert too_small(nurse) == []
        nurse.sign_in("demo-nurse")
        for path in paths:
            nurse.go(path)
            wide = nurse.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, path
            assert too_small(nurse) == [], path
            assert nurse.page.evaluate("document.activeElement.matches('input, textarea')"), path


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_two_people_sign_at_one_terminal_and_a_wrong_password_costs_no_typing(chrome, address, player, size):
    coi = player.enrol("MRN-1")
    with seat(chrome, address, size=size) as nurse:
        nurse.sign_in("demo-nurse")
        nurse.go(f"/steps/patient.changed?therapy={coi}")
        nurse.page.fill("#value-family", "Döe")
        nurse.page.select_option("#reason", "other")
        nurse.page.fill("#sign-0-password", PASSWORD)
        nurse.page.fill("#sign-1-person", "demo-physician")
        nurse.page.fill("#sign-1-password", "wrong")
        nurse.press("Change the patient's details")
        assert "password is wrong" in nurse.page.locator("#sign-1-problem").inner_text()
        assert nurse.page.input_value("#value-family") == "Döe"
        assert nurse.page.input_value("#sign-0-password") == nurse.page.input_value("#sign-1-password") == ""
        for number in (0, 1):
            nurse.page.fill(f"#sign-{number}-password", PASSWORD)
        nurse.press("Change the patient's details")
        assert nurse.heading() == "✓ Recorded: Patient changed"


def test_choosing_an_entry_to_annul_shows_at_once_what_builds_on_it(chrome, address, player):
    coi, _ = player.collected("MRN-1")
    with seat(chrome, address, size=PHONE) as quality:
        quality.sign_in("demo-quality")
        quality.go(f"/steps/entry.annulled?therapy={coi}")
        option = quality.page.locator("#value-entry option", has_text="Container planned").get_attribute("value")
        with quality.page.expect_navigation():
            quality.page.select_option("#value-entry", option)
        assert quality.page.locator("[name='value.also']:checked").count() == 3
