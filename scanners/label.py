"""Several codes of one label in one picture: what they say together.

An ISBT 128 label has its donation number, its product code and its divisions in codes of their own, and only together
they name one bag. Where a picture holds one of each, they are offered as one; which code is meant is still asked.
"""

from collections.abc import Sequence
from dataclasses import replace

from scanners.code import Site
from scanners.reading import Reading, ScanError
from scanners.text import AS_DELIVERED, read_text

_PARTS = ("din", "product_code", "divisions")


def together(readings: Sequence[Reading], *, site: Site = AS_DELIVERED) -> Reading | None:
    """Return the bag that the codes of a picture name together, with the place of its donation number, or None.

    None as well when a part is there twice: two labels are in the picture, and nobody can tell what belongs together.
    """
    parts = {kind: [one for one in readings if one.kind == kind] for kind in _PARTS}
    if not parts["din"] or not parts["product_code"] or any(len(several) > 1 for several in parts.values()):
        return None
    found = [one for several in parts.values() for one in several]
    try:
        bag = read_text("".join(one.text for one in found), via="camera", site=site)
    except ScanError:  # they contradict each other
        return None
    return replace(bag, symbology=found[0].symbology, box=found[0].box)
