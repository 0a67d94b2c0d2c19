"""Choices: what a person can pick from in a form instead of typing it, worked out from what is shown of the therapy.

An empty list means that nothing is known to choose from; the form then asks for the text itself. An empty tuple means
that there is nothing to say; the form does not ask at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coi.journey.identity import RefType
from coi.journey.steps import LIVING, State
from coi.web import words

IDENTIFIER_KINDS = {
    "mrn": "Hospital number",
    "national": "National number",
    "study": "Study subject number",
    "other": "Other number",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to pick: the value that is sent and the words that are shown."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything that can be picked from on one form."""

    of_type: Mapping[RefType, Sequence[Option]]
    of_name: Mapping[str, Sequence[Option]]
    reasons: Sequence[Option] = ()


def choices_for(
    therapy: Mapping[str, Any] | None,
    *,
    pathways: Iterable[Mapping[str, Any]],
    organisations: Iterable[Mapping[str, Any]],
) -> Choices:
    """Return what can be picked in a step of `therapy`, or in a step that names none yet."""
    shown = therapy or {}
    digest = shown.get("pathway", {}).get("digest")
    reasons = {
        code: text for row in pathways if digest in (None, row["digest"]) for code, text in row["reasons"].items()
    }
    containers = shown.get("containers", ())
    places = list(organisations)
    everywhere = [Option(row["code"], row["title"]) for row in places]
    return Choices(
        of_type={
            RefType.CONTAINER: [Option(item["id"], container_text(item)) for item in containers],
            RefType.LOT: [Option(item["id"], words.code(item["id"])) for item in shown.get("lots", ())],
            RefType.LABEL: [_label(item) for item in shown.get("labels", ()) if item["state"] != "voided"],
        },
        of_name={
            "to": everywhere,
            "owner": everywhere,
            "issuer": everywhere,
            "site": [Option(row["code"], row["title"]) for row in places if row["kind"] == "site"],
            "stage": [Option(one["id"], one["title"]) for one in shown.get("pathway", {}).get("stages", ())],
            "kind": [Option(code, text) for code, text in IDENTIFIER_KINDS.items()],
            **(dict.fromkeys(("discard", "give_back", "keep"), tuple(_living(containers))) if shown else {}),
            "handoff": [_offer(item) for item in shown.get("handoffs", ()) if item["state"] == "open"],
            "hold": _holds(containers),
        },
        reasons=[Option(code, text) for code, text in reasons.items()],
    )


def _living(containers: Iterable[Mapping[str, Any]]) -> list[Option]:
    return [Option(item["id"], container_text(item)) for item in containers if State(item["state"]) in LIVING]


def container_text(item: Mapping[str, Any]) -> str:
    """Return one container in a line: what it is, which of how many, its state and its id."""
    dose = f", dose {item['dose']}" if item["dose"] else ""
    what = f"{words.spaced(item['purpose']).capitalize()} {item['number']} of {item['total']}{dose}"
    return f"{what} – {words.spaced(item['state'])} – {words.code(item['id'])}"


def _label(item: Mapping[str, Any]) -> Option:
    where = f"{words.spaced(item['position'])}, copy {item['generation']}, {item['state']}"
    return Option(item["serial"], f"{words.code(item['serial'])} ({where})")


def _offer(item: Mapping[str, Any]) -> Option:
    what = words.code(item["shipper"]) if item["shipper"] else f"{len(item['containers'])} container(s)"
    return Option(item["id"], f"{what} from {item['giver']['organisation']} to {item['to']}")


def _holds(containers: Iterable[Mapping[str, Any]]) -> list[Option]:
    found = {hold["entry"]: hold["reason"] for item in containers for hold in item["holds"]}
    return [Option(entry, f"{words.spaced(reason).capitalize()} ({entry[:8]})") for entry, reason in found.items()]
