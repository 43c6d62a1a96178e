# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the return values of Hyper-V's methods mean. Data only.

Sources: Microsoft docs of Root\\HyperVCluster\\v2, root\\virtualization\\v2 and the Failover Cluster WMI provider;
value maps that are not documented there come from the enumerations of the Hyper-V PowerShell module.
"""

from __future__ import annotations

import typing as t

COMPLETED = 0
JOB_STARTED = 4096


class ReturnCode(t.NamedTuple):
    """What a return value of the migration service means.

    Attributes:
        name: Microsoft's name of the code.
        cause: what it says about the call.
        remedy: what a person can do.
        parameters_refused: the parameters were refused before anything began.
        unsupported: the method is not implemented here.
        unknown_outcome: the migration may be going on all the same.
        transient: the same call may succeed later.
        busy: another operation runs on the VM or its hosts, or their state does not allow this one now.
        vague: the code says no more than that it failed.
    """

    name: str
    cause: str
    remedy: str
    parameters_refused: bool = False
    unsupported: bool = False
    unknown_outcome: bool = False
    transient: bool = False
    busy: bool = False
    vague: bool = False


def see_event_logs(where: str = "both nodes") -> str:
    """Return the remedy where nobody says why: the event logs of some node."""
    return f"See the event logs Hyper-V-VMMS and Hyper-V-High-Availability on {where}."


LOOK = see_event_logs()
_BUSY = "Wait until the other operation on the VM or its hosts has ended, then run the task again."
_PARAMETERS = "Check destination and migration settings."
_UNTOLD = "the provider gives no reason"
_OTHER_WAY = "This cluster cannot migrate by this method; move the VM with Failover Cluster Manager."
_WHERE = "Look where the VM is."
_NOT_SUPPORTED = ReturnCode("Not Supported", "the provider does not implement the method", _OTHER_WAY, unsupported=True)
_TIMEOUT = ReturnCode("Timeout", "the call timed out and its outcome is unknown", _WHERE, unknown_outcome=True)

# Family A is DMTF's (CIM_VirtualSystemMigrationService), family B Hyper-V's. The docs promise A for
# MigrateVirtualSystemToSystem, while other methods of the same service answer in B: both are understood everywhere.
RETURN_CODES = {
    1: _NOT_SUPPORTED,
    2: ReturnCode("Failed", _UNTOLD, LOOK, transient=True, vague=True),
    3: _TIMEOUT,
    4: ReturnCode("Invalid Parameter", "a parameter was refused", _PARAMETERS, parameters_refused=True),
    5: ReturnCode(
        "Invalid State", "the VM or one of the hosts is not in a state for it", _BUSY, transient=True, busy=True
    ),
    6: ReturnCode(
        "Incompatible Parameters",
        "the parameters do not fit together, or not the destination",
        _PARAMETERS,
        parameters_refused=True,
    ),
    32768: ReturnCode("Failed", _UNTOLD, LOOK, vague=True),
    32769: ReturnCode(
        "Access Denied",
        "the account may not migrate this VM",
        "Use an account that is in Hyper-V Administrators on every node and has full control of the cluster.",
    ),
    32770: _NOT_SUPPORTED,
    32771: ReturnCode("Status is unknown", "the outcome is unknown", _WHERE, unknown_outcome=True),
    32772: _TIMEOUT,
    32773: ReturnCode("Invalid parameter", "a parameter was refused", _PARAMETERS, parameters_refused=True),
    32774: ReturnCode(
        "System is in use", "another operation runs on the VM or a host", _BUSY, transient=True, busy=True
    ),
    32775: ReturnCode(
        "Invalid state for this operation",
        "the VM or a host is not in a state for it",
        _BUSY,
        transient=True,
        busy=True,
    ),
    32776: ReturnCode(
        "Incorrect data type", "a parameter was refused for its data type", _PARAMETERS, parameters_refused=True
    ),
    32777: ReturnCode("System is not available", "the VM or a host does not answer", _BUSY, transient=True),
    32778: ReturnCode("Out of memory", "a host is out of memory", "Free memory on the hosts.", transient=True),
    32784: ReturnCode(
        "Not compatible",
        "the VM does not fit the destination",
        "Compare processors, virtual switches and versions of the two nodes, or choose another destination.",
    ),
}
# Codes without a meaning of their own, by the last one of each range.
_RANGES = {-1: "No return value", 4095: "DMTF Reserved", 32767: "Method Reserved", 65535: "Vendor Specific"}


def return_code(value: int) -> ReturnCode:
    """Return the meaning of a return value that is no success; -1 stands for an answer without one."""
    if value in RETURN_CODES:
        return RETURN_CODES[value]
    name = next((name for last, name in _RANGES.items() if value <= last), "Out of range")
    return ReturnCode(name, _UNTOLD, LOOK, vague=True)
