"""What is taken out of the house: the dossier of a therapy, and the sheets for a time without the network."""

from flask import Response
from flask_smorest import Blueprint

from coi.actions import exporting
from coi.api import describe, wire
from coi.api.access import EVERYONE, caller, office, open_to
from coi.api.reading import AT, at_of_request

blueprint = Blueprint("exporting", __name__, description="Documents made from the log; nothing here changes anything")
_PDF = "application/pdf"


@blueprint.get("/therapies/<coi>/dossier")
@blueprint.doc(parameters=[AT], **describe.call("Everything of one therapy", errors=describe.READING))
@open_to(EVERYONE)
def get_dossier(coi: str) -> Response:
    """Return the dossier of a therapy as JSON."""
    return wire.shown(exporting.dossier(office(), coi, caller=caller(), at=at_of_request()))


@blueprint.get("/therapies/<coi>/dossier.pdf")
@blueprint.doc(
    parameters=[AT], **describe.call("Everything of one therapy, on A4", answer=_PDF, errors=describe.READING)
)
@open_to(EVERYONE)
def get_dossier_pdf(coi: str) -> Response:
    """Return the dossier of a therapy as a PDF."""
    made = exporting.dossier_as_pdf(office(), coi, caller=caller(), at=at_of_request())
    return Response(made, 200, mimetype=_PDF)


@blueprint.get("/therapies/<coi>/downtime.pdf")
@blueprint.doc(**describe.call("Sheets for a time without the network", answer=_PDF, errors=(401, 403, 404)))
@open_to(EVERYONE)
def get_downtime_pdf(coi: str) -> Response:
    """Return one A4 page for the containers of each dose; 404 when nothing waits to be given."""
    return Response(exporting.downtime_as_pdf(office(), coi, caller=caller()), 200, mimetype=_PDF)
