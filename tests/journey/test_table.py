"""The safety case in one table: which family of findings stops which step. Written out by hand, not read from STEPS."""

from datetime import UTC, datetime

import pytest

from coi.journey import rules
from coi.journey.attempt import Actor, Attempt, Case, Problem
from coi.journey.effects import EFFECTS
from coi.journey.entry import Tense
from coi.journey.steps import RECORDABLE, STEPS, Family

COLUMNS = ("identity", "custody", "authority", "stage", "hold", "release", "clock", "count", "temperature", "signature")
# x: a finding of this family stops the step.  .: it is a caution, the step goes through and a deviation opens.
TABLE = """
                        iden cust auth stag hold rele cloc coun temp sign
therapy.enrolled        x    x    x    x    .    .    .    .    .    x
therapy.closed          x    x    x    x    .    .    .    .    .    .
patient.verified        x    x    x    x    .    .    .    .    .    x
container.planned       .    x    x    x    .    .    .    .    .    .
label.issued            x    x    x    x    .    .    .    .    .    x
label.applied           x    x    x    x    .    .    .    .    .    x
label.voided            x    x    x    x    .    .    .    .    .    x
label.sent              x    x    x    x    .    .    .    .    .    x
label.destroyed         x    x    x    x    .    .    .    .    .    x
label.returned          x    x    x    x    .    .    .    .    .    x
collection.started      x    x    x    x    .    .    .    .    .    x
collection.completed    x    x    x    x    .    .    .    .    .    x
shipper.charged         x    .    x    .    .    .    .    .    .    .
shipper.sealed          .    x    x    .    .    .    .    .    .    .
shipment.packed         x    x    x    x    .    .    .    .    .    x
shipment.unpacked       .    x    x    x    .    .    .    .    .    .
shipment.inspected      .    x    x    x    .    .    .    .    .    .
handoff.offered         .    x    x    x    .    .    .    .    .    .
handoff.accepted        .    x    x    x    .    .    .    .    .    .
handoff.refused         .    x    x    x    .    .    .    .    .    .
handoff.cancelled       .    x    x    x    .    .    .    .    .    .
container.stored        .    x    x    x    .    .    .    .    .    .
container.retrieved     .    x    x    x    .    .    .    .    .    .
container.discarded     .    x    x    x    .    .    .    .    .    .
lot.started             x    x    x    x    x    x    x    .    .    x
containers.transformed  x    x    x    x    x    x    x    .    .    x
sample.taken            x    x    x    x    .    .    .    .    .    x
containers.released     x    x    x    x    x    .    x    .    .    x
release.refused         .    x    x    x    .    .    .    .    .    .
release.revoked         .    x    x    x    .    .    .    .    .    .
thaw.started            x    x    x    x    x    x    x    .    .    x
infusion.checked        x    x    x    x    .    .    .    .    .    x
infusion.started        x    x    x    x    x    x    x    .    .    x
infusion.completed      x    x    x    x    .    .    .    .    .    x
hold.placed             .    .    x    x    .    .    .    .    .    .
hold.lifted             .    x    x    x    .    .    .    .    .    .
entry.annulled          .    x    x    x    .    .    .    .    .    x
entry.replaced          .    x    x    x    .    .    .    .    .    x
therapy.postponed       .    x    x    x    .    .    .    .    .    .
therapy.resumed         .    x    x    x    .    .    .    .    .    .
plan.changed            .    x    x    x    .    .    .    .    .    .
collection.paused       .    x    x    x    .    .    .    .    .    .
collection.aborted      .    x    x    x    .    .    .    .    .    .
donor.tested            .    x    x    x    .    .    .    .    .    .
kit.sent                .    x    x    x    .    .    .    .    .    .
kit.received            .    x    x    x    .    .    .    .    .    .
shipper.returned        .    x    x    x    .    .    .    .    .    .
handoff.acknowledged    .    x    x    x    .    .    .    .    .    .
storage.evacuated       .    x    x    x    .    .    .    .    .    .
container.returned      .    x    x    x    .    .    .    .    .    .
lot.terminated          .    x    x    x    .    .    .    .    .    .
infusion.interrupted    .    x    x    x    .    .    .    .    .    .
infusion.stopped        .    x    x    x    .    .    .    .    .    .
entry.acknowledged      .    x    x    x    .    .    .    .    .    .
site.changed            x    x    x    x    .    .    .    .    .    x
identifier.bound        x    x    x    x    .    .    .    .    .    x
identifier.replaced     x    x    x    x    .    .    .    .    .    x
identifier.withdrawn    x    x    x    x    .    .    .    .    .    x
patient.changed         x    x    x    x    .    .    .    .    .    x
label.superseded        x    x    x    x    .    .    .    .    .    x
container.reidentified  x    x    x    x    .    .    .    .    .    x
container.adopted       x    x    x    x    .    .    .    .    .    x
container.filled        x    x    x    x    .    .    .    .    .    x
collection.resumed      x    x    x    x    .    .    .    .    .    x
shipment.transferred    x    x    x    x    .    .    .    .    .    x
contents.transferred    x    x    x    x    .    .    .    .    .    x
release.requested       x    x    x    x    .    .    .    .    .    x
thaw.completed          x    x    x    x    .    .    .    .    .    x
shipper.topped_up       .    x    x    .    .    .    .    .    .    .
logger.started          .    x    x    .    .    .    .    .    .    .
logger.stopped          .    x    x    .    .    .    .    .    .    .
seal.verified           .    x    x    .    .    .    .    .    .    .
seal.broken             .    x    x    .    .    .    .    .    .    .
seal.replaced           .    x    x    .    .    .    .    .    .    .
shipment.diverted       .    x    x    .    .    .    .    .    .    .
shipment.delayed        .    x    x    .    .    .    .    .    .    .
shipment.returned       .    x    x    .    .    .    .    .    .    .
leg.reported            .    x    x    .    .    .    .    .    .    .
container.damaged       .    .    x    x    .    .    .    .    .    .
container.lost          .    .    x    x    .    .    .    .    .    .
container.found         .    x    x    x    .    .    .    .    .    .
document.attached       .    .    x    x    .    .    .    .    .    .
infusion.resumed        x    x    x    x    x    x    x    .    .    x
attempt.refused         .    .    x    .    .    .    .    .    .    .
window.warned           .    .    x    .    .    .    .    .    .    .
window.breached         .    .    x    .    .    .    .    .    .    .
window.withdrawn        .    .    x    .    .    .    .    .    .    .
deviation.opened        .    .    x    .    .    .    .    .    .    .
print.ended             .    .    x    .    .    .    .    .    .    .
pathway.published       .    .    x    .    .    .    .    .    .    .
organisation.added      .    .    x    .    .    .    .    .    .    .
person.added            .    .    x    .    .    .    .    .    .    .
password.renewed        .    .    x    .    .    .    .    .    .    .
settings.changed        .    .    x    .    .    .    .    .    .    .
key.adopted             .    .    x    .    .    .    .    .    .    .
key.changed             .    .    x    .    .    .    .    .    .    .
key.escrowed            .    .    x    .    .    .    .    .    .    .
watcher.seen            .    .    x    .    .    .    .    .    .    .
guards.broken           .    .    x    .    .    .    .    .    .    .
guards.mended           .    .    x    .    .    .    .    .    .    .
log.exported            .    .    x    .    .    .    .    .    .    .
log.imported            .    .    x    .    .    .    .    .    .    .
log.restored            .    .    x    .    .    .    .    .    .    .
backup.made             .    .    x    .    .    .    .    .    .    .
backup.drilled          .    .    x    .    .    .    .    .    .    .
printer.added           .    .    x    .    .    .    .    .    .    .
printer.removed         .    .    x    .    .    .    .    .    .    .
"""
ROWS = {line.split()[0]: line.split()[1:] for line in TABLE.strip().splitlines()[1:]}
CELLS = [
    (kind, family, mark == "x") for kind, marks in ROWS.items() for family, mark in zip(COLUMNS, marks, strict=True)
]
STOPPING = {(kind, family) for kind, family, stops in CELLS if stops}

