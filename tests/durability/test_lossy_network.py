"""A network that loses every fifth request and every fifth answer: whoever sends again records once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from coi.record.tables import ENTRY
from tests.durability.clients import assert_kept, client_of
from tests.durability.lossy import lossy
from tests.durability.serving import FORKED, serving

IN_SOAK, NORMALLY = 10_000, 200
_PER_THERAPY = 25
_AT_ONCE = 6


def size(office):
    with office.store.read() as conn:
        return conn.execute(select(func.count()).select_from(ENTRY)).scalar_one()


def each_is_recorded_once(folder, url, steps):
    """Send `steps` steps over the lossy network; return the client and what was lost."""
    with serving(folder, url, **FORKED) as (office, port, _), lossy(port) as proxy:
        direct = client_of(office, port, therapies=steps // _PER_THERAPY)
        client = replace(direct, port=proxy.server_address[1])
        before = size(office)
        with ThreadPoolExecutor(_AT_ONCE) as pool:  # a step is made when it is first sent: its time must not be old
            list(pool.map(lambda number: client.until_acknowledged(client.step(number)), range(steps)))
        assert size(office) == before + steps
        assert len(client.acknowledged) == steps
        assert_kept(office, client.acknowledged)
    return client, proxy.counted


@pytest.mark.slow
def test_two_hundred_steps_over_a_network_that_loses_a_fifth_each_way_are_each_recorded_once(store_url, tmp_path):
    _, counted = each_is_recorded_once(tmp_path / "instance", store_url, NORMALLY)
    assert set(counted) == {"passed", "request lost", "answer lost at once", "answer lost"}


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_ten_thousand_steps_over_a_network_that_loses_a_fifth_each_way(store_url, tmp_path, record_property):
    client, counted = each_is_recorded_once(tmp_path / "instance", store_url, IN_SOAK)
    record_property("steps", IN_SOAK)
    record_property("connections", dict(counted))
    record_property("answered otherwise", dict(client.told))
