import pytest

from tests.cli.running import Instance


@pytest.fixture
def empty(store_url, tmp_path):
    """An instance that nobody has initialised, on either database."""
    return Instance(tmp_path / "instance", store_url)


@pytest.fixture
def instance(empty):
    """A demo instance, on either database."""
    empty.run("init", "--demo")
    return empty
