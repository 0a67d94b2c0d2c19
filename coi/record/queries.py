"""Queries: what lists, boards and look-ups read. Nothing here writes, and a history of any length is one statement."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, or_, select

from coi.record.tables import (
    ATTEMPT,
    CLOCK,
    CONTAINER,
    ENTRY,
    HANDOFF,
    HEARTBEAT,
    ORGANISATION,
    PARTY,
    PATHWAY,
    SHIPPER,
    THERAPY,
)

Rows = list[dict[str, Any]]


def _rows(conn: Connection, query: Select[Any], values: Mapping[str, Any] | None = None) -> Rows:
    return [dict(row) for row in conn.execute(query, values or {}).mappings()]


def open_therapies_of(conn: Connection, patient: str) -> list[str]:
    """Return the COI ids of the patient's therapies that are not closed."""
    query = (
        select(THERAPY.c.coi).where(THERAPY.c.patient == patient, THERAPY.c.closed.is_(None)).order_by(THERAPY.c.coi)
    )
    return list(conn.execute(query).scalars())


def is_therapy_of(conn: Connection, coi: str, *, patient: str) -> bool:
    """Tell whether `coi` is a therapy of `patient`."""
    query = select(THERAPY.c.coi).where(THERAPY.c.coi == coi, THERAPY.c.patient == patient)
    return conn.execute(query).first() is not None


def is_answered(conn: Connection, attempt: str) -> bool:
    """Tell whether the attempt with this id was answered before."""
    return conn.execute(select(ATTEMPT.c.id).where(ATTEMPT.c.id == attempt)).first() is not None


def taken_places(conn: Connection, places: Iterable[str], *, site: str) -> dict[str, str]:
    """Return which of the stored positions of `site` are taken, and by which container."""
    query = select(CONTAINER.c.place_id, CONTAINER.c.id).where(
        CONTAINER.c.place == "location", CONTAINER.c.place_id.in_(list(places)), CONTAINER.c.organisation == site
    )
    return {row.place_id: row.id for row in conn.execute(query)}


def may_see(conn: Connection, coi: str, organisations: Iterable[str]) -> bool:
    """Tell whether one of `organisations` is a party of the therapy `coi`."""
    query = select(PARTY.c.id).where(PARTY.c.therapy == coi, PARTY.c.organisation.in_(list(organisations)))
    return conn.execute(query).first() is not None


def therapies(
    conn: Connection, *, parties: Iterable[str] | None, after: str = "", limit: int = 50, contains: str = ""
) -> Rows:
    """Return therapies that one of `parties` may see (None: all), newest change first, from `after` on.

    `after` is the `changed_at/coi` of the last row seen; `contains` narrows to COI ids that contain it.
    """
    query = select(THERAPY).order_by(THERAPY.c.changed_at.desc(), THERAPY.c.coi).limit(limit)
    if parties is not None:
        query = query.where(visible(parties, THERAPY.c.coi))
    if contains:
        query = query.where(THERAPY.c.coi.contains(contains, autoescape=True))
    if after:
        changed_at, _, coi = after.partition("/")
        query = query.where(
            or_(THERAPY.c.changed_at < changed_at, and_(THERAPY.c.changed_at == changed_at, THERAPY.c.coi > coi))
        )
    return _rows(conn, query)


def visible(parties: Iterable[str], column: Any) -> Any:
    """Return the condition that the therapy in `column` is one that an organisation of `parties` may see."""
    return exists().where(PARTY.c.therapy == column, PARTY.c.organisation.in_(list(parties)))


