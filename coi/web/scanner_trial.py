"""Test my scanner and printer: a sheet of known codes, and byte by byte what arrives of them. Nothing is recorded."""

import json
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

import scanners
from coi.exports import trial_sheet
from coi.web import here
from coi.web.access import EVERYONE, open_to
from scanners import keys, trial

pages = Blueprint("scanner_trial", __name__)


@pages.get("/scanner")
@open_to(EVERYONE)
def page() -> ResponseReturnValue:
    """Show the box that takes every key, and how to print the sheet."""
    return render_template("scanner.html", heard=None)


@pages.post("/scanner")
@open_to(EVERYONE)
def look() -> ResponseReturnValue:
    """Show what arrived: its bytes, what stands around the code, how quick it was, and what to set."""
    try:
        heard = _heard()
    except scanners.ScanError as fault:
        return render_template("scanner.html", heard=None, refused=str(fault)), 422
    told = trial.told(heard)
    return render_template(
        "scanner.html", heard=heard, told=told, rows=keys.bytes_of(heard), read=_read(heard.text),
        settings={key: json.dumps(text) for key, text in told.settings.items()},
    )  # fmt: skip


@pages.get("/scanner/sheet.pdf")
@open_to(EVERYONE)
def sheet() -> ResponseReturnValue:
    """Return the sheet of known codes."""
    return Response(trial_sheet.render(), mimetype="application/pdf")


def _heard() -> keys.Heard:
    """Return what the script of the page counted key by key; without the script, the text alone."""
    counted = request.form.get("keys", "")
    if not counted:
        return keys.of_text(request.form.get("text", ""))
    return keys.heard(_json(counted))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read(text: str) -> str:
    """Return in words what the service would take the scan for, as it is set up now."""
    try:
        kind = scanners.read_text(text, via="wedge", site=here.office().site).kind
    except scanners.ScanError as fault:
        return str(fault)
    return "A code that is told by its text alone." if kind == scanners.UNKNOWN else f"{scanners.in_words(kind)}."
