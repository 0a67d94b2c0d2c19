"""The house itself: keys, escrow, drills and restores are entries, and what is unsafe does not start."""

import json
import shutil

import pytest
from sqlalchemy import select

from coi.actions import drill as drills
from coi.actions import housekeeping, logkeys, system
from coi.actions.verification import verify
from coi.journey.entry import instant, read_leaf
from coi.record.db import open_store
from coi.record.logkey import create_log_key, load_log_key, verified
from coi.record.tables import CHECKPOINT, ENTRY, HEARTBEAT
from tests.cli.running import Instance, finished
from tests.play import Player


def told(instance, kind):
    with instance.office() as office, office.store.read() as conn:
        leaves = conn.execute(select(ENTRY.c.leaf).where(ENTRY.c.kind == kind).order_by(ENTRY.c.position)).scalars()
        return [read_leaf(bytes(leaf))[0] for leaf in leaves]


def last_note(instance):
    with instance.office() as office, office.store.read() as conn:
        return conn.execute(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1)).scalar_one()


# --- escrow


def test_init_outside_a_demo_ends_only_when_two_copies_of_the_key_were_read(empty):
    said = empty.run("init", expect=1)
    assert "not finished" in said
    assert "--escrow COPY --escrow COPY" in said
    key = empty.folder / "keys" / "vault.key"
    one, other, wrong = (empty.folder.parent / name for name in ("one", "other", "wrong"))
    one.write_bytes(key.read_bytes())
    other.write_text(key.read_bytes().hex())
    wrong.write_bytes(bytes(32))
    linked = empty.folder.parent / "linked"
    linked.symlink_to(one)
    for copies in ([one], [one, one], [one, linked], [one, key]):
        assert "different places" in empty.run("init", *(x for c in copies for x in ("--escrow", c)), expect=1)
    assert "another key" in empty.run("init", "--escrow", one, "--escrow", wrong, expect=1)
    wrong.write_text("not a key")
    assert "no copy of a vault key" in empty.run("init", "--escrow", one, "--escrow", wrong, expect=1)
    assert told(empty, "key.escrowed") == []
    assert "ready" in empty.run("init", "--escrow", one, "--escrow", other)
    assert "ready" in empty.run("init")
    (entry,) = told(empty, "key.escrowed")
    assert entry.values["copies"] == 2
    assert key.read_bytes().hex() not in str(entry)


def test_a_service_for_real_patients_does_not_start_without_escrow_nor_with_a_clock_that_nobody_keeps(
    empty, monkeypatch
):
    empty.run("init", expect=1)
    assert "two copies" in empty.run("serve", expect=1) or empty.url.startswith("postgresql")
    if empty.url.startswith("sqlite"):
        finished(empty)
        monkeypatch.setattr("coi.clock.synchronised", lambda: False)
        assert "clock is not synchronised" in empty.run("serve", expect=1)
        told_ = empty.run("doctor", expect=1)
        assert "clock is not synchronised" in told_
        assert "clock is not" not in empty.run("doctor", COI_CLOCK_SYNC="outside")


def test_postgresql_that_may_forget_or_whose_role_owns_the_log_is_refused(postgres_cluster, tmp_path):
    name = postgres_cluster.create()
    instance = Instance(tmp_path / "instance", postgres_cluster.url(name))
    finished(instance)
    said = instance.run("doctor", expect=1)
    assert "fsync = off" in said
    assert "owns or may change entry, checkpoint" in said
    assert "fsync = off" in instance.run("serve", expect=1)
    postgres_cluster.drop(name)


# --- keys


