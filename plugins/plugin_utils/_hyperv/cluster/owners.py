# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Possible and preferred owners of many VMs.

Source: Microsoft docs, MSCluster_ResourceToPossibleOwner and MSCluster_ResourceGroupToPreferredNode. These list every
resource of the cluster with every node that may own it, 512,000 pairs with 8,000 VMs and 64 nodes. So a list is read
where it is short for the number of VMs in question; where it is not, or the cluster has none, each VM is asked for.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..._wsman.errors import TooMany
from ..._wsman.faults import Fault
from ..._wsman.session import Session
from ..._wsman.wql import Query
from .cluster import MSCLUSTER, Cluster
from .groups import VmGroup, read_possible_owners, read_preferred_owners
from .patience import MOST_PAIRS, PAIRS_FOR_A_CALL
from .shared_questions import ask_any
from .vms import Vm

_Ask = Callable[[Session, VmGroup], "tuple[str, ...]"]


class Owners(t.NamedTuple):
    """Nodes that may own a VM, and that it prefers; empty for none listed."""

    possible: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()


def owner_of(vm: Vm, role: VmGroup | None) -> str:
    """Return the owner as Hyper-V calls it, or as the cluster does where Hyper-V tells none; empty for none at all."""
    return vm.node or (role.owner if role is not None else "")


def owners_of(vm: Vm, role: VmGroup | None) -> set[str]:
    """Return whom Hyper-V and the cluster call the owner, by first label: one where they agree, none if none tells."""
    return {first_label(owner) for owner in (vm.node, role.owner if role else "") if owner}


def read_owners(
    cluster: Cluster, roles: Mapping[str, VmGroup], expected_pairs: int = 0, nodes: Sequence[str] = ()
) -> dict[str, Owners]:
    """Return the owners of VMs by VM id; ``roles`` are theirs. Raises Fault and TransportError.

    Args:
        expected_pairs: what the list of possible owners holds if any node may own any VM, 0 where that is not known.
        nodes: those that are up, of which some are asked side by side where many VMs have to be asked for.
    """
    if not roles:
        return {}
    possible = read_possible(cluster, roles, expected_pairs, nodes)
    listed = _links(cluster, "MSCluster_ResourceGroupToPreferredNode", PAIRS_FOR_A_CALL * len(roles))
    preferred = (
        _ask(cluster, nodes, roles, read_preferred_owners)
        if listed is None
        else {vm_id: listed.get(in_capitals(role.group), ()) for vm_id, role in roles.items()}
    )
    return {vm_id: Owners(possible[vm_id], preferred[vm_id]) for vm_id in roles}


def read_possible(
    cluster: Cluster, roles: Mapping[str, VmGroup], expected_pairs: int = 0, nodes: Sequence[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Return the possible owners of VMs by VM id, as ``read_owners`` does. Raises Fault and TransportError."""
    pairs = PAIRS_FOR_A_CALL * len(roles)
    is_short = bool(roles) and expected_pairs <= pairs
    listed = (_links(cluster, "MSCluster_ResourceToPossibleOwner", pairs) if is_short else None) or {}
    found = {vm_id: listed.get(in_capitals(role.resource), ()) for vm_id, role in roles.items()}
    # A resource that may be nowhere does not exist, so nothing listed means that nothing is known of it.
    unknown = {vm_id: role for vm_id, role in roles.items() if not found[vm_id]}
    return found | _ask(cluster, nodes, unknown, read_possible_owners)


def _links(cluster: Cluster, association: str, at_most: int) -> dict[str, tuple[str, ...]] | None:
    """Return the nodes at one end of an association by the name at the other.

    None where it cannot be listed, or holds more than ``at_most`` or MOST_PAIRS pairs.
    """
    try:
        rows = cluster.home.query(MSCLUSTER, Query(association), min(at_most, MOST_PAIRS))
    except TooMany:
        return None
    except Fault as fault:
        if fault.is_access_denied or fault.is_transient:
            raise
        return None
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        group, part = row.reference("GroupComponent"), row.reference("PartComponent")
        name, node = group.key("Name") if group else None, part.key("Name") if part else None
        if name and node:
            found[in_capitals(name)] = (*found.get(in_capitals(name), ()), node)
    return found


def _ask(cluster: Cluster, nodes: Sequence[str], roles: Mapping[str, VmGroup], ask: _Ask) -> dict[str, tuple[str, ...]]:
    def ask_one(node: Session, role: VmGroup) -> tuple[str, ...]:
        try:
            return ask(node, role)
        except Fault as fault:
            if fault.is_not_found or fault.is_missing_method:
                return ()  # a role that is gone by now is no reason to stop: its move will tell
            raise

    return dict(zip(roles, ask_any(cluster, nodes, list(roles.values()), ask_one), strict=True))
