# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""root/Microsoft/Windows/Storage: pools, virtual disks, disks and repairs, as any node of the cluster lists them.

Values: Microsoft docs, "Windows Storage Management API" (MSFT_VirtualDisk and others), and the listings of "Understand
and see storage resync". A node lists its own disks beside those of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..cim import CimFault, Instance, ObjectPath, Value
from ..scenario_storage import StorageSpec
from ..world import Node
from ..world.storage import Repair
from .namespace import NOT_CAPABLE, ClassTable, View

HEALTHY, WARNING, UNHEALTHY = 0, 1, 2
OK, DEGRADED, IN_SERVICE, LOST_COMMUNICATION = 2, 3, 11, 13
DETACHED, INCOMPLETE, FAILED_MEDIA = 0xD002, 0xD003, 0xD004
NODE_UP, NODE_DOWN, NODE_JOINING, NODE_PAUSED = 2, 6, 8, 10
JOB_RUNNING, JOB_SUSPENDED, JOB_COMPLETED = 4, 5, 7
# OperationalStatus of a disk by what it does, counted on from the last documented value 0xD008, and as others count.
MAINTENANCE_STATUSES = {
    "from_d009": {"starting": 0xD00F, "maintenance": 0xD00A, "stopping": 0xD010},
    "from_d007": {"starting": 0xD00D, "maintenance": 0xD008, "stopping": 0xD00E},
}
DONE, NOT_SUPPORTED, POOL_HEALTH_FORBIDS = 0, 1, 48006  # return codes of MSFT_PhysicalDisk.Maintenance
MIRROR_OVER_SERVERS = 3  # FaultDomainAwareness: StorageScaleUnit
ONE_TIB = 1 << 40
POOL = "{00000000-0000-4000-8000-00000000c1a5}"
SERVER_2019 = 17763


def _object_id(view: View, kind: str, name: str) -> str:
    provider = f"\\\\{view.world.scenario.cluster.name}\\root/Microsoft/Windows/Storage/Providers_v2\\SPACES_{kind}"
    return f'{{1}}{provider}.ObjectId="{POOL}:{kind}:{name}"'


def _known(view: View, kind: str, name: str) -> Instance:
    return {"ObjectId": _object_id(view, kind, name), "UniqueId": f"{kind}:{name}", "FriendlyName": name}


def _on_the_nodes(view: View) -> bool:
    return view.node.spec.member and view.world.storage.is_on_the_nodes


def _subsystems(view: View) -> Iterator[Instance]:
    healthy = {"HealthStatus": HEALTHY, "OperationalStatus": [OK]}
    yield {**_known(view, "SubSystem", f"Windows Storage on {view.node.name}"), **healthy}
    if _on_the_nodes(view):
        name = f"Clustered Windows Storage on {view.world.scenario.cluster.name}"
        whole = view.world.storage.is_whole
        yield {
            **_known(view, "SubSystem", name),
            "HealthStatus": HEALTHY if whole else WARNING,
            "OperationalStatus": [OK],
            "AutomaticClusteringEnabled": True,
            "FaultDomainAwarenessDefault": MIRROR_OVER_SERVERS,
        }


def _pools(view: View) -> Iterator[Instance]:
    yield {
        **_known(view, "StoragePool", "Primordial"),
        "IsPrimordial": True,
        "IsClustered": False,
        "IsReadOnly": False,
        "ReadOnlyReason": 1,
        "HealthStatus": HEALTHY,
        "OperationalStatus": [OK],
    }
    if not _on_the_nodes(view):
        return
    storage = view.world.storage
    away = any(repair.ends is None for repair in storage.repairs)
    yield {
        **_known(view, "StoragePool", f"S2D on {view.world.scenario.cluster.name}"),
        "UniqueId": POOL,
        "IsPrimordial": False,
        "IsClustered": True,
        "IsReadOnly": storage.spec.read_only,
        "ReadOnlyReason": 2 if storage.spec.read_only else 1,
        "HealthStatus": WARNING if away else HEALTHY,
        "OperationalStatus": [DEGRADED if away else OK],
        "RetireMissingPhysicalDisks": 1,
        "RepairPolicy": 2,
        "Size": ONE_TIB * storage.spec.disks_per_node * len(view.world.members),
        "AllocatedSize": ONE_TIB * storage.spec.volumes * storage.spec.copies,
    }


