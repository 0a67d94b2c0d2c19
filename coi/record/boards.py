"""Boards: what is expected where and when, as one statement for each view. Nothing here writes.

* today: stages expected from the beginning to the end of one day, late ones among them;
* arriving: stages expected at one's own organisations within the coming days, and open handoffs that wait for them;
* late: stages whose expected moment has passed.

A stage that was reached is on no board, and neither is one without an expected moment; what a closed therapy had
planned counts as reached.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, String, and_, cast, not_, null, or_, select

from coi.record.queries import Rows, visible
from coi.record.tables import HANDOFF, PLANNED

VIEWS = ("today", "arriving", "late")


def planned(
    conn: Connection,
    *,
    view: str,
    now: str,
    day_start: str,
    day_end: str,
    until: str,
    parties: Sequence[str] | None,
    addressees: Sequence[str] | None,
    limit: int = 50,
    after: str = "",
) -> Rows:
    """Return the rows of one board, soonest first, from `after` (`at/id`) on; all moments are instants as text.

    `parties` are the organisations that look (None: all therapies), `addressees` whom an offer may be made to so that
    they may take it (None: whoever). `day_start` and `day_end` bound today, `until` bounds arriving. A handoff has no
    expected moment; it stands at the moment of its offer, and `handoff` holds its id.
    """
    columns = (_within(view, now=now, day_start=day_start, day_end=day_end, until=until), _seen(PLANNED, parties))
    stages = _stages().where(not_(PLANNED.c.reached), *columns)
    if view != "arriving":
        return _page(conn, stages, after=after, limit=limit)
    here = PLANNED.c.site.is_not(None) if parties is None else PLANNED.c.site.in_(list(parties))
    return _page(conn, stages.where(here), _offers(parties, addressees), after=after, limit=limit)


def _within(view: str, *, now: str, day_start: str, day_end: str, until: str) -> ColumnElement[bool]:
    at = PLANNED.c.at
    spans = {
        "today": and_(at >= day_start, at < day_end),
        "arriving": and_(at >= now, at <= until),
        "late": at < now,
    }
    return spans[view]


def _seen(table: Any, parties: Sequence[str] | None) -> ColumnElement[bool]:
    found: ColumnElement[bool] = table.c.therapy.is_not(None) if parties is None else visible(parties, table.c.therapy)
    return found


def _stages() -> Select[Any]:
    row = PLANNED.c
    nothing = cast(null(), String)
    return select(
        row.id, row.therapy, row.stage, row.title, row.at, row.site,
        nothing.label("handoff"), nothing.label("giver"), nothing.label("addressee"), nothing.label("addressee_type"),
        cast(null(), Integer).label("containers"),
    )  # fmt: skip


def _offers(parties: Sequence[str] | None, addressees: Sequence[str] | None) -> Select[Any]:
    row = HANDOFF.c
    nothing = cast(null(), String)
    query = select(
        row.id, row.therapy, nothing.label("stage"), nothing.label("title"), row.offered_at.label("at"),
        nothing.label("site"), row.id.label("handoff"), row.giver, row.addressee,
        row.addressee_type, row.containers,
    ).where(row.state == "open", _seen(HANDOFF, parties))  # fmt: skip
    return query if addressees is None else query.where(row.addressee.in_(list(addressees)))


def _page(conn: Connection, *parts: Select[Any], after: str, limit: int) -> Rows:
    """Return the rows of all parts together in their order, `limit` at the most."""
    first, *more = parts
    found = (first.union_all(*more) if more else first).subquery()
    query = select(found).order_by(found.c.at, found.c.id).limit(limit)
    if after:
        at, _, id_ = after.partition("/")
        query = query.where(or_(found.c.at > at, and_(found.c.at == at, found.c.id > id_)))
    return [dict(row) for row in conn.execute(query).mappings()]
