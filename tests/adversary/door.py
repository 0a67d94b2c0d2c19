"""The played journeys over a real store: each step goes through the one door, each state is read back from the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from coi.actions import labels, people, therapies
from coi.actions.attempts import body_digest
from coi.actions.documents import AttachRequest, attach
from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.actions.requests import Caller, StepRequest
from coi.actions.scans import GivenScan
from coi.actions.steps import take
from coi.actions.sweep import sweep
from coi.journey.entry import Entry, Outcome, Tense, instant, read_leaf
from coi.journey.steps import STEPS
from coi.record import ledger, signatures
from coi.record.tables import ENTRY, ORGANISATION, PERSON
from tests.journey.story import ORGANISATIONS, PEOPLE, Code, Malformed, NoAuthority, Story

REFUSED = 422


@dataclass
class Now:
    """The server's clock; it stands still until it is moved."""

    at: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def add_strangers(office: Office) -> None:
    """Add the people and companies of the played journeys that the demo does not have."""
    with office.store.read() as conn:
        known = set(conn.execute(select(PERSON.c.code)).scalars()) | set(
            conn.execute(select(ORGANISATION.c.code)).scalars()
        )
    for code in sorted(ORGANISATIONS - known):
        kind = "courier" if "courier" in code else "site"
        people.add_organisation(office, code=code, title=code, kind=kind, country="XA", zone="UTC")
    for code, grants in PEOPLE.items():
        if code not in known:
            held = [(organisation, role) for organisation, roles in grants.items() for role in roles]
            people.add_person(office, code=code, name=code, password="", grants=held)


