# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The product's runs, and what each says at its end."""

from __future__ import annotations

import typing as t

from .actions import as_told, evacuate_as_given, move, power, restart, restore
from .play import Play, Told
from .rolls import roll
from .world import Run

_RUNS: dict[str, t.Callable[[Play, Run], Told]] = {
    "evacuate": evacuate_as_given,
    "restore": restore,
    "move": move,
    "power": power,
    "restart": restart,
    "roll": roll,
}


def tell(stage: Play, run: Run) -> Told:
    """Carry out one run as its action does, or its role; return what it says."""
    return as_told(lambda: _RUNS[run.kind](stage, run))
