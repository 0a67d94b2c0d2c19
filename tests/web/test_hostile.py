"""Hostile input: shown as text, answered in plain words, and never a failure of the service."""

import io
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from coi.journey.steps import STEPS
from coi.record.tables import ENTRY
from tests.web.conftest import hidden_of
from tests.web.test_pages import enrolled

SCRIPT = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"
BAD = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\x1b[31m",
    "\u202egnp.exe",
    "😀" * 50,
    "x" * 20_000,
    SCRIPT,
    "{{7*7}}",
    "{% raw %}",
    "%s%n",
    "../../etc/passwd",
    "';DROP TABLE entry;--",
    "\r\nSet-Cookie: x=1",
    "http://example.org",
    "COI-222222222222A",
    "\ufffe",
]
BY_FORM = [kind for kind, row in STEPS.items() if row.route == "steps"]


def size(world) -> int:
    with world.store.read() as conn:
        return conn.execute(select(func.count()).select_from(ENTRY)).scalar()


def test_hostile_names_and_notes_are_shown_as_text(person, player):
    nurse = person("demo-nurse")
    answer = enrolled(nurse, family=SCRIPT, given=SCRIPT, **{"identifier.value": [SCRIPT, ""]})
    assert answer.status_code == 201
    coi = answer.text.partition("/therapies/")[2][:17]
    player.step("demo-nurse", "container.planned", coi=coi, values={"purpose": "dose"}, note=SCRIPT)
    for shown in (answer.text, nurse.get(f"/therapies/{coi}").text, nurse.post("/search", {"value": SCRIPT}).text):
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in nurse.get(f"/therapies/{coi}").text


def test_a_hostile_name_in_a_finding_is_shown_as_text(person, player):
    nurse = person("demo-nurse")
    answer = enrolled(nurse, family=SCRIPT)
    coi = answer.text.partition("/therapies/")[2][:17]
    player.enrol("MRN-OTHER")
    refused = nurse.fill(f"/steps/patient.verified?therapy={coi}", {"scan.wristband": "MRN-OTHER"})
    assert refused.status_code == 422
    assert "&lt;script&gt;alert" in refused.text  # the finding says whose wristband was expected
    assert "<script>alert" not in refused.text + nurse.get(f"/therapies/{coi}").text


@pytest.mark.parametrize("text", BAD)
def test_a_hostile_scan_is_answered_in_plain_words_and_leaves_nothing(person, world, text):
    nurse, before = person("demo-nurse"), size(world)
    for via in ("wedge", "typed", "camera", SCRIPT):
        answer = nurse.post("/scan", {"text": text, "via": via})
        assert 400 <= answer.status_code < 500
        assert "<script>alert" not in answer.text
    assert size(world) == before


@pytest.mark.parametrize("kind", BY_FORM)
def test_a_form_full_of_rubbish_never_fails_the_service(person, player, world, kind):
    coi = player.enrol("MRN-1")
    nurse, before = person("demo-nurse"), size(world)
    row = STEPS[kind]
    for text in BAD:
        data = hidden_of(nurse.get(f"/steps/{kind}?therapy={coi}").text)
        data |= {f"value.{field.name}": text for field in row.values} | {
            f"scan.{wish.role}": text for wish in row.scans
        }
        data |= {"reason": text, "note": text}
        for path in (f"/steps/{kind}", f"/steps/{kind}/form"):
            answer = nurse.post(path, data)
            assert answer.status_code in (200, 201, 400, 403, 404, 413, 422), (path, text)
            assert "<script>alert" not in answer.text
    assert size(world) - before < len(BAD)  # a seal or a place may have any name; most of this is nothing at all


@pytest.mark.parametrize(
    "scan",
    [
        "{",
        "[]",
        "7",
        "null",
        "[" * 5000,
        '{"role":1}',
        '{"role":"container","text":"x"}',
        '{"role":"container","text":"x","via":"magic"}',
        '{"role":"container","text":"\\ud800","via":"wedge"}',
        '{"role":"nonsense","text":"x","via":"wedge"}',
        '{"role":"container","text":{"a":1},"via":"wedge"}',
        '{"role":"container","text":"x","via":"camera","token":"\\udfff"}',
        '{"role":"container","text":"","via":"wedge"}',
        '{"role":"container","text":"x","via":"camera","token":["a"]}',
    ],
)
def test_a_scan_that_no_page_has_made_is_refused(person, player, world, scan):
    coi = player.enrol("MRN-1")
    nurse, before = person("demo-nurse"), size(world)
    data = hidden_of(nurse.get(f"/steps/hold.placed?therapy={coi}").text) | {"reason": "other", "scan": scan}
    assert nurse.post("/steps/hold.placed", data).status_code in (400, 422)
    assert nurse.post("/steps/hold.placed/form", data).status_code in (200, 400)
    assert size(world) == before


