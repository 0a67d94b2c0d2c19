"""What became of the log is found out; what can be made again is made again; a backup is the whole of it."""

import hashlib
import json
import shutil
import stat
import tarfile
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from coi.actions.backup import TABLES, back_up
from coi.actions.documents import AttachRequest, attach
from coi.journey.entry import leaf_hash
from coi.record import projections, sealed
from coi.record.tables import CONTAINER, ENTRY, PERSON, PROJECTIONS, THERAPY, Row
from tests.cli.running import Instance
from tests.play import Player
from tests.watch.tampering import without_guards

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def played(instance):
    """A demo instance with one therapy on its way, and a document that belongs to it."""
    with instance.office() as office:
        player = Player(office)
        coi, _ = player.offered("KEPT-1")
        request = AttachRequest(id=str(uuid4()), therapy=coi, kind="certificate", data=PDF, name="certificate.pdf")
        assert attach(office, request, caller=player.as_("demo-nurse")).status == 201
    assert "proves itself" in instance.run("verify")
    return instance


def test_a_backup_holds_every_table_that_cannot_be_made_again():
    made_again = {*PROJECTIONS, "shipper", "heartbeat", "signature"}  # signatures are used within five minutes
    assert {table.name for table in TABLES} | made_again == set(Row.metadata.tables)


def test_a_document_is_in_the_backup_and_opens_again(played, tmp_path):
    with played.office() as office:
        back_up(office, tmp_path / "whole.tar")
    with tarfile.open(tmp_path / "whole.tar") as tar:
        rows = [json.loads(line) for line in tar.extractfile("blob.jsonl")]
    assert [row["sha256"] for row in rows] == [hashlib.sha256(PDF).hexdigest()]


def last(conn):
    return conn.execute(select(ENTRY).order_by(ENTRY.c.position.desc()).limit(1)).mappings().one()


def test_an_edited_leaf_is_found(played):
    with played.office() as office, without_guards(office.store) as conn:
        row = last(conn)
        leaf = bytes(row["leaf"]).replace(b"demo-nurse", b"demo-other")
        assert leaf != row["leaf"]
        conn.execute(update(ENTRY).where(ENTRY.c.position == row["position"]).values(leaf=leaf))
    assert f"Position {row['position']}: the stored hash" in played.run("verify", expect=1)


def test_an_edited_leaf_with_its_hash_made_to_fit_is_found_by_the_next_of_its_stream(played):
    with played.office() as office, without_guards(office.store) as conn:
        tail = last(conn)
        row = conn.execute(
            select(ENTRY).where(ENTRY.c.stream == tail["stream"], ENTRY.c.seq == tail["seq"] - 1)
        ).mappings().one()  # fmt: skip
        leaf = bytes(row["leaf"]).replace(b"demo-nurse", b"demo-other")
        conn.execute(update(ENTRY).where(ENTRY.c.position == row["position"]).values(leaf=leaf, hash=leaf_hash(leaf)))
    assert f"Position {tail['position']}: the chain" in played.run("verify", expect=1)


def test_a_deleted_row_is_found(played):
    with played.office() as office, without_guards(office.store) as conn:
        conn.execute(delete(ENTRY).where(ENTRY.c.position == 1))  # an entry that no stored answer holds in its place
    assert "Position 1: expected an entry" in played.run("verify", expect=1)


def test_a_changed_column_beside_the_leaf_is_found(played):
    with played.office() as office, without_guards(office.store) as conn:
        position = last(conn)["position"]
        conn.execute(update(ENTRY).where(ENTRY.c.position == position).values(kind="handoff.accepted"))
    assert f"Position {position}: column kind" in played.run("verify", expect=1)


def test_a_changed_a_lost_and_an_invented_projection_are_found_and_put_right(played):
    with played.office() as office, office.store.write() as conn:
        before = projections.stored(conn)
        therapy = conn.execute(select(THERAPY)).mappings().one()
        conn.execute(update(CONTAINER).values(organisation="demo-plant"))
        conn.execute(delete(THERAPY))
        conn.execute(THERAPY.insert(), {**therapy, "coi": "COI-INVENTED"})
    said = played.run("verify", expect=1)
    assert "Projection container" in said
    assert f"Projection therapy {therapy['coi']}" in said
    assert "Projection therapy COI-INVENTED" in said
    played.run("rebuild")
    played.run("verify")
    with played.office() as office, office.store.read() as conn:
        assert projections.stored(conn) == before


