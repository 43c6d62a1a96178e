# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Msvm_VirtualSystemMigrationService: what its methods are given, and what their answers mean, wherever it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..._wsman.errors import AnswerLost, NoAnswer, TransportError, UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.method_input import Parameter
from ..._wsman.references import Reference
from ..failure.codes import COMPLETED, JOB_STARTED, return_code
from ..failure.failures import Failure, faulted, not_begun, refused
from ..migration.attempt import WatchedJob
from ..migration.moves import Move
from ..settings.wanted_settings import WantedSettings
from .form_refusals import EveryFormRefused
from .results import CheckResult, StartResult

SERVICE = "Msvm_VirtualSystemMigrationService"


def parameters(
    move: Move, target: Mapping[str, Parameter], setting_data: str | None, settings: WantedSettings
) -> dict[str, Parameter]:
    """Return the parameters of a migration method in the order of its definition.

    But for the destination, ``target``, all of Hyper-V's migration methods take the same ones (Microsoft docs).
    """
    return {
        "ComputerSystem": move.vm.reference,
        **target,
        "MigrationSettingData": setting_data,
        "NewSystemSettingData": settings.new_system,
        "NewResourceSettingData": settings.new_resources,
    }


def ask(check: str, call: Callable[[], Instance]) -> Instance | CheckResult:
    """Call a check and return what it put out, or the result that its refusal comes to. Raises TransportError."""
    try:
        output = call()
    except EveryFormRefused as refusal:
        return CheckResult(True, refusal.error(check, "precheck=false goes on without this check."))
    except Fault as fault:
        return CheckResult(False) if fault.is_missing_method else CheckResult(True, faulted(check, fault))
    value = output.integer("ReturnValue")
    if value is not None and return_code(value).unsupported:
        return CheckResult(False)
    if value != COMPLETED and output.reference("Job") is None:
        return CheckResult(True, refused(check, -1 if value is None else value))
    return output


def ask_yes_or_no(check: str, move: Move, call: Callable[[], Instance]) -> CheckResult:
    """Call a check that says whether a VM can be migrated, and does not say why not. Raises TransportError."""
    output = ask(check, call)
    if isinstance(output, CheckResult):
        return output
    verdict = output.boolean("IsMigratable")
    return CheckResult(True, _not_migratable(move)) if verdict is False else CheckResult(verdict is True)


def start(
    method: str, prepare: Callable[[], object], call: Callable[[], Instance], job: Callable[[Reference], WatchedJob]
) -> StartResult:
    """Call a method that starts a migration. Whatever comes back is a result, never an exception of the wire.

    ``prepare`` reads what the call needs, so that the call's own exceptions are about it alone; ``job`` returns the job
    of a reference that the method gave. Raises what ``prepare`` raises but for NoAnswer.
    """
    try:
        missing = missing_service(prepare)
    except NoAnswer as error:
        return StartResult(error=not_begun("not_sent", error, "Nothing was started."))
    if missing is not None:
        return StartResult(error=missing, unsupported=True)
    try:
        output = call()
        reference, value = output.reference("Job"), output.integer("ReturnValue")
    except AnswerLost:
        return StartResult(unconfirmed=True, unanswered=True)
    except UnreadableAnswer:
        return StartResult(unconfirmed=True)
    except EveryFormRefused as refusal:
        return StartResult(return_value=refusal.value, error=refusal.error(method, "Nothing was started."))
    except Fault as fault:
        return StartResult(
            error=faulted(method, fault),
            unconfirmed=not _is_refusal(fault),
            unsupported=fault.is_missing_method or fault.is_missing_class,
        )
    except TransportError as error:
        return StartResult(error=Failure("not_sent", str(error), "Nothing was started.", transient=True))
    if value == COMPLETED or reference is not None:
        return StartResult(job(reference) if reference is not None else None, value)
    if value is None or value == JOB_STARTED:
        return StartResult(return_value=value, unconfirmed=True)
    code = return_code(value)
    return StartResult(
        return_value=value,
        error=refused(method, value),
        unconfirmed=code.unknown_outcome,
        unsupported=code.unsupported,
    )


def missing_service(prepare: Callable[[], object]) -> Failure | None:
    """Read what a call needs; return why the service is not there, None where all was read. Raises NoAnswer."""
    try:
        prepare()
    except Fault as fault:
        if fault.is_missing_class:
            return faulted(SERVICE, fault)
        raise
    return None


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


def _not_migratable(move: Move) -> Failure:
    return Failure(
        "not_migratable",
        f"Hyper-V says that VM {move.vm.name} cannot be migrated to {move.destination.name}, and does not say why",
        "Look at the VM's checkpoints, attached media and devices, at free memory and processor compatibility of the "
        "destination, and at the event log Hyper-V-High-Availability.",
        vague=True,
    )
