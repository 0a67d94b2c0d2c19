"""Documents by form: attached, opened again by those who see the therapy, refused when they are no documents."""

import io

import pytest

from coi.actions import reads

PDF = b"%PDF-1.4\n%%EOF\n"


def attach(someone, coi, data=PDF, name="Jane Doe.pdf"):
    form = {"kind": "certificate", "file": (io.BytesIO(data), name)}
    return someone.fill(f"/therapies/{coi}/documents", form, content_type="multipart/form-data")


def test_a_document_is_attached_and_opened_again_by_those_who_see_the_therapy(person, player, world):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    assert attach(nurse, coi).status_code == 303
    (document,) = reads.therapy(world, coi, caller=player.as_("demo-nurse"))["documents"]
    assert f"/documents/{document['sha256']}" in nurse.get(f"/therapies/{coi}/documents").text
    answer = nurse.get(f"/documents/{document['sha256']}")
    assert (answer.data, answer.headers["Content-Disposition"].partition(";")[0]) == (PDF, "attachment")
    assert person("demo-courier").get(f"/documents/{document['sha256']}").status_code == 404


@pytest.mark.parametrize("data", [b"GIF89a", b"<script>alert(1)</script>", b"%PDF-1.4 cut"])
def test_a_file_of_another_kind_is_sent_back_with_a_sentence(person, player, data):
    answer = attach(person("demo-nurse"), player.enrol("MRN-1"), data)
    assert answer.status_code == 415
    assert "Not sent through" in answer.text


def test_a_form_without_a_file_says_so(person, player):
    coi = player.enrol("MRN-1")
    answer = person("demo-nurse").fill(f"/therapies/{coi}/documents", {"kind": "certificate"})
    assert answer.status_code == 400
    assert "Choose a file or take a picture first." in answer.text


def test_the_same_file_twice_is_refused_and_says_why(person, player):
    coi = player.enrol("MRN-1")
    nurse = person("demo-nurse")
    attach(nurse, coi)
    answer = attach(nurse, coi)
    assert answer.status_code == 422
    assert "This file is attached already." in answer.text


def test_an_auditor_sees_the_documents_and_attaches_none(person, player):
    coi = player.enrol("MRN-1")
    attach(person("demo-nurse"), coi)
    page = person("demo-auditor").get(f"/therapies/{coi}/documents").text
    assert "Certificate" in page
    assert 'name="file"' not in page
