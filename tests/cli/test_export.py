"""The dossier at the command line: for an operator, who belongs to no site."""

import json

from tests.exports.reading import text_of
from tests.play import Player


def collected(instance):
    with instance.office() as office:
        return Player(office).collected("MRN-1")[0]


def test_a_dossier_is_written_as_pdf_and_as_json_without_the_name(instance, tmp_path):
    coi = collected(instance)
    printed, told = tmp_path / "dossier.pdf", tmp_path / "dossier.json"
    for file in (printed, told):
        assert file.name in instance.run("export", "dossier", coi, file)
    dossier = json.loads(told.read_text("utf-8"))
    assert dossier["therapy"]["coi"] == coi
    assert dossier["patient"] is None
    text = text_of(printed.read_bytes())
    assert all(entry["words"] in text for entry in dossier["entries"])
    assert "Doe" not in text + told.read_text("utf-8")


def test_what_cannot_be_written_is_said_in_one_sentence(instance, tmp_path):
    coi, there = collected(instance), tmp_path / "there.pdf"
    there.write_bytes(b"kept")
    for arguments, sentence in (
        ((coi, tmp_path / "dossier.doc"), ".pdf or .json"),
        ((coi, there), "there already"),
        (("COI-222222222222T", tmp_path / "a.pdf"), "no such therapy"),
        ((coi, tmp_path / "a.pdf", "--at", "yesterday"), "with its offset"),
        ((coi, tmp_path / "a.pdf", "--at", "2026-11-23T14:05:00"), "with its offset"),
    ):
        assert sentence in instance.run("export", "dossier", *arguments, expect=1)
    assert there.read_bytes() == b"kept"
    assert [file.name for file in tmp_path.glob("*.pdf")] == ["there.pdf"]
