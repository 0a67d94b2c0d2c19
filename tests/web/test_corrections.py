"""Annulling and grouping: what builds on an entry is offered with it, and the steps stand under plain headings."""

import re
from html import unescape

from coi.actions import reads
from coi.journey.steps import STEPS
from coi.web import themes
from tests.web.conftest import hidden_of


def entries(world, player, coi):
    return reads.entries(world, coi, caller=player.as_("demo-quality"))["items"]


def offered(page):
    """(id, ticked) of the later entries that the page offers."""
    return [
        (id_, bool(checked)) for id_, checked in re.findall(r'name="value.also"[^>]*value="([^"]+)"( checked)?', page)
    ]


def test_what_builds_on_an_entry_is_offered_with_it_and_annulled_together(person, player, world):
    coi, _ = player.collected("MRN-1")
    planned = next(item for item in entries(world, player, coi) if item["kind"] == "container.planned")
    path = f"/steps/entry.annulled?therapy={coi}&entry={planned['id']}"
    for name in ("demo-quality", "demo-quality-2"):
        someone = person(name)
        page = someone.get(path).text
        later = offered(page)
        assert [ticked for _, ticked in later] == [True] * len(later)
        assert {item["kind"] for item in entries(world, player, coi) if item["id"] in dict(later)} == {
            "label.issued", "label.applied", "collection.completed"}  # fmt: skip
        answer = someone.fill(path, {"value.entry": planned["id"], "value.also": [id_ for id_, _ in later],
                                     "also_of": planned["id"], "reason": "recorded-in-error"})  # fmt: skip
        assert answer.status_code == 201, answer.text
    assert reads.therapy(world, coi, caller=player.as_("demo-quality"))["containers"] == []
    assert planned["id"] not in person("demo-quality").get(f"/steps/entry.annulled?therapy={coi}").text


def test_an_entry_that_is_chosen_on_the_page_shows_what_builds_on_it(person, player, world):
    coi, _ = player.collected("MRN-1")
    quality = person("demo-quality")
    page = quality.get(f"/steps/entry.annulled?therapy={coi}").text
    chosen = {unescape(text): id_ for id_, text in re.findall(r'<option value="([0-9a-f-]{36})"[^>]*>([^<]+)', page)}
    planned = next(id_ for text, id_ in chosen.items() if text.startswith("Container planned"))
    assert not any(text.startswith(("Therapy enrolled", "Deviation")) for text in chosen)
    again = quality.post("/steps/entry.annulled/form", hidden_of(page) | {"value.entry": planned, "also_of": ""}).text
    assert len(offered(again)) == 3
    unticked = quality.post(
        "/steps/entry.annulled/form", hidden_of(page) | {"value.entry": planned, "also_of": planned}
    )
    assert [ticked for _, ticked in offered(unticked.text)] == [False] * 3


def test_an_entry_that_stands_alone_offers_nothing(person, player, world):
    coi, _ = player.collected("MRN-1")
    player.step("demo-nurse", "hold.placed", coi=coi, reason="other")
    held = entries(world, player, coi)[-1]
    page = person("demo-quality").get(f"/steps/entry.annulled?therapy={coi}&entry={held['id']}").text
    assert 'name="value.also"' not in page


def test_the_history_leads_those_who_may_to_a_correction(person, player, world):
    coi, _ = player.collected("MRN-1")
    planned = next(item for item in entries(world, player, coi) if item["kind"] == "container.planned")
    link = f"/steps/entry.annulled?therapy={coi}&amp;entry={planned['id']}"
    assert link in person("demo-quality").get(f"/therapies/{coi}").text
    assert link not in person("demo-nurse").get(f"/therapies/{coi}").text


def test_every_step_has_its_theme_and_none_is_shown_twice():
    rows = [row for row in STEPS.values() if row.route == "steps"]
    groups = themes.grouped(rows, kind=lambda row: row.kind)
    assert sorted(row.kind for _, several in groups for row in several) == sorted(row.kind for row in rows)
    assert [title for title, _ in groups] == list(themes.TITLES.values())


def test_the_page_of_a_therapy_is_no_wall_of_buttons(person, player):
    coi, _ = player.collected("MRN-1")
    page = person("demo-nurse").get(f"/therapies/{coi}").text
    may = page[page.index('id="may"') : page.index('id="containers"')]
    first, _, rest = may.partition("<details")
    assert 1 <= first.count('class="step-cell"') <= 20
    assert "Also possible" in rest
    assert 'class="theme-title">Transport and handoffs<' in rest
    assert len(re.findall(r"<details[^>]* open", rest)) == 0


def test_only_what_still_lives_is_asked_for_when_a_therapy_is_closed(person, player):
    coi, (bag,) = player.collected("MRN-1")
    coordinator = person("demo-coordinator")
    path = f"/steps/therapy.closed?therapy={coi}"
    page = coordinator.get(path).text
    ids = re.findall(r'name="value.(discard|give_back|keep)"[^>]*value="(CTR-[^"]+)"', page)
    assert [name for name, _ in ids] == ["discard", "give_back", "keep"]
    closed = coordinator.fill(path, {"value.outcome": "withdrew", "value.keep": ids[0][1], "value.owner": "demo-plant"})
    assert closed.status_code == 201, closed.text
    none = player.enrol("MRN-2")
    assert 'name="value.keep"' not in coordinator.get(f"/steps/therapy.closed?therapy={none}").text
    assert bag not in page


def test_the_steps_page_has_headings(person):
    page = person("demo-nurse").get("/steps").text
    assert next(re.finditer(r'<h2 class="theme-title">([^<]+)', page))[1] == "Collection and labels"
    assert "Making and release" not in person("demo-courier").get("/steps").text


def test_a_name_in_the_patients_own_script_is_kept_and_shown(person):
    nurse = person("demo-nurse")
    sent = {"site": "demo-hospital", "family": "Yamada", "given": "Hanako", "born": "1980-02-29",
            "native_family": "山田", "native_given": "花子", "identifier.kind": "mrn", "identifier.value": "MRN-9",
            "identifier.issuer": "demo-hospital", "pathway": "car-t-cryo"}  # fmt: skip
    answer = nurse.fill("/enrol?pathway=car-t-cryo", sent)
    assert answer.status_code == 201, answer.text
    coi = re.search(r"COI-[2-9A-HJ-NP-Z]{13}", answer.text)[0]
    assert "山田 花子" in nurse.get(f"/therapies/{coi}").text
    bad = nurse.fill("/enrol?pathway=car-t-cryo", sent | {"identifier.value": "MRN-8", "native_given": "\u0007"})
    assert bad.status_code == 400
    assert 'id="native-given-wrong"' in bad.text


def test_a_patient_with_an_open_therapy_gets_another_with_a_reason(person, player):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    sent = {"site": "demo-hospital", "family": "Doe", "given": "Jane", "born": "1980-02-29", "pathway": "car-t-cryo",
            "identifier.kind": "mrn", "identifier.value": "MRN-1", "identifier.issuer": "demo-hospital"}  # fmt: skip
    first = nurse.fill("/enrol?pathway=car-t-cryo", sent)
    assert first.status_code == 409
    assert re.search(rf'name="repeat_of" value="{coi}"', first.text)
    assert re.search(r"<details[^>]* open><summary>A further therapy", first.text)
    again = nurse.fill("/enrol?pathway=car-t-cryo", sent | {"repeat_of": coi, "reason": "other"})
    assert again.status_code == 201, again.text
