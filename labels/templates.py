"""The label formats there are. A new one is one more Template and its line in TEMPLATES."""

from typing import Final

from labels.template import Box, Slot, Stack, Style, Table, Template

_CONTAINER: Final = Template(
    name="container-100x100",
    width=100,
    height=100,
    symbol=Box(0.5, 29.6, 41.4, 41.4),
    smallest_module=0.5,
    slots=(
        Slot(says="banner", box=Box(3, 3, 94, 8),
             style=Style(largest=5, smallest=2.8, align="centre", look="bar", padding=1.2)),
        Slot(says="title", box=Box(3, 12.4, 94, 5.6), style=Style(largest=4.8, smallest=2.6, rows=2)),
        Slot(says="coi", box=Box(3, 19.6, 94, 8), style=Style(largest=8, smallest=5, align="centre")),
        Slot(says="count", box=Box(43, 31, 54, 11), style=Style(largest=13.5, smallest=7)),
        Slot(says="container", box=Box(43, 44.2, 54, 3.6), style=Style(largest=3.9, smallest=2.6)),
        Slot(says="serial", box=Box(43, 49, 54, 3.6), style=Style(largest=3.9, smallest=2.6)),
        Slot(says="place", box=Box(43, 53.4, 54, 3.2), style=Style(largest=2.7, smallest=1.9, bold=False)),
    ),
    lines=Table(box=Box(43, 58, 54, 13), caption_width=14, row=4.6,
                caption=Style(largest=2.7, smallest=1.9, bold=False), value=Style(largest=2.7, smallest=1.9, rows=2)),
    statements=Stack(box=Box(3, 72, 94, 25), gap=1, first=0.42,
                     lead=Style(largest=9, smallest=2.6, rows=2, align="centre", look="framed", padding=1.8),
                     other=Style(largest=4, smallest=2.2, rows=2, align="centre", look="framed", padding=0.7),
                     crowded=Style(largest=2.9, smallest=1.9, align="centre", padding=0.2),
                     crowded_gap=0.3, crowded_first=0.25),
    rules=(Box(3, 18.8, 94, 0.3), Box(3, 28.6, 94, 0.3)),
)  # fmt: skip

_TUBE: Final = Template(
    name="tube-50x25",
    width=50,
    height=25,
    symbol=Box(0, 0, 20.7, 20.7),
    smallest_module=0.375,
    slots=(
        Slot(says="banner", box=Box(20.9, 1, 28.1, 5.2),
             style=Style(largest=2.5, smallest=1.7, rows=2, align="centre", look="bar", padding=0.5)),
        Slot(says="count", box=Box(20.9, 6.8, 28.1, 4.2), style=Style(largest=6, smallest=3)),
        Slot(says="serial", box=Box(20.9, 18.1, 28.1, 2.2), style=Style(largest=2.4, smallest=1.5)),
        Slot(says="coi", box=Box(1, 20.9, 48, 3.2), style=Style(largest=4, smallest=2.5, align="centre")),
    ),
    statements=Stack(box=Box(20.9, 11.7, 28.1, 6), gap=0, first=1, most=1,
                     lead=Style(largest=2.3, smallest=1.7, rows=2, align="centre", look="framed", padding=0.8),
                     other=Style(largest=2.3, smallest=1.7)),
    leaves_out=("container", "title", "lines", "place", "statements after the first"),
)  # fmt: skip

TEMPLATES: Final[dict[str, Template]] = {template.name: template for template in (_CONTAINER, _TUBE)}
