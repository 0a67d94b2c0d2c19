"""An archive is a folder that anybody can check and read: a bag, for its owner only, there when it is whole."""

import json
import os
import stat
from dataclasses import fields
from pathlib import Path

import bagit
import pytest

from coi.exports import bag, bag_words, coi_verify
from coi.journey.entry import Entry
from tests.worlds import LOG_KEY

INFO = {"External-Identifier": "coi/tests"}
TOLD = {"at": "2026-11-23T12:00:00.000000Z", "software": "coi-tracker 0", "log": "coi/tests"}


def some():
    yield bag.jsonl(bag.PEOPLE, [{"name": "Zoë", "code": "zoe"}, {"code": "a"}])
    yield bag.whole("labels/LBL-1.png", b"\x89PNG")
    yield bag.lines(bag.ENTRIES, iter([b"{}", b"[]"]))


def test_a_bag_is_valid_for_the_library_and_for_the_free_standing_verifier(tmp_path):
    assert bag.write(tmp_path / "made", some(), info=INFO, seal=LOG_KEY.seal) == 3
    found = bagit.Bag(str(tmp_path / "made"))
    found.validate()
    assert found.version_info == (1, 0)
    assert found.info["External-Identifier"] == "coi/tests"
    report = coi_verify.Report()
    coi_verify.check_bag(tmp_path / "made", report)
    assert report.wrong == []
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_what_was_written_is_read_again(tmp_path):
    bag.write(tmp_path / "made", some(), info=INFO, seal=LOG_KEY.seal)
    assert list(bag.read_jsonl(tmp_path / "made", bag.PEOPLE)) == [{"code": "zoe", "name": "Zoë"}, {"code": "a"}]
    assert list(bag.read_lines(tmp_path / "made", bag.ENTRIES)) == [b"{}", b"[]"]


def test_everything_is_for_its_owner_only_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        bag.write(tmp_path / "made", some(), info=INFO, seal=LOG_KEY.seal)
    finally:
        os.umask(before)
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (tmp_path / "made").rglob("*")}
    assert modes == {(True, 0o700), (False, 0o600)}
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700


def test_everything_is_on_the_disk_before_the_folder_has_its_name(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), fsync(fd)))
    bag.write(tmp_path / "made", some(), info=INFO, seal=LOG_KEY.seal)
    *before, last = synced
    assert last == str(tmp_path)
    inside = {path.relative_to(tmp_path / "made").as_posix() for path in (tmp_path / "made").rglob("*")}
    assert {name.partition("/bag")[2].lstrip("/") for name in before} == {"", *inside}


def test_what_fails_on_the_way_leaves_nothing_behind(tmp_path):
    def failing():
        yield from some()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        bag.write(tmp_path / "made", failing(), info=INFO, seal=LOG_KEY.seal)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "made").mkdir()
    with pytest.raises(FileExistsError, match="another name"):
        bag.write(tmp_path / "made", some(), info=INFO, seal=LOG_KEY.seal)
    assert list((tmp_path / "made").iterdir()) == []


@pytest.mark.parametrize("path", ["../a", "/a", "a/b/c", "labels/../a", "a b", ".a", "labels/Müller.png", ""])
def test_a_path_that_no_archive_has_is_refused(tmp_path, path):
    with pytest.raises(ValueError, match="path of a file"):
        bag.write(tmp_path / "made", [bag.whole(path, b"")], info=INFO, seal=LOG_KEY.seal)


@pytest.mark.parametrize(
    ("name", "version", "path"),
    [("car-t-cryo", "2", "car-t-cryo-2"), ("a", "1.0 (draft/é)", "a-1.0-draft-"), ("a", "../..", "a-..-..")],
)
def test_a_pathway_has_a_name_that_every_system_takes(tmp_path, name, version, path):
    assert bag.pathway_path(name, version) == f"pathways/{path}.toml"
    bag.write(tmp_path / "made", [bag.whole(bag.pathway_path(name, version), b"")], info=INFO, seal=LOG_KEY.seal)


def test_a_changed_an_added_and_a_lost_file_are_found(tmp_path):
    bag.write(tmp_path / "made", some(), info=INFO, seal=LOG_KEY.seal)
    people = tmp_path / "made" / "data" / "people.jsonl"
    kept = people.read_bytes()
    assert bag.broken(tmp_path / "made") is None
    people.write_bytes(kept.replace(b"a", b"b"))
    assert "not the whole archive" in bag.broken(tmp_path / "made")
    people.unlink()
    assert "not the whole archive" in bag.broken(tmp_path / "made")
    people.write_bytes(kept)
    (tmp_path / "made" / "data" / "more").write_bytes(b"")
    assert "not the whole archive" in bag.broken(tmp_path / "made")
    assert "not the whole archive" in bag.broken(tmp_path)


def test_the_state_is_sorted_whatever_order_it_comes_in(tmp_path):
    bag.write(
        tmp_path / "made",
        [bag.state({"b": {"2": {"id": "2"}, "1": {"id": "1"}}, "a": {}})],
        info=INFO,
        seal=LOG_KEY.seal,
    )
    text = (tmp_path / "made" / "data" / "state.json").read_text("utf-8")
    assert json.loads(text) == {"a": [], "b": [{"id": "1"}, {"id": "2"}]}
    assert text.index('"a"') < text.index('"b"')


@pytest.mark.parametrize("therapy", [None, "COI-1"])
@pytest.mark.parametrize("names", [True, False])
def test_the_readme_explains_every_file_and_every_field_and_says_whose_names_are_in_it(therapy, names):
    said = bag_words.readme(therapy=therapy, names=names, **TOLD)
    own = [bag.PROOFS, bag.CHECKPOINT] if therapy else [bag.ENTRIES, bag.CHECKPOINTS]
    named = [bag.PATIENTS, bag.DOCUMENTS] if names else []
    only = [bag.ANSWERS, bag.CLASHES, bag.CODES] if names and not therapy else []
    always = [bag.KEY, bag.PEOPLE, bag.ORGANISATIONS, bag.STATE, bag.ABOUT, bag.VERIFIER, bag.LABELS, bag.PATHWAYS]
    assert [path for path in own + named + only + always if path not in said] == []
    assert ("IN THE CLEAR" in said) is names
    assert {field.name for field in fields(Entry)} | {"format", "prev"} == set(bag_words.ENTRY_FIELDS)
    assert max(map(len, said.splitlines())) <= 120
    assert said.isascii()


def test_a_folder_may_be_named_from_where_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bag.write(Path("made"), some(), info=INFO, seal=LOG_KEY.seal)
    assert Path.cwd() == tmp_path
    assert bag.broken(Path("made")) is None
