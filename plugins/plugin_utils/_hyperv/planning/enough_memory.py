# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much memory on which nodes would be enough for every VM."""

from __future__ import annotations

from collections.abc import Sequence

from .assignment import Assignment
from .infeasibility import Infeasibility
from .overflow import reduce_overflow
from .problem import PlacementProblem

_STARTS = 3
_STEPS = 40_000
_SMALL = 1_000  # bundles times destinations: beyond, there is one start
_NOT_MEMORY = frozenset({"no_node", "too_few_nodes"})


def enough_memory(
    problem: PlacementProblem, infeasibility: Infeasibility, missing: Sequence[int] = ()
) -> tuple[tuple[str, int], ...]:
    """Return nodes and MB with which a placement of every VM was found, as little as was found in a bounded search.

    Empty where the rules alone are in the way, or no placement that keeps them was found. ``missing``: what each
    destination lacks in the best placement that is known already; it is not looked for again then.
    """
    if infeasibility.code in _NOT_MEMORY:
        return ()
    assignment = Assignment(problem)
    if not missing:
        is_small = len(assignment.bundles) * len(assignment.destinations) <= _SMALL
        starts = _STARTS if is_small else 1
        if not reduce_overflow(assignment, starts=starts, steps=_STEPS, enough=infeasibility.at_least_mb):
            return ()
        missing = assignment.missing()
    nodes = [one.name for one in assignment.destinations]
    return tuple((node, mb) for node, mb in zip(nodes, missing, strict=True) if mb)
