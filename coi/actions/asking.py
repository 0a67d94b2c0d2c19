"""Asking: "scan anything" - what is it, who has it, and what may be done with it now. Changes nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

import scanners
from coi.actions.faults import Fault, unknown
from coi.actions.office import Office
from coi.actions.scans import GivenScan, look_up, reading_token
from coi.actions.shown import clocks_json, custody_json, next_json
from coi.actions.steps import Caller
from coi.journey.attempt import Actor, ResolvedScan
from coi.journey.authority import may_read
from coi.journey.fold import fold, fold_shipper
from coi.journey.identity import NotOurs, parse
from coi.journey.next_steps import next_steps
from coi.journey.rules.identity import not_believed
from coi.journey.therapy import Shipper, Therapy
from coi.record import ledger, queries

NOBODY = "00000000-0000-0000-0000-000000000000"  # stands for the attempt that asking never makes


def scan_text(office: Office, *, text: str, via: str, caller: Caller) -> dict[str, Any]:
    """Return what a scanned or typed text names, and what may be done with it now.

    Raises Fault 422 when it is no code of ours and no wristband known here, 404 when it is not the caller's to see.
    """
    reading = {"text": text, "symbology": "text", "via": via, "box": None, "token": None}
    return {"readings": [reading], **_about(office, GivenScan(None, text, via), caller)}


def scan_picture(office: Office, *, picture: bytes, caller: Caller) -> dict[str, Any]:
    """Return the codes in a picture, each with the token that proves the reading; one code is looked up as well.

    Raises Fault 422 when the picture is no PNG or JPEG or holds no code.
    """
    found = read_picture(office, picture=picture, caller=caller)
    if len(found) != 1:
        return {"readings": found, "subject": None, "custody": None, "clocks": [], "next": []}
    given = GivenScan(None, found[0]["text"], "camera", found[0]["token"])
    return {"readings": found, **_about(office, given, caller)}


def read_picture(office: Office, *, picture: bytes, caller: Caller) -> list[dict[str, Any]]:
    """Return the codes in a picture, each with the token that proves the reading; nothing is looked up.

    What several codes of one label say only together stands before them as one more.

    Raises Fault 422 when the picture is no PNG or JPEG or holds no code.
    """
    try:
        found = scanners.read_picture(picture, site=office.site)
    except scanners.ScanError as fault:
        raise Fault(422, fault.code, str(fault), {"picture": [str(fault)]}) from fault
    whole = scanners.together(found, site=office.site)
    return [
        {"text": reading.text, "symbology": reading.symbology, "via": "camera",
         "box": [list(point) for point in reading.box] if reading.box else None,
         "token": reading_token(office, text=reading.text, person=caller.person)}
        for reading in ([whole] if whole else []) + found
    ]  # fmt: skip


def _about(office: Office, given: GivenScan, caller: Caller) -> dict[str, Any]:
    at = office.now()
    with office.store.read() as conn:
        (looked,) = look_up(conn, [given], office=office, person=caller.person, sites=frozenset(caller.grants),
                            subject=NOBODY)  # fmt: skip
        if looked.scan.judged is not None:
            raise _not_believed(looked.scan.judged)
        if looked.scan.subject is None:
            raise _not_known(given)
        if looked.scan.type in ("donation", "other_bag"):
            _refuse_other_bag(office, conn, looked.scan, given, caller)
        return _situation(office, conn, looked.scan, caller, at)


def _refuse_other_bag(office: Office, conn: Connection, scan: ResolvedScan, given: GivenScan, caller: Caller) -> None:
    """Name another bag of a known donation as that; who may not see its therapy is not told that it is known."""
    therapy = _therapy(office, conn, scan, None)
    if therapy is None or not may_read(therapy, grants=caller.grants):
        raise _not_known(given)
    if scan.type == "other_bag":
        message = "The donation is known here, this bag is not: another product or another division of it."
        raise Fault(422, "scan.foreign", message, {"text": [message]})


def _not_believed(judged: str) -> Fault:
    """Return the refusal of a signed label that is not genuine, or that the log contradicts, with its finding."""
    problem = not_believed(judged)
    finding: dict[str, Any] = {"rule": "signed_label_is_believed", "family": problem.family.value, "severity": "stop",
               "message": problem.message, "got": problem.got, "expected": problem.expected,
               "facts": {"containers": []}}  # fmt: skip
    return Fault(422, f"label.{judged}", problem.message, {"text": [problem.message]}, (finding,))


def _not_known(given: GivenScan) -> Fault:
    try:
        parse(given.text)
    except NotOurs:
        message = "This is a foreign code; it names nothing here. Scan one of our labels or a wristband."
        return Fault(422, "scan.foreign", message, {"text": [message]})
    return unknown("thing")


def _situation(office: Office, conn: Connection, scan: ResolvedScan, caller: Caller, at: datetime) -> dict[str, Any]:
    shipper = _shipper(conn, scan)
    therapy = _therapy(office, conn, scan, shipper)
    if scan.type not in ("shipper", "patient") and (therapy is None or not may_read(therapy, grants=caller.grants)):
        raise unknown("thing")
    if therapy is not None and not may_read(therapy, grants=caller.grants):
        therapy = None
    pathway = office.pathway(conn, therapy.pathway) if therapy else None
    container = therapy.containers.get(_container_id(scan) or "") if therapy else None
    found = next_steps(scan, actor=Actor(caller.person, caller.grants), therapy=therapy, pathway=pathway,
                       shipper=shipper, at=at)  # fmt: skip
    all_clocks = clocks_json(therapy, pathway, at) if therapy and pathway else []
    custody = custody_json(container) if container else _shipper_custody(shipper)
    return {
        "subject": {"type": scan.type, "id": scan.subject, "therapy": therapy.coi if therapy else None},
        "custody": custody, "next": [next_json(step) for step in found],
        "clocks": [clock for clock in all_clocks if container is None or clock["container"] == container.id],
    }  # fmt: skip


def _container_id(scan: ResolvedScan) -> str | None:
    return scan.subject if scan.type == "container" else scan.container


def _shipper(conn: Connection, scan: ResolvedScan) -> Shipper | None:
    if scan.type != "shipper":
        return None
    stream = f"shipper:{scan.subject}"
    return fold_shipper(ledger.read_streams(conn, [stream])[stream].entries)


def _therapy(office: Office, conn: Connection, scan: ResolvedScan, shipper: Shipper | None) -> Therapy | None:
    """Return the therapy that the scanned thing belongs to; a patient's only when there is one open."""
    coi = scan.therapy
    if shipper is not None:
        coi = next(iter(sorted(set(shipper.contents.values()))), None)
    if scan.type == "patient" and scan.subject:
        open_ones = queries.open_therapies_of(conn, scan.subject)
        coi = open_ones[0] if len(open_ones) == 1 else None
    if coi is None:
        return None
    stream = f"therapy:{coi}"
    return fold(ledger.read_streams(conn, [stream])[stream].entries, pathway=lambda d: office.pathway(conn, d))


def _shipper_custody(shipper: Shipper | None) -> dict[str, Any] | None:
    if shipper is None or shipper.custodian is None:
        return None
    return {
        "organisation": shipper.custodian.organisation, "person": shipper.custodian.person,
        "place": {"kind": "hand", "id": None}, "state": shipper.state, "contents": sorted(shipper.contents),
    }  # fmt: skip
