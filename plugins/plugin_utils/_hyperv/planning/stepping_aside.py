# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs of other nodes step aside, or could, where a node cannot be emptied."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from ..cluster.attachments import Attachment, read_attachments
from ..cluster.cim_values import MEDIUM_PRIORITY
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup
from ..cluster.nodes import Node
from ..cluster.owners import Owners, read_owners
from ..cluster.vms import Vm
from ..failure.finding import ERROR
from .blockers import Facts, find_blockers
from .helper_moves import Help, Helper, HelperMove, check_help, find_help
from .lacking import MoveLacks, clause
from .problem import Candidate, Destination, PlacementProblem
from .revalidation import EarlierMove
from .snapshot import Snapshot
from .strategies import MIGRATE, Strategy, strategy_for

_MOST_HELPERS = 4  # that are looked for
_LOOKS = 3  # at helpers of which some turn out to be unable to move


@dataclasses.dataclass(frozen=True)
class HelpRequest:
    """What is asked of the VMs of other nodes.

    Attributes:
        most: how many may step aside.
        strategies: as those of an evacuation; only what is to migrate steps aside.
        excluded: VM ids, each with the first labels of nodes that this VM shall not go to.
        stay: ids of VMs that do not step aside.
        planned: moves of an earlier plan, which are kept where they still do.
    """

    most: int
    strategies: Sequence[Strategy] = ()
    excluded: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    stay: AbstractSet[str] = frozenset()
    planned: Sequence[EarlierMove] = ()


class Reader(t.Protocol):
    """What is read of VMs of other nodes once they may have to step aside. Raises Fault, NoAnswer, TransportError."""

    def owners(self, roles: Mapping[str, VmGroup]) -> Mapping[str, Owners]:
        """Return the owners of VMs by VM id; ``roles`` are theirs."""

    def attachments(self, node: str) -> Mapping[str, tuple[Attachment, ...]]:
        """Return what the VMs of a node have attached of it, by VM id."""

    def lack(self, vm: Vm, source: Destination, destination: Destination) -> str:
        """Return what a destination certainly lacks for a VM that runs on a source, in a clause; empty for nothing."""


@dataclasses.dataclass(frozen=True)
class ClusterReader:
    """Asks the cluster."""

    cluster: Cluster

    def owners(self, roles: Mapping[str, VmGroup]) -> Mapping[str, Owners]:
        """Return the owners of VMs by VM id; ``roles`` are theirs."""
        return read_owners(self.cluster, roles)

    def attachments(self, node: str) -> Mapping[str, tuple[Attachment, ...]]:
        """Return what the VMs of a node have attached of it, by VM id."""
        return read_attachments(self.cluster, node)

    def lack(self, vm: Vm, source: Destination, destination: Destination) -> str:
        """Return what a destination certainly lacks for a VM that runs on a source, in a clause; empty for nothing."""
        found = self._lacks.find(vm, _node(source), _node(destination))
        return clause(found) if found is not None else ""

    @functools.cached_property
    def _lacks(self) -> MoveLacks:
        return MoveLacks(self.cluster)


def _node(destination: Destination) -> Node:
    """Return a destination, which runs, as a node."""
    return Node(destination.name, "up", "not_initiated", "", destination.build)


def who_would_help(reader: Reader, snapshot: Snapshot, problem: PlacementProblem, request: HelpRequest) -> Help | None:
    """Return the fewest moves of VMs of other nodes with which every VM has a place, None where none were found.

    They may be more than the request has, for people to know. A helper runs on a destination, alone in its group, and
    nothing stands against its move. Only of those that were found is read what they have attached, and what the node
    that they would go to lacks for them. Raises Fault, NoAnswer and TransportError.
    """
    helpers = list_helpers(reader, snapshot, request)
    attachments: dict[str, Mapping[str, tuple[Attachment, ...]]] = {}
    for unused in range(_LOOKS):
        found = _as_planned(problem, helpers, request) or find_help(problem, helpers, max(request.most, _MOST_HELPERS))
        if found is None:
            return None
        for node in _nodes(found):
            if node not in attachments:
                attachments[node] = reader.attachments(node)
        unable = {
            move.helper
            for move in found.moves
            if is_stopped(move.helper, snapshot, attachments[move.helper.node].get(move.helper.candidate.vm.id, ()))
        }
        lacking = _lacking(reader, problem, found)
        if not unable and not lacking:
            return found
        helpers = [_knowing(one, lacking) for one in helpers if one not in unable]
    return None


