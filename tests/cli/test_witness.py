"""The witness at another site: believes what follows, keeps what it believed, and raises an alarm that stands."""

import http.client
import json
import shutil
import socket
import threading
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import delete, select
from werkzeug.serving import make_server

from coi.actions.system import Fact, tell
from coi.actions.witness import PATIENCE
from coi.cli import main
from coi.journey.entry import leaf_hash
from coi.record.logkey import create_log_key
from coi.record.tables import CHECKPOINT, ENTRY
from coi.record.transparency import plant
from tests.api.conftest import make_app
from tests.cli.running import free_port
from tests.play import Player
from tests.watch.tampering import without_guards
from tests.worlds import LOG_KEY, make_office


@contextmanager
def serving(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def log(tables_url, tmp_path):
    office = make_office(tables_url, has_tables=True)
    Player(office).collected("WIT-1")
    with serving(make_app(office, tmp_path)) as url:
        yield office, url
    office.store.close()


@pytest.fixture
def witness(log, tmp_path, capsys):
    def look(*more, url=log[1], folder=tmp_path / "kept"):
        with pytest.raises(SystemExit) as end:
            main(["witness", "--follow", url, "--folder", str(folder), "--once", *more])
        out, err = capsys.readouterr()
        return end.value.code or 0, out + err

    look.folder = tmp_path / "kept"
    return look


def kept(witness):
    return (witness.folder / "checkpoint.txt").read_text()


def test_it_follows_a_log_that_grows_and_keeps_its_last_checkpoint(log, witness):
    office, _ = log
    code, said = witness("--key", LOG_KEY.verifier_key)
    assert (code, "begin with what was known" in said) == (0, True)
    first = kept(witness)
    assert witness()[0] == 0
    assert kept(witness) == first
    Player(office).collected("WIT-2")
    assert witness()[0] == 0
    assert int(kept(witness).split("\n")[1]) > int(first.split("\n")[1])


def written_anew(conn):
    """Change the third entry and make everything behind it fit, with the genuine key: what only a witness can see."""
    rows = conn.execute(select(ENTRY.c.position, ENTRY.c.leaf).order_by(ENTRY.c.position)).all()
    conn.execute(delete(CHECKPOINT))
    hashes = {}
    for row in rows:
        document = json.loads(bytes(row.leaf))
        if row.position == 2:
            document["software"] = "something else"
        document["prev"] = hashes.get(document["prev"], document["prev"])
        leaf = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        hashes[leaf_hash(bytes(row.leaf))] = leaf_hash(leaf)
        conn.execute(ENTRY.update().where(ENTRY.c.position == row.position).values(leaf=leaf, hash=leaf_hash(leaf)))
    plant(conn, LOG_KEY)


def test_a_log_that_was_written_anew_raises_an_alarm_that_stands_and_keeps_the_evidence(log, witness):
    office, url = log
    witness("--key", LOG_KEY.verifier_key)
    before = kept(witness)
    with without_guards(office.store) as conn:
        written_anew(conn)
    code, said = witness()
    assert (code, "not signed" in said or "not those that were there" in said) == (3, True)
    assert kept(witness) == before, "what was believed is not given up"
    evidence = json.loads((witness.folder / "ALARM.json").read_text())
    assert evidence["kept"] == before
    assert evidence["got"] != before
    Player(office).collected("WIT-3")
    code, said = witness()
    assert (code, "not those that were there before" in said) == (3, True)
    assert json.loads((witness.folder / "ALARM.json").read_text()) == evidence, "the first evidence stays"
    assert url.startswith("http://")


def test_a_log_whose_end_was_cut_off_is_caught(log, witness):
    office, _ = log
    witness("--key", LOG_KEY.verifier_key)
    with without_guards(office.store) as conn:
        last = conn.execute(select(CHECKPOINT.c.start).order_by(CHECKPOINT.c.size.desc()).limit(1)).scalar_one()
        conn.execute(delete(CHECKPOINT).where(CHECKPOINT.c.size > last))
    code, said = witness()
    assert (code, "are gone" in said) == (3, True)


def test_another_key_is_caught_until_a_person_hands_it_over(log, witness, tmp_path):
    office, _ = log
    witness("--key", LOG_KEY.verifier_key)
    new = create_log_key(tmp_path / "new.key", name=LOG_KEY.name)
    object.__setattr__(office, "log_key", new)
    with office.store.write() as conn:
        tell(
            office, conn, [Fact("key.changed", {"before": LOG_KEY.verifier_key, "key": new.verifier_key})], new_key=True
        )
    assert witness()[0] == 3
    shutil.move(witness.folder / "ALARM.json", tmp_path / "looked-into.json")
    assert witness("--key", new.verifier_key)[0] == 0
    assert witness()[0] == 0


@pytest.mark.parametrize("key", ["garbage", "no/such/file.pub", "", "coi/x+00000000+AAAA"])
def test_a_mistake_in_the_key_is_no_alarm(witness, key):
    code, said = witness("--key", key)
    assert (code, "or the file that holds it" in said) == (2, True)
    assert not (witness.folder / "ALARM.json").exists()


def test_the_key_may_be_a_file(witness, tmp_path):
    (tmp_path / "log.pub").write_text(LOG_KEY.verifier_key + "\n")
    assert witness("--key", str(tmp_path / "log.pub"))[0] == 0


def test_an_alarm_stands_until_it_is_taken_away(log, witness):
    office, _ = log
    witness("--key", LOG_KEY.verifier_key)
    (witness.folder / "ALARM.json").write_text('{"says": "It was otherwise."}')
    code, said = witness()
    assert (code, "since before: It was otherwise." in said) == (3, True)
    assert office.log_key == LOG_KEY


def test_a_log_that_cannot_be_reached_is_no_alarm_and_one_that_gives_no_proof_is(log, witness):
    office, _ = log
    witness("--key", LOG_KEY.verifier_key)
    assert witness(url=f"http://127.0.0.1:{free_port()}")[0] == 1
    assert not (witness.folder / "ALARM.json").exists()
    Player(office).collected("WIT-4")
    with office.store.read() as conn:
        note = conn.execute(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1)).scalar_one()

    def unwilling(environ, start):
        given = environ["PATH_INFO"].endswith("/checkpoint")
        start("200 OK" if given else "500 No", [("Content-Type", "text/plain")])
        return [note.encode() if given else b"no"]

    with serving(unwilling) as url:
        code, said = witness(url=url)
    assert (code, "no proof" in said) == (3, True)


