"""Shown: state, clocks, entries and the registry as the JSON that clients and pages get."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from coi.journey.accounting import accounts
from coi.journey.donor import DonorTests
from coi.journey.entry import Entry, as_json, from_instant, instant
from coi.journey.next_steps import NextStep
from coi.journey.pathway import Pathway
from coi.journey.project import planned
from coi.journey.stability import clocks
from coi.journey.steps import RECORDABLE, STEPS, Family, StepKind
from coi.journey.therapy import Container, Document, Handoff, Therapy
from coi.journey.values import schema_of

Json = dict[str, Any]


def therapy_json(therapy: Therapy, pathway: Pathway, person: str, at: datetime) -> Json:
    """Return the whole state of a therapy as `person` may see it."""
    hidden = masked_checks(therapy, person)
    stage = pathway.stages[therapy.stage] if therapy.begun else None
    return {
        "therapy": therapy.coi, "coi": therapy.coi, "site": therapy.site, "patient": therapy.patient,
        "pathway": {"name": pathway.name, "version": pathway.version, "digest": pathway.digest, "title": pathway.title,
                    "stages": stages_json(pathway), "second_person": pathway.labelling.second_person},
        "parties": sorted(therapy.parties), "plan": therapy.plan,
        "planned": [{**planned_json(row, at), "reached": row["reached"]} for row in planned(therapy, pathway=pathway)],
        "closed": therapy.closed, "owner": therapy.owner,
        "postponed": therapy.postponed, "kits": therapy.kits, "donor_tests": therapy.donor_tests(),
        "donor": donor_json(therapy.donor()),
        "documents": [document_json(document) for document in therapy.documents.values()],
        "acknowledged": therapy.acknowledged, "paused": therapy.paused,
        "stage": stage.id if stage else None, "verified_at": instant(therapy.verified[1]) if therapy.verified else None,
        "collecting": therapy.donation, "donations": therapy.donations, "seq": therapy.seq,
        "lots": [{"id": lot.id, "inputs": list(lot.inputs), "donations": list(lot.donations),
                  "organisation": lot.organisation, "terminated": lot.terminated} for lot in therapy.lots.values()],
        "containers": [container_json(therapy, container) for container in therapy.containers.values()],
        "labels": [_label(label) for label in therapy.labels.values()],
        "reconciliation": [account.as_json() for account in accounts(therapy)],
        "handoffs": [handoff_json(offer) for offer in therapy.handoffs.values()],
        "checks": [{"entry": check.entry, "person": check.person, "at": instant(check.at),
                    "containers": sorted(check.containers)} for check in therapy.checks if check.entry not in hidden],
        "deviations": [{"id": d.id, "because": d.because, "rules": list(d.rules), "containers": list(d.containers)}
                       for d in therapy.deviations.values()],
        "clocks": clocks_json(therapy, pathway, at),
    }  # fmt: skip


def donor_json(tests: DonorTests) -> Json:
    """Return everything that is known of the donor's tests, as labels depend on it."""
    return {"result": tests.result, "complete": tests.complete, "agents": list(tests.agents), "risk": tests.risk}


def document_json(document: Document) -> Json:
    """Return one document, without its bytes and its name."""
    return {"sha256": document.sha256, "kind": document.kind, "entry": document.entry, "about": document.about,
            "superseded_by": document.superseded_by}  # fmt: skip


def stages_json(pathway: Pathway) -> list[Json]:
    """Return the stages of a pathway in their order, with the steps that belong to each."""
    return [{"id": stage.id, "title": stage.title, "place": stage.place, "steps": list(stage.steps)}
            for stage in pathway.stages]  # fmt: skip


def _label(label: Any) -> Json:
    return {"serial": label.serial, "container": label.container, "template": label.template,
            "position": label.position, "generation": label.generation, "state": label.state,
            "job": None if label.job is None else
            {"printer": label.printer, "state": label.sent, "entry": label.job}}  # fmt: skip


def container_json(therapy: Therapy, container: Container) -> Json:
    """Return one container: what it is, who has it, where it is, and what speaks against using it."""
    same = therapy.of_purpose(container.purpose)
    return {
        "id": container.id, "purpose": container.purpose.value, "number": container.number, "total": len(same),
        "dose": container.dose, "state": container.state.value, "custody": custody_json(container),
        "donation": container.donation, "lot": container.lot, "parents": list(container.parents),
        "holds": [{"entry": entry, "reason": reason} for entry, reason in container.holds.items()],
        "releases": [{"entry": entry, "status": one.status, "country": one.country, "site": one.site}
                     for entry, one in container.releases.items()],
        "component": container.component, "strength": container.strength, "filling": container.filling,
        "volume_ml": container.volume_ml, "lost_ml": container.lost_ml, "damage": container.damage,
        "adopted": container.adopted, "disposition": container.disposition,
        "labels": [_label(label) for label in therapy.labels.values() if label.container == container.id],
    }  # fmt: skip


def custody_json(container: Container) -> Json:
    """Return who is accountable for a container and where it is."""
    return {
        "organisation": container.custodian.organisation, "person": container.custodian.person,
        "place": {"kind": container.place.kind, "id": container.place.id},
    }  # fmt: skip


