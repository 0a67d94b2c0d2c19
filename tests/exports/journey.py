"""A journey with everything that a dossier has to show: a downtime kept on paper, a correction, a refusal, a hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from coi.actions import signing
from coi.actions.attempts import body_digest
from coi.actions.requests import StepRequest
from coi.actions.scans import GivenScan
from coi.actions.steps import take
from coi.journey.entry import Tense
from tests.play import Player
from tests.worlds import PASSWORD, QUICK

HOUR = timedelta(hours=1)


def on_paper(player: Player, person: str, kind: str, scans: Any, *, coi: str, at: datetime, **more: Any) -> None:
    """Enter what a sheet says that two people performed: copied by one, compared with the paper by another."""
    id_, digest = str(uuid4()), body_digest({"kind": kind, "at": str(at)})
    signers = (("demo-quality", "transcribed"), ("demo-coordinator", "checked_against_paper"))
    tokens = [
        signing.sign(player.office, signing.SignRequest(id_, digest, meaning, PASSWORD), caller=player.as_(signer),
                     hasher=QUICK)["token"]
        for signer, meaning in signers
    ]  # fmt: skip
    request = StepRequest(
        id=id_, kind=kind, occurred_at=at, digest=digest, therapy=coi, tense=Tense.REPORTED, signatures=tokens,
        scans=[GivenScan(role, text, "paper") for role, text in scans], zone="Europe/Paris", **more,
    )  # fmt: skip
    answer = take(player.office, request, caller=player.as_(person))
    assert answer.status == 201, answer.body


def infused_on_paper(player: Player, number: str = "MRN-1") -> tuple[str, list[str], list[str]]:
    """Play a therapy whose infusion was kept on paper; return COI id, label serials and container ids of the dose."""
    coi, serials, ids = player.at_bedside(number)
    things = [("container", serial) for serial in serials]
    player.step("demo-infusion", "thaw.started", things, coi=coi)
    for person in ("demo-infusion", "demo-infusion-2"):
        player.step(person, "infusion.checked", [("wristband", number), *things], coi=coi, values={"dose": 1})
    at = datetime.now(UTC).astimezone() - 3 * HOUR
    performers = ["demo-infusion", "demo-infusion-2"]
    on_paper(player, "demo-nurse", "infusion.started", things, coi=coi, at=at, performed_by=performers)
    return coi, serials, ids
