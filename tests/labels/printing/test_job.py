"""What may be sent at all: one whole label, and a test print that can be taken for none."""

import io

import pypdfium2
import pytest
from PIL import Image

from labels.printing import LANGUAGES, BadJob, refuse_strange, sample
from labels.printing.sample import WORDS


@pytest.mark.parametrize(
    "data",
    [b"", b"^XA", b"^XZ", b"^FDx^FS", b"^XA^FDx^XZ^XA^FDy^XZ", b"^XA^XA^XZ", b"^XA^XZ^XZ", b" ^XA^XZ", b"^XA^XZ~JA",
     b"^XA\x02^XZ", b"^XA\x1bE^XZ", b"%PDF-1.4"],
)  # fmt: skip
def test_zpl_that_is_not_one_whole_label_is_refused(data):
    with pytest.raises(BadJob):
        refuse_strange(data, language="zpl")


def test_one_whole_label_passes():
    refuse_strange(b"^XA\r\n^FDx^FS^XZ\n", language="zpl")


@pytest.mark.parametrize(("language", "data"), [("pdf", b"^XA^XZ"), ("png", b"%PDF-"), ("epl", b"N")])
def test_another_language_than_the_printers_is_refused(language, data):
    with pytest.raises(BadJob):
        refuse_strange(data, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [(100, 100), (50, 25)])
def test_the_test_print_is_one_label_of_the_size_that_says_it_is_none(language, size):
    data = sample(language, dpi=203, width=size[0], height=size[1])
    refuse_strange(data, language=language)
    if language.startswith("zpl"):
        assert WORDS.encode() in data
    elif language == "pdf":
        page = pypdfium2.PdfDocument(data)[0]
        assert [round(each * 25.4 / 72) for each in page.get_size()] == list(size)
        assert WORDS in page.get_textpage().get_text_range()
    else:
        assert [round(each * 25.4 / 203) for each in Image.open(io.BytesIO(data)).size] == list(size)


def test_a_test_print_in_no_language_is_refused():
    with pytest.raises(BadJob):
        sample("epl", dpi=203, width=50, height=25)
