# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The documented methods by which a VM can be moved, and which one is taken. Private to this collection."""

from __future__ import annotations

import typing as t

from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..failure.failures import Failure
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move
from ..migration.vocabulary import AUTO, CLUSTER_GROUP, HOST, SYSTEM, MethodChoice, MethodName
from ..settings.wanted_settings import WantedSettings
from .by_group import GroupMoves
from .by_host import HostMigration
from .by_system import MigrationService
from .results import Answer, Verdict


class Method(t.Protocol):
    """One way to move a VM."""

    @property
    def form(self) -> str:
        """The form of setting data that was taken; empty where the method has none or was not called yet."""

    def check(self, move: Move) -> Verdict:
        """Ask whether a move can be made now; nothing is changed. Raises HyperVError and TransportError."""

    def migrate(self, move: Move) -> Answer:
        """Start a move. Whatever comes back is an Answer, never an exception of the wire."""


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
        self.groups = GroupMoves(cluster)
        self._by_name: dict[MethodName, Method] = {
            SYSTEM: MigrationService(cluster, settings),
            CLUSTER_GROUP: self.groups,
            HOST: HostMigration(cluster, settings),
        }
        self._unsupported: Failure | None = None

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

    def may_leave_to_group(self, task: MigrationTask) -> bool:
        """Tell whether a move that MigrateVirtualSystemToSystem does not make may go by the VM's group."""
        return (
            self._wanted == AUTO
            and task.method == SYSTEM
            and task.move.role is not None
            and not self._settings.are_given
        )

    def go_on(self, task: MigrationTask, unsupported: Failure) -> bool:
        """Take the next documented method for a move whose present one is unsupported; False where there is none.

        Nothing may have been started: that is what ``unsupported`` says.
        """
        if not self.may_leave_to_group(task):
            return False
        self._unsupported = unsupported
        task.use(CLUSTER_GROUP)
        task.warn(
            f"This cluster does not support MigrateVirtualSystemToSystem ({unsupported.cause}), so the VM is moved by "
            "its cluster group."
        )
        return True


def is_known_to_its_host_alone(move: Move) -> bool:
    """Tell whether a VM is not clustered: neither a group nor Root\\HyperVCluster\\v2 has it."""
    return move.role is None and move.vm.namespace == VIRTUALIZATION
