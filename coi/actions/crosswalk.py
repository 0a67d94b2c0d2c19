"""The crosswalk: which codes a step makes known, so that they can be scanned from then on."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from coi.actions.scans import Looked
from coi.journey.attempt import Case
from coi.record import codes


def new_codes(case: Case, looked: Sequence[Looked], values: Mapping[str, Any]) -> list[dict[str, str | None]]:
    """Return the codes that the step makes known: its containers and labels, and another maker's label."""
    coi = case.therapy.coi if case.therapy else None
    if case.kind == "container.adopted":
        return _adopted(looked, values, coi)
    if case.kind == "container.planned":
        return [
            {"token": id_, "subject": id_, "type": "container", "therapy": coi, "container": id_}
            for id_ in values["containers"]
        ]
    if case.kind == "label.issued":
        return [
            {
                "token": values["label"],
                "subject": values["label"],
                "type": "label",
                "therapy": coi,
                "container": values["container"],
            }
        ]
    return []


def _adopted(looked: Sequence[Looked], values: Mapping[str, Any], coi: str | None) -> list[dict[str, str | None]]:
    """Let another maker's label be read as one of ours; the container and its label have ids of ours too."""
    about = {"therapy": coi, "container": values["container"]}
    serial = {"subject": values["label"], "type": "label", **about}
    foreign = [item.registers["token"] for item in looked if item.registers]
    own = {"token": values["container"], "subject": values["container"], "type": "container", **about}
    donations = [{**own, "token": item.donation, "type": "donation"} for item in looked if item.donation]
    return [own, *donations, *({"token": token, **serial} for token in (values["label"], *foreign))]


def shipper_code(conn: Connection, case: Case, looked: Sequence[Looked], values: Mapping[str, Any]) -> dict[str, str]:
    """Register the shipper that a charge brings in: a new code of ours, or the site's own code that was scanned."""
    if case.kind != "shipper.charged" or case.shipper is not None:
        return {}
    foreign = [item.registers for item in looked if item.registers]
    id_ = values["shipper"]
    rows = [{"token": id_, "subject": id_, "type": "shipper"}, *({**row, "subject": id_} for row in foreign)]
    codes.register(conn, rows)
    return {"shipper": id_}
