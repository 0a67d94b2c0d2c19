"""A signed text on a real label: its modules are as large as the page on labels says, and it is read at every size."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from labels import TEMPLATES, LabelError, lay_out, render_png, render_zpl
from labels.law import SHIPPED
from labels.rfc9285 import serial_of
from labels.signed import Signed, signed_text
from labels.symbol import encode
from scanners import Judged, PublicKey, verify_label
from tests.labels.reading import CONTENT, meant, png, read, zpl

AT = datetime(2026, 11, 23, 14, 5, 7, tzinfo=UTC)
OURS = Ed25519PrivateKey.from_private_bytes(b"a label key of tests of 32 bytes")
KEY = PublicKey("coi-label/test", b"\1\2\3\4", OURS.public_key().public_bytes_raw(), AT)
TEXT = signed_text(
    Signed(type="dose", container="CTR-8N4P2WXK6MQR7", coi="COI-5WDN8QHE3RVAP", serial=CONTENT.code, generation=1,
           as_of=AT), key_id=KEY.id, sign=OURS.sign,
)  # fmt: skip
SIGNED = [name for name, carrier in SHIPPED.carriers.items() if carrier.code == "signed" and name in TEMPLATES]


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_label_is_read_back_and_judged_genuine(name, dpi):
    layout = lay_out(replace(CONTENT, code=TEXT), TEMPLATES[name])
    for picture in (png(render_png(layout, dpi=dpi)), zpl(render_zpl(layout, dpi=dpi))):
        seen = read(picture)
        assert sorted(seen) == meant(layout)
        assert verify_label(max(seen, key=len).decode(), [KEY]).judged is Judged.GENUINE


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("name", SIGNED)
def test_the_modules_of_a_signed_label_are_no_smaller_than_its_template_allows(name, dpi):
    symbol = encode(TEXT, TEMPLATES[name].marks[0], on=name)
    assert symbol.dots(dpi=dpi) * 25.4 / dpi >= TEMPLATES[name].marks[0].smallest


def test_a_label_whose_symbol_names_another_serial_is_refused():
    assert serial_of(TEXT) == CONTENT.code
    other = replace(CONTENT, serial="LBL 2222 2222 2222 2", code=TEXT)
    with pytest.raises(LabelError, match="expected the same serial"):
        lay_out(other, TEMPLATES["container-100x100"])