def handoff_json(offer: Handoff) -> Json:
    """Return one handoff."""
    taker = {"organisation": offer.taker.organisation, "person": offer.taker.person} if offer.taker else None
    return {
        "id": offer.id, "state": offer.state, "shipper": offer.shipper, "containers": list(offer.containers),
        "giver": {"organisation": offer.giver.organisation, "person": offer.giver.person}, "to": offer.to,
        "to_type": offer.to_type, "offered_at": instant(offer.offered_at), "taker": taker,
    }  # fmt: skip


def clocks_json(therapy: Therapy, pathway: Pathway, at: datetime) -> list[Json]:
    """Return the clocks of a therapy, soonest deadline first, with what each says at `at`."""
    return [
        {
            "id": clock.id, "therapy": therapy.coi, "container": clock.container, "window": clock.window.id,
            "title": clock.window.title, "state": clock.state, "started_at": instant(clock.started_at),
            "warn_at": instant(clock.warn_at), "due_at": instant(clock.due_at),
            "ended_at": instant(clock.ended_at) if clock.ended_at else None, "answer": clock.answer(at).value,
            "seconds_left": int((clock.due_at - at).total_seconds()) if clock.ended_at is None else None,
            "source": clock.window.source, "verified": clock.window.verified,
        }
        for clock in clocks(therapy, pathway=pathway)
    ]  # fmt: skip


def clock_json(row: Json, at: datetime) -> Json:
    """Return one row of the clock board, with the seconds left at `at` (negative once the deadline has passed)."""
    kept = ("id", "therapy", "container", "window", "state", "started_at", "warn_at", "due_at")
    left = int((from_instant(row["due_at"]) - at).total_seconds())
    window = row["told_by"]
    return {**{name: row[name] for name in kept}, "title": window.title, "verified": window.verified,
            "seconds_left": left}  # fmt: skip


def planned_json(row: Json, at: datetime) -> Json:
    """Return what the plan says of one stage, with the seconds left at `at` or those it is late by."""
    shown = {name: row[name] for name in ("therapy", "stage", "title", "at", "site")}
    if row["at"] is None or row.get("reached"):
        return shown
    left = (from_instant(row["at"]) - at).total_seconds()
    return shown | ({"late_by_seconds": int(-left)} if left < 0 else {"seconds_left": int(left)})


def offer_expected_json(row: Json) -> Json:
    """Return an open handoff among what arrives: it waits for its taker, and nobody said when it will be taken."""
    return {
        "therapy": row["therapy"], "stage": None, "title": "Open handoff", "at": None,
        "site": None if row["addressee_type"] == "person" else row["addressee"], "handoff": row["handoff"],
        "to": row["addressee"], "giver": row["giver"], "containers": row["containers"], "offered_at": row["at"],
    }  # fmt: skip


def masked_checks(therapy: Therapy, person: str) -> frozenset[str]:
    """Return the entry ids of bedside checks that `person` may not see yet: other people's, still without a second."""
    alone = []
    for check in therapy.checks:
        partners = [o for o in therapy.checks if o.person != check.person and o.containers & check.containers]
        if check.person != person and not partners:
            alone.append(check.entry)
    return frozenset(alone)


def as_shown(entry: Entry, hidden: AbstractSet[str]) -> Json:
    """Return an entry as JSON; a hidden one keeps its place and kind and tells nothing else."""
    shown = as_json(entry)
    if entry.id in hidden:
        shown |= {"actor": {"person": None, "site": entry.actor["site"], "role": None}, "scans": [], "values": {},
                  "findings": [], "performed_by": [], "note": None, "reason": None, "signatures": [],
                  "documents": [], "device": None, "masked": True}  # fmt: skip
    return shown


def next_json(step: NextStep) -> Json:
    """Return a step that may follow, with what it needs."""
    row = step.row
    return {
        "kind": row.kind, "title": row.title, "allowed": step.allowed,
        "findings": [finding.as_json() for finding in step.findings], **needs_json(row),
    }  # fmt: skip


def needs_json(row: StepKind) -> Json:
    """Return what a step needs: scans, values, signatures, and whether a coded reason is required."""
    return {
        "scans": [{"role": wish.role.value, "min": wish.minimum, "max": wish.maximum, "text": wish.text}
                  for wish in row.scans],
        "one_of": [role.value for role in row.one_of], "values": schema_of(row.values),
        "signatures": [{"meaning": one.meaning.value, "count": one.count} for one in row.signatures],
        "reason": "required" if row.reason else "optional",
    }  # fmt: skip


def step_kinds() -> list[Json]:
    """Return the registry: every kind that can be recorded, who may, what it needs and what stops it."""
    return [
        {
            "kind": row.kind, "title": row.title, "v": row.v, "route": f"/{row.route}",
            "who": sorted(role.value for role in row.who), **needs_json(row),
            "agree": [pair.value for pair in row.agree],
            "stops": sorted(family.value for family in row.stops),
            "cautions": sorted(family.value for family in Family if family not in row.stops),
            "reported_by": sorted(row.reported_by), "correction_people": row.correction_people,
        }
        for kind, row in STEPS.items()
        if kind in RECORDABLE
    ]  # fmt: skip
