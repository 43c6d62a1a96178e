# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scenario may say of the storage that the nodes share."""

from __future__ import annotations

import dataclasses
import typing as t

from .scenario_reader import Bounds

Count = t.Annotated[int, Bounds(1)]
Seconds = t.Annotated[float, Bounds(0)]


@dataclasses.dataclass(frozen=True)
class StorageSpec:
    """Where the cluster keeps its volumes.

    ``kind``: ``san`` (disks that every node reaches; Windows knows of no pool), ``smb`` (shares of other servers) or
    ``spaces_direct`` (mirrors over the disks of the nodes themselves, with ``copies`` of all data).

    For ``spaces_direct``: a node that was away comes back with outdated disks. Their repair begins by itself
    ``repair_delay_seconds`` later, takes ``repair_seconds``, and has a job for each volume. Understand storage resync
    (Microsoft docs): jobs are called Repair, or Regeneration on Windows Server 2016. ``bad_disks``: disks that have
    failed, such as ``NODE2 disk 1``. ``ended_jobs_stay_seconds``: how long a job that has ended stays listed.
    ``away_job``: whether the repair of a node that is still away is listed as a suspended job.
    ``disks_in_maintenance``: nodes whose disks are in maintenance mode from the start; entering it or leaving it takes
    ``maintenance_seconds``.

    Volumes are shared volumes of the cluster but for ``smb``. By name, such as ``Volume1``: ``redirected`` (what ReFS,
    which always redirects, is told as is not documented), ``unreachable`` and ``in_maintenance``, and ``in_backup``.
    """

    kind: t.Literal["san", "smb", "spaces_direct"] = "san"
    volumes: Count = 2
    copies: t.Annotated[int, Bounds(2, 3)] = 3
    disks_per_node: Count = 4
    read_only: bool = False
    bad_disks: tuple[str, ...] = ()
    repair_delay_seconds: Seconds = 10.0
    repair_seconds: Seconds = 300.0
    repair_bytes: Count = 22_817_013_760
    ended_jobs_stay_seconds: Seconds = 0.0
    away_job: bool = True
    disks_in_maintenance: tuple[str, ...] = ()
    maintenance_seconds: Seconds = 5.0
    redirected: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    in_maintenance: tuple[str, ...] = ()
    in_backup: tuple[str, ...] = ()

    @property
    def volume_names(self) -> list[str]:
        """The volumes that VMs may be on."""
        return [f"Volume{number + 1}" for number in range(self.volumes)]
