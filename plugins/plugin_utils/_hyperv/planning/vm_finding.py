# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A finding about one VM, which several VMs of a name cannot share."""

from __future__ import annotations

import dataclasses

from ..cluster.vms import Vm
from ..failure.finding import Finding, FindingResult, Severity


class VmFindingResult(FindingResult):
    """A finding about a VM in a task's result."""

    vm_id: str


@dataclasses.dataclass(frozen=True)
class VmFinding(Finding):
    """A finding about the VM ``vm_id``, whose name is the subject."""

    vm_id: str = ""

    def as_result(self) -> VmFindingResult:
        """Return the finding for a task's result."""
        return {"vm_id": self.vm_id, **super().as_result()}


def about_vm(
    vm: Vm, code: str, severity: Severity, message: str, remedy: str = "", *, transient: bool = False
) -> VmFinding:
    """Return the finding about a VM."""
    return VmFinding(
        code=code,
        severity=severity,
        subject=vm.name,
        subject_kind="vm",
        message=message,
        remedy=remedy,
        transient=transient,
        vm_id=vm.id,
    )
