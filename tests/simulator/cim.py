# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The CIM words that the wire side and the provider side of the simulated cluster share.

The wire side (``wsman``, ``wql``, ``schema``) knows messages, types and queries and nothing of Hyper-V. The provider
side knows nodes, VMs and jobs and nothing of XML. They meet in the values and the protocol of this file.
"""

from __future__ import annotations

import dataclasses
import types
import typing as t
from collections.abc import Iterable, Mapping


@dataclasses.dataclass(frozen=True)
class ObjectPath:
    """A reference to one instance: namespace (``root/HyperVCluster/v2``), class and key values."""

    namespace: str
    class_name: str
    keys: Mapping[str, str]

    def key(self, name: str) -> str | None:
        """Return the key called ``name`` in any letter case, or None."""
        return next((value for key, value in self.keys.items() if key.lower() == name.lower()), None)


@dataclasses.dataclass(frozen=True)
class Embedded:
    """An instance inside a property or parameter; only the properties that are set."""

    class_name: str
    properties: Mapping[str, t.Any]


# None, bool, int, float, str, datetime (aware), timedelta, ObjectPath, Embedded, or a list of those.
Value = t.Any
Instance = Mapping[str, Value]

# Texts of which a property has one, in whatever letter case, by the name that the MOF spells.
Where = Mapping[str, frozenset[str]]
ANYTHING: Where = types.MappingProxyType({})


class CimFault(Exception):
    """What a provider cannot do, as the WMI or Win32 error that Windows would report.

    Attributes:
        code: HRESULT as unsigned 32 bit, or a Win32 error number below 0x10000.
        message: the text that the fault carries.
        operation: the provider operation for ``__ExtendedStatus``, such as ``ExecMethod``.
    """

    def __init__(self, code: int, message: str, operation: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.operation = operation


class Provider(t.Protocol):
    """What one node answers in one namespace. The wire side validates everything against the MOF before it calls."""

    namespace: str

    def instances(self, class_name: str, where: Where = ANYTHING) -> Iterable[Instance]:
        """Yield the instances whose own class is exactly ``class_name`` (spelled as in the MOF), no subclasses.

        Properties that are left out are NULL. Those that are not as ``where`` says may be left out, and the others
        keep their order. Raises CimFault.
        """

    def invoke(self, path: ObjectPath, method: str, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
        """Run a method on the instance ``path`` (which exists) and return its out-parameters by MOF name.

        ``ReturnValue`` is among them unless the method is void. Parameters that are absent or nil are None;
        embedded instances arrive as Embedded, references as ObjectPath. Raises CimFault.
        """

    def modify(self, path: ObjectPath, changes: Mapping[str, Value]) -> None:
        """Give the instance ``path`` (which exists) other values, by MOF name. Raises CimFault."""
