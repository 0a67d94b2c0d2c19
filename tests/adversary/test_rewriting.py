"""The log cannot be rewritten: with a receipt or a checkpoint from outside, the separate verifier finds each attack."""

import json
import random
import shutil

import pytest
from sqlalchemy import delete, select

from coi.actions import backup, exporting, logkeys, outside
from coi.actions.attempts import as_bytes
from coi.actions.system import Fact, tell
from coi.actions.verification import verify
from coi.exports import coi_verify
from coi.record import schema
from coi.record.db import open_store
from coi.record.logkey import LogKey
from coi.record.tables import ATTEMPT, CHECKPOINT, ENTRY
from tests.adversary import rewriting
from tests.adversary.rewriting import run
from tests.play import Player
from tests.watch.tampering import without_guards
from tests.worlds import LOG_KEY, make_office

OTHER_KEY = LogKey(LOG_KEY.name, b"the key of somebody else, 32 by.")


@pytest.fixture
def kept(tables_url, tmp_path):
    """A played log, a checkpoint and a receipt that somebody outside kept in its middle, and its export."""
    office = make_office(tables_url, has_tables=True)
    player = Player(office)
    player.offered("REWRITE-1")
    coi = player.enrol("REWRITE-2")
    answer = player.step("demo-nurse", "container.planned", coi=coi, values={"purpose": "dose", "count": 2})
    (tmp_path / "receipt.json").write_bytes(as_bytes(answer))
    (tmp_path / "checkpoint.txt").write_text(answer["receipt"]["checkpoint"])
    player.offered("REWRITE-3")
    yield office, answer["receipt"]
    office.store.close()


def attacked(office, tmp_path, attack, *against):
    with without_guards(office.store) as conn:
        attack(conn)
    rewriting.exported(office, tmp_path / "log.jsonl")
    return run(tmp_path / "log.jsonl", *(tmp_path / name for name in against))


def test_the_genuine_log_is_right_also_against_what_was_kept(kept, tmp_path):
    office, _ = kept
    code, said = attacked(office, tmp_path, lambda _: None, "checkpoint.txt", "receipt.json")
    assert (code, said.startswith("RIGHT")) == (0, True), said
    assert verify(office) == []
    for name in ("checkpoint.txt", "receipt.json"):
        assert outside.compare(office, (tmp_path / name).read_text()) == []


def test_an_edited_row_is_found_and_named(kept, tmp_path):
    office, receipt = kept
    position = receipt["position"]
    code, said = attacked(office, tmp_path, lambda conn: rewriting.edited(conn, position, software="x"))
    assert (code, f"the first change is among the entries {position} to" in said) == (1, True), said
    (tmp_path / "log.jsonl").unlink()
    (tmp_path / "log.jsonl.checkpoints").unlink()
    code, said = attacked(office, tmp_path, lambda _: None, "receipt.json")
    assert f"Position {position}: it is not the entry of which a receipt was given" in said


def test_an_edited_row_in_a_chain_is_named_by_the_one_behind_it(kept, tmp_path):
    office, _ = kept
    with office.store.read() as conn:
        entries = rewriting.documents(conn)
    last = entries[-1]
    before = next(e["position"] for e in entries if (e["stream"], e["seq"]) == (last["stream"], last["seq"] - 1))
    code, said = attacked(office, tmp_path, lambda conn: rewriting.edited(conn, before, software="x"))
    assert (code, f"the entry at {before} was changed" in said) == (1, True), said


def test_a_deleted_row_is_found(kept, tmp_path):
    office, receipt = kept
    gone = receipt["position"]

    def take_out(conn):
        conn.execute(delete(ATTEMPT).where(ATTEMPT.c.position == gone))
        conn.execute(delete(ENTRY).where(ENTRY.c.position == gone))

    code, said = attacked(office, tmp_path, take_out)
    assert code == 1
    assert f"Position {gone}: the entry says it stands at {gone + 1}" in said


def without(entries, position):
    return [entry for entry in entries if entry["position"] != position]


def swapped(entries, one, other):
    entries[one], entries[other] = entries[other], entries[one]
    return entries


def forged(entries, position):
    """An entry that never was: another hold lifted, right behind the given one."""
    entry = entries[position] | {"id": "00000000-0000-4000-8000-000000000000", "kind": "hold.lifted"}
    return [*entries[: position + 1], entry, *entries[position + 1 :]]


