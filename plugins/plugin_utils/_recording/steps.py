# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that the product reads of a cluster, as modules with their options."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterator, Mapping, Sequence

_V2, _CLUSTER = "root/virtualization/v2", "root/MSCluster"


@dataclasses.dataclass(frozen=True)
class Ask:
    """A module that is run as a dry run."""

    module: str
    options: Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


# Modules that read files of the controller, and send nothing to a cluster.
LEFT_OUT = ("hyperv_evacuation_ledger_info", "hyperv_rolling_state_info")
# Rows that documentation does not describe, whole: see "Undocumented behaviour" in the guide.
_CLASSES = (
    ("root/HyperVCluster/v2", "Msvm_ComputerSystem"),
    ("root/HyperVCluster/v2", "Msvm_VirtualSystemMigrationService"),
    ("root/HyperVCluster/v2", "Msvm_MigrationJob"),
    ("root/HyperVCluster/v2", "Msvm_ConcreteJob"),
    ("root/HyperVCluster/v2", "Msvm_AffectedJobElement"),
    (_CLUSTER, "MSCluster_Cluster"),
    (_CLUSTER, "MSCluster_Node"),
    (_CLUSTER, "MSCluster_ResourceGroup"),
    (_CLUSTER, "MSCluster_Resource"),
    (_CLUSTER, "MSCluster_ClusterSharedVolumeToResource"),
    (_V2, "Msvm_VirtualSystemMigrationSettingData"),
    ("root/interop", "Msvm_ElementConformsToProfile"),
)
# What the dry run of an evacuation compares of each VM, beside what its plan asks.
_NEEDS_OF_VMS: Mapping[str, Sequence[str]] = {
    "Msvm_VirtualSystemSettingData": ("InstanceID", "Version"),
    "Msvm_SecuritySettingData": ("InstanceID", "TpmEnabled", "ShieldingRequested"),
    "Msvm_ProcessorSettingData": (),
}
_HOST_CLASSES = ("Msvm_ComputerSystem", "Msvm_VirtualSystemMigrationService", "Msvm_VirtualSystemMigrationSettingData")


def of_whom_is_asked() -> Iterator[Ask]:
    """Yield what is asked first: who the task's host is, and of which cluster."""
    yield Ask("hyperv_node_identity_info")


def of_hosts_by_themselves(hosts: Sequence[str]) -> Iterator[Ask]:
    """Yield what is asked of hosts that no cluster knows, by their names in the inventory."""
    yield Ask("hyperv_readiness_info")
    yield Ask("hyperv_migration_capabilities_info")
    yield Ask("hyperv_vm_info")
    yield Ask("hyperv_migration_events_info")
    for host in hosts:
        yield Ask("hyperv_node_identity_info", {"name": host, "must_answer": True})
        yield Ask("hyperv_vm_info", {"node": host})
        for class_name in _HOST_CLASSES:
            yield Ask("hyperv_cim_info", {"namespace": _V2, "class_name": class_name, "node": host})


def of_the_cluster() -> Iterator[Ask]:
    """Yield what is asked once."""
    yield Ask("hyperv_cluster_node_info")
    yield Ask("hyperv_readiness_info")
    yield Ask("hyperv_migration_capabilities_info")
    yield Ask("hyperv_cluster_health_info")
    yield Ask("hyperv_vm_info")
    yield Ask("hyperv_migration_job_info")
    yield Ask("hyperv_migration_events_info")
    yield Ask("hyperv_rolling_plan_info")
    yield Ask("hyperv_scenario_info")
    for namespace, class_name in _CLASSES:
        yield Ask("hyperv_cim_info", {"namespace": namespace, "class_name": class_name})
    private = ["Name", "Type", "PrivateProperties"]
    yield Ask("hyperv_cim_info", {"namespace": _CLUSTER, "class_name": "MSCluster_Resource", "properties": private})


def of_the_host(node: str) -> Iterator[Ask]:
    """Yield what only the task's host itself can be asked; it is the node ``node``."""
    yield Ask("hyperv_node_maintenance_info", {"node": node})


def of_each_node(nodes: Sequence[str]) -> Iterator[Ask]:
    """Yield what is asked of each node."""
    for node in nodes:
        yield Ask("hyperv_evacuation_plan_info", {"node": node})
        yield Ask("hyperv_evacuation_plan_info", {"node": node, "local_vms": True, "restart": True})
        yield Ask("hyperv_cluster_health_info", {"node": node})
        yield Ask("hyperv_node_identity_info", {"name": node, "must_answer": True})
        for class_name, columns in _NEEDS_OF_VMS.items():
            asked = {"namespace": _V2, "class_name": class_name, "properties": list(columns), "node": node}
            yield Ask("hyperv_cim_info", asked)
        # Which nodes answer for the whole cluster.
        yield Ask("hyperv_cim_info", {"class_name": "Msvm_ComputerSystem", "properties": ["Name"], "node": node})


def of_the_hosts(hosts: Sequence[str]) -> Iterator[Ask]:
    """Yield what is asked of nodes by their names in the inventory."""
    yield Ask("hyperv_rolling_order_info", {"nodes": hosts})
    for host in hosts:
        yield Ask("hyperv_via_info", {"node": host, "hosts": hosts})
        yield Ask("hyperv_rolling_node_info", {"node": host, "nodes": hosts})


def of_a_return(node: str, vm: Mapping[str, t.Any], form: str) -> Iterator[Ask]:
    """Yield the plan to bring a VM, a row of hyperv_vm_info, back to ``node`` as if it had been there.

    ``form``: the format of ledgers.
    """
    entry = {
        "vm_id": vm["id"],
        "name": vm["name"],
        "source_host": node,
        "destination_host": vm["node"],
        "outcome": "moved",
        "state": vm["state"],
    }
    yield Ask("hyperv_restore_plan_info", {"ledger": {"format": form, "node": node, "vms": [entry]}})


def of_a_move(vm: Mapping[str, str], destination: str, *, clustered: bool) -> Iterator[Ask]:
    """Yield what is asked of a VM (``name`` or ``vm_id``): whether it could be moved, by each method."""
    move = {**vm, "destination_host": destination}
    yield Ask("hyperv_migration_capabilities_info", move)
    for method in ("auto", *(("system", "cluster_group") if clustered else ("host",))):
        yield Ask("hyperv_vm_migrate", {**move, "method": method})
