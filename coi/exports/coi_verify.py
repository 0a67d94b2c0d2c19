#!/usr/bin/env python3
"""Check an export, a receipt, a dossier or an archive of a chain-of-custody log, with nothing but its public key.

    python coi_verify.py --key KEY [--against KEPT ...] THING

THING is a log (entries.jsonl, with entries.jsonl.checkpoints beside it), a receipt or an answer that holds one (.json),
a dossier (.json), or the folder of an archive. KEY is the public key as text or a file that holds it; it should come
from elsewhere than THING. KEPT is a checkpoint or a receipt that somebody outside kept, and may be given several times:
only with it can it be seen that the end of a log was cut off, or that the whole log was written anew.

What holds is said on standard output. What is wrong is one line each, naming the entry; the exit code is 1 then.
Nothing is ever changed. This file needs Python 3.10 and the package `cryptography`, and nothing of the service.

How the log proves itself: each entry is a line of JSON in one fixed form (RFC 8785). Its hash is SHA-256 over a zero
byte and the line. `prev` in an entry is the hash of the entry before it in the same stream. The hashes of all entries,
in the order of their positions, are the leaves of one tree (RFC 6962). A checkpoint is the log's name, the number of
its entries and the root of that tree, signed with Ed25519 (C2SP signed note).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Wrong(Exception):
    """Something does not hold; the message says what, in one sentence."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of an entry's line."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The complete subtrees of the entries so far, the largest first: all that is needed to go on and for the root."""

    def __init__(self) -> None:
        self.size = 0
        self.hashes: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the hash of one more entry."""
        size, top = self.size, leaf
        while size & 1:
            top = node_hash(self.hashes.pop(), top)
            size >>= 1
        self.hashes.append(top)
        self.size += 1

    def root(self) -> bytes:
        """Return the root as of now."""
        if not self.hashes:
            return EMPTY_ROOT
        top = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            top = node_hash(left, top)
        return top


def root_of_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that `proof` leads to; raises Wrong when it cannot be a proof of this position and size."""
    if not 0 <= position < size:
        raise Wrong(f"position {position} is not in a tree of {size} entries")
    here, last, top = position, size - 1, leaf
    for sibling in proof:
        if last == 0 or len(sibling) != 32:
            raise Wrong("the proof is too long, or is no row of hashes")
        if here & 1 or here == last:
            top = node_hash(sibling, top)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            top = node_hash(top, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return top


def b64(text: str) -> bytes:
    """Decode base64, in the one way it can be written."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("a part that should be base64 is not") from None
    if base64.b64encode(value).decode() != text:
        raise Wrong("a part is base64 with loose ends")
    return value


