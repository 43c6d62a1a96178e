# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the roles of a node go that are not VMs, and which stay. Pure.

Classic roles go first, those that others start after before these; then the shared volumes that the node coordinates;
the core group last, for the provider of Root\\HyperVCluster\\v2 goes with it. What kinds of groups there are, and that
a drain moves them by priority: CLUSGROUP_TYPE of clusapi.h; "Draining nodes for planned maintenance" (Microsoft).
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..cluster.cim_values import INTERNAL_GROUPS, UPDATING_ROLE
from ..cluster.other_roles import AT_REST, OtherRoles, OwnedRole
from ..cluster.owners import Owners
from .role_strategies import STAY, RoleStrategy, leaves_everything, role_strategy_for

_ORDER = {"role": 0, "shared_volume": 1, "core_group": 2}
_ANYWHERE = frozenset({114, 118, 122})  # groups that are online on all nodes
_UNKNOWN = 9999
_LEAVE_ALL = (
    "Run it again, or leave all of it on the node with role_strategies (evacuate_node_role_strategies): '*=stay'."
)


@dataclasses.dataclass(frozen=True)
class RoleToMove:
    """A role that leaves a node.

    Attributes:
        candidates: the nodes that it may go to, the best first; empty where there is none.
        why: why the first of them.
    """

    role: OwnedRole
    candidates: tuple[str, ...]
    why: str

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return _result(self.role, self.candidates[0] if self.candidates else None, self.why)


@dataclasses.dataclass(frozen=True)
class RoleThatStays:
    """A role that is left on its node, and why."""

    role: OwnedRole
    why: str

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return _result(self.role, None, self.why)


@dataclasses.dataclass(frozen=True)
class RolePlan:
    """What becomes of all that a node owns beside VMs; ``moves`` in the order in which they go.

    ``unread``: why it is not known what the node owns, in sentences; empty where it is, and where all of it is to stay.
    """

    moves: tuple[RoleToMove, ...] = ()
    stays: tuple[RoleThatStays, ...] = ()
    unread: str = ""

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        rows = [*(one.as_result() for one in self.moves), *(one.as_result() for one in self.stays)]
        return {
            "roles": [row for row in rows if row["kind"] != "shared_volume"],
            "shared_volumes": [row for row in rows if row["kind"] == "shared_volume"],
        }

    @property
    def kept(self) -> list[str]:
        """The names of roles that are online and stay because somebody wants that: a drain would move them."""
        return [one.role.text for one in self.stays if one.role.is_movable and one.role.state not in AT_REST]

    def lines(self, node: str) -> list[str]:
        """Return it in sentences, none for nothing."""
        going = [f"{one.role.text} to {one.candidates[0] if one.candidates else 'NOWHERE'}" for one in self.moves]
        after = [f"After the VMs, what else {node} owns is moved: {', '.join(going)}."] if going else []
        locked = [one.role.text for one in self.moves if one.role.is_locked]
        if locked:
            after.append(
                f"Locked against moves now: {', '.join(locked)}. What stays locked fails the evacuation: end what "
                "locks it, or let it stay with role_strategies (evacuate_node_role_strategies)."
            )
        return [*after, *self.left(node)]

    def left(self, node: str) -> list[str]:
        """Return what stays, in a sentence for each reason."""
        by_reason: dict[str, list[str]] = {}
        for one in self.stays:
            by_reason.setdefault(one.why, []).append(one.role.text)
        return [f"Not moved from {node}, since {why}: {', '.join(names)}." for why, names in by_reason.items()]


def _result(role: OwnedRole, destination: str | None, why: str) -> dict[str, t.Any]:
    return {
        "kind": role.kind,
        "name": role.name,
        "type": role.type,
        "state": role.state,
        "source_host": role.owner,
        "destination_host": destination,
        "reason": why,
    }


