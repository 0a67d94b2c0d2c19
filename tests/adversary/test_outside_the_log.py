"""What lies outside the log is held against it: a wristband that names another patient, an admin nobody recorded."""

import json

import pytest
from sqlalchemy import delete, insert, select, update

from coi.actions import people
from coi.actions.verification import verify
from coi.journey.steps import Role
from coi.record import sealed
from coi.record.blobs import File
from coi.record.blobs import keep as keep_blob
from coi.record.tables import ATTEMPT, BLOB, CODE, GRANT, ORGANISATION, PERSON, VAULT
from coi.record.vault import seal
from tests.adversary import rewriting
from tests.play import Player
from tests.watch.tampering import without_guards
from tests.worlds import KEYS, LOG_KEY

OTHERS = {"code": "mallory", "name": "M", "password": "x", "active": True, "failures": 0, "locked_until": ""}


@pytest.fixture
def played(office):
    """Two patients whose wristbands were scanned, a seal, a note and a refusal."""
    player = Player(office)
    player.offered("BAND-1")
    coi = player.offered("BAND-2")[0]
    player.step("demo-nurse", "patient.verified", [("wristband", "BAND-2")], coi=coi, note="Said so.")
    assert player.try_step("demo-nurse", "patient.verified", [("wristband", "NOBODY-1")], coi=coi)[0] == 422
    assert verify(office) == []
    return office


def faults_after(office, change):
    with without_guards(office.store) as conn:
        change(conn)
    return verify(office)


def bands(conn):
    """Return (token, patient) of the wristbands, by patient."""
    query = select(CODE.c.token, CODE.c.subject).where(CODE.c.type == "patient", CODE.c.token != CODE.c.subject)
    return [tuple(row) for row in conn.execute(query.order_by(CODE.c.subject))]


def texts(conn, name):
    return [one for one in sealed.opened(conn, keys=KEYS) if one.name == name]


def put(conn, place, text, salt):
    """Seal another text where one lies, with the vault's own key."""
    plain = json.dumps({"salt": salt.hex(), "text": text})
    blob = seal(KEYS, table="vault", row=place.subject, column=place.name, plain=plain)
    where = (VAULT.c.subject == place.subject, VAULT.c.name == place.name)
    conn.execute(update(VAULT).where(*where).values(sealed=blob))


# --- the crosswalk


def test_a_wristband_that_names_another_patient_is_found(played):
    def swap(conn):
        (token, patient), (_, other) = bands(conn)
        conn.execute(update(CODE).where(CODE.c.token == token).values(subject=other))
        swap.of = patient

    found = faults_after(played, swap)
    assert any(fault.startswith("Code of a patient") and f"for {swap.of}: it is not in" in fault for fault in found)
    assert any("neither log nor vault" in fault for fault in found)


def test_a_wristband_swapped_in_crosswalk_and_vault_is_found_by_what_was_enrolled_and_scanned(played):
    """With the vault's own key: the numbers of two patients change places everywhere but in the log."""

    def swap(conn):
        numbers = [one for one in sealed.opened(conn, keys=KEYS) if one.name.startswith("identifier.")]
        swapped = [
            sealed.Secret(b.subject, a.name, a.text, a.salt) for a, b in zip(numbers, reversed(numbers), strict=True)
        ]
        conn.execute(delete(VAULT).where(VAULT.c.name.startswith("identifier.")))
        sealed.keep(conn, swapped, keys=KEYS)
        (one, patient), (two, other) = bands(conn)
        conn.execute(update(CODE).where(CODE.c.token == one).values(subject=other))
        conn.execute(update(CODE).where(CODE.c.token == two).values(subject=patient))

    found = faults_after(played, swap)
    assert any("identifier: one that the log committed itself to is not there" in fault for fault in found)
    assert any(fault.startswith("Code of the wristband in attempt") for fault in found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda conn: conn.execute(delete(CODE)), "it is not in the crosswalk"),
        (lambda conn: conn.execute(delete(CODE).where(CODE.c.type == "name")), "a like name would not be noticed"),
        (lambda conn: conn.execute(delete(CODE).where(CODE.c.type == "label")), "LBL-"),
        (lambda conn: conn.execute(update(CODE).where(CODE.c.type == "patient").values(valid_until="2020")), "PAT-"),
        (lambda conn: conn.execute(update(CODE).where(CODE.c.type == "label").values(therapy="COI-X")), "LBL-"),
        (lambda conn: conn.execute(insert(CODE), {"token": "LBL-X", "subject": "LBL-Y", "issuer": "", "type": "label"}),
         "neither log nor vault"),
    ],
    ids=["all", "names", "labels", "ended", "another-therapy", "one-more"],
)  # fmt: skip
def test_a_changed_crosswalk_is_found(played, change, said):
    found = faults_after(played, change)
    assert any(fault.startswith("Code ") and said in fault for fault in found), found


# --- the vault


def test_an_empty_vault_is_found_text_by_text(played):
    found = faults_after(played, lambda conn: conn.execute(delete(VAULT)))
    for name in ("scan", "note", "family", "born"):
        assert any(fault.startswith("Vault ") and f" {name}: the log tells of it" in fault for fault in found), name
    assert any("identifier: one that the log committed itself to" in fault for fault in found)


