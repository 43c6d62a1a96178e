# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cluster groups that are no VMs: who owns them, and how they change their node.

A group that moves goes offline on its node, changes its owner and comes online again; the cluster then restores the
state that it had before (Microsoft docs, MoveClusterGroup).
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..scenario_roles import CORE_GROUP, RoleSpec

if t.TYPE_CHECKING:
    from .world import World

RoleState = t.Literal["online", "offline", "failed", "pending"]


@dataclasses.dataclass(frozen=True)
class RoleMove:
    """One change of owner that was begun, by whomever."""

    at: float
    role: str
    source: str
    destination: str


class Roles:
    """The groups of a scenario's ``roles`` and the core group, by name."""

    def __init__(self, world: World) -> None:
        self._world = world
        given = {role.name: role for role in world.scenario.roles}
        core = RoleSpec(CORE_GROUP, "core", world.core_group_owner)
        self.specs: dict[str, RoleSpec] = {CORE_GROUP: given.pop(CORE_GROUP, core), **given}
        self.moving: dict[str, str] = {}
        self.states: dict[str, RoleState] = {}
        self.moves: list[RoleMove] = []
        for name, spec in self.specs.items():
            self.states[name] = "online" if spec.online else "offline"
            if spec.condition == "failed":
                self.states[name] = "failed"

    def state(self, name: str) -> RoleState:
        """Return the state that a group is in."""
        if name in self.moving and self._world.scenario.switches.role_move_state == "pending":
            return "pending"
        return "pending" if self.specs[name].condition == "pending" else self.states[name]

    def owner(self, name: str) -> str:
        """Return the node that owns a group."""
        return self._world.core_group_owner if name == CORE_GROUP else self._world.role_owners[name]

    def may_run_on(self, name: str, node: str) -> bool:
        """Tell whether a node is one of the possible owners."""
        owners = self.specs[name].possible_owners
        return owners is None or node in owners

    def begin(self, name: str, destination: str) -> None:
        """Begin a move, which ends by itself; nothing happens to a group that is there."""
        source, spec = self.owner(name), self.specs[name]
        if source == destination:
            return
        self.moves.append(RoleMove(round(self._world.now, 3), name, source, destination))
        self.moving[name] = destination
        if spec.behaviour(destination) == "pending":
            return
        if spec.move_seconds == 0:
            self._end(name, destination)
            return
        self._world.timeline.after(spec.move_seconds, functools.partial(self._end, name, destination))

    def _end(self, name: str, destination: str) -> None:
        if self.moving.get(name) != destination:
            return
        del self.moving[name]
        behaviour = self.specs[name].behaviour(destination)
        node = self._world.nodes[destination]
        if behaviour == "comes_back" or node.state not in ("up", "paused"):
            return
        self.place(name, destination)
        if behaviour == "failed" and self.states[name] == "online":
            self.states[name] = "failed"

    def place(self, name: str, node: str) -> None:
        """Let a node own a group at once, whatever moved it."""
        self.moving.pop(name, None)
        if name == CORE_GROUP:
            self._world.move_core_group(node)
        else:
            self._world.role_owners[name] = node

    def fail_over(self, lost: str, survivor: str) -> None:
        """Give what a lost node owned to another one; moves from or to it have come to nothing."""
        for name, destination in list(self.moving.items()):
            if lost in (destination, self.owner(name)):
                del self.moving[name]
        for name in self.specs:
            if self.owner(name) == lost:
                self.place(name, survivor)
