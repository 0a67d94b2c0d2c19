"""Everything is taken out as files that outlive the software, and an instance is made from them again."""

import base64
import hashlib
import json
import shutil
import stat
import subprocess
import sys
from uuid import uuid4

import bagit
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from coi.actions import crosswalk_texts, reads, therapies
from coi.actions.attempts import body_digest
from coi.actions.documents import AttachRequest, attach
from coi.actions.identifiers import remember_name
from coi.exports import coi_verify
from coi.journey.entry import leaf_hash
from coi.journey.fold import fold
from coi.journey.tree import Frontier
from coi.record import blobs, codes, ledger, projections, sealed
from coi.record.logkey import load_log_key
from coi.record.tables import ATTEMPT, BLOB, CHECKPOINT, CLASH, CODE, ENTRY, GRANT, ORGANISATION, PATHWAY, PERSON
from coi.record.vault import derive_keys
from labels.rfc9285 import serial_of
from tests.cli.running import Instance, finished
from tests.play import HOSPITAL, Player

CANARY = "ZEBEDEE"
BAND = f"{CANARY}-MRN"
BOX, SEAL = ("shipper", f"{CANARY}-BOX"), ("seal", f"{CANARY}-SEAL")
PDF = f"%PDF-1.4\n% {CANARY}\n%%EOF\n".encode()
KEPT = (ENTRY, CHECKPOINT, ATTEMPT, CLASH, PATHWAY, CODE, ORGANISATION, GRANT)
LOG = "data/log/entries.jsonl"


def enrolled(office, player):
    patient = therapies.Patient(CANARY, f"{CANARY}-Jane", "1980-02-29", [therapies.Identifier(HOSPITAL, "mrn", BAND)])
    request = therapies.EnrolRequest(
        id=str(uuid4()), digest=body_digest({"n": 1}), pathway="car-t-cryo", site=HOSPITAL, patient=patient,
        identifiers=[therapies.Identifier("maker", "order", f"{CANARY}-ORDER")],
    )  # fmt: skip
    return json.loads(therapies.enrol(office, request, caller=player.as_("demo-coordinator")).body)["therapy"]


def play(office):
    """Play a journey with texts wherever texts go; return the COI id and the bag's label."""
    player = Player(office)
    coi = enrolled(office, player)
    player.step("demo-nurse", "patient.verified", [("wristband", BAND)], coi=coi, note=f"{CANARY} said so.")
    player.step("demo-nurse", "collection.started", [("wristband", BAND)], coi=coi)
    (serial,) = player.labelled(coi, "starting_material")
    player.step("demo-nurse", "collection.completed", [("container", serial)], coi=coi)
    request = AttachRequest(id=str(uuid4()), therapy=coi, kind="certificate", data=PDF, name=f"{CANARY}.pdf")
    assert attach(office, request, caller=player.as_("demo-nurse")).status == 201
    player.step("demo-nurse", "shipper.charged", [BOX], values={"hold_hours": 99})
    player.step("demo-nurse", "shipment.packed", [BOX, ("container", serial)], coi=coi)
    player.step("demo-nurse", "shipper.sealed", [BOX, SEAL], coi=coi)
    player.step("demo-nurse", "handoff.offered", [BOX], coi=coi, values={"to": "demo-courier-co"})
    assert player.try_step("demo-nurse", "patient.verified", [("wristband", "NOBODY-1")], coi=coi)[0] == 422
    return coi, serial


@pytest.fixture
def played(instance):
    """A demo instance with the journey of one patient, and the beginning of another's."""
    with instance.office() as office:
        instance.coi, instance.serial = play(office)
        instance.other, _ = Player(office).offered("OTHER-1")
    return instance


@pytest.fixture
def on_sqlite(sqlite_url, tmp_path):
    made = Instance(tmp_path / "instance", sqlite_url)
    made.run("init", "--demo")
    with made.office() as office:
        made.coi, made.serial = play(office)
        made.other, _ = Player(office).offered("OTHER-1")
    return made


