# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a VM reached its destination by a restart, as the cluster does with VMs of a node that went down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._hostnames import first_label
from ..cluster.nodes import Node
from ..cluster.states import IN_MEMORY
from ..failure.failures import Failure
from ..migration.migration_task import MigrationTask
from ..migration.vocabulary import CLUSTER_GROUP

ReadNodes = Callable[[], Sequence[Node]]
"""Reads the nodes of the cluster, none for hosts that stand alone; who asks for many moves reads them once."""


def find_restart(task: MigrationTask, read_nodes: ReadNodes) -> Failure | None:
    """Return why a VM that is on its destination was not migrated there; None where nothing says so.

    Only what ran or was paused when the task began can lose its memory: it may be off by now all the same, but what is
    saved has lost nothing. Nodes are not read where the job was seen to succeed. Raises what ``read_nodes`` raises.
    """
    had_memory = task.request.move.vm.state in IN_MEMORY and task.move.vm.state != "saved"
    # What stands for the job of a group's move succeeds with its owner, by whatever the VM came there.
    own_job = task.job if task.method != CLUSTER_GROUP else None
    if not had_memory or (own_job is not None and own_job.is_success):
        return None
    fetched_from, destination = task.request.move.source, task.move.destination.name
    nodes = {first_label(node.name): node for node in read_nodes()}
    source = nodes.get(first_label(fetched_from))
    if source is None or source.is_running or first_label(fetched_from) == first_label(destination):
        return None
    job = f"its migration ended as {own_job.state}" if own_job and own_job.is_final else "no end of it was seen"
    return Failure(
        "restarted",
        f"VM {task.move.vm.name} is on {destination}, but {source.name} is {source.state} and {job}: most likely the "
        "VM was not migrated, and the cluster restarted it there, so that its guest has lost what was in its memory",
        "Look at the guest, and at the event log of the cluster.",
    )
