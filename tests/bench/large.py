# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole rolling maintenance of the largest cluster that Windows supports, on the manual clock, with both layouts.

What the simulated hosts take is part of the CPU.
"""

from __future__ import annotations

import time

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import (
    ANY,
    KEEP,
    LayoutName,
)

from tests.support.rolls import draw_cluster
from tests.support.whole_rolls import roll

from .figures import Figure

_NODES, _PER_NODE, _FILL = 64, 125, 0.65


def measure() -> list[Figure]:
    """Take all nodes through maintenance with both layouts."""
    return [figure for layout in (ANY, KEEP) for figure in _figures(layout)]


def _figures(layout: LayoutName) -> list[Figure]:
    began = time.process_time()
    rolled = roll(draw_cluster(0, _NODES, _FILL, per_node=_PER_NODE), layout)
    case = f"rolling maintenance, {_NODES} simulated nodes, {_NODES * _PER_NODE:,} VMs, {layout}"
    return [
        Figure(case, "moves", rolled.made),
        Figure(case, "moves more or less than planned", abs(rolled.made - rolled.planned), 0),
        Figure(case, "VMs that do not run where they should", len(rolled.astray), 0),
        Figure(case, "nodes that are not up", len(rolled.not_up), 0),
        Figure(case, "duration with restarts of 20 minutes", rolled.seconds / 3600, unit="h"),
        Figure(case, "CPU", time.process_time() - began, unit="s"),
    ]