@dataclass
class Door(Story):
    """A story whose log is a store's; `take` is the service's own."""

    office: Office = field(kw_only=True)
    server: Now = field(kw_only=True)

    def wait(self, **duration: float) -> None:
        self.server.at += timedelta(**duration)

    def enrol(self, number: str = "MRN-1", **_: Any) -> str:
        known = [therapies.Identifier("demo-hospital", "mrn", number)]
        patient = therapies.Patient(f"Doe{number}", "Jane", "1980-02-29", known)
        plan = {"manufacturing": {"site": "demo-plant", "at": None}}
        request = therapies.EnrolRequest(
            id=str(uuid4()), digest="d", pathway=self.pathway.name, site="demo-hospital", patient=patient, plan=plan
        )
        therapies.enrol(self.office, request, caller=self._caller("demo-coordinator"))
        entry = next(entry for entry in self._refresh() if entry.kind == "therapy.enrolled")
        self.codes[number] = Code("patient", entry.values["patient"])
        return str(entry.therapy)

    def take(self, person: str, kind: str, scans: Sequence[Any] = (), **more: Any) -> Any:
        self.wait(minutes=1)
        request = self._request(kind, scans, **more)
        try:
            answer = self._through(request, person)
        except Fault as fault:
            raise (NoAuthority if fault.status == 403 else Malformed)(str(fault)) from fault
        written = self._refresh()
        self._remember(request, written)
        refused = answer.status == REFUSED
        coi = next((entry.therapy for entry in written if entry.therapy), None)
        return SimpleNamespace(
            entries=tuple(written), entry=written[0], done=written[0].outcome == Outcome.DONE,
            outcome=Outcome(written[0].outcome),
            stops={one["rule"] for each in written for one in each.findings if one["severity"] == "stop"},
            case=SimpleNamespace(kind=kind, attempt=SimpleNamespace(tense=request.tense),
                                 therapy=SimpleNamespace(coi=coi) if coi and not refused else
                                 SimpleNamespace(coi=coi) if coi else None),
            verdict=SimpleNamespace(stops=[SimpleNamespace(message=one["message"]) for one in written[0].findings]),
        )  # fmt: skip

    def _through(self, request: StepRequest, person: str) -> Any:
        caller = self._caller(person)
        if request.kind == "label.issued":
            values = request.values or {}
            asked = labels.LabelRequest(id=request.id, digest=request.digest, reason=request.reason, **values)
            return labels.issue(self.office, asked, caller=caller)
        if request.kind == "document.attached":  # a document without its bytes cannot be said at the interface
            data = b"%PDF-1.4\n" + request.id.encode() + b"\n%%EOF\n"
            attached = AttachRequest(
                id=request.id, therapy=request.therapy or "", kind="other", data=data, name="x.pdf"
            )
            return attach(self.office, attached, caller=caller)
        return take(self.office, request, caller=caller, route=STEPS[request.kind].route)

    def _caller(self, person: str) -> Caller:
        return Caller(person, self.people[person])

    def _request(
        self,
        kind: str,
        scans: Sequence[Any],
        *,
        coi: str | None = None,
        values: Mapping[str, Any] | None = None,
        tense: str = "asked",
        at: datetime | None = None,
        signs: Sequence[tuple[str, str]] = (),
        **more: Any,
    ) -> StepRequest:
        id_, digest = str(uuid4()), body_digest({"kind": kind})
        via = "wedge" if tense == "asked" else "paper"
        return StepRequest(
            id=id_, kind=kind, digest=digest, therapy=coi, values=dict(values or {}), tense=Tense(tense),
            occurred_at=at or self.server.at, scans=[GivenScan(role, text, via) for role, text in scans],
            signatures=[self._sign(id_, digest, *one) for one in dict.fromkeys(signs)], **more,
        )  # fmt: skip

    def _sign(self, attempt: str, digest: str, person: str, meaning: str) -> str:
        secret, now = str(uuid4()), self.server.at
        with self.office.store.write() as conn:
            signatures.give(conn, secret=secret, attempt=attempt, digest=digest, person=person, meaning=meaning,
                            at=instant(now), expires_at=instant(now + timedelta(minutes=5)))  # fmt: skip
        return secret

    def _refresh(self) -> list[Entry]:
        """Read the whole log again; return what is new in it, and move the story's time to the server's."""
        before = len(self.log)
        with self.office.store.read() as conn:
            rows = conn.execute(select(ENTRY.c.leaf).order_by(ENTRY.c.position)).scalars()
            everything = [read_leaf(bytes(leaf))[0] for leaf in rows]
            self.log = [entry for entry in everything if not entry.stream.startswith("system")]
            names = dict.fromkeys(entry.stream for entry in self.log)
            found = ledger.read_streams(conn, list(names)) if names else {}
            self.pathways = {entry.values["pathway"]: self.office.pathway(conn, entry.values["pathway"])
                             for entry in self.log if entry.kind == "therapy.enrolled"}  # fmt: skip
        self.streams = {name: list(stream.entries) for name, stream in found.items()}
        self.now = self.server.at
        return self.log[before:]

    def _remember(self, request: StepRequest, written: Sequence[Entry]) -> None:
        """Make known what can be scanned from now on."""
        for entry in written:
            coi, values = entry.therapy, entry.values
            if entry.kind == "container.planned":
                self.codes |= {id_: Code("container", id_, coi, id_) for id_ in values["containers"]}
            elif entry.kind == "label.issued":
                self.codes[values["label"]] = Code("label", values["label"], coi, values["container"])
            elif entry.kind == "container.adopted":
                foreign = next(scan.text for scan in request.scans if scan.role == "container")
                own = values["container"]
                self.codes[own] = Code("container", own, coi, own)
                self.codes |= {text: Code("label", values["label"], coi, own) for text in (values["label"], foreign)}
            elif entry.kind == "shipper.charged":
                self.codes[values["shipper"]] = Code("shipper", values["shipper"])

    def sweep(self, coi: str) -> list[Entry]:  # noqa: ARG002 - a sweep is of every therapy
        sweep(self.office)
        return self._refresh()


__all__ = ["Door", "Now", "add_strangers"]
