"""Projections: the rows that lists, boards and the watcher read, derived from one therapy.

`project` is the only writer of projections: what it returns for a therapy is, row for row, what the tables must hold
for it. They are written in the transaction of the entry, can be dropped and rebuilt, and are compared by `coi verify`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coi.journey.entry import instant
from coi.journey.pathway import Pathway
from coi.journey.stability import Clock, clocks
from coi.journey.therapy import Container, Handoff, Shipper, Therapy

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Projection:
    """The rows of one therapy by table; each table's rows by their key."""

    therapy: dict[str, Row]
    container: dict[str, Row]
    handoff: dict[str, Row]
    clock: dict[str, Row]
    party: dict[str, Row]
    planned: dict[str, Row]
    document: dict[str, Row]

    def tables(self) -> dict[str, dict[str, Row]]:
        """Return the rows by table name."""
        return {
            "therapy": self.therapy,
            "container": self.container,
            "handoff": self.handoff,
            "clock": self.clock,
            "party": self.party,
            "planned": self.planned,
            "document": self.document,
        }


EMPTY = Projection({}, {}, {}, {}, {}, {}, {})


def project(therapy: Therapy, *, pathway: Pathway) -> Projection:
    """Return the rows of `therapy`."""
    running = clocks(therapy, pathway=pathway)
    return Projection(
        therapy={therapy.coi: _therapy(therapy)},
        container={c.id: _container(therapy, c) for c in therapy.containers.values()},
        handoff={h.id: _handoff(therapy, h) for h in therapy.handoffs.values()},
        clock={clock.id: _clock(therapy, clock) for clock in running},
        party={
            f"{therapy.coi}/{site}": {"id": f"{therapy.coi}/{site}", "therapy": therapy.coi, "organisation": site}
            for site in therapy.parties
        },
        planned={row["id"]: row for row in planned(therapy, pathway=pathway)},
        document={row["id"]: row for row in _documents(therapy)},
    )


def planned(therapy: Therapy, *, pathway: Pathway) -> Iterator[Row]:
    """Return what the plan says of each stage that it names, in the order of the pathway.

    A stage counts as reached when it, or one behind it, was begun; a closed therapy expects nothing any more.
    """
    for number, stage in enumerate(pathway.stages):
        told = therapy.plan.get(stage.id)
        if told is not None:
            yield {
                "id": f"{therapy.coi}/{stage.id}",
                "therapy": therapy.coi,
                "stage": stage.id,
                "title": stage.title,
                "at": told.get("at"),
                "site": told.get("site"),
                "reached": therapy.closed is not None or (therapy.begun and number <= therapy.stage),
            }


def _documents(therapy: Therapy) -> Iterator[Row]:
    for document in therapy.documents.values():
        yield {
            "id": f"{therapy.coi}/{document.sha256}",
            "therapy": therapy.coi,
            "sha256": document.sha256,
            "kind": document.kind,
            "entry": document.entry,
            "superseded_by": document.superseded_by,
        }


def _therapy(therapy: Therapy) -> Row:
    return {
        "coi": therapy.coi,
        "pathway": therapy.pathway,
        "pathway_name": therapy.pathway_name,
        "site": therapy.site,
        "patient": therapy.patient,
        "closed": therapy.closed,
        "seq": therapy.seq,
        "last_kind": therapy.last_kind,
        "deviations": len(therapy.deviations),
        "changed_at": instant(therapy.changed_at) if therapy.changed_at else "",
    }


def _container(therapy: Therapy, container: Container) -> Row:
    return {
        "id": container.id,
        "therapy": therapy.coi,
        "purpose": container.purpose.value,
        "number": container.number,
        "dose": container.dose,
        "state": container.state.value,
        "organisation": container.custodian.organisation,
        "person": container.custodian.person,
        "place": container.place.kind,
        "place_id": container.place.id,
        "holds": len(container.holds),
        "released": bool(container.releases),
    }


def _handoff(therapy: Therapy, handoff: Handoff) -> Row:
    return {
        "id": handoff.id,
        "therapy": therapy.coi,
        "shipper": handoff.shipper,
        "containers": len(handoff.containers),
        "giver": handoff.giver.organisation,
        "giver_person": handoff.giver.person,
        "addressee": handoff.to,
        "addressee_type": handoff.to_type,
        "state": handoff.state,
        "offered_at": instant(handoff.offered_at),
        "taker": handoff.taker.organisation if handoff.taker else None,
        "taker_person": handoff.taker.person if handoff.taker else None,
    }


def _clock(therapy: Therapy, clock: Clock) -> Row:
    return {
        "id": clock.id,
        "therapy": clock.therapy,
        "container": clock.container,
        "window": clock.window.id,
        "state": clock.state,
        "started_at": instant(clock.started_at),
        "warn_at": instant(clock.warn_at),
        "due_at": instant(clock.due_at),
        "ended_at": instant(clock.ended_at) if clock.ended_at else None,
        "next_at": instant(clock.next_at) if clock.next_at else None,
        "owner": therapy.owner,
    }


def project_shipper(shipper: Shipper) -> Row:
    """Return the row of `shipper`; its contents are told by the containers' places."""
    return {
        "id": shipper.id,
        "state": shipper.state,
        "seq": shipper.seq,
        "hold_hours": shipper.hold_hours,
        "organisation": shipper.custodian.organisation if shipper.custodian else None,
        "person": shipper.custodian.person if shipper.custodian else None,
        "therapy": next(iter(sorted(set(shipper.contents.values()))), None),
        "containers": len(shipper.contents),
    }
