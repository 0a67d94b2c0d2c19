"""Exports: the dossier of a therapy and its downtime sheets, as the PDFs that programs get."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from coi.actions import exporting
from coi.web import here
from coi.web.access import EVERYONE, open_to
from coi.web.therapies import at_of_request

pages = Blueprint("exporting", __name__)
_PDF = "application/pdf"


@pages.get("/therapies/<coi>/dossier.pdf")
@open_to(EVERYONE)
def dossier(coi: str) -> ResponseReturnValue:
    """Return everything of one therapy, now or as recorded by `at`."""
    made = exporting.dossier_as_pdf(here.office(), coi, caller=here.caller(), at=at_of_request())
    return Response(made, mimetype=_PDF)


@pages.get("/therapies/<coi>/downtime.pdf")
@open_to(EVERYONE)
def downtime(coi: str) -> ResponseReturnValue:
    """Return the sheets for a time without the network, one for the containers of each dose."""
    return Response(exporting.downtime_as_pdf(here.office(), coi, caller=here.caller()), mimetype=_PDF)
