# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hyper-V's own comparison of a VM with a host, by its methods for compatibility information.

GetSystemCompatibilityInfo is called at the source and CheckSystemCompatibilityInfo at the destination. That takes a
login to each of the two hosts and no delegation, so it serves where a method has no check. Microsoft docs,
Msvm_VirtualSystemMigrationService and the class that had these methods before it: the first gives an opaque blob, the
second takes it and returns 0 for compatible, 32784 for not compatible, and anything else for a comparison that failed.
No source says what it covers beside the processor, so that a yes is no promise.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.method_input import Parameter
from ..._wsman.references import Reference
from ..._wsman.values import CimType
from ..._wsman.wql import Query
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..failure.codes import COMPLETED
from ..failure.errors import HyperVError
from ..failure.failures import Failure, job_failed
from ..failure.job_errors import JobErrorDetail
from ..migration.moves import Move
from .results import CheckResult
from .service_calls import SERVICE

_NOT_COMPATIBLE = 32784
_INFO = "CompatibilityInfo"


class HostComparison:
    """Compares VMs with hosts. The service of each host is looked up once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._services: dict[str, Reference | None] = {}

    def verdict(self, move: Move) -> CheckResult:
        """Return whether the destination can host a VM that runs. Two requests, and one more to each new host.

        A host that does not answer, or does not know the methods, has given no verdict. Raises nothing.
        """
        try:
            info = self._info(move)
            return CheckResult(False) if info is None else self._compared(move, info)
        except (HyperVError, NoAnswer):
            return CheckResult(False)

    def _info(self, move: Move) -> bytes | None:
        """Return the source's blob, None where it gives none."""
        vm = Reference.of(
            VIRTUALIZATION, "Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=move.vm.id
        )
        output = self._call(move.source, "GetSystemCompatibilityInfo", {"ComputerSystem": vm})
        if output is None or output.integer("ReturnValue") != COMPLETED:
            return None
        return output.octets(_INFO)

    def _compared(self, move: Move, info: bytes) -> CheckResult:
        # In the other form of an array of bytes only after a refusal of the parameters, as in by_group.
        forms: tuple[Parameter, ...] = ([*info], base64.b64encode(info).decode())
        try:
            output = self._call(move.destination.name, "CheckSystemCompatibilityInfo", {_INFO: forms[0]})
        except Fault as fault:
            if not fault.is_parameter_refused:
                raise
            output = self._call(move.destination.name, "CheckSystemCompatibilityInfo", {_INFO: forms[1]})
        value = output.integer("ReturnValue") if output is not None else None
        if output is None or value not in (COMPLETED, _NOT_COMPATIBLE):
            return CheckResult(False)
        return CheckResult(True, None if value == COMPLETED else _incompatible(move, output))

    def _call(self, host: str, method: str, parameters: Mapping[str, Parameter]) -> Instance | None:
        service = self._service(host)
        return self._cluster.node(host).invoke(service, method, parameters) if service is not None else None

    def _service(self, host: str) -> Reference | None:
        label = first_label(host)
        if label not in self._services:
            found = self._cluster.node(host).references(VIRTUALIZATION, Query(SERVICE))
            self._services[label] = found[0] if found else None
        return self._services[label]


def _incompatible(move: Move, output: Instance) -> Failure:
    told = job_failed("exception", None, None, (), _details(output))
    known = not told.vague
    return Failure(
        "incompatible",
        told.cause
        if known
        else f"Hyper-V says that {move.destination.name} cannot host VM {move.vm.name}, which runs on {move.source}",
        told.remedy
        if known
        else "Compare the processors of the two hosts. With another processor of the same maker, shut the VM down and "
        "turn on processor compatibility (Set-VMProcessor -CompatibilityForMigrationEnabled), or choose another "
        "destination.",
        quoted=told.quoted,
        error_code=_NOT_COMPATIBLE,
        hresult=told.hresult,
    )


def _details(output: Instance) -> tuple[JobErrorDetail, ...]:
    """Return the reasons of a no; one that cannot be read takes nothing from the verdict."""
    try:
        return tuple(_detail(reason) for reason in output.embeddeds("Reasons"))
    except NoAnswer:
        return ()


def _detail(reason: Instance) -> JobErrorDetail:
    return JobErrorDetail(
        reason.integer("ErrorType", CimType.UINT16),
        reason.text("MessageID") or "",
        reason.text("Message") or "",
        reason.texts("MessageArguments"),
    )
