"""An instance is made, opened to programs, looked at and brought up to date; every refusal is one sentence."""

import stat
import tomllib

import pytest
from sqlalchemy import delete, func, select

from coi.actions import people
from coi.record import schema
from coi.record.tables import ENTRY, HEARTBEAT, PERSON, Row
from tests.cli.running import Instance, finished
from tests.watch.tampering import guards_off


def rows(instance):
    """Return how many rows each table has."""
    with instance.office() as office, office.store.read() as conn:
        return {
            table.name: conn.execute(select(func.count()).select_from(table)).scalar()
            for table in Row.metadata.sorted_tables
        }


def test_init_twice_changes_nothing(empty):
    first = empty.run_alone("init", "--demo")
    before = rows(empty)
    kept = {path: path.read_bytes() for path in (empty.folder / "keys" / "vault.key", empty.folder / "settings.toml")}
    second = empty.run_alone("init", "--demo")
    assert rows(empty) == before
    assert before["person"] == 13
    assert {path: path.read_bytes() for path in kept} == kept
    assert "password" in first
    assert "password" not in second
    assert stat.S_IMODE(empty.folder.stat().st_mode) == 0o700


def test_the_story_is_told_once_however_often_it_is_asked_for(empty):
    told = empty.run("init", "--demo", "--story")
    before = rows(empty)
    assert before["therapy"] >= told.count("COI-") == 10
    assert empty.run("init", "--demo", "--story").splitlines()[0] in told
    assert rows(empty) == before
    empty.run("verify")


def test_demo_mode_is_written_down_before_what_the_settings_say_already(empty):
    empty.folder.mkdir()
    (empty.folder / "settings.toml").write_text("sweep_seconds = 2.0\n")
    empty.run("init", "--demo", COI_DEMO_PASSWORD="correct horse")
    said = tomllib.loads((empty.folder / "settings.toml").read_text())
    assert said == {"demo": True, "sweep_seconds": 2.0}


def test_the_demo_password_is_the_one_that_was_set(empty):
    assert "correct horse" in empty.run("init", "--demo", COI_DEMO_PASSWORD="correct horse")


def test_a_demo_does_not_go_into_an_instance_with_real_people(empty):
    finished(empty)
    with empty.office() as office, office.store.write() as conn:
        conn.execute(
            PERSON.insert().values(code="nurse", name="N", password="x", active=True, failures=0, locked_until="")
        )
    assert "real people" in empty.run("init", "--demo", expect=1)
    assert rows(empty)["person"] == 1
    assert not (empty.folder / "settings.toml").exists()


def test_a_story_needs_a_demo(empty):
    assert "demo only" in empty.run("init", "--story", expect=1)
    assert not empty.folder.exists()


def test_a_lost_vault_key_is_not_replaced_by_a_new_one(instance):
    (instance.folder / "keys" / "vault.key").unlink()
    assert "put it back" in instance.run("init", expect=1)
    assert "no key file" in instance.run("serve", expect=1)
    assert not (instance.folder / "keys" / "vault.key").exists()


def test_only_the_token_is_printed_and_it_opens_the_door(instance):
    secret = instance.run("token", "issue", "demo-nurse", "--days", "2").removesuffix("\n")
    with instance.office() as office:
        known = people.by_bearer(office, secret)
    assert known is not None
    assert known.person == "demo-nurse"


def test_a_token_for_nobody_or_for_no_time_is_refused(instance):
    assert instance.run("token", "issue", "nobody", expect=1) == "There is no person 'nobody' here.\n"
    assert "0" in instance.run("token", "issue", "demo-nurse", "--days", "0", expect=2)


