"""Fixtures that all rooms share; their machinery is in tests/stores.py."""

import shutil

import pytest

from coi.actions import setup
from coi.record.db import open_store
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


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory):
    """A SQLite file with all tables and nothing in them, to be copied."""
    return _with_tables(f"sqlite:///{tmp_path_factory.mktemp('tables') / 'coi.sqlite3'}")


@pytest.fixture(scope="session")
def postgresql_tables(postgres_cluster):
    """Name of a PostgreSQL database with all tables and nothing in them, to be copied."""
    name = postgres_cluster.create(name="tables")
    _with_tables(postgres_cluster.url(name))
    return name


def _with_tables(url):
    store = open_store(url)
    setup.make_tables(store)
    store.close()
    return url.removeprefix("sqlite:///")


@pytest.fixture
def sqlite_tables_url(sqlite_tables, sqlite_url):
    """Url of a SQLite file with all tables and nothing in them."""
    shutil.copyfile(sqlite_tables, sqlite_url.removeprefix("sqlite:///"))
    return sqlite_url


@pytest.fixture
def postgresql_tables_url(postgres_cluster, postgresql_tables):
    """Url of a PostgreSQL database of this test alone, with all tables and nothing in them."""
    name = postgres_cluster.create(template=postgresql_tables)
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def tables_url(request):
    """Url of a database with all tables and nothing in them, once for each kind: quicker than to migrate each."""
    return request.getfixturevalue(f"{request.param}_tables_url")
