"""Plays journeys in the heart alone: entries in lists, no store, no clock, no patient data.

A `Story` takes attempts the way the one door does (`coi.actions`): what the scans name, for whom the person acts,
`consider`, `decide`, `outcome_of`, `entry_values`, the entries with everything the system writes beside them, `fold`.
Two differences are on purpose. It does not check the form of a request (how many scans a row wants, who may report), so
that the rules have to stand alone. And every entry goes through its leaf and back, so that whatever is folded is what a
store would hand out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid5

from coi.journey import stability
from coi.journey.attempt import Actor, Addressee, Attempt, Case, Finding, ResolvedScan, Signed, Verdict
from coi.journey.authority import acting_for, preferred_organisations
from coi.journey.derive import consider, entry_values
from coi.journey.entry import Entry, Outcome, Tense, leaf_hash, leaf_of, read_leaf
from coi.journey.fold import fold, fold_shipper
from coi.journey.identity import RefType, mint
from coi.journey.next_steps import NextStep, next_steps
from coi.journey.pathway import Pathway, read_pathway
from coi.journey.rules import consequences, decide, is_about_nothing, is_remarked, outcome_of
from coi.journey.steps import RECORDABLE, STEPS, Meaning, Purpose, Role, StepKind
from coi.journey.therapy import Container, Shipper, Therapy
from coi.journey.values import read_values

HOSPITAL, PLANT, COURIERS = "demo-hospital", "demo-plant", "demo-courier-co"
OTHER_COURIERS, OTHER_HOSPITAL = "other-courier-co", "other-hospital"
ORGANISATIONS = frozenset({HOSPITAL, PLANT, COURIERS, OTHER_COURIERS, OTHER_HOSPITAL})
PEOPLE: Mapping[str, Mapping[str, frozenset[Role]]] = {
    "demo-nurse": {HOSPITAL: frozenset({Role.NURSE})},
    "demo-courier": {COURIERS: frozenset({Role.COURIER})},
    "demo-courier-2": {COURIERS: frozenset({Role.COURIER})},
    "demo-receiver": {PLANT: frozenset({Role.RECEIVER}), HOSPITAL: frozenset({Role.RECEIVER})},
    "demo-operator": {PLANT: frozenset({Role.OPERATOR}), HOSPITAL: frozenset({Role.OPERATOR})},
    "demo-quality": {PLANT: frozenset({Role.QUALITY}), HOSPITAL: frozenset({Role.QUALITY})},
    "demo-quality-2": {PLANT: frozenset({Role.QUALITY}), HOSPITAL: frozenset({Role.QUALITY})},
    "demo-infusion": {HOSPITAL: frozenset({Role.INFUSION})},
    "demo-infusion-2": {HOSPITAL: frozenset({Role.INFUSION})},
    "demo-physician": {HOSPITAL: frozenset({Role.PHYSICIAN})},
    "demo-coordinator": {HOSPITAL: frozenset({Role.COORDINATOR}), PLANT: frozenset({Role.COORDINATOR})},
    "demo-auditor": {"*": frozenset({Role.AUDITOR})},
    "demo-admin": {"*": frozenset({Role.ADMIN})},
    # strangers, so that what is not theirs can be refused to them
    "other-courier": {OTHER_COURIERS: frozenset({Role.COURIER})},
    "other-nurse": {OTHER_HOSPITAL: frozenset({Role.NURSE})},
    # one person in two houses, with another role in each
    "two-houses": {COURIERS: frozenset({Role.AUDITOR}), OTHER_COURIERS: frozenset({Role.COURIER})},
}
SHIPPED = Path(__file__).parents[2] / "coi" / "pathways"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SYSTEM = {"person": "system", "site": None, "role": "system"}
Text = tuple[str, str]  # role and text of a scan


class NoAuthority(Exception):
    """The person has none of the roles of the step: the door answers 403 and nothing is recorded."""


class Malformed(Exception):
    """The values do not fit the step: the door answers 400 and nothing is recorded."""


@cache
def shipped(name: str) -> Pathway:
    """Return a pathway that is shipped with the product."""
    return pathway_of(shipped_text(name).encode())


def shipped_text(name: str) -> str:
    """Return the document of a pathway that is shipped with the product."""
    return (SHIPPED / f"{name}.toml").read_text("utf-8")


def pathway_of(document: bytes) -> Pathway:
    """Return the pathway in `document`, read as the service reads it."""
    return read_pathway(document, kinds=RECORDABLE, purposes=frozenset(Purpose))


@dataclass(frozen=True, slots=True)
class Code:
    """What one code names."""

    type: str
    subject: str
    therapy: str | None = None
    container: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """How a step went: the question, the answer, and everything that was written because of it."""

    case: Case
    verdict: Verdict
    outcome: Outcome
    entries: tuple[Entry, ...]

    @property
    def entry(self) -> Entry:
        """The entry of the step itself."""
        return self.entries[0]

    @property
    def done(self) -> bool:
        """Whether it is in force."""
        return self.outcome is Outcome.DONE

    @property
    def rules(self) -> set[str]:
        """The rules that found something."""
        return {finding.rule for finding in self.verdict.findings}

    @property
    def stops(self) -> set[str]:
        """The rules that stopped it."""
        return {finding.rule for finding in self.verdict.stops}

    @property
    def deviations(self) -> list[Entry]:
        """The deviations that it opened."""
        return [entry for entry in self.entries if entry.kind == "deviation.opened"]

    def finding(self, rule: str) -> Finding:
        """Return the one finding of `rule`."""
        found = [finding for finding in self.verdict.findings if finding.rule == rule]
        assert len(found) == 1, f"{len(found)} findings of {rule}; there are {sorted(self.rules)}"
        return found[0]


@dataclass
class Story:
    """A log in memory and the people who write it. `now` is the server's clock; every step takes a minute."""

    pathway: Pathway = field(default_factory=lambda: shipped("car-t-cryo"))
    seed: int = 1
    now: datetime = START
    streams: dict[str, list[Entry]] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    pathways: dict[str, Pathway] = field(default_factory=dict)
    people: dict[str, Mapping[str, frozenset[Role]]] = field(default_factory=lambda: dict(PEOPLE))
    tick: timedelta = timedelta(minutes=1)
    namesakes: int = 0
    country: str | None = None
    foreign: str = ""  # the text of the foreign label that was scanned last

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    # --- the state, always folded anew
    def mint(self, kind: RefType) -> str:
        return mint(kind, choose=self.random.choice)

    def new_id(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def therapy(self, coi: str) -> Therapy:
        found = fold(self.streams[f"therapy:{coi}"], pathway=self.pathways.__getitem__)
        assert found is not None
        return found

    def shipper(self, id_: str) -> Shipper:
        found = fold_shipper(self.streams[f"shipper:{id_}"])
        assert found is not None
        return found

    def container(self, code: str) -> Container:
        """Return the container that `code`, its own or a label's, names."""
        named = self.codes[code]
        assert named.therapy is not None
        assert named.container is not None
        return self.therapy(named.therapy).containers[named.container]

    def wait(self, **duration: float) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)

    # --- what the door does
    def resolve(self, role: str, text: str, via: str = "wedge") -> ResolvedScan:
        """Return what a scanned text names, as `coi.actions.scans` does."""
        named = self.codes.get(text)
        if text.startswith("COI1:"):  # a signed label that was judged before, as what stands behind the colon
            return ResolvedScan(role, "unknown", None, via, commitment="c", judged=text.partition(":")[2])
        if named is None:
            if role in ("seal", "location", "document"):
                return ResolvedScan(role, role, f"token-{text}", via)
            new = role in ("shipper", "container")
            return ResolvedScan(role, "unlisted" if new else "unknown", None, via, commitment="c")
        label = named.subject if named.type == "label" else None
        found = ResolvedScan(role, named.type, named.subject, via, named.therapy, named.container, label)
        if named.type == "label" and role == "container":
            return replace(found, type="container", subject=named.container)
        return found

    def actor(self, person: str, row: StepKind, scans: Sequence[ResolvedScan], coi: str | None) -> Actor:
        """Return for whom `person` acts, or raise NoAuthority."""
        grants = self.people[person]
        therapy = self.therapy(coi) if coi else None
        shipper = self._shipper_of(scans)
        ids = [scan.container or scan.subject or "" for scan in scans if scan.type in ("container", "label")]
        if therapy is not None and shipper is not None:
            ids += therapy.in_shipper(shipper.id)
        held = shipper.custodian.organisation if shipper and shipper.custodian else None
        acting = acting_for(row, grants=grants, preferred=preferred_organisations(therapy, scanned=ids, shipper=held))
        if acting is None:
            raise NoAuthority(f"{person} may not: {row.title}")
        return Actor(person, grants, acting[0], acting[1].value)

    def _shipper_of(self, scans: Iterable[ResolvedScan]) -> Shipper | None:
        ids = [scan.subject for scan in scans if scan.type == "shipper" and scan.subject]
        return fold_shipper(self.streams.get(f"shipper:{ids[0]}", ())) if ids else None

    def attempt(
        self,
        person: str,
        kind: str,
        scans: Sequence[Text | ResolvedScan] = (),
        *,
        coi: str | None = None,
        values: Mapping[str, Any] | None = None,
        tense: str = "asked",
        at: datetime | None = None,
        signs: Sequence[Text] = (),
        **more: Any,
    ) -> tuple[Attempt, str | None]:
        """Return the attempt that is meant, and the therapy it is about; `signs` are (person, meaning)."""
        row = STEPS[kind]
        resolved = tuple(s if isinstance(s, ResolvedScan) else self.resolve(*s) for s in scans)
        about = coi or self._told_by(resolved, values or {})
        read, faults = read_values(values or {}, declared=row.values)
        if faults:
            raise Malformed(str(faults))
        made = Attempt(
            id=self.new_id(), row=row, actor=self.actor(person, row, resolved, about), tense=Tense(tense),
            occurred_at=at or self.now, scans=resolved, values=read,
            addressee=self._addressee(read["to"]) if kind == "handoff.offered" else None,
            signed=tuple(Signed(who, Meaning(meaning), self.now, self.people[who]) for who, meaning in signs), **more,
        )  # fmt: skip
        return made, about

    def _told_by(self, scans: Sequence[ResolvedScan], values: Mapping[str, Any]) -> str | None:
        named = [scan.therapy for scan in scans if scan.therapy]
        one = self.codes.get(str(values.get("container")))
        shipper = self._shipper_of(scans)
        inside = set(shipper.contents.values()) if shipper else set()
        by_value = [one.therapy] if one and one.therapy else []
        told = [*named, *by_value, *(inside if len(inside) == 1 else ())]
        return told[0] if told else None

    def _addressee(self, code: str) -> Addressee | None:
        if code in ORGANISATIONS:
            return Addressee(code, "organisation", code)
        homes = sorted(self.people.get(code, {}))
        return Addressee(code, "person", homes[0]) if homes else None

    def consider(self, attempt: Attempt, coi: str | None) -> Case:
        therapy = self.therapy(coi) if coi else None
        at = self.now if attempt.tense is Tense.ASKED else min(attempt.occurred_at, self.now)
        shippers = [scan for scan in attempt.scans if scan.type == "shipper"]
        return consider(
            attempt, therapy=therapy, pathway=self.pathways[therapy.pathway] if therapy else None,
            shipper=self._shipper_of(attempt.scans), at=at, other_shipper=self._shipper_of(shippers[1:]),
            taken=self._taken(), namesakes=self.namesakes, country=self.country,
        )  # fmt: skip

    def _taken(self) -> dict[str, str]:
        held = [
            container
            for name in self.streams
            if name.startswith("therapy:")
            for container in self.therapy(name.partition(":")[2]).containers.values()
        ]
        return {c.place.id: c.id for c in held if c.place.kind == "location" and c.place.id}

    def take(self, person: str, kind: str, scans: Sequence[Text | ResolvedScan] = (), **more: Any) -> Taken:
        """Take a step and return how it went, allowed or not."""
        self.now += self.tick
        self.foreign = next((s[1] for s in scans if isinstance(s, tuple) and s[0] == "container"), "")
        attempt, coi = self.attempt(person, kind, scans, **more)
        case = self.consider(attempt, coi)
        verdict = decide(case)
        outcome = outcome_of(case, verdict)
        if is_about_nothing(case, outcome):
            raise Malformed("It names no therapy.")
        return Taken(case, verdict, outcome, tuple(self._record(case, verdict, outcome)))

    def may(self, person: str, kind: str, scans: Sequence[Text | ResolvedScan] = (), **more: Any) -> Taken:
        """Ask whether a step would go through; nothing is written."""
        attempt, coi = self.attempt(person, kind, scans, **more)
        case = self.consider(attempt, coi)
        verdict = decide(case)
        return Taken(case, verdict, outcome_of(case, verdict), ())

    def do(self, person: str, kind: str, scans: Sequence[Text | ResolvedScan] = (), **more: Any) -> Taken:
        """Take a step that has to go through without any finding that weighs."""
        taken = self.take(person, kind, scans, **more)
        assert taken.done, f"{kind} by {person}: {[finding.message for finding in taken.verdict.stops]}"
        return taken

    def next(self, person: str, text: str, role: str = "container") -> list[NextStep]:
        """Return what `person` may do next with what was scanned."""
        scan = self.resolve(role, text)
        therapy = self.therapy(scan.therapy) if scan.therapy else None
        return next_steps(
            scan, actor=Actor(person, self.people[person]), therapy=therapy,
            pathway=self.pathways[therapy.pathway] if therapy else None,
            shipper=self._shipper_of([scan]), at=self.now,
        )  # fmt: skip

    # --- writing
    def _record(self, case: Case, verdict: Verdict, outcome: Outcome) -> list[Entry]:
        if outcome is Outcome.REFUSED:
            return self._refuse(case, verdict)
        values = entry_values(case, mint=self.mint)
        if case.kind == "handoff.accepted" and is_remarked(verdict):
            values["remarks"] = True
        written = [
            self._append(stream, id_, self._fields(case, verdict, outcome, case.kind, values))
            for stream, id_ in self._places(case, values)
        ]
        for number, consequence in enumerate(consequences(case, verdict, entry=case.attempt.id)):
            id_ = str(uuid5(UUID(case.attempt.id), f"{consequence.kind}/{number}"))
            written.append(self.system(case, consequence.kind, id_, consequence.values))
        self._register(case, values)
        return [*written, *self._withdraw(case)]

    def _places(self, case: Case, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        streams = [f"therapy:{case.therapy.coi}"] if case.therapy else []
        if case.row.of_shipper:
            shippers = [*values.get("shippers", [values.get("shipper")]), values.get("into")]
            streams += [f"shipper:{shipper}" for shipper in dict.fromkeys(shippers) if shipper]
        streams = streams or [f"site:{case.attempt.actor.site}"]
        attempt = case.attempt.id
        return [(stream, attempt if not i else str(uuid5(UUID(attempt), stream))) for i, stream in enumerate(streams)]

    def _refuse(self, case: Case, verdict: Verdict) -> list[Entry]:
        fields = self._fields(case, verdict, Outcome.REFUSED, "attempt.refused", {"kind": case.kind})
        stream = f"therapy:{case.therapy.coi}" if case.therapy else f"site:{case.attempt.actor.site}"
        return [self._append(stream, case.attempt.id, fields)]

    def _fields(
        self, case: Case, verdict: Verdict, outcome: Outcome, kind: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        attempt = case.attempt
        return {
            "attempt": attempt.id, "kind": kind, "v": STEPS[kind].v, "tense": attempt.tense.value,
            "outcome": outcome.value, "therapy": case.therapy.coi if case.therapy else None,
            "occurred_at": attempt.occurred_at, "offset": attempt.offset, "zone": attempt.zone,
            "uncertainty": attempt.uncertainty, "actor": attempt.actor.as_json(),
            "scans": tuple(scan.as_json() for scan in attempt.scans), "values": values, "reason": attempt.reason,
            "note": attempt.note, "findings": tuple(finding.as_json() for finding in verdict.findings),
            "performed_by": attempt.performed_by, "documents": attempt.documents, "device": attempt.device,
            "corrects": attempt.values.get("entry"),
            "signatures": tuple(signed.as_json() for signed in attempt.signed),
        }  # fmt: skip

    def system(self, case: Case | None, kind: str, id_: str, values: Mapping[str, Any], **more: Any) -> Entry:
        """Write an entry of the system itself."""
        coi = more.pop("coi", None) or (case.therapy.coi if case and case.therapy else None)
        attempt = case.attempt.id if case else id_
        fields = {
            "attempt": attempt, "kind": kind, "v": 1, "tense": "reported", "outcome": "done", "therapy": coi,
            "occurred_at": self.now, "offset": 0, "zone": None, "uncertainty": 0, "actor": SYSTEM, "scans": (),
            "values": values, "reason": None, "note": None, "findings": (), "performed_by": (), "documents": (),
            "device": None, "corrects": None, "signatures": (),
        }  # fmt: skip
        return self._append(f"therapy:{coi}", id_, fields | more)

    def _append(self, stream: str, id_: str, fields: Mapping[str, Any]) -> Entry:
        entries = self.streams.setdefault(stream, [])
        entry = Entry(
            position=len(self.log), stream=stream, seq=len(entries), id=id_, recorded_at=self.now,
            software="story", **fields,
        )  # fmt: skip
        leaf = leaf_of(entry, prev=self.hashes.get(stream))
        stored, _ = read_leaf(leaf)
        self.hashes[stream] = leaf_hash(leaf)
        entries.append(stored)
        self.log.append(stored)
        return stored

    def _register(self, case: Case, values: Mapping[str, Any]) -> None:
        coi = case.therapy.coi if case.therapy else None
        if case.kind == "container.planned":
            self.codes |= {id_: Code("container", id_, coi, id_) for id_ in values["containers"]}
        elif case.kind == "label.issued":
            self.codes[values["label"]] = Code("label", values["label"], coi, values["container"])
        elif case.kind == "container.adopted":
            own = values["container"]
            self.codes |= {own: Code("container", own, coi, own)}
            self.codes |= {text: Code("label", values["label"], coi, own) for text in (values["label"], self.foreign)}
        elif case.kind == "shipper.charged":
            self.codes[values["shipper"]] = Code("shipper", values["shipper"])

    def _withdraw(self, case: Case) -> list[Entry]:
        if case.therapy is None:
            return []
        therapy = self.therapy(case.therapy.coi)
        return [
            self.system(case, "window.withdrawn", str(uuid5(UUID(case.attempt.id), f"withdrawn/{clock.id}")),
                        {"clock": clock.id, "container": clock.container, "window": clock.window.id})
            for clock in stability.disproved(therapy, pathway=self.pathways[therapy.pathway])
        ]  # fmt: skip

    def sweep(self, coi: str) -> list[Entry]:
        """Write what the watcher would write now."""
        therapy = self.therapy(coi)
        due = stability.due_thresholds(therapy, pathway=self.pathways[therapy.pathway], at=self.now)
        return [
            self.system(None, found.kind, found.attempt,
                        {"clock": found.clock.id, "container": found.clock.container, "window": found.clock.window.id},
                        coi=coi, occurred_at=found.moment)
            for found in due
        ]  # fmt: skip

    # --- stretches of a journey
    def enrol(self, number: str = "MRN-1", *, patient: str | None = None, site: str = HOSPITAL) -> str:
        """Enrol a patient whose wristband says `number`; return the COI id."""
        self.now += self.tick
        coi = self.mint(RefType.THERAPY)
        known = self.codes.get(number)
        who = patient or (known.subject if known else self.mint(RefType.PATIENT))
        self.codes[number] = Code("patient", who)
        self.codes[coi] = Code("therapy", coi, coi)
        self.pathways[self.pathway.digest] = self.pathway
        values = {
            "pathway": self.pathway.digest, "pathway_name": self.pathway.name, "site": site, "patient": who,
            "plan": {"manufacturing": {"site": PLANT, "at": None}},
        }  # fmt: skip
        actor = {"person": "demo-coordinator", "site": site, "role": "coordinator"}
        id_ = self.new_id()
        self.system(None, "therapy.enrolled", id_, values, coi=coi, actor=actor, tense="asked")
        return coi

    def plan(self, coi: str, purpose: str, count: int = 1, *, person: str = "demo-nurse", **values: Any) -> list[str]:
        """Plan containers and return their ids."""
        given = {"purpose": purpose, "count": count, **values}
        return list(self.do(person, "container.planned", coi=coi, values=given).entry.values["containers"])

    def label(self, container: str, *, person: str = "demo-nurse", position: str | None = None, **more: Any) -> str:
        """Issue a label and return its serial; one for a place of its own is scanned back, too."""
        where = {"position": position} if position else {}
        taken = self.do(person, "label.issued", values={"container": container, **where}, **more)
        serial = str(taken.entry.values["label"])
        if position:
            self.do(person, "label.applied", [("label", serial)])
        return serial

    def labelled(self, coi: str, purpose: str, count: int = 1, *, person: str = "demo-nurse", **v: Any) -> list[str]:
        """Plan containers, label them and scan the labels back; return the labels' serials."""
        serials = [self.label(id_, person=person) for id_ in self.plan(coi, purpose, count, person=person, **v)]
        for serial in serials:
            self.do(person, "label.applied", [("label", serial)])
        return serials

    def collected(self, number: str = "MRN-1", bags: int = 1, *, coi: str | None = None) -> tuple[str, list[str]]:
        """Enrol (unless `coi` says whom), verify and collect; return the COI id and the bags' label serials."""
        coi = coi or self.enrol(number)
        stated = {"stated": ["name", "birth_date"]} if self.pathway.bedside.stated else {}
        self.do("demo-nurse", "patient.verified", [("wristband", number)], coi=coi, values=stated)
        serials = self.labelled(coi, "starting_material", bags)
        self.do("demo-nurse", "collection.started", [("wristband", number)], coi=coi)
        scans = [("wristband", number), *(("container", serial) for serial in serials)]
        self.do("demo-nurse", "collection.completed", scans, coi=coi)
        return coi, serials

    def charged(self, person: str = "demo-nurse") -> str:
        """Charge a new shipper and return its id."""
        taken = self.do(person, "shipper.charged", values={"hold_hours": 240})
        return str(taken.entry.values["shipper"])

    def packed(self, serials: Sequence[str], person: str = "demo-nurse", seal: str = "S-1") -> str:
        """Pack and seal containers into a new shipper and return its id."""
        shipper = self.charged(person)
        self.do(person, "shipment.packed", [("shipper", shipper), *(("container", serial) for serial in serials)])
        self.do(person, "shipper.sealed", [("shipper", shipper), ("seal", seal)])
        return shipper

    def ship(self, serials: Sequence[str], *, giver: str, to: str, taker: str, seal: str = "S-1") -> str:
        """Send containers in a sealed shipper by courier and unpack them; return the shipper's id."""
        shipper = self.packed(serials, giver, seal)
        box = [("shipper", shipper), ("seal", seal)]
        self.do(giver, "handoff.offered", box, values={"to": COURIERS})
        self.do("demo-courier", "handoff.accepted", box)
        self.wait(hours=4)
        self.do("demo-courier-2", "handoff.offered", box, values={"to": to})
        self.do(taker, "handoff.accepted", box)
        things = [("container", serial) for serial in serials]
        self.do(taker, "shipment.unpacked", [*box, *things])
        self.do(taker, "shipment.inspected", things)
        return shipper

    def moved(self, serials: Sequence[str], giver: str, to: str, taker: str) -> None:
        """Hand containers straight to another organisation."""
        things = [("container", serial) for serial in serials]
        self.do(giver, "handoff.offered", things, values={"to": to})
        self.do(taker, "handoff.accepted", things)

    def doses(self, number: str = "MRN-1", count: int = 1, **values: Any) -> tuple[str, list[str]]:
        """Bring a therapy to filled dose bags at the plant, not released; return COI id and label serials."""
        coi, (bag,) = self.collected(number)
        self.moved([bag], "demo-nurse", PLANT, "demo-operator")
        self.do("demo-operator", "lot.started", [("container", bag)])
        serials = self.labelled(coi, "dose", count, person="demo-operator", **values)
        self.do("demo-operator", "containers.transformed",
                [("container", bag), *(("label", serial) for serial in serials)])  # fmt: skip
        return coi, serials

    def at_bedside(self, number: str = "MRN-1", count: int = 1, **values: Any) -> tuple[str, list[str]]:
        """Bring released dose bags to the ward; return COI id and label serials."""
        coi, serials = self.doses(number, count, **values)
        self.do("demo-quality", "containers.released", [("container", serial) for serial in serials])
        self.moved(serials, "demo-operator", HOSPITAL, "demo-infusion")
        return coi, serials

    def checked(self, number: str, serials: Sequence[str], *people: str) -> None:
        """Let each of `people` (else both of the ward) make a bedside check."""
        for person in people or ("demo-infusion", "demo-infusion-2"):
            self.do(person, "infusion.checked",
                    [("wristband", number), *(("container", serial) for serial in serials)])  # fmt: skip

    def infused(self, number: str, serials: Sequence[str]) -> None:
        """Thaw where the pathway has it, check, start and complete an infusion."""
        things = [("container", serial) for serial in serials]
        if self.pathway.needs_thaw:
            self.do("demo-infusion", "thaw.started", things)
        self.checked(number, serials)
        self.do("demo-infusion", "infusion.started", things)
        self.do("demo-infusion", "infusion.completed", things)
