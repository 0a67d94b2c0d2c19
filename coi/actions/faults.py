"""Faults: what is wrong with a request before the rules are asked. A fault records nothing and uses up no id."""

from collections.abc import Mapping, Sequence
from typing import Any

Errors = Mapping[str, Sequence[str]]
_TOLD_AT_MOST = 5  # of many things that are wrong at once


class Fault(Exception):
    """A request that cannot be taken up: an HTTP status, a stable code, one sentence, sentences by JSON path.

    `findings` are given where a rule speaks although nothing is recorded.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        errors: Errors | None = None,
        findings: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors: Errors = errors or {}
        self.findings = findings


def malformed(code: str, message: str, errors: Errors | None = None) -> Fault:
    """Return the fault of a request that does not say what it must (400)."""
    return Fault(400, code, message, errors)


def forbidden(message: str) -> Fault:
    """Return the fault of a person without the authority (403)."""
    return Fault(403, "authority.missing", message)


def unknown(what: str) -> Fault:
    """Return the fault of a thing that is not there, or not for this person to see (404)."""
    return Fault(404, "not_found", f"There is no such {what}, or it is not yours to see.")


def the_first_of(sentences: Sequence[str]) -> str:
    """Return the first of many sentences, a line each, and how many there are besides."""
    more = [f"and {len(sentences) - _TOLD_AT_MOST} more"] if len(sentences) > _TOLD_AT_MOST else []
    return "\n".join([*sentences[:_TOLD_AT_MOST], *more])
