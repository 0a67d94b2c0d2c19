"""Readings from scanned text and pictures. Knows nothing of the tracker."""

from scanners.code import Site
from scanners.label import together
from scanners.patterns import PATIENTS, BadPattern
from scanners.picture import read_picture
from scanners.reading import UNKNOWN, Reading, ScanError
from scanners.samples import checked_patterns
from scanners.signed import (
    Judged,
    LabelVerdict,
    PublicKey,
    SignedLabel,
    is_signed,
    read_keys,
    verify_label,
    write_keys,
)
from scanners.text import in_words, read_text

__all__ = [
    "PATIENTS", "UNKNOWN", "BadPattern", "Judged", "LabelVerdict", "PublicKey", "Reading", "ScanError", "SignedLabel",
    "Site", "checked_patterns", "in_words", "is_signed", "read_keys", "read_picture", "read_text", "together",
    "verify_label", "write_keys",
]  # fmt: skip