@pytest.mark.parametrize("attack", [
    without, lambda e, p: swapped(e, p, p + 1), lambda e, p: forged(e, p - 1),
    lambda e, p: [*e[:p], e[p] | {"software": "x"}, *e[p + 1:]],
], ids=["deleted", "swapped", "inserted", "edited"])  # fmt: skip
@pytest.mark.parametrize(
    "key", [None, LOG_KEY, OTHER_KEY], ids=["unsigned", "signed-with-the-stolen-key", "signed-with-another"]
)
def test_whatever_is_rewritten_with_every_hash_made_to_fit_is_found(kept, tmp_path, attack, key):
    office, receipt = kept

    def rewrite(conn):
        rewriting.written(conn, attack(rewriting.documents(conn), receipt["position"]))
        if key is not None:
            rewriting.signed_anew(conn, key)

    code, said = attacked(office, tmp_path, rewrite, "checkpoint.txt")
    assert code == 1, said
    if key is LOG_KEY:
        assert "the log was written anew" in said
    elif key is OTHER_KEY:
        assert "not signed with the expected key" in said
    else:
        assert "not the one that was signed" in said or "are gone" in said or "added by nobody" in said


def cut(conn, size, *, with_checkpoints):
    conn.execute(delete(ATTEMPT).where(ATTEMPT.c.position >= size))
    conn.execute(delete(ENTRY).where(ENTRY.c.position >= size))
    if with_checkpoints:
        conn.execute(delete(CHECKPOINT).where(CHECKPOINT.c.size > size))


@pytest.mark.parametrize("with_checkpoints", [True, False])
def test_a_cut_off_end_is_found(kept, tmp_path, with_checkpoints):
    office, receipt = kept
    start = receipt["position"]  # before the receipt's own transaction, where a checkpoint stands
    code, said = attacked(
        office, tmp_path, lambda conn: cut(conn, start, with_checkpoints=with_checkpoints), "checkpoint.txt"
    )
    assert (code, "are gone" in said) == (1, True), said
    assert any("gone" in fault for fault in outside.compare(office, (tmp_path / "checkpoint.txt").read_text()))


@pytest.mark.parametrize("proof", [None, "", "bm90IGEgc2lnbmF0dXJl"], ids=repr)
def test_a_key_that_the_old_one_did_not_sign_for_is_not_believed(kept, tmp_path, proof):
    office, _ = kept

    def take_over(conn):
        stolen = office.__class__(store=office.store, keys=office.keys, log_key=OTHER_KEY, now=office.now)
        values = {"before": LOG_KEY.verifier_key, "key": OTHER_KEY.verifier_key, "proof": proof}
        tell(office, conn, [Fact("key.adopted", {"key": LOG_KEY.verifier_key})])
        tell(stolen, conn, [Fact("key.changed", values)], new_key=True)

    code, said = attacked(office, tmp_path, take_over, "checkpoint.txt")
    assert (code, "not signed with the expected key" in said) == (1, True), said


def test_a_key_that_names_the_genuine_one_as_its_successor_gains_nothing(kept, tmp_path):
    """A forger adopts his own key, names the genuine one as the next, and signs the whole with his own."""
    office, _ = kept

    def rewrite(conn):
        entries = rewriting.documents(conn)
        first = entries[0] | {"kind": "key.adopted", "values": {"key": OTHER_KEY.verifier_key}, "stream": "system"}
        second = entries[1] | {"kind": "key.changed", "stream": "system",
                               "values": {"before": OTHER_KEY.verifier_key, "key": LOG_KEY.verifier_key}}  # fmt: skip
        rewriting.written(conn, [first, second, *entries[2:]])
        rewriting.signed_anew(conn, OTHER_KEY)

    code, said = attacked(office, tmp_path, rewrite)
    assert (code, "not signed with the expected key" in said) == (1, True), said


def test_an_old_copy_that_goes_on_is_found(kept, tmp_path):
    office, receipt = kept
    with without_guards(office.store) as conn:
        cut(conn, receipt["position"], with_checkpoints=True)
    for number in range(4):
        with office.store.write() as conn:
            tell(office, conn, [Fact("watcher.seen", {"hour": f"{number}"})])
    rewriting.exported(office, tmp_path / "log.jsonl")
    assert run(tmp_path / "log.jsonl")[0] == 0, "by itself it is a right log"
    code, said = run(tmp_path / "log.jsonl", tmp_path / "checkpoint.txt")
    assert (code, "written anew" in said) == (1, True), said
    code, said = run(tmp_path / "log.jsonl", tmp_path / "receipt.json")
    assert f"Position {receipt['position']}: it is not the entry of which a receipt was given" in said
    assert any("anew" in fault for fault in outside.compare(office, (tmp_path / "receipt.json").read_text()))


