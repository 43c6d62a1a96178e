# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The exact solver: a model of CP-SAT from the documented rules alone. It imports nothing of the planner.

Bounded in the solver's own deterministic time, so that every machine gives the same answer.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping

from ortools.sat.python import cp_model

from .model import Node, Rule, Situation, Vm

_PATIENCE = 10.0  # seconds for each second of effort, in case the solver counts too little
_DECIDED: dict[int, bool | None] = {cp_model.OPTIMAL: True, cp_model.FEASIBLE: True, cp_model.INFEASIBLE: False}
Places = dict[str, str]


def make_solver(effort: float) -> t.Any:
    """Return a solver with one worker that ends after ``effort``, about as many seconds."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = effort
    solver.parameters.max_time_in_seconds = _PATIENCE * effort
    return solver


class Model:
    """A situation as a model of CP-SAT, for one question; with ``can_grow`` nodes may be given ``more`` memory."""

    def __init__(self, situation: Situation, *, can_grow: bool = False) -> None:
        self.situation = situation
        self.cp = cp_model.CpModel()
        self.at = {
            (vm.name, node.name): self.cp.new_bool_var(f"{vm.name} at {node.name}")
            for vm in situation.vms
            for node in situation.nodes
        }
        for vm in situation.vms:
            self.cp.add_exactly_one(self.at[vm.name, node.name] for node in situation.nodes)
            for node in situation.nodes:
                if vm.owners and node.name not in vm.owners:
                    self.cp.add(self.at[vm.name, node.name] == 0)
        self.more = {node.name: self._more(node, can_grow=can_grow) for node in situation.nodes}
        for node in situation.nodes:
            needed = sum(vm.memory_mb * self.at[vm.name, node.name] for vm in situation.vms)
            self.cp.add(needed <= situation.room_mb(node) + self.more[node.name])
        for rule in situation.rules:
            if rule.hard:
                self._keep(rule)

    def _more(self, node: Node, *, can_grow: bool) -> t.Any:
        most = sum(vm.memory_mb for vm in self.situation.vms)
        return self.cp.new_int_var(0, most, f"more of {node.name}") if can_grow else 0

    def _areas(self, rule: Rule) -> dict[str, list[str]]:
        """Return the nodes of each area that a rule is about."""
        areas: dict[str, list[str]] = {}
        for node in self.situation.nodes:
            areas.setdefault(self.situation.area(rule, node.name), []).append(node.name)
        return areas

    def _held(self, rule: Rule) -> set[str]:
        known = {node.name for node in self.situation.nodes}
        return {self.situation.area(rule, node) for node in rule.held if node in known}

    def _inside(self, rule: Rule, nodes: list[str]) -> list[t.Any]:
        return [self.at[member, node] for member in sorted(rule.members) for node in nodes]

    def _keep(self, rule: Rule) -> None:
        held = self._held(rule)
        if not rule.together:
            for area, nodes in self._areas(rule).items():
                self.cp.add(sum(self._inside(rule, nodes)) <= (0 if area in held else 1))
            return
        chosen = {area: self.cp.new_bool_var(f"{rule.name} in {area}") for area in self._areas(rule)}
        self.cp.add_exactly_one(chosen.values())
        for area, nodes in self._areas(rule).items():
            for member in sorted(rule.members):
                self.cp.add(sum(self.at[member, node] for node in nodes) == chosen[area])
            if rule.held and area not in held:
                self.cp.add(chosen[area] == 0)

    def soft_breaks(self) -> t.Any:
        """Return the expression for how many members of soft rules are too many where they are."""
        total: t.Any = 0
        for rule in self.situation.rules:
            if rule.hard:
                continue
            held = self._held(rule)
            for area, nodes in self._areas(rule).items():
                over = self.cp.new_int_var(0, len(rule.members), f"{rule.name} over in {area}")
                self.cp.add(over >= sum(self._inside(rule, nodes)) - (0 if area in held else 1))
                total += over
        return total

    def preferred_missed(self) -> t.Any:
        """Return the expression for how many VMs are not on a preferred owner though they have some."""
        total: t.Any = 0
        for vm in self.situation.vms:
            if vm.preferred:
                total += 1 - sum(
                    self.at[vm.name, node.name] for node in self.situation.nodes if node.name in vm.preferred
                )
        return total

    def places(self, solver: t.Any) -> Places:
        """Return the node of each VM as the solver found it."""
        return {vm: node for (vm, node), var in self.at.items() if solver.value(var)}


def is_possible(situation: Situation, effort: float) -> bool | None:
    """Return whether all VMs can be placed; None where the solver could not decide it."""
    return _DECIDED.get(make_solver(effort).solve(Model(situation).cp))


def is_possible_with_helpers(
    situation: Situation, residents: Mapping[str, Mapping[str, int]], most: int, effort: float
) -> bool | None:
    """Return whether all VMs can be placed if at most ``most`` of other nodes move; None where that was not decided.

    ``residents`` are the memory of VMs by node. The order of the moves counts for nothing here.
    """
    stay = {vm: node for node, vms in residents.items() for vm in vms}
    free = {node.name: node.free_mb + sum(residents[node.name].values()) for node in situation.nodes}
    nodes = tuple(dataclasses.replace(node, free_mb=free[node.name]) for node in situation.nodes)
    helpers = tuple(Vm(vm, size) for vms in residents.values() for vm, size in vms.items())
    model = Model(dataclasses.replace(situation, nodes=nodes, vms=(*situation.vms, *helpers)))
    model.cp.add(sum(1 - model.at[vm, node] for vm, node in stay.items()) <= most)
    return _DECIDED.get(make_solver(effort).solve(model.cp))


def fewest_soft_breaks(situation: Situation, effort: float) -> int | None:
    """Return the fewest soft breaks of any placement; None where that is not proved or there is no placement."""
    model = Model(situation)
    return _least(model, model.soft_breaks(), effort)


def fewest_preferred_missed(situation: Situation, most_breaks: int, effort: float) -> int | None:
    """Return the fewest VMs beside their preferred owners, with no more soft breaks than ``most_breaks``."""
    model = Model(situation)
    model.cp.add(model.soft_breaks() <= most_breaks)
    return _least(model, model.preferred_missed(), effort)


def least_memory_missing(situation: Situation, effort: float) -> int | None:
    """Return the least memory in MB with which all VMs can be placed; None where that is not proved or rules forbid."""
    model = Model(situation, can_grow=True)
    return _least(model, sum(model.more.values()), effort)


def _least(model: Model, cost: t.Any, effort: float) -> int | None:
    model.cp.minimize(cost)
    solver = make_solver(effort)
    return round(solver.objective_value) if solver.solve(model.cp) == cp_model.OPTIMAL else None
