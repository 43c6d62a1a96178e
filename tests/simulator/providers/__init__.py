# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the nodes of the simulated cluster answer, namespace by namespace (the provider side of ``cim.Provider``)."""

from __future__ import annotations

from ..world import Node, World
from . import (
    affinity_rules,
    attachments,
    cluster_groups,
    cluster_nodes,
    compatibility,
    hardware,
    host_migration,
    host_moves,
    jobs,
    management,
    migration_service,
    power,
    profiles,
    shared_volumes,
    storage,
    systems,
    vm_hardware,
    windows,
)
from .namespace import (
    CIMV2,
    CLUSTER,
    DEVICE_GUARD,
    HGS,
    INTEROP,
    MSCLUSTER,
    STORAGE,
    VIRTUALIZATION,
    ClassTable,
    NamespaceProvider,
    View,
)

_TABLES: dict[str, ClassTable] = {
    VIRTUALIZATION: systems.HOST_TABLE
    | host_migration.TABLE
    | host_moves.TABLE
    | compatibility.TABLE
    | jobs.TABLE
    | power.HOST_TABLE
    | attachments.TABLE
    | management.TABLE
    | vm_hardware.HOST_TABLE,
    MSCLUSTER: cluster_nodes.TABLE | cluster_groups.TABLE | affinity_rules.TABLE | shared_volumes.TABLE,
    CIMV2: windows.TABLE | hardware.TABLE,
    INTEROP: profiles.TABLE,
    STORAGE: storage.TABLE,
    HGS: vm_hardware.HGS_TABLE,
    DEVICE_GUARD: windows.DEVICE_GUARD_TABLE,
}
_CLUSTER_TABLE = systems.CLUSTER_TABLE | migration_service.CLUSTER_TABLE | jobs.TABLE | power.TABLE


def providers_of(world: World, node: Node) -> list[NamespaceProvider]:
    """Return what ``node`` answers in its namespaces."""
    everywhere = [
        NamespaceProvider(View(world, node, name), table)
        for name, table in _TABLES.items()
        if (node.spec.member or name != MSCLUSTER) and (name != HGS or _has_guardian_client(world))
    ]
    if not node.spec.member or world.scenario.switches.cluster_migration_service == "namespace_missing":
        return everywhere
    return [*everywhere, NamespaceProvider(View(world, node, CLUSTER), _CLUSTER_TABLE, _cluster_provider_answers)]


def _has_guardian_client(world: World) -> bool:
    return world.scenario.switches.guardian_client != "absent"


def _cluster_provider_answers(view: View) -> bool:
    where = view.world.scenario.switches.provider_on
    if isinstance(where, tuple):
        return view.node.name in where
    return where == "all" or (where == "core_group" and view.world.core_group_owner == view.node.name)


__all__ = ["providers_of"]