def _lacking(reader: Reader, problem: PlacementProblem, found: Help) -> dict[str, tuple[str, str]]:
    """Return of the helpers that cannot go where they would, by VM id, that node's first label and what it lacks."""
    nodes = {first_label(one.name): one for one in problem.destinations}
    lacking = {}
    for move in found.moves:
        source, there = nodes[first_label(move.helper.node)], nodes[first_label(move.destination)]
        lack = reader.lack(move.helper.candidate.vm, source, there)
        if lack:
            lacking[move.helper.candidate.vm.id] = first_label(there.name), lack
    return lacking


def _knowing(helper: Helper, lacking: Mapping[str, tuple[str, str]]) -> Helper:
    """Return a helper that does not go to the node which lacks something for it."""
    candidate = helper.candidate
    if candidate.vm.id not in lacking:
        return helper
    lacks = (*candidate.lacks, lacking[candidate.vm.id])
    return dataclasses.replace(helper, candidate=dataclasses.replace(candidate, lacks=lacks))


def list_helpers(reader: Reader, snapshot: Snapshot, request: HelpRequest) -> list[Helper]:
    """Return the VMs of destinations that might move, what they have attached apart.

    Raises Fault, NoAnswer and TransportError.
    """
    vms = _eligible(snapshot, request)
    owners = reader.owners({vm.id: snapshot.roles[vm.id] for vm in vms})
    return [Helper(_candidate(vm, snapshot, owners, request), vm.node) for vm in vms]


def _as_planned(problem: PlacementProblem, helpers: Sequence[Helper], request: HelpRequest) -> Help | None:
    """Return the moves of the earlier plan that are left to make, None where they are no help as they are."""
    known = {one.candidate.vm.id: one for one in helpers}
    nodes = {first_label(one.name): one.name for one in problem.destinations}
    moves = []
    for planned in request.planned:
        if first_label(problem.where.get(planned.vm_id, "")) == first_label(planned.destination):
            continue
        helper = known.get(planned.vm_id)
        if helper is None or first_label(helper.node) != first_label(planned.source):
            return None
        if first_label(planned.destination) not in nodes:
            return None
        moves.append(HelperMove(helper, nodes[first_label(planned.destination)]))
    return check_help(problem, moves) if moves else None


def _nodes(found: Help) -> list[str]:
    return sorted({move.helper.node for move in found.moves})


def _eligible(snapshot: Snapshot, request: HelpRequest) -> list[Vm]:
    """Return the VMs that run on destinations and of which nothing that is read already says that they should stay."""
    nodes = {first_label(one.name) for one in snapshot.destinations}
    return [
        vm
        for vm in snapshot.vms
        if first_label(vm.node) in nodes
        and vm.state == "running"
        and vm.memory_mb
        and vm.id in snapshot.roles
        and vm.id not in request.stay
        and vm.id not in snapshot.running_migrations
        and first_label(snapshot.roles[vm.id].owner) == first_label(vm.node)
        and not snapshot.group_members_of(vm)
        and _may_migrate(vm, request.strategies)
    ]


def _may_migrate(vm: Vm, strategies: Sequence[Strategy]) -> bool:
    entry = strategy_for(vm, strategies)
    return entry is None or entry.strategy == MIGRATE


def _candidate(vm: Vm, snapshot: Snapshot, owners: Mapping[str, Owners], request: HelpRequest) -> Candidate:
    traits = snapshot.traits_of(vm)
    builds = {first_label(one.name): one.build for one in snapshot.destinations}
    return Candidate(
        vm,
        traits.priority if traits is not None and traits.priority is not None else MEDIUM_PRIORITY,
        owners.get(vm.id, Owners()).possible,
        build=builds[first_label(vm.node)],
        excluded=request.excluded.get(vm.id, frozenset()),
        lacks=snapshot.lacks.get(vm.id, ()),
    )


def is_stopped(helper: Helper, snapshot: Snapshot, attachments: tuple[Attachment, ...]) -> bool:
    """Tell whether something stands against the move of a VM that has ``attachments``."""
    vm = helper.candidate.vm
    facts = Facts(
        role=snapshot.roles.get(vm.id),
        traits=snapshot.traits_of(vm),
        attachments=attachments,
        replication=snapshot.replication.get(vm.id),
        volumes=snapshot.volumes,
    )
    return any(blocker.severity == ERROR for blocker in find_blockers(helper.candidate, facts))
