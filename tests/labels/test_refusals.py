"""What cannot be printed in full and truthfully is refused, in a sentence that names field, got and expected."""

from dataclasses import replace
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels import TEMPLATES, LabelError, lay_out, render_pdf, render_png, render_zpl
from tests.labels.reading import CONTENT, png, read, zpl

CONTAINER = TEMPLATES["container-100x100"]
every_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
NAUGHTY = {
    "quotes": "\"O'Brien\" `x`", "end of label": "^XZ", "printer reset": "~JA", "format command": "^XA^FO0,0^FDx^FS",
    "template": "{{7*7}}", "markup": "<b>&amp;</b>", "backslashes": r"\x00\n%s%n", "PDF": "(a) Tj ET \\) endstream",
    "accents": "Ångström Übelkeit ça", "every European": "Łódź Győr Škoda Ștefan Ğül Þór",
    "Greek": "Αλέξανδρος", "Cyrillic": "Щербаков Юрий", "Korean": "김민수 세포", "Chinese": "张伟 细胞 張偉",
    "Korean and Polish": "김 Łukasz", "a face": "\N{GRINNING FACE}",
    "no-break space": "2\u00a0°C", "two spaces": "a  b", "sql": "'; DROP TABLE--",
}  # fmt: skip
UNPRINTABLE = {
    "flag": ("🇦🇹", "REGIONAL INDICATOR SYMBOL"), "right-to-left mark": ("a\u200fb", "RIGHT-TO-LEFT MARK"),
    "override": ("a\u202eb", "RIGHT-TO-LEFT OVERRIDE"), "Hebrew": ("שלום", "HEBREW LETTER"),
    "Thai": ("ก", "THAI CHARACTER KO KAI"), "Arabic": ("س", "ARABIC LETTER SEEN"),
    "newline": ("a\nb", "control character"),
    "NUL": ("a\x00b", "control character"), "tab": ("a\tb", "control character"),
    "soft hyphen": ("a\u00adb", "SOFT HYPHEN"), "zero width": ("a\u200bb", "ZERO WIDTH SPACE"),
    "lone surrogate": ("a\ud800b", "U+D800"), "combining": ("x\u0301", "COMBINING ACUTE ACCENT"),
    "variation selector": ("a\ufe0f", "VARIATION SELECTOR-16"),
    "rare ideograph": ("\U0002a6d6", "CJK UNIFIED IDEOGRAPH"),
    "ideographic space": ("a\u3000b", "IDEOGRAPHIC SPACE"),
}  # fmt: skip
FREE = ("title", "position", "banner", "coi", "container")


def with_text(field, text):
    if field == "statement":
        return replace(CONTENT, statements=(text, *CONTENT.statements[1:]))
    if field in ("caption", "value"):
        return replace(CONTENT, lines=((text, "x") if field == "caption" else ("Note", text),))
    return replace(CONTENT, **{field: text})


every_field = pytest.mark.parametrize("field", [*FREE, "statement", "caption", "value"])


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
@pytest.mark.parametrize("field", ["title", "position", "banner", "statement", "value"])
def test_naughty_text_is_printed_in_full_and_changes_nothing_else(field, text):
    layout = lay_out(with_text(field, text), CONTAINER)
    said = [" ".join(row.text for row in one.rows) for one in layout.texts]
    assert text in said or f"{text}, generation 1" in said
    assert read(png(render_png(layout, dpi=203))) == [CONTENT.code.encode()]
    assert read(zpl(render_zpl(layout, dpi=203))) == [CONTENT.code.encode()]
    assert render_pdf(layout).endswith(b"%%EOF\n")


@pytest.mark.parametrize("field", ["coi", "container", "serial"])
@pytest.mark.parametrize(
    "text", ["\u0421OI 5WDN 8QHE 3RVA P", "COI 5WDN 8QHE 3RVA \uff30", "LBL 7K3M 9QRT 2XYZ 4\u0301"]
)
@every_template
def test_letters_that_only_look_alike_are_never_printed_as_an_identity(template, field, text):
    with pytest.raises(LabelError, match=f"{field} is .*expected plain letters and digits"):
        lay_out(replace(CONTENT, **{field: text}), template)


def test_a_letter_with_its_mark_written_apart_is_printed_as_the_one_letter_that_it_is():
    layout = lay_out(replace(CONTENT, title="Ame\u0301lie", lines=(("Name", "Bjo\u0308rk"),)), CONTAINER)
    said = {row.text for one in layout.texts for row in one.rows}
    assert {"Amélie", "Björk"} <= said


