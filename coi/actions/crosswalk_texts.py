"""The crosswalk with its texts: what the keyed tokens of foreign codes stand for, so that another key can make its own.

The table of codes holds tokens only; the texts are in the vault, beside what they belong to. A code whose text is in
the vault no more keeps its token, and can be read under the same vault key only.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from coi.actions.canonical import DONATION
from coi.actions.identifiers import DETAILS, alert_keys, details_of
from coi.actions.office import Office
from coi.journey.identity import is_own
from coi.record import codes, sealed
from coi.record.vault import VaultKeys

Json = dict[str, Any]
_SCANNED = ("label", "shipper")  # the scopes in which a foreign code is kept as it was scanned


def with_texts(office: Office, conn: Connection, rows: Iterable[Json]) -> Iterator[Json]:
    """Return the codes; each keyed token that is understood has `scope` and `text` beside it."""
    texts: dict[str, tuple[str, str]] = {}
    details: dict[str, dict[str, str]] = {}
    for one in sealed.opened(conn, keys=office.keys):
        for scope, text in _scoped(one.subject, one.name, one.text):
            texts[codes.foreign_token(office.keys, text=text, scope=scope)] = (scope, text)
        if one.name.partition("@")[0] in DETAILS:
            details.setdefault(one.subject, {})[one.name] = one.text
    for row in rows:
        known = texts | _names(office.keys, row, details) if row["type"] == "name" else texts
        found = known.get(row["token"])
        yield {**row, "scope": found[0] if found else None, "text": found[1] if found else None}


def _scoped(subject: str, name: str, text: str) -> Iterator[tuple[str, str]]:
    """Return (scope, text) of the codes that a text of the vault can have made."""
    if name in ("scan", "code"):
        yield from ((scope, text) for scope in _SCANNED)
    if name == "donation":
        yield "donation", text
    if name.startswith("identifier."):
        said = json.loads(text)
        own = f"therapy/{said['issuer']}/{said['kind']}"
        yield (own if subject.startswith("COI-") else "patient"), said["value"]
        if subject.startswith("COI-") and said["kind"] == DONATION:
            yield "donation", said["value"]


def _names(keys: VaultKeys, row: Json, details: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, str]]:
    """Return what each name key of a patient, as called at any time, is at the site of a code."""
    texts, scope = details.get(row["subject"], {}), f"name/{row['issuer']}"
    found = {text for known in _over_time(texts) for text in alert_keys(known)}
    return {codes.foreign_token(keys, text=text, scope=scope): (scope, text) for text in found}


def _over_time(texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Return the details of a patient as they were known at first and after each change."""
    for moment in sorted({name.partition("@")[2] for name in texts}):
        yield details_of({name: text for name, text in texts.items() if name.partition("@")[2] <= moment})


def as_it_was(row: Json) -> Json:
    """Return a code without its text, as the key that made it knows it."""
    return {name: value for name, value in row.items() if name not in ("scope", "text")}


def remade(keys: VaultKeys, row: Json) -> Json | None:
    """Return a code as another vault key knows it; None for a foreign one whose text is not known."""
    own = as_it_was(row)
    if row["text"] is not None:
        return own | {"token": codes.foreign_token(keys, text=row["text"], scope=row["scope"])}
    return own if is_own(row["token"]) else None


def remade_name(keys: VaultKeys, name: str, text: str) -> str:
    """Return the name of a vault's field as another key makes it: an identifier's holds its token."""
    sort, _, rest = name.partition(".")
    _, dot, issuer = rest.partition(".")
    if sort != "identifier" or not dot:
        return name
    token = codes.foreign_token(keys, text=json.loads(text)["value"], scope="patient")
    return f"identifier.{token}.{issuer}"