def test_the_log_names_its_key_and_a_new_one_is_proved_by_the_old_one(instance, tmp_path):
    before = instance.run("log-key").strip()
    (adopted,) = told(instance, "key.adopted")
    assert adopted.values["key"] == before
    old_note = last_note(instance)
    after = instance.run("log-key", "--new").strip()
    assert after != before
    assert after.partition("+")[0] == before.partition("+")[0], "the log keeps its name"
    (changed,) = told(instance, "key.changed")
    assert (changed.values["before"], changed.values["key"]) == (before, after)
    assert verified(last_note(instance), key=after).size == changed.position + 1
    instance.run("verify")
    with instance.office() as office:
        Player(office).collected("KEYS-1")
    instance.run("verify")
    instance.run("export", "entries", tmp_path / "log.jsonl")
    kept = tmp_path / "kept.txt"
    kept.write_text(old_note)
    for key in (before, after):
        assert checked(tmp_path / "log.jsonl", key, kept) == 0
    assert checked(tmp_path / "log.jsonl", create_log_key(tmp_path / "x.key").verifier_key, kept) == 1


def checked(thing, key, *kept):
    from coi.exports.coi_verify import main  # noqa: PLC0415 - it stands alone; here only its main is called

    return main([str(thing), "--key", key, *(part for file in kept for part in ("--against", str(file)))])


