"""Everything has its place on a label, nothing meets anything else, and nothing is left out unsaid."""

from dataclasses import fields, replace
from itertools import combinations

import pytest

from labels import TEMPLATES, LabelContent, lay_out
from labels.layout import FRAME
from tests.labels.reading import CONTENT

every_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
BUILT_FROM = {"count": {"number", "total"}, "place": {"position", "generation"}}


def text(layout, field):
    return next(one for one in layout.texts if one.field == field)


@every_template
def test_a_template_is_kept_under_its_name(template):
    assert TEMPLATES[template.name] is template


@every_template
def test_every_field_of_the_content_is_on_the_label_or_named_as_left_out(template):
    shown = {"code", "statements", "symbols"} | ({"lines"} if template.lines else set())
    for name in (*(slot.says for slot in template.slots), *template.leaves_out):
        shown |= BUILT_FROM.get(name, {name})
    assert shown - {"further statements"} == {field.name for field in fields(LabelContent)}


@every_template
def test_no_label_leaves_out_who_which_one_or_the_first_statement(template):
    said = {one.field for one in lay_out(CONTENT, template).texts}
    assert {"coi", "serial", "statement 1", "banner"} <= said
    assert ("count" in said) == ("count" not in template.leaves_out)
    assert ("further statements" in template.leaves_out) == (template.statements.most is not None)
    assert ("statement 2" in said) == (template.statements.most != 1)


@every_template
def test_texts_meet_neither_the_quiet_zone_nor_one_another_nor_the_edge(template):
    layout = lay_out(CONTENT, template)
    boxes = [one.box for one in layout.texts]
    places = [symbol.box for symbol in layout.symbols]
    assert [
        pair for pair in combinations([*boxes, *places], 2) if pair[0].inset(0.001).meets(pair[1].inset(0.001))
    ] == []
    assert [bar for bar in (*layout.bars, *layout.frames) for place in places if bar.meets(place)] == []
    for box in (*boxes, *places):
        assert box.left >= 0
        assert box.top >= 0
        assert box.right <= layout.width
        assert box.bottom <= layout.height


@every_template
def test_a_framed_text_keeps_clear_of_its_frame(template):
    for style in (template.statements.lead, template.statements.other):
        assert style.look != "framed" or style.padding >= FRAME


def test_boxes_that_share_an_edge_do_not_meet_and_boxes_that_share_ground_do():
    box = TEMPLATES["tube-50x25"].symbol
    assert not box.meets(replace(box, left=box.right))
    assert box.meets(replace(box, left=box.right - 0.1))


@every_template
def test_the_identity_is_the_largest_of_what_is_read(template):
    sizes = {one.field: one.rows[0].size for one in lay_out(CONTENT, template).texts}
    largest = sorted(sizes, key=lambda field: -sizes[field])[:3]
    assert {"count", "coi"} - set(template.leaves_out) <= set(largest)
    assert largest[0] in ("count", "coi", "statement 1")


@every_template
def test_a_text_is_printed_in_full_over_its_rows(template):
    layout = lay_out(CONTENT, template)
    assert " ".join(row.text for row in text(layout, "banner").rows) == CONTENT.banner
    assert " ".join(row.text for row in text(layout, "coi").rows) == CONTENT.coi
    if "count" not in template.leaves_out:
        assert " ".join(row.text for row in text(layout, "count").rows) == "1 of 2"
    assert " ".join(row.text for row in text(layout, "statement 1").rows) == CONTENT.statements[0]


def test_the_container_label_says_everything():
    layout = lay_out(CONTENT, TEMPLATES["container-100x100"])
    assert sorted(" ".join(row.text for row in one.rows) for one in layout.texts) == sorted(
        [CONTENT.banner, CONTENT.title, CONTENT.coi, "1 of 2", CONTENT.container, CONTENT.serial, "bag, generation 1",
         *CONTENT.statements, *(text for line in CONTENT.lines for text in line)]
    )  # fmt: skip


@every_template
def test_an_identifier_is_never_broken_over_rows(template):
    layout = lay_out(CONTENT, template)
    assert {len(one.rows) for one in layout.texts if one.field in {"coi", "container", "serial", "count"}} == {1}


@every_template
def test_without_a_banner_there_is_no_banner_and_the_rest_stays_where_it_was(template):
    marked, plain = lay_out(CONTENT, template), lay_out(replace(CONTENT, banner=None), template)
    assert plain.texts == tuple(one for one in marked.texts if one.field != "banner")
    assert text(marked, "banner").box in marked.bars
    assert text(marked, "banner").box not in plain.bars


def test_one_statement_takes_the_room_of_three_and_is_no_smaller():
    template = TEMPLATES["container-100x100"]
    three, one = lay_out(CONTENT, template), lay_out(replace(CONTENT, statements=("NOT FOR INFUSION",)), template)
    assert text(one, "statement 1").box == template.statements.box
    assert text(one, "statement 1").rows[0].size >= text(three, "statement 1").rows[0].size


def test_the_values_of_the_lines_are_set_in_one_size_and_stand_on_the_line_of_their_caption():
    layout = lay_out(CONTENT, TEMPLATES["container-100x100"])
    values = [one for one in layout.texts if one.field.startswith("line ")]
    captions = [one for one in layout.texts if one.field.startswith("caption ")]
    assert [(one.rows[0].text, two.rows[0].text) for one, two in zip(captions, values, strict=True)] == [*CONTENT.lines]
    assert len({one.rows[0].size for one in values}) == 1
    for one, two in zip(captions, values, strict=True):
        assert one.rows[0].baseline == pytest.approx(two.rows[0].baseline, abs=0.2)


def test_longer_text_is_set_smaller_and_over_more_rows_before_it_is_refused():
    template = TEMPLATES["container-100x100"]
    sizes = []
    for times in (1, 2, 3, 4):
        title = text(lay_out(replace(CONTENT, title=" ".join(["Dose product"] * times)), template), "title")
        assert " ".join(row.text for row in title.rows) == " ".join(["Dose product"] * times)
        sizes.append(title.rows[0].size)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0]


@every_template
def test_the_widest_identifiers_that_can_be_drawn_are_never_refused(template):
    wide = "WWWW WWWW WWWW W"
    layout = lay_out(
        replace(CONTENT, code="LBL-WWWWWWWWWWWWW", serial=f"LBL {wide}", coi=f"COI {wide}", container=f"CTR {wide}",
                lines=(*CONTENT.lines[:3], ("Lot", f"LOT {wide}")), number=100, total=120),
        template,
    )  # fmt: skip
    shown = {row.text for one in layout.texts for row in one.rows}
    assert shown >= {f"LBL {wide}", f"COI {wide}"}
    assert ("100 of 120" in shown) == ("count" not in template.leaves_out)
