"""Plugins of the whole test run: nothing is skipped under CI, and a soak run leaves its evidence."""

pytest_plugins = ["tests.no_skips", "tests.evidence", "tests.worlds", "pytester"]
