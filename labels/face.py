"""The faces that labels are set in: where they are, which characters they have, how much room those take.

They come with installed packages, so that picture and PDF are set in the same letters on every machine: DejaVu Sans
(with matplotlib) for every European alphabet, NanumGothic (with koreanize-matplotlib) for Korean and the Chinese
characters used there, Noto Sans SC (with zhplot, one weight only) for Chinese. Nothing of these packages is run. A text
is set in the first face that has all of it, else each character in the first that has it. All measures are in em:
multiply by the size in millimetres.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from PIL import ImageFont
from reportlab.pdfbase.ttfonts import TTFontFile

from labels.content import LabelError

CAP_HEIGHT: Final = 0.73
LEADING: Final = 1.17
_FINE: Final = 1000
_SPACES: Final = " \u00a0"
_WRITTEN_LEFTWARDS: Final = frozenset({"R", "AL", "AN"})  # bidirectional classes of Hebrew and Arabic


class Face(NamedTuple):
    """A face: the package that carries it and its files, `bold` of them the heavier."""

    package: str
    regular: str
    bold: str


FACES: Final = {
    "dejavu": Face("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf", "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf"),
    "nanum": Face("koreanize_matplotlib", "fonts/NanumGothic.ttf", "fonts/NanumGothicBold.ttf"),
    "noto-sc": Face("zhplot", "fonts/NotoSansSC-Regular.ttf", "fonts/NotoSansSC-Regular.ttf"),
}


class Run(NamedTuple):
    """Letters that follow one another in one face."""

    face: str
    text: str


@lru_cache
def path(face: str, *, bold: bool) -> Path:
    """Return where the face's file is installed; its package is found, not imported."""
    package, regular, heavier = FACES[face]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LabelError(f"The fonts of the package {package} are not installed; install what pyproject.toml names.")
    return Path(spec.submodule_search_locations[0]) / (heavier if bold else regular)


@lru_cache
def _advances(face: str, *, bold: bool) -> dict[int, float]:
    """Return how far each character that the face has moves the pen, in em."""
    read = TTFontFile(str(path(face, bold=bold)))
    return {code: read.charWidths[code] / 1000 for code, glyph in read.charToGlyph.items() if glyph}


@lru_cache
def _fine(face: str, *, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path(face, bold=bold), _FINE, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _reach(character: str, face: str, *, bold: bool) -> tuple[float, float]:
    """How far the character's ink goes above and below the baseline, in em."""
    _, top, _, bottom = _fine(face, bold=bold).getbbox(character, anchor="ls")
    return -top / _FINE, bottom / _FINE


@dataclass(frozen=True, slots=True)
class Setting:
    """The faces, in order of preference, in which a text and any part of it is set."""

    faces: tuple[str, ...]
    bold: bool

    def face_of(self, character: str) -> str | None:
        """Return the face that `character` is set in, None when none has it."""
        return next((face for face in self.faces if ord(character) in _advances(face, bold=self.bold)), None)

    def runs(self, text: str) -> tuple[Run, ...]:
        """Return `text`, all of whose characters there are, as runs of one face each."""
        found = groupby(text, key=self._face)
        return tuple(Run(face, "".join(letters)) for face, letters in found)

    def advance(self, character: str) -> float:
        """Return how far `character`, one that there is, moves the pen, in em."""
        return _moved(self.faces, character, bold=self.bold)

    def width(self, text: str) -> float:
        """Return the width of `text` in em; letters are not kerned."""
        return sum(_moved(self.faces, character, bold=self.bold) for character in text)

    def extent(self, text: str) -> tuple[float, float]:
        """Return how far `text` reaches above and below its baseline, in em; at least a capital's height above."""
        reaches = [_reach(one, self._face(one), bold=self.bold) for one in sorted(set(text))]
        return max([CAP_HEIGHT, *(up for up, _ in reaches)]), max([0.0, *(down for _, down in reaches)])

    def _face(self, character: str) -> str:
        return self.face_of(character) or self.faces[0]


@lru_cache(maxsize=4096)
def _moved(faces: tuple[str, ...], character: str, *, bold: bool) -> float:
    how = Setting(faces, bold)
    return _advances(how.face_of(character) or faces[0], bold=bold)[ord(character)]


@lru_cache(maxsize=1024)
def setting(text: str, *, bold: bool) -> Setting:
    """Return how `text` is set: in the first face that has every character of it, else in all of them in turn."""
    for face in FACES:
        if all(ord(character) in _advances(face, bold=bold) for character in text):
            return Setting((face,), bold)
    return Setting(tuple(FACES), bold)


def refuse_unprintable(text: str, *, field: str, bold: bool) -> None:
    """Raise LabelError, with the character's name, when `text` holds one that would not be seen as itself.

    That is one which no face has, one without ink, one that joins another (those need shaping), and one of a script
    that is written from right to left.
    """
    has = Setting(tuple(FACES), bold).face_of
    for character in sorted(set(text)):
        odd = unicodedata.category(character)[0] in "CM" or unicodedata.bidirectional(character) in _WRITTEN_LEFTWARDS
        blank = character not in _SPACES and unicodedata.category(character)[0] == "Z"
        if odd or blank or has(character) is None:
            unnamed = "a control character" if unicodedata.category(character) == "Cc" else "without a name here"
            name = unicodedata.name(character, unnamed)
            raise LabelError(
                f"The label's {field} holds U+{ord(character):04X} ({name}), which the label fonts cannot print; "
                "expected letters, digits and marks of European languages, Korean or Chinese. Write it otherwise."
            )
