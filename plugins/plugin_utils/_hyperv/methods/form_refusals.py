# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a call may be made again in another form of its setting data, and what to say when no form was taken."""

from __future__ import annotations

from ..._wsman.faults import Fault
from ..failure.codes import return_code
from ..failure.failures import Failure, faulted


class FormUnavailable(Exception):
    """A form of the setting data needs something that is not known."""


def is_clean_refusal(fault: Fault) -> bool:
    """Tell whether a fault refused the parameters of a call before anything was begun.

    A class that does not exist can only be that of an embedded instance, for the service was just read: the cluster's
    namespace has no Msvm_VirtualSystemMigrationSettingData.
    """
    return fault.is_parameter_refused or fault.is_missing_class


class EveryFormRefused(Exception):
    """The parameters were refused in every form of MigrationSettingData; nothing was begun.

    Attributes:
        value: the return value of the first call that returned one, or None.
    """

    def __init__(self, vm: str, destination: str) -> None:
        super().__init__(vm, destination)
        self.value: int | None = None
        self._vm = vm
        self._destination = destination
        self._first_fault: Fault | None = None
        self._tried: list[str] = []

    def __str__(self) -> str:
        return "; ".join(self._tried)

    def by_value(self, form: str, value: int) -> None:
        """Note a refusal by the return value."""
        self.value = value if self.value is None else self.value
        self._tried.append(f"{form}: {value} ({return_code(value).name})")

    def by_fault(self, form: str, fault: Fault) -> None:
        """Note a refusal by a fault."""
        self._first_fault = self._first_fault or fault
        self._tried.append(f"{form}: {fault}")

    def skip(self, form: str, missing: FormUnavailable) -> None:
        """Note a form that could not be tried."""
        self._tried.append(f"{form}: not tried, {missing}")

    def error(self, method: str, outlook: str) -> Failure:
        """Return the error of a move. ``outlook`` is the last sentence of its remedy."""
        cause = f"the parameters were refused in every form of MigrationSettingData ({self})"
        remedy = (
            f"So it may be VM {self._vm}, destination {self._destination} or a given setting that is refused: check "
            f"them, and whether the VM may run on that node. {outlook}"
        )
        hresult = faulted(method, self._first_fault).hresult if self._first_fault and self.value is None else ""
        return Failure("refused", cause, remedy, operation=method, error_code=self.value, hresult=hresult)
