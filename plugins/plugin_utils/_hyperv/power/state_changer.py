# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starts, saves and stops many VMs at the same time, each until the cluster reports its state.

What EnabledState shows decides, not the answers: a call without an answer is never repeated before the VM was looked at
for longer than the node itself may take for one call.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..cluster.cluster import Cluster
from ..cluster.job_error_details import with_errors
from ..cluster.jobs import read_job
from ..cluster.nodes import Node, read_nodes_if_any
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.codes import see_event_logs
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from .power_changes import (
    ASKED,
    CHANGED,
    ENDED,
    OFF,
    RUNNING,
    SHUT_DOWN,
    UNCHANGED,
    WAITING,
    WOULD_CHANGE,
    Change,
    objection,
)
from .power_requests import Ordered, Orders

_LOOK_FOR = 65.0  # seconds for which a trace of an unanswered call is looked for
_MOST_CALLS = 2  # an unanswered call is repeated once
_MOST_REFUSALS = 3  # of a VM that is busy
_BETWEEN_REFUSALS = 10.0  # seconds
_TURNS_OFF_WITHIN = 60.0  # seconds
_ANY = Reference("", ())  # stands for a guest that was not asked about yet


class StateChanger:
    """Brings VMs into one state.

    ``force`` allows to lose what guests have not written to disk: see the module's documentation. ``timeout`` and
    ``poll_interval`` are seconds.
    """

    def __init__(self, cluster: Cluster, wish: str, *, force: bool, timeout: float, poll_interval: float) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._wish = wish
        self._force = force
        self._timeout = timeout
        self._poll_interval = poll_interval
        self._orders = Orders(cluster)
        self._components: dict[str, Reference | None] = {}
        self._nodes: dict[str, Node] = {}

    def plan(self, vms: Sequence[Vm], local: Sequence[Vm] = ()) -> list[Change]:
        """Return the changes; those that need none, or must not be made, have ended. Raises Fault, TransportError.

        ``local`` are VMs that only their host knows.
        """
        deadline = self._clock.now() + self._timeout
        changes = [Change(vm, self._wish, vm.state, deadline) for vm in vms]
        changes += [Change(vm, self._wish, vm.state, deadline, is_local=True) for vm in local]
        if self._wish == RUNNING and any(vm.state in ("off", "saved") for vm in vms):
            self._nodes = {first_label(node.name): node for node in read_nodes_if_any(self._cluster)}
        for one in changes:
            if one.is_there:
                one.end(UNCHANGED)
            elif not one.hindrance:
                self._object(one)
        return changes

    def rehearse(self, changes: Sequence[Change]) -> None:
        """End all changes as they would begin. Asks guests whether they can be shut down; changes nothing."""
        self._look_for_guests([one.vm for one in changes if one.stage == WAITING and not one.hindrance])
        for one in changes:
            if one.stage != WAITING:
                continue
            if self._wish == SHUT_DOWN and not self._force and self._components.get(one.vm.id, _ANY) is None:
                one.fail(_no_shutdown_service(one))
            else:
                one.end(WOULD_CHANGE)

    def run(self, changes: Sequence[Change], report: Callable[[Sequence[Change]], None]) -> None:
        """Bring every VM there, or fail it; ``report`` is called whenever something may have changed.

        Raises HyperVError, Fault, TransportError before anything was asked for.
        """
        self._look_for_guests([one.vm for one in changes if one.stage == WAITING and not one.hindrance])
        while True:
            for one in changes:
                if one.stage == WAITING:
                    self._begin(one)
            report(changes)
            still_open = [one for one in changes if one.stage != ENDED]
            if not still_open:
                return
            self._clock.pause(self._poll_interval)
            if self._read(still_open):
                for one in still_open:
                    self._look_at(one)
            for one in still_open:
                if one.stage != ENDED and self._clock.now() >= one.deadline:
                    self._lose_patience(one)

    def _object(self, one: Change) -> bool:
        node = None if one.is_local else self._nodes.get(first_label(one.vm.node))
        error = objection(one.vm, one.wish, force=self._force, node=node)
        if error is not None:
            one.fail(error)
        return error is not None

    def _look_for_guests(self, vms: Sequence[Vm]) -> None:
        """Read which of these guests, all of which run, can be asked to shut down."""
        if self._wish == SHUT_DOWN and vms:
            found = self._orders.shutdown_components(vms)
            self._components.update({vm.id: found.get(vm.id) for vm in vms})

    def _begin(self, one: Change) -> None:
        waits = one.refusals and self._clock.now() - one.asked_at < _BETWEEN_REFUSALS
        if one.is_there:
            one.end(CHANGED if one.calls else UNCHANGED)
        elif not one.hindrance and not waits and not self._object(one):
            self._ask(one)

    def _ask(self, one: Change) -> None:
        one.asked_at = self._clock.now()
        if one.wish != SHUT_DOWN or one.turned_off:
            self._note(one, self._orders.change(one.vm, one.wanted, is_local=one.is_local))
            return
        if one.vm.id not in self._components:  # it was busy at first
            with contextlib.suppress(NoAnswer):
                self._look_for_guests([one.vm])
        component = self._components.get(one.vm.id)
        if component is not None:
            self._note(one, self._orders.shut_down(one.vm, component, force=self._force))
        elif self._force:
            self._turn_off(one)
        else:
            one.fail(_no_shutdown_service(one))

    def _note(self, one: Change, ordered: Ordered) -> None:
        """Note what a call came to."""
        repeated = one.is_lost
        one.calls += 1
        one.stage, one.is_lost = ASKED, ordered.is_lost
        one.session, one.job = ordered.session, ordered.job
        if ordered.error is None or (repeated and ordered.is_busy):
            return  # busy with what the call that was not answered began
        one.refusals += ordered.is_busy
        if ordered.is_busy and one.refusals < _MOST_REFUSALS:
            one.stage = WAITING
        elif self._force and one.wish == SHUT_DOWN and not one.turned_off:
            self._turn_off(one)
        else:
            one.fail(ordered.error)

    def _turn_off(self, one: Change) -> None:
        one.turned_off, one.deadline = True, self._clock.now() + _TURNS_OFF_WITHIN
        self._note(one, self._orders.change(one.vm, OFF, is_local=one.is_local))

    def _read(self, changes: Sequence[Change]) -> bool:
        """Read the VMs again; False where the cluster does not answer now."""
        try:
            clustered = [one.vm.id for one in changes if not one.is_local]
            vms = read_vms(self._cluster, ids=clustered) if clustered else []
            for node in {one.vm.node for one in changes if one.is_local}:
                vms += read_local_vms(self._cluster, node)
            present = {vm.id: vm for vm in vms}
        except (HyperVError, NoAnswer):
            with contextlib.suppress(HyperVError, NoAnswer):
                self._cluster.find_provider()
            return False
        for one in changes:
            if one.vm.id in present:
                one.vm = present[one.vm.id]
            else:
                one.fail(Failure("vm_gone", f"VM {one.vm.name} is no longer there", "Look what became of it."))
        return True

    def _look_at(self, one: Change) -> None:
        if one.stage != ASKED:
            return
        if one.is_there:
            one.end(CHANGED)
            return
        if one.is_lost and not one.hindrance and self._clock.now() - one.asked_at >= _LOOK_FOR:
            if one.calls < _MOST_CALLS:
                self._ask(one)
            else:
                one.fail(_unknown(one))
            return
        error = _failure_of(one)
        if error is not None:
            one.fail(error)

    def _lose_patience(self, one: Change) -> None:
        if self._force and one.wish == SHUT_DOWN and one.stage == ASKED and not one.turned_off:
            self._turn_off(one)
        else:
            one.fail(_unknown(one) if one.is_lost else _late(one, self._timeout))


