# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a move whose job runs to its verified end: progress, stalls, time-outs, owners. Private to this collection."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Sequence

from ..._wsman.session import Session
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.groups import VmGroup
from ..cluster.job_error_details import read_job_errors
from ..cluster.jobs import Job, read_job, read_jobs
from ..cluster.vms import Vm
from ..failure.codes import COMPLETED
from ..failure.errors import NO_ANSWER, HyperVError
from ..failure.failures import Failure
from ..methods.delegation import explained
from ..methods.group_jobs import GROUP, GroupCancellation
from ..methods.methods import Methods
from ..migration.cancellation import Cancellation
from ..migration.moves import reread
from ..migration.runs import CANCELLING, HOST, RUNNING, SETTLING, WAITING, Policy, Run
from ..migration.verification import SETTLED_WITHIN, judge
from ..settings.storage import misplaced, read_storage
from .liveness import Contact, outcome_unknown

_SETTLE_EVERY = 5.0  # seconds between two looks at owners, so that one look serves all moves that ended meanwhile


class Watcher:
    """Watches jobs, all of them with one request, and verifies by owner whatever has ended."""

    def __init__(self, cluster: Cluster, methods: Methods, policy: Policy, contact: Contact) -> None:
        self._cluster = cluster
        self._groups = methods.groups
        self._clock = cluster.clock
        self._policy = policy
        self._contact = contact
        self._settled_at = self._clock.now()

    def poll(self, runs: Sequence[Run]) -> None:
        """Read the jobs of all runs that wait for one."""
        watched = [run for run in runs if run.stage in (RUNNING, CANCELLING)]
        if not watched:
            return
        try:
            groups = [run for run in watched if _is_of_group(run)]
            jobs = self._read([run for run in watched if run not in groups])
            if None in jobs.values() and not self._cluster.provider_answers():
                raise HyperVError("the provider of Root\\HyperVCluster\\v2 is not there")
            if groups:
                jobs.update(self._groups.read(groups))
        except (HyperVError, *NO_ANSWER) as error:
            self._contact.lost(watched, error)
            return
        self._contact.heard(watched)
        for run in watched:
            self._see(run, jobs[run.move.vm.id])

    def _read(self, watched: Sequence[Run]) -> dict[str, Job | None]:
        """Return the jobs by VM id, with one request for each node and class; None for a job that is gone."""
        by_node: dict[str, list[Run]] = collections.defaultdict(list)
        for run in watched:
            by_node[run.job_node].append(run)
        found: dict[str, Job | None] = {}
        for node, group in by_node.items():
            jobs = read_jobs(self._session(node), [run.reference for run in group if run.reference is not None])
            for run in group:
                job = jobs.get((run.reference.key("InstanceID") if run.reference else None) or "")
                found[run.move.vm.id] = job or self._on_its_hosts(run)
        return found

    def _session_of(self, run: Run) -> Session:
        return self._cluster.home if _is_of_group(run) else self._session(run.job_node)

    def _session(self, node: str) -> Session:
        return self._cluster.node(node) if node else self._cluster.hyperv

    def _on_its_hosts(self, run: Run) -> Job | None:
        """Look for a job of root\\virtualization\\v2 on the hosts of the move: that namespace is each host's own."""
        if run.reference is None or run.job_node or run.reference.namespace.lower() != VIRTUALIZATION.lower():
            return None
        for node in (run.move.source, run.move.destination.name):
            with contextlib.suppress(*NO_ANSWER):
                job = read_job(self._cluster.node(node), run.reference)
                if job is not None:
                    run.job_node = node
                    return job
        return None

    def _see(self, run: Run, job: Job | None) -> None:
        now = self._clock.now()
        run.job = job
        if job is None:
            run.warnings.append("The job vanished before its end was seen; the owner decided.")
            run.enter(SETTLING, now)
        elif job.is_final:
            if not job.is_success and run.reference is not None and not _is_of_group(run):
                run.details = read_job_errors(self._session(run.job_node), run.reference)
            run.enter(SETTLING, now)
        elif run.stage == CANCELLING and run.cancellation is not None:
            run.cancellation.session = self._session_of(run)  # the provider may have moved
            run.cancellation.step(job)
            if run.cancellation.given_up:
                run.fail(run.timeout.error(run.move, job, run.cancellation.told), now, goes_on=True)
        elif run.timeout.is_over(now - run.migrating_since):
            self._late(run, job)
        else:
            self._watch_progress(run, job, now)

    def _late(self, run: Run, job: Job) -> None:
        if self._policy.on_timeout == "leave" or run.reference is None or run.adopted:
            run.fail(self._left_alone(run, job), self._clock.now(), goes_on=True)
            return
        cancellation = GroupCancellation if _is_of_group(run) else Cancellation
        run.cancellation = cancellation(self._session_of(run), run.reference, self._clock)
        run.cancellation.request()
        run.enter(CANCELLING, self._clock.now())

    def _left_alone(self, run: Run, job: Job | None) -> Failure:
        """Return the error of a late move whose migration goes on, and why it was not cancelled if it was to be."""
        if self._policy.on_timeout == "leave":
            return run.timeout.error(run.move, job)
        why = "this task did not start it" if run.adopted else "no node shows its job"
        return run.timeout.error(run.move, job, f"goes on: it was not cancelled, for {why}")

    def _watch_progress(self, run: Run, job: Job, now: float) -> None:
        state, percent, since = run.progress
        if (job.state, job.percent) != (state, percent):
            run.progress, run.stalled = (job.state, job.percent, now), False
        elif self._policy.stall_after and now - since >= self._policy.stall_after and not run.stalled:
            run.stalled = True
            at = f" at {percent} %" if percent is not None else ""
            run.warnings.append(f"Its job has been {state}{at} for {now - since:.0f} s without progress.")

    def settle(self, runs: Sequence[Run]) -> None:
        """Look at the owners of all moves whose job has ended, at most every few seconds while others run or wait."""
        settling = [run for run in runs if run.stage == SETTLING]
        now = self._clock.now()
        more_to_come = any(run.stage in (RUNNING, WAITING) for run in runs)
        if not settling or (more_to_come and now - self._settled_at < _SETTLE_EVERY):
            return
        try:
            seen = reread(self._cluster, [run.move for run in settling])
            for run in settling:
                self._judge(run, *seen[run.move.vm.id])
        except (HyperVError, *NO_ANSWER) as error:
            self._contact.lost([run for run in settling if run.stage == SETTLING], error)
            return
        self._contact.heard(settling)
        self._settled_at = now

    def _judge(self, run: Run, vm: Vm | None, role: VmGroup | None) -> None:
        now = self._clock.now()
        run.owner = vm.node if vm is not None else ""
        if run.stays:
            self._judge_by_job(run)
            return
        judgement = judge(run.move, run.job, vm, role, now - run.since, run.details)
        if judgement.warning:
            run.warnings.append(judgement.warning)
        if judgement.arrived:
            wrong = self._misplaced(run)
            if wrong is None:
                self._arrived(run)
            elif now - run.since >= SETTLED_WITHIN:
                run.fail(wrong, now)
        elif judgement.error is not None:
            error = self._explained(run, judgement.error)
            # A job that was cancelled because it took too long failed for that reason, and for no other.
            cancelled = run.cancellation is not None and (run.job is None or error.code == "job_cancelled")
            run.fail(run.timeout.error(run.move, run.job, "was cancelled") if cancelled else error, now)
        elif vm is not None and vm.is_leaving and run.timeout.is_over(now - run.migrating_since):
            run.fail(self._left_alone(run, None), now, goes_on=True)

    def _explained(self, run: Run, error: Failure) -> Failure:
        return explained(self._cluster, run.move, error) if run.method == HOST else error

    def _misplaced(self, run: Run) -> Failure | None:
        """Return what of the files of an arrived VM is not where it shall be. Raises Fault and TransportError."""
        if run.move.storage is None or not (run.attempts or run.adopted):
            return None
        name = run.move.vm.name
        return misplaced(run.move.storage, read_storage(self._cluster, run.move.destination.name, run.move.vm.id), name)

    def _judge_by_job(self, run: Run) -> None:
        now = self._clock.now()
        if run.job is not None and not run.job.is_success:
            run.fail(self._explained(run, run.job.error(run.details)), now)
            return
        wrong = self._misplaced(run)
        if wrong is not None and now - run.since < SETTLED_WITHIN:
            return
        if wrong is None and (run.job is not None or run.return_value == COMPLETED or run.move.stays):
            run.end("completed", now)
        elif wrong is not None and run.job is not None:
            run.fail(wrong, now)
        else:
            run.fail(outcome_unknown(run.move, "its job vanished before its end was seen"), now, goes_on=True)

    def _arrived(self, run: Run) -> None:
        if run.cancellation is not None:
            run.warnings.append(
                f"The VM arrived after its timeout of {run.timeout.seconds:.0f} s, while the migration was being "
                "cancelled."
            )
        nothing_to_do = not run.attempts and not run.adopted
        run.end("already_there" if nothing_to_do else "moved", self._clock.now())


def _is_of_group(run: Run) -> bool:
    """Tell whether it is a cluster group that shows how far a move is, and not a CIM job."""
    return run.reference is not None and run.reference.class_name == GROUP
