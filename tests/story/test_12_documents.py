"""Item 12: documents from a file or a phone's camera: by SHA-256, sealed, superseded and never replaced."""

import io
from uuid import uuid4

from sqlalchemy import text

from coi.actions.verification import verify
from tests.story.conftest import OTHER, bags_of

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def sent(tale, person, coi, data, *, status=201, name="Jane Doe.pdf", **more):
    form = {"id": str(uuid4()), "therapy": coi, "kind": "certificate", **more, "file": (io.BytesIO(data), name)}
    answer = tale.http.post("/api/v1/documents", headers=tale.headers(person), data=form,
                            content_type="multipart/form-data")  # fmt: skip
    assert answer.status_code == status, answer.data
    return answer.json


def test_a_certificate_is_attached_read_back_and_superseded_and_the_old_one_stays(tale):
    coi = tale.enrol("MRN-1")
    first = sent(tale, "demo-quality", coi, PDF)["sha256"]
    second = sent(tale, "demo-quality", coi, PDF + b"% corrected\n%%EOF\n", supersedes=first)["sha256"]
    known = {one["sha256"]: one["superseded_by"] for one in tale.therapy(coi)["documents"]}
    assert known == {first: second, second: None}
    answer = tale.http.get(f"/api/v1/documents/{first}", headers=tale.headers("demo-nurse"))
    assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Jane" not in str(answer.headers)
    tale.is_sound()


def test_the_file_and_its_name_stand_nowhere_in_the_clear(tale):
    coi = tale.enrol("MRN-1")
    sent(tale, "demo-nurse", coi, PDF + b"SECRET-OF-JANE\n%%EOF\n", name="Jane Doe 1980.pdf")
    assert "Jane Doe 1980" not in str(tale.entries(coi))
    with tale.office.store.read() as conn:
        rows = (
            conn.execute(text("SELECT sealed FROM blob")).all() + conn.execute(text("SELECT sealed FROM vault")).all()
        )
    assert not any(b"SECRET-OF-JANE" in bytes(row[0]) or b"Jane Doe 1980" in bytes(row[0]) for row in rows)


def test_a_photo_of_the_damage_belongs_to_the_step_that_tells_of_it(tale):
    coi, (bag,) = tale.collected("MRN-1")
    tale.step(
        "demo-nurse", "container.damaged", bags_of([bag]), values={"damage": "leak"}, documents=["a" * 64], expect=400
    )
    photo = tale.attach("demo-nurse", coi, "damage_photo")
    body = tale.step("demo-nurse", "container.damaged", bags_of([bag]), values={"damage": "leak"}, documents=[photo])
    assert body["entry"]["documents"] == [photo]
    later = tale.attach("demo-nurse", coi, "damage_photo", "red", about=body["entry"]["id"])
    assert {one["sha256"]: one["about"] for one in tale.therapy(coi)["documents"]}[later] == body["entry"]["id"]


def test_who_does_not_see_the_therapy_does_not_see_its_documents(tale):
    coi = tale.enrol("MRN-1")
    sha256 = sent(tale, "demo-nurse", coi, PDF)["sha256"]
    for person, status in (("other-nurse", 404), ("demo-courier", 404), ("demo-auditor", 200)):
        answer = tale.http.get(f"/api/v1/documents/{sha256}", headers=tale.headers(person))
        assert answer.status_code == status
    sent(tale, "other-nurse", coi, PDF + b"%%EOF", status=404)
    assert OTHER not in str(tale.therapy(coi)["parties"])


def test_a_courier_sees_the_airway_bill_and_nothing_that_may_name_the_patient(tale):
    coi, (bag,) = tale.collected("MRN-1")
    tale.moved([bag], "demo-nurse", "demo-courier-co", "demo-courier")
    bill = sent(tale, "demo-nurse", coi, PDF, kind="airway_bill")["sha256"]
    consent = sent(tale, "demo-nurse", coi, PDF + b"\n%%EOF", kind="consent")["sha256"]
    for sha256, status in ((bill, 200), (consent, 404)):
        answer = tale.http.get(f"/api/v1/documents/{sha256}", headers=tale.headers("demo-courier"))
        assert answer.status_code == status


def test_bytes_that_are_gone_are_noticed(tale):
    coi = tale.enrol("MRN-1")
    sha256 = sent(tale, "demo-nurse", coi, PDF)["sha256"]
    with tale.office.store.write() as conn:
        conn.execute(text("DELETE FROM blob"))
    assert verify(tale.office) == [f"Document {sha256}: its bytes are not in the store; take them from a backup."]


def test_only_whole_pdf_png_and_jpeg_are_taken_and_each_file_once(tale):
    coi = tale.enrol("MRN-1")
    for data in (b"", b"<html>", b"%PDF-1.4 cut", b"\x89PNG\r\n\x1a\n broken", b"GIF89a"):
        sent(tale, "demo-nurse", coi, data, status=415)
    sent(tale, "demo-nurse", coi, b"%PDF-" + b"x" * (9 * 2**20), status=413)
    sent(tale, "demo-nurse", coi, PDF)
    assert sent(tale, "demo-nurse", coi, PDF, status=422)["code"] == "step.refused"


def test_a_document_sent_twice_is_answered_alike_and_kept_once(tale):
    coi = tale.enrol("MRN-1")
    id_ = str(uuid4())
    assert sent(tale, "demo-nurse", coi, PDF, id=id_) == sent(tale, "demo-nurse", coi, PDF, status=200, id=id_)
    assert len(tale.therapy(coi)["documents"]) == 1
