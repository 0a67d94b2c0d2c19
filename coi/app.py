"""The web application: settings and office in, Flask out. The database is first touched after the workers fork."""

import os
import time
import traceback

import structlog
from argon2 import PasswordHasher
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from coi import api, clock, logs, web
from coi.actions.attempts import as_bytes
from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.actions.setup import open_office
from coi.api import health, wire
from coi.api.access import EXTENSION, HASHER
from coi.record.db import StoreUnusable
from coi.record.transparency import LogBroken
from coi.record.unusable import first_line
from coi.settings import Settings, load

_log = structlog.get_logger("coi.web")
_JSON_PATHS = ("/api/", "/health", "/metrics")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
_RETRY_SECONDS = 1
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_CODES = {
    404: "not_found",
    405: "method.not_allowed",
    413: "body.too_large",
    415: "body.type",
    429: "too_many_requests",
}


def create_app(settings: Settings | None = None, office: Office | None = None) -> Flask:
    """Return the application for an instance; without arguments, for the one that the environment names."""
    settings = settings or load(os.environ)
    office = office or open_office(settings, now=clock.now)
    logs.set_up(settings.log_level)
    app = Flask("coi.web", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    app.extensions[EXTENSION] = office
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's documented way
    app.extensions[HASHER] = PasswordHasher(
        settings.argon2_time_cost, settings.argon2_memory_cost, settings.argon2_parallelism
    )
    api.register(app)
    health.register(app)
    web.register(app, office=office, settings=settings)
    _watch_requests(app)
    _answer_errors(app)
    return app


def _watch_requests(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        rule = request.url_rule.rule if request.url_rule else None
        person = getattr(g.get("caller"), "person", None)
        took = round((time.monotonic() - g.began) * 1000, 1) if "began" in g else None
        method = request.method if request.method in _METHODS else None  # it may be any word
        _log.info("request", method=method, route=rule, status=response.status_code, person=person, ms=took)
        return response


def _answer_errors(app: Flask) -> None:
    """Answer every error of the interface in its one shape, and every error of the pages with a page."""
    app.register_error_handler(Fault, wire.error)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StoreUnusable, _unusable)
    app.register_error_handler(LogBroken, _log_broken)
    app.register_error_handler(Exception, _broken)


def _is_page() -> bool:
    return not request.path.startswith(_JSON_PATHS)


def _http(raised: HTTPException) -> Response:
    if _is_page():
        return web.http_page(raised)
    status = raised.code or 500
    if isinstance(raised, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        said = Fault(413, "body.too_large", f"The body is larger than {limit} bytes; send less.")
    else:
        said = Fault(status, _CODES.get(status, "http.error"), f"{raised.name}; see /api/v1/openapi.json.")
    response = wire.error(said)
    for name, value in raised.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _unusable(raised: StoreUnusable) -> Response:
    _log.warning("store_unusable", error=type(raised).__name__, said=first_line(raised))
    said = wire.of_store(raised)
    response = web.fault_page(said.status) if _is_page() else wire.error(said)
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def _log_broken(raised: LogBroken) -> Response:
    _log.critical("log_broken", says=str(raised))
    said = Fault(503, "log.broken", "The log is not as it was signed, so nothing is added to it and nothing was "
                 "recorded. Use paper, and tell the operator to run coi verify.")  # fmt: skip
    return web.fault_page(503) if _is_page() else wire.error(said)


def _broken(raised: Exception) -> Response:
    # The message of an exception may quote what was sent; the frames do not.
    _log.error("request_failed", error=type(raised).__name__, frames=traceback.format_tb(raised.__traceback__)[-8:])
    if _is_page():
        return web.fault_page(500)
    body = {"code": "server.error", "status": 500, "errors": {},
            "message": "The service failed; nothing was recorded. Try again, and tell the operator."}  # fmt: skip
    return Response(as_bytes(body), 500, mimetype=wire.JSON)
