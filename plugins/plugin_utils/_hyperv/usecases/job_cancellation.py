# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of migrations that were to be cancelled: from the end of the job and from where the VM is."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
from collections.abc import Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.jobs import Job
from ..cluster.patience import SETTLES_WITHIN
from ..cluster.vms import Vm, read_vms
from ..failure.errors import HyperVError
from ..migration.cancellation import Cancellation, cancel_jobs, why_given_up
from .job_listing import ListedJob, why_failed

_LOOK_EVERY = 2.0
JobOutcome = t.Literal[
    "cancelled", "completed", "failed", "requested", "would_cancel", "refused", "still_running", "unclear"
]
_NOT_ENDED = frozenset({"refused", "still_running", "unclear"})


@dataclasses.dataclass(frozen=True)
class CancelledJob:
    """One job that was to be cancelled.

    Attributes:
        listed: the job as last seen, with its VM as it is now.
        outcome: ``cancelled``; ``completed`` (the VM arrived all the same); ``failed`` (it ended with another error);
            ``requested`` (its end was not waited for); ``would_cancel`` (check mode); ``refused``, ``still_running``
            and ``unclear``: it goes on, or may.
        changed: it ended by this request, or would, or is to.
        message: the outcome in a sentence.
    """

    listed: ListedJob
    outcome: JobOutcome
    changed: bool
    message: str

    @property
    def is_failure(self) -> bool:
        """The migration still runs, or its end is not known."""
        return self.outcome in _NOT_ENDED

    def as_result(self, cluster: Cluster) -> dict[str, t.Any]:
        """Return the job for a task's result, with the error that its host tells."""
        job = self.listed.as_result(why_failed(cluster, self.listed))
        return {**job, "outcome": self.outcome, "changed": self.changed, "message": self.message}


def dry_run(listed: ListedJob) -> CancelledJob:
    """Return what check mode says of a job that runs."""
    return CancelledJob(listed, "would_cancel", True, f"{_title(listed)} would be cancelled.")


def cancel(cluster: Cluster, jobs: Sequence[ListedJob], *, wait: bool, timeout: float) -> list[CancelledJob]:
    """Cancel jobs, and look where their VMs are then. Raises what opening a session to a node raises."""
    targets = [(one.node, one.reference) for one in jobs]
    if wait:
        for one in jobs:
            cluster.tell(f"{_title(one)} is being cancelled. Waiting {timeout:.0f} s at most for its end.")
    cancellations = cancel_jobs(cluster, targets, wait=wait, patience=timeout)
    pairs = list(zip(jobs, cancellations, strict=True))
    now = _owners(cluster, pairs) if wait else {}
    return [_judge(one, cancellation, now.get(one.job.vm_id, one.vm)) for one, cancellation in pairs]


def _owners(cluster: Cluster, pairs: Sequence[tuple[ListedJob, Cancellation]]) -> dict[str, Vm | None]:
    """Read where the VMs are, until that agrees with the end of their jobs or has had its time to."""
    ids = sorted({one.job.vm_id for one, unused in pairs if one.job.vm_id})
    late = cluster.clock.now() + SETTLES_WITHIN
    vms: dict[str, Vm] = {}
    while ids:
        with contextlib.suppress(HyperVError, NoAnswer):  # what is not known then is told as unclear
            vms = {vm.id: vm for vm in read_vms(cluster, ids=ids)}
        settled = all(_is_settled(one, cancellation, vms.get(one.job.vm_id)) for one, cancellation in pairs)
        if settled or cluster.clock.now() >= late:
            break
        cluster.clock.pause(_LOOK_EVERY)
    return {vm_id: vms.get(vm_id) for vm_id in ids}


def _is_settled(one: ListedJob, cancellation: Cancellation, vm: Vm | None) -> bool:
    if cancellation.given_up:
        return True
    if vm is None or vm.is_migrating:
        return False
    return cancellation.outcome != "completed" or not one.job.destination or _has_arrived(one, vm)


def _has_arrived(one: ListedJob, vm: Vm) -> bool:
    if one.job.destination:
        return first_label(vm.node) == first_label(one.job.destination)
    return one.vm is not None and first_label(vm.node) != first_label(one.vm.node)


def _judge(one: ListedJob, cancellation: Cancellation, vm: Vm | None) -> CancelledJob:
    listed = dataclasses.replace(one, job=_last_seen(one.job, cancellation.job), vm=vm)
    outcome = _outcome(one, cancellation, vm)
    changed = outcome == "requested" or (outcome == "cancelled" and cancellation.taken)
    return CancelledJob(listed, outcome, changed, _sentence(listed, outcome, cancellation))


def _last_seen(listed: Job, seen: Job | None) -> Job:
    """Return a job with what may have changed since it was listed, as far as that was seen."""
    if seen is None:
        return listed
    return listed._replace(
        state=seen.state,
        percent=seen.percent,
        error_code=seen.error_code,
        texts=seen.texts,
        elapsed=seen.elapsed,
        turned=seen.turned,
        cancellable=seen.cancellable,
    )


def _outcome(one: ListedJob, cancellation: Cancellation, vm: Vm | None) -> JobOutcome:
    """Return the outcome by the end of the job and, where that was not seen, by where the VM is."""
    if cancellation.outcome is None:
        return "requested"
    if cancellation.outcome == "gone":
        return _without_job(one, cancellation, vm)
    if cancellation.outcome == "unclear" and vm is not None and not vm.is_migrating and _has_arrived(one, vm):
        return "completed"
    return cancellation.outcome


def _without_job(one: ListedJob, cancellation: Cancellation, vm: Vm | None) -> JobOutcome:
    """Return the outcome where the job vanished before its end was seen: the VM tells."""
    if vm is None or vm.is_migrating:
        return "unclear"
    if _has_arrived(one, vm):
        return "completed"
    return "cancelled" if cancellation.taken else "failed"


def _title(listed: ListedJob) -> str:
    vm, job = listed.vm, listed.job
    way = f" to {job.destination}" if job.destination else ""
    return f"The migration of VM {vm.name if vm else job.vm_id}{way} (job {job.id})"


def _sentence(listed: ListedJob, outcome: JobOutcome, cancellation: Cancellation) -> str:
    title, where = _title(listed), f" The VM is on {listed.vm.node}." if listed.vm else ""
    if outcome in ("refused", "still_running"):
        return f"{title} {why_given_up(cancellation)}."
    ends = {
        "requested": "is being cancelled; its end was not waited for.",
        "cancelled": "was cancelled." + where,
        "completed": "completed before it could be cancelled." + where,
        "failed": "ended with an error of its own before it could be cancelled." + where,
    }
    unclear = f"was to be cancelled, but how it ended is not known.{where} Look at the VM before anything else."
    return f"{title} {ends.get(outcome, unclear)}"
