# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MSCluster_ClusterSharedVolume: the volumes that every node sees under one path.

Values: Microsoft docs of the failover cluster WMI provider (FaultState, BackupState).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from ..cim import Instance
from ..scenario_roles import SHARED_VOLUMES
from ..scenario_storage import StorageSpec
from . import role_moves
from .namespace import ClassTable, View

NO_FAULTS, REDIRECTED, NO_ACCESS, IN_MAINTENANCE = 0, 1, 2, 4


def _volumes(view: View) -> Iterator[Instance]:
    spec = view.world.scenario.storage
    for name in spec.volume_names if spec.kind != "smb" else ():
        device = uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{view.world.scenario.cluster.fqdn}")
        yield {
            "Name": f"{SHARED_VOLUMES}\\{name}",
            "VolumeName": f"\\\\?\\Volume{{{device}}}\\",
            "FaultState": _fault_state(spec, name),
            "BackupState": int(name in spec.in_backup),
            "VolumeOffset": 0,
            "Status": "OK",
            "Flags": 0,
            "Characteristics": 0,
        }


def _fault_state(spec: StorageSpec, name: str) -> int:
    if name in spec.unreachable:
        return NO_ACCESS
    if name in spec.in_maintenance:
        return IN_MAINTENANCE
    return REDIRECTED if name in spec.redirected else NO_FAULTS


TABLE = ClassTable(
    {
        role_moves.SHARED_VOLUME: _volumes,
        "MSCluster_ClusterSharedVolumeToResource": role_moves.volume_links,
        "MSCluster_ClusterSharedVolumeToNode": role_moves.volume_owners,
    },
    role_moves.CALLS,
)
