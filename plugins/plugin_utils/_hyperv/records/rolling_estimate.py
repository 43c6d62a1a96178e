# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When nodes of a rolling maintenance had their turns, and how good the estimate was at half of it. Pure."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Collection

from .rolling_state import PHASES, Estimate, RollingState
from .rolling_window import pace_of


def estimate_at_half(state: RollingState, at_once: int = 1, early: Collection[str] = ()) -> Estimate | None:
    """Return how long the rest is expected to take, if half of the nodes are done now and no other is begun.

    ``early`` are inventory hosts of nodes that were begun before their turn, whose turns begin now. Where ``at_once``
    nodes have their turns together, the first moment counts at which that many are done. None at any other time, where
    an estimate was noted before, and where nobody knows how long nodes took.
    """
    left = [host for host, node in state["nodes"].items() if node["phase"] != "done"]
    done, pace = len(state["nodes"]) - len(left), pace_of(state)
    half = len(state["nodes"]) // 2
    begun = [host for host in left if state["nodes"][host]["phase"] and host not in early]
    is_half = 0 < half <= done < half + at_once and left and not begun
    if not is_half or "estimate" in state or pace is None or pace.is_of_before:
        return None
    return {"done": done, "nodes": left, "seconds": round(pace.seconds_for(len(left), at_once))}


@dataclasses.dataclass(frozen=True)
class Judged:
    """An estimate beside what came of it.

    Attributes:
        done, left: how many nodes were done, and how many were not.
        expected, took: seconds that those were expected to take, and that they took.
    """

    done: int
    left: int
    expected: int
    took: int

    @property
    def error_percent(self) -> float:
        """By how many percent of what it took the estimate was wrong."""
        return round(100 * abs(self.expected - self.took) / max(1, self.took), 1)

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {
            "done": self.done,
            "left": self.left,
            "expected_seconds": self.expected,
            "took_seconds": self.took,
            "error_percent": self.error_percent,
        }


def judge_estimate(state: RollingState) -> Judged | None:
    """Return how good the estimate at half was; None where there is none, or a turn after it was interrupted."""
    estimate = state.get("estimate")
    if estimate is None:
        return None
    nodes = {host: state["nodes"][host] for host in estimate["nodes"] if host in state["nodes"]}
    known = {host: node["took"] for host, node in nodes.items() if "took" in node}
    if len(known) < len(estimate["nodes"]):
        return None
    # Nodes that had their turns together took as long as the slowest one.
    longest: dict[tuple[str, ...], int] = {}
    for host, took in known.items():
        those = tuple(sorted(nodes[host].get("together") or [host]))
        longest[those] = max(longest.get(those, 0), took)
    return Judged(estimate["done"], len(known), estimate["seconds"], sum(longest.values()))


def turns_of(state: RollingState) -> list[dict[str, t.Any]]:
    """Return the turns that have begun: ``node``, and ``reached``, the phases with their moments in ISO 8601."""
    return [
        {"node": node.get("name") or host, "reached": {phase: node["reached"].get(phase) for phase in PHASES}}
        for host, node in state["nodes"].items()
        if node.get("reached")
    ]