def plan_role_moves(
    found: OtherRoles,
    node: str,
    destinations: Sequence[str],
    owners: Mapping[str, Owners],
    order: Mapping[str, frozenset[str]],
    strategies: Sequence[RoleStrategy] = (),
) -> RolePlan:
    """Decide for each role of ``node``.

    ``destinations`` are the nodes that are up and may take something; ``owners`` those of roles by group, and ``order``
    what each group starts after, both in capitals.
    """
    if found.unread:
        return RolePlan(unread="" if leaves_everything(strategies) else f"{found.unread} {_LEAVE_ALL}")
    counted = [one for one in found.all if one.is_movable and one.state not in AT_REST]
    load = {
        kind: collections.Counter(first_label(one.owner) for one in counted if _kind(one) == kind)
        for kind in ("role", "shared_volume")
    }
    stays: list[RoleThatStays] = []
    moves: list[RoleToMove] = []
    for role in _in_order(found.on(node), order):
        why = _why_it_stays(role, node, strategies)
        if why:
            stays.append(RoleThatStays(role, why))
            continue
        move = _place(role, destinations, owners.get(in_capitals(role.group), Owners()), load[_kind(role)])
        if move.candidates:
            load[_kind(role)][first_label(move.candidates[0])] += 1
        moves.append(move)
    return RolePlan(tuple(moves), tuple(sorted(stays, key=lambda one: one.role.name.casefold())))


def _kind(role: OwnedRole) -> str:
    return "shared_volume" if role.kind == "shared_volume" else "role"


def _why_it_stays(role: OwnedRole, node: str, strategies: Sequence[RoleStrategy]) -> str:
    """Return why a role is not moved, as a clause; empty where it is."""
    if not role.is_movable:
        return _left_to_the_cluster(role, node)
    if role_strategy_for(role.name, strategies) == STAY:
        return f"the strategy is stay (it fails over when {node} restarts)"
    return f"it is {role.state}, which it stays" if role.state in AT_REST else ""


def _left_to_the_cluster(role: OwnedRole, node: str) -> str:
    if role.number in _ANYWHERE:
        return "it is online on every node"
    if role.number == UPDATING_ROLE:
        return "Cluster-Aware Updating moves it by itself"
    if role.number == _UNKNOWN:
        return f"its type is not known (it fails over when {node} restarts; move it by hand if it may be moved)"
    if role.number in INTERNAL_GROUPS:
        return f"it is the cluster's own, which gives it another owner when {node} restarts"
    return f"it is left to the cluster (it fails over when {node} restarts)"


def _in_order(roles: Sequence[OwnedRole], order: Mapping[str, frozenset[str]]) -> list[OwnedRole]:
    """Return roles by kind and priority, each after those of its kind that it starts after."""
    waiting = sorted(roles, key=lambda one: (_ORDER[one.kind], -one.priority, one.name.casefold()))
    sorted_: list[OwnedRole] = []
    while waiting:
        first = [one for one in waiting if one.kind == waiting[0].kind]
        left = {in_capitals(one.group) for one in first}
        # Where two wait for each other, the first of all goes.
        ready = next((one for one in first if not order.get(in_capitals(one.group), frozenset()) & left), first[0])
        waiting.remove(ready)
        sorted_.append(ready)
    return sorted_


def _place(role: OwnedRole, destinations: Sequence[str], owners: Owners, load: collections.Counter[str]) -> RoleToMove:
    possible = {first_label(one) for one in owners.possible}
    able = [one for one in destinations if not possible or first_label(one) in possible]
    preferred = [first_label(one) for one in owners.preferred]

    def rank(name: str) -> tuple[int, int, str]:
        label = first_label(name)
        rank = preferred.index(label) if label in preferred else len(preferred)
        return rank, load[label], name.casefold()

    candidates = tuple(sorted(able, key=rank))
    if not candidates:
        return RoleToMove(role, (), "no node that is up may own it")
    if first_label(candidates[0]) in preferred:
        return RoleToMove(role, candidates, "it is a preferred owner")
    what = "shared volumes" if role.kind == "shared_volume" else "roles"
    return RoleToMove(role, candidates, f"it has the fewest {what}")
