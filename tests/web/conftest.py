"""The app over the demo world, and people who come to it without JavaScript."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from coi import settings as choices
from coi.actions.office import Office
from coi.app import create_app
from coi.record.db import open_store
from tests.play import Player
from tests.worlds import KEYS, LOG_KEY, PASSWORD, make_office

_QUICK = {"COI_DEMO": "true", "COI_ARGON2_TIME_COST": "1", "COI_ARGON2_MEMORY_COST": "8", "COI_ARGON2_PARALLELISM": "1"}


class Compiled(BytecodeCache):
    """Templates that were compiled once in this process, for every app of the tests."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


_COMPILED = Compiled()


@dataclass
class Hands:
    """A clock that a test turns by hand; it starts at the real present, as asked steps want."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def hands():
    """The clock of the world of this test."""
    return Hands()


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory):
    """A database with the demo world in it, to be copied."""
    path = tmp_path_factory.mktemp("demo") / "coi.sqlite3"
    make_office(f"sqlite:///{path}").store.close()
    return path


@pytest.fixture
def world(demo_file, tmp_path, hands):
    """The demo world on SQLite, with a clock that can be turned."""
    path = shutil.copy(demo_file, tmp_path / "coi.sqlite3")
    made = Office(store=open_store(f"sqlite:///{path}"), keys=KEYS, log_key=LOG_KEY, now=hands.now, demo=True)
    yield made
    made.store.close()


def make_app(office, tmp_path, **settings: str) -> Flask:
    """Return the service's app over `office`, with settings as an operator would write them."""
    app = create_app(choices.load(_QUICK | settings, folder=tmp_path), office)
    app.jinja_env.bytecode_cache = _COMPILED
    return app


@pytest.fixture
def app(world, tmp_path):
    """The pages over the demo world."""
    return make_app(world, tmp_path)


@dataclass
class Person:
    """Somebody at a browser without JavaScript: follows links, fills in forms, sends them with their tokens."""

    client: FlaskClient

    def get(self, path: str, **more) -> TestResponse:
        return self.client.get(path, **more)

    def token(self) -> str:
        """A token for forms, as any page of this session carries it."""
        return field_of(self.client.get("/sign-in").text, "csrf_token")

    def post(self, path: str, data: dict | None = None, **more) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **more)

    def sign_in(self, person: str, password: str = PASSWORD, **more) -> TestResponse:
        return self.post("/sign-in", {"person": person, "password": password, **more})

    def fill(self, path: str, data: dict | None = None, **more) -> TestResponse:
        """Open the page at `path`, and send its form with `data` on top of what the form holds."""
        shown = self.get(path)
        assert shown.status_code == 200, shown.text
        kind = path.partition("?")[0]
        return self.post(kind, hidden_of(shown.text) | (data or {}), **more)


def field_of(page: str, name: str) -> str:
    """The value of the first input called `name`."""
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*value="([^"]*)"', page)
    assert found, f"the page has no input {name}"
    return unescape(found[1])


def hidden_of(page: str) -> dict[str, str]:
    """The id and the therapy that the form of a step holds."""
    sheet = page[page.index("step-sheet") :]
    return {name: field_of(sheet, name) for name in ("id", "therapy") if f'name="{name}"' in sheet}


@pytest.fixture
def person(app):
    """A function that signs in somebody of the demo and returns the client."""

    def come(name: str) -> Person:
        someone = Person(app.test_client())
        assert someone.sign_in(name).status_code == 303
        return someone

    return come


@pytest.fixture
def player(world):
    """Plays steps through the one door, to get a therapy somewhere on its way."""
    return Player(world)
