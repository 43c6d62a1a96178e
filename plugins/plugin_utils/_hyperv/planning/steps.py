# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A bound on work that does not depend on the speed of the machine."""

from __future__ import annotations


class Steps:
    """Counts steps up to a bound."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def step(self, count: int = 1) -> bool:
        """Count some; tell whether the bound is kept."""
        self.taken += count
        return self.taken <= self.most

    def left(self) -> int:
        """Return how many are left, 0 or below where the bound is reached."""
        return self.most - self.taken
