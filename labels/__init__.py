"""Label content to a layout in millimetres to a picture or a printer language. Knows nothing of the tracker."""

from labels.content import LabelContent, LabelError
from labels.layout import Layout, lay_out
from labels.pdf import render_pdf
from labels.raster import render_png
from labels.template import Template
from labels.templates import TEMPLATES
from labels.zpl import render_zpl

__all__ = [
    "TEMPLATES", "LabelContent", "LabelError", "Layout", "Template",
    "lay_out", "render_pdf", "render_png", "render_zpl",
]  # fmt: skip