def other_url(tmp_path, database, request):
    if database == "sqlite":
        return f"sqlite:///{tmp_path / 'other.sqlite3'}"
    cluster = request.getfixturevalue("postgres_cluster")
    name = cluster.create()
    request.addfinalizer(lambda: cluster.drop(name))
    return cluster.url(name)


def empty_with(instance, tmp_path, *keys, url=None):
    """Return an instance that holds nothing but some key files of another one."""
    made = Instance(tmp_path / "other", url or f"sqlite:///{tmp_path / 'other.sqlite3'}")
    (made.folder / "keys").mkdir(parents=True, mode=0o700, exist_ok=True)
    made.folder.chmod(0o700)
    for key in keys:
        shutil.copy2(instance.folder / "keys" / key, made.folder / "keys" / key)
    return made


def plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def everything(instance, *, size):
    """Return what an archive carries over: rows, opened texts and documents, folded states, projections."""
    with instance.office() as office, office.store.read() as conn:
        found = {}
        for table in KEPT:
            rows = conn.execute(select(table).order_by(*table.primary_key.columns)).mappings().all()
            found[table.name] = [{name: plain(value) for name, value in row.items()} for row in rows
                                 if row.get("position", 0) < size and row.get("size", 0) <= size]  # fmt: skip
        found["people"] = [tuple(row) for row in conn.execute(
            select(PERSON.c.code, PERSON.c.name, PERSON.c.active).order_by(PERSON.c.code))]  # fmt: skip
        found["vault"] = list(sealed.opened(conn, keys=office.keys))
        digests = conn.execute(select(BLOB.c.sha256).order_by(BLOB.c.sha256)).scalars().all()
        found["documents"] = {digest: blobs.read(conn, digest, keys=office.keys) for digest in digests}
        streams = conn.execute(select(ENTRY.c.stream).where(ENTRY.c.stream.startswith("therapy:")).distinct()).scalars()
        found["states"] = {
            name: fold(stream.entries, pathway=lambda digest: office.pathway(conn, digest))
            for name, stream in ledger.read_streams(conn, sorted(streams)).items()
        }
        found["projections"] = projections.stored(conn)
        return found


def told(folder):
    return [json.loads(line) for line in (folder / LOG).read_bytes().splitlines()]


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_an_archive_is_imported_into_either_database_and_is_the_same(played, tmp_path, request, into):
    folder = tmp_path / "archive"
    assert "IN THE CLEAR" in played.run("export", "archive", folder)
    size = len(told(folder))
    other = empty_with(played, tmp_path, "vault.key", url=other_url(tmp_path, into, request))
    said = other.run("import", folder)
    assert "proves itself" in said
    assert "coi person password" in said
    assert everything(other, size=size) == everything(played, size=size)
    assert "proves itself" in other.run("verify")
    with other.office() as office:
        with office.store.read() as conn:
            *_, changed, imported = ledger.read_streams(conn, ["system"])["system"].entries
            password, attempt = conn.execute(select(PERSON.c.password)).first(), conn.execute(select(ATTEMPT)).first()
        assert (changed.kind, changed.values["proof"]) == ("key.changed", None)
        assert changed.values["before"] == (folder / "data/log/key.txt").read_text().strip()
        assert (imported.kind, imported.values["size"]) == ("log.imported", size)
        assert password[0] == ""
        assert attempt is not None
        player = Player(office)  # and work goes on: the box that was sealed before is taken with its seal
        taken = player.step("demo-courier", "handoff.accepted", [BOX, SEAL], coi=played.coi)
        assert "seal" not in str(taken["entry"]["findings"])
        player.offered("KEPT-2")
    assert "proves itself" in other.run("verify")
    assert "shown only now" in other.run("person", "password", "demo-nurse")


