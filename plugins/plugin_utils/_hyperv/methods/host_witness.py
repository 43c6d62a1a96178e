# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the hosts' own migration jobs say of moves that the cluster makes: a second witness beside the cluster.

Source: Microsoft docs, Msvm_MigrationJob of root\\virtualization\\v2 (VirtualSystemName, PercentComplete; an ended job
stays for five minutes). That the source of a move by the cluster has one is known from programs that show the progress
of Move-ClusterVirtualMachineRole by it. No source tells whether the destination has one too, so it is asked where the
source shows none.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.hosts import read_local_time
from ..cluster.job_error_details import with_errors
from ..cluster.jobs import MIGRATION_JOB, Job, list_jobs
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..migration.moves import Move

_SLACK = 5.0  # seconds by which a job may seem older than the call that made it


class HostWitness:
    """The migration jobs of hosts. A host that did not answer once is not asked for running jobs again."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._silent: set[str] = set()

    def running(self, moves: Sequence[Move]) -> dict[str, Job]:
        """Return the jobs of moves that run, by VM id, as far as a host shows them. Raises nothing.

        One query of each source, and one of each destination of a VM whose source shows no such job.
        """
        found: dict[str, Job] = {}
        for host_of in (_source, _destination):
            missing = [move for move in moves if move.vm.id not in found]
            for host in {first_label(host_of(move)): host_of(move) for move in missing}.values():
                found |= {job.vm_id: job for job in self._jobs(host) if job.moves_vm and not job.is_final}
        wanted = {move.vm.id for move in moves}
        return {vm_id: job for vm_id, job in found.items() if vm_id in wanted}

    def failure(self, move: Move, began: float) -> Failure | None:
        """Return how the hosts' jobs say that a move failed which began at a clock reading, None where none does.

        The first host that tells a cause is believed, the source before the destination; without a cause their words
        still count. Four requests to each host at most. Raises nothing.
        """
        told: list[Failure] = []
        for host in (move.source, move.destination.name):
            failure = self._failure_on(host, move.vm.id, began)
            if failure is not None and not failure.vague:
                return failure
            told += [failure] if failure is not None else []
        return told[0] if told else None

    def _jobs(self, host: str) -> Sequence[Job]:
        label = first_label(host)
        if not label or label in self._silent:
            return ()
        try:
            return list_jobs(self._cluster.node(host), VIRTUALIZATION)
        except (HyperVError, NoAnswer):
            self._silent.add(label)
            return ()

    def _failure_on(self, host: str, vm_id: str, began: float) -> Failure | None:
        if not host:
            return None
        try:
            session = self._cluster.node(host)
            ended = [
                job
                for job in list_jobs(session, VIRTUALIZATION, details=True)
                if job.vm_id == vm_id and job.moves_vm and job.is_final
            ]
            if not ended:
                return None
            last = max(ended, key=lambda job: job.submitted.timestamp() if job.submitted is not None else 0.0)
            if last.is_success or self._is_older(host, last, began):
                return None
            reference = Reference.of(VIRTUALIZATION, MIGRATION_JOB, InstanceID=last.id)
            return with_errors(session, reference, last).error()
        except (HyperVError, NoAnswer):
            return None

    def _is_older(self, host: str, job: Job, began: float) -> bool:
        """Tell whether a job was there before the call: by the clock of its host alone, which submitted it.

        Raises HyperVError and the errors of the wire.
        """
        now = read_local_time(self._cluster, host)
        if now is None or job.submitted is None:
            return False
        return (now - job.submitted).total_seconds() > self._cluster.clock.now() - began + _SLACK


def as_witnessed(job: Job, of_host: Job) -> Job:
    """Return the job that a group's move was read as, with what the job of a host adds to it."""
    return job._replace(state="running", percent=of_host.percent, destination=of_host.destination)


def _source(move: Move) -> str:
    return move.source


def _destination(move: Move) -> str:
    return move.destination.name