@pytest.mark.parametrize(("text", "name"), UNPRINTABLE.values(), ids=UNPRINTABLE)
@pytest.mark.parametrize("field", ["title", "position", "banner", "statement", "caption", "value"])
def test_a_character_that_would_not_be_seen_as_itself_is_refused_by_name(field, text, name):
    with pytest.raises(LabelError, match=r"holds U\+[0-9A-F]{4,6} .*which the label fonts cannot print") as refused:
        lay_out(with_text(field, text), CONTAINER)
    assert name in str(refused.value)


@every_field
def test_text_that_does_not_fit_is_refused_with_its_length_and_the_smallest_size(field):
    with pytest.raises(LabelError, match=r"has (390|404) characters, more than .* smallest size of \d"):
        lay_out(with_text(field, "too long " * 43 + "now"), CONTAINER)


@pytest.mark.parametrize("text", ["x" * 10_000_000, "x " * 500_000, "W" * 60])
def test_text_of_any_length_is_refused_not_cut(text):
    with pytest.raises(LabelError, match=f"title has {len(text)} characters"):
        lay_out(replace(CONTENT, title=text), CONTAINER)


@every_template
def test_more_lines_or_statements_than_there_is_room_for_are_refused_where_they_belong(template):
    many = replace(CONTENT, statements=CONTENT.statements * 5, lines=CONTENT.lines * 5)
    if "lines" in template.leaves_out:
        assert lay_out(many, template) == lay_out(CONTENT, template)
    else:
        with pytest.raises(LabelError, match="smallest size"):
            lay_out(many, template)
        with pytest.raises(LabelError, match="line"):
            lay_out(replace(CONTENT, lines=CONTENT.lines * 5), template)


@pytest.mark.parametrize("field", ["code", "coi", "container", "serial", "title", "position"])
@pytest.mark.parametrize("text", ["", "  "])
@every_template
def test_a_label_that_names_nothing_is_refused(template, field, text):
    with pytest.raises(LabelError, match=f"{field} is empty"):
        lay_out(replace(CONTENT, **{field: text}), template)


@pytest.mark.parametrize("statements", [(), ("",), (" ", "NOT FOR INFUSION")])
@every_template
def test_a_label_without_its_first_statement_is_refused(template, statements):
    with pytest.raises(LabelError, match="no statement"):
        lay_out(replace(CONTENT, statements=statements), template)


@pytest.mark.parametrize("change", [{"number": 0}, {"number": 3}, {"total": 0}, {"number": -1}, {"generation": 0}])
@every_template
def test_a_count_that_cannot_be_is_refused(template, change):
    with pytest.raises(LabelError, match="expected"):
        lay_out(replace(CONTENT, **change), template)


@pytest.mark.parametrize("serial", ["LBL 7K3M 9QRT 2XYZ 5", "- -"])
@every_template
def test_a_label_whose_symbol_and_eye_readable_serial_differ_is_refused(template, serial):
    with pytest.raises(LabelError, match="expected the same serial"):
        lay_out(replace(CONTENT, serial=serial), template)


@pytest.mark.parametrize(
    ("tail", "words"),
    [("\n", "visible ASCII"), ("é", "visible ASCII"), ("\x1d", "visible ASCII"), ("X" * 300, "at most")],
)
@every_template
def test_a_code_that_is_not_plain_or_too_long_is_refused(template, tail, words):
    with pytest.raises(LabelError, match=words):
        lay_out(replace(CONTENT, code=CONTENT.code + tail), template)


def test_a_code_that_needs_smaller_modules_than_a_phone_reads_is_refused():
    code = CONTENT.code + "x" * 180
    with pytest.raises(LabelError, match=r"modules would be 0\.\d\d mm, smaller than 0\.375 mm on tube-50x25"):
        lay_out(replace(CONTENT, code=code), TEMPLATES["tube-50x25"])
    assert read(png(render_png(lay_out(replace(CONTENT, code=code), CONTAINER), dpi=203))) == [code.encode()]


@pytest.mark.parametrize("render", [render_png, render_zpl])
@pytest.mark.parametrize("dpi", [0, 72, 201, 10_000])
def test_a_resolution_that_no_label_was_tried_at_is_refused(render, dpi):
    with pytest.raises(LabelError, match=f"{dpi} dots per inch"):
        render(lay_out(CONTENT, CONTAINER), dpi=dpi)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_any_title_is_printed_in_full_or_refused(text):
    try:
        layout = lay_out(replace(CONTENT, title=text), CONTAINER)
    except LabelError:
        return
    assert " ".join(row.text for row in layout.texts[1].rows) == normalize("NFC", text)
