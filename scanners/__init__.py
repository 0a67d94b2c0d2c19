"""Readings from scanned text and pictures. Knows nothing of the tracker."""
