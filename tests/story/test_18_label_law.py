"""What a label says by law, of whom it may speak and to whom, and a signature that nobody else can make."""

from dataclasses import replace
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from coi.actions import labelkeys, people, setup
from coi.actions import labels as labels_of
from coi.actions.faults import Fault
from coi.journey.steps import Role
from coi.record import people as accounts
from coi.record import sealed
from coi.record.logkey import LogKey, LogKeyError
from coi.record.tables import ORGANISATION
from labels import TEMPLATES, LabelError, lay_out
from labels.rfc9285 import END, PREFIX
from labels.signed import Signed, signed_text
from scanners import Judged, read_keys, verify_label
from tests.journey.story import shipped_text
from tests.play import caller_of
from tests.story.conftest import HOSPITAL, PLANT, bags_of
from tests.worlds import LABEL_KEY, PASSWORD, QUICK

AUTO, NOT = "FOR AUTOLOGOUS USE ONLY", "NOT EVALUATED FOR INFECTIOUS SUBSTANCES"
OWN = "DO NOT IRRADIATE - DO NOT FILTER"
NEGATIVE = {"result": "negative", "panel": "complete"}


def lives_in(tale, country):
    if country:
        people.set_country(tale.office, HOSPITAL, country=country)
    else:
        with tale.office.store.write() as conn:  # as it was before anybody said
            conn.execute(update(ORGANISATION).where(ORGANISATION.c.code == HOSPITAL).values(country=""))


def content(tale, serial, person="demo-nurse"):
    return labels_of.content(tale.office, serial, caller=caller_of(tale.office, person))[0]


def planned(tale, number="MRN-1", purpose="starting_material", **more):
    coi = tale.enrol(number, **more)
    (container,) = tale.plan(coi, purpose)
    return coi, container


def published(tale, name, **changes):
    """Publish a copy of the shipped pathway with another name and other words, and use it from now on."""
    text = shipped_text("car-t-cryo").replace('name = "car-t-cryo"', f'name = "{name}"')
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    setup.publish(tale.office, text.encode())
    tale.pathway = name


# --- statements


@pytest.mark.parametrize(
    ("country", "said"),
    [("US", (AUTO, NOT, OWN)), ("DE", (AUTO, OWN)), ("XA", (AUTO, NOT, OWN)), ("", (AUTO, NOT, OWN))],
)
def test_the_country_of_the_treating_site_decides_the_words(tale, country, said):
    lives_in(tale, country)
    _, container = planned(tale)
    serial = tale.label(container, apply=False)
    assert content(tale, serial).statements == said
    about = tale.get("demo-nurse", f"/labels/{serial}")
    assert tuple(one["text"] for one in about["statements"]) == said[:-1]
    assert all(one["source"] for one in (*about["statements"], *about["asked"]))
    assert "Doe" not in str(about)


def test_a_label_keeps_the_words_and_the_country_that_it_was_printed_with(tale):
    lives_in(tale, "US")
    coi, container = planned(tale)
    first = tale.label(container, apply=False)
    (issued,) = tale.entries(coi, "label.issued")
    assert (issued["values"]["country"], issued["values"]["law"]) == ("us", tale.office.law.name)
    printed = labels_of.render(tale.office, first, form="png", dpi=300, caller=caller_of(tale.office, "demo-nurse"))
    lives_in(tale, "DE")
    tale.step("demo-quality", "donor.tested", therapy=coi, values=NEGATIVE)
    tale.plan(coi, "starting_material")  # it would be 1 of 2 now
    again = labels_of.render(tale.office, first, form="png", dpi=300, caller=caller_of(tale.office, "demo-nurse"))
    assert again == printed
    second = tale.label(container, apply=False, reason="label-misprinted")
    assert content(tale, second).statements == (AUTO, OWN)
    tale.is_sound()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (NEGATIVE, (AUTO, OWN)),
        ({"result": "negative"}, (AUTO, NOT, OWN)),
        ({"result": "not_tested"}, (AUTO, NOT, OWN)),
        ({**NEGATIVE, "risk": True}, (AUTO, "BIOHAZARD", OWN)),
        ({"result": "reactive", "panel": "complete", "reactive": ["hiv", "hbv"]},
         (AUTO, "BIOHAZARD", "WARNING: Reactive test results for HBV, HIV", OWN)),
        ({"result": "reactive", "reactive": ["hcv"]},
         (AUTO, "BIOHAZARD", "WARNING: Reactive test results for HCV", NOT, OWN)),
    ],
)  # fmt: skip
def test_the_donors_result_decides_the_words_and_the_symbol(tale, values, said):
    lives_in(tale, "US")
    coi, container = planned(tale)
    tale.step("demo-physician", "donor.tested", therapy=coi, values=values)
    serial = tale.label(container, apply=False)
    assert content(tale, serial).statements == said
    about = tale.get("demo-nurse", f"/labels/{serial}")["statements"]
    assert {one["text"]: one["symbol"] for one in about if one["symbol"]} == (
        {"BIOHAZARD": "biohazard"} if "BIOHAZARD" in said else {}
    )


