"""The words that go with an archive: what each file is, how it is checked, what an entry says. For a reader in 2056."""

import textwrap
from collections.abc import Mapping

ENTRY_FIELDS: Mapping[str, str] = {
    "format": "always coi-leaf-v1: the form of the line",
    "position": "its place in the whole log, counted from 0",
    "stream": "the thing whose history it belongs to: therapy:COI-..., shipper:SHP-..., site:..., person:... or system",
    "seq": "its number within that stream, counted from 1",
    "prev": "the hash of the entry before it in the same stream, or null for the first",
    "id": "the name of the entry itself",
    "attempt": "the request that led to it; one request can lead to several entries",
    "kind": "what happened, such as handoff.accepted; attempt.refused is a step that was not allowed",
    "v": "the version of the rules of that kind",
    "tense": "asked: leave was asked before it was done. reported: it had happened already and was told afterwards",
    "outcome": "done; refused: not allowed, and nothing changed; disputed: kept, but it moved nothing",
    "therapy": "the therapy that it concerns, or null",
    "occurred_at": "when it happened, in UTC",
    "offset": "minutes east of UTC of the clock of whoever told it",
    "zone": "the name of that clock's time zone, or null",
    "uncertainty": "seconds by which that clock may have been wrong",
    "recorded_at": "when it was written down, in UTC; never earlier than the entry before it",
    "actor": "who did it: person, the organisation for which, and in which role; the system for what nobody did",
    "scans": "the codes that were scanned: in which role, what they name, which way they came in; what must not stand "
    "in a log is a token or a commitment",
    "values": "the particulars of the step: codes, identifiers, numbers and times",
    "reason": "a coded reason of the pathway, or null",
    "note": "the commitment to a free text, or null; the text is in patients.jsonl",
    "findings": "what the rules found for and against it at that moment",
    "signatures": "who signed, when, and what the signature meant",
    "performed_by": "who did it, where somebody else entered it from paper",
    "documents": "documents that belong to it",
    "device": "the device that told it, and its own counting",
    "corrects": "the id of the entry that this one corrects, or null",
    "software": "the version of the software that wrote it",
}  # fmt: skip

_WITH_NAMES = """
!!  THIS ARCHIVE HOLDS NAMES, BIRTH DATES AND NUMBERS OF PATIENTS IN THE CLEAR.
!!  Keep it as you keep the patients' own files.
"""
_WITHOUT_NAMES = """
The patients' names, numbers, notes and documents were left out of this archive (--without-names).
It can be checked and read; a service cannot be filled from it.
"""

_HEAD = """ARCHIVE OF A CHAIN OF IDENTITY AND A CHAIN OF CUSTODY
======================================================
{warning}
This folder holds {what},
as of {at}. It was written by {software}.
It needs no software of ours: every file is plain text (UTF-8), JSON, PNG, PDF or JPEG.

The service followed cells that were collected from a patient, became a medicine and were given to the same patient.
It wrote down each step as an entry in a log that can only grow.


THE FILES
---------
The folder is a bag as RFC 8493 (BagIt) describes it. manifest-sha256.txt, one level up, names every file below data/
with its SHA-256; tagmanifest-sha256.txt does so for the files beside it. "sha256sum -c manifest-sha256.txt" checks
them, in that folder, and so does every program that reads BagIt. seal.txt, beside the manifest, is signed with
the log's key over the SHA-256 of manifest-sha256.txt: it shows that no file was changed since it was written.

Beside this README lie, some of them in folders (a file that ends in .jsonl holds one JSON document a line):

"""

_FILES_OF_LOG = """log/entries.jsonl
    The log. One entry a line, exactly the bytes that were hashed.
log/entries.jsonl.checkpoints
    What the log said of itself after each step, signed; each line is a JSON string.
"""
_ANSWERS = """log/answers.jsonl
    What was answered to each request, so that the same request is answered the same for ever.
log/clashes.jsonl
    Requests that came again under an id that was used already, as digests.
"""
_FILES_OF_THERAPY = """log/proofs.jsonl
    The entries of the therapy, those of the shippers that carried it, and the one that published its pathway. Each
    line: position, leaf (the entry as text, exactly as it was hashed) and proof (the hashes that lead from the entry
    up to the signed root, in hexadecimal). Entries about other therapies in the same shippers are not here.
log/checkpoint.txt
    The signed checkpoint of the whole log, to which the proofs lead.
"""
_FILES = """log/key.txt
    The public key that signs. COMPARE IT with a copy from elsewhere: a forged archive brings its own key.
labels/SERIAL.png, labels/SERIAL.pdf
    Each label as it was when it was issued. Whether it counted later is in the log. A label of another maker has no
    picture here, nor has one that never fitted on its paper.
pathways/NAME-VERSION.toml
    The journey of each product: stages, time limits, words on labels.
people.jsonl
    Who worked with it: code, name, whether still active, and the roles at each organisation. No passwords.
organisations.jsonl
    Hospitals, makers and carriers: code, title, kind, country and time zone.
state.json
    What follows from the log: where each container was, what was open. It proves nothing by itself.
about.json
    What this archive is, for programs.
verify/coi_verify.py
    The program that checks everything; it needs Python 3 and its package "cryptography":
        python data/verify/coi_verify.py --key YOUR_COPY_OF_THE_KEY THIS_FOLDER
"""
_FILES_WITH_NAMES = """patients.jsonl
    What the log must not hold: names, birth dates, numbers, notes, texts as they were scanned. Each line:
    subject (whose it is: a patient PAT-..., a therapy COI-..., a request, the third scan of a request as REQUEST/2, or
    the token of a seal or a place), name (what it is: family, given, born, identifier..., note, scan, text;
    family@MOMENT is what it was changed to at that moment), text, salt, and the commitment that both make.
documents/SHA256.EXTENSION
    Certificates, photographs and sheets, each named by the SHA-256 of its bytes. The entry document.attached names it;
    the name under which it came is in patients.jsonl.
"""
_FILE_CODES = """codes.jsonl
    Which code names what. token is an identifier of ours or the keyed token of a foreign code, whose text then stands
    beside it with the scope in which it was understood.
"""