def test_a_change_of_key_that_was_cut_off_is_finished_by_saying_it_again(instance, monkeypatch):
    monkeypatch.setattr(logkeys, "take_the_place", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
    instance.run("log-key", "--new", expect=1)
    monkeypatch.undo()
    assert "another key" in instance.run("export", "entries", instance.folder.parent / "x.jsonl", expect=1)
    instance.run("log-key", "--new")
    assert len(told(instance, "key.changed")) == 1
    instance.run("verify")


def test_a_key_that_others_can_read_or_that_is_gone_does_not_start(instance):
    key = instance.folder / "keys" / "log.key"
    key.chmod(0o640)
    assert "0640" in instance.run("serve", expect=1)
    assert "0640" in instance.run("doctor", expect=1)
    key.unlink()
    assert "log.key" in instance.run("serve", expect=1)
    before = told_key(instance)
    assert instance.run("log-key", "--new").strip() != before
    (changed,) = told(instance, "key.changed")
    assert changed.values["proof"] is None
    instance.run("verify")


def told_key(instance):
    store = open_store(instance.url)
    with store.read() as conn:
        known = logkeys.known_keys(conn)
    store.close()
    return known[-1][1]


def test_the_key_is_not_changed_beside_a_service_that_lives(instance):
    with instance.office() as office:
        beat(office)
        before = office.log_key.verifier_key
    assert "stop it" in instance.run("log-key", "--new", expect=1)
    assert instance.run("log-key").strip() == before


def beat(office):
    with office.store.write() as conn:
        conn.execute(
            HEARTBEAT.insert(), {"name": "w", "at": instant(office.now()), "sweeps": 1, "written": 0, "failed": 0}
        )


def test_a_process_with_the_old_key_records_nothing_more(instance):
    with instance.office() as office:
        instance.run("log-key", "--new")
        with pytest.raises(Exception, match="another key"), office.store.write() as conn:
            system.tell(office, conn, [system.Fact("watcher.seen", {})])
    instance.run("verify")


# --- drills and restores


def test_a_drill_restores_with_the_escrowed_key_and_finds_a_wristband(instance, tmp_path):
    with instance.office() as office:
        Player(office).collected("DRILL-1")
    copy = tmp_path / "escrow.txt"
    copy.write_text((instance.folder / "keys" / "vault.key").read_bytes().hex())
    said = instance.run("drill", "--key", copy)
    assert "a wristband resolves" in said
    (entry,) = told(instance, "backup.drilled")
    assert (entry.values["passed"], entry.values["wristband"], entry.values["faults"]) == (True, True, 0)
    copy.write_text("00" * 32)
    assert "another vault key" in instance.run("drill", "--key", copy, expect=1)
    assert [one.values["passed"] for one in told(instance, "backup.drilled")] == [True, False]
    instance.run("verify")


def test_a_drill_that_never_was_or_is_too_old_is_said(instance):
    with instance.office() as office, office.store.read() as conn:
        from coi.actions.safety import stale_drill  # noqa: PLC0415 - nowhere else needed

        assert "never tried" in stale_drill(conn, office.now())
    copy = instance.folder / "keys" / "vault.key"
    instance.run("drill", "--key", copy)
    with instance.office() as office, office.store.read() as conn:
        assert stale_drill(conn, office.now()) is None
        assert "91 days ago" in stale_drill(conn, office.now() + drills.STALE_AFTER.__class__(days=91, minutes=1))


def test_a_restore_says_what_it_is_and_what_somebody_outside_knows_to_be_lost(instance, tmp_path):
    file, kept = tmp_path / "copy.tar", tmp_path / "kept.json"
    instance.run("backup", file)
    with instance.office() as office:
        player = Player(office)
        coi = player.enrol("LOST-1")
        answer = player.step("demo-nurse", "container.planned", values={"purpose": "starting_material"}, coi=coi)
    kept.write_text(json.dumps(answer))
    other = Instance(tmp_path / "other", f"sqlite:///{tmp_path / 'other.sqlite3'}")
    (other.folder / "keys").mkdir(parents=True, mode=0o700)
    other.folder.chmod(0o700)
    for key in ("vault.key", "log.key"):
        shutil.copy2(instance.folder / "keys" / key, other.folder / "keys" / key)
    said = other.run("restore", file, "--known", kept)
    lost = answer["receipt"]["size"] - told(other, "log.restored")[0].values["size"]
    assert f"{lost} entries that were known outside are lost" in said
    (restored,) = told(other, "log.restored")
    assert restored.values["known"] == answer["receipt"]["size"] > restored.values["size"]
    assert told(other, "key.changed") == []
    other.run("verify")
    assert "gone" in other.run("verify", "--against", kept, expect=1)
    with other.office() as office:
        Player(office).collected("ON-1")
    assert "written anew" in other.run("verify", "--against", kept, expect=1)
    assert "proves itself" in instance.run("verify", "--against", kept)


# --- what runs


def taken_away(conn):
    """Drop a guard; return its name and the statements that put it back."""
    if conn.dialect.name == "sqlite":
        name = "guard_entry_update"
        sql = conn.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{name}'").scalar()
        conn.exec_driver_sql(f"DROP TRIGGER {name}")
        return name, [sql]
    name = "guard_entry_row"
    conn.exec_driver_sql(f"DROP TRIGGER {name} ON entry")
    made = f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION coi_append_only()"
    return name, [made, f"ALTER TABLE entry ENABLE ALWAYS TRIGGER {name}"]


def test_settings_guards_and_the_watchers_life_are_told_when_they_change(instance):
    from coi.settings import load  # noqa: PLC0415 - the settings as a process reads them

    with instance.office() as office:
        found = load(instance.environ)
        assert housekeeping.note_settings(office, found)
        assert not housekeeping.note_settings(office, found)
        housekeeping.note_the_hour(office)
        housekeeping.note_the_hour(office)
        assert housekeeping.look_at_guards(office) == []
        with office.store.write() as conn:
            name, put_back = taken_away(conn)
        assert housekeeping.look_at_guards(office) == [name]
        assert housekeeping.look_at_guards(office) == [name]
        with office.store.write() as conn:
            for statement in put_back:
                conn.exec_driver_sql(statement)
        assert housekeeping.look_at_guards(office) == []
        assert verify(office) == []
    assert len(told(instance, "settings.changed")) == 1
    assert len(told(instance, "watcher.seen")) == 1
    assert [one.values["guards"] for one in told(instance, "guards.broken")] == [[name]]
    assert len(told(instance, "guards.mended")) == 1
    assert "password" not in str(told(instance, "settings.changed")[0].values)


def test_people_and_organisations_are_entries_of_their_own_streams(instance):
    added = {entry.values["code"]: entry for entry in told(instance, "person.added")}
    assert added["demo-nurse"].stream == "person:demo-nurse"
    assert added["demo-nurse"].values["grants"] == [{"organisation": "demo-hospital", "role": "nurse"}]
    assert {entry.stream for entry in told(instance, "organisation.added")} >= {"site:demo-hospital"}
    assert load_log_key(instance.folder / "keys" / "log.key").verifier_key == told_key(instance)
