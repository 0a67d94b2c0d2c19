"""How large the modules of every symbol are, as the page on labels states it."""

from labels import TEMPLATES
from labels.law import SHIPPED
from labels.symbol import KINDS, encode
from tests.labels.reading import CONTENT
from tests.labels.test_signed_label import TEXT


def rows():
    """Return a row of the table for each symbol of each template, with the code that it carries in use."""
    for name, template in TEMPLATES.items():
        signed = SHIPPED.carriers[name].code == "signed"
        for mark in template.marks:
            is_signed = signed and mark.says == "code"
            symbol = encode(TEXT if is_signed else CONTENT.code, mark, on=name)
            dots = {dpi: symbol.dots(dpi=dpi) for dpi in (203, 300, 600)}
            sizes = " | ".join(f"{each * 25.4 / dpi:.2f} mm ({each} dots)" for dpi, each in dots.items())
            says = "signed text" if is_signed else "serial"
            yield f"| {name} | {KINDS[mark.kind].title}, {says} | {len(symbol.dark[0])} | {sizes} |"
