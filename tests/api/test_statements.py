"""How many SQL statements a call costs, sign-in included: the number does not grow with the history."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests.play import Player


class Count:
    """The statements and commits of the engines while it listened. BEGIN and COMMIT are no statements here."""

    def __init__(self):
        self.statements, self.commits = [], 0

    def executed(self, *told):
        _, _, statement, *_ = told  # connection, cursor, statement, parameters, context, many
        self.statements.append(" ".join(statement.split())[:90])

    def committed(self, *_conn):
        self.commits += 1

    def told(self):
        return "\n".join([f"{len(self.statements)} statements, {self.commits} commits", *self.statements])


@contextmanager
def counted(office):
    count = Count()
    # On PostgreSQL the reader is the writer's engine with other options and hears what the writer hears.
    engines = {id(e.pool): e for e in (office.store._reader, office.store._writer)}.values()
    calls = {"before_cursor_execute": count.executed, "commit": count.committed}
    listeners = [(engine, name, call) for engine in engines for name, call in calls.items()]
    for engine, name, call in listeners:
        event.listen(engine, name, call)
    yield count
    for engine, name, call in listeners:
        event.remove(engine, name, call)


@pytest.fixture
def player(office):
    return Player(office)


def test_the_count_sees_both_engines(client, office):
    with counted(office) as count:
        with office.store.write() as conn:
            conn.exec_driver_sql("SELECT 1")
        with office.store.read() as conn:
            conn.exec_driver_sql("SELECT 2")
    assert {"SELECT 1", "SELECT 2"} <= set(count.statements), count.told()
    assert len(count.statements) <= 3, count.told()  # PostgreSQL takes its lock by a statement
    assert count.commits == 1, count.told()


def test_scanning_anything_takes_five_statements_at_most(client, player, office):
    coi, bag = player.offered("MRN-1")
    shipper = player.step("demo-nurse", "shipper.charged", values={"hold_hours": 100})["entry"]["values"]["shipper"]
    for text in (bag, "MRN-1", coi, shipper):
        client.post("demo-nurse", "/scans", {"text": text})  # the token is issued, the pathway read once
        with counted(office) as count:
            answer = client.post("demo-nurse", "/scans", {"text": text})
        assert answer.status_code == 200, (text, answer.data)
        assert 0 < len(count.statements) <= 5, (text, count.told())
        assert count.commits == 0, count.told()


# By shipper the seal goes to the vault and the shipper's own row is written too.
@pytest.mark.parametrize(("by", "most"), [("container", 12), ("shipper", 14)])
def test_accepting_a_handoff_takes_twelve_statements_and_one_commit(client, player, office, by, most):
    coi, (bag,) = player.collected("MRN-1")
    scans = [("container", bag)]
    if by == "shipper":
        box = player.step("demo-nurse", "shipper.charged", values={"hold_hours": 100})["entry"]["values"]["shipper"]
        player.step("demo-nurse", "shipment.packed", [("shipper", box), *scans], coi=coi)
        player.step("demo-nurse", "shipper.sealed", [("shipper", box), ("seal", "S-001")])
        scans = [("shipper", box), ("seal", "S-001")]
    player.step("demo-nurse", "handoff.offered", scans, coi=coi, values={"to": "demo-courier-co"})
    client.headers("demo-courier")
    with counted(office) as count:
        client.step("demo-courier", "handoff.accepted", scans)
    assert count.commits == 1, count.told()
    assert 0 < len(count.statements) <= most, count.told()


def test_a_history_of_any_length_takes_three_statements_at_most(client, player, office):
    coi = player.enrol("MRN-1")
    path, numbers = f"/therapies/{coi}/entries?limit=500", []
    for length in (10, 60):
        while len(client.get("demo-nurse", path).json["items"]) < length:
            player.plan(coi, "dose")
        with counted(office) as count:
            items = client.get("demo-nurse", path).json["items"]
        assert len(items) == length
        assert 0 < len(count.statements) <= 3, (length, count.told())
        numbers.append(len(count.statements))
    assert numbers[0] == numbers[1], numbers