class Key:
    """A public key: the name of the log, the four bytes by which signatures name it, and the key itself."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        parts = self.text.split("+", 2)
        if len(parts) != 3:
            raise Wrong("this is no public key of a log; expected name+hash+key")
        self.name, raw = parts[0], b64(parts[2])
        self.id = hashlib.sha256(self.name.encode() + b"\n" + raw).digest()[:4]
        if raw[:1] != b"\x01" or len(raw) != 33 or self.id.hex() != parts[1]:
            raise Wrong("this public key is not an Ed25519 key with its own hash")
        self.public = Ed25519PublicKey.from_public_bytes(raw[1:])

    def signed(self, signature: bytes, text: str) -> bool:
        """Tell whether this key signed a text."""
        try:
            self.public.verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def signed_text(note: str, keys: Sequence[Key]) -> str:
    """Return the text of a signed note; raises Wrong unless one of `keys` signed it."""
    text, gap, block = note.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        raise Wrong("this is no signed checkpoint or seal")
    for line in block[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Wrong("a line of signature is malformed")
        value = b64(parts[2])
        if any((parts[1], value[:4]) == (key.name, key.id) and key.signed(value[4:], text + "\n") for key in keys):
            return text + "\n"
    raise Wrong(f"what says {' '.join(text.split())[:80]} is not signed with the expected key of {keys[0].name}")


def checkpoint(note: str, keys: Sequence[Key]) -> tuple[int, bytes]:
    """Return (size, root) of a signed checkpoint; raises Wrong unless one of `keys` signed it."""
    lines = signed_text(note, keys).split("\n")
    if len(lines) != 4 or lines[0] not in {key.name for key in keys}:
        raise Wrong(f"this is no checkpoint of {keys[0].name}")
    size, root = lines[1], b64(lines[2])
    if not (size.isascii() and size.isdigit() and size == str(int(size))) or len(root) != 32:
        raise Wrong("the size or the root of this checkpoint is malformed")
    return int(size), root


def check_seal(note: str, what: str, digest: str, keys: Sequence[Key]) -> None:
    """Check the signed note over a whole document; raises Wrong when it is not of these bytes."""
    if signed_text(note, keys) != f"coi seal v1\n{what}\n{digest}\n":
        raise Wrong(f"something in this {what} was changed since it was made: its seal is of other bytes")


def keys_from(key: Key, told: Sequence[Json]) -> tuple[list[Key], list[Key]]:
    """Return (the keys that may sign now, those before them), given the entries that tell of keys, in order.

    A later key may sign when the one before it signed for it. An earlier one counts only for what was kept outside.
    """
    keys = [Key(entry["values"]["key"]) for entry in told]
    at = next((number for number, one in enumerate(keys) if one.text == key.text), None)
    if at is None:
        return [key], []
    now = [key]
    for entry, new in list(zip(told, keys, strict=True))[at + 1 :]:
        values, old = entry["values"], now[-1]
        text = f"coi key change v1\n{old.text}\n{new.text}\n"
        if values.get("before") != old.text or not values.get("proof") or not old.signed(b64(values["proof"]), text):
            break
        now.append(new)
    return now, keys[:at]


class Report:
    """What holds, what is wrong, and what could not be told."""

    def __init__(self) -> None:
        self.right, self.wrong, self.open = list[str](), list[str](), list[str]()

    def of(self, where: str, check: Callable[..., Any], *args: Any) -> Any:
        """Run one check; what it says is right, or what it raises is wrong at `where`."""
        try:
            return check(*args)
        except Wrong as fault:
            self.wrong.append(f"{where}: {fault}")
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
            self.wrong.append(f"{where}: it cannot be read ({type(fault).__name__})")
        return None


def parsed(line: bytes) -> Json:
    """Return an entry from its line."""
    document = json.loads(line)
    if not isinstance(document, dict) or document.get("format") != "coi-leaf-v1" or "kind" not in document:
        raise Wrong("it is no entry in leaf format v1")
    if json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() != line:
        raise Wrong("it is not in the one form that an entry is written in")
    return document


def check_log(path: Path, key: Key, against: Sequence[Json], report: Report) -> list[Key]:
    """Check a whole log: each entry, the chains, the tree, its checkpoint, what was kept; return its keys."""
    tree, places, told, roots = Tree(), Places(report), [], {0: EMPTY_ROOT}
    wanted = {kept["size"] for kept in against}
    receipts = {kept["position"]: kept["leaf"] for kept in against if "leaf" in kept}
    with path.open("rb") as lines:
        for position, line in enumerate(lines):
            where, leaf = f"Position {position}", line.removesuffix(b"\n")
            hashed = leaf_hash(leaf)
            tree.add(hashed)
            if tree.size in wanted:
                roots[tree.size] = tree.root()
            if receipts.get(position, hashed.hex()) != hashed.hex():
                report.wrong.append(f"{where}: it is not the entry of which a receipt was given")
            if leaf == line:
                report.wrong.append(f"{where}: the line does not end; something is cut off")
            entry = report.of(where, parsed, leaf)
            if entry is not None:
                report.of(where, places.check, entry, position, hashed.hex())
                told += [entry] if entry.get("kind") in ("key.adopted", "key.changed") else []
    now, earlier = report.of("The keys of the log", keys_from, key, told) or ([key], [])
    check_signed(path, tree, now, report)
    for kept in against:
        report.of("What was kept outside", check_kept, kept, [*now, *earlier], tree, roots)
    report.right.append(f"{tree.size} entries, root {tree.root().hex()}")
    return now


class Places:
    """Where the entries so far stand: the last one of each stream, and when the last one was recorded."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.last: dict[Any, tuple[int, int, str]] = {}
        self.recorded_at = ""

    def check(self, entry: Json, position: int, hashed: str) -> None:
        """Check that an entry stands where it says it stands."""
        where, stream, wrong = f"Position {position}", entry["stream"], self.report.wrong
        before, seq, prev = self.last.get(stream, (None, 0, None))
        if entry["position"] != position:
            wrong.append(f"{where}: the entry says it stands at {entry['position']}; one was added, moved or lost")
        if entry["seq"] != seq + 1:
            wrong.append(f"{where}: expected number {seq + 1} of stream {stream}, got {entry['seq']}")
        elif entry["prev"] != prev:
            wrong.append(f"{where}: it does not follow the entry at position {before} as that stands here; "
                         f"the entry at {before} was changed, or this one is forged")  # fmt: skip
        if entry["recorded_at"] < self.recorded_at:
            wrong.append(f"{where}: it was recorded before the entry that precedes it")
        self.last[stream], self.recorded_at = (position, entry["seq"], hashed), entry["recorded_at"]