_CHECK = """

HOW THE LOG PROVES ITSELF
-------------------------
1. The hash of an entry is SHA-256 over one zero byte and the line, without the end of the line.
2. "prev" in an entry is that hash of the entry before it in the same stream: no entry of a stream can be changed,
   added or taken away without all later ones being changed.
3. The hashes of all entries, by position, are the leaves of one Merkle tree (RFC 6962, section 2.1): a node is SHA-256
   over a byte 1, the left hash and the right hash; the left part holds the largest power of two that is smaller than
   the whole.
4. A checkpoint is three lines: the name of the log, the number of entries, the root of the tree in base64. An empty
   line and the signature follow: a dash, the name, and in base64 four bytes that name the key and an Ed25519 signature
   (RFC 8032) over the three lines with their ends.
5. The public key is NAME+HASH+KEY; KEY is base64 of a byte 1 and the 32 bytes of the Ed25519 key. HASH,
   which also names the key in a signature, is the first four bytes of SHA-256 over NAME, a line end and those 33 bytes.
6. An entry of the kind key.changed names a new key. Its proof is the old key's signature over "coi key change v1",
   the old and the new public key, a line each; it is null where the old key was lost.

Only with a checkpoint or a receipt that was kept OUTSIDE can it be seen that the end of the log was cut off or that
everything was written anew and signed again.


HOW A TEXT IS COMPARED WITH THE LOG
-----------------------------------
Where an entry has a commitment it stands for a text. The commitment is SHA-256 over three parts, each preceded by
its length as 8 bytes (the most significant first): the words "coi commitment v1", the salt (32 bytes), the text in
UTF-8. In hexadecimal it must be what stands in the entry. Without its salt a commitment says nothing.
The texts of scans, notes and values have their commitments in the entries; names and birth dates that were given when
a patient was enrolled have none, so the log cannot show that these are unchanged.
A token of 26 letters and digits stands for a seal, a place or a device: the same thing has the same token. It was
made with a key that is not in this archive, so it can be compared and not worked out again.


WHAT THE FIELDS OF AN ENTRY MEAN
--------------------------------
"""

_IDENTIFIERS = """

Identifiers of ours are three letters, a hyphen, twelve characters and a check character: COI a therapy, PAT a patient,
CTR a container, LBL a label, SHP a shipper, LOT a lot. Times are UTC as RFC 3339 writes them.

A state is what the entries of a stream make of it, one after the other. Entries with the outcome "refused" change
nothing. An entry that was corrected is still there; what counts is said by the later entry whose "corrects" names it.
"""


def readme(*, therapy: str | None, names: bool, at: str, software: str, log: str) -> str:
    """Return the README of an archive of the log called `log`, or of one therapy of it."""
    what = f"everything that was recorded of the therapy {therapy} in the log {log}" if therapy else (
        f"everything that was recorded in the log {log}")  # fmt: skip
    parts = [
        _HEAD.format(warning=_WITH_NAMES if names else _WITHOUT_NAMES, what=what, at=at, software=software),
        _FILES_OF_THERAPY if therapy else _FILES_OF_LOG,
        _ANSWERS if names and not therapy else "",
        _FILES,
        _FILES_WITH_NAMES if names else "",
        _FILE_CODES if names and not therapy else "",
        _CHECK,
        *(_field(name, text) for name, text in ENTRY_FIELDS.items()),
        _IDENTIFIERS,
    ]
    return "".join(parts)


def _field(name: str, text: str) -> str:
    return textwrap.fill(text, 110, initial_indent=f"{name:<14}", subsequent_indent=" " * 14) + "\n"
