"""Bad input on every route that takes a body: a plain 4xx in the one shape, never a 500, and the log as it was."""

import io
import json
import math
import struct
import zlib
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import qrcode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from coi.journey.identity import RefType, mint
from coi.record import codes
from tests.api.conftest import enrolment
from tests.api.faults import fault_of, size
from tests.play import Player

ROUTES = ("/steps", "/steps/batch", "/therapies", "/labels", "/scans", "/search")
CONTROLS = ("\x00", "\x01", "\x07", "\x08", "\x0b", "\x1b", "\x1f", "\x7f", "\x80", "\x9f", "\u2028", "\u2029")
PERSON = "demo-nurse"


@pytest.fixture
def quiet(office):
    """See at the end that the log has the size it had at the start."""
    before = size(office)
    yield before
    assert size(office) == before


def valid(client, route):
    """Return a body that is right in form for `route`."""
    step = client.step_body("container.planned", therapy="COI-222222222222T", values={"purpose": "dose"})
    return {
        "/steps": step, "/steps/batch": {"steps": [step]}, "/therapies": enrolment("MRN-1"),
        "/labels": {"id": str(uuid4()), "container": "CTR-222222222222T"}, "/scans": {"text": "MRN-1", "via": "api"},
        "/search": {"value": "MRN-1"},
    }[route]  # fmt: skip


def send(client, route, data, content_type="application/json", person=PERSON):
    return client.post(person, route, data=data, content_type=content_type)


def nested(depth, opening="[", closing="]"):
    return (opening * depth + closing * depth).encode()


def malformed_bodies(body):
    text = json.dumps(body)
    rest = text[1:]
    return {
        "empty": b"", "blank": b"  \n", "not json": b"hello", "cut off": text[:-1].encode(), "two": (text * 2).encode(),
        "array": b"[]", "array of objects": f"[{text}]".encode(), "string": b'"x"', "number": b"1", "null": b"null",
        "true": b"true", "duplicate key": ('{"id": "a", "id": "b", ' + rest).encode(),
        "duplicate inside": ('{"x": {"a": 1, "a": 2}, ' + rest).encode(),
        "NaN": ('{"x": NaN, ' + rest).encode(), "Infinity": ('{"x": Infinity, ' + rest).encode(),
        "minus infinity": ('{"x": -Infinity, ' + rest).encode(),
        "10^400": b'{"x": 1' + b"0" * 400 + b", " + rest.encode(),
        "10^10000": b'{"x": 1' + b"0" * 10_000 + b", " + rest.encode(), "1e400": ('{"x": 1e400, ' + rest).encode(),
        "deep arrays": nested(10_000), "deep objects": nested(10_000, '{"a":', "}"), "deep open": b"[" * 100_000,
        "deep inside": b'{"values": ' + nested(10_000) + b", " + rest.encode(),
        "not utf-8": b'{"id": "\xff\xfe", ' + rest.encode(), "overlong": b'{"id": "\xc0\x80", ' + rest.encode(),
        "utf-16": text.encode("utf-16"), "latin-1": b'{"note": "caf\xe9", ' + rest.encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(), "lone surrogate": ('{"note": "\\ud800", ' + rest).encode(),
        "lone surrogate in a key": ('{"\\udfff": 1, ' + rest).encode(), "NUL key": ('{"\\u0000": 1, ' + rest).encode(),
        "comment": b"/* */" + text.encode(), "trailing comma": text[:-1].encode() + b",}", "NUL": text.encode() + b"\0",
        "single quotes": text.replace('"', "'").encode(), "unknown field": ('{"colour": "red", ' + rest).encode(),
        "proto": ('{"__proto__": {}, ' + rest).encode(), "form": b"id=1&kind=2", "xml": b"<?xml version='1.0'?><x/>",
    }  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_is_no_json_object_of_the_right_form_is_refused(client, quiet, route):
    for name, data in malformed_bodies(valid(client, route)).items():
        body = fault_of(send(client, route, data), 400)
        assert body["code"] in ("body.malformed", "body.invalid"), (name, body)


