"""Access: every route of the pages declares who may call it, as those of the API do; what is not declared stays shut.

The declaration stands on the view (`view.open_to`), where the guard and the tests read it. It opens the page only; what
a person may do or see there is decided by the actions behind it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coi.actions.faults import Fault, forbidden
from coi.journey.steps import Role
from coi.web import here

View = TypeVar("View", bound=Callable[..., Any])
SIGN_IN = "web.sign_in.page"
EVERYONE = frozenset(Role)
PUBLIC: frozenset[Role] = frozenset()
TREATING = EVERYONE - {Role.COURIER, Role.AUDITOR, Role.ADMIN}
"""The roles that may be shown patient data at the treating site."""


def open_to(roles: frozenset[Role]) -> Callable[[View], View]:
    """Declare that a view may be called by people with one of `roles`; PUBLIC asks for no sign-in at all."""

    def declare(view: View) -> View:
        @wraps(view)
        def declared(*args: Any, **more: Any) -> Any:
            return view(*args, **more)

        declared.open_to = roles  # type: ignore[attr-defined]  # read by the guard and by the tests that walk all routes
        return declared  # type: ignore[return-value]  # wraps keeps the view's own signature

    return declare


def guard() -> ResponseReturnValue | None:
    """Let a request through to its view, or answer it here; runs before every page."""
    view = current_app.view_functions.get(request.endpoint or "")
    roles: frozenset[Role] | None = getattr(view, "open_to", None)
    if roles is None:
        raise forbidden("Nobody was declared to be allowed here.")
    if roles == PUBLIC:
        return None
    visitor = here.visitor()
    if visitor is None:
        return _to_the_door()
    g.caller = visitor.caller  # who is named in the request's log line
    if not roles & visitor.roles:
        raise forbidden(f"This page is for {', '.join(sorted(roles))}; you have none of these roles.")
    return None


def _to_the_door() -> ResponseReturnValue:
    if request.method == "GET":
        return redirect(url_for(SIGN_IN, next=request.path), 303)
    raise Fault(401, "session.ended", "Your session has ended and nothing was recorded. Sign in and do it again.")


def own_path(text: str) -> str | None:
    """Return `text` when it is a path of this service, so that nobody is sent elsewhere after signing in."""
    parts = urlsplit(text) if text.isprintable() and "\\" not in text else None
    plain = parts is not None and not parts.scheme and not parts.netloc
    return text if plain and text.startswith("/") and not text.startswith("//") else None


def sees_patients(site: str) -> bool:
    """Tell whether the person works at `site` in a role that treats, so that names may be shown."""
    return bool(here.caller().grants.get(site, frozenset()) & TREATING)