@pytest.mark.parametrize(
    ("values", "path"),
    [({"result": "negative", "reactive": ["hiv"]}, "values.result"),
     ({"result": "not_tested", "panel": "complete"}, "values.result"),
     ({"result": "reactive", "reactive": ["a cold"]}, "values.reactive")],
)  # fmt: skip
def test_a_result_that_contradicts_itself_is_not_recorded(tale, values, path):
    coi, _ = planned(tale)
    answer = tale.step("demo-quality", "donor.tested", therapy=coi, values=values, expect=400)
    assert list(answer["errors"]) == [path]


def test_an_agent_is_one_that_the_pathway_names_and_prints_as_it_says(tale):
    published(tale, "own-agents", agents=("[bedside]", '[product.agents]\nhbv = "hepatitis B virus"\n\n[bedside]'))
    coi, container = planned(tale)
    tale.step(
        "demo-quality", "donor.tested", therapy=coi, values={"result": "reactive", "reactive": ["hiv"]}, expect=400
    )
    tale.step("demo-quality", "donor.tested", therapy=coi, values={"result": "reactive", "reactive": ["hbv"]})
    said = content(tale, tale.label(container, apply=False)).statements
    assert "WARNING: Reactive test results for hepatitis B virus" in said


# --- labels in use that say something else


def rules(answer):
    return [one["rule"] for one in answer["findings"]]


def test_a_result_that_changes_the_words_names_every_label_in_use_and_opens_a_deviation(tale):
    lives_in(tale, "US")
    coi, bags = tale.collected("MRN-1", 2)
    answer = tale.step("demo-quality", "donor.tested", therapy=coi, values=NEGATIVE)
    assert rules(answer) == ["label_says_what_is_known"] * 2
    assert [one["severity"] for one in answer["findings"]] == ["caution"] * 2
    assert all(any(bag in one["message"] for one in answer["findings"]) for bag in bags)
    assert [one["kind"] for one in answer["also"]] == ["deviation.opened"]
    assert not tale.container(coi, bags[0])["holds"]
    same = tale.step("demo-quality", "donor.tested", therapy=coi, values=NEGATIVE)
    assert rules(same) == ["label_says_what_is_known"] * 2  # still the old labels


def test_a_result_that_changes_no_words_says_nothing(tale):
    lives_in(tale, "DE")
    coi, _ = tale.collected("MRN-1")
    assert tale.step("demo-quality", "donor.tested", therapy=coi, values=NEGATIVE)["findings"] == []


def test_the_bedside_is_warned_of_a_label_that_says_something_else_until_it_is_reissued(tale):
    coi, (dose,) = tale.at_bedside("MRN-1")
    reactive = {"result": "reactive", "panel": "complete", "reactive": ["hbv"]}
    tale.step("demo-quality", "donor.tested", therapy=coi, values=reactive)
    band = ("wristband", "MRN-1")
    tale.step("demo-infusion", "thaw.started", bags_of([dose]))
    checked = tale.step("demo-infusion", "infusion.checked", [band, *bags_of([dose])])
    (found,) = [one for one in checked["findings"] if one["rule"] == "label_says_what_is_known"]
    assert (found["severity"], "hbv" in found["expected"], "unknown" in found["got"]) == ("caution", True, True)
    new = tale.label(tale.container(coi, dose)["id"], person="demo-infusion", reason="label-misprinted")
    again = tale.step("demo-infusion-2", "infusion.checked", [band, *bags_of([new])])
    assert "label_says_what_is_known" not in rules(again)