@pytest.mark.parametrize("route", ROUTES)
def test_another_content_type_is_refused(client, quiet, route):
    data = json.dumps(valid(client, route)).encode()
    for kind in ("text/plain", "", "application/x-www-form-urlencoded", "application/xml", "text/json", "application/",
                 "application/json5", "multipart/mixed; boundary=x"):  # fmt: skip
        fault_of(send(client, route, data, kind), 415)
    if route != "/scans":
        fault_of(send(client, route, data, "multipart/form-data; boundary=x"), 415)


@pytest.mark.parametrize("route", ROUTES)
def test_ten_megabytes_of_text_are_too_large(client, quiet, route):
    text = "A" * (10 * 2**20)
    for data in (json.dumps({"text": text}).encode(), text.encode() + b"B"):
        fault_of(send(client, route, data), 413, "body.too_large")


def strings_in(value, path=()):
    """Yield the path of every string in a body."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from strings_in(inner, (*path, key))


def with_(body, path, value):
    changed = deepcopy(body)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def full(client):
    """Return bodies with every string field filled, by route."""
    step = client.step_body(
        "container.planned", [{"role": "wristband", "text": "MRN-1", "via": "api", "token": "t"}],
        therapy="COI-222222222222T", values={"purpose": "dose"}, reason="recorded-in-error", note="a note",
        performed_by=[PERSON], documents=["0" * 64], device={"id": "phone", "seq": 1},
    )  # fmt: skip
    return {
        "/steps": step,
        "/therapies": enrolment("MRN-1", plan={"collection": {"site": "demo-hospital", "at": step["occurred_at"]}},
                                repeat_of="COI-222222222222T", reason="recorded-in-error"),
        "/labels": {"id": str(uuid4()), "container": "CTR-222222222222T", "template": "container-100x100",
                    "position": "bag", "reason": "recorded-in-error"},
        "/scans": {"text": "MRN-1", "via": "api"}, "/search": {"value": "MRN-1", "issuer": "x", "kind": "mrn"},
    }  # fmt: skip


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "/steps/batch"])
def test_control_characters_are_refused_in_every_string(client, quiet, route):
    body = full(client)[route]
    for path in strings_in(body):
        for control in CONTROLS:
            fault_of(client.post(PERSON, route, with_(body, path, f"A{control}B")))


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "/steps/batch"])
def test_a_value_of_another_type_is_refused_in_every_field(client, quiet, route):
    body = full(client)[route]
    for path in strings_in(body):
        for wrong in (True, 1, 1.5, [], {}, [["x"]], {"a": 1}, "", " ", "x" * 5000):
            found = fault_of(client.post(PERSON, route, with_(body, path, wrong)))
            assert found["status"] in (400, 422), (path, wrong, found)


WRONG = {
    "id": (None, True, 1, "", "x", "g" * 36, [], {}), "therapy": (1, True, "", "COI-1", "CTR-222222222222T", []),
    "kind": (None, True, 1, "", "no.such", "container", [], {}, "therapy.enrolled", "label.issued", "attempt.refused",
             "deviation.opened", "window.breached", "pathway.published", "Container.planned"),
    "tense": (None, True, "future", "", 1, "ASKED"), "zone": (True, 1, "", "Europe/Nowhere", "../etc/passwd", "CET\0"),
    "scans": (None, {}, "x", 1, [None], [1], ["x"], [[]], [{}], [{"role": "wristband"}], [{"text": "x"}],
              [{"role": "bag", "text": "x"}], [{"role": "wristband", "text": "x", "via": "eye"}],
              [{"role": "wristband", "text": "x", "more": 1}], [{"role": None, "text": "x"}]),
    "values": (1, True, "x", [], [1], {"": 1}, {"purpose": None}, {"purpose": 1}, {"purpose": True}, {"colour": "red"},
               {"purpose": "dose", "count": True}, {"purpose": "dose", "count": "1"}, {"purpose": "dose", "count": 1.0},
               {"purpose": "dose", "count": 10**400}, {"purpose": ["dose"]},
               {"purpose": "dose", "count": -1}, {"purpose": "dose", "count": 0}, {"purpose": {"a": {}}}),
    "reason": (1, True, "", "Free text", [], "no-such-reason"), "note": (1, True, "", [], "x" * 4001, "x\0"),
    "signatures": (None, {}, "x", 1, ["x"], [1]), "performed_by": (1, True, "x", {}, [1], [None], ["nobody"], [""]),
    "documents": (None, 1, "x", {}, ["x"], [1], ["0" * 63], ["0" * 64 + "\n"], ["A" * 64], [None]),
    "device": (1, "x", [], {}, {"id": "x"}, {"id": 1, "seq": 1}, {"id": "x", "seq": True}, {"id": "x", "seq": "1"},
               {"id": "x", "seq": -1}, {"id": "x", "seq": 1.5}, {"id": "x", "seq": 2**53}, {"id": "x", "seq": None},
               {"id": "x", "seq": 10**400}, {"id": "x", "seq": 1, "more": 1}, {"id": None, "seq": 1}),
    "occurred_at": (None, True, 1, 1.5, "", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z",
                    "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:60Z",
                    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z",
                    "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z", "2026-01-01T00:00:00+99:99",
                    "2026-01-01T00:00:00+24:00", "2026-01-01 00:00:00Z", "20260101T000000Z", "2026-W01-1T00:00:00Z",
                    "2026-01-01T00:00:00 Z", "٢٠٢٦-01-01T00:00:00Z", "2026-01-01T00:00:00Z\n", "1999-12-31T23:59:59Z",
                    "2200-01-02T00:00:00Z", "-2026-01-01T00:00:00Z", "12026-01-01T00:00:00Z", [], {}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_field_of_a_step_is_refused_and_named(client, office, name):
    coi = client.enrol("MRN-1")
    right = client.step_body("container.planned", therapy=coi, values={"purpose": "dose"})
    before = size(office)
    for wrong in WRONG[name]:
        body = fault_of(client.post(PERSON, "/steps", right | {"id": str(uuid4()), name: wrong}), 400)
        assert any(path.split(".")[0] == name for path in body["errors"]), (wrong, body)
        assert size(office) == before, wrong
    assert client.post("demo-coordinator", "/steps", right).status_code == 201


def test_a_missing_field_is_named(client, quiet):
    for name in ("id", "kind", "occurred_at"):
        body = client.step_body("container.planned")
        del body[name]
        assert list(fault_of(client.post(PERSON, "/steps", body), 400)["errors"]) == [name]
    for name in ("id", "pathway", "site", "patient"):
        body = enrolment("MRN-1")
        del body[name]
        assert list(fault_of(client.post("demo-coordinator", "/therapies", body), 400)["errors"]) == [name]


def test_a_time_that_is_off_the_servers_clock_is_refused(client, office):
    coi, now = client.enrol("MRN-1"), datetime.now(UTC)
    before = size(office)
    for off in (timedelta(minutes=10), timedelta(minutes=-10), timedelta(days=3000), timedelta(days=-3000)):
        body = client.step_body("container.planned", therapy=coi, values={"purpose": "dose"},
                                occurred_at=(now + off).isoformat())  # fmt: skip
        fault_of(client.post(PERSON, "/steps", body), 400, "time.skewed")
    ahead = client.step_body("container.planned", therapy=coi, values={"purpose": "dose"}, tense="reported",
                             occurred_at=(now + timedelta(hours=1)).isoformat())  # fmt: skip
    fault_of(client.post(PERSON, "/steps", ahead), 400, "time.in_future")
    assert size(office) == before


def test_an_unknown_therapy_and_that_of_others_are_both_not_there(client, office):
    player = Player(office)
    coi = player.enrol("MRN-1")
    before = size(office)
    told = set()
    for person, named in (("demo-operator", unissued()), ("demo-nurse", unissued()), ("demo-courier", coi)):
        body = client.step_body("hold.placed", therapy=named, reason="recorded-in-error")
        told.add(fault_of(client.post(person, "/steps", body), 404)["message"])
        for path in (f"/therapies/{named}", f"/therapies/{named}/entries"):
            told.add(fault_of(client.get(person, path), 404)["message"])
    assert len(told) == 1
    assert size(office) == before


def unissued():
    return mint(RefType.THERAPY, choose=lambda letters: letters[5])


@pytest.mark.parametrize("path", ["/therapies/{}", "/therapies/{}/entries", "/containers/{}", "/labels/{}.png",
                                  "/labels/{}.pdf", "/labels/{}.gif"])  # fmt: skip
def test_a_path_that_names_nothing_is_not_there(client, quiet, path):
    for name in ("%00", "x%00y", "%ff%fe", "%ed%a0%80", "x" * 5000, "%2e%2e", "'--", "COI-%F0%9F%98%80", "%0a", " "):
        fault_of(client.get(PERSON, path.format(name)), 404)


@pytest.mark.parametrize(("path", "name"), [
    ("/therapies", "limit"), ("/therapies", "q"), ("/therapies", "after"), ("/clocks", "limit"), ("/clocks", "state"),
    ("/clocks", "after"), ("/handoffs", "state"), ("/therapies/{coi}", "at"), ("/therapies/{coi}/entries", "at"),
    ("/plan", "view"), ("/plan", "after"), ("/plan", "limit"),
    ("/therapies/{coi}/entries", "after"), ("/therapies/{coi}/entries", "limit"),
])  # fmt: skip
def test_a_wrong_query_is_refused(client, path, name):
    path = path.format(coi=client.enrol("MRN-1"))
    for wrong in ("%00", "a%00b", "x" * 500, "%0a", "%c2%85%00"):
        fault_of(client.get(PERSON, f"{path}?{name}={wrong}"), 400)
    if name in ("limit", "at"):
        for wrong in ("", "-1", "1.5", "1e3", "٣", "0", "99999999999999", "true"):
            fault_of(client.get(PERSON, f"{path}?{name}={wrong}"), 400)


def test_ten_thousand_scans_are_refused(client, quiet):
    scans = [{"role": "container", "text": f"CTR-{n}", "via": "api"} for n in range(10_000)]
    fault_of(client.post(PERSON, "/steps", client.step_body("container.stored", scans)), 400)


TEXTS = {
    "full-width": "\uff23\uff2f\uff29-\uff12\uff13", "emoji": "\U0001f489\U0001f9ec", "right to left": "\u202eMRN-1",
    "hebrew": "אבג",
    "look-alike": "\u0421\u041eI-222222222222T", "zero width": "MRN\u200b-1", "combining": "MRN-1\u0301",
    "a0": "MRN\u00a01",
    "control": "MRN\x1d1", "NUL": "MRN\x001", "link": "https://example.org/x", "mail": "mailto:a@example.org",
    "script": "<script>alert(1)</script>", "sql": "'; DROP TABLE entry;--", "long": "A" * 513, "spaces": "   ",
    "template": "{{7*7}}", "one letter": "A", "www": "www.example.org", "phone": "tel:0123456",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_text_that_no_code_of_ours_has_is_refused(sqlite_client, name):
    client, office = sqlite_client
    before = size(office)
    for via in ("wedge", "camera", "typed", "api", "paper"):
        fault_of(client.post(PERSON, "/scans", {"text": TEXTS[name], "via": via}), 422)
        scan = {"role": "wristband", "text": TEXTS[name], "via": via}
        fault_of(client.post(PERSON, "/steps", client.step_body("collection.started", [scan])), 422)
    assert size(office) == before


def test_a_foreign_code_and_a_misread_one_are_told_apart(client, quiet):
    for text in ("https://example.org/ticket/1", "WIFI:T:WPA;S:net;P:secret;;"):
        fault_of(client.post(PERSON, "/scans", {"text": text}), 422, "scan.foreign")
    misread = unissued()[:-2] + ("2" if unissued()[-2] != "2" else "3") + unissued()[-1]
    fault_of(client.post(PERSON, "/scans", {"text": misread}), 422, "scan.misread")
    scan = {"role": "container", "text": misread.replace("COI", "CTR"), "via": "api"}
    body = client.step_body("container.stored", [scan, {"role": "location", "text": "T-1", "via": "api"}])
    fault_of(client.post(PERSON, "/steps", body), 422, "scan.misread")


def png(width, height, data=b""):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def picture(kind="PNG", text=None, size_=(200, 200)):
    out = io.BytesIO()
    made = qrcode.make(text).convert("RGB") if text else Image.new("RGB", size_, "white")
    made.save(out, kind)
    return out.getvalue()


def bomb():
    """Return a small PNG that unpacks to 30 000 x 30 000 pixels."""
    return png(30_000, 30_000, zlib.compress(bytes(3751 * 30_000), 9))


PICTURES = {
    "empty": (lambda: b"", "picture.format"), "text": (lambda: b"hello", "picture.format"),
    "GIF": (lambda: picture("GIF"), "picture.format"), "BMP": (lambda: picture("BMP"), "picture.format"),
    "TIFF": (lambda: picture("TIFF"), "picture.format"), "SVG": (lambda: b"<svg/>", "picture.format"),
    "PDF": (lambda: b"%PDF-1.7", "picture.format"), "cut PNG": (lambda: picture()[:-40], "picture.broken"),
    "PNG head": (lambda: picture()[:20], "picture.broken"),
    "JPEG head": (lambda: picture("JPEG")[:30], "picture.broken"),
    "no data": (lambda: png(100, 100), "picture.broken"), "bomb": (bomb, "picture.too_many_pixels"),
    "huge head": (lambda: png(2**31 - 1, 2**31 - 1), None), "no size": (lambda: png(0, 0), "picture.broken"),
    "large": (lambda: picture() + bytes(9 * 2**20), "picture.too_large"),
    "no code": (picture, "picture.no_code"), "one pixel": (lambda: picture(size_=(1, 1)), "picture.no_code"),
    "web link": (lambda: picture(text="https://example.org/ticket"), "scan.foreign"),
    "JPEG link": (lambda: picture("JPEG", "https://example.org/ticket"), "scan.foreign"),
    "misread": (lambda: picture(text=unissued()[:-2] + "ZZ"), "scan.misread"),
    "code in arabic": (lambda: picture(text="مريض"), None),
    "code with controls": (lambda: picture(text="A\x01B"), None),
    "code with 600 letters": (lambda: picture(text="A" * 600), None),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_picture_that_gives_no_code_of_ours_is_refused(sqlite_client, name):
    client, office = sqlite_client
    before = size(office)
    make, code = PICTURES[name]
    answer = client.post(PERSON, "/scans", data={"picture": (io.BytesIO(make()), "label.png")},
                         content_type="multipart/form-data")  # fmt: skip
    fault_of(answer, *([422, code] if code in ("scan.foreign", "scan.misread") else [code] if code else []))
    assert size(office) == before


def test_pictures_in_the_wrong_place_are_refused(client, quiet):
    file = lambda: (io.BytesIO(picture()), "label.png")  # noqa: E731 - two words, used four times
    for data in ({}, {"photo": file()}, {"picture": "text"}, {"picture": [file(), file()]}):
        fault_of(client.post(PERSON, "/scans", data=data, content_type="multipart/form-data"), 400)
    for data in (b"", b"--x\r\n", b"--x--", b"\0" * 100):
        fault_of(send(client, "/scans", data, "multipart/form-data; boundary=x"), 400)
    fault_of(send(client, "/scans", b"--x--", "multipart/form-data"), 400)
    data = {"picture": (io.BytesIO(picture() + bytes(11 * 2**20)), "label.png")}
    fault_of(client.post(PERSON, "/scans", data=data, content_type="multipart/form-data"), 413)


def test_values_that_the_log_cannot_hold_are_refused_in_a_correction(client, office):
    coi = client.enrol("MRN-1")
    planned = client.step("demo-nurse", "container.planned", therapy=coi, values={"purpose": "starting_material"})
    before = size(office)
    deep = {"a": 1}
    for _ in range(20):
        deep = {"a": deep}
    for inner in ({"count": 1.5}, {"count": 1e300}, {"count": 10**400}, {"count": 2**53}, {"ключ": 1}, {"x": "\0"},
                  deep, {"": []}, {"x" * 5000: 1}, {"purpose": "Jane Doe"}, {"free": "Jane Doe"}):  # fmt: skip
        body = client.step_body("entry.replaced", therapy=coi, reason="recorded-in-error",
                                values={"entry": planned["entry"]["id"], "values": inner})  # fmt: skip
        fault_of(client.post("demo-quality", "/steps", body), 400)
    infinite = json.dumps(body).replace('"Jane Doe"', "1e999")
    fault_of(send(client, "/steps", infinite, person="demo-quality"), 400)
    assert size(office) == before


def test_the_same_identifier_twice_in_an_enrolment_is_no_failure(client):
    twice = {"issuer": "sponsor", "kind": "order", "value": "ORDER-1"}
    same = {"issuer": "demo-hospital", "kind": "mrn", "value": "MRN-1"}
    body = enrolment("MRN-1") | {"identifiers": [twice, twice]}
    body["patient"]["identifiers"] = [same, same, same | {"issuer": "other-hospital"}]
    answer = client.post("demo-coordinator", "/therapies", body)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert len(answer.json["entry"]["values"]["identifiers"]) == 1


def test_a_number_that_two_issuers_gave_to_one_patient_is_kept_for_both(client, office):
    body = enrolment("MRN-1")
    body["patient"]["identifiers"] += [{"issuer": "demo-plant", "kind": "mrn", "value": "MRN-1"}]
    assert client.post("demo-coordinator", "/therapies", body).status_code == 201
    with office.store.read() as conn:
        found = codes.identifiers_of(conn, [codes.foreign_token(office.keys, text="MRN-1", scope="patient")])
    assert {issuer for _, issuer, _ in found} == {"demo-hospital", "demo-plant"}


def test_a_name_that_no_body_has_is_not_repeated(client, quiet):
    step, form = client.step_body("container.planned"), enrolment("MRN-1")
    form["patient"]["Zebedee"] = form["plan"] = {"Zebedee": {"Zebedee": 1}}
    values = {"purpose": "dose", "Zebedee": 1}
    device = {"id": "x", "seq": 1, "Zebedee": 1}
    for route, body in (("/steps", step | {"Zebedee": "Zebedee"}), ("/steps", step | {"values": values}),
                        ("/steps", step | {"device": device}), ("/therapies", form)):  # fmt: skip
        assert "Zebedee" not in str(fault_of(client.post("demo-coordinator", route, body), 400))


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60), st.binary(max_size=8).map(repr),
    st.sampled_from([10**400, math.inf, "\0", "\ud800", "A" * 5000, [], {}, [[]], [None], {"": {}}, "1e400", -0.0]),
    st.recursive(st.none() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
                 | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8),
)  # fmt: skip


def paths_in(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths_in(inner, (*path, key))


@st.composite
def mutations(draw, body):
    changed = deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(paths_in(changed))[1:] or [("new",)]))
        action = draw(st.sampled_from(["replace", "drop", "add"]))
        try:
            at = changed
            for key in path[:-1]:
                at = at[key]
            if action == "drop":
                del at[path[-1]]
            elif action == "add" and isinstance(at, dict):
                at[draw(st.text(max_size=6))] = deepcopy(draw(JUNK))
            else:
                at[path[-1]] = deepcopy(draw(JUNK))
        except (KeyError, IndexError, TypeError):
            continue
    return changed


@pytest.mark.parametrize("kind", ["container.planned", "collection.started", "handoff.offered", "entry.replaced"])
def test_whatever_is_changed_in_a_step_it_is_answered_and_recorded_or_refused_plainly(client, office, kind):
    coi = client.enrol("MRN-1")
    values = {"container.planned": {"purpose": "dose", "count": 1}, "handoff.offered": {"to": "demo-courier-co"},
              "entry.replaced": {"entry": str(uuid4()), "values": {"count": 2}}}.get(kind, {})  # fmt: skip
    scans = {"collection.started": [("wristband", "MRN-1")], "handoff.offered": [("container", "CTR-1")]}.get(kind, [])
    right = client.step_body(kind, [{"role": role, "text": text, "via": "api"} for role, text in scans], therapy=coi,
                             values=values, note="a note", device={"id": "phone", "seq": 1})  # fmt: skip
    person = "demo-quality" if kind == "entry.replaced" else "demo-nurse"

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(mutations(right))
    def is_answered(body):
        before = size(office)
        body = {**body, "id": str(uuid4())} if "id" in body else body
        answer = send(client, "/steps", json.dumps(body), person=person)
        if answer.status_code == 201 or (answer.status_code == 422 and "receipt" in answer.json):
            assert size(office) > before
            return
        fault_of(answer)
        assert size(office) == before

    is_answered()
