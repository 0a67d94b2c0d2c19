"""The codes of one label in one picture are offered as the bag that they name together."""

import pytest

from scanners import Reading, read_text, together

DIN, PRODUCT, DIVISIONS = "=A99991712345601", "=<S1128V99", "=,000012"
HERE = ((1, 2), (3, 2), (3, 4), (1, 4))


def seen(*texts: str) -> list[Reading]:
    return [read_text(text, via="camera") for text in texts]


def test_donation_product_and_divisions_in_any_order_are_one_bag():
    label = [
        Reading(one.text, "Code128", "camera", HERE).of(one) for one in seen(DIVISIONS, "&>0183652359", PRODUCT, DIN)
    ]
    bag = together(label)
    assert (bag.text, bag.kind, bag.canonical) == (DIN + PRODUCT + DIVISIONS, "bag", "A999917123456/S1128/000012")
    assert (bag.symbology, bag.box, bag.via, bag.needed) == ("Code128", HERE, "camera", ())


def test_without_the_divisions_it_says_that_they_are_needed():
    assert together(seen(DIN, PRODUCT)).needed == ("divisions",)


@pytest.mark.parametrize(
    "texts",
    [
        (),
        (DIN,),
        (PRODUCT, DIVISIONS),
        (DIN, DIN, PRODUCT),
        (DIN, PRODUCT, "=<S1194V99"),
        (DIN, "=<S1128V00", DIVISIONS),
    ],
)
def test_parts_of_two_labels_or_parts_that_contradict_are_not_put_together(texts):
    assert together(seen(*texts)) is None
