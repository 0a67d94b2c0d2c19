"""Outside the demo an operator adds sites and people; what cannot be is refused in one sentence."""

from datetime import timedelta

import pytest

from coi.actions import people
from coi.actions.faults import Fault
from coi.journey.steps import Role
from coi.record import ledger
from coi.record import people as accounts
from tests.cli.running import finished
from tests.worlds import PASSWORD, QUICK


def test_a_person_of_a_new_site_can_sign_in(empty):
    finished(empty)
    empty.run("organisation", "add", "st-anna", "--title", "St Anna", "--zone", "Europe/Vienna")
    told = empty.run("person", "add", "eva", "--name", "Eva", "--grant", "st-anna:nurse", "--grant", "st-anna:receiver")
    assert "shown only now" in told
    secret = empty.run("token", "issue", "eva").strip()
    with empty.office() as office:
        known = people.by_bearer(office, secret)
    assert known.grants == {"st-anna": frozenset({Role.NURSE, Role.RECEIVER})}


def add(office, code, *grants):
    people.add_person(office, code=code, name="Somebody", password="x", grants=grants)


def test_a_code_is_taken_once_by_a_person_or_an_organisation(office):
    for taken in ("demo-nurse", "demo-hospital"):
        with pytest.raises(Fault) as refused:
            add(office, taken, ("demo-hospital", Role.NURSE))
        assert (refused.value.status, refused.value.code) == (409, "code.taken")


def test_a_role_is_at_an_organisation_that_is_known(office):
    with pytest.raises(Fault) as refused:
        add(office, "eva", ("nowhere", Role.NURSE))
    assert "nowhere" in refused.value.message
    add(office, "eva", ("*", Role.AUDITOR))


def test_a_code_is_made_of_plain_letters(office):
    for code in ("", "Eva", "eva smith", "éva", "../eva", "a" * 65):
        with pytest.raises(Fault) as refused:
            add(office, code, ("demo-hospital", Role.NURSE))
        assert refused.value.code == "code.malformed"


def test_a_new_password_is_right_the_old_one_is_not_and_sessions_end(office):
    wide = {"hasher": QUICK, "idle": timedelta(minutes=5)}
    session = people.sign_in(office, "demo-nurse", PASSWORD, **wide)
    people.renew_password(office, "demo-nurse", password=QUICK.hash("another one"))
    assert people.by_session(office, session, idle=wide["idle"], absolute=timedelta(hours=1)) is None
    with pytest.raises(Fault):
        people.sign_in(office, "demo-nurse", PASSWORD, **wide)
    people.sign_in(office, "demo-nurse", "another one", **wide)
    with office.store.read() as conn:
        last = ledger.read_streams(conn, ["person:demo-nurse"])["person:demo-nurse"].entries[-1]
    assert (last.kind, last.values) == ("password.renewed", {"code": "demo-nurse"})
    with pytest.raises(Fault) as refused:
        people.renew_password(office, "demo-nobody", password="x")
    assert refused.value.status == 404


def test_the_country_of_an_organisation_is_told_and_stands_in_the_log(empty):
    finished(empty)
    empty.run("organisation", "add", "st-anna", "--title", "St Anna")
    assert empty.run("organisation", "country", "st-anna", "at").strip() == "st-anna lies in AT."
    with empty.office() as office, office.store.read() as conn:
        assert accounts.country_of(conn, "st-anna") == "at"
        (moved,) = ledger.read_streams(conn, ["site:st-anna"])["site:st-anna"].entries[1:]
    assert (moved.kind, moved.values) == ("organisation.moved", {"code": "st-anna", "country": "at"})
    assert "two letters" in empty.run("organisation", "country", "st-anna", "Austria", expect=1)
    assert "no organisation" in empty.run("organisation", "country", "nowhere", "at", expect=1)
