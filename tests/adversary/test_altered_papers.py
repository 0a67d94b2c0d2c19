"""What was taken out of the house and changed on the way: a dossier, an archive, a receipt, a copy kept outside."""

import copy
import hashlib
import json
import shutil

import pytest

from coi.actions import archive, exporting, outside
from coi.actions.attempts import as_bytes
from coi.journey.checkpoint import BadNote, Checkpoint, signed
from coi.record.logkey import LogKey
from tests.adversary import rewriting
from tests.adversary.rewriting import run
from tests.play import Player, caller_of
from tests.worlds import LOG_KEY, make_office

OTHER_KEY = LogKey(LOG_KEY.name, b"the key of somebody else, 32 by.")


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """A folder with a receipt, a dossier, an archive of one therapy and one of all; nothing in it is changed."""
    folder = tmp_path_factory.mktemp("papers")
    office = make_office(f"sqlite:///{folder / 'coi.sqlite3'}")
    player = Player(office)
    coi, _ = player.offered("PAPER-1")
    answer = player.step("demo-nurse", "container.planned", coi=coi, values={"purpose": "dose", "count": 2})
    (folder / "receipt.json").write_bytes(as_bytes(answer))
    player.plan(coi, "retention")
    dossier = exporting.dossier(office, coi, caller=caller_of(office, "demo-auditor"))
    (folder / "dossier.json").write_text(json.dumps(dossier))
    archive.write_archive(office, folder / "one", therapy=coi)
    archive.write_archive(office, folder / "all")
    rewriting.exported(office, folder / "log.jsonl")
    office.store.close()
    return folder


def changed(papers, tmp_path, change):
    dossier = json.loads((papers / "dossier.json").read_text())
    change(dossier)
    (tmp_path / "dossier.json").write_text(json.dumps(dossier))
    return run(tmp_path / "dossier.json")


def without_the(number):
    def change(dossier):
        gone = dossier["entries"].pop(number)["leaf"]
        dossier["log"]["entries"] = [one for one in dossier["log"]["entries"] if hash_of(one["leaf"]) != gone]

    return change


def hash_of(leaf):
    return hashlib.sha256(b"\x00" + leaf.encode()).hexdigest()


def emptied(dossier):
    dossier["entries"], dossier["log"]["entries"] = [], []


def masked(dossier):
    dossier["log"]["entries"] = []
    for entry in dossier["entries"]:
        entry["masked"] = True


def forged(dossier):
    dossier["entries"].append(
        copy.deepcopy(dossier["entries"][5]) | {"leaf": "00", "masked": True, "words": "Released"}
    )


DOSSIERS = {
    "an entry taken out": without_the(5),
    "the end taken off": without_the(-1),
    "other words": lambda dossier: dossier["entries"][5].update(words="Containers discarded"),
    "another person": lambda dossier: dossier["entries"][5]["recorded_by"].update(person="demo-quality"),
    "another custody": lambda dossier: dossier["custody"].clear(),
    "another therapy": lambda dossier: dossier["therapy"].update(coi="COI-2222222222222"),
    "an entry told twice": lambda dossier: dossier["entries"].append(dossier["entries"][5]),
    "a forged entry as if masked": forged,
    "nothing left": emptied,
    "everything masked": masked,
    "no seal": lambda dossier: dossier.pop("seal"),
    "half a character": lambda dossier: dossier["log"]["entries"][0].update(position="\ud800"),
}


def test_a_dossier_as_it_was_made_is_right(papers, tmp_path):
    code, said = changed(papers, tmp_path, lambda _: None)
    assert (code, said[:5]) == (0, "RIGHT"), said


@pytest.mark.parametrize("change", DOSSIERS.values(), ids=DOSSIERS)
def test_whatever_is_changed_in_a_dossier_is_found(papers, tmp_path, change):
    code, said = changed(papers, tmp_path, change)
    assert (code, said[:5]) == (1, "WRONG"), said


