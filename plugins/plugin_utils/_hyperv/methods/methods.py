# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The documented methods by which a VM can be moved, and which one is taken."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping, Sequence

from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..failure.failures import Failure
from ..migration.attempt import WatchedJob
from ..migration.cancellation import Cancellation
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move
from ..migration.vocabulary import AUTO, CLUSTER_GROUP, HOST, SYSTEM, MethodChoice, MethodName
from ..settings.wanted_settings import WantedSettings
from .by_group import GroupMethod, group_can_move
from .by_host import HostMethod
from .by_system import SystemMethod
from .host_comparison import HostComparison
from .results import CheckResult, StartResult


class Method(t.Protocol):
    """One way to move a VM. Who starts, watches and verifies moves does not know which one it is."""

    def check(self, move: Move) -> CheckResult:
        """Ask whether a move can be made now; nothing is changed. Raises HyperVError, Fault and TransportError."""

    def start(self, move: Move) -> StartResult:
        """Start a move. Whatever comes back is a result, never an exception of the wire. Raises HyperVError."""

    def known_jobs(self, move: Move) -> frozenset[str]:
        """Return the ids of jobs that are there before a move is started. Raises Fault and TransportError."""

    def forget_jobs(self) -> None:
        """Have the known jobs read again: some time has passed."""

    def find_running(self, move: Move, known: Collection[str]) -> WatchedJob | None:
        """Return what a call for a move has started, if anything shows; a job of ``known`` is from before.

        Raises Fault and TransportError.
        """

    def read(self, tasks: Sequence[MigrationTask]) -> Mapping[str, WatchedJob | None]:
        """Return the jobs of moves as they are now, by VM id; None for one that is gone.

        Raises HyperVError, Fault and TransportError.
        """

    def cancellation(self, task: MigrationTask) -> Cancellation:
        """Return what ends the job of a move; nothing is sent yet."""

    def explain(self, error: Failure, move: Move) -> Failure:
        """Return an error with the remedy that this method knows for it."""


class Methods:
    """Chooses the method of each move of a task.

    ``auto`` begins with MigrateVirtualSystemToSystem. Where that turns out to be unsupported, which the first move that
    asks learns, it and all later moves of the task go by the cluster's group. A VM that is not clustered is moved by
    its host.
    """

    def __init__(self, cluster: Cluster, wanted: MethodChoice = AUTO, settings: WantedSettings | None = None) -> None:
        """``settings`` are the user's, which Hyper-V's own migration methods take and a cluster group does not."""
        self._wanted = wanted
        self._settings = settings or WantedSettings()
        self._comparison = HostComparison(cluster)
        self._by_name: dict[MethodName, Method] = {
            SYSTEM: SystemMethod(cluster, self._settings),
            HOST: HostMethod(cluster, self._settings),
            CLUSTER_GROUP: GroupMethod(cluster, self._comparison),
        }
        self._unsupported: Failure | None = None

    @property
    def replaces_devices(self) -> bool:
        """The user gives the VMs other settings on their way, so what they have now need not fit the destination."""
        return bool(self._settings.new_system or self._settings.new_resources)

    def choose(self, task: MigrationTask) -> None:
        """Give a move the method with which its next attempt begins."""
        if self._wanted == HOST or (self._wanted == AUTO and is_known_to_its_host_alone(task.move)):
            task.use(HOST)
        else:
            task.use(CLUSTER_GROUP if self._wanted == CLUSTER_GROUP or self._unsupported is not None else SYSTEM)
        if task.method != self._wanted and task.method == HOST and not task.move.is_done:
            task.warn_once("The VM is not clustered, so it is moved by its host (MigrateVirtualSystemToHost).")

    def of(self, task: MigrationTask) -> Method:
        """Return the method of a move."""
        return self._by_name[task.method]

    def compare(self, move: Move) -> CheckResult:
        """Return Hyper-V's own comparison of a VM that runs with its destination, whatever moves it. Raises nothing."""
        return self._comparison.verdict(move)

    def forget_jobs(self) -> None:
        """Have the jobs that are known from before a call read again."""
        for method in self._by_name.values():
            method.forget_jobs()

    def find_running(self, task: MigrationTask) -> WatchedJob | None:
        """Return the migration of a VM that runs now, by whatever method it was started; None where none shows.

        Raises Fault and TransportError.
        """
        for name in (HOST if task.method == HOST else SYSTEM, CLUSTER_GROUP):
            found = self._by_name[name].find_running(task.move, ())
            if found is not None and not found.has_ended:
                return found
        return None

    def read(self, tasks: Sequence[MigrationTask]) -> dict[str, WatchedJob | None]:
        """Return the jobs of moves as they are now, by VM id; raises as ``Method.read``."""
        found: dict[str, WatchedJob | None] = {}
        for name, method in self._by_name.items():
            own = [task for task in tasks if task.attempt.job is not None and task.attempt.job.method == name]
            if own:
                found.update(method.read(own))
        return found

    def cancellation(self, task: MigrationTask) -> Cancellation | None:
        """Return what ends the job of a move, None for one without a job; nothing is sent yet."""
        job = task.attempt.job
        return self._by_name[job.method].cancellation(task) if job is not None else None

    def take_next(self, task: MigrationTask, unsupported: Failure) -> bool:
        """Take the next documented method for a move whose present one is unsupported; False where there is none.

        Nothing may have been started: that is what ``unsupported`` says.
        """
        if not self._may_leave_to_group(task):
            return False
        self._unsupported = unsupported
        task.use(CLUSTER_GROUP)
        task.warn(
            f"This cluster does not support MigrateVirtualSystemToSystem ({unsupported.cause}), so the VM is moved by "
            "its cluster group."
        )
        return True

    def leave_to_group(self, task: MigrationTask, refusal: Failure) -> bool:
        """Have the cluster move a VM at rest that Hyper-V refused; False where that was for another reason."""
        if not self._may_leave_to_group(task) or not group_can_move(task.move, refusal):
            return False
        task.use(CLUSTER_GROUP)
        return True

    def _may_leave_to_group(self, task: MigrationTask) -> bool:
        """Tell whether a move that MigrateVirtualSystemToSystem does not make may go by the VM's group."""
        is_first_choice = self._wanted == AUTO and task.method == SYSTEM
        return is_first_choice and task.move.role is not None and not self._settings.are_given


def is_known_to_its_host_alone(move: Move) -> bool:
    """Tell whether a VM is not clustered: neither a group nor Root\\HyperVCluster\\v2 has it."""
    return move.role is None and move.vm.namespace == VIRTUALIZATION
