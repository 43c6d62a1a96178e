# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One measured number beside what it may be, the table of them for people, and the same as plain data."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import sys
import typing as t
from collections.abc import Collection, Mapping, Sequence

_HEAD = ("case", "figure", "limit", "ok")


@dataclasses.dataclass(frozen=True)
class Figure:
    """A number that was measured.

    Attributes:
        case: the part of the bench that it belongs to.
        name: what was counted or compared, with its unit in words.
        limit: what it may be at most, or at least if ``at_least``; None where it is only told.
        unit: follows the number in the table: ``x`` for a ratio, ``%``, ``MB``, ``s``; empty for a count.
    """

    case: str
    name: str
    value: float
    limit: float | None = None
    at_least: bool = False
    unit: str = ""

    @property
    def is_kept(self) -> bool:
        """The limit holds, or there is none."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def cells(self) -> tuple[str, str, str, str]:
        """Return case, figure, limit and ok as the table shows them."""
        sign = ">=" if self.at_least else "<="
        limit = "" if self.limit is None else f"{sign} {number(self.limit)}"
        ok = "" if self.limit is None else "yes" if self.is_kept else "NO"
        return f"{self.case}: {self.name}", f"{number(self.value)} {self.unit}".rstrip(), limit, ok

    def as_data(self) -> dict[str, t.Any]:
        """Return the figure for JSON."""
        return {**dataclasses.asdict(self), "value": round(self.value, 4), "ok": self.is_kept}


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as lines of aligned columns under a head."""
    return aligned([_HEAD, *(figure.cells() for figure in figures)], left=(0, 3))


def aligned(rows: Sequence[Sequence[str]], left: Collection[int]) -> str:
    """Return rows as lines of columns, those of ``left`` aligned on their left side."""
    wide = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(
            cell.ljust(wide[column]) if column in left else cell.rjust(wide[column]) for column, cell in enumerate(row)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def publish(figures: Sequence[Figure], output: pathlib.Path, content: Mapping[str, t.Any]) -> int:
    """Print the table, write the figures with ``content`` as JSON, and return 1 where one misses its limit."""
    print(table(figures))
    output.parent.mkdir(parents=True, exist_ok=True)
    data = {**content, "figures": [figure.as_data() for figure in figures]}
    output.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    missed = [figure for figure in figures if not figure.is_kept]
    for figure in missed:
        print(f"missed: {', '.join(figure.cells()[:3])}", file=sys.stderr)
    return 1 if missed else 0


def number(value: float) -> str:
    """Return a number for a table."""
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
