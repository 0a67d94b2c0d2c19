"""A journey with everything that a dossier has to show: a downtime kept on paper, a correction, a refusal, a hold."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from coi.actions import reads, signing
from coi.actions.attempts import body_digest
from coi.actions.requests import StepRequest
from coi.actions.scans import GivenScan
from coi.actions.steps import take
from coi.journey.entry import Tense
from tests.play import Player
from tests.worlds import PASSWORD, QUICK

HOUR = timedelta(hours=1)


def signed(player: Player, person: str, kind: str, signers: Any, **more: Any) -> None:
    """Take a step under signatures: `signers` are pairs of person and meaning."""
    id_, digest = str(uuid4()), body_digest({"kind": kind, "more": str(more)})
    tokens = [
        signing.sign(player.office, signing.SignRequest(id_, digest, meaning, PASSWORD), caller=player.as_(signer),
                     hasher=QUICK)["token"]
        for signer, meaning in signers
    ]  # fmt: skip
    said = {"occurred_at": player.office.now(), **more}
    request = StepRequest(id=id_, kind=kind, digest=digest, signatures=tokens, **said)
    answer = take(player.office, request, caller=player.as_(person))
    assert answer.status == 201, answer.body


def on_paper(player: Player, person: str, kind: str, scans: Any, *, coi: str, at: datetime, **more: Any) -> None:
    """Enter what a sheet says that two people performed: copied by one, compared with the paper by another."""
    signers = (("demo-quality", "transcribed"), ("demo-coordinator", "checked_against_paper"))
    given = [GivenScan(role, text, "paper") for role, text in scans]
    signed(player, person, kind, signers, occurred_at=at, therapy=coi, tense=Tense.REPORTED, scans=given, **more)


def infused_on_paper(player: Player, number: str = "MRN-1") -> tuple[str, list[str], list[str]]:
    """Play a therapy whose infusion was kept on paper; return COI id, label serials and container ids of the dose."""
    coi, serials, ids = player.at_bedside(number)
    things = [("container", serial) for serial in serials]
    player.step("demo-infusion", "thaw.started", things, coi=coi)
    for person in ("demo-infusion", "demo-infusion-2"):
        player.step(person, "infusion.checked", [("wristband", number), *things], coi=coi, values={"dose": 1})
    at = datetime.now(timezone(HOUR)) - 3 * HOUR
    performers = ["demo-infusion", "demo-infusion-2"]
    on_paper(player, "demo-nurse", "infusion.started", things, coi=coi, at=at, performed_by=performers)
    return coi, serials, ids


def entry_of(player: Player, coi: str, kind: str) -> Any:
    """Return the last entry of a kind in a therapy's history."""
    _, entries, _ = reads.history(player.office, coi, caller=player.as_("demo-auditor"))
    return next(entry for entry in reversed(entries) if entry.kind == kind)


def corrected(player: Player, coi: str, serials: list[str]) -> None:
    """Add a refusal, an acknowledgement, a hold that two people annul and a volume that two people replace."""
    things = [("container", serial) for serial in serials]
    player.step("demo-infusion", "thaw.started", things, coi=coi, expect=422)
    started = entry_of(player, coi, "infusion.started").id
    player.step("demo-infusion", "entry.acknowledged", coi=coi, values={"entry": started})
    player.step("demo-infusion", "infusion.completed", things, coi=coi, values={"volume_ml": "86"})
    held = player.step("demo-nurse", "hold.placed", things, coi=coi, reason="other", note="Mr Doe rang")["entry"]["id"]
    volume = {"entry": entry_of(player, coi, "infusion.completed").id, "values": {"volume_ml": "68"}}
    for person in ("demo-quality", "demo-quality-2"):
        more = {"coi": coi, "reason": "recorded-in-error"}
        player.step(person, "entry.annulled", values={"entry": held}, **more)
        player.step(person, "entry.replaced", values=volume, **more)
