"""A store that cannot do its work is one error in the usual shape, or a page with a sentence, to whoever asks."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from coi.record.db import StoreBusy, StoreFailed, StoreFull
from tests.api.conftest import Client, make_app

TOLD = [(StoreBusy, 503, "store.busy"), (StoreFull, 507, "store.full"), (StoreFailed, 503, "store.failed")]


class Unusable:
    """A store that reads and cannot write; or cannot even read."""

    def __init__(self, store, fault, *, reads=True):
        self.store, self.fault, self.reads = store, fault, reads
        self.dialect = store.dialect

    def read(self):
        return self.store.read() if self.reads else self.write()

    @contextmanager
    def write(self):
        raise self.fault("got kept-secret, expected none")
        yield


def asking(sqlite_client, tmp_path, fault, **more):
    client, office = sqlite_client
    app = make_app(replace(office, store=Unusable(office.store, fault, **more)), tmp_path)
    return Client(app.test_client(), client.issue, client.tokens)


@pytest.mark.parametrize(("fault", "status", "code"), TOLD)
def test_a_step_is_answered_in_the_shape_of_every_error(sqlite_client, tmp_path, fault, status, code):
    client, _ = sqlite_client
    body = client.step_body("container.planned", therapy=client.enrol("UNUSABLE-1"), values={"purpose": "dose"})
    answer = asking(sqlite_client, tmp_path, fault).post("demo-nurse", "/steps", body)
    assert (answer.status_code, answer.json["code"], answer.json["status"]) == (status, code, status)
    assert set(answer.json) == {"code", "status", "message", "errors"}
    assert "never recorded twice" in answer.json["message"]
    assert "kept-secret" not in answer.text
    assert answer.headers["Retry-After"] == "1"
    assert client.post("demo-nurse", "/steps", body).status_code == 201


@pytest.mark.parametrize(("fault", "status", "code"), TOLD)
def test_the_steps_of_a_batch_are_answered_one_by_one(sqlite_client, tmp_path, fault, status, code):
    client, _ = sqlite_client
    steps = [client.step_body("container.planned", values={"purpose": "dose"}) for _ in range(2)]
    client.headers("demo-nurse")
    answer = asking(sqlite_client, tmp_path, fault).post("demo-nurse", "/steps/batch", {"steps": steps})
    assert answer.status_code == 200
    assert [(one["status"], one["body"]["code"]) for one in answer.json["results"]] == [(status, code)] * 2


@pytest.mark.parametrize(("fault", "status"), [told[:2] for told in TOLD])
def test_a_page_says_it_in_a_sentence(sqlite_client, tmp_path, fault, status):
    client = asking(sqlite_client, tmp_path, fault, reads=False)
    client.http.set_cookie("coi", "x" * 40)
    answer = client.http.get("/plan")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert "never recorded twice" in answer.text
    assert "kept-secret" not in answer.text
    health = client.http.get("/health")
    assert (health.status_code, health.json["status"]) == (503, "failing")
