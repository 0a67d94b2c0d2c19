"""The REST interface, `/api/v1`: HTTP in, one action, HTTP out. Described by OpenAPI 3.1 at /api/v1/openapi.json."""

from flask import Flask
from flask_smorest import Api

from coi.api import documents, exporting, log, printing, reading, stepping
from coi.api.access import PUBLIC, open_to
from coi.api.describe import FaultSchema

PREFIX = "/api/v1"
_DESCRIPTION = "api-docs.openapi_json"  # flask-smorest's own view: the interface's description is open to anyone


class QuietApi(Api):  # type: ignore[misc]  # flask-smorest carries no types
    """flask-smorest without its error handlers: they would turn the errors of pages into JSON and drop headers."""

    ERROR_SCHEMA = FaultSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to the app."""


def register(app: Flask) -> None:
    """Hang the interface onto `app`."""
    app.config |= {
        "API_TITLE": "Chain of identity and custody",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": PREFIX,
        "OPENAPI_JSON_PATH": "openapi.json",
    }
    api = QuietApi(app, spec_kwargs={"info": {"description": "Vein to vein: identity, custody, stability."}})
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    api.spec.options["security"] = [{"bearer": []}]
    app.view_functions[_DESCRIPTION] = open_to(PUBLIC)(app.view_functions[_DESCRIPTION])
    for part in (stepping, documents, printing, reading, exporting, log):
        api.register_blueprint(part.blueprint, url_prefix=PREFIX)