@pytest.mark.parametrize("name", ["scan", "note", "family", "born"])
def test_a_forged_text_is_found_also_with_the_vaults_key_and_another_salt(played, name):
    def forge(conn):
        one = texts(conn, name)[0]
        put(conn, one, "1970-01-01", b"s" * 32)

    found = faults_after(played, forge)
    assert any(f" {name}: it is not the text that the log committed itself to" in fault for fault in found), found


def test_a_text_that_was_moved_does_not_open(played):
    def move(conn):
        one, other = conn.execute(select(VAULT).where(VAULT.c.name == "family")).all()
        conn.execute(
            update(VAULT).where(VAULT.c.subject == one.subject, VAULT.c.name == "family").values(sealed=other.sealed)
        )

    assert any("family: it does not open" in fault for fault in faults_after(played, move))


def test_a_document_that_no_entry_names_is_found(played):
    def add(conn):
        keep_blob(conn, File("00" * 32, b"x", "application/pdf", ""), keys=KEYS)

    assert any("no entry names it" in fault for fault in faults_after(played, add))
    with played.store.write() as conn:
        conn.execute(delete(BLOB))
    assert verify(played) == []


# --- people


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda conn: [conn.execute(insert(PERSON), OTHERS),
                       conn.execute(insert(GRANT), {"person": "mallory", "organisation": "*", "role": "admin"})],
         "Person mallory: the log tells of nobody"),
        (lambda conn: conn.execute(insert(PERSON), OTHERS), "Person mallory: the log tells of nobody"),
        (lambda conn: conn.execute(insert(GRANT), {"person": "demo-nurse", "organisation": "*", "role": "admin"}),
         "Person demo-nurse: the roles"),
        (lambda conn: conn.execute(delete(GRANT).where(GRANT.c.person == "demo-nurse")), "Person demo-nurse: "),
        (lambda conn: conn.execute(update(ORGANISATION).where(ORGANISATION.c.code == "demo-courier-co")
                                   .values(kind="site")), "Organisation demo-courier-co: what the table says"),
        (lambda conn: conn.execute(insert(ORGANISATION), {"code": "x", "title": "", "kind": "site", "country": "",
                                                          "zone": "UTC"}), "Organisation x: the log tells of nobody"),
        (lambda conn: conn.execute(delete(ORGANISATION).where(ORGANISATION.c.code == "demo-courier-co")),
         "Organisation demo-courier-co: the log tells of it"),
    ],
    ids=["admin", "person", "more-roles", "fewer-roles", "kind", "organisation", "gone"],
)  # fmt: skip
def test_who_comes_in_without_an_entry_is_found(played, change, said):
    assert any(fault.startswith(said) for fault in faults_after(played, change))


def test_people_who_are_added_are_told_of(played):
    people.add_organisation(played, code="x", title="X", kind="courier", country="", zone="UTC")
    people.add_person(played, code="y", name="Y", password="", grants=[("x", Role.COURIER)])
    assert verify(played) == []


def test_nothing_is_asked_of_the_people_of_a_log_of_before_they_were_told_of(played):
    def forget(conn):
        entries = [
            entry for entry in rewriting.documents(conn) if entry["kind"] not in ("person.added", "organisation.added")
        ]
        rewriting.written(conn, entries)
        rewriting.signed_anew(conn, LOG_KEY)

    assert {fault.split()[0] for fault in faults_after(played, forget)} == {"Attempt"}, "their answers are gone"


# --- the stored answers


def answer(conn, status):
    row = conn.execute(select(ATTEMPT).where(ATTEMPT.c.status == status).order_by(ATTEMPT.c.position.desc())).first()
    return row, json.loads(bytes(row.answer))


def said(conn, row, body, **values):
    new = {"answer": json.dumps(body).encode(), **values}
    conn.execute(update(ATTEMPT).where(ATTEMPT.c.id == row.id).values(**new))


def changed(*path, to):
    def change(conn):
        row, body = answer(conn, 422 if path[0] == "message" else 201)
        place = body
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = to
        said(conn, row, body)

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed("entry", "outcome", to="refused"),
        changed("entry", "values", to={"outcome": "FORGED"}),
        changed("findings", to=[{"severity": "info"}]),
        changed("also", to=[{}]),
        changed("more", to="FORGED"),
        changed("message", to="It may be given."),
        changed("receipt", "proof", to=[]),
        changed("receipt", "checkpoint", to=LOG_KEY.checkpoint(9, b"r" * 32)),
        lambda conn: conn.execute(update(ATTEMPT).where(ATTEMPT.c.status == 422).values(status=201)),
        lambda conn: conn.execute(update(ATTEMPT).where(ATTEMPT.c.status == 422).values(person="demo-admin")),
        lambda conn: conn.execute(update(ATTEMPT).where(ATTEMPT.c.status == 422).values(recorded_at="2020")),
        lambda conn: conn.execute(update(ATTEMPT).where(ATTEMPT.c.status == 422).values(answer=b"[" * 99_999)),
    ],
    ids=["outcome", "values", "findings", "also", "more", "message", "proof", "checkpoint", "status", "person", "time",
         "deep"],
)  # fmt: skip
def test_a_forged_answer_is_found(played, change):
    (fault,) = faults_after(played, change)
    assert "its stored answer is not the one of the entry" in fault


def test_an_answer_that_is_gone_is_found(played):
    found = faults_after(played, lambda conn: conn.execute(delete(ATTEMPT).where(ATTEMPT.c.status == 422)))
    assert [fault.partition(": ")[2].partition(" at ")[0] for fault in found] == ["the answer to the entry"]