def test_the_played_story_survives_and_so_does_an_archive_of_an_import(empty, tmp_path):
    empty.run("init", "--demo", "--story")
    empty.run("export", "archive", tmp_path / "first")
    size = len(told(tmp_path / "first"))
    other = empty_with(empty, tmp_path, "vault.key", "log.key")
    other.run("import", tmp_path / "first")
    assert everything(other, size=size) == everything(empty, size=size)
    other.run("export", "archive", tmp_path / "second")
    kinds = [entry["kind"] for entry in told(tmp_path / "second")[size:]]
    assert kinds == ["log.imported", "log.exported"]  # with its own log key nothing changes hands
    third = Instance(tmp_path / "third", f"sqlite:///{tmp_path / 'third.sqlite3'}")
    (third.folder / "keys").mkdir(parents=True, mode=0o700)
    shutil.copy2(empty.folder / "keys" / "vault.key", third.folder / "keys")
    assert "proves itself" in third.run("import", tmp_path / "second")


def test_the_archive_is_checked_by_the_program_that_is_in_it_and_holds_the_record_of_itself(on_sqlite, tmp_path):
    folder = tmp_path / "archive"
    on_sqlite.run("export", "archive", folder)
    bagit.Bag(str(folder)).validate()
    verifier, key = folder / "data/verify/coi_verify.py", on_sqlite.folder / "keys" / "log.pub"
    shutil.copy2(verifier, tmp_path / "alone.py")
    done = subprocess.run([sys.executable, "-I", tmp_path / "alone.py", "--key", key, folder], capture_output=True,
                          text=True, check=False, cwd=tmp_path)  # fmt: skip
    assert (done.returncode, done.stdout[:5]) == (0, "RIGHT"), done.stdout
    last = told(folder)[-1]
    assert (last["kind"], last["values"]) == ("log.exported", {"what": "archive", "therapy": None})
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")} == {0o600, 0o700}
    people = (folder / "data/people.jsonl").read_text()
    assert "demo-nurse" in people
    assert "argon2" not in people


def test_texts_are_compared_with_the_log_as_the_readme_says(on_sqlite, tmp_path):
    on_sqlite.run("export", "archive", tmp_path / "archive")
    log = (tmp_path / "archive" / LOG).read_text()
    kept = [json.loads(line) for line in (tmp_path / "archive/data/patients.jsonl").read_text().splitlines()]

    def framed(part):
        return len(part).to_bytes(8, "big") + part

    for one in kept:
        parts = (b"coi commitment v1", bytes.fromhex(one["salt"]), one["text"].encode())
        assert hashlib.sha256(b"".join(map(framed, parts))).hexdigest() == one["commitment"]
    committed = {one["name"] for one in kept if one["commitment"] in log}
    assert committed >= {"note", "scan", "identifier.0"}
    assert {one["name"] for one in kept if one["text"] == CANARY} == {"family"}
    assert [one["text"] for one in kept if one["name"] == "note"] == [f"{CANARY} said so."]


def test_labels_and_documents_are_there_as_they_were_issued(on_sqlite, tmp_path):
    on_sqlite.run("export", "archive", tmp_path / "archive")
    data = tmp_path / "archive" / "data"
    issued = {entry["values"]["label"] for entry in told(tmp_path / "archive") if entry["kind"] == "label.issued"}
    assert {path.name for path in (data / "labels").iterdir()} == {
        f"{s}.{end}" for s in issued for end in ("png", "pdf")
    }
    with Image.open(data / "labels" / f"{on_sqlite.serial}.png") as picture:
        assert [serial_of(found.text) for found in zxingcpp.read_barcodes(picture)] == [on_sqlite.serial]
    (document,) = (data / "documents").iterdir()
    assert (document.name, document.read_bytes()) == (f"{hashlib.sha256(PDF).hexdigest()}.pdf", PDF)


def found_in(folder, text):
    return [path.name for path in folder.rglob("*") if path.is_file() and text.lower() in
            path.read_bytes().decode("utf-8", "replace").lower()]  # fmt: skip