def test_every_fault_of_a_pathway_is_listed(empty, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text('format = "nonsense"\nname = "Not A Code"\nunheard_of = 1\n')
    said = empty.run("pathway", "check", file, expect=1).splitlines()
    assert len(said) >= 3
    assert any("format" in line for line in said)
    assert any("Not A Code" in line for line in said)
    assert any("unheard_of" in line for line in said)


def test_a_pathway_is_published_once_and_other_bytes_need_another_version(instance, tmp_path):
    with instance.office() as office, office.store.read() as conn:
        document = conn.execute(select(Row.metadata.tables["pathway"].c.document).limit(1)).scalar()
    file = tmp_path / "own.toml"
    file.write_bytes(bytes(document).replace(b'version = "', b'version = "9'))
    assert "can be published" in instance.run("pathway", "check", file)
    before = rows(instance)
    instance.run("pathway", "publish", file)
    instance.run("pathway", "publish", file)
    assert rows(instance)["pathway"] == before["pathway"] + 1
    assert rows(instance)["entry"] == before["entry"] + 1
    file.write_bytes(file.read_bytes() + b"# other bytes\n")
    assert "own version" in instance.run("pathway", "publish", file, expect=1)


@pytest.mark.parametrize("command", ["serve", "watch", "verify", "rebuild", "upgrade"])
def test_nothing_runs_before_init(empty, command):
    assert "coi init" in empty.run(command, expect=1)


def test_the_service_does_not_start_over_old_tables(instance):
    with instance.office() as office, office.store.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert "coi upgrade" in instance.run("serve", expect=1)
    assert "coi upgrade" in instance.run("watch", expect=1)
    with instance.office() as office, office.store.write() as conn:
        conn.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.head()}'")
    assert schema.head() in instance.run("upgrade")


def test_the_service_does_not_start_over_an_unguarded_log(instance):
    with instance.office() as office, office.store.write() as conn:
        guards_off(conn)
    assert "not guarded" in instance.run("serve", expect=1)
    assert "not guarded" in instance.run("doctor", expect=1)
    assert "not in force" in instance.run("verify", expect=1)


def test_the_doctor_finds_a_fresh_instance_well_and_says_what_ails_another(instance):
    assert "wrong" not in instance.run("doctor")
    with instance.office() as office, office.store.write() as conn:
        row = {"name": "watcher", "at": "2020-01-01T00:00:00.000000Z", "sweeps": 1, "written": 0, "failed": 2}
        conn.execute(HEARTBEAT.insert(), row)
    said = instance.run("doctor", expect=1)
    assert "last sweep was" in said
    assert "failed at 2 therapies" in said
    with instance.office() as office, office.store.write() as conn:
        conn.execute(delete(HEARTBEAT))
    (instance.folder / "keys" / "vault.key").chmod(0o644)
    assert "0600" in instance.run("doctor", expect=1)


def test_a_setting_that_is_not_understood_and_an_unknown_command_are_one_sentence(empty):
    assert empty.run("init", expect=1, COI_SWEPT_SECONDS="3").count("\n") == 1
    assert empty.run_alone("initiate", expect=2).count("\n") == 1


def test_a_database_that_cannot_be_reached_is_one_sentence(empty):
    said = empty.run("init", expect=1, COI_DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/coi")
    assert said.startswith("The database cannot be used")
    assert said.count("\n") == 1
    assert "secret" not in said


def test_the_service_role_may_add_to_the_log_and_never_change_it(postgres_cluster, postgresql_url, tmp_path):
    with postgres_cluster.admin() as conn:
        conn.execute("DROP ROLE IF EXISTS coi_service")
        conn.execute("CREATE ROLE coi_service LOGIN")
    name = postgresql_url.split("@/")[1].split("?")[0]
    instance = Instance(tmp_path / "instance", postgres_cluster.url(name, user="coi_service"), owner_url=postgresql_url)
    try:
        instance.run("init", "--demo", "--story")
        instance.run("upgrade")
        instance.run("rebuild")
        instance.run("verify")
        assert "owns" not in instance.run("doctor")
        with instance.office() as office, office.store.read() as conn:
            privileges = {
                right: conn.exec_driver_sql(f"SELECT has_table_privilege('entry', '{right}')").scalar()
                for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            }
            assert conn.execute(select(func.count()).select_from(ENTRY)).scalar() > 100
        assert privileges == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False, "TRUNCATE": False}
    finally:
        postgres_cluster.drop(name)
        with postgres_cluster.admin() as conn:
            conn.execute("DROP ROLE coi_service")
