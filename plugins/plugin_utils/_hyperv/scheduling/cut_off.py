# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of moves whose task was cut off before their end. Private to this collection.

The migrations themselves go on at the cluster, so nothing counts that the task knew: where the VMs are now decides.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.cluster import Cluster
from ..cluster.owners import owners_of
from ..cluster.running_migrations import Flight, read_flights
from ..cluster.vms import Vm
from ..failure.errors import NO_ANSWER, HyperVError, MoveError, obstacle, with_remedy
from ..migration.moves import reread
from ..migration.runs import ENDED, WAITING, Run
from .liveness import outcome_unknown

_AGAIN = "Run the same task again: it takes up what still runs."


def account_for(cluster: Cluster, runs: Sequence[Run], why: str) -> None:
    """End all moves that have not ended by what the cluster says of their VMs now.

    ``moved`` or ``already_there``, ``elsewhere``, ``started`` (its migration runs), ``not_begun`` (it was not asked
    for, and the VM is where it was), or ``failed``. ``why`` says what cut the task off.
    """
    unfinished = [run for run in runs if run.stage != ENDED]
    if not unfinished:
        return
    try:
        seen = reread(cluster, [run.move for run in unfinished])
        running = _running(cluster, [vm for vm, unused in seen.values() if vm is not None])
    except (HyperVError, *NO_ANSWER) as error:
        unread = f"{why}, and where the VM is could not be read after that: {with_remedy(error)}".rstrip(".")
        for run in unfinished:
            run.fail(outcome_unknown(run.move, unread), cluster.clock.now(), goes_on=True)
        return
    for run in unfinished:
        vm, role = seen[run.move.vm.id]
        if vm is None:
            run.fail(
                outcome_unknown(run.move, f"{why}, and the VM is not shown now"), cluster.clock.now(), goes_on=True
            )
            continue
        was = run.move.vm.state
        # From where it was: that it has arrived is no move from its destination.
        source = run.move.source
        run.move = dataclasses.replace(run.move, vm=vm, role=role)
        run.owner = vm.node or (role.owner if role is not None else "")
        _account_for(run, source, was, running.get(vm.id), why, cluster.clock.now())


def _running(cluster: Cluster, vms: Sequence[Vm]) -> Mapping[str, Flight]:
    with contextlib.suppress(HyperVError, *NO_ANSWER):  # that one runs is known by its VM; only where to is not
        return read_flights(cluster, vms)
    return {}


def _account_for(run: Run, source: str, was: str, flight: Flight | None, why: str, now: float) -> None:
    vm, destination = run.move.vm, run.move.destination.name
    owners = owners_of(vm, run.move.role)
    asked = run.attempts > 0 or run.adopted
    if vm.is_leaving:
        if flight is not None and first_label(flight.destination) != first_label(destination):
            run.warn_once(f"It is being migrated to {flight.destination}, and not to {destination}.")
        run.end("started", now)
    elif owners == {first_label(destination)}:
        if vm.state == was:
            run.end("moved" if asked else "already_there", now)
        else:
            run.fail(_changed(run, was), now)
    elif run.move.is_elsewhere or (owners and owners.isdisjoint(map(first_label, (source, destination)))):
        run.warn_once(f"It is on {run.owner}, neither on {source} nor on {destination}: somebody else moved it.")
        run.end("elsewhere", now)
    elif owners == {first_label(source)} and run.stage == WAITING and not asked:
        run.end("not_begun", now)
    elif owners == {first_label(source)}:
        run.fail(_not_moved(run, source, why), now)
    else:
        run.fail(
            outcome_unknown(run.move, f"{why}, and Hyper-V and the cluster name different owners"), now, goes_on=True
        )


def _changed(run: Run, was: str) -> MoveError:
    name, destination = run.move.vm.name, run.move.destination.name
    cause = f"VM {name} arrived on {destination} but is {run.move.vm.state}, and was {was} before"
    return obstacle("state_changed", cause, "Look at the VM on that node.")


def _not_moved(run: Run, source: str, why: str) -> MoveError:
    cause = f"{why} while VM {run.move.vm.name} was being moved, and it is on {source} with no migration that runs"
    return obstacle("cut_off", cause, _AGAIN, transient=True)