@pytest.mark.parametrize("of", ["all", "one"])
def test_no_file_is_called_after_a_patient_and_without_names_none_holds_one(on_sqlite, tmp_path, of):
    only = ["--therapy", on_sqlite.coi] if of == "one" else []
    on_sqlite.run("export", "archive", tmp_path / "whole", *only)
    said = on_sqlite.run("export", "archive", tmp_path / "bare", "--without-names", *only)
    assert "IN THE CLEAR" not in said
    names = [str(path.relative_to(tmp_path)) for path in [*tmp_path.glob("whole/**/*"), *tmp_path.glob("bare/**/*")]]
    assert len(names) > 20
    for canary in (CANARY, "1980-02-29"):
        assert [name for name in names if canary.lower() in name.lower()] == []
        assert "patients.jsonl" in found_in(tmp_path / "whole", canary)
        assert found_in(tmp_path / "bare", canary) == []
    assert not (tmp_path / "bare" / "data" / "documents").exists()
    assert "RIGHT" in checked(on_sqlite, tmp_path / "bare")


def checked(instance, folder):
    """Return what the free-standing verifier says with the instance's own key."""
    key = coi_verify.Key((instance.folder / "keys" / "log.pub").read_text())
    report = coi_verify.Report()
    coi_verify.check(folder, key, [], report)
    return "\n".join([*report.wrong, *(f"RIGHT {said}" for said in report.right)])


def test_the_archive_of_one_therapy_proves_its_entries_and_tells_of_nobody_else(played, tmp_path):
    folder, data = tmp_path / "one", tmp_path / "one" / "data"
    played.run("export", "archive", folder, "--therapy", played.coi)
    assert "each in the signed log" in checked(played, folder)
    proved = [json.loads(json.loads(line)["leaf"]) for line in (data / "log/proofs.jsonl").read_text().splitlines()]
    with played.office() as office, office.store.read() as conn:
        stream = f"therapy:{played.coi}"
        own = ledger.read_streams(conn, [stream])[stream].entries
        (patient,) = {entry.values["patient"] for entry in own if "patient" in entry.values}
    assert {entry.position for entry in own} <= {entry["position"] for entry in proved}
    kinds = {(entry["stream"].partition(":")[0], entry["kind"]) for entry in proved}
    assert {("shipper", "shipper.charged"), ("shipper", "shipper.sealed"), ("system", "pathway.published")} <= kinds
    assert found_in(folder, played.other) == []
    assert found_in(folder, "OTHER-1") == []
    texts = [json.loads(line) for line in (data / "patients.jsonl").read_text().splitlines()]
    assert {one["subject"] for one in texts if one["name"] == "family"} == {patient}
    assert {SEAL[1], BOX[1], "NOBODY-1", f"{CANARY}.pdf", f"{CANARY} said so."} <= {one["text"] for one in texts}
    assert len(list((data / "documents").iterdir())) == 1
    assert len(list((data / "pathways").iterdir())) == 1
    state = json.loads((data / "state.json").read_text())
    assert [row["coi"] for row in state["therapy"]] == [played.coi]
    assert len(state["shipper"]) == 1
    assert not (data / "log/answers.jsonl").exists()


def test_what_was_changed_in_the_archive_of_one_therapy_is_found(on_sqlite, tmp_path):
    on_sqlite.run("export", "archive", tmp_path / "one", "--therapy", on_sqlite.coi)
    proofs = tmp_path / "one/data/log/proofs.jsonl"
    proofs.write_text(proofs.read_text().replace("demo-nurse", "demo-other"))
    assert "proofs.jsonl of the archive is not what" in checked(on_sqlite, tmp_path / "one")
    bagit.Bag(str(tmp_path / "one")).save(manifests=True)
    assert "does not lead from the entry to the signed root" in checked(on_sqlite, tmp_path / "one")


def nothing_in(instance):
    if not (instance.folder.parent / "other.sqlite3").exists():
        return True
    with instance.office() as office, office.store.read() as conn:
        return not any(conn.execute(select(table)).first() for table in (ENTRY, PERSON, CODE))


