# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole simulated rolling maintenances in which the next node is emptied while one gets its VMs back.

With N nodes, each of which is emptied in ``m``, filled in ``m`` and worked on for ``w``, turns one after the other take
N (w + 2 m). The work bounds what can be saved: beside one another, a return and an evacuation take ``m`` instead of
2 m, at N - 1 places, so that N w + (N + 1) m are left. How long the moves take depends on the network: there are two.
"""

from __future__ import annotations

import pathlib
import tempfile

from tests.support.rolls import draw_cluster
from tests.support.rolls_at_once import Roll
from tests.support.scenarios import NetworkSpec, node, scenario, vm

from .figures import Figure

_NODES, _FILL = 16, 0.65
_WORK = 1200.0  # seconds
_RATES = {"10 Gbit/s": (1000, None), "1 Gbit/s": (120, 0.75)}  # MB a second of a move, and the limit


def measure() -> list[Figure]:
    """Take all nodes through maintenance, one after the other and with overlapping turns."""
    figures = []
    for link, (rate, limit) in _RATES.items():
        apart, beside, work = _roll(rate, overlap=False), _roll(rate, overlap=True), _NODES * _WORK
        least = work + (apart - work) * (_NODES + 1) / (2 * _NODES)
        case = f"rolling maintenance, {_NODES} simulated nodes, restarts of 20 minutes, {link}"
        name = "duration, keep with overlapping turns to keep"
        figures += [
            Figure(case, name, beside / apart, limit, unit="x"),
            Figure(case, f"{name}, the least possible", least / apart, unit="x"),
        ]
    return figures


def _roll(rate: int, *, overlap: bool) -> float:
    """Return the simulated seconds of one."""
    drawn = draw_cluster(0, _NODES, _FILL)
    given = scenario(
        [node(name, memory_mb=size) for name, size in drawn.nodes.items()],
        [vm(one.name, owner=one.node, memory_mb=one.memory_mb) for one in drawn.guests],
        network=NetworkSpec(megabytes_per_second=rate),
    )
    with tempfile.TemporaryDirectory() as folder:
        roll = Roll(given, pathlib.Path(folder), drawn.names, at_once=1, work_seconds=_WORK, overlap=overlap)
        began = roll.simulated.now()
        roll.run()
        assert set(roll.phases.values()) == {"done"}
        assert roll.owners == {one.name: one.node for one in drawn.guests}
        return roll.simulated.now() - began
