"""The papers of a therapy, from its page."""

import re
from html import unescape

from tests.exports.reading import codes_of, text_of


def link(page, name):
    found = re.search(rf'href="([^"]*{re.escape(name)}[^"]*)"', page)
    return unescape(found[1]) if found else None


def test_the_page_of_a_therapy_leads_to_its_papers(person, player):
    coi, serials, _ = player.at_bedside("MRN-1")
    nurse = person("demo-nurse")
    page = nurse.get(f"/therapies/{coi}").text
    dossier, sheets = nurse.get(link(page, "dossier.pdf")), nurse.get(link(page, "downtime.pdf"))
    assert dossier.mimetype == sheets.mimetype == "application/pdf"
    assert dossier.headers["Cache-Control"] == "no-store"
    assert "Doe, Jane" in text_of(dossier.data)
    assert codes_of(sheets.data) == [{coi, *serials}]


def test_without_a_dose_the_page_offers_no_sheet(person, player):
    coi, _ = player.collected("MRN-1")
    nurse = person("demo-nurse")
    assert link(nurse.get(f"/therapies/{coi}").text, "downtime.pdf") is None
    assert nurse.get(f"/therapies/{coi}/downtime.pdf").status_code == 404


def test_the_dossier_of_a_page_as_it_was_is_of_that_moment(person, player):
    coi, _ = player.collected("MRN-1")
    nurse = person("demo-nurse")
    page = nurse.get(f"/therapies/{coi}?at=2099-01-01T00:00%2B01:00").text
    assert "As recorded by 2098-12-31 23:00:00 UTC" in text_of(nurse.get(link(page, "dossier.pdf")).data)


def test_who_may_not_see_the_therapy_gets_no_papers(person, player):
    coi, _, _ = player.at_bedside("MRN-1")
    courier = person("demo-courier")
    assert courier.get(f"/therapies/{coi}/dossier.pdf").status_code == 404
    assert courier.get(f"/therapies/{coi}/downtime.pdf").status_code == 404
