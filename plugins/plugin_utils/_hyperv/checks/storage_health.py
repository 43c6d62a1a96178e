# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the storage of a cluster can do without the disks of a node: Storage Spaces Direct.

Sources, all Microsoft docs: "Taking a Storage Spaces Direct server offline for maintenance" (what to look at before and
after), "Understand and see storage resync" (jobs), the Storage Management API (MSFT_VirtualDisk, _StoragePool,
_StorageJob, _PhysicalDisk: values), and MSCluster_Cluster of live schemas (S2DEnabled).
"""

from __future__ import annotations

import dataclasses
import math
import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import TransportError
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.session import Session
from ..._wsman.transport import Clock
from ..._wsman.wql import Query
from ..cluster.cim_values import DETACHED, IN_SERVICE, JOB_STATES, VIRTUAL_DISK_STATUSES
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node
from ..cluster.states import UNKNOWN
from ..failure.errors import with_remedy
from ..failure.finding import ERROR, Finding, sentence
from .pool_disks import STORAGE, PoolDisk, describe_disk, describe_state, is_well, read_unwell_disks, statuses_of
from .storage_session import storage_session

_BROKEN_OFF = {"terminated": "was terminated", "killed": "was killed", "exception": "ended with an error"}
_ENDED = frozenset({"completed", *_BROKEN_OFF})
_WAIT = "Wait until it is repaired: a node must not be taken away before."
_GIB = 1 << 30


@dataclasses.dataclass(frozen=True)
class Repair:
    """All repairs that have not ended, in bytes; ``total`` may grow while a node is away (Microsoft docs).

    ``is_running``: one of them is not suspended.
    """

    jobs: int
    done: int
    total: int
    is_running: bool

    @property
    def percent(self) -> int | None:
        """How much is done, rounded down; None where no bytes are told."""
        return 100 * self.done // self.total if self.total else None

    def __str__(self) -> str:
        if self.percent is None:
            return f"{self.jobs} running"
        return f"{self.percent} %, {(self.total - self.done) / _GIB:.1f} GiB left"


@dataclasses.dataclass(frozen=True)
class StorageHealth:
    """What was found.

    Attributes:
        on_the_nodes: whether the volumes are on disks of the nodes, as with Storage Spaces Direct; where they are not,
            taking a node away does not concern them, and nothing was looked at.
        findings: what speaks against taking a node away.
        repair: the repairs that have not ended, None for none.
        own_disks_rest: the disks of the node that is taken away are in maintenance mode already, and nothing else
            speaks against it.
    """

    on_the_nodes: bool
    findings: tuple[Finding, ...] = ()
    repair: Repair | None = None
    own_disks_rest: bool = False

    @property
    def verdict(self) -> str:
        """``not_applicable`` where nothing was looked at, which is no ``passed``; else that, or ``refused``."""
        return "not_applicable" if not self.on_the_nodes else "refused" if self.findings else "passed"

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        repair = self.repair
        return {
            "on_the_nodes": self.on_the_nodes,
            "verdict": self.verdict,
            "repair_jobs": repair.jobs if repair else 0,
            "repair_percent": repair.percent if repair else None,
            "repair_bytes_left": repair.total - repair.done if repair else None,
        }


class _OutOfTime(Exception):
    """The time that a look may take is over."""


@dataclasses.dataclass(frozen=True)
class _InTime:
    """A session that is asked nothing any more from a reading of the clock on."""

    session: Session
    clock: Clock
    until: float

    def query(self, namespace: str, query: Query) -> list[Instance]:
        """Return what the session returns. Raises _OutOfTime, Fault and TransportError."""
        if self.clock.now() >= self.until:
            raise _OutOfTime
        return self.session.query(namespace, query)


def read_storage_health(
    cluster: Cluster, leaving: Node | None, until: float = math.inf, *, through: Session | None = None
) -> StorageHealth:
    """Look at pool, virtual disks and repairs in three queries, and at disks only where all those are in order.

    ``leaving`` is the node that is about to be taken away: its own disks do not count, and what they do not have while
    they are in maintenance mode does not either. Lists of all disks can take minutes, so they are not read while there
    is something to wait for. ``until`` is the reading of the clock after which no further request is sent: what could
    not be read by then counts as not healthy. ``through``: as ``storage_session`` chooses unless it is told. Raises
    Fault and TransportError where the cluster cannot be asked who it is.
    """
    if not is_on_the_nodes(cluster):
        return StorageHealth(on_the_nodes=False)
    there = through or storage_session(cluster, leaving)
    session = _InTime(there, cluster.clock, until)
    try:
        pools = [row for row in session.query(STORAGE, _POOLS) if not row.boolean("IsPrimordial")]
        volumes = session.query(STORAGE, _VOLUMES)
        jobs = session.query(STORAGE, _JOBS)
        repair = _repair(jobs)
        findings = [*_of_pools(pools), *_of_volumes(volumes), *_of_repair(repair), *_of_broken_jobs(jobs)]
        if findings and leaving is not None and leaving.state == "paused" and _may_rest(findings, volumes, jobs):
            unwell = read_unwell_disks(session)
            others = list(_of_disks(unwell, leaving))
            if any(disk.is_in_maintenance for disk in unwell) and not others:
                return StorageHealth(True, (), repair, own_disks_rest=True)
        if not findings:
            findings = list(_of_disks(read_unwell_disks(session), leaving))
    except (Fault, TransportError) as error:
        return StorageHealth(True, (_unread(there, error),))
    except _OutOfTime:
        return StorageHealth(True, (_not_read_in_time(there),))
    return StorageHealth(True, tuple(findings), repair)


def is_on_the_nodes(cluster: Cluster) -> bool:
    """Tell whether the cluster has Storage Spaces Direct. It asks nothing that was asked. Raises as ``cluster_row``."""
    row = cluster.identity.cluster_row if cluster.is_clustered else None
    return row is not None and bool(row.integer("S2DEnabled"))


def _may_rest(findings: Sequence[Finding], volumes: Sequence[Instance], jobs: Sequence[Instance]) -> bool:
    """Tell whether nothing is found but what disks in maintenance mode come to: no copy is being repaired."""
    return (
        all(finding.transient for finding in findings)
        and not any(IN_SERVICE in statuses_of(row) for row in volumes)
        and all(_job_state(row) in {"suspended", *_ENDED} for row in jobs)
    )


_POOLS = Query("MSFT_StoragePool", ("FriendlyName", "IsPrimordial", "IsReadOnly", "HealthStatus", "OperationalStatus"))
_VOLUMES = Query("MSFT_VirtualDisk", ("FriendlyName", "HealthStatus", "OperationalStatus"))
_JOBS = Query("MSFT_StorageJob", ("Name", "JobState", "BytesProcessed", "BytesTotal", "ErrorDescription"))


def _unread(session: Session, error: Exception) -> Finding:
    return Finding(
        "storage_unknown",
        ERROR,
        session.node,
        "node",
        f"The state of the storage could not be read from {session.node}. {sentence(with_remedy(error))}",
        "Reading it takes a local administrator of that node; for some minutes after a restart it may fail by itself.",
        transient=True,
    )


def _not_read_in_time(session: Session) -> Finding:
    return Finding(
        "storage_unknown",
        ERROR,
        session.node,
        "node",
        f"The state of the storage could not be read from {session.node} in the time that it may take.",
        "Its lists can take minutes, and longer on a node that was just restarted. Allow more time, or ask through "
        "another node.",
        transient=True,
    )


def _of_pools(pools: Sequence[Instance]) -> Iterator[Finding]:
    for row in pools:
        name = row.text("FriendlyName") or ""
        if row.boolean("IsReadOnly"):
            yield Finding(
                "storage_read_only",
                ERROR,
                name,
                "storage",
                f"The storage pool {name} is read-only.",
                "Find out why in Server Manager or with Get-StoragePool (ReadOnlyReason).",
            )
        elif not is_well(row):
            yield _unhealthy("The storage pool", name, row, VIRTUAL_DISK_STATUSES, transient=True, remedy=_WAIT)


def _of_volumes(volumes: Sequence[Instance]) -> Iterator[Finding]:
    for row in volumes:
        if is_well(row):
            continue
        is_detached = DETACHED in statuses_of(row)
        remedy = "Bring the disks back that it misses, then attach it." if is_detached else _WAIT
        name = row.text("FriendlyName") or ""
        yield _unhealthy("The virtual disk", name, row, VIRTUAL_DISK_STATUSES, transient=not is_detached, remedy=remedy)


def _of_repair(repair: Repair | None) -> Iterator[Finding]:
    if repair is not None:
        yield Finding(
            "storage_repairing",
            ERROR,
            "storage",
            "storage",
            f"Storage is being repaired or rebalanced: {repair}.",
            _WAIT,
            transient=True,
        )


def _of_broken_jobs(jobs: Sequence[Instance]) -> Iterator[Finding]:
    for row in jobs:
        how = _BROKEN_OFF.get(_job_state(row))
        if how is not None:
            name = row.text("Name") or "storage job"
            yield Finding(
                "storage_job_failed",
                ERROR,
                name,
                "storage",
                f"The storage job {name} {how}. {sentence(row.text('ErrorDescription') or '')}".rstrip(),
                "See Get-StorageJob, and start the repair again with Repair-VirtualDisk.",
            )


def _of_disks(unwell: Sequence[PoolDisk], leaving: Node | None) -> Iterator[Finding]:
    """Yield disks that are not healthy, those of the leaving node left out."""
    for disk in unwell:
        if leaving is not None and disk.is_in(leaving.name):
            continue
        where = f" of {first_label(disk.node).upper()}" if disk.node else ""
        message = f"The disk{where} {disk.name} is {describe_disk(disk)}."
        remedy = "Replace it, or retire it and wait for the repair, before another server is taken away."
        if disk.is_in_maintenance or disk.is_changing:
            remedy = (
                "End the maintenance of the server that it is in (restore_node, or Disable-StorageMaintenanceMode)."
            )
        yield Finding("storage_unhealthy", ERROR, disk.name, "storage", message, remedy, transient=disk.is_changing)


def _unhealthy(
    what: str, name: str, row: Instance, words: Mapping[int, str], *, transient: bool, remedy: str
) -> Finding:
    message = f"{what} {name} is {describe_state(row.integer('HealthStatus'), statuses_of(row), words)}."
    return Finding("storage_unhealthy", ERROR, name, "storage", message, remedy, transient=transient)


def _repair(jobs: Sequence[Instance]) -> Repair | None:
    """Return what has not ended. A suspended job counts: it waits for a node that is away."""
    active = [row for row in jobs if _job_state(row) not in _ENDED]
    if not active:
        return None
    done, total = (sum(row.integer(name) or 0 for row in active) for name in ("BytesProcessed", "BytesTotal"))
    return Repair(len(active), done, total, any(_job_state(row) != "suspended" for row in active))


def _job_state(row: Instance) -> str:
    return JOB_STATES.get(row.integer("JobState") or 0, UNKNOWN)
