# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starts, saves and stops many VMs at the same time, each until the cluster reports its state.

What EnabledState shows decides, not the answers: a call without an answer is never repeated before the VM was looked at
for longer than the node itself may take for one call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..cluster.cluster import Cluster
from ..cluster.groups import read_groups
from ..cluster.job_error_details import with_errors
from ..cluster.jobs import read_job
from ..cluster.lost_answers import NextStep
from ..cluster.nodes import Node, read_nodes_if_any
from ..cluster.states import AT_REST
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.codes import see_event_logs
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from .power_changes import (
    CHANGED,
    OFF,
    RUNNING,
    SHUT_DOWN,
    UNCHANGED,
    WOULD_CHANGE,
    Change,
    DesiredState,
    PowerStage,
    objection,
)
from .power_requests import Ordered, Orders

_MOST_REFUSALS = 3  # of a VM that is busy
_BETWEEN_REFUSALS = 10.0  # seconds
_TURNS_OFF_WITHIN = 60.0  # seconds
_ANY = Reference("", ())  # stands for a guest that was not asked about yet


class StateChanger:
    """Brings VMs into one state.

    ``force`` allows to lose what guests have not written to disk: see the module's documentation. ``timeout`` and
    ``poll_interval`` are seconds.
    """

    def __init__(
        self, cluster: Cluster, desired: DesiredState, *, force: bool, timeout: float, poll_interval: float
    ) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._desired = desired
        self._force = force
        self._timeout = timeout
        self._poll_interval = poll_interval
        self._orders = Orders(cluster)
        self._components: dict[str, Reference | None] = {}
        self._jobs: dict[str, Ordered] = {}  # by VM id: what the last call came to
        self._nodes: dict[str, Node] = {}

    def plan(self, vms: Sequence[Vm], local: Sequence[Vm] = ()) -> list[Change]:
        """Return the changes; those that need none, or must not be made, have ended. Raises Fault, TransportError.

        ``local`` are VMs that only their host knows.
        """
        deadline = self._clock.now() + self._timeout
        changes = [Change(vm, self._desired, deadline) for vm in vms]
        changes += [Change(vm, self._desired, deadline, is_local=True) for vm in local]
        if self._desired == RUNNING and any(vm.state in AT_REST for vm in vms):
            self._nodes = {first_label(node.name): node for node in read_nodes_if_any(self._cluster)}
        for change in changes:
            if change.is_there:
                change.end(UNCHANGED)
            elif not change.waits_for:
                self._object(change)
        return changes

    def dry_run(self, changes: Sequence[Change]) -> None:
        """End all changes as they would begin. Asks guests whether they can be shut down; changes nothing."""
        self._look_for_guests(
            [change.vm for change in changes if change.stage is PowerStage.WAITING and not change.waits_for]
        )
        for change in changes:
            if change.stage is not PowerStage.WAITING:
                continue
            if self._desired == SHUT_DOWN and not self._force and self._components.get(change.vm.id, _ANY) is None:
                change.fail(_no_shutdown_service(change))
            else:
                change.end(WOULD_CHANGE)

    def run(self, changes: Sequence[Change], report: Callable[[Sequence[Change]], None]) -> None:
        """Bring every VM there, or fail it; ``report`` is called whenever something may have changed.

        Raises HyperVError, Fault, TransportError before anything was asked for.
        """
        self._look_for_guests(
            [change.vm for change in changes if change.stage is PowerStage.WAITING and not change.waits_for]
        )
        while True:
            for change in changes:
                if change.stage is PowerStage.WAITING:
                    self._begin(change)
            report(changes)
            still_open = [change for change in changes if change.stage is not PowerStage.ENDED]
            if not still_open:
                return
            self._clock.pause(self._poll_interval)
            if self._read(still_open):
                for change in still_open:
                    self._look_at(change)
            for change in still_open:
                if change.stage is not PowerStage.ENDED and self._clock.now() >= change.deadline:
                    self._lose_patience(change)

    def _object(self, change: Change) -> bool:
        node = None if change.is_local else self._nodes.get(first_label(change.vm.node))
        error = objection(change.vm, change.desired, force=self._force, node=node)
        if error is not None:
            change.fail(error)
        return error is not None

    def _look_for_guests(self, vms: Sequence[Vm]) -> None:
        """Read which of these guests, all of which run, can be asked to shut down."""
        if self._desired == SHUT_DOWN and vms:
            found = self._orders.shutdown_components(vms)
            self._components.update({vm.id: found.get(vm.id) for vm in vms})

    def _begin(self, change: Change) -> None:
        waits = change.refusals and self._clock.now() - change.asked_at < _BETWEEN_REFUSALS
        if change.is_there:
            change.end(CHANGED if change.calls else UNCHANGED)
        elif not change.waits_for and not waits and not self._object(change):
            self._ask(change)

    def _ask(self, change: Change) -> None:
        if not change.is_of_the_guest:
            self._called(change, self._orders.change(change.vm, change.final_state, is_local=change.is_local))
            return
        if change.vm.id not in self._components:  # it was busy at first
            with contextlib.suppress(NoAnswer):
                self._look_for_guests([change.vm])
        component = self._components.get(change.vm.id)
        if component is not None:
            self._called(change, self._orders.shut_down(change.vm, component, force=self._force))
        elif self._force:
            self._turn_off(change)
        else:
            change.fail(_no_shutdown_service(change))

    def _called(self, change: Change, ordered: Ordered) -> None:
        """Note what a call came to."""
        repeated = change.is_lost
        change.asked(self._clock.now(), is_lost=ordered.is_lost)
        self._jobs[change.vm.id] = ordered
        if ordered.error is None or (repeated and ordered.is_busy):
            return  # busy with what the call that was not answered began
        if ordered.is_busy and change.refused_as_busy(_MOST_REFUSALS):
            return
        if self._force and change.is_of_the_guest:
            self._turn_off(change)
        else:
            change.fail(ordered.error)

    def _turn_off(self, change: Change) -> None:
        change.turn_off_until(self._clock.now() + _TURNS_OFF_WITHIN)
        self._called(change, self._orders.change(change.vm, OFF, is_local=change.is_local))

    def _read(self, changes: Sequence[Change]) -> bool:
        """Read the VMs again; False where the cluster does not answer now."""
        try:
            clustered = [change.vm.id for change in changes if not change.is_local]
            vms = read_vms(self._cluster, ids=clustered) if clustered else []
            for node in {change.vm.node for change in changes if change.is_local}:
                vms += read_local_vms(self._cluster, node)
            present = {vm.id: vm for vm in vms}
            hidden = read_groups(self._cluster, [one.vm for one in changes if one.vm.id not in present])
        except (HyperVError, NoAnswer):
            with contextlib.suppress(HyperVError, NoAnswer):
                self._cluster.find_provider()
            return False
        for change in changes:
            if change.vm.id in present:
                change.seen(present[change.vm.id])
            elif change.vm.id not in hidden:  # what the cluster has a role of may only not be shown just now
                change.fail(Failure("vm_gone", f"VM {change.vm.name} is no longer there", "Look what became of it."))
        return True

    def _look_at(self, change: Change) -> None:
        if change.stage is not PowerStage.ASKED:
            return
        if change.is_there:
            change.end(CHANGED)
            return
        step = NextStep.LOOK
        if change.is_lost and not change.waits_for:
            step = change.after_lost_answer(self._clock.now(), self._cluster.look_for_lost)
        if step is NextStep.REPEAT:
            self._ask(change)
        elif step is NextStep.GIVE_UP:
            change.fail(_unknown(change))
        else:
            error = self._failure_of(change)
            if error is not None:
                change.fail(error)

    def _lose_patience(self, change: Change) -> None:
        if self._force and change.is_of_the_guest and change.stage is PowerStage.ASKED:
            self._turn_off(change)
        else:
            change.fail(_unknown(change) if change.is_lost else _late(change, self._timeout))

    def _failure_of(self, change: Change) -> Failure | None:
        """Return why the job of a change failed; None while it runs, did not fail, or is not known."""
        ordered = self._jobs[change.vm.id]
        if ordered.session is None or ordered.job is None:
            return None
        try:
            job = read_job(ordered.session, ordered.job)
        except NoAnswer:
            return None
        if job is None or not job.is_final or job.is_success:
            return None
        # The remedies of a failed migration job are not those of a change of state.
        return (
            with_errors(ordered.session, ordered.job, job)
            .error()
            ._replace(
                code="state_change_failed",
                remedy=see_event_logs(change.vm.node or "its node"),
                operation=f"VM {change.vm.name} did not become {change.final_state}",
            )
        )


def _no_shutdown_service(change: Change) -> Failure:
    return Failure(
        "no_shutdown_service",
        f"the guest of VM {change.vm.name} offers no shutdown service",
        "Shut it down from inside, save it instead, or use force=true to turn it off.",
    )


def _unknown(change: Change) -> Failure:
    return Failure(
        "outcome_unknown",
        f"the request that VM {change.vm.name} become {change.final_state} was not answered, and the VM is "
        f"{change.vm.state}",
        "Look at the VM before anything else: the change may still be under way.",
    )


def _late(change: Change, timeout: float) -> Failure:
    doing = (
        f"the VM could not be asked, for {change.waits_for}"
        if change.stage is PowerStage.WAITING
        else f"it is {change.vm.state}"
    )
    hint = " or force=true, which turns it off after that time" if change.desired == SHUT_DOWN else ""
    return Failure(
        "timeout",
        f"VM {change.vm.name} did not become {change.final_state} within {timeout:.0f} s; {doing}",
        f"Run the task again with a longer timeout{hint}.",
        transient=True,
    )