def _volume_names(spec: StorageSpec) -> list[str]:
    """Return the names of the virtual disks, the one that the Health Service keeps for itself among them."""
    return [*spec.volume_names, "ClusterPerformanceHistory"]


def _virtual_disks(view: View) -> Iterator[Instance]:
    if not _on_the_nodes(view):
        return
    storage = view.world.storage
    health, status = _volume_state(view)
    for name in _volume_names(storage.spec):
        yield {
            **_known(view, "VirtualDisk", name),
            "HealthStatus": health,
            "OperationalStatus": status,
            "DetachedReason": 3 if DETACHED in status else 1,
            "IsManualAttach": True,
            "ResiliencySettingName": "Mirror",
            "NumberOfDataCopies": storage.spec.copies,
            "NumberOfAvailableCopies": storage.available_copies,
            "PhysicalDiskRedundancy": storage.spec.copies - 1,
            "FaultDomainAwareness": MIRROR_OVER_SERVERS,
            "Size": ONE_TIB,
            "FootprintOnPool": ONE_TIB * storage.spec.copies,
        }


def _volume_state(view: View) -> tuple[int, list[Value]]:
    storage = view.world.storage
    if storage.is_whole:
        return HEALTHY, [OK]
    if storage.available_copies == 0:
        return UNHEALTHY, [DETACHED]
    if any(repair.ends is None for repair in storage.repairs):
        return WARNING, [DEGRADED, INCOMPLETE]
    return WARNING, [IN_SERVICE]


def _disk_names(node: Node, disks: int) -> list[str]:
    """Return the names of the disks of a node that are in the pool."""
    return [f"{node.name} disk {number + 1}" for number in range(disks)]


def _disks(view: View) -> Iterator[Instance]:
    yield {
        **_known(view, "PhysicalDisk", f"{view.node.name} boot"),
        "DeviceId": "0",
        "Usage": 1,
        "CanPool": False,
        "HealthStatus": HEALTHY,
        "OperationalStatus": [OK],
    }
    if not _on_the_nodes(view):
        return
    for node in view.world.members.values():
        for number, name in enumerate(_disk_names(node, view.world.storage.spec.disks_per_node)):
            health, status = _disk_state(view, node, name, number)
            yield {
                **_known(view, "PhysicalDisk", name),
                "SerialNumber": name.replace(" ", "").upper(),
                "DeviceId": str(1000 * node.number + int(name.rpartition(" ")[2])),
                "Usage": 1,
                "CanPool": False,
                "StoragePoolUniqueId": POOL,
                "Size": ONE_TIB,
                "HealthStatus": health,
                "OperationalStatus": [status],
            }


def _disk_state(view: View, node: Node, name: str, number: int) -> tuple[int, int]:
    if name in view.world.storage.spec.bad_disks:
        return UNHEALTHY, FAILED_MEDIA
    if not node.windows_runs:
        return WARNING, LOST_COMMUNICATION
    mode = view.world.storage.mode(node, number)
    if mode == "in_service":
        return HEALTHY, OK
    return WARNING, MAINTENANCE_STATUSES[view.world.scenario.switches.maintenance_codes][mode]


def _scale_units(view: View) -> Iterator[Instance]:
    if not _on_the_nodes(view):
        return
    for node in view.world.members.values():
        last = view.world.storage.spec.disks_per_node - 1
        health, status = _disk_state(view, node, "", last)
        yield {**_known(view, "StorageScaleUnit", node.name), "HealthStatus": health, "OperationalStatus": [status]}


def _healths(view: View) -> Iterator[Instance]:
    if _on_the_nodes(view):
        known = _known(view, "StorageHealth", view.world.scenario.cluster.name)
        yield {"ObjectId": known["ObjectId"], "UniqueId": known["UniqueId"]}


