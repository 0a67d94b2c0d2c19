"""Label content to a layout in millimetres to a picture or a printer language. Knows nothing of the tracker."""

from labels.content import LabelContent, LabelError
from labels.layout import Layout, lay_out
from labels.pdf import render_pdf, render_sheets
from labels.raster import render_png
from labels.sheet import SHEETS, Sheet
from labels.template import Template
from labels.templates import TEMPLATES, VERSIONS, template_of
from labels.zpl import render_zpl

__all__ = [
    "SHEETS", "TEMPLATES", "VERSIONS", "LabelContent", "LabelError", "Layout", "Sheet", "Template",
    "lay_out", "render_pdf", "render_png", "render_sheets", "render_zpl", "template_of",
]  # fmt: skip
