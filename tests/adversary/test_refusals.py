"""The wrong bag, wristband, person or moment: each is refused, says why, and is remembered."""

import json
import time
from uuid import uuid4

import pytest

from coi.actions import labels, setup
from coi.actions.verification import verify
from coi.record import ledger
from coi.record.queries import pathways
from tests.play import COURIERS, HOSPITAL, Player

SHORT = "car-t-short"


@pytest.fixture
def player(office):
    return Player(office)


def refused(player, person, kind, scans, *, family, got, expected, coi, **more):
    """Take a step that must be refused; see that the finding says why and that the refusal is in the history."""
    body = player.step(person, kind, scans, coi=coi, expect=422, **more)
    stops = [f for f in body["findings"] if f["severity"] == "stop" and f["family"] == family]
    assert stops, body["findings"]
    assert any(got in f["got"] and expected in f["expected"] for f in stops), stops
    assert all(f["message"].endswith((".", "!")) for f in stops)
    last = history(player, coi)[-1]
    assert last.kind == "attempt.refused"
    assert last.id == body["receipt"]["entry"]
    assert [f["rule"] for f in last.findings] == [f["rule"] for f in body["findings"]]
    return body


def history(player, coi):
    stream = f"therapy:{coi}"
    with player.office.store.read() as conn:
        return ledger.read_streams(conn, [stream])[stream].entries


def test_a_label_is_not_applied_to_another_bag(player):
    coi = player.enrol("L-1")
    first, second = player.plan(coi, "starting_material", 2)
    label = player.label(first)
    refused(player, "demo-nurse", "label.applied", [("label", label)], coi=coi, values={"container": second},
            family="identity", got=first, expected=second)  # fmt: skip


def test_a_label_is_not_applied_in_another_patients_therapy(player):
    one, other = player.enrol("L-2"), player.enrol("L-3")
    label = player.label(player.plan(other, "starting_material")[0])
    refused(player, "demo-nurse", "label.applied", [("label", label)], coi=one, family="identity",
            got="another therapy", expected=one)  # fmt: skip
    assert history(player, other)[-1].kind == "attempt.refused"


def test_another_patients_bag_does_not_go_into_a_lot(player):
    mine, (bag,) = player.collected("T-1")
    theirs, (other,) = player.collected("T-2")
    for coi, serial in ((mine, bag), (theirs, other)):
        player.moved(coi, [serial], "demo-nurse", "demo-plant", "demo-operator")
    player.step("demo-operator", "lot.started", [("container", bag)], coi=mine)
    (dose,) = player.labelled(mine, "dose", person="demo-operator")
    scans = [("container", bag), ("container", other), ("label", dose)]
    body = refused(player, "demo-operator", "containers.transformed", scans, coi=mine, family="identity",
                   got="another therapy", expected=mine)  # fmt: skip
    assert theirs not in json.dumps(body)
    seen = history(player, theirs)[-1]
    assert (seen.kind, mine in str(seen.findings)) == ("attempt.refused", False)


def test_a_bedside_check_with_another_wristband_is_refused(player):
    coi, (dose,), _ = player.at_bedside("B-1")
    player.enrol("B-2")
    player.step("demo-infusion", "thaw.started", [("container", dose)], coi=coi)
    scans = [("wristband", "B-2"), ("container", dose)]
    refused(player, "demo-infusion", "infusion.checked", scans, coi=coi, family="identity", got="PAT-", expected="PAT-")


def test_a_wristband_that_nobody_knows_is_refused(player):
    coi, (dose,), _ = player.at_bedside("B-3")
    scans = [("wristband", "NOBODY-9"), ("container", dose)]
    refused(player, "demo-infusion", "infusion.checked", scans, coi=coi, family="identity", got="names nothing",
            expected="wristband")  # fmt: skip


def test_the_right_patient_with_the_wrong_dose_is_refused(player):
    coi, (_, second), _ = player.at_bedside("B-4", 2)
    scans = [("wristband", "B-4"), ("container", second)]
    refused(
        player, "demo-infusion", "infusion.checked", scans, coi=coi, family="identity", got="dose 2", expected="dose 1"
    )


def test_a_voided_label_is_refused_and_the_live_one_named(player):
    coi, (dose,), (container,) = player.at_bedside("B-5")
    fresh = player.label(container, person="demo-infusion", reason="label-damaged")
    player.step("demo-infusion", "label.applied", [("label", fresh)], coi=coi)
    player.step("demo-infusion", "label.voided", [("label", dose)], coi=coi, reason="label-damaged")
    scans = [("wristband", "B-5"), ("container", dose)]
    refused(player, "demo-infusion", "infusion.checked", scans, coi=coi, family="identity", got=dose, expected=fresh)


def test_the_second_check_is_not_made_by_the_first_person(player):
    coi, (dose,), _ = player.at_bedside("B-6")
    scans = [("wristband", "B-6"), ("container", dose)]
    player.step("demo-infusion", "infusion.checked", scans, coi=coi)
    refused(player, "demo-infusion", "infusion.checked", scans, coi=coi, family="signature", got="demo-infusion",
            expected="two people")  # fmt: skip


def test_a_handoff_is_not_accepted_by_a_person_of_another_company(player):
    coi, bag = player.offered("H-1", to=COURIERS)
    refused(player, "demo-receiver", "handoff.accepted", [("container", bag)], coi=coi, family="custody",
            got="demo-receiver", expected=COURIERS)  # fmt: skip


def thawed_and_checked(player, number, *, release=True, **more):
    coi, (dose,), (container,) = player.at_bedside(number, release=True)
    player.step("demo-infusion", "thaw.started", [("container", dose)], coi=coi)
    for person in ("demo-infusion", "demo-infusion-2"):
        player.step(person, "infusion.checked", [("wristband", number), ("container", dose)], coi=coi)
    return coi, dose, container


