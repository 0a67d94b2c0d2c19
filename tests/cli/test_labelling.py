"""The keys of labels and the law of labels at the command line; a label that is judged without an instance."""

import os
import subprocess
import sys
from importlib import resources

import pytest

from coi.actions import labels
from coi.actions.system import told as facts
from coi.record.db import open_store
from scanners import read_keys
from tests.cli.running import Instance
from tests.play import Player


@pytest.fixture
def demo(tmp_path, sqlite_url):
    """A demo instance."""
    made = Instance(tmp_path / "instance", sqlite_url)
    made.run("init", "--demo")
    return made


def told(instance, *kinds):
    store = open_store(instance.url)
    try:
        with store.read() as conn:
            return [(entry.kind, entry.values) for entry in facts(conn, *kinds)]
    finally:
        store.close()


def label_of(instance, number):
    """Issue a label and return the text of its symbol."""
    with instance.office() as office:
        player = Player(office)
        coi = player.enrol(number)
        serial = player.label(player.plan(coi, "starting_material")[0])
        return labels.content(office, serial, caller=player.as_("demo-nurse"))[0].code


KINDS = ("label_key.adopted", "label_key.changed")


def test_a_label_is_judged_with_the_list_alone_by_either_program(demo, tmp_path):
    text, keys = label_of(demo, "MRN-1"), tmp_path / "keys.txt"
    keys.write_text(demo.run("label-keys"), "utf-8")
    assert demo.run("label", "check", text, "--keys", keys).startswith("Genuine: coi-label/")
    alone = {"PATH": os.environ["PATH"], "COI_INSTANCE": str(tmp_path / "nothing")}
    command = [sys.executable, "-m", "scanners", text, "--keys", str(keys)]
    done = subprocess.run(command, env=alone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:8]) == (0, "Genuine:")
    altered = text[:-2] + ("0" if text[-2] != "0" else "1") + text[-1]
    assert "altered" in demo.run("label", "check", altered, "--keys", keys, expect=1)
    assert "another standard" in demo.run("label", "check", "=A99991712345600", "--keys", keys, expect=1)
    keys.write_text("nonsense", "utf-8")
    assert "Line 1" in demo.run("label", "check", text, "--keys", keys, expect=1)


def test_the_key_is_a_file_of_its_own_and_its_change_is_an_entry(demo, tmp_path):
    key = demo.folder / "keys" / "label.key"
    assert key.stat().st_mode & 0o777 == 0o600
    (first,) = read_keys(demo.run("label-keys"))
    old, keys = label_of(demo, "MRN-1"), tmp_path / "keys.txt"
    keys.write_text(demo.run("label-keys", "--new"), "utf-8")
    was, now = read_keys(keys.read_text("utf-8"))
    assert (was.key, was.name, was.revoked, now.until) == (first.key, now.name, None, None)
    assert was.until == now.since
    assert demo.run("label", "check", old, "--keys", keys).startswith("Genuine")
    assert [kind for kind, _ in told(demo, *KINDS)] == list(KINDS)
    assert first.key.hex() not in str(told(demo, *KINDS))
    keys.write_text(demo.run("label-keys", "--new", "--compromised"), "utf-8")
    assert read_keys(keys.read_text("utf-8"))[1].revoked is not None
    assert len(told(demo, *KINDS)) == 3
    demo.run("verify")


def test_a_key_that_others_may_read_or_that_was_replaced_is_refused(demo):
    key = demo.folder / "keys" / "label.key"
    before = key.read_bytes()
    key.chmod(0o644)
    assert "0644" in demo.run("doctor", expect=1)
    key.chmod(0o600)
    demo.run("label-keys", "--new")
    key.write_bytes(before)
    assert "replaced before" in demo.run("init", "--demo", expect=1)
    assert "one key" not in demo.run("label-keys", "--compromised", expect=1)


def test_an_instance_from_before_there_were_label_keys_gets_one_by_its_upgrade(demo):
    (demo.folder / "keys" / "label.key").unlink()
    assert "no label key" in demo.run("doctor", COI_CLOCK_SYNC="outside")
    assert label_of(demo, "MRN-1").startswith("LBL-")
    demo.run("upgrade")
    assert label_of(demo, "MRN-2").startswith("COI1:")
    assert [kind for kind, _ in told(demo, *KINDS)] == list(KINDS)


def test_the_law_is_printed_with_what_nobody_verified_and_an_edited_copy_takes_its_place(demo):
    said = demo.run("label", "law")
    assert "NOT VERIFIED  us, other: FOR AUTOLOGOUS USE ONLY" in said
    assert "verified      eu, gb: FOR AUTOLOGOUS USE ONLY - Directive 2006/86/EC" in said
    own = demo.folder / "label-law.toml"
    text = (resources.files("labels") / "law.toml").read_text("utf-8")
    own.write_text(text.replace('version = "2026-11"', 'version = "2026-11.ours"'), "utf-8")
    assert demo.run("label", "law").startswith("Label law 2026-11.ours-")
    assert "2026-11.ours" in demo.run("doctor", COI_CLOCK_SYNC="outside")
    own.write_text(text.replace("verified = true\n\n", "verified = 1\n\n"), "utf-8")
    assert "'verified' must be true or false" in demo.run("label", "law", "--check", own, expect=1)
    assert "label law" in demo.run("doctor", expect=1, COI_CLOCK_SYNC="outside").lower()