def test_what_cannot_be_exported_is_said_in_one_sentence_and_not_recorded(on_sqlite, tmp_path):
    (tmp_path / "there").mkdir()
    for arguments, sentence in (
        ((tmp_path / "there",), "another name"),
        ((tmp_path / "nowhere" / "archive",), "make it first"),
        ((tmp_path / "a", "--therapy", "COI-222222222222T"), "no such therapy"),
        ((tmp_path / "a", "--therapy", on_sqlite.serial), "no such therapy"),
    ):
        assert sentence in on_sqlite.run("export", "archive", *arguments, expect=1)
    assert list((tmp_path / "there").iterdir()) == []
    assert not (tmp_path / "a").exists()
    on_sqlite.run("export", "archive", tmp_path / "whole")
    assert [entry["kind"] for entry in told(tmp_path / "whole")].count("log.exported") == 1


def test_what_cannot_be_imported_is_said_in_one_sentence(on_sqlite, tmp_path):
    on_sqlite.run("export", "archive", tmp_path / "whole")
    on_sqlite.run("export", "archive", tmp_path / "one", "--therapy", on_sqlite.coi)
    on_sqlite.run("export", "archive", tmp_path / "bare", "--without-names")
    before = everything(on_sqlite, size=10**6)
    assert "in use" in on_sqlite.run("import", tmp_path / "whole", expect=1)
    (on_sqlite.folder / "keys" / "vault.key").rename(tmp_path / "vault.key")  # not even a new key beside an old log
    assert "in use" in on_sqlite.run("import", tmp_path / "whole", "--new-vault-key", expect=1)
    assert not (on_sqlite.folder / "keys" / "vault.key").exists()
    (tmp_path / "vault.key").rename(on_sqlite.folder / "keys" / "vault.key")
    assert everything(on_sqlite, size=10**6) == before
    other = empty_with(on_sqlite, tmp_path, "vault.key")
    assert "has no gaps" in other.run("import", tmp_path / "one", expect=1)
    assert "without names" in other.run("import", tmp_path / "bare", expect=1)
    assert "not the whole archive" in other.run("import", tmp_path, expect=1)
    assert sorted(path.name for path in (other.folder / "keys").iterdir()) == ["vault.key"]
    stranger = Instance(tmp_path / "stranger", f"sqlite:///{tmp_path / 'stranger.sqlite3'}")
    stranger.run("init", "--demo")
    key = stranger.folder / "keys" / "log.pub"
    assert "not signed with the expected key" in other.run("import", tmp_path / "whole", "--key", key, expect=1)
    shutil.copy2(stranger.folder / "keys" / "log.key", other.folder / "keys" / "log.key")
    assert "one of the right name" in other.run("import", tmp_path / "whole", expect=1)
    (other.folder / "keys" / "log.key").unlink()
    assert nothing_in(other)
    known = on_sqlite.folder / "keys" / "log.pub"
    assert "proves itself" in other.run("import", tmp_path / "whole", "--key", known)
    assert "in use" in other.run("import", tmp_path / "whole", expect=1)


def altered(folder, to, path, change):
    """Copy an archive with one file changed and its manifests made to fit."""
    shutil.copytree(folder, to)
    (to / path).write_bytes(change((to / path).read_bytes()))
    bagit.Bag(str(to)).save(manifests=True)
    return to


def without_last(data):
    return b"".join(data.splitlines(keepends=True)[:-1])


