# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Msvm_VirtualSystemMigrationService of the cluster: asking and migrating. Private to this collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .._wsman.envelopes import UnreadableAnswer
from .._wsman.faults import Fault
from .._wsman.instances import Instance
from .._wsman.references import Reference
from .._wsman.session import Parameter
from .._wsman.transport import AnswerLost, TransportError
from .._wsman.values import UnexpectedValue
from .._wsman.wql import Query
from .cluster import Cluster
from .codes import COMPLETED, JOB_STARTED, return_code
from .errors import HyperVError, MoveError, faulted, obstacle, refused
from .hosts import read_host_settings
from .nodes import Node, node_reference
from .settings import FORMS, setting_data
from .vms import Vm

SERVICE = "Msvm_VirtualSystemMigrationService"
CHECK = "CheckVirtualSystemIsMigratableToSystem"
MIGRATE = "MigrateVirtualSystemToSystem"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Hyper-V's word on a move before it is made.

    Attributes:
        asked: False where this provider offers no check; the move may still work.
        error: why the move would fail, None where it would not.
    """

    asked: bool
    error: MoveError | None = None


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a call of MigrateVirtualSystemToSystem came to.

    Attributes:
        job: reference to the job, None where the method gave none.
        value: its return value, None where no answer came.
        error: why nothing was started, None otherwise.
        unknown: the call may or may not have been carried out.
    """

    job: Reference | None = None
    value: int | None = None
    error: MoveError | None = None
    unknown: bool = False


class MigrationService:
    """The cluster's migration service. Its reference and the form of its setting data are found once and kept."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._reference: Reference | None = None
        self._nodes: dict[str, Reference] = {}
        self._form = ""

    @property
    def form(self) -> str:
        """The form of MigrationSettingData that the provider took; empty before the first call."""
        return self._form

    @property
    def reference(self) -> Reference:
        """The service instance, from an enumeration: its keys are documented for hosts only. Raises HyperVError."""
        if self._reference is None:
            found = self._cluster.hyperv_references(Query(SERVICE))
            if not found:
                raise HyperVError(
                    f"{self._cluster.hyperv.node} shows no {SERVICE} in Root\\HyperVCluster\\v2. Check that Hyper-V's "
                    "Virtual Machine Management service runs on it."
                )
            self._reference = found[0]
        return self._reference

    def check(self, vm: Vm, destination: Node) -> Verdict:
        """Ask Hyper-V whether a VM can be migrated now; nothing is changed. Raises TransportError."""
        try:
            output = self._call(CHECK, vm, destination)
        except Fault as fault:
            return Verdict(False) if fault.is_missing_method else Verdict(True, faulted(CHECK, fault))
        value = output.integer("ReturnValue")
        if value is not None and return_code(value).unsupported:
            return Verdict(False)
        if value != COMPLETED:
            return Verdict(True, refused(CHECK, -1 if value is None else value))
        if output.boolean("IsMigratable") is False:
            return Verdict(True, _not_migratable(vm, destination))
        return Verdict(True)

    def migrate(self, vm: Vm, destination: Node) -> Answer:
        """Start the migration of a VM. Sent once; whatever comes back is an Answer, never an exception of the wire."""
        try:
            output = self._call(MIGRATE, vm, destination)
            job, value = output.reference("Job"), output.integer("ReturnValue")
        except (AnswerLost, UnreadableAnswer, UnexpectedValue):
            return Answer(unknown=True)
        except Fault as fault:
            return Answer(unknown=fault.is_timed_out, error=None if fault.is_timed_out else faulted(MIGRATE, fault))
        except TransportError as error:
            return Answer(error=obstacle("not_sent", str(error), "Nothing was started.", transient=True))
        if value in (COMPLETED, JOB_STARTED) or (value is None and job is not None):
            return Answer(job, value)
        if value is None or return_code(value).unknown_outcome:
            return Answer(job, value, unknown=True)
        return Answer(None, value, refused(MIGRATE, value))

    def _call(self, method: str, vm: Vm, destination: Node) -> Instance:
        """Call with the form of setting data that is known to be taken, else find it: next form on a refusal only."""
        forms: Sequence[str] = (self._form,) if self._form else FORMS
        for form in forms[:-1]:
            try:
                output = self._call_with(form, method, vm, destination)
            except Fault as fault:
                if not fault.is_parameter_refused:
                    raise
                continue
            value = output.integer("ReturnValue")
            if value is None or not return_code(value).parameters_refused:
                return self._taken(form, output)
        return self._taken(forms[-1], self._call_with(forms[-1], method, vm, destination))

    def _taken(self, form: str, output: Instance) -> Instance:
        value = output.integer("ReturnValue")
        if value in (COMPLETED, JOB_STARTED):
            self._form = form
        return output

    def _call_with(self, form: str, method: str, vm: Vm, destination: Node) -> Instance:
        if destination.name not in self._nodes:
            self._nodes[destination.name] = node_reference(self._cluster, destination)
        parameters: dict[str, Parameter] = {
            "ComputerSystem": vm.reference,
            "DestinationSystem": self._nodes[destination.name],
            "MigrationSettingData": setting_data(form, lambda: self._listeners(destination)),
        }
        return self._cluster.hyperv.invoke(self.reference, method, parameters)

    def _listeners(self, destination: Node) -> Sequence[str]:
        return read_host_settings(self._cluster, destination.name).listener_addresses


def _not_migratable(vm: Vm, destination: Node) -> MoveError:
    return obstacle(
        "not_migratable",
        f"Hyper-V says that VM {vm.name} cannot be migrated to {destination.name}, and does not say why",
        "Look at the VM's checkpoints, attached media and devices, at free memory and processor compatibility of the "
        "destination, and at the event log Hyper-V-High-Availability.",
    )
