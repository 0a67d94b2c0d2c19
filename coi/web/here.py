"""Here: what a page finds around it - the office, the settings, who is looking, and the zone for its times."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from argon2 import PasswordHasher
from flask import current_app, g, request

from coi.actions import people, reads
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.actions.zones import zone_called, zone_name_of
from coi.journey.steps import Role
from coi.settings import Settings

EXTENSION = "coi.web"


@dataclass(frozen=True, slots=True)
class House:
    """What `register` was given, and what follows from it."""

    office: Office
    settings: Settings
    hasher: PasswordHasher = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The signed-in person that looks at a page."""

    caller: Caller
    name: str

    @property
    def roles(self) -> frozenset[Role]:
        """Return every role the person has, wherever."""
        return frozenset(role for roles in self.caller.grants.values() for role in roles)


def house() -> House:
    """Return what the pages were registered with."""
    found: House = current_app.extensions[EXTENSION]
    return found


def office() -> Office:
    """Return the office of the running service."""
    return house().office


def cookie_name() -> str:
    """Return the name of the session cookie; the browser itself guards the prefix when cookies go over https only."""
    return "__Host-coi" if house().settings.secure_cookies else "coi"


def visitor() -> Visitor | None:
    """Return who is signed in on this request; looked up once, and the session's idle end moves with it."""
    if "visitor" not in g:
        g.visitor = _look_up(request.cookies.get(cookie_name(), ""))
    found: Visitor | None = g.visitor
    return found


def _look_up(secret: str) -> Visitor | None:
    settings = house().settings
    absolute = timedelta(minutes=settings.session_absolute_minutes)
    known = people.by_session(office(), secret, idle=idle_end(), absolute=absolute) if secret else None
    return Visitor(reads.caller_of(known), known.name) if known else None


def idle_end() -> timedelta:
    """Return how long a session lasts without a request."""
    return timedelta(minutes=house().settings.session_idle_minutes)


def caller() -> Caller:
    """Return who is asking; only for routes that are closed to strangers."""
    found = visitor()
    if found is None:
        raise LookupError("A page for signed-in people was reached without a sign-in.")
    return found.caller


def mine() -> set[str]:
    """Return to whom an offer may be addressed so that the signed-in person may take it."""
    return {*caller().grants, caller().person}


def organisations() -> dict[str, dict[str, Any]]:
    """Return the sites and courier companies by code, read once a request."""
    if "organisations" not in g:
        g.organisations = {row["code"]: row for row in reads.organisations(office())}
    found: dict[str, dict[str, Any]] = g.organisations
    return found


def zone() -> tzinfo:
    """Return the time zone of the person's own site or company; UTC where none is known."""
    return zone_called(zone_name())


def zone_name() -> str | None:
    """Return the IANA name of that zone."""
    found = visitor()
    return zone_name_of(found.caller, organisations()) if found else None


def now() -> datetime:
    """Return the present moment in the zone of the person's own site."""
    return office().now().astimezone(zone())
