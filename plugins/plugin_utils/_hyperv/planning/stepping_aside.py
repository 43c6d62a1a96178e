# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs of other nodes could step aside where a node cannot be emptied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.attachments import Attachment, read_attachments
from ..cluster.cim_values import MEDIUM_PRIORITY
from ..cluster.cluster import Cluster
from ..cluster.owners import Owners, read_owners
from ..cluster.vms import Vm
from ..failure.finding import ERROR
from .blockers import Facts, find_blockers
from .helper_moves import Help, Helper, HelperMove, find_help
from .problem import Candidate, PlacementProblem
from .snapshot import Snapshot
from .strategies import MIGRATE, Strategy, strategy_for

_MOST_HELPERS = 4  # that are looked for
_LOOKS = 3  # at helpers of which some turn out to be unable to move


def who_would_help(
    cluster: Cluster, snapshot: Snapshot, problem: PlacementProblem, strategies: Sequence[Strategy]
) -> tuple[HelperMove, ...]:
    """Return the fewest moves of VMs of other nodes, in their order, with which every VM has a place; empty for none.

    A helper runs on a destination, alone in its group, and nothing stands against its move. Only of those that were
    found is read what they have attached. Raises Fault, NoAnswer and TransportError.
    """
    vms = _eligible(snapshot, strategies)
    owners = read_owners(cluster, {vm.id: snapshot.roles[vm.id] for vm in vms})
    helpers = [Helper(_candidate(vm, snapshot, owners), vm.node) for vm in vms]
    attachments: dict[str, Mapping[str, tuple[Attachment, ...]]] = {}
    for unused in range(_LOOKS):
        found = find_help(problem, helpers, _MOST_HELPERS)
        if found is None:
            return ()
        for node in _nodes(found):
            if node not in attachments:
                attachments[node] = read_attachments(cluster, node)
        unable = {
            move.helper
            for move in found.moves
            if _is_stopped(move.helper, snapshot, attachments[move.helper.node].get(move.helper.candidate.vm.id, ()))
        }
        if not unable:
            return found.moves
        helpers = [one for one in helpers if one not in unable]
    return ()


def _nodes(found: Help) -> list[str]:
    return sorted({move.helper.node for move in found.moves})


def _eligible(snapshot: Snapshot, strategies: Sequence[Strategy]) -> list[Vm]:
    """Return the VMs that run on destinations and of which nothing that is read already says that they should stay."""
    nodes = {first_label(one.name) for one in snapshot.destinations}
    return [
        vm
        for vm in snapshot.vms
        if first_label(vm.node) in nodes
        and vm.state == "running"
        and vm.memory_mb
        and vm.id in snapshot.roles
        and vm.id not in snapshot.running_migrations
        and first_label(snapshot.roles[vm.id].owner) == first_label(vm.node)
        and not snapshot.group_members_of(vm)
        and _may_migrate(vm, strategies)
    ]


def _may_migrate(vm: Vm, strategies: Sequence[Strategy]) -> bool:
    entry = strategy_for(vm, strategies)
    return entry is None or entry.strategy == MIGRATE


def _candidate(vm: Vm, snapshot: Snapshot, owners: Mapping[str, Owners]) -> Candidate:
    traits = snapshot.traits_of(vm)
    builds = {first_label(one.name): one.build for one in snapshot.destinations}
    return Candidate(
        vm,
        traits.priority if traits is not None and traits.priority is not None else MEDIUM_PRIORITY,
        owners.get(vm.id, Owners()).possible,
        build=builds[first_label(vm.node)],
    )


def _is_stopped(helper: Helper, snapshot: Snapshot, attachments: tuple[Attachment, ...]) -> bool:
    vm = helper.candidate.vm
    facts = Facts(
        role=snapshot.roles.get(vm.id),
        traits=snapshot.traits_of(vm),
        attachments=attachments,
        replication=snapshot.replication.get(vm.id),
        volumes=snapshot.volumes,
    )
    return any(blocker.severity == ERROR for blocker in find_blockers(helper.candidate, facts))
