"""Item 4: a handoff is accepted, with remarks or not, or refused; what one side told the other acknowledges."""

from tests.story.conftest import COURIERS, PLANT, bags_of


def offered(tale, bags=2, to=COURIERS):
    coi, serials = tale.collected("MRN-1", bags)
    tale.step("demo-nurse", "handoff.offered", bags_of(serials), values={"to": to})
    return coi, serials


def custody(tale, coi, label):
    return tale.container(coi, label)["custody"]["organisation"]


def test_it_is_accepted_and_custody_moves(tale):
    coi, serials = offered(tale)
    tale.step("demo-courier", "handoff.accepted", bags_of(serials))
    assert custody(tale, coi, serials[0]) == COURIERS


def test_it_is_refused_and_custody_stays(tale):
    coi, serials = offered(tale)
    tale.step("demo-courier", "handoff.refused", bags_of(serials), reason="bag-damaged")
    assert custody(tale, coi, serials[0]) == "demo-hospital"
    assert tale.therapy(coi)["handoffs"][0]["state"] == "refused"


def test_it_is_accepted_with_remarks_and_what_is_named_is_held(tale):
    coi, (good, bad) = offered(tale)
    tale.step("demo-courier", "handoff.accepted", bags_of([good, bad]), values={"remarks": True})
    assert tale.therapy(coi)["handoffs"][0]["state"] == "remarks"
    assert tale.container(coi, bad)["holds"]


def test_another_number_is_accepted_with_remarks_and_the_missing_one_is_held(tale):
    coi, (came, missing) = offered(tale, to=PLANT)
    body = tale.step("demo-receiver", "handoff.accepted", bags_of([came]), values={"containers_received": 1})
    assert body["entry"]["values"]["remarks"] is True
    assert "count_is_what_was_sent" in {one["rule"] for one in body["findings"]}
    assert tale.container(coi, missing)["holds"]
    assert tale.container(coi, came)["holds"] == []
    assert custody(tale, coi, missing) == PLANT


def test_what_one_side_reported_is_one_sided_until_the_other_acknowledges_it(tale):
    coi, (bag,) = tale.collected("MRN-1")
    tale.forward(hours=2)
    told = tale.step("demo-courier", "handoff.accepted", bags_of([bag]), tense="reported",
                     occurred_at="2026-03-02T09:00:00+00:00")  # fmt: skip
    one = tale.therapy(coi)["handoffs"][-1]
    assert (one["state"], one["giver"]["organisation"], one["taker"]["person"]) == (
        "one_sided", "demo-hospital", "demo-courier")  # fmt: skip
    said = {"therapy": coi, "values": {"handoff": told["entry"]["id"]}}
    assert "one_sided_handoff_is_there" in tale.refused("demo-courier", "handoff.acknowledged", **said)
    tale.step("demo-nurse", "handoff.acknowledged", **said)
    assert tale.therapy(coi)["handoffs"][-1]["state"] == "accepted"
    assert "one_sided_handoff_is_there" in tale.refused("demo-nurse", "handoff.acknowledged", **said)
    tale.is_sound()
