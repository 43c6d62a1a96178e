# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs that are being migrated while a plan is made."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from .cluster import Cluster
from .jobs import Job, find_job, list_jobs
from .vms import Vm


class RunningMigration(t.NamedTuple):
    """A migration that runs.

    Attributes:
        destination: the node that receives the VM.
        memory_is_there: the destination has allocated the VM's memory, which it does before any memory is copied
            (Microsoft docs, "Live Migration Overview": the setup stage). Its free memory tells so already.
    """

    destination: str
    memory_is_there: bool


def read_running_migrations(cluster: Cluster, vms: Sequence[Vm]) -> dict[str, RunningMigration]:
    """Return where the migrating ones of some VMs are going, by VM id, as far as a job tells.

    No request where none migrates; else one, and more for each VM whose job the cluster's namespace does not show.
    Raises Fault and TransportError.
    """
    moving = [vm for vm in vms if vm.is_migrating]
    if not moving:
        return {}
    listed = list_jobs(cluster.hyperv) if cluster.offers_hyperv else []
    known = {job.vm_id: job for job in listed if job.moves_vm and not job.is_final}
    found = {}
    for vm in moving:
        job = known.get(vm.id) or _searched(cluster, vm)
        if job is not None and job.destination:
            found[vm.id] = RunningMigration(job.destination, job.state == "running" and bool(job.percent))
    return found


def _searched(cluster: Cluster, vm: Vm) -> Job | None:
    found = find_job(cluster, vm.id, source=vm.node)
    return found[1] if found is not None and not found[1].is_final else None