def test_a_dose_of_another_lot_than_its_label_names_is_pointed_out(tale):
    coi, bags = tale.collected("MRN-1", 2)
    tale.moved(bags, "demo-nurse", PLANT, "demo-operator")
    first = tale.step("demo-operator", "lot.started", bags_of(bags[:1]))["entry"]["values"]["lot"]
    (dose,) = tale.labelled(coi, "dose", person="demo-operator")
    assert first.replace("-", "")[:7] in str(content(tale, dose, "demo-operator").lines).replace(" ", "")
    tale.step("demo-operator", "lot.terminated", values={"lot": first}, therapy=coi, reason="manufacturing-failed")
    second = tale.step("demo-operator", "lot.started", bags_of(bags[1:]))["entry"]["values"]["lot"]
    tale.step("demo-operator", "containers.transformed", [*bags_of(bags[1:]), ("label", dose)])
    offered = tale.step("demo-operator", "handoff.offered", bags_of([dose]), values={"to": HOSPITAL})
    told = [(one["got"], one["expected"]) for one in offered["findings"] if one["rule"] == "label_says_what_is_known"]
    assert told == [(f"lot {first}", f"lot {second}")]


# --- what the law asks for


def test_a_label_that_lacks_what_the_law_asks_for_uses_up_no_serial(tale):
    lives_in(tale, "US")
    coi, container = planned(tale, purpose="dose")
    body = {"id": str(uuid4()), "container": container}
    refused = tale.post("demo-nurse", "/labels", body, 422)
    assert refused["code"] == "label.lacks_field"
    assert "(field 'lot')" in refused["message"] or "(field 'maker')" in refused["message"]
    assert tale.entries(coi, "label.issued") == []
    published(tale, "with-maker", maker=('market = "commercial"', 'market = "commercial"\nmaker = "Plant, licence 1"'))
    coi, bags = tale.collected("MRN-2")
    tale.moved(bags, "demo-nurse", PLANT, "demo-operator")
    tale.step("demo-operator", "lot.started", bags_of(bags))
    (dose,) = tale.plan(coi, "dose", person="demo-operator")
    lines = dict(content(tale, tale.label(dose, person="demo-operator", apply=False), "demo-operator").lines)
    assert lines["Made by"] == "Plant, licence 1"
    assert lines["Expiry"] == "2026-11-27 08:00 UTC"  # 270 days from the printing, no later than from the filling


def test_a_law_that_does_not_name_a_template_issues_and_explains_no_label_of_it(tale):
    coi, container = planned(tale)
    serial = tale.label(container, apply=False)
    carriers = {"tube-50x25": tale.office.law.carriers["tube-50x25"]}
    tale.http.application.extensions["coi.office"] = replace(
        tale.office, law=replace(tale.office.law, carriers=carriers)
    )
    assert tale.get("demo-nurse", f"/labels/{serial}", 422)["code"] == "label.law"
    body = {"id": str(uuid4()), "container": container, "reason": "label-misprinted"}
    assert tale.post("demo-nurse", "/labels", body, 422)["code"] == "label.lacks_field"
    assert len(tale.entries(coi, "label.issued")) == 1


# --- the patient on the label


def test_two_identifiers_are_filled_from_the_vault_and_the_log_has_none(tale):
    coi, container = planned(tale, patient={"family": "Müller", "given": "Zoë"})
    serial = tale.label(container, apply=False)
    found = content(tale, serial)
    assert found.lines[:2] == (("Patient", "Müller, Zoë"), ("Born", "1980-02-29"))
    assert not any(text in str(tale.entries(coi)) for text in ("Müller", "1980-02-29"))
    tube = tale.label(container, template="tube-50x25", position="tube", apply=False)
    assert content(tale, tube).lines[:1] == (("Site", HOSPITAL),)


def test_a_label_shows_who_the_patient_was_called_when_it_was_issued(tale):
    coi, container = planned(tale)
    old = tale.label(container, apply=False)
    tale.forward(minutes=5)
    signs = [("demo-coordinator", "performed"), ("demo-physician", "verified")]
    tale.step("demo-coordinator", "patient.changed", therapy=coi, values={"family": "Smith"},
              reason="details-corrected", signs=signs)  # fmt: skip
    new = tale.label(container, apply=False, reason="label-misprinted")
    assert dict(content(tale, old).lines)["Patient"] == "Doe, Jane"
    assert dict(content(tale, new).lines)["Patient"] == "Smith, Jane"


