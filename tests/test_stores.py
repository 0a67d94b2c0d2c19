"""The databases of the tests: a missing PostgreSQL is skipped at home and fails where nothing may be skipped."""

import psycopg
import pytest

from tests import stores


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_missing_postgresql_is_skipped_at_home_and_fails_under_ci(monkeypatch, ci, outcome):
    monkeypatch.setattr(stores, "find_binary", lambda _name: None)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="PostgreSQL"):
        stores.require_postgresql()


def test_a_database_starts_as_a_copy_of_its_template_and_is_gone_after_its_test(postgres_cluster):
    template = postgres_cluster.create(name="template_of_this_test")
    with psycopg.connect(postgres_cluster.url(template), autocommit=True) as conn:
        conn.execute("CREATE TABLE known (n INTEGER)")
    copy = postgres_cluster.create(template=template)
    with psycopg.connect(postgres_cluster.url(copy), autocommit=True) as conn:
        assert conn.execute("SELECT count(*) FROM known").fetchone() == (0,)
    postgres_cluster.drop(copy)
    postgres_cluster.drop(template)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(postgres_cluster.url(copy))


def test_a_durable_server_syncs_and_a_quick_one_does_not(postgres_cluster):
    def fsync(cluster):
        with cluster.admin() as conn:
            return conn.execute("SHOW fsync").fetchone()[0]

    assert fsync(postgres_cluster) == "off"
    with stores.running_cluster(durable=True) as durable:
        assert fsync(durable) == "on"
