# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cost at several sizes as one figure: the exponent by which it grows, 1 in proportion, 2 with the square.

It is that between the two largest sizes, where what does not grow counts least.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence

from .figures import Figure, aligned, number

HEAD = ("cost", "at these sizes", "each more, at first", "each more, then", "exponent", "at most")
_LITTLE = 1e-9


@dataclasses.dataclass(frozen=True)
class Grown(Figure):
    """The exponent of a cost.

    Attributes:
        sizes, costs: of which there are equally many, at least two; ``costs`` in units or, ``is_relative``, of the
            first one.
        each: what one more of ``sizes`` is.
    """

    sizes: Sequence[int] = ()
    costs: Sequence[float] = ()
    each: str = ""
    is_relative: bool = False

    @classmethod
    def of(
        cls,
        case: str,
        cost: str,
        sizes: Sequence[int],
        costs: Sequence[float],
        limit: float,
        *,
        each: str,
        is_relative: bool = False,
    ) -> Grown:
        """Return the figure of costs at sizes."""
        (size, larger), (low, high) = sizes[-2:], costs[-2:]
        exponent = math.log(max(high, _LITTLE) / max(low, _LITTLE)) / math.log(larger / size)
        first = costs[0] if is_relative else 1
        return cls(
            **vars(Figure(case, f"{cost}, exponent of growth", exponent, limit)),
            sizes=sizes,
            costs=[one / first for one in costs],
            each=each,
            is_relative=is_relative,
        )

    @property
    def slopes(self) -> list[float]:
        """Return what each more costs between two neighbouring sizes."""
        pairs = list(zip(self.sizes, self.costs, strict=True))
        return [(high - low) / (larger - size) for (size, low), (larger, high) in itertools.pairwise(pairs)]

    def growth_cells(self) -> tuple[str, ...]:
        """Return the row of the table of growth."""
        unit = " x" if self.is_relative else ""
        pairs = zip(self.sizes, self.costs, strict=True)
        at = "; ".join(f"{size:,}: {number(_short(cost))}{unit}" for size, cost in pairs)
        slopes = [f"{number(_short(one))}{unit} a {self.each}" for one in self.slopes]
        return (
            f"{self.case}: {self.name.partition(',')[0]}",
            at,
            slopes[0],
            slopes[-1],
            f"{self.value:.2f}",
            number(self.limit or 0),
        )


def growth_table(figures: Iterable[Figure]) -> str:
    """Return those of the figures that tell of growth as lines of aligned columns; empty for none."""
    rows = [one.growth_cells() for one in figures if isinstance(one, Grown)]
    return aligned([HEAD, *rows], left=(0, 1)) if rows else ""


def _short(value: float) -> float:
    return float(f"{value:.3g}")