def test_nothing_is_infused_before_a_release(player):
    coi, (dose,), _ = player.at_bedside("R-1", release=False)
    refused(player, "demo-infusion", "thaw.started", [("container", dose)], coi=coi, family="release",
            got="not released", expected="release")  # fmt: skip
    refused(player, "demo-infusion", "infusion.started", [("container", dose)], coi=coi, family="release",
            got="not released", expected="release")  # fmt: skip


def test_nothing_is_infused_after_its_release_was_revoked(player):
    coi, dose, container = thawed_and_checked(player, "R-2")
    player.step(
        "demo-quality", "release.revoked", coi=coi, values={"containers": [container]}, reason="out-of-specification"
    )
    refused(player, "demo-infusion", "infusion.started", [("container", dose)], coi=coi, family="release",
            got="not released", expected="release")  # fmt: skip


def test_a_held_bag_is_not_infused(player):
    coi, dose, _ = thawed_and_checked(player, "R-3")
    player.step("demo-quality", "hold.placed", [("container", dose)], coi=coi, reason="under-investigation")
    refused(player, "demo-infusion", "infusion.started", [("container", dose)], coi=coi, family="hold",
            got="under-investigation", expected="no hold")  # fmt: skip
    player.step("demo-quality", "hold.lifted", [("container", dose)], coi=coi, reason="investigation-closed")
    player.step("demo-infusion", "infusion.started", [("container", dose)], coi=coi)


def publish_short(office, *, limit=1):
    """Publish a pathway whose thawed product is good for `limit` seconds."""
    with office.store.read() as conn:
        assert any(row["name"] == "car-t-cryo" for row in pathways(conn))
    path = setup.resources.files("coi") / "pathways" / "car-t-cryo.toml"
    document = path.read_text().replace('name = "car-t-cryo"', f'name = "{SHORT}"')
    head, mark, rest = document.partition('id = "thaw-to-infusion"')
    rest = rest.replace('limit = "PT30M"', f'limit = "PT{limit}S"', 1).replace(
        'warn_before = "PT10M"', 'warn_before = "PT0S"', 1
    )
    setup.publish(office, (head + mark + rest).encode())


def test_a_bag_past_its_thaw_limit_is_not_infused_but_can_still_be_saved(player):
    publish_short(player.office)
    player.pathway = SHORT
    coi, (dose,), _ = player.at_bedside("C-1")
    player.step("demo-infusion", "thaw.started", [("container", dose)], coi=coi)
    for person in ("demo-infusion", "demo-infusion-2"):
        player.step(person, "infusion.checked", [("wristband", "C-1"), ("container", dose)], coi=coi)
    time.sleep(2.1)
    refused(player, "demo-infusion", "infusion.started", [("container", dose)], coi=coi, family="clock",
            got="UTC", expected="not after")  # fmt: skip
    player.step("demo-quality", "hold.placed", [("container", dose)], coi=coi, reason="expired")
    player.step("demo-infusion", "handoff.offered", [("container", dose)], coi=coi, values={"to": HOSPITAL})
    player.step("demo-nurse", "handoff.accepted", [("container", dose)], coi=coi)
    player.step("demo-nurse", "container.stored", [("container", dose), ("location", "QUARANTINE-1")], coi=coi)
    player.step("demo-nurse", "container.discarded", [("container", dose)], coi=coi, reason="expired")
    assert verify(player.office) == []


def test_every_finding_is_told_and_none_hides_another(player):
    coi, (dose,), _ = player.at_bedside("ALL-1", release=False)
    player.step("demo-quality", "hold.placed", [("container", dose)], coi=coi, reason="under-investigation")
    body = player.step("demo-infusion", "infusion.started", [("container", dose)], coi=coi, expect=422)
    told = {f["family"] for f in body["findings"] if f["severity"] == "stop"}
    assert {"hold", "release", "clock", "stage", "signature"} <= told


def test_a_different_number_received_is_accepted_with_remarks_and_held(player):
    coi, (one, two) = player.collected("N-1", 2)
    player.step(
        "demo-nurse", "handoff.offered", [("container", one), ("container", two)], coi=coi, values={"to": COURIERS}
    )
    body = player.step("demo-courier", "handoff.accepted", [("container", one)], coi=coi)
    assert body["entry"]["values"]["remarks"] is True
    (deviation,) = [entry for entry in body["also"] if entry["kind"] == "deviation.opened"]
    assert deviation["values"]["hold"] is True
    held = deviation["values"]["containers"]
    with player.office.store.read() as conn:
        named = [c for c in held if c == labels.codes.resolve(conn, [two])[two][0].container]
    assert (len(held), named) == (1, held)


def test_what_is_reported_is_recorded_and_held_where_it_should_have_been_refused(player):
    coi, (dose,), _ = player.at_bedside("REP-1")
    player.step("demo-quality", "hold.placed", [("container", dose)], coi=coi, reason="under-investigation")
    body = player.step("demo-infusion", "thaw.started", [("container", dose)], coi=coi, tense="reported")
    assert body["entry"]["outcome"] == "done"
    assert [entry["values"]["hold"] for entry in body["also"] if entry["kind"] == "deviation.opened"] == [True]


def test_a_reported_accept_by_the_wrong_company_is_disputed_and_moves_nothing(player):
    coi, bag = player.offered("REP-2", to=COURIERS)
    body = player.step(
        "demo-receiver", "handoff.accepted", [("container", bag)], coi=coi, tense="reported", id_=str(uuid4())
    )
    assert body["entry"]["outcome"] == "disputed"
    player.step("demo-courier", "handoff.accepted", [("container", bag)], coi=coi)
