"""Readings from scanned text and pictures. Knows nothing of the tracker."""

from scanners.picture import read_picture
from scanners.reading import Reading, ScanError
from scanners.text import read_text

__all__ = ["Reading", "ScanError", "read_picture", "read_text"]