def test_a_backup_of_an_old_day_restored_is_found_from_outside(kept, tmp_path):
    office, _ = kept
    backup.back_up(office, tmp_path / "copy.tar")
    newer = Player(office).enrol("REWRITE-4")
    with office.store.read() as conn:
        note = conn.execute(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1)).scalar_one()
    other = office.__class__(store=make_empty(tmp_path), keys=office.keys, log_key=LOG_KEY, now=office.now)
    assert backup.restore(other, tmp_path / "copy.tar") == []
    assert any("gone" in fault or "anew" in fault for fault in outside.compare(other, note))
    assert newer
    other.store.close()


def make_empty(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    schema.upgrade(store)
    return store


def test_the_verifier_follows_a_change_of_key_that_is_proved(kept, tmp_path):
    office, _ = kept
    with office.store.write() as conn:
        tell(office, conn, [Fact("key.adopted", {"key": LOG_KEY.verifier_key})])
    changed = office.__class__(store=office.store, keys=office.keys, log_key=OTHER_KEY, now=office.now)
    logkeys.change(changed, old=LOG_KEY, told_key=LOG_KEY.verifier_key)
    rewriting.exported(changed, tmp_path / "log.jsonl")
    for key in (LOG_KEY, OTHER_KEY):
        assert run(tmp_path / "log.jsonl", tmp_path / "checkpoint.txt", key=key.verifier_key)[0] == 0
    assert verify(changed) == []


# --- receipts, dossiers and single bits


def test_a_receipt_alone_is_checked_and_no_part_of_it_can_be_changed(kept, tmp_path):
    _, receipt = kept
    assert run(tmp_path / "receipt.json")[0] == 0
    changes = [{"position": receipt["position"] + 1}, {"leaf": "00" * 32}, {"proof": receipt["proof"][:-1]},
               {"proof": ["00" * 32, *receipt["proof"][1:]]}, {"proof": [*receipt["proof"], "00" * 32]},
               {"size": receipt["size"] + 1}, {"checkpoint": OTHER_KEY.checkpoint(receipt["size"], bytes(32))},
               {"proof": None}, {"leaf": 7}, {"checkpoint": None}]  # fmt: skip
    for change in changes:
        (tmp_path / "changed.json").write_text(json.dumps(receipt | change))
        assert run(tmp_path / "changed.json")[0] == 1, change


def test_a_dossier_is_checked_and_shows_nothing_that_the_log_does_not_prove(kept, tmp_path):
    office, _ = kept
    player = Player(office)
    coi = player.enrol("REWRITE-5")
    player.plan(coi, "dose")
    made = exporting.dossier(office, coi, caller=player.as_("demo-nurse"))
    file = tmp_path / "dossier.json"
    file.write_text(json.dumps(made, ensure_ascii=False))
    assert run(file)[0] == 0
    log = made["log"]["entries"]
    for wrong in (
        {**made, "log": {**made["log"], "entries": log[1:]}},
        {**made, "log": {**made["log"], "entries": [log[0] | {"proof": log[1]["proof"]}, *log[1:]]}},
        {**made, "log": {**made["log"], "entries": [log[0] | {"leaf": log[1]["leaf"]}, *log[1:]]}},
        {**made, "entries": [made["entries"][0] | {"leaf": "00" * 32}, *made["entries"][1:]]},
    ):
        file.write_text(json.dumps(wrong, ensure_ascii=False))
        assert run(file)[0] == 1


def flipped(data: bytes, choose: random.Random) -> bytes:
    changed = bytearray(data)
    changed[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
    return bytes(changed)


def flips(office, tmp_path, count, seed):
    """Flip one random bit of the log or of its last checkpoint, so often; return how many flips were found."""
    genuine, folder = tmp_path / "genuine.jsonl", tmp_path / "flipped"
    rewriting.exported(office, genuine)
    log = genuine.read_bytes()
    note = (tmp_path / "genuine.jsonl.checkpoints").read_bytes().splitlines()[-1] + b"\n"
    choose, found = random.Random(seed), 0
    for _ in range(count):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        in_note = choose.random() < 0.1
        (folder / "log.jsonl").write_bytes(log if in_note else flipped(log, choose))
        (folder / "log.jsonl.checkpoints").write_bytes(flipped(note[:-1], choose) + b"\n" if in_note else note)
        found += coi_verify.main([str(folder / "log.jsonl"), "--key", LOG_KEY.verifier_key])
    return found


def test_every_flipped_bit_is_found(kept, tmp_path, capsys):
    assert flips(kept[0], tmp_path, 20, seed=1) == 20
    capsys.readouterr()


@pytest.mark.soak
def test_a_thousand_flipped_bits_are_found(kept, tmp_path, capsys, record_property):
    found = flips(kept[0], tmp_path, 1000, seed=20261123)
    capsys.readouterr()
    record_property("flips", 1000)
    record_property("found", found)
    record_property("seed", 20261123)
    assert found == 1000
