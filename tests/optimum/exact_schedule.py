# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The shortest evacuation that the exact solver finds, and the time below which it proves that there is none."""

from __future__ import annotations

import typing as t

from ortools.sat.python import cp_model

from .exact import Model, Places, make_solver
from .model import Situation
from .schedule import duration, shortest_listed

_GAP = 0.002  # of the work in the slots to its bound


class Best(t.NamedTuple):
    """The shortest duration that is known and the least that is possible, in tenths of a second."""

    known: int
    bound: int


def shortest(situation: Situation, effort: float) -> Best | None:
    """Return the shortest evacuation of a situation without wishes; None where there is none.

    The destinations are chosen so that the work in the slots is least, which no schedule can beat; their moves are then
    started in the best of some orders.
    """
    found = _by_load(situation, effort)
    if found is None:
        return None
    places, bound = found
    return Best(shortest_listed(situation, places), bound)


def _by_load(situation: Situation, effort: float) -> tuple[Places, int] | None:
    model = Model(situation)
    longest = max(duration(vm, node) for vm in situation.vms for node in situation.nodes)
    horizon = longest * len(situation.vms)
    end = model.cp.new_int_var(0, horizon, "end")
    work = {(vm.name, node.name): duration(vm, node) * model.at[vm.name, node.name] for vm, node in _pairs(situation)}
    for node in situation.nodes:
        model.cp.add(sum(work[vm.name, node.name] for vm in situation.vms) <= node.slots * end)
    model.cp.add(sum(work.values()) <= _at_once(situation) * end)
    for vm in situation.vms:
        model.cp.add(sum(work[vm.name, node.name] for node in situation.nodes) <= end)
    model.cp.minimize(end)
    solver = make_solver(effort)
    solver.parameters.relative_gap_limit = _GAP
    if solver.solve(model.cp) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return model.places(solver), int(solver.best_objective_bound)


def _at_once(situation: Situation) -> int:
    return situation.slots if situation.limit is None else min(situation.slots, situation.limit)


def _pairs(situation: Situation) -> list[tuple[t.Any, t.Any]]:
    return [(vm, node) for vm in situation.vms for node in situation.nodes]