def everything(instance):
    """Return every row that a backup is to hold, and the projections."""
    with instance.office() as office, office.store.read() as conn:
        kept = {}
        for table in TABLES:
            query = select(table).order_by(*table.primary_key.columns)
            kept[table.name] = [tuple(plain(value) for value in row) for row in conn.execute(query)]
        return kept, projections.stored(conn)


def plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def other_instance(instance, tmp_path, url):
    """Return a new instance with the vault key of `instance` and nothing else."""
    made = Instance(tmp_path / "other", url)
    (made.folder / "keys").mkdir(parents=True, mode=0o700)
    made.folder.chmod(0o700)
    shutil.copy2(instance.folder / "keys" / "vault.key", made.folder / "keys" / "vault.key")
    return made


def other_url(tmp_path, database, request):
    if database == "sqlite":
        return f"sqlite:///{tmp_path / 'other.sqlite3'}"
    cluster = request.getfixturevalue("postgres_cluster")
    name = cluster.create()
    request.addfinalizer(lambda: cluster.drop(name))
    return cluster.url(name)


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_a_backup_is_restored_into_either_database_and_is_the_same(played, tmp_path, request, into):
    file = tmp_path / "copy.tar"
    before, projected = everything(played)
    said = played.run("backup", file)
    assert "Neither key is" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (played.folder / "keys" / "vault.key").read_bytes() not in file.read_bytes()
    other = other_instance(played, tmp_path, other_url(tmp_path, into, request))
    assert "proves itself" in other.run("restore", file)
    after, projected_there = everything(other)
    assert projected_there == projected
    for name, rows in before.items():
        assert after[name][: len(rows)] == rows, name
        behind = [row[5] for row in after[name][len(rows) :]] if name == "entry" else []
        assert behind in ([], ["key.changed", "log.restored"])
    with other.office() as office:
        with office.store.read() as conn:
            (patient,) = conn.execute(select(THERAPY.c.patient)).scalars()
            assert sealed.read(conn, [patient], keys=office.keys)[patient]["family"] == "Doe"
        Player(office).offered("KEPT-2")  # and work goes on
    other.run("verify")


def test_a_backup_never_takes_the_place_of_a_file_and_leaves_nothing_behind_when_it_fails(played, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "copy.tar").write_text("precious")
    assert "another name" in played.run("backup", folder / "copy.tar", expect=1)
    assert (folder / "copy.tar").read_text() == "precious"
    played.run("backup", tmp_path / "no-such-folder" / "copy.tar", expect=1)
    played.run("backup", folder / "right.tar")
    assert sorted(path.name for path in folder.iterdir()) == ["copy.tar", "right.tar"]


def test_a_restore_into_an_instance_in_use_or_under_another_key_is_refused(played, sqlite_url, tmp_path):
    file = tmp_path / "copy.tar"
    played.run("backup", file)
    before = everything(played)
    assert "in use" in played.run("restore", file, expect=1)
    assert everything(played) == before
    other = other_instance(played, tmp_path, f"sqlite:///{tmp_path / 'other.sqlite3'}")
    key = other.folder / "keys" / "vault.key"
    key.write_bytes(bytes(32))
    assert "another vault key" in other.run("restore", file, expect=1)
    key.unlink()
    assert "holds no key" in other.run("restore", file, expect=1)


def altered(file, to, change):
    """Copy a backup with the bytes of one of its files changed by `change(name, bytes)`."""
    with tarfile.open(file) as tar, tarfile.open(to, "w") as out:
        for member in tar:
            data = change(member.name, tar.extractfile(member).read())
            member.size = len(data)
            with (to.parent / "part").open("w+b") as part:
                part.write(data)
                part.seek(0)
                out.addfile(member, part)