HOUSE = [
    "organisation.added", "person.added", "password.renewed", "settings.changed", "key.adopted", "key.changed",
    "key.escrowed", "watcher.seen", "guards.broken", "guards.mended", "log.exported", "log.imported", "log.restored",
    "backup.made", "backup.drilled", "printer.added", "printer.removed",
]  # fmt: skip
FROZEN = [
    "therapy.enrolled", "therapy.closed", "patient.verified", "container.planned", "label.issued", "label.applied",
    "label.voided", "collection.started", "collection.completed", "shipper.charged", "shipper.sealed",
    "shipment.packed", "shipment.unpacked", "shipment.inspected", "handoff.offered", "handoff.accepted",
    "handoff.refused", "handoff.cancelled", "container.stored", "container.retrieved", "container.discarded",
    "lot.started", "containers.transformed", "sample.taken", "containers.released", "release.refused",
    "release.revoked", "thaw.started", "infusion.checked", "infusion.started", "infusion.completed", "hold.placed",
    "hold.lifted", "entry.annulled", "entry.replaced",
]  # fmt: skip
ADDED = [
    "therapy.postponed", "therapy.resumed", "plan.changed", "collection.paused", "collection.aborted",
    "donor.tested", "kit.sent", "kit.received", "shipper.returned", "handoff.acknowledged", "storage.evacuated",
    "container.returned", "lot.terminated", "infusion.interrupted", "infusion.stopped", "entry.acknowledged",
    "site.changed", "identifier.bound", "identifier.replaced", "identifier.withdrawn", "patient.changed",
    "label.superseded", "container.reidentified", "container.adopted", "container.filled", "collection.resumed",
    "shipment.transferred", "contents.transferred", "release.requested", "thaw.completed", "shipper.topped_up",
    "logger.started", "logger.stopped", "seal.verified", "seal.broken", "seal.replaced", "shipment.diverted",
    "shipment.delayed", "shipment.returned", "leg.reported", "container.damaged", "container.lost",
    "container.found", "document.attached", "infusion.resumed", "label.sent", "label.destroyed", "label.returned",
]  # fmt: skip
SYSTEM = ["attempt.refused", "window.warned", "window.breached", "window.withdrawn", "deviation.opened",
          "print.ended"]  # fmt: skip

