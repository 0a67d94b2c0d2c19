"""Pictures: every code is found in a poor photograph, and nothing but PNG and JPEG is opened."""

import io
import random
import struct
import zlib

import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from scanners import ScanError, read_picture

CODE = "LBL-7K3M9QRT2XYZL"


def symbol(text=CODE, *, size=520):
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=4)
    made.add_data(text)
    return made.make_image().get_image().convert("L").resize((size, size), Image.Resampling.NEAREST)


def page(*placed, size=(1280, 720)):
    made = Image.new("L", size, 235)
    for image, where in placed:
        made.paste(image, where)
    return made


def saved(image, kind="PNG", **more):
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def photograph(chance):
    """Return a label as a phone takes it: turned by up to 15 degrees, blurred with radius 1.0, JPEG quality 50."""
    turned = symbol(size=chance.randrange(150, 420)).rotate(chance.uniform(-15, 15), expand=True, fillcolor=235)
    where = (chance.randrange(1280 - turned.width), chance.randrange(720 - turned.height))
    return saved(page((turned, where)).filter(ImageFilter.GaussianBlur(1.0)), "JPEG", quality=50)


def all_are_read(count):
    chance = random.Random(20261123)
    for _ in range(count):
        (reading,) = read_picture(photograph(chance))
        assert (reading.text, reading.symbology, reading.via) == (CODE, "QRCode", "camera")


def test_sixty_poor_photographs_are_all_read():
    all_are_read(60)


@pytest.mark.soak
def test_two_thousand_poor_photographs_are_all_read(record_property):
    all_are_read(2000)
    record_property("pictures", 2000)
    record_property("seed", 20261123)


def test_several_codes_are_returned_from_top_left_to_bottom_right_with_their_places():
    first, second, third = symbol("ONE-1", size=200), symbol("TWO-2", size=200), symbol("ONE-1", size=200)
    found = read_picture(saved(page((second, (900, 60)), (first, (60, 50)), (third, (300, 480)))))
    assert [reading.text for reading in found] == ["ONE-1", "TWO-2", "ONE-1"]
    assert all(60 <= x <= 260 and 50 <= y <= 250 for x, y in found[0].box)


def test_a_picture_that_a_phone_stored_sideways_is_read():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_picture(saved(page((symbol(size=300), (50, 50))), "JPEG", exif=exif))[0].text == CODE


def drawn(made):
    dots = made.to_image(scale=4, add_quiet_zones=True)
    height, width = dots.shape[:2]
    return Image.frombytes("L", (width, height), memoryview(dots).tobytes())


@pytest.mark.parametrize(("form", "name"), [("DataMatrix", "DataMatrix"), ("Code128", "Code128")])
def test_other_symbols_of_ours_are_read(form, name):
    image = drawn(zxingcpp.create_barcode(CODE, getattr(zxingcpp.BarcodeFormat, form)))
    (reading,) = read_picture(saved(page((image, (100, 100)))))
    assert (reading.text, reading.symbology) == (CODE, name)


def bomb(width, height):
    """Return a PNG whose header promises far more pixels than its few bytes hold."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture.format"),
        (b"GIF89a" + b"\0" * 100, "picture.format"),
        (saved(symbol(), "GIF"), "picture.format"),
        (saved(symbol(), "BMP"), "picture.format"),
        (saved(symbol(), "WEBP"), "picture.format"),
        (saved(symbol(), "TIFF"), "picture.format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture.format"),
        (b"%PDF-1.7", "picture.format"),
        (b"PK\x03\x04", "picture.format"),
        (b"\x89PNG\r\n\x1a\n", "picture.broken"),
        (b"\xff\xd8\xff\xe0nothing", "picture.broken"),
        (saved(symbol())[:400], "picture.broken"),
        (bomb(100_000, 100_000), "picture.too_many_pixels"),
        (bomb(5001, 5000), "picture.too_many_pixels"),
        (bomb(2**31 - 1, 1), "picture.too_many_pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * (8 * 2**20), "picture.too_large"),
        (saved(page()), "picture.no_code"),
    ],
)
def test_what_is_no_picture_of_a_code_is_refused_by_name(data, code):
    with pytest.raises(ScanError) as refused:
        read_picture(data)
    assert refused.value.code == code


def read_or_refused(data):
    try:
        found = [reading.text for reading in read_picture(data)]
    except ScanError as refused:
        found = [refused.code] if refused.code.startswith(("picture.", "scan.")) else []
    assert found
    assert all(found)


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]))
def test_any_bytes_are_read_or_refused(data, magic):
    read_or_refused(magic + data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_picture_with_bytes_flipped_or_cut_is_read_or_refused(data):
    kind = data.draw(st.sampled_from(["PNG", "JPEG"]))
    whole = bytearray(
        saved(
            page(
                (symbol(size=200), (20, 20)),
            ),
            kind,
        )
    )
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    read_or_refused(bytes(whole[: data.draw(st.integers(len(whole) // 2, len(whole)))]))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MRN\x1d4711", "scan.control_characters"),
        ("LBL-7K3M9QRT2XYZ4", "scan.misread"),
        (f"{CODE}\r{CODE}", "scan.two_codes"),
    ],
)
def test_a_code_that_read_text_refuses_is_refused_in_a_picture_too(text, code):
    with pytest.raises(ScanError) as refused:
        read_picture(saved(page((symbol(text), (50, 50)))))
    assert refused.value.code == code


def test_a_gs1_symbol_is_told_by_what_it_says_of_itself():
    form = zxingcpp.BarcodeFormat.DataMatrix
    made = zxingcpp.create_barcode("(01)03453120000011(10)ABCD(21)10EW", form, gs1=True, force_square=True)
    (reading,) = read_picture(saved(page((drawn(made), (100, 100)))))
    assert (reading.symbology, reading.kind, reading.canonical) == ("DataMatrix", "gtin", "01/03453120000011/21/10EW")
    assert reading.text == "0103453120000011" + "10ABCD\x1d" + "2110EW"
