# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nodes and VMs of the cluster as they are at this moment, and one migration of a VM: its job."""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from ..scenario import Activity, NodeSpec, NodeState, VmSpec, VmState
from ..scenario_roles import is_shared
from .failures import Failure

Reader = t.Literal["summary", "cluster"]
READERS: tuple[Reader, ...] = ("summary", "cluster")
DrainState = t.Literal["not_initiated", "in_progress", "completed", "failed"]


class JobState(enum.IntEnum):
    """JobState of CIM_ConcreteJob (DSP1103), and the one that only Microsoft's samples name."""

    NEW = 2
    STARTING = 3
    RUNNING = 4
    SHUTTING_DOWN = 6
    COMPLETED = 7
    TERMINATED = 8
    KILLED = 9
    EXCEPTION = 10
    COMPLETED_WITH_WARNINGS = 32768

    @property
    def final(self) -> bool:
        return self >= JobState.COMPLETED


@dataclasses.dataclass(frozen=True)
class Files:
    """Where a VM's files are: the folders of configuration, checkpoints and paging file, and its disks."""

    configuration: str
    snapshots: str
    swap: str
    disks: tuple[str, ...]

    @property
    def are_shared(self) -> bool:
        """Every host reaches all of them."""
        return all(map(is_shared, (self.configuration, self.snapshots, self.swap, *self.disks)))


@dataclasses.dataclass(frozen=True)
class Order:
    """What is asked for beside a VM and its destination.

    Attributes:
        kind: the VM moves, its files do, both do, or a planned VM is made of it on the destination.
        by_group: the cluster moves the VM's group.
        by_host: the VM's host moves it, in the caller's name.
        files: where they shall be, None for where they are.
        keeps_disks: the disks on the source stay there as well.
        addresses: on which the destination is to receive it; empty for any.
    """

    kind: t.Literal["vm", "storage", "both", "staged"] = "vm"
    by_group: bool = False
    by_host: bool = False
    files: Files | None = None
    keeps_disks: bool = False
    addresses: tuple[str, ...] = ()

    @property
    def takes_memory(self) -> bool:
        """The VM's memory travels."""
        return self.kind in ("vm", "both")

    @property
    def takes_disks(self) -> bool:
        """Its disks travel."""
        return self.kind in ("storage", "both")


LIVE = Order()


@dataclasses.dataclass(eq=False)
class Node:
    """One node.

    ``drained`` holds the ids of VMs that a drain moved away, for the failback; ``booted_at`` is the second of its last
    restart, None before the first; ``listens`` tells whether its Hyper-V has started since. ``planned`` are the ids of
    planned VMs, ``left_disks`` disks that were kept here when their VM moved. ``watchers`` are called with each state
    that the node enters.
    """

    spec: NodeSpec
    number: int
    drain: DrainState = "not_initiated"
    drain_target: str = ""
    drained: list[str] = dataclasses.field(default_factory=list)
    residents: dict[str, Machine] = dataclasses.field(default_factory=dict)
    arriving: dict[str, Machine] = dataclasses.field(default_factory=dict)
    booted_at: float | None = None
    listens: bool = True
    restarts_requested: int = 0
    planned: set[str] = dataclasses.field(default_factory=set)
    left_disks: list[str] = dataclasses.field(default_factory=list)
    watchers: list[t.Callable[[Node], None]] = dataclasses.field(default_factory=list)
    _state: NodeState = dataclasses.field(init=False)
    _entered: int = dataclasses.field(init=False, default=0)

    def __post_init__(self) -> None:
        self._state = self.spec.state

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def state(self) -> NodeState:
        return self._state

    def enter(self, state: NodeState) -> int:
        """Enter a state, maybe the present one anew; return which one it is, as ``is_still`` takes it."""
        self._state = state
        self._entered += 1
        for watch in self.watchers:
            watch(self)
        return self._entered

    def is_still(self, entered: int) -> bool:
        """Return whether the node has entered no state since."""
        return self._entered == entered

    @property
    def answers(self) -> bool:
        """Whether the node's services run at all."""
        return self.state in ("up", "paused")

    @property
    def listener_addresses(self) -> tuple[str, ...]:
        """Where it receives migrations now."""
        return (self.spec.listener_addresses or ()) if self.listens else ()

    def clock_offset(self, now: float) -> float:
        """Return by how many seconds its clock is ahead."""
        spec = self.spec.restart
        is_off = self.booted_at is not None and now < self.booted_at + spec.clock_seconds
        return spec.clock_offset_seconds if is_off else 0.0

    def networks_are_up(self, now: float) -> bool:
        """Tell whether its interfaces to the cluster networks work."""
        spec = self.spec.restart
        is_new = self.booted_at is not None and now < self.booted_at + spec.joining_seconds + spec.networks_seconds
        return self.answers and not is_new

    @property
    def windows_runs(self) -> bool:
        """Whether its Windows can be reached, be it a working member of the cluster or about to be one again."""
        return self.answers or (self.state == "joining" and self.booted_at is not None)

    def free_mb(self) -> int:
        """Return the memory that is left, VMs on their way here counted."""
        used = sum(machine.needs_mb for machine in (*self.residents.values(), *self.arriving.values()))
        return self.spec.memory_mb - self.spec.used_by_host_mb - used