SAVING = ["handoff.offered", "handoff.accepted", "shipment.unpacked", "shipment.inspected", "container.stored",
          "container.retrieved", "container.discarded", "container.returned", "container.found", "storage.evacuated",
          "collection.aborted", "infusion.stopped", "hold.placed", "container.damaged"]  # fmt: skip
IDENTIFYING = ["label.issued", "label.applied", "shipment.packed", "containers.transformed", "thaw.started",
               "infusion.checked", "infusion.started", "infusion.completed", "collection.completed",
               "lot.started", "container.filled", "container.adopted", "container.reidentified", "shipment.transferred",
               "contents.transferred", "infusion.resumed"]  # fmt: skip
GUARDED = ["lot.started", "containers.transformed", "thaw.started", "infusion.started", "infusion.resumed"]


def verdict_on(kind: str, family: str, monkeypatch: pytest.MonkeyPatch, tense: Tense = Tense.ASKED):
    """Return how a step of `kind` fares when one rule finds something of `family`."""
    monkeypatch.setattr(rules, "RULES", (lambda _: iter([Problem(Family(family), "Said.", "got", "expected")]),))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    attempt = Attempt(id="a", row=STEPS[kind], actor=Actor("p", {}), tense=tense, occurred_at=at)
    case = Case(attempt=attempt, therapy=None, pathway=None, shipper=None, at=at)
    return case, rules.decide(case)


@pytest.mark.parametrize(("kind", "family", "stops"), CELLS)
def test_a_finding_stops_the_step_exactly_where_the_table_says_so(kind, family, stops, monkeypatch):
    case, verdict = verdict_on(kind, family, monkeypatch)
    assert verdict.allowed is not stops
    assert [finding.severity for finding in verdict.findings] == ["stop" if stops else "caution"]
    assert rules.outcome_of(case, verdict) == ("refused" if stops else "done")


@pytest.mark.parametrize(("kind", "family", "stops"), CELLS)
def test_what_is_reported_is_never_lost_and_moves_nothing_against_custody_or_stage(kind, family, stops, monkeypatch):
    case, verdict = verdict_on(kind, family, monkeypatch, Tense.REPORTED)
    expected = {"custody": "disputed", "stage": "disputed", "authority": "refused"}.get(family, "done")
    assert rules.outcome_of(case, verdict) == (expected if stops else "done")


def test_the_table_has_a_row_for_every_step_and_a_column_for_every_family():
    assert set(ROWS) == set(STEPS)
    assert set(COLUMNS) == set(Family)


def test_saving_cells_is_never_stopped_by_hold_clock_count_release_or_temperature():
    families = ("hold", "clock", "count", "release", "temperature")
    assert {(kind, family) for kind in SAVING for family in families} & STOPPING == set()


def test_placing_a_hold_is_stopped_by_nothing_but_the_lack_of_authority_or_of_anything_to_hold():
    assert {family for kind, family in STOPPING if kind == "hold.placed"} == {"authority", "stage"}


def test_a_mismatch_of_identity_stops_labelling_packing_manufacturing_thaw_check_and_infusion():
    assert {(kind, "identity") for kind in IDENTIFYING} <= STOPPING


def test_hold_clock_and_release_stop_manufacturing_thaw_and_infusion_and_the_release_itself():
    assert {(kind, family) for kind in GUARDED for family in ("hold", "clock", "release")} <= STOPPING
    assert {("containers.released", "hold"), ("containers.released", "clock")} <= STOPPING


def test_no_count_and_no_temperature_stops_anything():
    assert {family for _, family in STOPPING} & {"count", "temperature"} == set()


def test_lack_of_authority_stops_everything():
    assert {kind for kind, family in STOPPING if family == "authority"} == set(STEPS)


