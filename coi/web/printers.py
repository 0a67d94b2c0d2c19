"""Printers: the list that administrators keep, with a test print that is no label."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from coi.actions import printers
from coi.actions.faults import Fault
from coi.actions.labels import RESOLUTIONS
from coi.journey.steps import Role
from coi.record.printers import Printer
from coi.web import here
from coi.web.access import open_to
from labels import printing as devices

pages = Blueprint("printers", __name__)
KEEPERS = frozenset({Role.ADMIN})
_DIGITS = 4  # of any size of paper


@pages.get("/printers")
@open_to(KEEPERS)
def page() -> ResponseReturnValue:
    """Show the printers and the form for another one."""
    return _show()


def _show(*, fault: Fault | None = None, told: devices.Sent | None = None) -> ResponseReturnValue:
    shown = render_template(
        "printers.html", printers=printers.known(here.office()), form=request.form, fault=fault, told=told,
        kinds=printers.KINDS, languages=devices.LANGUAGES, resolutions=RESOLUTIONS,
    )  # fmt: skip
    return shown, fault.status if fault else 200


@pages.post("/printers")
@open_to(KEEPERS)
def add() -> ResponseReturnValue:
    """Add a printer, or say what is wrong with it."""
    try:
        printers.add(here.office(), _asked(request.form))
    except Fault as fault:
        return _show(fault=fault)
    return redirect(url_for("web.printers.page"), 303)


def _asked(form: Mapping[str, str]) -> Printer:
    """Return the printer that the form describes; a number that is none is 0, which is refused."""

    def text(name: str) -> str:
        return form.get(name, "").strip()

    return Printer(code=text("code"), kind=text("kind"), address=text("address"), language=text("language"),
                   dpi=_number(text("dpi")), width=_number(text("width")), height=_number(text("height")),
                   site=text("site"))  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


@pages.post("/printers/<name>/remove")
@open_to(KEEPERS)
def remove(name: str) -> ResponseReturnValue:
    """Take a printer off the list."""
    printers.remove(here.office(), name)
    return redirect(url_for("web.printers.page"), 303)


@pages.post("/printers/<name>/test")
@open_to(KEEPERS)
def try_out(name: str) -> ResponseReturnValue:
    """Send a test print and say what is known of it."""
    return _show(told=printers.try_out(here.office(), name))
