"""Figures: a row a measurement, with median, spread and the limit beside it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Figures:
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, what: str, values: Sequence[float], unit: str, *, limit: str = "", note: str = "") -> float:
        """Keep one measurement from repeated rounds, say it at once, and return its median."""
        middle = statistics.median(values)
        spread = f"{min(values):.1f} to {max(values):.1f}"
        row = (what, f"{middle:.1f}", unit, spread, limit, note)
        self.rows.append(row)
        print("  ".join(part for part in row if part), flush=True)
        return middle

    def show(self) -> None:
        """Print the table."""
        head = ("measurement", "median", "unit", "spread", "limit", "note")
        widths = [max(len(row[i]) for row in [head, *self.rows]) for i in range(len(head))]
        print()
        for row in [head, *self.rows]:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
