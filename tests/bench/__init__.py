"""Measurements: scripts that print figures, run by hand; no test collects them."""