def test_a_dossier_sealed_with_another_key_is_not_the_logs(papers, tmp_path):
    dossier = json.loads((papers / "dossier.json").read_text())
    del dossier["seal"]
    line = json.dumps(dossier, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    dossier["seal"] = OTHER_KEY.seal("dossier", hashlib.sha256(line.encode()).hexdigest())
    (tmp_path / "dossier.json").write_text(json.dumps(dossier))
    code, said = run(tmp_path / "dossier.json")
    assert code == 1
    assert "not signed with the expected key" in said


def remanifested(bag):
    """Write manifests that fit what lies in a bag now, as anybody can."""

    def line(path):
        return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bag)}\n"

    found = sorted(path for path in (bag / "data").rglob("*") if path.is_file())
    (bag / "manifest-sha256.txt").write_text("".join(map(line, found)))
    tags = sorted(path for path in bag.iterdir() if path.is_file() and not path.name.startswith("tagmanifest"))
    (bag / "tagmanifest-sha256.txt").write_text("".join(map(line, tags)))


def lines_cut(bag, keep):
    file = bag / "data" / "log" / "proofs.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:keep]))


def text_swapped(bag):
    file = bag / "data" / "patients.jsonl"
    file.write_text(file.read_text().replace("Doe", "Roe"))


def linked(bag):
    (bag / "data" / "README.txt").rename(bag.parent / "elsewhere.txt")
    (bag / "data" / "README.txt").symlink_to(bag.parent / "elsewhere.txt")


ARCHIVES = {
    "an entry taken out": ("one", lambda bag: lines_cut(bag, -1)),
    "every entry taken out": ("one", lambda bag: lines_cut(bag, 0)),
    "a patient's name": ("all", text_swapped),
    "a link out of it": ("all", linked),
    "a file added": ("all", lambda bag: (bag / "data" / "more.txt").write_text("more")),
    "no seal": ("all", lambda bag: (bag / "seal.txt").unlink()),
}


@pytest.mark.parametrize("which", ["one", "all"])
def test_an_archive_as_it_was_made_is_right_whoever_writes_its_manifests(papers, tmp_path, which):
    shutil.copytree(papers / which, tmp_path / which)
    code, said = run(tmp_path / which)
    assert (code, said[:5]) == (0, "RIGHT"), said


@pytest.mark.parametrize(("which", "change"), ARCHIVES.values(), ids=ARCHIVES)
def test_whatever_is_changed_in_an_archive_is_found_though_its_manifests_fit(papers, tmp_path, which, change):
    bag = tmp_path / which
    shutil.copytree(papers / which, bag)
    before = {path: path.read_bytes() for path in bag.rglob("*") if path.is_file()}
    change(bag)
    assert {path: path.read_bytes() for path in bag.rglob("*") if path.is_file()} != before or change is linked
    remanifested(bag)
    code, said = run(bag)
    assert (code, said[:5]) == (1, "WRONG"), said


@pytest.fixture
def receipt(papers):
    return json.loads((papers / "receipt.json").read_text())["receipt"]


def fork_of(size):
    """A checkpoint of the same log, size and key, of another tree."""
    text = Checkpoint(LOG_KEY.name, size, b"\x07" * 32).text()
    return signed(text, (LOG_KEY.sign(text),))


@pytest.mark.parametrize("thing", ["receipt.json", "dossier.json", "one", "all", "log.jsonl"])
def test_a_checkpoint_of_a_forked_log_is_found_with_everything_that_is_of_its_size(papers, tmp_path, thing):
    shutil.copytree(papers, tmp_path / "here")
    kept, at = tmp_path / "fork.txt", tmp_path / "here" / thing
    kept.write_text(fork_of(size_in(at)))
    code, said = run(at, kept)
    assert code == 1, said
    assert "What was kept outside" in said


def size_in(thing):
    """The size of the checkpoint in a paper."""
    if thing.is_dir():
        log = thing / "data" / "log"
        one = (log / "checkpoint.txt").exists()
        note = (log / "checkpoint.txt").read_text() if one else lines_of(log / "entries.jsonl.checkpoints")[-1]
    elif thing.suffix == ".jsonl":
        note = lines_of(thing.with_name(thing.name + ".checkpoints"))[-1]
    else:
        said = json.loads(thing.read_text())
        note = said["log"]["checkpoint"] if "log" in said else said["receipt"]["checkpoint"]
    return int(note.split("\n")[1])


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


KEPT = {
    "an unsigned checkpoint": lambda _: f"{LOG_KEY.name}\n5\nAAAA\n\n",
    "no checkpoint at all": lambda _: "nonsense",
    "a receipt of a position beyond": lambda receipt: json.dumps(receipt | {"position": 999999, "leaf": "00" * 32}),
    "a receipt of another entry": lambda receipt: json.dumps(receipt | {"leaf": "00" * 32}),
    "too deep to be read": lambda _: '{"receipt":' + "[" * 100_000,
}


