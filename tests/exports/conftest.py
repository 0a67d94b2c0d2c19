import pytest

from tests.play import Player


@pytest.fixture
def player(sqlite_office):
    """Plays steps over the demo world on SQLite: an export reads what the log gives it, the same from either store."""
    return Player(sqlite_office)
