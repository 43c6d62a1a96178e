# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All migration jobs of the cluster with their VMs, wherever they are kept.

No source tells where a cluster keeps the job of a migration. So the cluster's namespace is asked and
root/virtualization/v2 of every node that is up: a migration that was started on a host itself is only there.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
from collections.abc import Iterable

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..cluster.cluster import HYPERV_CLUSTER, VIRTUALIZATION, Cluster
from ..cluster.guids import plain_guid
from ..cluster.job_error_details import with_errors
from ..cluster.jobs import JOB_CLASSES, MIGRATION_JOB, Job, affected_vms, list_jobs
from ..cluster.nodes import read_nodes
from ..cluster.states import UNKNOWN
from ..cluster.vms import Vm, is_vm_id, normal_id, pick_vm, read_vms
from ..failure.errors import with_remedy
from ..failure.failures import Failure


@dataclasses.dataclass(frozen=True)
class ListedJob:
    """One migration job.

    Attributes:
        job: as its host tells it, with details.
        reference: to ask it, and to end it.
        node: the node whose root/virtualization/v2 shows it; empty for Root\\HyperVCluster\\v2.
        vm: its VM as it is now, None where that is not known or no longer there.
    """

    job: Job
    reference: Reference
    node: str
    vm: Vm | None = None

    @property
    def source(self) -> str:
        """The node that the VM leaves or did not get away from: its owner. Empty where that is not known."""
        if self.vm is None or self.job.is_success:
            return ""
        return "" if first_label(self.vm.node) == first_label(self.job.destination) else self.vm.node

    @property
    def is_surely_migration(self) -> bool:
        """Its class or its type says that it is a migration, or else its VM is being migrated."""
        told = self.reference.class_name == MIGRATION_JOB or self.job.job_type != UNKNOWN
        return told or (self.vm is not None and self.vm.is_migrating)

    def as_result(self, error: Failure | None) -> dict[str, t.Any]:
        """Return the job for a task's result; ``error`` says why it failed."""
        job, vm = self.job, self.vm
        return {
            "id": job.id,
            "vm": {"id": vm.id if vm else job.vm_id, "name": vm.name if vm else None, "node": vm.node if vm else None},
            "source_host": self.source or None,
            "destination_host": job.destination or None,
            "state": job.state,
            "running": not job.is_final,
            "percent": job.percent,
            "type": job.job_type,
            "submitted": _utc(job.submitted),
            "started": _utc(job.started),
            "ended": _utc(job.turned) if job.is_final else None,
            "elapsed_seconds": round(job.elapsed, 1) if job.elapsed is not None else None,
            "account": job.account or None,
            "cancellable": job.cancellable,
            "node": self.node or None,
            "namespace": self.reference.namespace,
            "class": self.reference.class_name,
            "error": error.about(vm.name if vm else job.vm_id).as_result() if error else None,
        }


def _utc(moment: dt.datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None


def wanted_vm(cluster: Cluster, name: str | None, vm_id: str | None) -> Vm | None:
    """Return the VM that is meant, None where none is. Raises HyperVError, Fault and TransportError."""
    if not name and not vm_id:
        return None
    vms = read_vms(cluster, ids=[normal_id(vm_id)] if vm_id else (), names=[name] if name else ())
    return pick_vm(vms, vm_id=vm_id, name=name, known=lambda: read_vms(cluster))


def read_listing(
    cluster: Cluster, vm: Vm | None = None, job_id: str | None = None
) -> tuple[list[ListedJob], list[str]]:
    """Return all jobs, or those of one VM, or one job: those that run first, the latest of the others next; and notes.

    The notes name the nodes that could not be asked. Raises HyperVError where no node answers for the cluster, and
    Fault and TransportError of the cluster's namespace.
    """
    if vm is None and not cluster.provider_answers():
        cluster.find_provider()
    found, notes = _everywhere(cluster)
    chosen = [
        one
        for one in found
        if (vm is None or one.job.vm_id == vm.id) and (not job_id or plain_guid(one.job.id) == plain_guid(job_id))
    ]
    ids = sorted({one.job.vm_id for one in chosen if is_vm_id(one.job.vm_id)})
    vms = {one.id: one for one in (read_vms(cluster, ids=ids) if ids else ())}
    listing = [dataclasses.replace(one, vm=vms.get(one.job.vm_id)) for one in chosen]
    return sorted(listing, key=_order), notes


def _order(one: ListedJob) -> tuple[bool, float, str]:
    submitted = one.job.submitted
    return one.job.is_final, -submitted.timestamp() if submitted is not None else 0.0, one.job.id


def _everywhere(cluster: Cluster) -> tuple[list[ListedJob], list[str]]:
    """Return each job once: a node may show in its own namespace what the cluster's shows as well."""
    found = {one.job.id.casefold(): one for one in _of_place(cluster.hyperv, HYPERV_CLUSTER, "")}
    notes = []
    for node in read_nodes(cluster):
        if not node.is_running:
            continue
        try:
            for one in _of_place(cluster.node(node.name), VIRTUALIZATION, node.name):
                found.setdefault(one.job.id.casefold(), one)
        except NoAnswer as error:
            notes.append(f"The jobs that {node.name} keeps itself could not be read: {with_remedy(error)}")
    return list(found.values()), notes


def _of_place(session: Session, namespace: str, node: str) -> Iterable[ListedJob]:
    """Return the migration jobs of one namespace on one node: two queries, or three where a job names no VM."""
    jobs = [
        (class_name, job)
        for class_name in JOB_CLASSES
        for job in list_jobs(session, namespace, class_name, details=True)
        if job.is_migration
    ]
    affected = affected_vms(session, namespace) if any(not job.vm_id for unused, job in jobs) else {}
    listing = []
    for class_name, job in jobs:
        vms = sorted(vm for vm in affected[job.id][1] if is_vm_id(vm)) if job.id in affected else []
        told = job if job.vm_id or not vms else job._replace(vm_id=vms[0])
        listing.append(ListedJob(told, Reference.of(namespace, class_name, InstanceID=job.id), node))
    return listing


def why_failed(cluster: Cluster, one: ListedJob) -> Failure | None:
    """Return why a job failed, None where it did not. Asks the job itself, which may be gone by now."""
    if not one.job.is_final or one.job.is_success:
        return None
    try:
        session = cluster.node(one.node) if one.node else cluster.hyperv
        return with_errors(session, one.reference, one.job).error()
    except NoAnswer:
        return one.job.error()
