"""The archive: a folder that proves itself, can be read by anybody, and fills an empty instance with an equal state."""

import hashlib
import json
import shutil
from uuid import uuid4

import pytest

from coi.actions.documents import AttachRequest, attach
from coi.exports.coi_verify import main as verified
from coi.record import projections
from tests.cli.running import Instance
from tests.play import Player

PDF = b"%PDF-1.4\nan archived certificate\n%%EOF\n"
CANARY = "Zyxwvut"


@pytest.fixture
def played(instance):
    with instance.office() as office:
        player = Player(office)
        coi, _ = player.offered("ARCHIVE-1")
        player.step("demo-nurse", "container.planned", coi=coi, values={"purpose": "dose"}, note=f"Ask {CANARY}")
        request = AttachRequest(id=str(uuid4()), therapy=coi, kind="certificate", data=PDF, name=f"{CANARY}.pdf")
        assert attach(office, request, caller=player.as_("demo-nurse")).status == 201
        player.collected("ARCHIVE-2")
    instance.coi = coi
    return instance


def key_of(instance):
    return instance.run("log-key").strip()


def stored(instance):
    with instance.office() as office, office.store.read() as conn:
        return projections.stored(conn)


def empty_with_the_key(instance, tmp_path, url):
    made = Instance(tmp_path / "other", url)
    (made.folder / "keys").mkdir(parents=True, mode=0o700)
    made.folder.chmod(0o700)
    shutil.copy2(instance.folder / "keys" / "vault.key", made.folder / "keys" / "vault.key")
    return made


def files(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_an_archive_of_everything_fills_an_empty_instance_with_an_equal_state(played, tmp_path, request, into):
    folder = tmp_path / "archive"
    said = played.run("export", "archive", folder)
    assert "in the clear" in said
    assert verified([str(folder), "--key", key_of(played)]) == 0
    held = files(folder)
    assert held[f"data/documents/{hashlib.sha256(PDF).hexdigest()}.pdf"] == PDF
    assert CANARY in held["data/patients.jsonl"].decode()
    assert any(name.startswith("data/labels/LBL-") for name in held)
    assert b"log.exported" in held["data/log/entries.jsonl"], "the archive holds the record of itself"
    assert {file.stat().st_mode & 0o077 for file in folder.rglob("*")} == {0}
    url = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    if into == "postgresql":
        cluster = request.getfixturevalue("postgres_cluster")
        name = cluster.create()
        request.addfinalizer(lambda: cluster.drop(name))
        url = cluster.url(name)
    other = empty_with_the_key(played, tmp_path, url)
    before = stored(played)
    assert "proves itself" in other.run("import", folder)
    assert stored(other) == before
    assert json.loads(held["data/state.json"]) == before
    assert "in use" in other.run("import", folder, expect=1)
    with other.office() as office:
        Player(office).collected("ARCHIVE-3")  # and work goes on
    other.run("verify")


def test_an_archive_of_one_therapy_proves_itself_names_no_other_and_is_not_imported(played, tmp_path):
    folder = tmp_path / "archive"
    played.run("export", "archive", folder, "--therapy", played.coi)
    assert verified([str(folder), "--key", key_of(played)]) == 0
    held = files(folder)
    others = [coi for coi in stored(played)["therapy"] if coi != played.coi]
    assert len(others) == 1
    for name, data in held.items():
        assert others[0].encode() not in data, name
        assert b"ARCHIVE-2" not in data, name
    other = empty_with_the_key(played, tmp_path, f"sqlite:///{tmp_path / 'other.sqlite3'}")
    assert "no gaps" in other.run("import", folder, expect=1)


def test_without_names_no_file_holds_one(played, tmp_path):
    folder = tmp_path / "archive"
    said = played.run("export", "archive", folder, "--without-names")
    assert "in the clear" not in said
    for name, data in files(folder).items():
        for patient_data in (CANARY.encode(), b"ARCHIVE-1", b"1980-02-29", PDF):
            assert patient_data not in data, name
            assert patient_data.decode() not in name
    assert verified([str(folder), "--key", key_of(played)]) == 0


def test_no_file_name_says_who_the_patient_is(played, tmp_path):
    played.run("export", "archive", tmp_path / "archive")
    for name in files(tmp_path / "archive"):
        assert CANARY not in name
        assert "Doe" not in name
        assert "ARCHIVE-1" not in name


@pytest.mark.parametrize("change", ["altered", "taken away", "added"])
def test_a_damaged_archive_is_found_and_writes_nothing(played, tmp_path, change):
    folder = tmp_path / "archive"
    played.run("export", "archive", folder)
    file = folder / "data" / "codes.jsonl"
    if change == "altered":
        file.write_bytes(file.read_bytes().replace(b"label", b"lobel", 1))
    elif change == "taken away":
        file.unlink()
    else:
        (folder / "data" / "more.txt").write_text("more")
    assert verified([str(folder), "--key", key_of(played)]) == 1
    other = empty_with_the_key(played, tmp_path, f"sqlite:///{tmp_path / 'other.sqlite3'}")
    assert "not as it was made" in other.run("import", folder, expect=1)
    assert stored(other)["therapy"] == {}


def test_an_archive_takes_no_ones_place_and_needs_its_own_key(played, tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    assert "another name" in played.run("export", "archive", folder, expect=1)
    assert "no such therapy" in played.run("export", "archive", tmp_path / "a", "--therapy", "COI-X", expect=1)
    folder.rmdir()
    played.run("export", "archive", folder)
    other = empty_with_the_key(played, tmp_path, f"sqlite:///{tmp_path / 'other.sqlite3'}")
    (other.folder / "keys" / "vault.key").write_bytes(bytes(32))
    assert "another vault key" in other.run("import", folder, expect=1)