def check_signed(path: Path, tree: Tree, keys: Sequence[Key], report: Report) -> None:
    """Check the last checkpoint beside a log; when it does not fit, find the first one that does not."""
    beside = Path(str(path) + ".checkpoints")
    notes = beside.read_text("utf-8").splitlines() if beside.exists() else []
    if not notes:
        report.wrong.append(f"There is no checkpoint beside {Path(path).name}: nothing shows that its end is the end")
        return
    signed = report.of("The last checkpoint", lambda: checkpoint(json.loads(notes[-1]), keys))
    if signed is None:
        return
    size, root = signed
    if size > tree.size:
        report.wrong.append(f"The log has {tree.size} entries, {size} are signed: {size - tree.size} are gone")
    elif size < tree.size:
        report.wrong.append(f"The log has {tree.size} entries, only {size} are signed: the rest was added by nobody")
    elif root != tree.root():
        report.wrong.append(
            f"The tree over the {size} entries is not the one that was signed; {first_bad(path, notes)}"
        )


def first_bad(path: Path, notes: Sequence[str]) -> str:
    """Say between which entries the first change lies, by the checkpoints that were signed on the way."""
    tree, good, stated = Tree(), 0, {}
    for note in notes:
        with suppress(ValueError, AttributeError):  # one that cannot be read says nothing
            _, size, root = json.loads(note).split("\n")[:3]
            stated[int(size)] = base64.b64decode(root)
    with path.open("rb") as lines:
        for line in lines:
            tree.add(leaf_hash(line.rstrip(b"\n")))
            if tree.size in stated and stated[tree.size] != tree.root():
                return f"the first change is among the entries {good} to {tree.size - 1}"
            good = tree.size if tree.size in stated else good
    return "the checkpoints on the way do not say where"


def check_kept(kept: Json, keys: Sequence[Key], tree: Tree, roots: dict[int, bytes]) -> None:
    """Check a checkpoint or receipt that was kept outside against a log."""
    size, root = checkpoint(kept["checkpoint"], keys)
    if "leaf" in kept:
        check_receipt(kept, keys)
    if size > tree.size:
        raise Wrong(f"the log had {size} entries then and has {tree.size} now; {size - tree.size} are gone")
    if roots.get(size) != root:
        raise Wrong(f"the first {size} entries are not those that were signed then; the log was written anew")


def check_receipt(receipt: Json, keys: Sequence[Key]) -> str:
    """Check a receipt by itself; return what it shows."""
    size, root = checkpoint(receipt["checkpoint"], keys)
    hashed = bytes.fromhex(receipt["leaf"])
    if "size" in receipt and receipt["size"] != size:
        raise Wrong(f"the receipt says {receipt['size']} entries, its checkpoint {size}")
    proof = [bytes.fromhex(found) for found in receipt["proof"]]
    if root_of_inclusion(hashed, receipt["position"], size, proof) != root:
        raise Wrong(f"the proof does not lead from the entry to the signed root of {size} entries")
    return f"Position {receipt['position']} is in the log of {size} entries"


def check_beside(kept: Json, keys: Sequence[Key], signed: tuple[int, bytes], leaves: Json, report: Report) -> None:
    """Check what was kept outside against one checkpoint and the hashes of some entries by position."""
    size, root = checkpoint(kept["checkpoint"], keys)
    if "leaf" in kept:
        check_receipt(kept, keys)
        if leaves.get(kept["position"], kept["leaf"]) != kept["leaf"]:
            raise Wrong(f"the entry at position {kept['position']} is not the one of which the receipt was given")
    if size == signed[0] and root != signed[1]:
        raise Wrong(f"two checkpoints of {size} entries differ: there are two logs of one name")
    if size != signed[0]:
        report.open.append(f"What was kept of {size} entries can be compared with the whole log only, not with this")


def check_some(items: Sequence[Json], note: str, key: Key, against: Sequence[Json], report: Report) -> None:
    """Check entries of a log that is not here as a whole, each with its proof: a dossier, an archive of a therapy."""
    signed, leaves = report.of("The checkpoint", checkpoint, note, [key]), {}
    if not items:
        report.wrong.append("There is no entry with a proof, so nothing is proved")
    for item in items if signed else ():
        where, leaf = f"Position {item['position']}", item["leaf"].encode()
        entry = report.of(where, parsed, leaf)
        if entry is not None and entry.get("position") != item["position"]:
            report.wrong.append(f"{where}: the entry says it stands at {entry.get('position')}")
        leaves[item["position"]] = leaf_hash(leaf).hex()
        report.of(where, check_receipt, {**item, "leaf": leaf_hash(leaf).hex(), "checkpoint": note}, [key])
    for kept in against if signed else ():
        report.of("What was kept outside", check_beside, kept, [key], signed, leaves, report)
    report.right.append(f"{len(items)} entries, each in the signed log")


