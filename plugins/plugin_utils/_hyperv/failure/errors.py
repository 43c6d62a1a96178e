# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong above the wire, in operators' words. Private to this collection."""

from __future__ import annotations

from ..._wsman.envelopes import UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.transport import TransportError
from ..._wsman.values import UnexpectedValue
from .rights import missing_right

# What a request may come to instead of an answer that can be read.
NO_ANSWER = (Fault, TransportError, UnreadableAnswer, UnexpectedValue)


class HyperVError(Exception):
    """The wish cannot be fulfilled. The text names the value, the cause and the cure; nothing was changed."""


class UnknownVm(HyperVError):
    """There is no such VM among those that were looked at."""


def with_remedy(error: Exception) -> str:
    """Return the text of an error, with what to do about it where it is a fault that says so."""
    return f"{error} {fault_remedy(error)}".rstrip() if isinstance(error, Fault) else str(error)


def fault_remedy(fault: Fault) -> str:
    """Return what to do about a fault, or nothing where the fault itself must do."""
    if fault.is_access_denied:
        return missing_right(fault)
    if fault.is_missing_class:
        return (
            "The node has no such CIM class or namespace. It must be a node of a failover cluster with Hyper-V on "
            "Windows Server 2016 or later."
        )
    if fault.is_quota:
        return "WinRM's limit of concurrent operations was reached. Run fewer tasks against this node at once."
    if fault.is_transient:
        return "The node's management service is busy or starting. Run the task again in a minute."
    return ""
