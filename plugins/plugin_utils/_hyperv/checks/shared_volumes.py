# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the Cluster Shared Volumes are there for every node.

Source: Microsoft docs of MSCluster_ClusterSharedVolume (FaultState, BackupState). The cluster has no class for what
each node sees of a volume, so this is one state per volume.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.wql import Query
from ..cluster.cluster import Cluster
from ..failure.errors import with_remedy
from ..failure.finding import ERROR, INFO, WARNING, Finding, sentence

_VOLUMES = Query("MSCluster_ClusterSharedVolume", ("Name", "FaultState", "BackupState"))
_REDIRECTED, _NO_ACCESS, _IN_MAINTENANCE = 1, 2, 4
_BACKUP_RUNS = 1


def read_shared_volumes(cluster: Cluster) -> list[Finding]:
    """Return what is to be known of the volumes, in one query; only errors stand against taking a node away.

    A volume with redirected access is no error: whether ReFS, which always redirects, is told as a fault is not
    documented. Raises TransportError.
    """
    try:
        rows = cluster.query_cluster_if_any(_VOLUMES)
    except Fault as fault:
        message = f"The state of the shared volumes could not be read. {sentence(with_remedy(fault))}"
        return [Finding("shared_volumes_unknown", ERROR, "shared volumes", "storage", message, transient=True)]
    return [*_faults(rows), *_backups(rows)]


def _faults(rows: Sequence[Instance]) -> list[Finding]:
    found = []
    for row in rows:
        name, state = row.text("Name") or "", row.integer("FaultState") or 0
        if state & _NO_ACCESS:
            message = f"The shared volume {name} cannot be reached."
            remedy = "See its disk and the events of its coordinator in Failover Cluster Manager."
            found.append(Finding("shared_volume_no_access", ERROR, name, "storage", message, remedy))
        elif state & _IN_MAINTENANCE:
            message = f"The shared volume {name} is in maintenance."
            remedy = "End the maintenance of its disk (Resume-ClusterResource) when whoever began it has finished."
            found.append(Finding("shared_volume_in_maintenance", ERROR, name, "storage", message, remedy))
        elif state & _REDIRECTED:
            message = f"Access to the shared volume {name} is redirected through its coordinator."
            remedy = "With ReFS this is as it should be; else see the reasons in Get-ClusterSharedVolumeState."
            found.append(Finding("shared_volume_redirected", INFO, name, "storage", message, remedy))
    return found


def _backups(rows: Sequence[Instance]) -> list[Finding]:
    return [
        Finding(
            "backup_running",
            WARNING,
            name,
            "storage",
            f"The shared volume {name} is being backed up.",
            "VMs whose backup runs cannot be migrated; wait until it has ended, or plan around it.",
            transient=True,
        )
        for row in rows
        if row.integer("BackupState") == _BACKUP_RUNS and (name := row.text("Name") or "")
    ]