def _no_shutdown_service(one: Change) -> Failure:
    return Failure(
        "no_shutdown_service",
        f"the guest of VM {one.vm.name} offers no shutdown service",
        "Shut it down from inside, save it instead, or use force=true to turn it off.",
    )


def _failure_of(one: Change) -> Failure | None:
    """Return why the job of a change failed; None while it runs, where it did not fail, and where it is not known."""
    if one.session is None or one.job is None:
        return None
    try:
        job = read_job(one.session, one.job)
    except NoAnswer:
        return None
    if job is None or not job.is_final or job.is_success:
        return None
    # The remedies of a failed migration job are not those of a change of state.
    return dataclasses.replace(
        with_errors(one.session, one.job, job).error(),
        code="state_change_failed",
        remedy=see_event_logs(one.vm.node or "its node"),
        operation=f"VM {one.vm.name} did not become {one.wanted}",
    )


def _unknown(one: Change) -> Failure:
    return Failure(
        "outcome_unknown",
        f"the request that VM {one.vm.name} become {one.wanted} was not answered, and the VM is {one.vm.state}",
        "Look at the VM before anything else: the change may still be under way.",
    )


def _late(one: Change, timeout: float) -> Failure:
    doing = f"the VM could not be asked, for {one.hindrance}" if one.stage == WAITING else f"it is {one.vm.state}"
    hint = " or force=true, which turns it off after that time" if one.wish == SHUT_DOWN else ""
    return Failure(
        "timeout",
        f"VM {one.vm.name} did not become {one.wanted} within {timeout:.0f} s; {doing}",
        f"Run the task again with a longer timeout{hint}.",
        transient=True,
    )