@pytest.mark.parametrize("thing", ["receipt.json", "dossier.json", "log.jsonl"])
@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_what_was_kept_outside_has_to_be_genuine_itself(papers, tmp_path, receipt, thing, kept):
    shutil.copytree(papers, tmp_path / "here")
    (tmp_path / "kept.json").write_text(kept(receipt))
    code, said = run(tmp_path / "here" / thing, tmp_path / "kept.json")
    assert (code, said[:5]) == (1, "WRONG"), said


def test_what_cannot_be_compared_is_said_and_what_an_editor_adds_to_a_copy_is_overlooked(papers, tmp_path, receipt):
    shutil.copytree(papers, tmp_path / "here")
    (tmp_path / "kept.txt").write_text("\ufeff" + receipt["checkpoint"].rstrip("\n"))
    code, said = run(tmp_path / "here" / "dossier.json", tmp_path / "kept.txt")
    assert code == 0, said
    assert f"OPEN   What was kept of {receipt['size']} entries can be compared with the whole log only" in said
    assert run(tmp_path / "here" / "log.jsonl", tmp_path / "kept.txt")[0] == 0
    assert "nothing said beside it" in run(tmp_path / "here" / "receipt.json")[1]


LINES = {
    "no stream": {"stream": None}, "a list for a stream": {"stream": []}, "a number for a time": {"recorded_at": 5},
    "a text for a number": {"seq": "2"}, "no kind": {"kind": None},
}  # fmt: skip


@pytest.mark.parametrize("change", LINES.values(), ids=LINES)
def test_a_line_that_cannot_be_understood_is_named_and_all_others_are_checked(papers, tmp_path, change):
    lines = (papers / "log.jsonl").read_bytes().splitlines()
    entry = json.loads(lines[7])
    for name, value in change.items():
        entry[name] = value
        if value is None:
            del entry[name]
    lines[7] = rewriting.as_leaf(entry)
    (tmp_path / "log.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    notes = (papers / "log.jsonl.checkpoints").read_text().splitlines()
    (tmp_path / "log.jsonl.checkpoints").write_text("\n".join(["junk", *notes]) + "\n")
    code, said = run(tmp_path / "log.jsonl")
    assert code == 1
    assert "Position 7" in said
    assert "The tree over the" in said


def test_a_receipt_too_deep_to_be_read_is_one_sentence(papers, tmp_path):
    (tmp_path / "receipt.json").write_text("[" * 100_000)
    code, said = run(tmp_path / "receipt.json")
    assert (code, said.count("\n")) == (1, 1), said


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 99_999, "{", "{}", '{"receipt": 5}', '{"checkpoint": 5}', '{"checkpoint": "\\ud800"}', "junk",
     '{"checkpoint": "x", "leaf": "00", "position": [1]}', '{"checkpoint": "x", "leaf": 5}'],
    ids=["deep", "open", "empty", "number", "number-within", "half a character", "junk", "position", "leaf"],
)  # fmt: skip
def test_what_was_kept_and_is_no_receipt_is_said_to_be_none(sqlite_office, text):
    (fault,) = outside.compare(sqlite_office, text)
    assert fault.startswith("Kept outside: ")
    assert fault.endswith(".")
    with pytest.raises(BadNote):
        outside.size_of(text)


def test_a_file_that_is_no_text_is_said_to_be_no_checkpoint(sqlite_office, tmp_path):
    (tmp_path / "kept").write_bytes(b"\x93\xff" * 500)
    (fault,) = outside.compare(sqlite_office, outside.fetched(str(tmp_path / "kept")))
    assert "codec" not in fault


@pytest.mark.parametrize("position", [-1, 10**30, True, None])
def test_a_receipt_of_a_position_that_no_log_has_is_told(sqlite_office, position):
    receipt = Player(sqlite_office).step("demo-nurse", "shipper.charged", [("shipper", "BOX-1")],
                                         values={"hold_hours": 9})["receipt"]  # fmt: skip
    assert outside.compare(sqlite_office, json.dumps(receipt)) == []
    (fault,) = outside.compare(sqlite_office, json.dumps(receipt | {"position": position}))
    assert fault.startswith("Kept outside: ")