def test_a_damaged_or_cut_off_backup_writes_nothing(played, tmp_path):
    file, bad = tmp_path / "copy.tar", tmp_path / "bad.tar"
    played.run("backup", file)
    other = other_instance(played, tmp_path, f"sqlite:///{tmp_path / 'other.sqlite3'}")
    altered(file, bad, lambda name, data: data.replace(b"demo-nurse", b"demo-other") if name == "grant.jsonl" else data)
    assert "grant.jsonl" in other.run("restore", bad, expect=1)
    bad.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert "not a whole backup" in other.run("restore", bad, expect=1)
    bad.write_text("this is no tar")
    assert "not a whole backup" in other.run("restore", bad, expect=1)
    with other.office() as office, office.store.read() as conn:
        assert conn.execute(select(PERSON)).first() is None
        assert conn.execute(select(ENTRY)).first() is None
    other.run("restore", file)


def test_a_backup_whose_log_was_edited_before_is_told_as_such_when_it_is_restored(played, tmp_path):
    with played.office() as office, without_guards(office.store) as conn:
        conn.execute(update(ENTRY).where(ENTRY.c.position == 5).values(kind="handoff.accepted"))
    played.run("backup", tmp_path / "copy.tar")
    other = other_instance(played, tmp_path, f"sqlite:///{tmp_path / 'other.sqlite3'}")
    assert "column kind" in other.run("restore", tmp_path / "copy.tar", expect=1)


def cut(rows):
    """Take the last transaction away, entries and checkpoint."""
    del rows["checkpoint"][-1]
    size = rows["checkpoint"][-1]["size"]
    for table in ("entry", "attempt"):
        rows[table] = [row for row in rows[table] if row["position"] < size]


ALTERED = {
    "the end cut off": cut,
    "an administrator nobody added": lambda rows: rows["grant"].append(
        {"person": "demo-nurse", "organisation": "*", "role": "admin"}
    ),
    "a wristband of another patient": lambda rows: rows["code"][0].update(subject="PAT-2222222222222"),
    "a column of its own": lambda rows: rows["entry"][0].update(evil=1),
    "a position beyond every number": lambda rows: rows["entry"][-1].update(position=10**30),
    "a list for a row": lambda rows: rows["entry"].append([1]),
    "a number for a leaf": lambda rows: rows["entry"][0].update(leaf=5),
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED)
def test_a_backup_that_was_altered_is_refused_though_its_manifest_fits(played, tmp_path, change):
    file, forged = tmp_path / "copy.tar", tmp_path / "forged.tar"
    played.run("backup", file)
    rows, bodies = {}, {}
    altered(file, forged, lambda name, data: rows.update({name: data}) or data)
    rows = {name.removesuffix(".jsonl"): [json.loads(line) for line in data.splitlines()]
            for name, data in rows.items() if name.endswith(".jsonl")}  # fmt: skip
    change(rows)
    for name, several in rows.items():
        bodies[f"{name}.jsonl"] = b"".join(json.dumps(row, sort_keys=True).encode() + b"\n" for row in several)

    def vouch(name, data):
        if name == "manifest.json":
            manifest = json.loads(data)
            for table, told in manifest["tables"].items():
                told["sha256"] = hashlib.sha256(bodies[f"{table}.jsonl"]).hexdigest()
            return json.dumps(manifest).encode()
        return bodies[name]

    altered(file, forged, vouch)
    other = other_instance(played, tmp_path, f"sqlite:///{tmp_path / 'other.sqlite3'}")
    assert "not a whole backup" in other.run("restore", forged, expect=1)
    with other.office() as office, office.store.read() as conn:
        assert conn.execute(select(ENTRY)).first() is None


def test_the_export_holds_every_leaf_as_it_was_hashed(played, tmp_path):
    played.run("export", "entries", tmp_path / "log.jsonl")
    lines = (tmp_path / "log.jsonl").read_bytes().splitlines()
    with played.office() as office, office.store.read() as conn:
        hashes = list(conn.execute(select(ENTRY.c.hash).order_by(ENTRY.c.position)).scalars())
    assert [leaf_hash(line) for line in lines] == hashes
    assert "exists" in played.run("export", "entries", tmp_path / "log.jsonl", expect=1)
