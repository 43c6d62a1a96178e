# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The calls that put the disks of a server into storage maintenance mode, and take them out of it.

Sources, Microsoft docs: Enable-StorageMaintenanceMode; the Storage Management API (return codes of
MSFT_PhysicalDisk.Maintenance); live schemas (MSFT_StorageScaleUnit.Maintenance, MSFT_StorageHealth.Maintenance). Which
of the two classes carries it out is not documented: the second is asked where the first does not support it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..._wsman.errors import AnswerLost
from ..._wsman.faults import Fault
from ..._wsman.method_input import Parameter
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..checks.pool_disks import STORAGE, PoolDisk
from ..failure.errors import HyperVError

_DONE, _NOT_SUPPORTED = 0, 1
_CODES: Mapping[int, str] = {
    2: "an unspecified error",
    3: "a timeout",
    4: "it failed",
    5: "a parameter is invalid",
    40001: "access denied",
    40002: "not enough resources",
    46000: "the storage provider cannot be reached",
    46001: "the storage subsystem cannot be reached",
    48006: "the health of the pool does not permit it",
    48007: "the configuration of the pool is read-only",
    59000: "the health resource of the cluster cannot be reached",
}


class NotSupported(HyperVError):
    """Neither class carries it out on this version of Windows."""


def set_maintenance(session: Session, node: str, *, enable: bool) -> None:
    """Ask for the disks of a node to enter maintenance mode, or to leave it, which takes a while.

    A lost answer is none: whoever asks looks at the disks anyway. Raises NotSupported, HyperVError for a refusal, Fault
    and TransportError.
    """
    for target, parameters in _forms(session, node):
        code = _call(session, target, {**parameters, "EnableMaintenanceMode": enable})
        if code == _DONE:
            return
        if code != _NOT_SUPPORTED:
            what = "enter" if enable else "leave"
            raise HyperVError(
                f"The disks of {node} do not {what} maintenance mode: {_CODES.get(code, 'an unknown reason')} "
                f"(return code {code}). See Get-StorageFaultDomain and Get-VirtualDisk."
            )
    raise NotSupported(f"This version of Windows has no method for the maintenance mode of the disks of {node}.")


def end_maintenance_of(session: Session, disk: PoolDisk) -> None:
    """Ask for one disk to leave maintenance mode; what comes of it, the disk shows. Raises Fault and TransportError."""
    _call(session, disk.reference, {"EnableMaintenanceMode": False})


def _forms(session: Session, node: str) -> Iterator[tuple[Reference, dict[str, Parameter]]]:
    columns = ("ObjectId", "FriendlyName")
    units = session.query_with_references(STORAGE, Query("MSFT_StorageScaleUnit", columns, {"FriendlyName": (node,)}))
    for _row, unit in units[:1]:
        yield unit, {}
        for health in session.references(STORAGE, Query("MSFT_StorageHealth", ("ObjectId",))):
            yield health, {"TargetObject": unit}


def _call(session: Session, target: Reference, parameters: Mapping[str, Parameter]) -> int:
    try:
        code = session.invoke(target, "Maintenance", parameters).integer("ReturnValue")
    except AnswerLost:
        return _DONE
    except Fault as fault:
        if fault.is_timed_out:
            return _DONE
        if fault.is_missing_method or fault.is_parameter_refused:
            return _NOT_SUPPORTED
        raise
    return _DONE if code is None else code
