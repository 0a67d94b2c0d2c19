"""Readings from scanned text and pictures. Knows nothing of the tracker."""

from scanners.picture import read_picture
from scanners.reading import Reading, ScanError
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
from scanners.text import read_text

__all__ = [
    "Judged", "LabelVerdict", "PublicKey", "Reading", "ScanError", "SignedLabel",
    "is_signed", "read_keys", "read_picture", "read_text", "verify_label", "write_keys",
]  # fmt: skip
