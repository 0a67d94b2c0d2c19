"""Pages: what people see and touch. Thin views, one action each; every rule lives behind `coi.actions`.

`register` hangs the pages onto an app. Pages need a session cookie and, for everything that is sent, the form's own
token; programs use the API instead.
"""

import hashlib
import hmac

from argon2 import PasswordHasher
from flask import Blueprint, Flask, Response, g, request, send_from_directory
from flask.typing import ResponseReturnValue
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect

from coi.actions.office import Office
from coi.settings import Settings
from coi.web import (
    access,
    boards,
    containers,
    documents,
    enrolling,
    exporting,
    faults,
    here,
    home,
    labelling,
    printers,
    scanning,
    shown,
    sign_in,
    stepping,
    therapies,
)

fault_page = faults.page
http_page = faults.of_http
PARTS = (
    boards, containers, documents, enrolling, exporting, home, labelling, printers, scanning, sign_in, stepping,
    therapies,
)  # fmt: skip
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)  # data: is for the arrows and ticks inside Bootstrap's own stylesheet
_PAGES = frozenset({"text/html", "image/svg+xml"})  # a browser's own viewer of a PDF needs what the policy forbids
_STYLES = "bootstrap.static"  # Bootstrap-Flask's own view
_forms = CSRFProtect()


def register(app: Flask, *, office: Office, settings: Settings) -> None:
    """Hang the pages onto `app`; cookies, the key that signs form tokens and the content policy are set here.

    Errors that belong to no page (an unknown address, a failure) are the app's; `fault_page` and `http_page` show them.
    """
    hasher = PasswordHasher(settings.argon2_time_cost, settings.argon2_memory_cost, settings.argon2_parallelism)
    app.extensions[here.EXTENSION] = here.House(office, settings, hasher)
    app.config |= {
        "BOOTSTRAP_SERVE_LOCAL": True,
        "SESSION_COOKIE_NAME": "__Host-coi-forms" if settings.secure_cookies else "coi-forms",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_CHECK_DEFAULT": False,  # the guard of the pages checks; the API has no cookie to misuse
        "WTF_CSRF_TIME_LIMIT": None,  # a form is good as long as its session
    }
    app.secret_key = app.secret_key or hmac.new(office.keys.token, b"coi forms v1", hashlib.sha256).digest()
    app.static_url_path = "/assets"  # Bootstrap-Flask hangs its files below it, though the app has no such folder
    Bootstrap5(app)
    app.view_functions[_STYLES] = access.open_to(access.PUBLIC)(app.view_functions[_STYLES])
    _forms.init_app(app)
    app.register_blueprint(_pages())
    app.after_request(_seal)
    app.context_processor(shown.context)


def _pages() -> Blueprint:
    pages = Blueprint("web", __name__, template_folder="templates")
    pages.add_url_rule("/assets/<path:name>", "asset", asset)
    for part in PARTS:
        pages.register_blueprint(part.pages)
    faults.attach(pages)
    pages.before_request(_check)
    for name, say in shown.FILTERS.items():
        pages.add_app_template_filter(say, name)
    return pages


@access.open_to(access.PUBLIC)
def asset(name: str) -> Response:
    """Return one of our own stylesheets, scripts or pictures."""
    response = send_from_directory(f"{__path__[0]}/static", name, max_age=0)
    g.public = True
    return response


def _check() -> ResponseReturnValue | None:
    """Ask who is calling, and for the form's token when something is sent."""
    answered = access.guard()
    if answered is None and request.method not in ("GET", "HEAD", "OPTIONS"):
        _forms.protect()
    return answered


def _seal(response: Response) -> Response:
    """Let nothing foreign run in our pages, and keep pages with patient data out of every cache."""
    if not (request.blueprint or "").startswith("web") and response.mimetype != "text/html":
        return response
    if response.mimetype in _PAGES:
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
    response.headers["Referrer-Policy"] = "same-origin"  # the check of form tokens over https needs the own origin
    if "public" not in g:
        response.headers["Cache-Control"] = "no-store"
    return response
