# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving a VM by its cluster group: MSCluster_ResourceGroup.MoveToNewNodeParams and MoveToNewNode. Private.

A VM that runs is moved live, with the move type and the flags that os-win gives. One that is off or saved has nothing
to transfer: its group gets another owner, and the cluster restores the group's persistent state (Microsoft docs,
MoveClusterGroup).
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Collection, Mapping, Sequence

from ..._names import in_capitals
from ..._wsman.errors import AnswerLost, NoAnswer, TransportError, UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.method_input import Parameter
from ..._wsman.wql import Query
from ..cluster.cluster import MSCLUSTER, Cluster
from ..cluster.jobs import Job
from ..cluster.states import AT_REST
from ..failure.codes import return_code
from ..failure.failures import Failure, faulted, not_begun, win32_codes
from ..failure.win32_failures import WIN32_FAILURES
from ..migration.attempt import WatchedJob
from ..migration.cancellation import Cancellation
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move
from ..migration.vocabulary import CLUSTER_GROUP
from .group_jobs import GROUP, GroupEnd, GroupStatus, as_job, group_reference, read_statuses
from .host_comparison import HostComparison
from .host_progress import HostProgress, unshown, with_percentage_at_the_end
from .host_witness import HostWitness, as_witnessed
from .results import CheckResult, StartResult

_PENDING = 997  # ERROR_IO_PENDING: the change of owner is under way (Microsoft docs, MoveClusterGroup)
_INVALID_PARAMETER = 87
_IN_USE = 32774  # by another operation, which says nothing about a VM at rest
_TIMEOUT = 60  # seconds that MoveToNewNode itself may wait

# CLUSAPI_GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR, _QUEUE_ENABLED, _HIGH_PRIORITY_START
_FLAGS = 2 | 4 | 8
_LIVE = 4  # the move type of a live migration (os-win; enumeration of the failover cluster PowerShell module)
_SYNTAX_NAME, _SYNTAX_DWORD, _END = 0x00040003, 0x00010002, 0  # CLUSPROP_SYNTAX_* (Microsoft docs)


def move_type_list(move_type: int) -> bytes:
    """Return the property list that asks for a type of move, as [MS-CMRP] 2.2.3.10 lays it out.

    Each property is named after the type of the resource that it is meant for ([MS-CMRP] 3.1.4.2.132).
    """
    properties = ("Virtual Machine", "Virtual Machine Configuration")
    return struct.pack("<I", len(properties)) + b"".join(_property(name, move_type) for name in properties)


def _property(name: str, value: int) -> bytes:
    text = f"{name}\0".encode("utf-16-le")
    padding = b"\0" * (-len(text) % 4)
    head, tail = struct.pack("<II", _SYNTAX_NAME, len(text)), struct.pack("<IIII", _SYNTAX_DWORD, 4, value, _END)
    return head + text + padding + tail


def group_can_move(move: Move, refusal: Failure) -> bool:
    """Tell whether a refused move may be left to the cluster: the VM is at rest, and the refusal may be about that.

    No source tells whether MigrateVirtualSystemToSystem takes a VM that is off or saved. A saved VM carries a state
    that may not fit the destination, so a check that says no without a code is believed.
    """
    if move.vm.state not in AT_REST or move.role is None:
        return False
    if refusal.error_code is None:
        return refusal.code == "not_migratable" and move.vm.state == "off"
    code = return_code(refusal.error_code)
    return code.unsupported or (code.busy and refusal.error_code != _IN_USE)


