"""An operator's choices are checked before anything starts, and a refusal says what to write instead."""

from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from coi import settings
from coi.settings import ROWS, Settings, SettingsError, load, variable


def written(folder: Path, text: str) -> dict[str, str]:
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return {"COI_INSTANCE": str(folder)}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    return str(caught.value)


def test_every_setting_has_one_row_and_one_field_of_the_type_that_its_row_reads(tmp_path):
    found = load({"COI_INSTANCE": str(tmp_path)})
    assert [field.name for field in fields(Settings)] == ["instance", *ROWS]
    for name, kind in get_type_hints(Settings).items():
        assert isinstance(getattr(found, name), kind), name


def test_an_empty_environment_gives_the_documented_defaults(tmp_path):
    found = load({"COI_INSTANCE": str(tmp_path), "HOME": "/nowhere", "COIN": "not ours"})
    assert found.instance == tmp_path
    assert found.database_url == f"sqlite:///{tmp_path}/coi.sqlite3"
    assert found.database_owner_url is None
    assert (found.demo, found.demo_password) == (False, None)
    assert found.base_url == "http://127.0.0.1:8000"
    assert (found.max_skew_seconds, found.sweep_seconds, found.max_body_bytes) == (120, 5.0, 10_485_760)


def test_the_instance_folder_lies_beside_wsgi_in_a_checkout_and_is_relative_to_where_we_are_otherwise(
    tmp_path, monkeypatch
):
    root = Path(settings.__file__).parent.parent
    monkeypatch.chdir(tmp_path)
    assert load({}).instance == (root if (root / "wsgi.py").is_file() else tmp_path) / "instance"
    assert load({"COI_INSTANCE": "here"}).instance == tmp_path / "here"
    assert load({}, folder=tmp_path).instance == tmp_path / "instance"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path):
    environ = written(tmp_path, "demo = true\nport = 9000\nsweep_seconds = 2\n")
    assert (load(environ).demo, load(environ).port, load(environ).sweep_seconds) == (True, 9000, 2.0)
    found = load(environ | {"COI_DEMO": "no", "COI_PORT": "9001"})
    assert (found.demo, found.port) == (False, 9001)


def test_an_unknown_environment_variable_is_refused_with_the_nearest_name(tmp_path):
    said = refusal({"COI_INSTANCE": str(tmp_path), "COI_DEMO_PASWORD": "hunter2-hunter2"})
    assert said.startswith("COI_DEMO_PASWORD: got an unknown setting in the environment")
    assert "did you mean COI_DEMO_PASSWORD?" in said
    assert "COI_SWEEP_SECONDS" in said
    assert "hunter2" not in said


def test_an_unknown_key_in_the_file_is_refused_with_the_file_named(tmp_path):
    said = refusal(written(tmp_path, "swep_seconds = 3\n"))
    assert said.startswith(f"swep_seconds: got an unknown setting in {tmp_path / 'settings.toml'}")
    assert "did you mean sweep_seconds?" in said


def test_the_file_cannot_move_the_folder_that_it_lies_in(tmp_path):
    assert "instance: got an unknown setting" in refusal(written(tmp_path, 'instance = "/elsewhere"\n'))


@pytest.mark.parametrize("text", ["demo = ", "demo = true\ndemo = false", '[demo]\nx = "\x00"'])
def test_a_file_that_is_not_toml_is_refused(tmp_path, text):
    assert "expected TOML in UTF-8" in refusal(written(tmp_path, text))


def test_a_file_that_is_not_utf_8_or_not_a_file_is_refused(tmp_path):
    (tmp_path / "settings.toml").write_bytes(b'host = "\xff"')
    assert "expected TOML in UTF-8" in refusal({"COI_INSTANCE": str(tmp_path)})
    (tmp_path / "settings.toml").unlink()
    (tmp_path / "settings.toml").mkdir()
    assert "expected TOML in UTF-8" in refusal({"COI_INSTANCE": str(tmp_path)})


BAD = {
    "demo": ["maybe", "", "2"],
    "port": ["0", "65536", "80a", "-1", "", "1e3", "٨٠٠٠", "9" * 5000, "8000.0"],
    "trusted_proxies": ["11", "one"],
    "session_idle_minutes": ["0", "1441"],
    "max_body_bytes": ["10MB", "1"],
    "sweep_seconds": ["0", "nan", "inf", "-1", "soon", "3601", ""],
    "log_level": ["loud", ""],
    "host": ["", "a host", "user@host", "host/path", "host\n"],
    "base_url": ["", "coi.example.org", "ftp://coi.example.org", "https://", "https://coi.example.org?q=1", "https://h:0",
                 "https://h:99999", "https://[::1"],
    "demo_password": ["", "   ", "tab\tbed"],
    "database_url": ["", "coi.sqlite3", "sqlite://", "sqlite:///:memory:", "sqlite://host/file", "mysql://host/db", "postgres://h/d"],
    "database_owner_url": ["", "oracle://host/db"],
    "argon2_memory_cost": ["7"],
}  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_in_one_sentence_with_key_got_and_expected(tmp_path, key, value):
    said = refusal({"COI_INSTANCE": str(tmp_path), variable(key): value})
    assert said.startswith(f"{variable(key)}: got ")
    assert ", expected " in said
    assert "\n" not in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    "line",
    ['demo = "maybe"', "demo = 1", "port = true", "port = 80.5", "port = [80]", "sweep_seconds = true", "log_level = 3",
     "host = 1", "database_url = 1", "demo_password = 12345678", "sweep_seconds = 1979-05-27", "base_url = {a = 1}"],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_in_the_file_is_refused_with_key_and_file_named(tmp_path, line):
    said = refusal(written(tmp_path, line))
    assert said.startswith(f"{line.split()[0]} in {tmp_path / 'settings.toml'}: got ")
    assert ", expected " in said