DAMAGE = {
    "an entry": (LOG, lambda data: data.replace(b"demo-courier-co", b"demo-courier-ca")),
    "the last entry": (LOG, without_last),
    "the last checkpoint": (f"{LOG}.checkpoints", without_last),
    "every checkpoint": (f"{LOG}.checkpoints", lambda _: b""),
    "a checkpoint on the way": (f"{LOG}.checkpoints", lambda data: data.replace(b"coi/", b"coj/", 1)),
    "a text": ("data/patients.jsonl", lambda data: data.replace(CANARY.encode(), b"Other")),
    "a person": ("data/people.jsonl", lambda data: data[:-20]),
    "an answer": ("data/log/answers.jsonl", lambda data: data.replace(b'"position"', b'"place"')),
    "a code": ("data/codes.jsonl", lambda data: data + data.splitlines(keepends=True)[0]),
    "what it says of itself": ("data/about.json", lambda _: b"[]"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_of_an_archive_that_was_changed_nothing_is_imported(on_sqlite, tmp_path, what):
    on_sqlite.run("export", "archive", tmp_path / "whole")
    other = empty_with(on_sqlite, tmp_path, "vault.key")
    bad = altered(tmp_path / "whole", tmp_path / "bad", *DAMAGE[what])
    said = other.run("import", bad, expect=1)
    assert "The archive is not right and nothing was imported." in said
    assert CANARY not in said
    assert nothing_in(other)
    assert "proves itself" in other.run("import", tmp_path / "whole")


def test_a_log_that_was_written_anew_under_another_key_is_found_by_the_key_from_elsewhere(on_sqlite, tmp_path):
    on_sqlite.run("export", "archive", tmp_path / "whole")
    stranger = Instance(tmp_path / "stranger", f"sqlite:///{tmp_path / 'stranger.sqlite3'}")
    stranger.run("init", "--demo")
    forger = load_log_key(stranger.folder / "keys" / "log.key")
    leaves = (tmp_path / "whole" / LOG).read_bytes().splitlines()
    tree = Frontier()
    for leaf in leaves:
        tree, _ = tree.grown(bytes.fromhex(leaf_hash(leaf)))
    note = forger.checkpoint(tree.size, tree.root())
    (tmp_path / "whole" / f"{LOG}.checkpoints").write_text(json.dumps(note) + "\n")
    (tmp_path / "whole/data/log/key.txt").write_text(forger.verifier_key + "\n")
    bagit.Bag(str(tmp_path / "whole")).save(manifests=True)
    other = empty_with(on_sqlite, tmp_path, "vault.key")
    known = on_sqlite.folder / "keys" / "log.pub"
    assert "nothing was imported" in other.run("import", tmp_path / "whole", "--key", known, expect=1)
    assert "nothing was imported" in other.run("import", tmp_path / "whole", expect=1)  # the log names its own key
    assert nothing_in(other)


def test_under_another_vault_key_one_has_to_say_so_and_codes_are_made_anew(played, tmp_path):
    played.run("export", "archive", tmp_path / "whole")
    other = empty_with(played, tmp_path)
    assert "--new-vault-key" in other.run("import", tmp_path / "whole", expect=1)
    assert not (other.folder / "keys" / "vault.key").exists()
    (other.folder / "keys" / "vault.key").write_bytes(bytes(32))
    (other.folder / "keys" / "vault.key").chmod(0o600)
    assert "--new-vault-key" in other.run("import", tmp_path / "whole", expect=1)
    (other.folder / "keys" / "vault.key").unlink()
    said = other.run("import", tmp_path / "whole", "--new-vault-key")
    assert "can be compared with no new scan, and 0 foreign codes" in said
    assert "proves itself" in said
    assert (other.folder / "keys" / "vault.key").read_bytes() != (played.folder / "keys" / "vault.key").read_bytes()
    with played.office() as office, office.store.read() as conn:
        before = {row.token for row in conn.execute(select(CODE)) if row.type in ("patient", "name") and row.issuer}
        count = len(conn.execute(select(CODE)).all())
    with other.office() as office:
        with office.store.read() as conn:
            assert before.isdisjoint(conn.execute(select(CODE.c.token)).scalars())
            assert len(conn.execute(select(CODE)).all()) == count
        player = Player(office)
        nurse = player.as_("demo-nurse")
        for value, more in ((BAND, {}), (f"{CANARY}-ORDER", {"issuer": "maker", "kind": "order"})):
            items = reads.search(office, value=value, caller=nurse, **more)["items"]
            assert [row["coi"] for row in items] == [played.coi]
        assert reads.patient(office, played.coi, caller=nurse)["family"] == CANARY
        taken = player.step("demo-courier", "handoff.accepted", [BOX, SEAL], coi=played.coi)  # the box is known,
        assert "seal" in str(taken["entry"]["findings"])  # and its seal is no more the one that was put on it
        with office.store.read() as conn:
            (name,) = [
                one.name for one in sealed.opened(conn, keys=office.keys) if BAND in one.text and "{" in one.text
            ]
            tokens = conn.execute(select(CODE.c.token)).scalars().all()
    assert name.split(".")[1] in tokens


def test_base64_of_a_checkpoint_is_what_about_says(on_sqlite, tmp_path):
    on_sqlite.run("export", "archive", tmp_path / "whole")
    about = json.loads((tmp_path / "whole/data/about.json").read_text())
    last = json.loads((tmp_path / "whole" / f"{LOG}.checkpoints").read_text().splitlines()[-1]).split("\n")
    assert (about["log"], str(about["size"])) == (last[0], last[1])
    assert about["root"] == base64.b64decode(last[2]).hex()


def test_made_up_people_stay_marked_and_real_ones_do_not_come_into_a_demo(on_sqlite, tmp_path):
    on_sqlite.run("export", "archive", tmp_path / "whole")
    other = empty_with(on_sqlite, tmp_path, "vault.key")
    other.run("import", tmp_path / "whole")
    assert "demo = true" in (other.folder / "settings.toml").read_text()
    real = Instance(tmp_path / "real", f"sqlite:///{tmp_path / 'real.sqlite3'}")
    finished(real)
    real.run("export", "archive", tmp_path / "serious")
    third = Instance(tmp_path / "third", f"sqlite:///{tmp_path / 'third.sqlite3'}")
    said = third.run("import", tmp_path / "serious", "--new-vault-key", COI_DEMO="true", expect=1)
    assert "import it into another one" in said
    (third.folder / "keys").mkdir(parents=True, mode=0o700)
    shutil.copy2(real.folder / "keys" / "vault.key", third.folder / "keys")
    assert "proves itself" in third.run("import", tmp_path / "serious")
    assert "demo" not in str([path.read_text() for path in third.folder.glob("settings.toml")])


def test_every_sort_of_foreign_code_can_be_made_again_under_another_key(sqlite_office):
    office, keys = sqlite_office, sqlite_office.keys
    other = derive_keys(b"another master of tests, 32 byte")
    coi = enrolled(office, Player(office))
    with office.store.write() as conn:
        (patient,) = conn.execute(select(CODE.c.subject).where(CODE.c.type == "name").distinct()).scalars()
        later = {"family@20300101T000000000000": "Renamed", "family@20310101T000000000000": "Again"}
        sealed.keep(conn, [sealed.secret(subject=patient, name=name, text=text) for name, text in later.items()],
                    keys=keys)  # fmt: skip
        texts = {"scan": "=A9999", "code": "bag A999917123456/S1128/000000", "donation": "A999917123456"}
        sealed.keep(conn, [sealed.secret(subject="x/0", name=name, text=text) for name, text in texts.items()],
                    keys=keys)  # fmt: skip
        remember_name(office, conn, patient, site=HOSPITAL)
        for scope, name in (("label", "scan"), ("shipper", "scan"), ("label", "code"), ("donation", "donation")):
            token = codes.foreign_token(keys, text=texts[name], scope=scope)
            codes.register(conn, [{"token": token, "subject": coi, "type": scope}])
        codes.register(conn, [{"token": "f" * 64, "subject": coi, "type": "label"}])
    with office.store.read() as conn:
        rows = [dict(row) for row in conn.execute(select(CODE)).mappings()]
        found = list(crosswalk_texts.with_texts(office, conn, rows))
    known = {(row["type"], row["scope"]) for row in found if row["text"] is not None}
    assert {("name", f"name/{HOSPITAL}"), ("patient", "patient"), ("label", "label"), ("shipper", "shipper"),
            ("donation", "donation"), ("therapy", "therapy/maker/order")} == known  # fmt: skip
    assert [crosswalk_texts.as_it_was(row) for row in found] == rows
    made = [crosswalk_texts.remade(other, row) for row in found]
    lost = [row["token"] for row, new in zip(found, made, strict=True) if new is None]
    assert lost == ["f" * 64]
    assert {new["token"] for new in made if new} & {row["token"] for row in rows} == {patient, coi}
