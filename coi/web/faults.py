"""Faults as pages: whatever goes wrong is said in a plain sentence, with what to do, and never with a trace."""

from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from coi.actions.faults import Fault

_SENTENCES = {
    400: "This request cannot be understood. Go back, open the page again and send it from there.",
    404: "There is no such page, or it is not yours to see.",
    405: "This address is not used in that way. Go back and use the page's own buttons.",
    413: "What was sent is too large. Take a smaller picture and send it again.",
    429: "That was too often. Wait a little and try again.",
    500: "Something failed here. Go back and send it again: it is never recorded twice.",
    503: "The service is busy. Send it again: it is never recorded twice.",
    507: "There is no room left to record anything. Tell the operator, then send it again: it is never recorded twice.",
}
_TITLES = {
    400: "Not understood", 401: "Sign in again", 403: "Not yours to do", 404: "Not found", 409: "This differs",
    413: "Too large", 422: "Not read", 429: "Too often", 500: "Something failed", 503: "Busy",
    507: "No room left",
}  # fmt: skip


def page(status: int, message: str | None = None) -> Response:
    """Return the page that says what went wrong. Where the service itself failed, it asks the database for nothing."""
    known = HTTPStatus(status) if status in set(HTTPStatus) else HTTPStatus.INTERNAL_SERVER_ERROR
    said = message or _SENTENCES.get(status, f"{known.description or known.phrase}.")
    template = "failed.html" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "fault.html"
    return make_response(render_template(template, title=_TITLES.get(status, known.phrase), message=said), status)


def _of_fault(fault: Fault) -> Response:
    return page(fault.status, fault.message)


def _of_csrf(fault: CSRFError) -> Response:  # noqa: ARG001 - the library's reason means nothing to a nurse
    return page(400, "This form was not sent from its own page, or your session has changed since. Nothing was "
                     "recorded. Open the page again and send it from there.")  # fmt: skip


def of_http(fault: HTTPException) -> Response:
    """Return the page for an error of HTTP itself, with the headers that belong to it; redirects stay as they are."""
    answer = make_response(fault.get_response())
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return answer
    response = page(answer.status_code)
    if "Allow" in answer.headers:
        response.headers["Allow"] = answer.headers["Allow"]
    return response


def attach(pages: Blueprint) -> None:
    """Let every page of the blueprint answer faults with a page."""
    pages.register_error_handler(Fault, _of_fault)
    pages.register_error_handler(CSRFError, _of_csrf)
    pages.register_error_handler(HTTPException, of_http)
