# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the cluster shows of a group that moves, read as a job; all groups in two queries.

Sources: Microsoft docs, MSCluster_ResourceGroup (State, StatusInformation) and the private properties of resources of
type "Virtual Machine"; os-win, which takes a group for arrived that is online on its destination, and for pending while
it is not online or queued.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from ..cluster.cim_values import GROUP_STATES, QUEUED
from ..cluster.cluster import MSCLUSTER, Cluster
from ..cluster.groups import VmGroup
from ..cluster.jobs import Job
from ..cluster.patience import GROUP_BEGINS_WITHIN, NAMES_IN_A_QUERY
from ..failure.failures import win32_codes
from ..migration.end_requests import EndReply, Reply, reply_of

GROUP = "MSCluster_ResourceGroup"
# MigrationState of a "Virtual Machine" resource
_MOVING = frozenset({1, 2, 3})  # setup, data transfer, move
_CANCELLED, _FAILED = 4, 5
_NOTHING_PENDING = 5023  # ERROR_INVALID_STATE; os-win reads it so where an operation is cancelled


class GroupStatus(t.NamedTuple):
    """What the cluster shows of one group.

    Attributes:
        owner: node that owns it.
        state: ``online``, ``offline``, ``failed``, ``partly_online``, ``pending`` or ``unknown``.
        is_queued: it waits in the cluster's queue to be moved.
        migration_state: 0 none, 1 setup, 2 data transfer, 3 move, 4 cancelled, 5 failed.
        percent: of its migration, None where the cluster does not tell.
        reason: HRESULT of a failed migration, 0 for none.
    """

    owner: str = ""
    state: str = ""
    is_queued: bool = False
    migration_state: int = 0
    percent: int | None = None
    reason: int = 0

    @property
    def is_moving(self) -> bool:
        """Its VM is being migrated."""
        return self.migration_state in _MOVING

    @property
    def ended_badly(self) -> bool:
        """Its last migration failed or was cancelled; no source tells for how long that is shown."""
        return self.migration_state in (_CANCELLED, _FAILED)


def read_statuses(cluster: Cluster, roles: Sequence[VmGroup]) -> dict[str, GroupStatus]:
    """Return what the cluster shows of the groups of some roles, by name in lower case. Two requests.

    Raises Fault and TransportError.
    """
    few = len(roles) <= NAMES_IN_A_QUERY
    groups = {"Name": tuple({role.group for role in roles})} if few else {}
    resources: Mapping[str, tuple[str, ...]] = (
        {"Name": tuple({role.resource for role in roles})} if few else {"Type": ("Virtual Machine",)}
    )
    rows = cluster.home.query(MSCLUSTER, Query(GROUP, ("Name", "OwnerNode", "State", "StatusInformation"), groups))
    of_resource = {
        in_capitals(row.text("OwnerGroup") or ""): row.embedded("PrivateProperties")
        for row in cluster.home.query(MSCLUSTER, Query("MSCluster_Resource", (), resources))
    }
    return {
        name: _status(row, of_resource.get(name)) for row in rows for name in (in_capitals(row.text("Name") or ""),)
    }


def _status(group: Instance, private: Instance | None) -> GroupStatus:
    state = group.integer("State")
    return GroupStatus(
        owner=group.text("OwnerNode") or "",
        state=GROUP_STATES.get(-1 if state is None else state, ""),
        is_queued=bool((group.integer("StatusInformation") or 0) & QUEUED),
        migration_state=(private.integer("MigrationState") if private else None) or 0,
        percent=private.integer("MigrationProgress") if private else None,
        reason=((private.integer("MigrationFailureReason") if private else None) or 0) & 0xFFFFFFFF,
    )


def is_under_way(status: GroupStatus, destination: str = "") -> bool:
    """Tell whether the cluster is at work on a group.

    One that is on its destination is not for being left Pending, nor for a MigrationState that outlasts its move.
    """
    there = bool(destination) and first_label(status.owner) == first_label(destination)
    if status.is_queued:
        return True
    return (status.is_moving and not (there and status.state == "online")) or (status.state == "pending" and not there)


def as_job(
    vm_id: str, group: str, source: str, destination: str, status: GroupStatus, before: GroupStatus, *, waited: float
) -> Job | None:
    """Return a group that is to move as a job; None where nothing is under way any more and nothing says how it ended.

    ``before`` is what was shown before the call: while that has not changed, its migration is an earlier one.
    ``waited`` are the seconds since the call.
    """
    if status == before:
        status = status._replace(migration_state=0)
    job = Job(group, "running", None, None, vm_id=vm_id, job_type="moving_vm")
    if is_under_way(status, destination):
        percent = min(status.percent, 100) if status.is_moving and status.percent is not None else None
        return job._replace(state="new" if status.is_queued else "running", percent=percent)
    if first_label(status.owner) != first_label(source):
        return job._replace(state="completed", percent=100)
    if status.ended_badly:
        state = "exception" if status.migration_state == _FAILED else "terminated"
        return job._replace(state=state, percent=status.percent, error_code=status.reason)
    return job._replace(state="new") if waited < GROUP_BEGINS_WITHIN else None


class GroupEnd:
    """Ends the pending move of a group by CancelOperation, which knows no force."""

    def __init__(self, cluster: Cluster, reference: Reference) -> None:
        self._cluster = cluster
        self._reference = reference

    def __call__(self, force: bool) -> EndReply:
        """Ask once."""
        del force
        try:
            self._cluster.home.invoke(self._reference, "CancelOperation", {"Flags": 0})
        except NoAnswer as error:
            if isinstance(error, Fault) and _NOTHING_PENDING in win32_codes(error):
                return EndReply(Reply.TOO_LATE, f"CancelOperation: {error}".rstrip("."))
            return reply_of(error)
        return EndReply(Reply.TAKEN)


def group_reference(role: VmGroup) -> Reference:
    """Return the reference of a role's group."""
    return Reference.of(MSCLUSTER, GROUP, Name=role.group)