def _of_scale_unit(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    if view.world.scenario.switches.maintenance_by != "scale_unit":
        return {"ReturnValue": NOT_SUPPORTED}
    return _maintenance(view, path.key("ObjectId"), parameters)


def _of_health(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    target = parameters.get("TargetObject")
    if view.world.scenario.switches.maintenance_by != "storage_health" or not isinstance(target, ObjectPath):
        return {"ReturnValue": NOT_SUPPORTED}
    return _maintenance(view, target.key("ObjectId"), parameters)


def _maintenance(view: View, unit: Value, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    storage = view.world.storage
    for node in view.world.members.values():
        if unit != _object_id(view, "StorageScaleUnit", node.name):
            continue
        if not parameters.get("EnableMaintenanceMode"):
            storage.end_maintenance(node)
        elif not storage.may_leave(node):
            return {"ReturnValue": POOL_HEALTH_FORBIDS}
        else:
            storage.begin_maintenance(node)
        return {"ReturnValue": DONE}
    raise CimFault(NOT_CAPABLE, f"no scale unit {unit}", "ExecMethod")


def _of_disk(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    """Take one disk into service again; putting single disks into maintenance is not simulated."""
    for node in view.world.members.values():
        for number, name in enumerate(_disk_names(node, view.world.storage.spec.disks_per_node)):
            if path.key("ObjectId") == _object_id(view, "PhysicalDisk", name):
                if parameters.get("EnableMaintenanceMode") is not False:
                    return {"ReturnValue": NOT_SUPPORTED}
                view.world.storage.end_maintenance_of(node, number)
                return {"ReturnValue": DONE}
    raise CimFault(NOT_CAPABLE, "no disk of the pool", "ExecMethod")


def _storage_nodes(view: View) -> Iterator[Instance]:
    states = {"up": NODE_UP, "paused": NODE_PAUSED, "joining": NODE_JOINING, "down": NODE_DOWN}
    nodes = view.world.members.values() if _on_the_nodes(view) else [view.node]
    for node in nodes:
        known = _known(view, "StorageNode", node.spec.full_name)
        yield {"ObjectId": known["ObjectId"], "UniqueId": known["UniqueId"], "Name": node.spec.full_name} | {
            "NameFormat": 6,
            "OperationalStatus": states[node.state],
        }


def _disks_of_nodes(view: View) -> Iterator[Instance]:
    if not _on_the_nodes(view):
        return
    for node in view.world.members.values():
        there = view.path("MSFT_StorageNode", ObjectId=_object_id(view, "StorageNode", node.spec.full_name))
        for owner in view.world.members.values():
            for number, name in enumerate(_disk_names(owner, view.world.storage.spec.disks_per_node)):
                health, status = _disk_state(view, owner, name, number)
                yield {
                    "StorageNode": there,
                    "PhysicalDisk": view.path("MSFT_PhysicalDisk", ObjectId=_object_id(view, "PhysicalDisk", name)),
                    "IsPhysicallyConnected": owner is node,
                    "HealthStatus": health,
                    "OperationalStatus": [status],
                }


def _jobs(view: View) -> Iterator[Instance]:
    if not _on_the_nodes(view):
        return
    storage, now = view.world.storage, view.world.now
    for repair in storage.repairs:
        if repair.begins > now or (repair.ends is None and not storage.spec.away_job):
            continue
        for volume in _volume_names(storage.spec):
            yield _job(view, repair, volume)


def _job(view: View, repair: Repair, volume: str) -> Instance:
    total, now = view.world.storage.spec.repair_bytes, view.world.now
    if repair.ends is None:
        state, share = JOB_SUSPENDED, 0.0
    elif repair.ends <= now:
        state, share = JOB_COMPLETED, 1.0
    else:
        state, share = JOB_RUNNING, (now - repair.begins) / (repair.ends - repair.begins)
    identity = f"{repair.node} {volume}"
    return {
        "ObjectId": _object_id(view, "StorageJob", identity),
        "UniqueId": f"StorageJob:{identity}",
        "Name": "Repair" if view.node.spec.windows_build >= SERVER_2019 else "Regeneration",
        "JobState": state,
        "PercentComplete": int(100 * share),
        "BytesProcessed": int(total * share),
        "BytesTotal": total,
        "IsBackgroundTask": True,
        "OperationalStatus": [OK],
    }


TABLE = ClassTable(
    {
        "MSFT_StorageSubSystem": _subsystems,
        "MSFT_StoragePool": _pools,
        "MSFT_VirtualDisk": _virtual_disks,
        "MSFT_PhysicalDisk": _disks,
        "MSFT_StorageScaleUnit": _scale_units,
        "MSFT_StorageNode": _storage_nodes,
        "MSFT_StorageNodeToPhysicalDisk": _disks_of_nodes,
        "MSFT_StorageJob": _jobs,
        "MSFT_StorageHealth": _healths,
    },
    {
        ("MSFT_StorageScaleUnit", "Maintenance"): _of_scale_unit,
        ("MSFT_StorageHealth", "Maintenance"): _of_health,
        ("MSFT_PhysicalDisk", "Maintenance"): _of_disk,
    },
)
