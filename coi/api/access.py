"""Who is asking: a bearer token, looked up in one statement. Every route declares who may call it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from argon2 import PasswordHasher
from flask import current_app, g, request

from coi.actions import people
from coi.actions.faults import Fault, forbidden
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.journey.steps import Role

EXTENSION, HASHER = "coi.office", "coi.hasher"
EVERYONE = frozenset(Role)
PUBLIC: frozenset[Role] = frozenset()
_LONGEST_TOKEN = 200
View = TypeVar("View", bound=Callable[..., Any])


def office() -> Office:
    """Return the office that this app serves."""
    found: Office = current_app.extensions[EXTENSION]
    return found


def hasher() -> PasswordHasher:
    """Return what judges passwords in this app."""
    found: PasswordHasher = current_app.extensions[HASHER]
    return found


def caller() -> Caller:
    """Return who is asking; the route has looked."""
    found: Caller = g.caller
    return found


def caller_or_nobody() -> Caller | None:
    """Return who is asking on a route that is open to anyone, None when no token was sent; 401 for a wrong one."""
    return _signed_in() if request.headers.get("Authorization") is not None else None


def open_to(roles: frozenset[Role]) -> Callable[[View], View]:
    """Declare that a view may be called by people with one of `roles`; PUBLIC asks for no token at all."""

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **more: Any) -> Any:
            if roles:
                g.caller = _signed_in()
                if not any(held & roles for held in g.caller.grants.values()):
                    raise forbidden(f"This is for {', '.join(sorted(roles))}; you have none of these roles.")
            return view(*args, **more)

        guarded.open_to = roles  # type: ignore[attr-defined]  # read by the tests that walk all routes
        return guarded  # type: ignore[return-value]  # wraps keeps the view's own signature

    return declare


def _signed_in() -> Caller:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or len(secret) > _LONGEST_TOKEN:
        raise Fault(401, "auth.missing", "Send your token as 'Authorization: Bearer …'.")
    known = people.by_bearer(office(), secret)
    if known is None:
        raise Fault(401, "auth.invalid", "The token is unknown, ended or out of date; ask for a new one.")
    return Caller(known.person, known.grants)
