# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong above the wire, in operators' words.

::

    HyperVError                        what was asked for makes no sense, or cannot be done
    ├── UnknownVm                      a VM that does not exist
    ├── NoCluster (migration)          the task's host is not a node of a cluster
    ├── WrongMachine (cluster)         another machine answers than the one that was meant
    └── FailedWithResult (_action.py)  a task failed, with what it found out and did all the same

    NoAnswer (_wsman/errors.py)        a node did not answer, refused, or answered with something unexpected

Readers raise both; ``except (HyperVError, NoAnswer)`` is how to go on without them. ``_ansible_errors.py`` alone turns
them into Ansible's.
"""

from __future__ import annotations

from ..._wsman.errors import UnreadableAnswer
from ..._wsman.faults import Fault
from .rights import missing_right


class HyperVError(Exception):
    """What was asked for cannot be done. The text names the value, the cause and the cure; nothing was changed."""


class UnknownVm(HyperVError):
    """There is no such VM among those that were looked at."""


def remedy_of(error: Exception) -> str:
    """Return what to do about an error beside what its text says; nothing for any but a fault."""
    return fault_remedy(error) if isinstance(error, Fault) else ""


def with_remedy(error: Exception) -> str:
    """Return the text of an error, with what to do about it where it is a fault that says so."""
    return f"{error} {remedy_of(error)}".rstrip()


def passes(error: Exception) -> bool:
    """Report whether the same request may be answered later."""
    return not isinstance(error, HyperVError) and (not isinstance(error, Fault) or error.is_transient)


def explain(error: Exception) -> str:
    """Return the text of an error that ends a task, so that it stands by itself."""
    if isinstance(error, UnreadableAnswer):
        return f"A node answered with something unexpected: {error}."
    return with_remedy(error)


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