@pytest.mark.parametrize("name", ["", " ", "a\nb", "what?"])
def test_a_nameless_instance_folder_is_refused(name):
    assert refusal({"COI_INSTANCE": name}).startswith("COI_INSTANCE: got ")


@pytest.mark.parametrize(
    "url",
    ["sqlite:////srv/coi/coi.sqlite3", "sqlite:///coi.sqlite3", "postgresql://coi@/coi?host=/run/pg", "postgresql+psycopg://u:p@h:5432/d"],
)  # fmt: skip
def test_the_addresses_of_both_databases_are_taken_as_written(tmp_path, url):
    assert load({"COI_INSTANCE": str(tmp_path), "COI_DATABASE_URL": url}).database_url == url


def test_an_owner_role_goes_with_postgresql_only(tmp_path):
    owner = {"COI_INSTANCE": str(tmp_path), "COI_DATABASE_OWNER_URL": "postgresql://owner@h/coi"}
    assert load(owner | {"COI_DATABASE_URL": "postgresql://coi@h/coi"}).database_owner_url == "postgresql://owner@h/coi"
    assert refusal(owner).startswith("COI_DATABASE_OWNER_URL: got an owner role, expected none")


def test_limits_that_contradict_each_other_are_refused(tmp_path):
    here = {"COI_INSTANCE": str(tmp_path)}
    said = refusal(here | {"COI_SESSION_IDLE_MINUTES": "60", "COI_SESSION_ABSOLUTE_MINUTES": "30"})
    assert said == "COI_SESSION_IDLE_MINUTES: got 60, expected at most 30, the value of COI_SESSION_ABSOLUTE_MINUTES."
    said = refusal(here | {"COI_ARGON2_MEMORY_COST": "8", "COI_ARGON2_PARALLELISM": "2"})
    assert said == "COI_ARGON2_MEMORY_COST: got 8, expected at least 16, 8 KiB for each of COI_ARGON2_PARALLELISM."


def test_cookies_are_secure_unless_only_this_machine_or_made_up_people_can_use_them(tmp_path):
    def secure(**environ: str) -> bool:
        return load({"COI_INSTANCE": str(tmp_path)} | environ).secure_cookies

    assert not secure()
    assert not secure(COI_HOST="::1")
    assert not secure(COI_DEMO="true", COI_HOST="0.0.0.0")
    assert secure(COI_HOST="0.0.0.0")
    assert secure(COI_BASE_URL="https://coi.example.org")
    assert secure(COI_TRUSTED_PROXIES="1"), "loopback behind a proxy is reached from anywhere"
    assert secure(COI_SECURE_COOKIES="true")
    assert not secure(COI_SECURE_COOKIES="false", COI_HOST="0.0.0.0")


def test_patterns_are_a_list_in_the_file_and_lines_in_the_environment(tmp_path):
    environ = written(tmp_path, """scanner_patterns = ['^MRN(?P<mrn>[0-9]{7})$', '^S(?P<staff>[0-9]{6})$']\n""")
    assert load(environ).scanner_patterns == "^MRN(?P<mrn>[0-9]{7})$\n^S(?P<staff>[0-9]{6})$"
    assert load(environ | {"COI_SCANNER_PATTERNS": " a \n\nb"}).scanner_patterns == "a\nb"
    assert load(environ).scanner_fnc1 is None
    assert "list of texts" in refusal(written(tmp_path, "scanner_patterns = [1]\n"))
    assert "at most 16" in refusal(environ | {"COI_SCANNER_PREFIX": "x" * 17})


def test_no_secret_shows_in_repr_or_in_a_refusal(tmp_path):
    environ = {
        "COI_INSTANCE": str(tmp_path),
        "COI_DATABASE_URL": "postgresql://coi:canary-one@h/coi",
        "COI_DATABASE_OWNER_URL": "postgresql://owner:canary-two@h/coi",
        "COI_DEMO_PASSWORD": "canary-three",
    }
    assert "canary" not in repr(load(environ))
    for key, value in {
        "COI_DATABASE_URL": "mysql://coi:canary@h/coi",
        "COI_DEMO_PASSWORD": "canary\n",
        "COI_BASE_URL": "https://me:canary@h",
    }.items():
        assert "canary" not in refusal(environ | {key: value})


def test_every_setting_is_explained_to_operators_with_its_default():
    page = (Path(settings.__file__).parent.parent / "docs" / "settings.md").read_text(encoding="utf-8")
    for key, row in ROWS.items():
        default = (
            "" if row.default is None else f"`{str(row.default).lower() if row.default is False else row.default}`"
        )
        assert f"| `{variable(key)}` | `{key}` | {default} | {row.says} |" in page
