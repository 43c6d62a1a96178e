# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One call to change the state of a VM, or to shut down its guest.

A host starts, turns off, and saves a VM by Msvm_ComputerSystem.RequestStateChange. Its value 4, Shut Down, is valid in
version 1 of the provider only (Microsoft docs); a guest is asked by Msvm_ShutdownComponent.InitiateShutdown. That is
in root/virtualization/v2 of the VM's owner and not in the cluster's namespace.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from ..._hostnames import first_label
from ..._wsman.errors import AnswerLost, TransportError, UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.method_input import Parameter
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.guids import plain_guid
from ..cluster.patience import NAMES_IN_A_QUERY
from ..cluster.vms import Vm
from ..failure.codes import COMPLETED, JOB_STARTED, return_code, see_event_logs
from ..failure.failures import Failure, faulted, not_begun

_REQUESTED = {"running": 2, "off": 3, "saved": 6}
SHUTDOWN_COMPONENT = "Msvm_ShutdownComponent"
_IN_PROGRESS = 32782  # InitiateShutdown: a system shutdown is in progress
_REASON = "Maintenance by hyperv.migration"  # shown in the event log of the guest
# What only InitiateShutdown returns, and what means something of its own here (Microsoft docs).
_CAUSES = {
    32769: (
        "the account may not change the state of VMs",
        "Use an account that is in Hyper-V Administrators on every node.",
    ),
    32778: ("the node is out of memory", "Free memory on the node, or move the VM to another one."),
    32780: ("its guest is not ready to be shut down", "Wait until the guest has started, or shut it down from inside."),
    32781: ("its guest is locked, with somebody logged on", "Log off in the guest, or use force=true."),
}


@dataclasses.dataclass(frozen=True)
class Ordered:
    """What one call came to.

    Attributes:
        session, job: where to ask for the job, if one was started.
        error: why nothing was begun.
        is_lost: no answer came, so the change may be under way or not.
        is_busy: the refusal may be about an operation that runs, this one among them.
    """

    session: Session | None = None
    job: Reference | None = None
    error: Failure | None = None
    is_lost: bool = False
    is_busy: bool = False
    is_unsupported: bool = False


class Orders:
    """Makes the calls; remembers where they work.

    No source tells whether RequestStateChange works in Root\\HyperVCluster\\v2, where the class has it. So that
    namespace is tried first, and where it refuses for good, root/virtualization/v2 of the VM's owner.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._by_hosts = False

    def change(self, vm: Vm, state: str, *, is_local: bool) -> Ordered:
        """Ask for ``running``, ``off`` (at once, without asking the guest) or ``saved``.

        ``is_local``: the VM is none of the cluster, so that only its host knows it.
        """
        parameters = {"RequestedState": _REQUESTED[state]}
        if not self._by_hosts and not is_local:
            answer = _call(self._cluster.hyperv, vm.reference, "RequestStateChange", parameters, vm)
            if not answer.is_unsupported:
                return answer
            self._by_hosts = True
        system = Reference.of(
            VIRTUALIZATION, "Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=vm.id
        )
        return _call(self._cluster.node(vm.node), system, "RequestStateChange", parameters, vm)

    def shut_down(self, vm: Vm, component: Reference, *, force: bool) -> Ordered:
        """Ask the guest to shut down; ``force`` closes applications that have unsaved data."""
        parameters: dict[str, Parameter] = {"Force": force, "Reason": _REASON}
        return _call(self._cluster.node(vm.node), component, "InitiateShutdown", parameters, vm)

    def shutdown_components(self, vms: Iterable[Vm]) -> dict[str, Reference]:
        """Return the shutdown services of guests by VM id, in one query a node; guests without one are missing.

        Raises Fault and TransportError.
        """
        by_node: dict[str, list[Vm]] = {}
        for vm in vms:
            by_node.setdefault(first_label(vm.node), []).append(vm)
        found = {}
        for residents in by_node.values():
            where = {"SystemName": tuple(vm.id for vm in residents)} if len(residents) <= NAMES_IN_A_QUERY else {}
            session = self._cluster.node(residents[0].node)
            for reference in session.references(VIRTUALIZATION, Query(SHUTDOWN_COMPONENT, (), where)):
                found[plain_guid(reference.key("SystemName") or "")] = reference
        return found


def _call(session: Session, target: Reference, method: str, parameters: Mapping[str, Parameter], vm: Vm) -> Ordered:
    try:
        answer = session.invoke(target, method, parameters)
    except Fault as fault:
        if fault.is_timed_out:
            return Ordered(is_lost=True)
        return Ordered(error=faulted(f"{method} of VM {vm.name}", fault), is_unsupported=fault.is_missing_method)
    except (AnswerLost, UnreadableAnswer):
        return Ordered(is_lost=True)
    except TransportError as unsent:
        return Ordered(error=not_begun("not_sent", unsent, "Nothing was begun."))
    value, job = answer.integer("ReturnValue"), answer.reference("Job")
    value = -1 if value is None else value
    if job is not None or value in (COMPLETED, JOB_STARTED, _IN_PROGRESS):
        return Ordered(session, job)
    if return_code(value).unknown_outcome:
        return Ordered(is_lost=True)
    error = _refused(method, value, vm)
    return Ordered(error=error, is_busy=return_code(value).busy, is_unsupported=return_code(value).unsupported)


def _refused(method: str, value: int, vm: Vm) -> Failure:
    code = return_code(value)
    if code.busy:
        cause, remedy = (
            "another operation on the VM runs, or its state does not allow this",
            "Run the task again later.",
        )
    elif code.unsupported:
        cause, remedy = "the provider does not implement the method", "Use Failover Cluster Manager."
    else:
        cause, remedy = _CAUSES.get(value, ("the provider gives no reason", see_event_logs(vm.node)))
    name = "" if value in _CAUSES else f", {code.name}"
    return Failure(
        "refused",
        cause,
        remedy,
        operation=f"{method} of VM {vm.name} returned {value}{name}",
        error_code=value if value >= 0 else None,
        transient=code.busy,
    )
