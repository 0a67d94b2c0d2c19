"""The two faces that labels are set in: where they are, which characters they have, how much room those take.

Both come with the installed reportlab package (Bitstream Vera), so picture and PDF are set in the same letters on every
machine. All measures are in em: multiply by the size in millimetres.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

import reportlab
from PIL import ImageFont
from reportlab.pdfbase.ttfonts import TTFontFile

from labels.content import LabelError

FILES: Final = {False: "Vera.ttf", True: "VeraBd.ttf"}
CAP_HEIGHT: Final = 0.73
LEADING: Final = 1.17
_FINE: Final = 1000


def path(*, bold: bool) -> Path:
    """Where the face's file is installed."""
    return Path(reportlab.__file__).parent / "fonts" / FILES[bold]


@lru_cache(maxsize=2)
def _advances(*, bold: bool) -> dict[int, float]:
    """How far each character that the face has moves the pen, in em."""
    read = TTFontFile(str(path(bold=bold)))
    return {code: read.charWidths[code] / 1000 for code, glyph in read.charToGlyph.items() if glyph}


@lru_cache(maxsize=2)
def _fine(*, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path(bold=bold), _FINE, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1024)
def _reach(character: str, *, bold: bool) -> tuple[float, float]:
    """How far the character's ink goes above and below the baseline, in em."""
    _, top, _, bottom = _fine(bold=bold).getbbox(character, anchor="ls")
    return -top / _FINE, bottom / _FINE


def advance(character: str, *, bold: bool) -> float:
    """How far `character`, one that the face has, moves the pen, in em."""
    return _advances(bold=bold)[ord(character)]


def width(text: str, *, bold: bool) -> float:
    """Width of `text`, all of whose characters the face has, in em; letters are not kerned."""
    advances = _advances(bold=bold)
    return sum(advances[ord(character)] for character in text)


def extent(text: str, *, bold: bool) -> tuple[float, float]:
    """How far `text` reaches above and below its baseline, in em; at least a capital's height above."""
    reaches = [_reach(character, bold=bold) for character in sorted(set(text))]
    return max([CAP_HEIGHT, *(up for up, _ in reaches)]), max([0.0, *(down for _, down in reaches)])


def refuse_unprintable(text: str, *, field: str, bold: bool) -> None:
    """Raise LabelError, with the character's name, when `text` holds one that would not be seen as itself."""
    for character in sorted(set(text)):
        if ord(character) not in _advances(bold=bold) or unicodedata.category(character).startswith("C"):
            name = unicodedata.name(character, "a control character")
            raise LabelError(
                f"The label's {field} holds U+{ord(character):04X} ({name}), which the label font cannot print; "
                "expected letters, digits and marks of Western European languages. Write it otherwise."
            )