def test_a_label_of_destroyed_details_is_refused_and_the_others_are_not(tale):
    coi, container = planned(tale)
    serial = tale.label(container, apply=False)
    tube = tale.label(container, template="tube-50x25", position="tube", apply=False)
    patient = tale.therapy(coi)["patient"]
    with tale.office.store.write() as conn:
        names = list(sealed.read(conn, [patient], keys=tale.office.keys)[patient])
        sealed.forget(conn, patient, names)
    refused = tale.get("demo-nurse", f"/labels/{serial}.png", 409)
    assert (refused["code"], "destroyed" in refused["message"]) == ("label.redacted", True)
    assert content(tale, tube).code == tube
    assert tale.get("demo-nurse", f"/labels/{serial}")["statements"]  # why it said what it said is still told


def test_only_those_who_treat_and_the_maker_where_it_may_print_a_name(tale):
    with tale.office.store.write() as conn:
        for code, site, role in (("plant-only", PLANT, Role.OPERATOR), ("ward-only", HOSPITAL, Role.INFUSION)):
            accounts.add_person(conn, code=code, name=code, password=QUICK.hash(PASSWORD), grants=[(site, role)])
    _coi, bags = tale.collected("MRN-1")
    tale.moved(bags, "demo-nurse", PLANT, "demo-operator")
    people = ("demo-nurse", "ward-only", "plant-only", "demo-auditor", "demo-courier", "other-nurse")
    path = f"/api/v1/labels/{bags[0]}.png"
    answers = {who: tale.http.get(path, headers=tale.headers(who)).status_code for who in people}
    assert answers == {"demo-nurse": 200, "ward-only": 200, "plant-only": 200, "demo-auditor": 403,
                       "demo-courier": 404, "other-nurse": 404}  # fmt: skip
    published(tale, "no-names", names=("names_for_maker = true", "names_for_maker = false"))
    _, bags = tale.collected("MRN-2")
    tale.moved(bags, "demo-nurse", PLANT, "demo-operator")
    with pytest.raises(Fault) as refused:
        content(tale, bags[0], "plant-only")
    assert refused.value.status == 403


def test_a_trial_shows_the_subjects_number_only_and_a_blinded_one_no_arm(tale):
    trial = ('market = "commercial"', 'market = "trial"\ntrial = "T-1"\nblinded = true')
    dose = ("[[doses]]\ndose = 1\ncontainers = 1", '[[doses]]\ndose = 1\ncontainers = 1\nstrength = "high"')
    published(tale, "trial", market=trial, dose=dose)
    coi, container = planned(tale, purpose="dose")
    refused = tale.post("demo-nurse", "/labels", {"id": str(uuid4()), "container": container}, 422)
    assert (refused["code"], "subject no." in refused["message"]) == ("label.lacks_patient", True)
    assert tale.entries(coi, "label.issued") == []
    _, container = planned(
        tale, "MRN-2", "dose", identifiers=[{"issuer": "sponsor", "kind": "study", "value": "S-007"}]
    )
    found = content(tale, tale.label(container, apply=False))
    lines = dict(found.lines)
    assert (lines["Subject no."], lines["Trial"]) == ("S-007", "T-1")
    assert {"Patient", "Born"} & lines.keys() == set()
    assert "high" not in str(found)


# --- signed labels


def signed_of(tale, serial):
    return content(tale, serial).code


def keys_of(tale):
    return read_keys(tale.http.get("/api/v1/labels/keys").get_data(as_text=True))


def test_the_code_of_a_label_is_judged_offline_with_the_public_list(tale):
    coi, container = planned(tale)
    serial = tale.label(container, apply=False)
    verdict = verify_label(signed_of(tale, serial), keys_of(tale))
    said = verdict.label
    assert (verdict.judged, said.serial, said.container, said.coi) == (Judged.GENUINE, serial, container, coi)
    assert (said.type, said.generation, said.as_of) == ("starting_material", 1, tale.clock.at)
    tube = tale.label(container, template="tube-50x25", position="tube", apply=False)
    assert signed_of(tale, tube) == tube


def test_a_signed_code_reads_as_the_same_container_as_the_serial(tale):
    coi, container = planned(tale)
    serial = tale.label(container, apply=False)
    code = signed_of(tale, serial)
    asked = [tale.post("demo-nurse", "/scans", {"text": text, "via": "wedge"}, 200) for text in (serial, code)]
    assert asked[0]["subject"] == asked[1]["subject"] == {"type": "container", "id": container, "therapy": coi}
    tale.step("demo-nurse", "label.applied", [("label", code)])
    typed = tale.post("demo-nurse", "/scans", {"text": f" {code} ", "via": "typed"}, 200)
    assert typed["subject"] == asked[0]["subject"]
    (applied,) = tale.entries(coi, "label.applied")
    assert [one["subject"] for one in applied["scans"]] == [serial]
    assert PREFIX not in str(tale.entries(coi))