class GroupMethod:
    """Moves VMs by their groups."""

    def __init__(self, cluster: Cluster, comparison: HostComparison) -> None:
        """``comparison`` is Hyper-V's own, which stands for the check that the cluster does not have."""
        self._cluster = cluster
        self._before: dict[str, GroupStatus] = {}
        self._comparison = comparison
        self._witness = HostWitness(cluster)
        self._of_hosts = HostProgress(cluster, self._witness)

    def check(self, move: Move) -> CheckResult:
        """Return what speaks against a move, from what the cluster shows; for a VM that runs Hyper-V compares it.

        Raises Fault and TransportError.
        """
        reason = self._blocking_reason(move)
        if reason is not None or move.vm.state in AT_REST:
            return CheckResult(move.vm.state in AT_REST, reason)
        return self._comparison.verdict(move)

    def _blocking_reason(self, move: Move) -> Failure | None:
        """Return why a VM cannot be moved by its group, or None. Raises Fault and TransportError."""
        if move.role is None:
            return Failure("no_role", f"the cluster lists no role for VM {move.vm.name}", "Make it highly available.")
        if move.role.by_name:
            return Failure(
                "role_unsure",
                f"VM {move.vm.name} would be moved by its role, and the cluster does not show which VM its roles "
                "belong to",
                f"Move the role of the VM ({move.role.group}) in Failover Cluster Manager.",
            )
        return self._would_start(move, move.role.group) if move.vm.state in AT_REST else None

    def _would_start(self, move: Move, group: str) -> Failure | None:
        """Return why a VM at rest is left alone: the persistent state of its group is online, so it would start."""
        query = Query(GROUP, ("Name", "PersistentState"), {"Name": (group,)})
        if not any(row.boolean("PersistentState") for row in self._cluster.home.query(MSCLUSTER, query)):
            return None
        return Failure(
            "would_start",
            f"VM {move.vm.name} is {move.vm.state}, but the cluster means to keep its role {group} online and would "
            "start it on its new node",
            "Take the role offline in Failover Cluster Manager, or start the VM, then run the task again.",
        )

    def start(self, move: Move) -> StartResult:
        """Start a move. Whatever comes back is a result, never an exception of the wire. It is sent once."""
        try:
            error = self._blocking_reason(move)
            if error is not None or move.role is None:
                return StartResult(error=error)
            if move.vm.state not in AT_REST:
                self._before[move.vm.id] = self._status(move)
        except NoAnswer as silence:
            return StartResult(error=not_begun("not_sent", silence, "Nothing was started."))
        if move.vm.state in AT_REST:
            return self._invoke(move, "MoveToNewNode", {"NodeName": move.destination.name, "TimeOut": _TIMEOUT})
        return self._move_live(move)

    def _move_live(self, move: Move) -> StartResult:
        """Ask for a live move; in the other form of an array of bytes only after a refusal of the parameters.

        Repeated elements are what DSP0230 has for arrays; base64 what it has for those with the qualifier Octetstring,
        of which Microsoft's docs say nothing.
        """
        data = move_type_list(_LIVE)
        arguments: dict[str, Parameter] = {"NodeName": move.destination.name, "Parameters": [*data], "Flags": _FLAGS}
        answer = self._invoke(move, "MoveToNewNodeParams", arguments)
        if not answer.parameters_refused:
            return answer
        in_base64 = {**arguments, "Parameters": base64.b64encode(data).decode()}
        return self._invoke(move, "MoveToNewNodeParams", in_base64)

    def _invoke(self, move: Move, method: str, arguments: Mapping[str, Parameter]) -> StartResult:
        """Call a method of the group. Whatever may have begun counts as begun; the owner tells."""
        if move.role is None:
            raise ValueError("a VM without a role has no group")
        reference = group_reference(move.role)
        job = None if move.vm.state in AT_REST else WatchedJob(reference, CLUSTER_GROUP)
        try:
            self._cluster.home.invoke(reference, method, arguments)
        except Fault as fault:
            codes = win32_codes(fault)
            if _PENDING in codes:
                return StartResult(job)
            began = fault.is_transient and not fault.is_quota and not any(code in WIN32_FAILURES for code in codes)
            if began and job is None:
                return StartResult()
            return StartResult(
                unconfirmed=began,
                error=faulted(method, fault),
                unsupported=fault.is_missing_method or fault.is_missing_class,
                parameters_refused=fault.is_parameter_refused or _INVALID_PARAMETER in codes,
            )
        except AnswerLost:
            return StartResult(unconfirmed=job is not None, unanswered=job is not None)
        except UnreadableAnswer:
            return StartResult(unconfirmed=job is not None)
        except TransportError as lost:
            return StartResult(error=Failure("not_sent", str(lost), "Nothing was started.", transient=True))
        return StartResult(job)

    def _status(self, move: Move) -> GroupStatus:
        return self._of(move, read_statuses(self._cluster, [move.role] if move.role else []))

    def _of(self, move: Move, statuses: Mapping[str, GroupStatus]) -> GroupStatus:
        return statuses.get(in_capitals(move.role.group), GroupStatus()) if move.role else GroupStatus()

    def known_jobs(self, move: Move) -> frozenset[str]:
        """Return nothing: whether a group moves anew shows by what it showed before."""
        del move
        return frozenset()

    def forget_jobs(self) -> None:
        """Forget nothing: each start notes what its group shows."""

    def find_running(self, move: Move, known: Collection[str]) -> WatchedJob | None:
        """Return a move of a VM's group that is under way, or that ended since its call; None where there is none.

        Where the cluster shows nothing, a job of a host that runs counts. Raises Fault and TransportError.
        """
        del known
        if move.role is None:
            return None
        job = self._job(move, self._status(move), waited=float("inf"))
        if job is None:
            of_host = self._witness.running([move]).get(move.vm.id)
            job = as_witnessed(unshown(move), of_host) if of_host is not None else None
        return WatchedJob(group_reference(move.role), CLUSTER_GROUP, seen=job) if job is not None else None

    def read(self, tasks: Sequence[MigrationTask]) -> dict[str, WatchedJob | None]:
        """Return how far moves are, by VM id; None where nothing is under way any more. Two requests for any number.

        The hosts are asked only about moves of which the cluster shows nothing, or no percentage for long. Raises Fault
        and TransportError.
        """
        statuses = read_statuses(self._cluster, [task.move.role for task in tasks if task.move.role])
        now = self._cluster.clock.now()
        jobs: dict[str, Job | None] = {}
        for task in tasks:
            waited = now - task.since if task.job is None or task.job.state == "new" else float("inf")
            jobs[task.move.vm.id] = self._job(task.move, self._of(task.move, statuses), waited=waited)
        jobs = self._of_hosts.add_to(tasks, jobs)
        found: dict[str, WatchedJob | None] = {}
        for task in tasks:
            watched, job = task.attempt.job, with_percentage_at_the_end(task, jobs[task.move.vm.id])
            found[task.move.vm.id] = watched._replace(seen=job) if watched and job else None
        return found

    def cancellation(self, task: MigrationTask) -> Cancellation:
        """Return what ends the pending move of a group; nothing is sent yet."""
        if task.reference is None:
            raise ValueError("a move without a job cannot be cancelled")
        return Cancellation(GroupEnd(self._cluster, task.reference), self._cluster.clock)

    def explain(self, error: Failure, move: Move) -> Failure:
        """Return an error as it is: the cluster moves its groups in its own name."""
        del move
        return error

    def _job(self, move: Move, status: GroupStatus, *, waited: float) -> Job | None:
        before = self._before.get(move.vm.id, GroupStatus())
        if status != before:
            self._before.pop(move.vm.id, None)
        group = move.role.group if move.role else ""
        return as_job(move.vm.id, group, move.source, move.destination.name, status, before, waited=waited)
