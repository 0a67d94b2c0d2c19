"""Archives and backups that somebody changed and made to fit again: nothing of them is taken up."""

import base64
import hashlib
import io
import json
import tarfile

import bagit
import pytest
from sqlalchemy import select

from coi.actions import archived, backup, importing, setup
from coi.actions.archive import write_archive
from coi.actions.documents import AttachRequest, attach
from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.actions.verification import verify
from coi.clock import now
from coi.exports import bag
from coi.record.db import open_store
from coi.record.tables import CODE, ENTRY, PERSON, VAULT
from tests.play import Player
from tests.worlds import KEYS, LOG_KEY, make_office

PDF = b"%PDF-1.4\n% certificate\n%%EOF\n"
MALLORY = {"active": True, "code": "mallory", "grants": [{"organisation": "*", "role": "admin"}], "name": "M"}


@pytest.fixture
def source(tmp_path):
    """Two patients whose wristbands were scanned, with a document."""
    office = make_office(f"sqlite:///{tmp_path / 'source.sqlite3'}")
    player = Player(office)
    player.offered("BAND-1")
    coi = player.offered("BAND-2")[0]
    request = AttachRequest(
        id="0b0f4f0c-6f0e-4a51-8d5b-2f6f3d0f8a01", therapy=coi, kind="certificate", data=PDF, name="a"
    )
    assert attach(office, request, caller=player.as_("demo-nurse")).status == 201
    yield office
    office.store.close()


@pytest.fixture
def target(store_url):
    """An instance without a single row, with the keys of the source."""
    store = open_store(store_url)
    setup.make_tables(store)
    yield Office(store=store, keys=KEYS, log_key=LOG_KEY, now=now, demo=True)
    store.close()


def nothing_in(office):
    with office.store.read() as conn:
        return not any(conn.execute(select(table)).first() for table in (ENTRY, PERSON, CODE, VAULT))


# --- archives


def sealed_again(folder):
    """Make the manifests fit what lies there now, and seal it with the log's own key."""
    bagit.Bag(str(folder)).save(manifests=True)
    (folder / bag.SEAL).write_text(LOG_KEY.seal("archive", bag.manifest_digest(folder)))
    bagit.Bag(str(folder)).save()


def taken(office, folder):
    archive = archived.checked(folder, key=LOG_KEY.verifier_key)
    return importing.import_archive(office, archive)


def lines(path, change):
    """Return what changes the rows of one file of JSON Lines."""

    def made(data):
        rows = [json.loads(line) for line in (data / path).read_text().splitlines()]
        rows = change(rows) or rows
        (data / path).write_text("".join(json.dumps(row) + "\n" for row in rows))

    return made


def bands(rows):
    return [row for row in rows if row["type"] == "patient" and row["issuer"]]


def swapped(rows, field):
    one, other = rows[:2]
    one[field], other[field] = other[field], one[field]


def forged_scan(rows):
    one = next(row for row in rows if row["name"] == "scan")
    salt = b"f" * 32
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in (b"coi commitment v1", salt, b"BAND-X"))
    one |= {"text": "BAND-X", "salt": salt.hex(), "commitment": hashlib.sha256(framed).hexdigest()}


def forged_answer(rows):
    body = json.loads(rows[0]["answer"])
    body["entry"]["values"] = {"outcome": "FORGED"}
    rows[0]["answer"] = json.dumps(body)


def about(**values):
    def made(data):
        (data / bag.ABOUT).write_text(json.dumps(json.loads((data / bag.ABOUT).read_text()) | values))

    return made


def written(path, text):
    return lambda data: (data / path).write_text(text)


