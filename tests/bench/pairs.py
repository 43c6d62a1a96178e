# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Figures of two builds that were measured in turn, pair by pair, beside their targets."""

from __future__ import annotations

import dataclasses
import statistics
import typing as t
from collections.abc import Sequence

from .figures import number

HEAD = ("case", "before", "here", "ratio", "spread", "target", "ok")


@dataclasses.dataclass(frozen=True)
class Target:
    """What a figure may be at most (or, ``at_least``): in units, or to that of the other build if ``is_ratio``."""

    limit: float
    is_ratio: bool = False
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Tell whether a figure reaches it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {number(self.limit)}{' x' if self.is_ratio else ''}"


@dataclasses.dataclass(frozen=True)
class Compared:
    """One figure of both builds.

    Attributes:
        before: of the other build, one for each run; empty where it lacks the case.
        here: of this build.
        unit: follows the numbers in the table.
    """

    case: str
    before: Sequence[float]
    here: Sequence[float]
    unit: str = ""
    target: Target | None = None

    @property
    def ratios(self) -> list[float]:
        """Return this build's figure to that of the other one, pair by pair; none where the other one's is nothing."""
        return [new / old for old, new in zip(self.before, self.here, strict=False) if old]

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached, None where there is none or it cannot be told."""
        if self.target is None or (self.target.is_ratio and not self.ratios):
            return None
        return self.target.is_met(statistics.median(self.ratios if self.target.is_ratio else self.here))

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table. The spread is that of the ratios, or of this build's runs without any."""
        ratios = self.ratios
        spread = ratios or self.here
        return (
            self.case,
            f"{number(statistics.median(self.before))} {self.unit}".rstrip() if self.before else "lacks it",
            f"{number(statistics.median(self.here))} {self.unit}".rstrip(),
            f"{number(statistics.median(ratios))} x" if ratios else "",
            f"{number(min(spread))} to {number(max(spread))}",
            str(self.target or ""),
            {None: "", True: "yes", False: "NO"}[self.is_met],
        )

    def as_data(self) -> dict[str, t.Any]:
        """Return the figure for JSON."""
        target = str(self.target) if self.target is not None else None
        return {
            "case": self.case,
            "unit": self.unit,
            "before": list(self.before),
            "here": list(self.here),
            "target": target,
            "ok": self.is_met,
        }
