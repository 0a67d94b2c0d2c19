"""The layout: where every text, bar and module of a label is, in millimetres. Every form of it is drawn from this."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from labels import face
from labels.content import LabelContent, refuse_unfit
from labels.fit import Fitted, fit
from labels.symbol import Symbol, encode
from labels.template import Box, Slot, Stack, Style, Table, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of text: the pen starts at `left` on the `baseline`; `size` is the em. All in millimetres."""

    text: str
    left: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of one field: all its ink is inside `box`; white when it stands on a bar."""

    field: str
    box: Box
    rows: tuple[Row, ...]
    bold: bool
    white: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A label, computed once: `bars` are filled black, `frames` are outlined, then texts and the symbol are drawn."""

    name: str
    width: float
    height: float
    symbol: Symbol
    bars: tuple[Box, ...]
    frames: tuple[Box, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """A text on its way to its place."""

    field: str
    text: str
    box: Box
    style: Style


FRAME = 0.4  # thickness of an outline in millimetres


def lay_out(content: LabelContent, template: Template) -> Layout:
    """Return where everything that `content` says is on a label of `template`.

    Raises LabelError when something would be missing, cut, too small to read or not printable as itself.
    """
    refuse_unfit(content)
    said = [*_slots(content, template), *_statements(content, template.statements), *_lines(content, template.lines)]
    return Layout(
        name=template.name, width=template.width, height=template.height,
        symbol=encode(content.code, template),
        bars=(*template.rules, *(one.box for one in said if one.style.look == "bar")),
        frames=tuple(one.box for one in said if one.style.look == "framed"),
        texts=tuple(_placed(one) for one in said),
    )  # fmt: skip


def _slots(content: LabelContent, template: Template) -> Iterator[_Said]:
    for slot in template.slots:
        text = _text(content, slot)
        if text is not None:
            yield _Said(slot.says, text, slot.box, slot.style)


def _text(content: LabelContent, slot: Slot) -> str | None:
    value: str | None = getattr(content, slot.says)
    return value


def _statements(content: LabelContent, stack: Stack) -> Iterator[_Said]:
    said = content.statements[: stack.most]
    others = len(said) - 1
    gap, first, style = stack.of(others)
    room = stack.box.height - others * gap
    lead = room * first if others else room
    yield _Said("statement 1", said[0], Box(stack.box.left, stack.box.top, stack.box.width, lead), stack.lead)
    high = (room - lead) / others if others else 0.0
    top = stack.box.top + lead + gap
    yield from _even([
        _Said(f"statement {number + 2}", text, Box(stack.box.left, top + number * (high + gap),
                                                   stack.box.width, high), style)
        for number, text in enumerate(said[1:])
    ])  # fmt: skip


def _lines(content: LabelContent, table: Table | None) -> Iterator[_Said]:
    if table is None or not content.lines:
        return
    box, high = table.box, min(table.row, table.box.height / len(content.lines))
    captions, values = [], []
    for number, (caption, value) in enumerate(content.lines):
        top = box.top + number * high
        captions.append(
            _Said(
                f"caption of line {number + 1}", caption, Box(box.left, top, table.caption_width, high), table.caption
            )
        )
        beside = Box(box.left + table.caption_width, top, box.width - table.caption_width, high)
        values.append(_Said(f"line {caption!r}", value, beside, table.value))
    yield from _even(captions)
    yield from _even(values)


def _even(column: list[_Said]) -> Iterator[_Said]:
    """The column set in one size, that of the text which needs the smallest: size must not suggest weight."""
    size = min((_fitted(one).size for one in column), default=0.0)
    return (replace(one, style=replace(one.style, largest=size)) for one in column)


def _fitted(one: _Said) -> Fitted:
    return fit(one.text, one.box.inset(one.style.padding), one.style, field=one.field)


def _placed(one: _Said) -> Text:
    fitted = _fitted(one)
    style, inner = one.style, one.box.inset(one.style.padding)
    first = _first_baseline(one, inner, fitted)
    rows = tuple(
        Row(text=text, left=_left(text, inner, style, fitted.size), size=fitted.size,
            baseline=first + number * face.LEADING * fitted.size)
        for number, text in enumerate(fitted.rows)
    )  # fmt: skip
    return Text(field=one.field, box=one.box, rows=rows, bold=style.bold, white=style.look == "bar")


def _first_baseline(one: _Said, inner: Box, fitted: Fitted) -> float:
    """Capitals stand in the middle of the box, so that neighbours align; ink that would leave the box moves them."""
    up, down = (reach * fitted.size for reach in face.extent(one.text, bold=one.style.bold))
    below = (len(fitted.rows) - 1) * face.LEADING * fitted.size
    middle = inner.top + (inner.height - below + face.CAP_HEIGHT * fitted.size) / 2
    return min(max(middle, inner.top + up), inner.bottom - down - below)


def _left(text: str, inner: Box, style: Style, size: float) -> float:
    spare = inner.width - face.width(text, bold=style.bold) * size
    return inner.left + {"left": 0.0, "centre": spare / 2, "right": spare}[style.align]