def forged(tale, code, **changes):
    """Return the code as somebody else would make it: other facts, another key, or both."""
    said = verify_label(code, keys_of(tale)).label
    facts = {name: getattr(said, name) for name in Signed.__slots__} | changes.pop("facts", {})
    key = changes.pop("key", LABEL_KEY)
    sign = key.sign if isinstance(key, Ed25519PrivateKey) else key.signature
    return signed_text(Signed(**facts), key_id=changes.pop("key_id", LABEL_KEY.id), sign=sign)


def test_a_code_that_is_altered_forged_unknown_or_contradicts_the_log_never_reads_as_identity(tale):
    coi, (bag, other) = tale.collected("MRN-1", 2)
    code, stranger = signed_of(tale, bag), Ed25519PrivateKey.generate()
    elsewhere = tale.container(coi, other)["id"]
    wrong = {
        "altered": code[:-2] + ("0" if code[-2] != "0" else "1") + END,
        "forged": forged(tale, code, key=stranger, key_id=b"\0\0\0\0"),
        "not_in_log": forged(tale, code, facts={"serial": "LBL-2222222222222"}),
        "contradicts": forged(tale, code, facts={"container": elsewhere}),
    }
    for judged, text in wrong.items():
        asked = tale.post("demo-nurse", "/scans", {"text": text, "via": "wedge"}, 422)
        assert (asked["code"], asked["findings"][0]["family"]) == (f"label.{judged}", "identity")
        assert tale.refused("demo-nurse", "handoff.offered", [("container", text), ("container", other)], therapy=coi,
                            values={"to": PLANT}) == {"signed_label_is_believed"}  # fmt: skip
        assert "signed_label_is_believed" in tale.refused("demo-nurse", "container.discarded", [("container", text)],
                                                          therapy=coi, reason="other")  # fmt: skip
    refusals = tale.entries(coi, "attempt.refused")
    assert [one["scans"][0]["subject"] for one in refusals] == [None] * 8
    assert {one["scans"][0]["judged"] for one in refusals} == wrong.keys()
    assert tale.container(coi, bag)["state"] == "filled"
    tale.is_sound()


def test_a_changed_key_goes_on_and_a_compromised_one_takes_its_labels_with_it(tale):
    labelkeys.adopt(tale.office)
    assert not labelkeys.adopt(tale.office)
    tale.forward(seconds=1)
    _, container = planned(tale)
    serial = tale.label(container, apply=False)
    before = signed_of(tale, serial)
    assert signed_of(tale, serial) == before
    tale.forward(days=1)
    second = LogKey(LABEL_KEY.name, b"a second key of labels, 32 bytes")
    office = replace(tale.office, label_key=second)
    labelkeys.adopt(office)
    assert verify_label(before, keys_of(tale)).genuine  # what is on the bags stays genuine
    after = labels_of.content(office, serial, caller=caller_of(office, "demo-nurse"))[0].code
    assert (after == before, verify_label(after, keys_of(tale)).genuine) == (False, True)
    assert verify_label(after, keys_of(tale)).label.as_of == tale.clock.at
    with pytest.raises(LogKeyError, match="replaced before"):
        labelkeys.adopt(tale.office)
    tale.forward(days=1)
    labelkeys.adopt(replace(office, label_key=LogKey("x", b"a third label key has 32 bytes, ")), compromised=True)
    assert verify_label(before, keys_of(tale)).genuine
    assert verify_label(after, keys_of(tale)).judged is Judged.RETIRED
    refused = tale.post("demo-nurse", "/scans", {"text": after, "via": "wedge"}, 422)
    assert refused["code"] == "label.retired"
    tale.is_sound()


def test_without_a_label_key_labels_carry_their_serial(tale):
    _, container = planned(tale)
    serial = tale.label(container, apply=False)
    office = replace(tale.office, label_key=None)
    assert labels_of.content(office, serial, caller=caller_of(office, "demo-nurse"))[0].code == serial
    assert labelkeys.key_list(office).count("\n") == 1


def test_a_symbol_that_names_another_serial_than_the_eye_reads_is_not_drawn(tale):
    _, container = planned(tale)
    first = content(tale, tale.label(container, apply=False))
    second = content(tale, tale.label(container, apply=False, reason="label-misprinted"))
    with pytest.raises(LabelError, match="expected the same serial"):
        lay_out(replace(first, code=second.code), TEMPLATES["container-100x100"])