def check_dossier(document: Json, key: Key, against: Sequence[Json], report: Report) -> None:
    """Check that a dossier is as it was made, and that the log holds each entry that it shows."""
    told = {name: value for name, value in document.items() if name != "seal"}
    line = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(line.encode("utf-8", "backslashreplace")).hexdigest()
    report.of("The dossier", check_seal, document.get("seal", ""), "dossier", digest, [key])
    check_some(document["log"]["entries"], document["log"]["checkpoint"], key, against, report)
    proved = {leaf_hash(item["leaf"].encode()).hex() for item in document["log"]["entries"]}
    for shown in document["entries"]:
        if shown["leaf"] not in proved and not shown["masked"]:
            report.wrong.append(f"Entry {shown['number']} of the dossier is not among those that the log proves")


def check_bag(folder: Path, report: Report) -> None:
    """Check that the files of an archive are those that its manifests name (BagIt, RFC 8493)."""
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        lines = [line.split(maxsplit=1) for line in (folder / name).read_text("utf-8").splitlines()]
        for digest, path in lines:
            file = folder / path
            inside = file.resolve() == folder.resolve() / path  # no way out of the archive, and no link
            if not inside or not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                report.wrong.append(f"File {path} of the archive is not what {name} says")
        if name.startswith("manifest"):
            found = {str(file.relative_to(folder)) for file in (folder / "data").rglob("*") if not file.is_dir()}
            strange = sorted(found - {path for _, path in lines})
            report.wrong += [f"File {path} of the archive is in no manifest" for path in strange]


def check_archive(folder: Path, key: Key, against: Sequence[Json], report: Report) -> None:
    """Check an archive: its files, its log or the proofs of its entries, and the seal over all of it."""
    check_bag(folder, report)
    log, keys = folder / "data" / "log", [key]
    if (log / "proofs.jsonl").exists():
        items = [json.loads(line) for line in (log / "proofs.jsonl").read_text("utf-8").splitlines()]
        check_some(items, (log / "checkpoint.txt").read_text("utf-8"), key, against, report)
    else:
        keys = check_log(log / "entries.jsonl", key, against, report)
    seal, manifest = folder / "seal.txt", folder / "manifest-sha256.txt"
    note = seal.read_text("utf-8") if seal.exists() else ""
    report.of("The archive", check_seal, note, "archive", hashlib.sha256(manifest.read_bytes()).hexdigest(), keys)


def read_kept(text: str) -> Json:
    """Return a checkpoint or receipt that was kept outside as {checkpoint, size, …}; editors add to its ends."""
    text = text.lstrip("\ufeff \n").rstrip() + "\n"
    kept: Json = json.loads(text) if text.startswith("{") else {"checkpoint": text}
    kept = kept.get("receipt", kept)
    return {**kept, "size": int(kept["checkpoint"].split("\n")[1])}


def check(path: Path, key: Key, against: Sequence[Json], report: Report) -> None:
    """Check whatever lies at `path`."""
    if path.is_dir():
        check_archive(path, key, against, report)
    elif path.suffix == ".jsonl":
        check_log(path, key, against, report)
    else:
        document = json.loads(path.read_bytes())
        if "log" in document:
            check_dossier(document, key, against, report)
        else:
            check_one(document.get("receipt", document), key, against, report)


def check_one(receipt: Json, key: Key, against: Sequence[Json], report: Report) -> None:
    """Check a receipt, alone or out of an answer; what else the answer says is not proved by it."""
    said = report.of("The receipt", check_receipt, receipt, [key])
    if said:
        signed, leaves = checkpoint(receipt["checkpoint"], [key]), {receipt["position"]: receipt["leaf"]}
        for kept in against:
            report.of("What was kept outside", check_beside, kept, [key], signed, leaves, report)
        report.right.append(said)
        report.open.append(
            f"The receipt is of the entry with the hash {receipt['leaf']}, and of nothing said beside it"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the command line names; return the exit code."""
    parser = argparse.ArgumentParser(description="Check a log, receipt, dossier or archive with its public key alone.")
    parser.add_argument("thing", help="entries.jsonl, a receipt or dossier (.json), or the folder of an archive")
    parser.add_argument("--key", required=True, help="the log's public key, or a file that holds it")
    parser.add_argument("--against", action="append", default=[], help="a checkpoint or receipt that was kept outside")
    given = parser.parse_args(arguments)
    report = Report()
    try:
        key = Key(Path(given.key).read_text("utf-8") if "+" not in given.key else given.key)
        against = [read_kept(Path(name).read_text("utf-8")) for name in given.against]
        check(Path(given.thing), key, against, report)
    except (Wrong, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as fault:
        report.wrong.append(f"{given.thing} cannot be checked: {type(fault).__name__} {fault}")
    told = [("WRONG", report.wrong), ("RIGHT", [] if report.wrong else report.right), ("OPEN ", report.open)]
    for word, lines in told:
        for line in lines:
            print(f"{word}  {line}".encode("utf-8", "backslashreplace").decode())
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
