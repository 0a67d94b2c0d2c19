"""Fixtures that all rooms share; their machinery is in tests/stores.py."""

import pytest

from tests import stores


@pytest.fixture(scope="session")
def postgres_cluster():
    """One PostgreSQL server for this test process."""
    stores.require_postgresql()
    with stores.running_cluster() as cluster:
        yield cluster


@pytest.fixture
def sqlite_url(tmp_path):
    """Url of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'coi.sqlite3'}"


@pytest.fixture
def postgresql_url(postgres_cluster):
    """Url of an empty PostgreSQL database of this test alone."""
    name = postgres_cluster.create()
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request):
    """Url of an empty database, once for each kind: the same test runs on both."""
    return request.getfixturevalue(f"{request.param}_url")