FORGED = {
    "wristbands swapped": (lines(bag.CODES, lambda rows: swapped(bands(rows), "subject")), "crosswalk"),
    "no codes": (lines(bag.CODES, lambda rows: rows.clear()), "crosswalk"),
    "token": (lines(bag.CODES, lambda rows: rows[0].update(token=5)), "cannot be read"),
    "names swapped": (lines(bag.PATIENTS, lambda rows: swapped([r for r in rows if r["name"] == "family"], "subject")),
                      "family: it is not the text"),
    "no texts": (lines(bag.PATIENTS, lambda rows: rows.clear()), "it is not there"),
    "scans swapped": (lines(bag.PATIENTS, lambda rows: swapped([r for r in rows if r["name"] == "scan"], "subject")),
                      "scan: it is not the text"),
    "scan forged": (lines(bag.PATIENTS, forged_scan), "scan: it is not the text"),
    "deep texts": (written(bag.PATIENTS, "[" * 99_999 + "\n"), "cannot be read"),
    "admin": (lines(bag.PEOPLE, lambda rows: rows.append(MALLORY)), "Person mallory"),
    "more roles": (lines(bag.PEOPLE, lambda rows: rows[2]["grants"].append(MALLORY["grants"][0])), "the roles"),
    "huge name": (lines(bag.PEOPLE, lambda rows: rows[0].update(name=10**30)), "cannot be read"),
    "another kind": (lines(bag.ORGANISATIONS, lambda rows: rows[0].update(kind="site")), "Organisation demo-"),
    "answer forged": (lines(bag.ANSWERS, forged_answer), "stored answer"),
    "no answers": (lines(bag.ANSWERS, lambda rows: rows.clear()), "is not there"),
    "one more document": (written(f"{bag.DOCUMENTS}/{hashlib.sha256(b'x').hexdigest()}.pdf", "x"), "no entry names it"),
    "no documents": (lambda data: [file.unlink() for file in (data / bag.DOCUMENTS).glob("*")], "bytes are not in"),
    "size": (about(size=9), "another size, root"),
    "root": (about(root="00"), "another size, root"),
    "name": (about(log="coi/other"), "another size, root or name"),
    "sizeless": (about(size="many"), "says of itself"),
    "empty": (written(bag.ABOUT, ""), "says of itself"),
    "deep": (written(bag.ABOUT, "[" * 99_999), "says of itself"),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGED)
def test_an_archive_forged_with_the_logs_own_key_leaves_nothing_behind(source, target, tmp_path, what):
    folder = tmp_path / "archive"
    write_archive(source, folder)
    change, said = FORGED[what]
    change(folder / "data")
    bagit.Bag(str(folder)).save(manifests=True)
    with pytest.raises(Fault, match=r"something in this archive was changed|says of itself"):
        taken(target, folder)
    sealed_again(folder)
    with pytest.raises(Fault) as fault:
        taken(target, folder)
    assert fault.value.message.startswith("The archive is not right and nothing was imported.")
    assert said in fault.value.message
    assert "Traceback" not in fault.value.message
    assert nothing_in(target)


def test_an_archive_that_was_only_sealed_again_is_imported(source, target, tmp_path):
    write_archive(source, tmp_path / "archive")
    sealed_again(tmp_path / "archive")
    assert taken(target, tmp_path / "archive").codes_lost == 0
    assert verify(target) == []


# --- backups


def digest_of(manifest):
    told = {name: said for name, said in manifest.items() if name != "seal"}
    line = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(line.encode()).hexdigest()


