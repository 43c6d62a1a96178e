# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster's own view of a VM: its resource and its group. Private to this collection.

Root\\MSCluster knows the owner independently of Hyper-V: the second opinion on where a VM is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .._wsman.instances import Instance
from .._wsman.references import Reference
from .._wsman.wql import Query
from .cluster import MSCLUSTER, Cluster
from .vms import Vm

_TYPE = "Virtual Machine"  # MSCluster_Resource.Type, a resource type's name, not localised
_VIRTUAL_MACHINE_GROUP = 111  # MSCluster_ResourceGroup.GroupType (Microsoft docs)
_FEW = 50  # up to so many VMs are looked up by the name that the cluster gives their resource


@dataclasses.dataclass(frozen=True)
class VmGroup:
    """A VM's clustered role.

    Attributes:
        resource: name of its resource of type "Virtual Machine".
        group: name of its group, normally the VM's name.
        owner: node that the cluster says owns it.
    """

    resource: str
    group: str
    owner: str


@dataclasses.dataclass(frozen=True)
class GroupTraits:
    """What a group says about placement: its priority (0 to 4999, higher goes first) and its anti-affinity classes."""

    priority: int | None
    anti_affinity: tuple[str, ...]


def read_groups(cluster: Cluster, vms: Sequence[Vm]) -> dict[str, VmGroup]:
    """Return the roles of some VMs by VM id; VMs that the cluster does not list are missing.

    A few VMs are looked up by the resource name that the cluster gives by default, believed only where VmID agrees;
    whatever is not found that way, and many VMs, by a listing of all of them. Raises Fault and TransportError.
    """
    found: dict[str, VmGroup] = {}
    if 0 < len(vms) <= _FEW:
        names = tuple(f"{_TYPE} {vm.name}" for vm in vms)
        rows = cluster.home.query(MSCLUSTER, Query("MSCluster_Resource", (), {"Name": names}))
        found = _by_vm(rows, vms)
    if len(found) < len(vms):
        found = _by_vm(cluster.home.query(MSCLUSTER, Query("MSCluster_Resource", (), {"Type": (_TYPE,)})), vms)
    return found


def _by_vm(rows: Sequence[Instance], vms: Sequence[Vm]) -> dict[str, VmGroup]:
    wanted = {vm.id for vm in vms}
    by_name: dict[str, list[str]] = {}
    for vm in vms:
        by_name.setdefault(f"{_TYPE} {vm.name}".casefold(), []).append(vm.id)
    found: dict[str, VmGroup] = {}
    for row in rows:
        if (row.text("Type") or _TYPE) != _TYPE:
            continue
        name = row.text("Name") or ""
        private = row.embedded("PrivateProperties")
        vm_id = (private.text("VmID") or "").strip("{}").upper() if private else ""
        if not private:
            # Where the node does not show private properties, an unambiguous name is all there is.
            candidates = by_name.get(name.casefold(), [])
            vm_id = candidates[0] if len(candidates) == 1 else ""
        if vm_id in wanted:
            found[vm_id] = VmGroup(name, row.text("OwnerGroup") or "", row.text("OwnerNode") or "")
    return found


def read_traits(cluster: Cluster) -> dict[str, GroupTraits]:
    """Return placement traits of all VM groups by group name in lower case, in one request."""
    columns = ("Name", "GroupType", "Priority", "AntiAffinityClassNames")
    rows = cluster.home.query(
        MSCLUSTER, Query("MSCluster_ResourceGroup", columns, {"GroupType": (_VIRTUAL_MACHINE_GROUP,)})
    )
    return {
        (row.text("Name") or "").casefold(): GroupTraits(row.integer("Priority"), row.texts("AntiAffinityClassNames"))
        for row in rows
    }


def read_possible_owners(cluster: Cluster, role: VmGroup) -> tuple[str, ...]:
    """Return the nodes that may own a VM (MSCluster_Resource.GetPossibleOwners). Raises Fault and TransportError."""
    resource = Reference.of(MSCLUSTER, "MSCluster_Resource", Name=role.resource)
    return cluster.home.invoke(resource, "GetPossibleOwners", {}).texts("NodeNames")
