"""Signing in and out. `coi.actions.people` judges passwords and lock-outs; the page sets and drops the cookie."""

from collections.abc import Iterable

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from coi.actions import people, setup
from coi.actions.faults import Fault
from coi.web import here
from coi.web.access import PUBLIC, open_to, own_path

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
@open_to(PUBLIC)
def page() -> ResponseReturnValue:
    """Show the form; in demo mode with the people of the demo."""
    return _form(person=request.args.get("person", ""))


def _form(*, person: str, fault: Fault | None = None) -> ResponseReturnValue:
    shown = render_template("sign_in.html", person=person, fault=fault, demo_people=_demo_people(),
                            onward=own_path(request.values.get("next", "")))  # fmt: skip
    return shown, fault.status if fault else 200


def _demo_people() -> list[dict[str, str]]:
    """Return the made-up people with what they are, in demo mode only."""
    told = setup.DEMO_PEOPLE.items() if here.office().demo else ()
    return [{"code": code, "roles": _said(grants)} for code, grants in told]


def _said(grants: Iterable[tuple[str, str]]) -> str:
    """Return roles with their places: quality at Demo plant and Demo hospital."""
    places: dict[str, list[str]] = {}
    for site, role in grants:
        places.setdefault(role, []).append(here.organisations().get(site, {}).get("title", "every place"))
    return ", ".join(f"{role} at {' and '.join(sites)}" for role, sites in places.items())


@pages.post("/sign-in")
@open_to(PUBLIC)
def enter() -> ResponseReturnValue:
    """Sign in and go to the page that was asked for."""
    person = request.form.get("person", "").strip()
    try:
        secret = people.sign_in(here.office(), person, request.form.get("password", ""), hasher=here.house().hasher,
                                idle=here.idle_end())  # fmt: skip
    except Fault as fault:
        return _form(person=person, fault=fault)
    session.clear()  # a token for forms that was known before signing in is worth nothing after it
    onward = own_path(request.form.get("next", ""))
    return _with_cookie(redirect(onward or url_for("web.home.page"), 303), secret)


@pages.post("/sign-out")
@open_to(PUBLIC)
def leave() -> ResponseReturnValue:
    """End the session on the server and drop the cookie."""
    secret = request.cookies.get(here.cookie_name())
    if secret:
        people.end(here.office(), secret)
    session.clear()
    return _with_cookie(redirect(url_for("web.sign_in.page"), 303), "")


def _with_cookie(answer: object, secret: str) -> Response:
    response = make_response(answer)
    minutes = here.house().settings.session_absolute_minutes if secret else 0
    response.set_cookie(
        here.cookie_name(), secret, max_age=minutes * 60, path="/", httponly=True, samesite="Lax",
        secure=here.house().settings.secure_cookies,
    )  # fmt: skip
    return response
