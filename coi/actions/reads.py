"""Reads: what pages and clients are shown. Nothing here writes, decides or alters.

State "as of" a moment is a fold of what was recorded by then. Who may not see a therapy is told it is not there. A
bedside check that has no second one yet is shown to nobody but the person who made it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from coi.actions.canonical import forms
from coi.actions.faults import malformed, unknown
from coi.actions.identifiers import DETAILS, details_of
from coi.actions.office import Office
from coi.actions.shown import (
    as_shown,
    clock_json,
    clocks_json,
    container_json,
    masked_checks,
    next_json,
    stages_json,
    therapy_json,
)
from coi.actions.steps import Caller
from coi.journey.attempt import Actor
from coi.journey.authority import READERS_OF_ALL, may_read
from coi.journey.entry import Entry
from coi.journey.fold import fold
from coi.journey.identity import is_own
from coi.journey.next_steps import next_steps
from coi.journey.pathway import Pathway
from coi.journey.therapy import Therapy
from coi.record import codes, ledger, people, queries, sealed

CLOCK_STATES = ("running", "warned", "breached")
PAGE = 50


def parties_of(caller: Caller) -> list[str] | None:
    """Return the organisations whose therapies the caller may see, or None for all."""
    if any(roles & READERS_OF_ALL for roles in caller.grants.values()):
        return None
    return sorted(caller.grants)


def _history(
    office: Office, conn: Connection, coi: str, caller: Caller, at: datetime | None = None
) -> tuple[Therapy, list[Entry]]:
    """Return the therapy as of `at` and its entries; raises 404 when the caller may not see it today."""
    if not is_own(coi):
        raise unknown("therapy")
    stream = f"therapy:{coi}"
    entries = ledger.read_streams(conn, [stream])[stream].entries
    pathway = _pathways(office, conn)
    today = fold(entries, pathway=pathway)
    if today is None or not may_read(today, grants=caller.grants):
        raise unknown("therapy")
    if at is None:
        return today, list(entries)
    then = [entry for entry in entries if entry.recorded_at <= at]
    believed = fold(then, pathway=pathway)
    if believed is None:
        raise unknown("therapy")
    return believed, then


def _pathways(office: Office, conn: Connection) -> Callable[[str], Any]:
    return lambda digest: office.pathway(conn, digest)


def history(
    office: Office, coi: str, *, caller: Caller, at: datetime | None = None
) -> tuple[Therapy, list[Entry], Pathway]:
    """Return the therapy as of `at`, its entries and its pathway; raises 404 when the caller may not see it today."""
    with office.store.read() as conn:
        state, found = _history(office, conn, coi, caller, at)
        return state, found, office.pathway(conn, state.pathway)


def therapy(office: Office, coi: str, *, caller: Caller, at: datetime | None = None) -> dict[str, Any]:
    """Return the state of a therapy, now or as recorded by `at`."""
    with office.store.read() as conn:
        state, _ = _history(office, conn, coi, caller, at)
        pathway = office.pathway(conn, state.pathway)
    shown = therapy_json(state, pathway, caller.person, at or office.now())
    if at is None:
        actor = Actor(caller.person, caller.grants)
        found = next_steps(None, actor=actor, therapy=state, pathway=pathway, shipper=None, at=office.now())
        shown["next"] = [next_json(step) for step in found]
    return shown


def therapies(office: Office, *, caller: Caller, q: str = "", after: str = "", limit: int = PAGE) -> dict[str, Any]:
    """Return the therapies the caller may see, newest change first; `q` is a part of a COI id."""
    with office.store.read() as conn:
        rows = queries.therapies(conn, parties=parties_of(caller), after=after, limit=limit + 1,
                                 contains=q.strip().upper())  # fmt: skip
    return page_of(rows, limit, lambda row: f"{row['changed_at']}/{row['coi']}")


def page_of(rows: list[dict[str, Any]], limit: int, cursor: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """Return the first `limit` of `rows` as a page; when there are more, `next` is the `cursor` of its last row."""
    items = rows[:limit]
    return {"items": items, "next": cursor(items[-1]) if len(rows) > limit else None}


def entries(
    office: Office, coi: str, *, caller: Caller, after: int = 0, limit: int = 200, at: datetime | None = None
) -> dict[str, Any]:
    """Return the entries of a therapy in order, from the one behind seq `after` on."""
    with office.store.read() as conn:
        state, found = _history(office, conn, coi, caller, at)
    hidden = masked_checks(state, caller.person)
    page = [entry for entry in found if entry.seq > after][: limit + 1]
    items = [as_shown(entry, hidden) for entry in page[:limit]]
    return {"items": items, "next": str(items[-1]["seq"]) if len(page) > limit else None}


def container(office: Office, id_: str, *, caller: Caller, at: datetime | None = None) -> dict[str, Any]:
    """Return one container with its therapy, labels, clocks and entries."""
    with office.store.read() as conn:
        row = queries.container(conn, id_) if is_own(id_) else None
        if row is None:
            raise unknown("container")
        state, found = _history(office, conn, row["therapy"], caller, at)
        pathway = office.pathway(conn, state.pathway)
    if id_ not in state.containers:
        raise unknown("container")
    hidden = masked_checks(state, caller.person)
    about = [as_shown(entry, hidden) for entry in found if _mentions(entry, id_)]
    shown = container_json(state, state.containers[id_])
    clocks_here = [clock for clock in clocks_json(state, pathway, office.now()) if clock["container"] == id_]
    return {**shown, "therapy": state.coi, "clocks": clocks_here, "entries": about}


def _mentions(entry: Entry, container_id: str) -> bool:
    values = entry.values
    named = (*values.get("containers", ()), *values.get("inputs", ()), *values.get("outputs", ()))
    return container_id in named or values.get("container") == container_id


def clocks(
    office: Office, *, caller: Caller, states: Sequence[str] = CLOCK_STATES, after: str = "", limit: int = PAGE
) -> dict[str, Any]:
    """Return the clocks in `states` that the caller may see, soonest deadline first."""
    strange = [state for state in states if state not in (*CLOCK_STATES, "ended")]
    if strange:
        message = f"There is no such clock state; expected {', '.join(CLOCK_STATES)} or ended."
        raise malformed("clocks.state", message, {"state": [message]})
    with office.store.read() as conn:
        rows = queries.clocks(conn, states=states, parties=parties_of(caller), after=after, limit=limit + 1)
        for row in rows:
            row["told_by"] = office.pathway(conn, row["pathway"]).window(row["window"])
    page = page_of(rows, limit, lambda row: f"{row['due_at']}/{row['id']}")
    return {**page, "items": [clock_json(row, office.now()) for row in page["items"]]}


def handoffs(office: Office, *, caller: Caller, state: str = "open") -> dict[str, Any]:
    """Return the handoffs in `state` that the caller may see, oldest offer first."""
    with office.store.read() as conn:
        return {"items": queries.handoffs(conn, state=state, parties=parties_of(caller)), "next": None}


def search(
    office: Office, *, value: str, caller: Caller, issuer: str | None = None, kind: str | None = None
) -> dict[str, Any]:
    """Return the therapies with the identifier `value`, the patient's or their own, that the caller may see."""
    texts = dict.fromkeys((value, *forms(office, kind=kind or "", value=value)))
    scopes = ["patient", "donation", *([f"therapy/{issuer}/{kind}"] if issuer and kind else [])]
    tokens = [codes.foreign_token(office.keys, text=text, scope=scope) for scope in scopes for text in texts]
    with office.store.read() as conn:
        named = [item for several in codes.resolve(conn, [*tokens, value]).values() for item in several]
        named = [item for item in named if issuer is None or item.issuer in ("", issuer)]
        own = {item.therapy for item in named if item.therapy}
        patients = {item.subject for item in named if item.type == "patient"}
        rows = queries.therapies_about(conn, parties=parties_of(caller), therapies=own, patients=patients)
    return {"items": rows, "next": None}


