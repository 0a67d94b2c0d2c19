"""What every error of the interface has in common, and how the log's size is known."""

import json

from sqlalchemy import func, select

from coi.record.tables import CLASH, ENTRY

SHAPE = {"code", "status", "message", "errors"}
MORE = {"findings", "receipt"}


def size(office):
    """Return the number of entries in the log."""
    with office.store.read() as conn:
        return conn.execute(select(func.count()).select_from(ENTRY)).scalar()


def clashes(office):
    """Return how many times an id came again for something else."""
    with office.store.read() as conn:
        return conn.execute(select(func.count()).select_from(CLASH)).scalar()


def strict(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), keys
    return dict(pairs)


def fault_of(answer, *expected):
    """Return the body of an error after looking at every part of its shape; `expected` are statuses or codes."""
    shown = answer.get_data(as_text=True)[:400]
    assert 400 <= answer.status_code < 500, (answer.status_code, shown)
    assert answer.mimetype == "application/json", (answer.mimetype, shown)
    body = json.loads(answer.data, object_pairs_hook=strict)
    assert SHAPE <= body.keys() <= SHAPE | MORE, body.keys()
    assert body["status"] == answer.status_code
    assert all(part.replace("_", "a").isalnum() and part.islower() for part in body["code"].split(".")), body["code"]
    assert is_sentence(body["message"]), body["message"]
    for path, told in body["errors"].items():
        assert path.isascii(), path
        assert path.isprintable(), path
        assert told, path
        assert all(is_sentence(text) for text in told), told
    for wanted in expected:
        assert wanted in (answer.status_code, body["code"]), (wanted, body)
    return body


def is_sentence(text):
    inside = ("Traceback", "<class", "object at 0x", "Error(", "Exception", "sqlalchemy", "psycopg")
    return text.isprintable() and text[-1] in ".!" and len(text) < 600 and not any(word in text for word in inside)
