"""Readings: clean text and clean pictures, everything else refused by name."""
