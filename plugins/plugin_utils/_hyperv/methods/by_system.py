# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Msvm_VirtualSystemMigrationService: asking and migrating by the cluster's. Private to this collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..._wsman.errors import AnswerLost, NoAnswer, TransportError, UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.session import Parameter
from ..._wsman.wql import Query
from ..cluster.cluster import Cluster
from ..cluster.hosts import read_host_settings
from ..cluster.nodes import Node, node_reference
from ..cluster.vms import Vm
from ..failure.codes import COMPLETED, JOB_STARTED, return_code
from ..failure.errors import HyperVError, with_remedy
from ..failure.failures import Failure, faulted, refused
from ..migration.moves import Move
from ..settings.wanted_settings import WantedSettings
from .form_refusals import EveryFormRefused, FormUnavailable, is_clean_refusal
from .results import Answer, Verdict

SERVICE = "Msvm_VirtualSystemMigrationService"


class MigrationService:
    """The cluster's migration service. Its reference and the form of its setting data are found once and kept."""

    CHECK: t.ClassVar[str] = "CheckVirtualSystemIsMigratableToSystem"
    MIGRATE: t.ClassVar[str] = "MigrateVirtualSystemToSystem"

    def __init__(self, cluster: Cluster, settings: WantedSettings | None = None) -> None:
        """``settings`` are the user's, sent with every call."""
        self._cluster = cluster
        self._settings = settings or WantedSettings()
        self._reference: Reference | None = None
        self._nodes: dict[str, Reference] = {}
        self._addresses: dict[str, Sequence[str]] = {}
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

    def check(self, move: Move) -> Verdict:
        """Ask Hyper-V whether a VM can be migrated now; nothing is changed. Raises HyperVError and TransportError."""
        try:
            self._prepare(move)
        except NoAnswer as error:
            missing = _missing(error)
            if missing is None:
                raise
            return Verdict(False, unsupported=missing)
        return self._verdict(move)

    def _verdict(self, move: Move) -> Verdict:
        asked = self._ask(self.CHECK, move)
        if isinstance(asked, Verdict):
            return asked
        verdict = asked.boolean("IsMigratable")
        if verdict is False:
            return Verdict(True, _not_migratable(move.vm, move.destination))
        return Verdict(verdict is True)

    def _ask(self, check: str, move: Move) -> Instance | Verdict:
        """Call a check and return what it put out, or the verdict that its refusal comes to."""
        try:
            output = self._call(check, move)
        except EveryFormRefused as refusal:
            return Verdict(True, refusal.error(check, "precheck=false goes on without this check."))
        except Fault as fault:
            return Verdict(False) if fault.is_missing_method else Verdict(True, faulted(check, fault))
        value = output.integer("ReturnValue")
        if value is not None and return_code(value).unsupported:
            return Verdict(False)
        if value != COMPLETED and output.reference("Job") is None:
            return Verdict(True, refused(check, -1 if value is None else value))
        return output

    def migrate(self, move: Move) -> Answer:
        """Start the migration of a VM. Whatever comes back is an Answer, never an exception of the wire.

        It is sent once, and again in another form only after a refusal of its parameters.
        """
        try:
            self._prepare(move)
        except NoAnswer as error:
            missing = _missing(error)
            if missing is not None:
                return Answer(error=missing, unsupported=True)
            passes = not isinstance(error, Fault) or error.is_transient
            why = with_remedy(error).rstrip(".")
            return Answer(error=Failure("not_sent", why, "Nothing was started.", transient=passes))
        try:
            output = self._call(self.MIGRATE, move)
            job, value = output.reference("Job"), output.integer("ReturnValue")
        except AnswerLost:
            return Answer(unknown=True, lost=True)
        except UnreadableAnswer:
            return Answer(unknown=True)
        except EveryFormRefused as refusal:
            return Answer(None, refusal.value, refusal.error(self.MIGRATE, "Nothing was started."))
        except Fault as fault:
            missing_here = fault.is_missing_method or fault.is_missing_class
            return Answer(unknown=not _is_refusal(fault), error=faulted(self.MIGRATE, fault), unsupported=missing_here)
        except TransportError as error:
            return Answer(error=Failure("not_sent", str(error), "Nothing was started.", transient=True))
        if value == COMPLETED or job is not None:
            return Answer(job, value)
        if value is None or value == JOB_STARTED:
            return Answer(None, value, unknown=True)
        code = return_code(value)
        return Answer(
            None, value, refused(self.MIGRATE, value), unknown=code.unknown_outcome, unsupported=code.unsupported
        )

    def _prepare(self, move: Move) -> None:
        """Read what every call needs, so that a call's own exceptions are about the call alone."""
        destination = move.destination
        if destination.name not in self._nodes:
            self._nodes[destination.name] = node_reference(self._cluster, destination)
        self._reference = self.reference

    def _forms(self, move: Move) -> Sequence[str]:
        """Return the forms of setting data in the order in which they are tried: first the one that was taken."""
        return sorted(self._settings_of(move).forms, key=lambda form: form != self._form)

    def _settings_of(self, move: Move) -> WantedSettings:
        """Return what is sent with a move: here the same for each."""
        del move
        return self._settings

    def _call(self, method: str, move: Move) -> Instance:
        """Call in the form of setting data that was taken before, then in the others: each on a refusal only.

        Raises EveryFormRefused, Fault and TransportError.
        """
        refusals = EveryFormRefused(move.vm.name, move.destination.name)
        for form in self._forms(move):
            try:
                output = self._invoke(method, move, self._parameters(form, move))
            except FormUnavailable as missing:
                refusals.skip(form, missing)
                continue
            except Fault as fault:
                if not is_clean_refusal(fault):
                    raise
                refusals.by_fault(form, fault)
                continue
            value = output.integer("ReturnValue")
            if value is None or not return_code(value).parameters_refused or output.reference("Job") is not None:
                return self._taken(form, output)
            refusals.by_value(form, value)
        raise refusals

    def _taken(self, form: str, output: Instance) -> Instance:
        value = output.integer("ReturnValue")
        if value in (COMPLETED, JOB_STARTED):
            self._form = form
        return output

    def _parameters(self, form: str, move: Move) -> Mapping[str, Parameter]:
        """Return the parameters in the order of the method's definition. Raises FormUnavailable.

        But for the destination all of Hyper-V's migration methods take the same ones (Microsoft docs).
        """
        settings = self._settings_of(move)
        return {
            "ComputerSystem": move.vm.reference,
            **self._target(move),
            "MigrationSettingData": settings.setting_data(form, lambda: self._listeners(move.destination)),
            "NewSystemSettingData": settings.new_system,
            "NewResourceSettingData": settings.new_resources,
        }

    def _target(self, move: Move) -> Mapping[str, Parameter]:
        return {"DestinationSystem": self._nodes[move.destination.name]}

    def _invoke(self, method: str, move: Move, parameters: Mapping[str, Parameter]) -> Instance:
        try:
            return self._cluster.hyperv.invoke(self.reference, method, parameters)
        except Fault as fault:
            if not fault.is_not_found or self._cluster.provider_answers():
                raise
        # The provider went to another node: the call did not reach it, and what it showed is to be read there.
        self._cluster.find_provider()
        self._reference = None
        self._nodes.clear()
        self._prepare(move)
        return self._cluster.hyperv.invoke(self.reference, method, {**parameters, **self._target(move)})

    def _listeners(self, destination: Node) -> Sequence[str]:
        """Return the addresses on which a node receives migrations. Raises FormUnavailable."""
        if destination.name not in self._addresses:
            try:
                found = read_host_settings(self._cluster, destination.name).listener_addresses
            except NoAnswer as error:
                why = with_remedy(error).rstrip(".")
                raise FormUnavailable(f"{destination.name} does not tell its listener addresses ({why})") from error
            if not found:
                raise FormUnavailable(f"{destination.name} listens on no address for migrations")
            self._addresses[destination.name] = found
        return self._addresses[destination.name]


def _is_refusal(fault: Fault) -> bool:
    """Tell whether a fault says that the call was never begun. After any other the migration may run all the same."""
    return (
        fault.is_quota
        or fault.is_parameter_refused
        or fault.is_access_denied
        or fault.is_missing_method
        or fault.is_missing_class
        or fault.is_not_found
    )


def _missing(error: Exception) -> Failure | None:
    """Return why the service is not there where that is what an error says."""
    return faulted(SERVICE, error) if isinstance(error, Fault) and error.is_missing_class else None


def _not_migratable(vm: Vm, destination: Node) -> Failure:
    return Failure(
        "not_migratable",
        f"Hyper-V says that VM {vm.name} cannot be migrated to {destination.name}, and does not say why",
        "Look at the VM's checkpoints, attached media and devices, at free memory and processor compatibility of the "
        "destination, and at the event log Hyper-V-High-Availability.",
    )
