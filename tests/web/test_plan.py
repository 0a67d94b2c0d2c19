"""The pages of the plan, on either database: three boards to tap on, and the plan of one therapy."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import update

from coi.record.tables import ORGANISATION
from tests.play import Player
from tests.web.conftest import Person, make_app

MORNING = datetime(2031, 6, 9, 21, tzinfo=UTC)  # 09:00 of the tenth in Auckland


class Town:
    """The demo world with its hospital in Auckland and a clock that is turned by hand."""

    def __init__(self, office, tmp_path):
        with office.store.write() as conn:
            at_home = ORGANISATION.c.code == "demo-hospital"
            conn.execute(update(ORGANISATION).where(at_home).values(zone="Pacific/Auckland"))
        self.at = MORNING
        self.office = replace(office, now=lambda: self.at)
        self.app = make_app(self.office, tmp_path)
        self.player = Player(self.office)

    def enrol(self, number, **plan):
        """Enrol with stages that are expected so many hours from now, at a site."""
        told = {stage: {"at": self.at + timedelta(hours=hours), "site": site} for stage, (hours, site) in plan.items()}
        return self.player.enrol(number, plan=told)

    def see(self, name, path):
        someone = Person(self.app.test_client())
        assert someone.sign_in(name).status_code == 303
        answer = someone.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def town(office, tmp_path):
    return Town(office, tmp_path)


def rows(page):
    """What each row of a board says, without its markup, and where it leads."""
    found = re.findall(r'<a class="plan-row[^"]*" href="([^"]+)">(.*?)</a>', page, re.DOTALL)
    return [(href, unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split()))) for href, text in found]


def test_today_stands_in_large_rows_with_the_time_of_the_site_and_leads_to_the_therapy(town):
    coi = town.enrol("MRN-1", collection=(14.5, "demo-hospital"), outbound=(15.5, "demo-plant"))
    page = town.see("demo-nurse", "/plan")
    ((href, text),) = rows(page)
    assert href == f"/therapies/{coi}"
    assert text.startswith("Collection in 14 h 30 min 10 Jun 2031, 23:30 NZST (11:30 UTC) at Demo hospital Therapy COI")
    assert re.findall(r'aria-current="true">([^<]+)', page) == ["Today"]
    assert re.findall(r'href="/plan\?view=(\w+)"', page) == ["today", "arriving", "late"]
    assert 'href="/plan" aria-current="page">Plan' in page


def test_what_is_late_says_so_in_words(town):
    town.enrol("MRN-1", collection=(1, None), outbound=(3, None))
    assert "There is none." in town.see("demo-nurse", "/plan?view=late")
    town.at += timedelta(hours=3, minutes=5)
    (first, second) = [text for _, text in rows(town.see("demo-nurse", "/plan?view=late"))]
    assert "Collection late by 2 h 05 min" in first
    assert "To the manufacturer late by 5 min 00 s" in second
    assert [text for _, text in rows(town.see("demo-nurse", "/plan"))] == [first, second], "and on the board of today"


def test_what_arrives_stands_on_the_board_of_its_own_site(town):
    town.enrol("MRN-1", collection=(24, "demo-hospital"), manufacturing=(48, "demo-plant"))
    ((_, text),) = rows(town.see("demo-nurse", "/plan?view=arriving"))
    assert text.startswith("Collection in 1 d 0 h")
    assert rows(town.see("demo-courier", "/plan?view=arriving")) == []


def test_an_open_handoff_waits_among_what_arrives(town):
    town.at = datetime.now(UTC)
    coi, _ = town.player.offered("MRN-1", to="demo-plant")
    ((href, text),) = rows(town.see("demo-operator", "/plan?view=arriving"))
    assert href == f"/therapies/{coi}"
    assert "waits to be taken 1 container from Demo hospital to Demo plant offered" in text


def test_a_board_with_more_than_a_page_leads_on(town):
    for number in range(51):
        town.enrol(f"MRN-{number}", collection=(1, None))
    page = town.see("demo-nurse", "/plan")
    assert len(rows(page)) == 50
    onward = unescape(re.search(r'href="([^"]+)">More<', page)[1])
    rest = town.see("demo-nurse", onward)
    assert len(rows(rest)) == 1
    assert ">More<" not in rest


def test_an_unknown_board_is_refused_in_words(town):
    someone = Person(town.app.test_client())
    someone.sign_in("demo-nurse")
    answer = someone.get("/plan?view=tomorrow")
    assert answer.status_code == 400
    assert "expected today, arriving, late" in answer.text


def test_the_page_of_a_therapy_shows_its_plan_and_what_became_of_it(town):
    coi = town.enrol("MRN-1", collection=(1, "demo-hospital"), outbound=(2, None), release=(50, "demo-plant"))
    then = town.at
    town.at += timedelta(hours=2, minutes=1)
    town.player.step("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi, occurred_at=town.at)
    assert plan_of(town.see("demo-nurse", f"/therapies/{coi}")) == [
        ("Collection", "10 Jun 2031, 10:00 NZST (09 Jun 22:00 UTC)", "Demo hospital", "reached"),
        ("To the manufacturer", "10 Jun 2031, 11:00 NZST (09 Jun 23:00 UTC)", "not said", "late by 1 min 00 s"),
        ("Release", "12 Jun 2031, 11:00 NZST (11 Jun 23:00 UTC)", "Demo plant", "in 1 d 23 h"),
    ]
    earlier = town.see("demo-nurse", f"/therapies/{coi}?at={then:%Y-%m-%dT%H:%M:%S}%2B00:00")
    assert plan_of(earlier)[0][3] == "in 1 h 00 min"


def test_a_therapy_without_a_plan_shows_none(town):
    coi = town.enrol("MRN-1")
    assert 'id="plan"' not in town.see("demo-nurse", f"/therapies/{coi}")


def plan_of(page):
    section = re.search(r'<section aria-labelledby="plan">(.*?)</section>', page, re.DOTALL)[1]
    cells = [
        " ".join(re.sub(r"<[^>]+>", "", text).split())
        for text in re.findall(r"<td[^>]*>(.*?)</td>", section, re.DOTALL)
    ]
    return [tuple(cells[index : index + 4]) for index in range(0, len(cells), 4)]