def patient(office: Office, coi: str, *, caller: Caller) -> dict[str, Any] | None:
    """Return name, birth date and identifiers of the therapy's patient for those who treat; None for everybody else."""
    with office.store.read() as conn:
        state, _ = _history(office, conn, coi, caller)
        treating = caller.grants.get(state.site, frozenset())
        if not treating - READERS_OF_ALL:
            return None
        texts = sealed.read(conn, [state.patient], keys=office.keys).get(state.patient, {})
    identifiers = [text for name, text in sorted(texts.items()) if name.startswith("identifier.")]
    known = details_of(texts)
    return {**{name: known.get(name) for name in DETAILS}, "identifiers": identifiers}


def names(office: Office, subjects: Sequence[str]) -> Mapping[str, dict[str, str]]:
    """Return the readable texts behind keyed tokens and entry ids: seals, locations, notes."""
    with office.store.read() as conn:
        return sealed.read(conn, subjects, keys=office.keys) if subjects else {}


def pathways(office: Office) -> list[dict[str, Any]]:
    """Return the published pathways, newest version of each name first, with their stages and coded reasons."""
    with office.store.read() as conn:
        found = [(row, office.pathway(conn, row["digest"])) for row in queries.pathways(conn)]
    return [{**row, "stages": stages_json(known), "reasons": dict(known.reasons)} for row, known in found]


def organisations(office: Office) -> list[dict[str, Any]]:
    """Return the sites and courier companies."""
    with office.store.read() as conn:
        return queries.organisations(conn)


def caller_of(known: people.Known) -> Caller:
    """Return who is asking, from a sign-in that was looked up."""
    return Caller(known.person, known.grants)