SIGNED = "/api/v1/log/checkpoint"


def last_note(office):
    with office.store.read() as conn:
        return conn.execute(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1)).scalar_one()


@contextmanager
def answering(note, proof):
    """A server that shows a genuine checkpoint and writes `proof` to the line, when asked for the proof."""

    def serve(line):
        with line:
            asked = line.recv(4000).decode()
            body = note.encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            line.sendall(head + body if SIGNED in asked else proof)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)

        def run():
            with suppress(OSError):
                while True:
                    serve(server.accept()[0])

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        thread.join(30)


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"
ODD = {
    "nothing": b"", "no protocol": b"GARBAGE\r\n\r\n", "half an answer": HALF,
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nabc",
    "a line without end": b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n",
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300 + b"\r\n",
    "a way to nowhere": b"HTTP/1.1 302 OK\r\nLocation: http://127.0.0.1:abc/\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("proof", ODD.values(), ids=ODD)
def test_a_log_that_breaks_off_when_asked_for_the_proof_is_an_alarm_after_some_looks(log, witness, proof):
    office, _ = log
    witness("--key", LOG_KEY.verifier_key)
    Player(office).collected("WIT-6")
    with answering(last_note(office), proof) as url:
        for _ in range(PATIENCE - 1):
            code, said = witness(url=url)
            assert (code, "Not reached" in said) == (1, True)
        assert not (witness.folder / "ALARM.json").exists()
        code, said = witness(url=url)
    assert (code, "never proved" in said) == (3, True)
    assert json.loads((witness.folder / "ALARM.json").read_text())["got"] == last_note(office)


def test_a_proof_too_deep_to_be_read_is_an_alarm(log, witness):
    office, _ = log
    witness("--key", LOG_KEY.verifier_key)
    Player(office).collected("WIT-7")
    deep = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"[" * 90_000
    with answering(last_note(office), deep) as url:
        assert witness(url=url)[0] == 3


def test_a_line_that_was_cut_once_is_forgotten_when_the_proof_comes(log, witness):
    office, url = log
    witness("--key", LOG_KEY.verifier_key)
    Player(office).collected("WIT-8")
    with answering(last_note(office), HALF) as broken:
        assert witness(url=broken)[0] == 1
    assert (witness.folder / "unproved.json").exists()
    assert witness(url=url)[0] == 0
    assert not (witness.folder / "unproved.json").exists()


def test_a_fork_that_was_shown_once_and_not_proved_is_caught_by_what_is_shown_later(log, witness):
    office, url = log
    witness("--key", LOG_KEY.verifier_key)
    Player(office).collected("WIT-9")
    size = int(last_note(office).split("\n")[1])
    fork = LOG_KEY.checkpoint(size, b"\x07" * 32)
    with answering(fork, b"") as forked:
        assert witness(url=forked)[0] == 1
    Player(office).collected("WIT-10")
    code, said = witness(url=url)
    assert (code, "not those that were there before" in said) == (3, True)


def test_the_kept_checkpoint_is_shown_to_whoever_compares(log, witness, tmp_path):
    witness("--key", LOG_KEY.verifier_key)
    port = free_port()
    arguments = [
        "witness",
        "--follow",
        log[1],
        "--folder",
        str(witness.folder),
        "--listen",
        str(port),
        "--every",
        "3600",
    ]
    threading.Thread(target=main, args=(arguments,), daemon=True).start()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(100):
        try:
            line.request("GET", "/api/v1/log/checkpoint")
            break
        except OSError:
            line.close()
            threading.Event().wait(0.05)
    answer = line.getresponse()
    assert (answer.status, answer.read().decode()) == (200, kept(witness))
