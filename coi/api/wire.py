"""The wire: bytes in, bytes out. Strict JSON, one error shape, recorded answers sent exactly as they were stored."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from flask import Response, request
from marshmallow import Schema, ValidationError

from coi.actions import proofs
from coi.actions.attempts import Answer, as_bytes
from coi.actions.faults import Fault, malformed
from coi.api.access import office
from coi.api.schemas import WORDS
from coi.record.db import StoreBusy, StoreFull, StoreUnusable

JSON = "application/json"
KNOWN_SIZE = "Coi-Known-Size"  # the header in which a client names the tree size it knows
_DEEPEST = 32


def error_body(fault: Fault) -> dict[str, Any]:
    """Return the one shape of every error."""
    return {"code": fault.code, "status": fault.status, "message": fault.message,
            "errors": {path: list(told) for path, told in fault.errors.items()},
            **({"findings": list(fault.findings)} if fault.findings else {})}  # fmt: skip


def error(fault: Fault) -> Response:
    """Return a fault as a response."""
    response = Response(as_bytes(error_body(fault)), fault.status, mimetype=JSON)
    if fault.status == 401:  # noqa: PLR2004 - the one status that has to name the scheme
        response.headers["WWW-Authenticate"] = 'Bearer realm="coi"'
    return response


def of_store(raised: StoreUnusable) -> Fault:
    """Return the fault of a store that cannot do its work; whether it recorded is told to who sends it again."""
    again = "Send it again under the same id: it is never recorded twice."
    if isinstance(raised, StoreBusy):
        return Fault(503, "store.busy", f"The store stayed busy. {again}")
    if isinstance(raised, StoreFull):
        return Fault(507, "store.full", "There is no room left where the database lies: nothing is recorded until the "
                     f"operator frees some. {again}")  # fmt: skip
    return Fault(503, "store.failed", "The database cannot be used at this moment; if it lasts, tell the operator. "
                 f"{again}")  # fmt: skip


def recorded(answer: Answer) -> Response:
    """Return a recorded answer, byte for byte as it was stored.

    A client that names the tree size it knows in the header `Coi-Known-Size` gets, behind everything else, the proof
    between that tree and the one of its receipt.
    """
    return Response(answer.body[:-1] + _consistency(answer) + answer.body[-1:], answer.status, mimetype=JSON)


def _consistency(answer: Answer) -> bytes:
    known = request.headers.get(KNOWN_SIZE, "")
    if not (known.isascii() and known.isdigit() and len(known) <= 16):  # noqa: PLR2004 - digits of 2**53
        return b""
    receipt = json.loads(answer.body).get("receipt")
    found = proofs.known_to_begin(office(), known=int(known), size=receipt["size"]) if receipt else None
    return b',"consistency":' + as_bytes(found) if found else b""


def shown(body: Mapping[str, Any]) -> Response:
    """Return something that was read."""
    return Response(as_bytes(body), 200, mimetype=JSON)


def wrong_type(wanted: str) -> Fault:
    """Return the fault of a body in another content type than `wanted`."""
    return Fault(415, "body.type", f"Send the body as {wanted}.")


def body_of_request() -> dict[str, Any]:
    """Return the request's JSON object as it was sent. Raises Fault 415 or 400."""
    if request.mimetype != JSON:
        raise wrong_type(JSON)
    return parsed(request.get_data(cache=False))


def parsed(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`; duplicate keys, NaN, lone surrogates and deep nesting are refused."""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant)
        _refuse_depth(found, _DEEPEST)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as fault:
        raise malformed("body.malformed", "The body is not JSON in UTF-8 with each key once; send it again.") from fault
    if not isinstance(found, dict):
        raise malformed("body.malformed", "The body is not a JSON object; send one.")
    return found


def _once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_depth(value: Any, left: int) -> None:
    if left == 0:
        raise ValueError("nested too deep")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _refuse_depth(item, left - 1)


def loaded(schema: Schema, body: Mapping[str, Any]) -> Any:
    """Return `body` as `schema` reads it; raises Fault 400 with a sentence for every path that is wrong."""
    try:
        return schema.load(body)
    except ValidationError as fault:
        errors: dict[str, list[str]] = {}
        for path, sentences in _by_path(fault.messages):
            errors.setdefault(path, []).extend(sentences)
        where, told = next(iter(errors.items()))
        raise malformed("body.invalid", f"{where}: {told[0]}", errors) from fault


def _by_path(messages: Any, path: str = "") -> list[tuple[str, list[str]]]:
    if isinstance(messages, dict):
        found = []
        for key, inner in messages.items():
            found += _by_path(inner, _below(path, str(key)))
        return found
    told = messages if isinstance(messages, list) else [messages]
    return [(path or "body", [str(text) for text in told])]


def _below(path: str, key: str) -> str:
    """Return the path of `key`, or `path` itself for a key that is no word of ours: it could be anything."""
    if key not in WORDS and not (key.isascii() and key.isdigit()):
        return path
    return f"{path}.{key}" if path else key
