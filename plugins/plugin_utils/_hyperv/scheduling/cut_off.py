# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of moves whose task was cut off before their end.

The migrations themselves go on at the cluster, so nothing counts that the task knew: where the VMs are now decides.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.owners import owner_of, owners_of
from ..cluster.running_migrations import RunningMigration, read_running_migrations
from ..cluster.vms import Vm
from ..failure.errors import HyperVError, with_remedy
from ..failure.failures import Failure
from ..migration.migration_task import MigrationTask
from ..migration.moves import reread
from ..migration.stage import Stage
from .liveness import outcome_unknown
from .restarted import Restarts

_AGAIN = "Run the same task again: it takes up what still runs."


def account_for(cluster: Cluster, tasks: Sequence[MigrationTask], why: str) -> None:
    """End all moves that have not ended by what the cluster says of their VMs now.

    ``moved`` or ``already_there``, ``elsewhere``, ``started`` (its migration runs), ``not_begun`` (it was not asked
    for, and the VM is where it was), or ``failed``. ``why`` says what cut the task off.
    """
    unfinished = [task for task in tasks if task.stage is not Stage.ENDED]
    if not unfinished:
        return
    try:
        seen = reread(cluster, [task.move for task in unfinished])
        running = _running(cluster, [vm for vm, unused in seen.values() if vm is not None])
    except (HyperVError, NoAnswer) as error:
        unread = f"{why}, and where the VM is could not be read after that: {with_remedy(error)}".rstrip(".")
        for task in unfinished:
            task.fail(outcome_unknown(task.move, unread), cluster.clock.now(), goes_on=True)
        return
    restarts = Restarts(cluster)
    for task in unfinished:
        vm, role = seen[task.move.vm.id]
        if vm is None:
            task.fail(
                outcome_unknown(task.move, f"{why}, and the VM is not shown now"), cluster.clock.now(), goes_on=True
            )
            continue
        was = task.move.vm.state
        task.seen(vm, role)
        task.seen_at(owner_of(vm, role))
        _account_for(task, was, running.get(vm.id), restarts, why, cluster.clock.now())


def _running(cluster: Cluster, vms: Sequence[Vm]) -> Mapping[str, RunningMigration]:
    with contextlib.suppress(HyperVError, NoAnswer):  # that one runs is known by its VM; only where to is not
        return read_running_migrations(cluster, vms)
    return {}


def _account_for(
    task: MigrationTask, was: str, running: RunningMigration | None, restarts: Restarts, why: str, now: float
) -> None:
    vm, source, destination = task.move.vm, task.move.source, task.move.destination.name
    owners, asked = owners_of(vm, task.move.role), task.was_asked_for
    if vm.is_leaving:
        if running is not None and first_label(running.destination) != first_label(destination):
            task.warn_once(f"It is being migrated to {running.destination}, and not to {destination}.")
        task.end("started", now)
    elif owners == {first_label(destination)}:
        restart = _restart(task, restarts) if asked else None
        if restart is not None:
            task.fail(restart, now)
        elif vm.state == was:
            task.end("moved" if asked else "already_there", now)
        else:
            task.fail(_changed(task, was), now)
    elif task.move.is_elsewhere or (owners and owners.isdisjoint(map(first_label, (source, destination)))):
        task.warn_once(f"It is on {task.owner}, neither on {source} nor on {destination}: somebody else moved it.")
        task.end("elsewhere", now)
    elif owners == {first_label(source)} and task.stage is Stage.WAITING and not asked:
        task.end("not_begun", now)
    elif owners == {first_label(source)}:
        task.fail(_not_moved(task, source, why), now)
    else:
        task.fail(
            outcome_unknown(task.move, f"{why}, and Hyper-V and the cluster name different owners"), now, goes_on=True
        )


def _restart(task: MigrationTask, restarts: Restarts) -> Failure | None:
    with contextlib.suppress(HyperVError, NoAnswer):  # nothing else speaks against what was just read
        return restarts.find(task)
    return None


def _changed(task: MigrationTask, was: str) -> Failure:
    name, destination = task.move.vm.name, task.move.destination.name
    cause = f"VM {name} arrived on {destination} but is {task.move.vm.state}, and was {was} before"
    return Failure("state_changed", cause, "Look at the VM on that node.")


def _not_moved(task: MigrationTask, source: str, why: str) -> Failure:
    cause = f"{why} while VM {task.move.vm.name} was being moved, and it is on {source} with no migration that runs"
    return Failure("cut_off", cause, _AGAIN, transient=True)