def clocks(
    conn: Connection,
    *,
    states: Iterable[str],
    parties: Sequence[str] | None,
    after: str = "",
    limit: int = 50,
    therapy: str | None = None,
) -> Rows:
    """Return clocks in one of `states`, soonest deadline first, from `after` (`due_at/id`) on, and their pathways.

    What is left of a closed therapy is one organisation's to see to; its clocks are shown to no other.
    """
    told = select(CLOCK, THERAPY.c.pathway).join(THERAPY, THERAPY.c.coi == CLOCK.c.therapy)
    query = told.where(CLOCK.c.state.in_(list(states))).order_by(CLOCK.c.due_at, CLOCK.c.id).limit(limit)
    if parties is not None:
        mine = or_(CLOCK.c.owner.is_(None), CLOCK.c.owner.in_(list(parties)))
        query = query.where(visible(parties, CLOCK.c.therapy), mine)
    if therapy is not None:
        query = query.where(CLOCK.c.therapy == therapy)
    if after:
        due_at, _, id_ = after.partition("/")
        query = query.where(or_(CLOCK.c.due_at > due_at, and_(CLOCK.c.due_at == due_at, CLOCK.c.id > id_)))
    return _rows(conn, query)


def due_therapies(conn: Connection, *, now: str, limit: int) -> list[str]:
    """Return the therapies with a clock whose next moment has passed by `now`, most overdue first."""
    query = select(CLOCK.c.therapy).where(CLOCK.c.next_at <= now).order_by(CLOCK.c.next_at).limit(limit)
    return list(dict.fromkeys(conn.execute(query).scalars()))


def handoffs(conn: Connection, *, state: str, parties: Iterable[str] | None, limit: int = 200) -> Rows:
    """Return handoffs in `state`, oldest offer first."""
    query = select(HANDOFF).where(HANDOFF.c.state == state).order_by(HANDOFF.c.offered_at).limit(limit)
    return _rows(conn, query if parties is None else query.where(visible(parties, HANDOFF.c.therapy)))


def containers(conn: Connection, therapy: str) -> Rows:
    """Return the containers of a therapy."""
    return _rows(conn, select(CONTAINER).where(CONTAINER.c.therapy == therapy).order_by(CONTAINER.c.id))


def container(conn: Connection, id_: str) -> dict[str, Any] | None:
    """Return one container, or None."""
    found = _rows(conn, select(CONTAINER).where(CONTAINER.c.id == id_))
    return found[0] if found else None


def shipper(conn: Connection, id_: str) -> dict[str, Any] | None:
    """Return one shipper, or None."""
    found = _rows(conn, select(SHIPPER).where(SHIPPER.c.id == id_))
    return found[0] if found else None


def pathways(conn: Connection) -> Rows:
    """Return the published pathways without their bytes, newest version of a name first."""
    query = select(PATHWAY.c.digest, PATHWAY.c.name, PATHWAY.c.version, PATHWAY.c.title, PATHWAY.c.position)
    return _rows(conn, query.order_by(PATHWAY.c.name, PATHWAY.c.position.desc()))


def pathway_named(conn: Connection, name: str) -> str | None:
    """Return the digest of the newest published version of the pathway `name`, or None."""
    query = select(PATHWAY.c.digest).where(PATHWAY.c.name == name).order_by(PATHWAY.c.position.desc()).limit(1)
    return conn.execute(query).scalar()


def organisations(conn: Connection) -> Rows:
    """Return every organisation by code."""
    return _rows(conn, select(ORGANISATION).order_by(ORGANISATION.c.code))


def heartbeats(conn: Connection) -> Rows:
    """Return the heartbeat of each watcher."""
    return _rows(conn, select(HEARTBEAT).order_by(HEARTBEAT.c.name))


_LEAF = select(ENTRY).where(ENTRY.c.position == bindparam("position"))


def leaf(conn: Connection, position: int) -> dict[str, Any] | None:
    """Return the stored row of the entry at `position`, or None."""
    found = _rows(conn, _LEAF, {"position": position})
    return found[0] if found else None


def therapies_about(
    conn: Connection, *, parties: Iterable[str] | None, therapies: Iterable[str], patients: Iterable[str]
) -> Rows:
    """Return the therapies among `therapies` or of `patients` that one of `parties` may see (None: all)."""
    query = select(THERAPY).where(or_(THERAPY.c.coi.in_(list(therapies)), THERAPY.c.patient.in_(list(patients))))
    if parties is not None:
        query = query.where(visible(parties, THERAPY.c.coi))
    return _rows(conn, query.order_by(THERAPY.c.changed_at.desc()).limit(200))
