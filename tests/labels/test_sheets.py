"""Labels on office paper: exact size, in their places, begun sheets used up, nothing that does not fit."""

from itertools import pairwise

import pypdfium2
import pytest
import zxingcpp

from labels import SHEETS, TEMPLATES, LabelError, Sheet, lay_out, render_sheets
from labels.sheet import grid
from tests.labels.reading import CONTENT

TUBE = lay_out(CONTENT, TEMPLATES["tube-50x25"])


def pages(data):
    document = pypdfium2.PdfDocument(data)
    return [page.render(scale=300 / 72).to_pil().convert("L") for page in document]


def found(picture):
    """The symbols on a page: text and the upper left corner in millimetres."""
    seen = zxingcpp.read_barcodes(picture)
    return sorted(
        (round(one.position.top_left.y * 25.4 / 300, 1), round(one.position.top_left.x * 25.4 / 300, 1), one.text)
        for one in seen
    )


@pytest.mark.parametrize("paper", SHEETS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_goes_on_every_paper_and_is_read_from_it(name, paper):
    layout = lay_out(CONTENT, TEMPLATES[name])
    columns, rows = grid(SHEETS[paper], width=layout.width, height=layout.height)
    data = render_sheets([layout] * min(columns * rows, 6), SHEETS[paper])
    (page,) = pages(data)
    assert len(found(page)) == min(columns * rows, 6) * len(layout.symbols)
    size = [side * 25.4 / 72 for side in pypdfium2.PdfDocument(data)[0].get_size()]
    assert size == pytest.approx([SHEETS[paper].width, SHEETS[paper].height], abs=0.01)


def test_labels_stand_in_their_places_at_exact_size():
    (page,) = pages(render_sheets([TUBE] * 5, SHEETS["a4"]))
    places = found(page)
    tops, lefts = sorted({top for top, _, _ in places}), sorted({left for _, left, _ in places})
    assert grid(SHEETS["a4"], width=50, height=25) == (4, 11)
    assert [round(b - a) for a, b in pairwise(lefts)] == [50, 50, 50]
    assert [round(b - a) for a, b in pairwise(tops)] == [25]


def test_a_sheet_that_was_begun_is_used_up_and_another_one_follows():
    first, second = pages(render_sheets([TUBE] * 3, SHEETS["a4"], first=43))
    assert (len(found(first)), len(found(second))) == (2, 1)
    (top, left, _), *_ = found(second)
    assert top < 30
    assert left < 30


@pytest.mark.parametrize(
    ("layouts", "first", "words"),
    [([], 1, "0 sizes"), ([TUBE, lay_out(CONTENT, TEMPLATES["vial-40x15"])], 1, "2 sizes"),
     ([TUBE], 0, "expected 1 to 44"), ([TUBE], 45, "expected 1 to 44")],
)  # fmt: skip
def test_what_cannot_stand_on_one_sheet_is_refused(layouts, first, words):
    with pytest.raises(LabelError, match=words):
        render_sheets(layouts, SHEETS["a4"], first=first)


def test_a_label_that_is_larger_than_the_paper_is_refused():
    with pytest.raises(LabelError, match="more than a sheet of small paper holds"):
        render_sheets([TUBE], Sheet("small paper", 55, 30))


def test_the_same_labels_are_the_same_bytes():
    assert render_sheets([TUBE] * 3, SHEETS["letter"]) == render_sheets([TUBE] * 3, SHEETS["letter"])