def test_every_frozen_kind_is_in_the_registry_and_only_the_systems_own_beside_them():
    assert len(FROZEN) == 35
    assert {*FROZEN, *ADDED, *SYSTEM, *HOUSE, "pathway.published"} == set(STEPS)
    assert {*FROZEN, *ADDED} == RECORDABLE


def test_an_effect_of_its_own_belongs_to_a_step_of_the_registry():
    assert set(EFFECTS) - set(STEPS) == set()


def test_what_can_never_be_reported_is_what_the_design_names_and_what_two_people_stand_for_at_once():
    never = {kind for kind in RECORDABLE if not STEPS[kind].reported_by}
    assert never == {
        "label.issued", "containers.released", "infusion.checked", "hold.lifted", "therapy.enrolled",
        "entry.annulled", "entry.replaced", "entry.acknowledged", "handoff.acknowledged", "site.changed",
        "identifier.bound", "identifier.replaced", "identifier.withdrawn", "patient.changed", "container.reidentified",
        "container.adopted", "release.requested", "label.sent",
    }  # fmt: skip


def test_two_people_correct_identity_custody_release_infusion_discard_holds_and_what_starts_or_ends_a_clock():
    alone = {kind for kind in RECORDABLE if STEPS[kind].correction_people == 1}
    assert alone == {
        "therapy.closed", "therapy.postponed", "therapy.resumed", "plan.changed", "shipper.charged", "shipper.sealed",
        "hold.lifted", "entry.annulled", "entry.replaced", "entry.acknowledged", "document.attached", "donor.tested",
        "collection.paused", "collection.resumed", "kit.sent", "kit.received", "shipper.topped_up", "logger.started",
        "logger.stopped", "seal.verified", "seal.broken", "seal.replaced", "shipment.diverted", "shipment.delayed",
        "shipment.returned", "leg.reported", "shipper.returned",
    }  # fmt: skip


def test_a_coded_reason_is_needed_for_every_refusal_change_delay_failure_and_correction():
    assert {kind for kind in RECORDABLE if STEPS[kind].reason} == {
        "label.voided", "label.destroyed", "label.superseded", "handoff.refused", "handoff.cancelled",
        "container.discarded",
        "container.returned", "container.reidentified", "contents.transferred", "storage.evacuated", "release.refused",
        "release.revoked", "release.requested", "hold.placed", "hold.lifted", "entry.annulled", "entry.replaced",
        "therapy.postponed", "plan.changed", "site.changed", "identifier.replaced", "identifier.withdrawn",
        "patient.changed", "collection.paused", "collection.aborted", "seal.broken", "seal.replaced",
        "shipment.transferred", "shipment.diverted", "shipment.delayed", "shipment.returned", "lot.terminated",
        "infusion.interrupted", "infusion.stopped",
    }  # fmt: skip


def test_every_step_that_handles_cells_asks_for_the_custodian():
    assert {kind for kind in RECORDABLE if STEPS[kind].hands_on} == {
        "shipper.sealed", "shipment.packed", "shipment.unpacked", "shipment.inspected", "handoff.offered",
        "container.stored", "container.retrieved", "container.discarded", "lot.started", "containers.transformed",
        "sample.taken", "thaw.started", "infusion.checked", "infusion.started", "infusion.completed",
        "container.reidentified", "logger.started", "seal.replaced", "shipment.transferred", "leg.reported",
        "storage.evacuated", "contents.transferred", "container.returned", "thaw.completed", "infusion.interrupted",
        "infusion.resumed", "infusion.stopped", "container.found",
    }  # fmt: skip


def test_two_people_sign_what_gives_something_another_identity_or_another_shell():
    signed = {kind: [one.meaning.value for one in STEPS[kind].signatures] for kind in RECORDABLE}
    two = {kind for kind, meanings in signed.items() if meanings[:2] == ["performed", "verified"]}
    assert two == {
        "identifier.bound", "identifier.replaced", "identifier.withdrawn", "patient.changed", "container.adopted",
        "container.reidentified", "shipment.transferred", "contents.transferred",
    }  # fmt: skip
    assert signed["site.changed"] == ["released", "accepted"]
    assert signed["container.reidentified"][2:] == ["approved"]
    assert signed["release.requested"] == ["performed"]


@pytest.mark.parametrize("kind", sorted(STEPS))
def test_a_row_is_whole(kind):
    row = STEPS[kind]
    assert row.kind == kind
    assert kind.count(".") == 1
    assert row.title[0].isupper()
    assert row.route in ("steps", "therapies", "labels", "documents", "system")
    assert bool(row.who) or row.route == "system"
    assert len({scan.role for scan in row.scans}) == len(row.scans)
    assert all(0 <= scan.minimum <= scan.maximum for scan in row.scans)
    assert set(row.one_of) <= {scan.role for scan in row.scans}
    assert len({field.name for field in row.values}) == len(row.values)