def packed(source, file, change):
    """Write a backup of `source` whose members were changed, every digest made to fit, sealed with the log's key."""
    backup.back_up(source, file)
    with tarfile.open(file) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}
    manifest = json.loads(members[backup.MANIFEST])
    change(members, manifest)
    for name, table in manifest["tables"].items() if isinstance(manifest["tables"], dict) else ():
        if isinstance(table, dict):
            table["sha256"] = hashlib.sha256(members[f"{name}.jsonl"]).hexdigest()
    manifest["seal"] = LOG_KEY.seal("backup", digest_of(manifest))
    members[backup.MANIFEST] = members.pop("raw", None) or json.dumps(manifest).encode()
    with tarfile.open(file, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def rows_of(table, change):
    def made(members, manifest):
        name = f"{table}.jsonl"
        rows = [json.loads(line) for line in members[name].splitlines()]
        rows = change(rows) or rows
        members[name] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return made


def cut(members, manifest):
    """Take the last transactions away, with their checkpoints and answers."""
    sizes = sorted(json.loads(line)["size"] for line in members["checkpoint.jsonl"].splitlines())
    size = sizes[len(sizes) // 2]
    rows_of("entry", lambda rows: [row for row in rows if row["position"] < size])(members, manifest)
    rows_of("checkpoint", lambda rows: [row for row in rows if row["size"] <= size])(members, manifest)
    rows_of("attempt", lambda rows: [row for row in rows if row["position"] < size])(members, manifest)


def admin(members, manifest):
    rows_of("person", lambda rows: rows.append({**rows[0], "code": "mallory"}))(members, manifest)
    rows_of("grant", lambda rows: rows.append({"person": "mallory", "organisation": "*", "role": "admin"}))(
        members, manifest
    )


def manifest_says(**values):
    return lambda _, manifest: manifest.update(values)


def one_patient(rows):
    for row in bands(rows):
        row["subject"] = bands(rows)[0]["subject"]


OTHER_NOTE = LOG_KEY.checkpoint(5, bytes(32))
COPIES = {
    "cut": (cut, "does not end at the checkpoint"),
    "checkpoint of another": (manifest_says(checkpoint=OTHER_NOTE), "does not end at the checkpoint"),
    "checkpoint 5": (manifest_says(checkpoint=5), "does not end at the checkpoint"),
    "admin": (admin, "Person mallory"),
    "one patient": (rows_of("code", one_patient), "Code of a patient"),
    "frontier": (rows_of("checkpoint", lambda rows: rows[-1].update(frontier="")), "cannot be read"),
    "note": (rows_of("checkpoint", lambda rows: rows[-1].update(note="junk")), "does not end at|whole"),
    "leaf": (rows_of("entry", lambda rows: rows[5].update(leaf=base64.b64encode(b"[" * 999).decode())), "Position 5"),
    "one column more": (rows_of("entry", lambda rows: rows[0].update(evil=1)), "line 1 of entry.jsonl"),
    "one column less": (rows_of("entry", lambda rows: rows[1].pop("leaf") and None), "line 2 of entry.jsonl"),
    "list": (rows_of("entry", lambda _: [[1]]), "line 1 of entry.jsonl"),
    "leaf int": (rows_of("entry", lambda rows: rows[0].update(leaf=5)), "line 1 of entry.jsonl"),
    "base64": (rows_of("entry", lambda rows: rows[0].update(leaf="A")), "line 1 of entry.jsonl"),
    "huge": (rows_of("entry", lambda rows: rows[0].update(position=10**30)), "line 1 of entry.jsonl"),
    "deep row": (lambda members, _: members.update({"entry.jsonl": b"[" * 99_999 + b"\n"}), "line 1 of entry.jsonl"),
    "no json": (lambda members, _: members.update({"entry.jsonl": b"nope\n"}), "line 1 of entry.jsonl"),
    "table int": (lambda _, manifest: manifest["tables"].update(entry=5), "not a whole backup"),
    "tables list": (manifest_says(tables=[]), "not a whole backup"),
    "deep manifest": (lambda members, _: members.update(raw=b"[" * 99_999), "its manifest cannot be read"),
    "manifest list": (lambda members, _: members.update(raw=b"[]"), "its format is not"),
}  # fmt: skip


@pytest.mark.parametrize("what", COPIES)
def test_a_forged_backup_leaves_nothing_behind(source, target, tmp_path, what):
    change, said = COPIES[what]
    packed(source, tmp_path / "copy.tar", change)
    with pytest.raises(Fault, match=said) as fault:
        backup.restore(target, tmp_path / "copy.tar")
    assert fault.value.code in ("backup.broken", "backup.wrong")
    assert nothing_in(target)


def test_a_backup_that_was_only_packed_again_is_restored(source, target, tmp_path):
    packed(source, tmp_path / "copy.tar", lambda *_: None)
    assert backup.restore(target, tmp_path / "copy.tar") == []
    assert verify(target) == []


def test_the_only_copy_is_restored_although_it_is_wrong_and_that_is_recorded(source, target, tmp_path):
    packed(source, tmp_path / "copy.tar", admin)
    (fault,) = backup.restore(target, tmp_path / "copy.tar", although_wrong=True)
    assert fault.startswith("Person mallory")
    assert verify(target) == [fault]
    with target.store.read() as conn:
        last = conn.execute(select(ENTRY.c.leaf).order_by(ENTRY.c.position.desc()).limit(1)).scalar_one()
    assert json.loads(bytes(last))["values"]["although_wrong"] is True


@pytest.mark.parametrize("data", [b"", b"\0" * 20_000, b"\x93" * 5000], ids=["empty", "zeros", "random"])
def test_what_is_no_backup_is_said_to_be_none(target, tmp_path, data):
    (tmp_path / "copy.tar").write_bytes(data)
    for read in (lambda file: backup.restore(target, file), backup.origin_of):
        with pytest.raises(Fault, match="not a whole backup"):
            read(tmp_path / "copy.tar")
