# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a host can host a VM: GetSystemCompatibilityInfo and CheckSystemCompatibilityInfo of its migration service.

Signatures and return codes: Microsoft docs. What is in the blob no source tells; here it is the VM's id.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..cim import CimFault, Embedded, ObjectPath, Value
from ..world import Refusal
from ..world.failures import SOFTWARE
from ..world.obstacles import lacks_features
from .migration_service import ACTION_NOT_SUPPORTED, SERVICE
from .namespace import ClassTable, View

GET, CHECK = "GetSystemCompatibilityInfo", "CheckSystemCompatibilityInfo"
NOT_COMPATIBLE = 32784


def _get(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    refused = _unavailable(view)
    if refused is not None:
        return refused
    system = parameters.get("ComputerSystem")
    name = system.key("Name") if isinstance(system, ObjectPath) else None
    machine = view.world.find_machine(str(name))
    if machine is None or machine.owner != view.node.name:
        return {"ReturnValue": Refusal.INVALID_PARAMETER.value[1]}
    return {"ReturnValue": 0, "CompatibilityInfo": [*machine.id.encode()]}


def _check(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    refused = _unavailable(view)
    if refused is not None:
        return refused
    machine = view.world.find_machine(bytes(parameters.get("CompatibilityInfo") or ()).decode("ascii", "replace"))
    if machine is None:
        return {"ReturnValue": Refusal.INVALID_PARAMETER.value[1]}
    honest = view.world.scenario.switches.compatibility == "works"
    if not honest or not lacks_features(machine, view.node):
        return {"ReturnValue": 0, "Reasons": None}
    error = {
        "ErrorType": SOFTWARE,
        "Message": f"The VM '{machine.name}' uses processor features that host '{view.node.name}' does not support.",
        "MessageArguments": [machine.name, view.node.name],
    }
    return {"ReturnValue": NOT_COMPATIBLE, "Reasons": [Embedded("Msvm_Error", error)]}


def _unavailable(view: View) -> Mapping[str, Value] | None:
    how = view.world.scenario.switches.compatibility
    if how == "missing":
        raise CimFault(ACTION_NOT_SUPPORTED, "The WS-Management service does not support the action.", "ExecMethod")
    codes = {"failed": Refusal.FAILED, "not_supported": Refusal.NOT_SUPPORTED}
    return {"ReturnValue": codes[how].value[1]} if how in codes else None


TABLE = ClassTable({}, {(SERVICE, GET): _get, (SERVICE, CHECK): _check})