@pytest.mark.parametrize(
    "values",
    [
        '{"volume_ml": 1e309}',
        '{"x": NaN}',
        '{"x": 0.5}',
        '{"x": 99999999999999999999}',
        '{"ä": 1}',
        '{"x": "\\ud800"}',
        "[1]",
        "[" * 5000,
        '{"containers": {"a": 1}}',
        "{}",
    ],
)
def test_a_correction_with_impossible_values_never_fails_the_service(person, player, values):
    coi, _ = player.collected("MRN-1")
    quality = person("demo-quality")
    first = player.step("demo-quality", "hold.placed", coi=coi, reason="other")["entry"]["id"]
    answer = quality.fill(f"/steps/entry.replaced?therapy={coi}", {
        "value.entry": first, "reason": "recorded-in-error", "value.values": values})  # fmt: skip
    assert answer.status_code in (201, 400, 422), answer.text


@pytest.mark.parametrize("id_", ["", "7", "x" * 5000, "{" * 5, "urn:uuid:", "00000000-0000-0000-0000-00000000000g"])
def test_a_form_without_a_proper_id_is_not_taken(person, player, world, id_):
    coi = player.enrol("MRN-1")
    before = size(world)
    answer = person("demo-nurse").post("/steps/container.planned", {"id": id_, "therapy": coi, "value.purpose": "dose"})
    assert answer.status_code == 400
    assert size(world) == before


@pytest.mark.parametrize(
    "picture", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"\xff\xd8\xff\xe0" + b"x" * 1000, b"<svg/>"]
)
def test_a_picture_that_is_none_is_said_not_to_be_one(person, player, picture):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    answer = nurse.post("/scan", {"picture": (io.BytesIO(picture), "x.png")}, content_type="multipart/form-data")
    assert answer.status_code == 422
    data = hidden_of(nurse.get(f"/steps/hold.placed?therapy={coi}").text)
    form = nurse.post("/steps/hold.placed/form", data | {"picture.container": (io.BytesIO(picture), "x.png")},
                      content_type="multipart/form-data")  # fmt: skip
    assert form.status_code == 422
    assert "nothing was recorded" in form.text


def test_more_than_the_service_takes_is_a_page_that_says_so(person):
    answer = person("demo-nurse").post("/scan", {"text": "x" * (11 * 2**20)})
    assert answer.status_code == 413
    assert "too large" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/therapies/{}",
        "/therapies?q={}",
        "/therapies?after={}",
        "/containers/{}",
        "/containers/{}/label",
        "/labels/{}.png",
        "/labels/{}.css",
        "/labels/LBL-222222222222A.{}",
        "/labels/x.png?dpi={}",
        "/steps/{}",
        "/steps/hold.placed?therapy={}",
        "/steps/hold.placed?containers={}",
        "/clocks?state={}",
        "/clocks?after={}",
        "/plan?view={}",
        "/plan?view=arriving&after={}",
        "/enrol?pathway={}",
        "/assets/{}",
        "/sign-in?person={}",
        "/sign-in?next={}",
        "/therapies/COI-222222222222A?at={}",
        "/labels/x/print?template={}",
    ],
)
def test_hostile_addresses_never_fail_the_service(person, path):
    nurse = person("demo-nurse")
    for text in BAD:
        answer = nurse.get(path.format(quote(text[:2000], safe="")))
        assert answer.status_code < 500, (path, text)
        assert b"<script>alert" not in answer.data


_NAMES = [
    "id",
    "therapy",
    "scan",
    "scan.container",
    "value.purpose",
    "value.count",
    "value.dose",
    "reason",
    "note",
    "text",
]


@given(data=st.dictionaries(st.sampled_from(_NAMES), st.text(max_size=40), max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_form_whatever_it_holds_fails_the_service(person_of_a_world, data):
    nurse, coi = person_of_a_world
    sent = hidden_of(nurse.get(f"/steps/container.planned?therapy={coi}").text) | data
    for path in ("/steps/container.planned", "/steps/container.planned/form", "/scan"):
        assert nurse.post(path, sent).status_code < 500


@pytest.fixture
def person_of_a_world(person, player):
    return person("demo-nurse"), player.enrol("MRN-1")


def test_nothing_of_a_scan_or_a_note_is_in_an_address_or_a_log_line(person, player, caplog):
    coi, _ = player.collected("MRN-CANARY-1")
    nurse = person("demo-nurse")
    with caplog.at_level("INFO"):
        nurse.post("/scan", {"text": "MRN-CANARY-1", "via": "wedge"})
        nurse.post("/search", {"value": "MRN-CANARY-1"})
        data = hidden_of(nurse.get(f"/steps/patient.verified?therapy={coi}").text)
        shown = nurse.post("/steps/patient.verified", data | {"scan.wristband": "MRN-CANARY-1", "note": "CANARY"})
    assert shown.status_code == 201
    assert "CANARY" not in caplog.text
    assert all("CANARY" not in part for part in shown.text.split('href="')[1:] for part in [part.partition('"')[0]])
    assert "CANARY" not in json.dumps(player.step("demo-nurse", "hold.placed", coi=coi, reason="other"))
