"""Templates are documents: checked before they count, kept in every version, with room for the most that is asked."""

import tomllib
from dataclasses import replace
from importlib import resources

import pytest

from labels import TEMPLATES, VERSIONS, LabelError, lay_out, template_of
from labels.templates.reader import BadTemplate, read_template
from tests.house.source import ROOT
from tests.labels.reading import CONTENT
from tests.labels.sizes import rows

DOCUMENT = (resources.files("labels.templates") / "vial-40x15.toml").read_text("utf-8")
SEVEN = ("FOR THE INTENDED RECIPIENT ONLY", "BIOHAZARD", "WARNING: Reactive test results for HBV, HCV, HIV",
         "NOT EVALUATED FOR INFECTIOUS SUBSTANCES", "WARNING: Advise patient of communicable disease risks",
         "CAUTION: New Drug - Limited by Federal (or United States) law to investigational use.",
         "DO NOT IRRADIATE - DO NOT FILTER")  # fmt: skip
EIGHT = (("Name", "Wolfeschlegelsteinhausen, Maximilian"), ("Born", "1961-04-03"), ("Site", "university-hospital-x"),
         ("Dose", "1 CD8 high"), ("Lot", "LOT WWWW WWWW WWWW W"), ("Expiry", "2026-11-25 14:05 UTC"),
         ("Trial", "EU CT 2024-512345-12-00"), ("Made by", "A Small Cell Factory GmbH"))  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_the_most_that_can_be_asked_has_its_place_on_every_label(template):
    layout = lay_out(replace(CONTENT, statements=SEVEN, symbols=("", "biohazard"), lines=EIGHT), template)
    shown = [" ".join(row.text for row in one.rows) for one in layout.texts]
    for text in SEVEN[: template.statements.most]:
        assert text in shown
    if template.lines:
        assert {value for _, value in EIGHT} <= set(shown)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_statement_with_a_sign_has_it_at_both_ends(template):
    layout = lay_out(replace(CONTENT, statements=("BIOHAZARD",), symbols=("biohazard",)), template)
    signs = [one for one in layout.texts if one.field.startswith("sign ")]
    words = next(one for one in layout.texts if one.field == "statement 1")
    assert [one.rows[0].text for one in signs] == ["\N{BIOHAZARD SIGN}"] * 2
    assert signs[0].box.right <= words.box.left + 0.001 < words.box.right - 0.001 <= signs[1].box.left


def test_a_sign_that_nobody_can_draw_is_refused():
    with pytest.raises(LabelError, match="sign 'skull', expected one of biohazard"):
        lay_out(replace(CONTENT, symbols=("skull",)), TEMPLATES["container-100x100"])


def test_there_is_a_template_for_everything_that_is_labelled():
    places = {position for template in TEMPLATES.values() for position in template.positions}
    assert places == {"bag", "tie_tag", "cassette", "certificate", "tube", "shipper", "bedside", "card"}
    assert all(VERSIONS[template.name, template.version] is template for template in TEMPLATES.values())


def test_a_version_that_is_asked_for_is_given_and_one_that_there_is_not_is_refused():
    assert template_of("vial-40x15", 1) is TEMPLATES["vial-40x15"] is template_of("vial-40x15")
    for name, version in (("vial-40x15", 99), ("nonsense", None)):
        with pytest.raises(LabelError, match="There is no label template"):
            template_of(name, version)


def test_the_document_itself_is_a_template():
    assert read_template(DOCUMENT.encode()) == TEMPLATES["vial-40x15"]
    assert tomllib.loads(DOCUMENT)["format"] == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("format = 1", "format = 2", "format"), ("format = 1", "format = true", "format"),
        ("version = 1", "version = 0", "version"), ('name = "vial-40x15"', 'name = "../x"', "name"),
        ("width = 40", "width = 4000", "width"), ("width = 40", 'width = "wide"', "width"),
        ("[0.5, 0.5, 10, 10]", "[0.5, 0.5, 10]", "left, top, width, height"),
        ("[0.5, 0.5, 10, 10]", "[-1, 0.5, 10, 10]", "with a width"),
        ("[0.5, 0.5, 10, 10]", "[35, 0.5, 10, 10]", "leaves the label"),
        ("[0.5, 0.5, 10, 10]", "[5, 0.5, 10, 10]", "meet"),
        ('kind = "datamatrix"', 'kind = "aztec"', "kind"), ('says = "code"', 'says = "short"', "must say the code"),
        ('says = "serial"', 'says = "name"', "says"), ('says = "serial"', 'says = "container"', "'serial' must"),
        ('leaves_out = ["container", ', "leaves_out = [", "'container' must have a place"),
        (', "further statements"]', "]", "further statements"), ("most = 1", "most = 0", "most"),
        ("smallest = 0.35", "smallest = 0", "smallest"), ("gap = 0", "gap = 0\nsecret = 1", "secret"),
        ("height = 15", "height = nan", "height"), ("title =", "titel =", "title"), ("format", "[[", "TOML"),
    ],
)  # fmt: skip
def test_a_document_that_would_make_wrong_labels_is_refused_by_what_is_wrong(old, new, words):
    assert old in DOCUMENT
    with pytest.raises(BadTemplate, match=words):
        read_template(DOCUMENT.replace(old, new).encode())


def test_the_page_on_labels_names_every_template_and_states_the_modules_as_they_are():
    page = (ROOT / "docs" / "labels.md").read_text("utf-8").splitlines()
    assert [row for row in rows() if row not in page] == []
    for template in TEMPLATES.values():
        (row,) = [line for line in page if line.startswith(f"| `{template.name}` |")]
        places, left_out = (part.strip() for part in row.split("|")[3:5])
        assert places == ", ".join(template.positions).replace("_", " ")
        assert left_out == (", ".join(template.leaves_out) or "–")