@dataclasses.dataclass(eq=False)
class Machine:
    """One VM. ``owner`` is where it truly is; ``owner_in_summary`` and ``owner_in_cluster`` are what those still show.

    ``commands`` are the changes of state that it was asked for, refused ones among them; ``times_lost``: how often it
    ran on a node that went down. ``processor`` and ``processor_maker``: of the one whose features it uses.
    """

    spec: VmSpec
    owner: str
    state: VmState
    activity: Activity | None
    owner_in_summary: str
    owner_in_cluster: str
    files: Files
    changed_at: float = 0.0
    job: Job | None = None
    last_job: Job | None = None
    times_migrated: int = 0
    times_failed: int = 0
    times_returned: int = 0
    times_lost: int = 0
    changing_to: VmState | None = None
    processor: int = 1
    processor_maker: str = ""
    commands: list[str] = dataclasses.field(default_factory=list)

    @property
    def id(self) -> str:
        return t.cast(str, self.spec.id)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def group(self) -> str:
        return t.cast(str, self.spec.group)

    @property
    def has_memory(self) -> bool:
        """Whether memory is assigned to it now: running or paused."""
        return self.state in ("running", "paused")

    @property
    def needs_mb(self) -> int:
        return self.spec.memory_mb if self.has_memory else 0

    def show_owner(self, reader: Reader) -> None:
        """Have the summary or the cluster show where the VM is by now."""
        if reader == "summary":
            self.owner_in_summary = self.owner
        else:
            self.owner_in_cluster = self.owner

    def may_run_on(self, node: str) -> bool:
        return self.spec.possible_owners is None or node in self.spec.possible_owners


@dataclasses.dataclass(eq=False)
class Job:
    """One migration; times are simulated seconds.

    ``host`` is the node that lists it among its own jobs; ``shown_state`` is the JobState that it tells instead of its
    true one. ``is_check``: it only tells whether the move could be made. ``logged``: what the hosts' event logs tell of
    its failure where that is more than the job does.
    """

    id: str
    machine: Machine
    source: str
    destination: str
    caller: str
    host: str
    submitted: float
    state: JobState = JobState.NEW
    order: Order = LIVE
    is_check: bool = False
    shown_state: int | None = None
    changed_at: float = 0.0
    started: float | None = None
    ended: float | None = None
    transfer_began: float | None = None
    transfer_seconds: float = 0.0
    frozen_percent: int | None = None
    failures: tuple[Failure, ...] = ()
    logged: tuple[Failure, ...] = ()

    def percent(self, now: float) -> int:
        """Return PercentComplete at ``now``: 100 only when the job has succeeded."""
        if self.state in (JobState.COMPLETED, JobState.COMPLETED_WITH_WARNINGS):
            return 100
        if self.frozen_percent is not None:
            return self.frozen_percent
        if self.transfer_began is None:
            return 0
        passed = now - self.transfer_began
        return 99 if passed >= self.transfer_seconds else int(100 * passed / self.transfer_seconds)

    def elapsed(self, now: float) -> float:
        """Return the seconds from the submission to the end, or to now."""
        return (now if self.ended is None else self.ended) - self.submitted
