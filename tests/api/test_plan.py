"""The plan as boards: what is expected today, arrives or is late; and who hears of a closed therapy's clocks."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from coi.actions import people, reads
from coi.actions.sweep import sweep
from coi.actions.verification import verify
from coi.actions.zones import day_of, zone_called
from coi.journey.entry import from_instant, read_leaf
from coi.journey.steps import Role
from coi.record.tables import ENTRY, ORGANISATION
from tests.api.conftest import Client, make_app
from tests.api.faults import fault_of
from tests.play import Player, caller_of

AUCKLAND = timedelta(hours=12)  # in June
EVENING = datetime(2031, 6, 10, 8, tzinfo=UTC)  # 20:00 of the tenth in Auckland
NURSE, OPERATOR, PLANT_ONLY, STRANGER = "demo-nurse", "demo-operator", "plant-only", "stranger"


@dataclass
class Hands:
    """The clock of a world, turned by hand."""

    at: datetime = EVENING

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def world(office, hands):
    """The demo world with its hospital in Auckland, another hospital, and somebody who works at the plant only."""
    with office.store.write() as conn:
        conn.execute(update(ORGANISATION).where(ORGANISATION.c.code == "demo-hospital").values(zone="Pacific/Auckland"))
    people.add_organisation(office, code="other-hospital", title="Other", kind="site", country="XA", zone="UTC")
    for code, home in ((STRANGER, "other-hospital"), (PLANT_ONLY, "demo-plant")):
        people.add_person(office, code=code, name=code, password="", grants=[(home, Role.OPERATOR)])
    return replace(office, now=hands.now)


@pytest.fixture
def client(world, tmp_path):
    app = make_app(world, tmp_path)
    return Client(app.test_client(), lambda person: people.issue_token(world, person))


def local(day, hour, minute=0):
    """A moment of June 2031 as a wall clock in Auckland shows it."""
    return (datetime(2031, 6, day, hour, minute, tzinfo=UTC) - AUCKLAND).isoformat()


def stages(client, person, view="today", **query):
    answer = client.get(person, "/plan", query_string={"view": view, **query})
    assert answer.status_code == 200, answer.text
    return [(item["therapy"], item["stage"]) for item in answer.json["items"]]


def expected(client, person, view="today"):
    """The stages on a board, of the one therapy that the test has."""
    return [stage for _, stage in stages(client, person, view)]


def change(client, hands, coi, **values):
    return client.step("demo-coordinator", "plan.changed", therapy=coi, values=values, reason="other",
                       occurred_at=hands.at.isoformat())  # fmt: skip


def test_today_is_the_local_day_of_the_callers_own_site(client):
    coi = client.enrol("MRN-1", plan={
        "collection": {"at": local(10, 0, 30)}, "outbound": {"at": local(10, 23, 30), "site": "demo-plant"},
        "manufacturing": {"at": local(11, 0, 30)}, "release": {"at": local(9, 23, 59)}, "inbound": {"at": None},
    })  # fmt: skip
    assert stages(client, NURSE) == [(coi, "collection"), (coi, "outbound")]
    assert expected(client, PLANT_ONLY) == ["outbound", "manufacturing"], "the plant's day is another one"
    assert expected(client, "demo-auditor") == ["outbound", "manufacturing"], "of no site: UTC"


def test_an_item_says_what_is_expected_where_and_how_long_that_is(client):
    coi = client.enrol("MRN-1", plan={
        "collection": {"at": local(10, 19)}, "outbound": {"at": local(10, 20, 1), "site": "demo-plant"}})  # fmt: skip
    answer = client.get(NURSE, "/plan")
    assert answer.json == {"next": None, "items": [
        {"therapy": coi, "stage": "collection", "title": "Collection", "at": "2031-06-10T07:00:00.000000Z",
         "site": None, "late_by_seconds": 3600},
        {"therapy": coi, "stage": "outbound", "title": "To the manufacturer", "at": "2031-06-10T08:01:00.000000Z",
         "site": "demo-plant", "seconds_left": 60},
    ]}  # fmt: skip


def test_a_changed_plan_moves_on_the_boards_and_the_earlier_one_stays_in_the_history(client, hands):
    coi = client.enrol("MRN-1", plan={"collection": {"at": local(10, 23, 30)}})
    before = hands.at
    hands.at += timedelta(minutes=1)
    client.step("demo-coordinator", "plan.changed", therapy=coi, values={"stage": "collection", "at": local(11, 9)},
                occurred_at=hands.at.isoformat(), expect=400)  # fmt: skip
    assert expected(client, NURSE) == ["collection"], "a change without its reason changes nothing"
    change(client, hands, coi, stage="collection", at="2031-06-11T08:00:00+11:00")
    assert expected(client, NURSE) == []
    hands.at += timedelta(hours=12)
    assert expected(client, NURSE) == ["collection"], "the next day it is there"
    now = client.get(NURSE, f"/therapies/{coi}").json
    then = client.get(NURSE, f"/therapies/{coi}", query_string={"at": before.isoformat()}).json
    assert now["plan"]["collection"]["at"] == "2031-06-10T21:00:00.000000Z"
    assert then["plan"]["collection"]["at"] == "2031-06-10T11:30:00.000000Z"
    assert (then["planned"][0]["seconds_left"], then["planned"][0]["reached"]) == (int(3.5 * 3600), False)


def test_a_stage_is_late_once_its_moment_has_passed_and_still_is_the_day_after(client, hands):
    client.enrol("MRN-1", plan={"collection": {"at": hands.at.isoformat()}})
    assert expected(client, NURSE, "late") == []
    hands.at += timedelta(seconds=1)
    assert expected(client, NURSE, "late") == expected(client, NURSE) == ["collection"]
    hands.at += timedelta(days=2)
    assert expected(client, NURSE, "late") == ["collection"]
    assert expected(client, NURSE) == []
    (item,) = client.get(NURSE, "/plan?view=late").json["items"]
    assert item["late_by_seconds"] == 2 * 86_400 + 1


def test_a_stage_that_is_reached_drops_out(client, world, hands):
    coi = client.enrol("MRN-1", plan={
        "collection": {"at": local(10, 19)}, "outbound": {"at": local(10, 18)}})  # fmt: skip
    assert expected(client, NURSE, "late") == ["outbound", "collection"]
    Player(world).step("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi, occurred_at=hands.at)
    assert expected(client, NURSE, "late") == expected(client, NURSE) == ["outbound"]
    planned = client.get(NURSE, f"/therapies/{coi}").json["planned"]
    assert [(row["stage"], row["reached"]) for row in planned] == [("collection", True), ("outbound", False)]
    assert "late_by_seconds" not in planned[0]


def test_what_a_closed_therapy_had_planned_drops_out(client, hands):
    coi = client.enrol("MRN-1", plan={"collection": {"at": local(10, 19), "site": "demo-hospital"},
                                      "outbound": {"at": local(12, 9), "site": "demo-hospital"}})  # fmt: skip
    assert [expected(client, NURSE, view) for view in ("today", "late", "arriving")] == [
        ["collection"], ["collection"], ["outbound"]]  # fmt: skip
    client.step("demo-coordinator", "therapy.closed", therapy=coi, values={"outcome": "withdrew"},
                occurred_at=hands.at.isoformat())  # fmt: skip
    for person in (NURSE, "demo-auditor"):
        assert [expected(client, person, view) for view in ("today", "late", "arriving")] == [[], [], []]


def test_what_arrives_is_expected_at_ones_own_site_within_a_week(client, hands):
    week = hands.at + timedelta(days=7)
    client.enrol("MRN-1", plan={
        "collection": {"at": local(10, 19), "site": "demo-plant"}, "outbound": {"at": local(12, 9)},
        "manufacturing": {"at": week.isoformat(), "site": "demo-plant"},
        "release": {"at": (week + timedelta(seconds=1)).isoformat(), "site": "demo-plant"},
        "inbound": {"at": local(13, 9), "site": "demo-hospital"},
    })  # fmt: skip
    assert expected(client, PLANT_ONLY, "arriving") == ["manufacturing"]
    assert expected(client, NURSE, "arriving") == ["inbound"]
    assert expected(client, OPERATOR, "arriving") == ["inbound", "manufacturing"]


def test_an_open_handoff_arrives_at_its_addressee_until_it_is_taken(client, hands, world):
    hands.at = datetime.now(UTC)
    player = Player(world)
    coi, serial = player.offered("MRN-1", to="demo-plant")
    (item,) = client.get(PLANT_ONLY, "/plan?view=arriving").json["items"]
    assert (item["therapy"], item["stage"], item["at"], item["site"]) == (coi, None, None, "demo-plant")
    assert (item["giver"], item["containers"]) == ("demo-hospital", 1)
    (offer,) = client.get(PLANT_ONLY, "/handoffs").json["items"]
    assert (item["handoff"], item["offered_at"]) == (offer["id"], offer["offered_at"])
    assert stages(client, NURSE, "arriving") == stages(client, "demo-courier", "arriving") == []
    assert stages(client, "demo-auditor", "arriving") == [(coi, None)]
    player.step("demo-operator", "handoff.accepted", [("container", serial)], coi=coi)
    assert stages(client, PLANT_ONLY, "arriving") == []


def test_who_is_no_party_sees_nothing_and_becomes_one_by_the_plan(client, hands):
    coi = client.enrol("MRN-1", plan={"collection": {"at": local(10, 19)}, "outbound": {"at": local(12, 9)}})
    for view in ("today", "arriving", "late"):
        assert stages(client, STRANGER, view) == stages(client, "demo-admin", view) == []
    assert stages(client, "demo-auditor", "late") == [(coi, "collection")]
    change(client, hands, coi, stage="outbound", site="other-hospital")
    assert stages(client, STRANGER, "arriving") == [(coi, "outbound")]


@pytest.mark.parametrize("view", ["today", "late", "arriving"])
def test_a_board_comes_in_pages_and_nothing_is_lost_between_them(client, view):
    at = local(10, 19) if view != "arriving" else local(12, 9)  # all at one moment: the therapy decides their order
    cois = {client.enrol(f"MRN-{n}", plan={"collection": {"at": at, "site": "demo-hospital"}}) for n in range(5)}
    seen, after = [], ""
    while after is not None:
        page = client.get(NURSE, "/plan", query_string={"view": view, "limit": 2, "after": after}).json
        seen.append([item["therapy"] for item in page["items"]])
        after = page["next"]
    assert [len(page) for page in seen] == [2, 2, 1]
    assert [coi for page in seen for coi in page] == sorted(cois)


def test_an_unknown_board_is_malformed(client):
    assert "today, arriving, late" in fault_of(client.get(NURSE, "/plan?view=tomorrow"), 400)["message"]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-23", 24)])
def test_a_day_has_the_hours_that_the_clocks_of_its_place_give_it(day, hours):
    begin, end = day_of(datetime.fromisoformat(f"{day}T12:00+00:00"), zone_called("Europe/Paris"))
    assert end - begin == timedelta(hours=hours)


def test_a_midnight_that_does_not_exist_is_the_moment_at_which_the_clocks_go_forward():
    begin, _ = day_of(datetime(2026, 9, 6, 12, tzinfo=UTC), zone_called("America/Santiago"))
    assert begin == datetime(2026, 9, 6, 4, tzinfo=UTC)


def closed(client, hands, coi, **values):
    containers = [container["id"] for container in client.get(NURSE, f"/therapies/{coi}").json["containers"]]
    client.step("demo-coordinator", "therapy.closed", therapy=coi, occurred_at=hands.at.isoformat(),
                values={"outcome": "withdrew", "keep": containers, **values})  # fmt: skip


def alerts(office, kind):
    query = select(ENTRY.c.leaf).where(ENTRY.c.kind == kind).order_by(ENTRY.c.position)
    with office.store.read() as conn:
        return [read_leaf(bytes(leaf))[0].values["alert"] for leaf in conn.execute(query).scalars()]


def clocks_of(client, person):
    return {clock["window"] for clock in client.get(person, "/clocks").json["items"]}


def test_the_clocks_of_a_closed_therapy_are_shown_to_its_owner_only(client, hands, world):
    hands.at = datetime.now(UTC)
    coi, _ = Player(world).collected("MRN-1")
    assert clocks_of(client, NURSE)
    assert all(clock["title"] and clock["verified"] is False for clock in client.get(NURSE, "/clocks").json["items"])
    closed(client, hands, coi, owner="demo-plant")
    running = clocks_of(client, PLANT_ONLY)
    assert running
    assert clocks_of(client, "demo-auditor") == clocks_of(client, OPERATOR) == running
    assert clocks_of(client, NURSE) == clocks_of(client, STRANGER) == set()
    assert reads.clocks(world, caller=caller_of(world, NURSE), limit=6)["items"] == [], "nor on the first page"


def test_a_threshold_names_the_organisations_that_must_hear(client, hands, world):
    hands.at = datetime.now(UTC)
    player = Player(world)
    coi, (bag,) = player.collected("MRN-1")
    player.moved(coi, [bag], "demo-nurse", "demo-plant", "demo-operator")
    clocks = client.get(OPERATOR, "/clocks").json["items"]
    first = min(clocks, key=lambda clock: clock["due_at"])
    hands.at = from_instant(first["warn_at"]) + timedelta(seconds=1)
    assert sweep(world).written == 1
    assert alerts(world, "window.warned") == [["demo-hospital", "demo-plant"]]
    closed(client, hands, coi, owner="demo-plant")
    hands.at = from_instant(first["due_at"]) + timedelta(seconds=1)
    assert sweep(world).written == 1
    assert alerts(world, "window.breached") == [["demo-plant"]]
    assert verify(world) == []
