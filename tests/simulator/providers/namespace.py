# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node's answer in one namespace: tables from class and method names to functions that read or change the world."""

from __future__ import annotations

import collections.abc
import dataclasses
import typing as t
from collections.abc import Iterable, Mapping

from ..cim import ANYTHING, CimFault, Instance, ObjectPath, Value, Where
from ..world import Node, World
from .texts import LANGUAGES, Texts

CLUSTER = "root/HyperVCluster/v2"
VIRTUALIZATION = "root/virtualization/v2"
MSCLUSTER = "root/MSCluster"
CIMV2 = "root/cimv2"
INTEROP = "root/interop"
STORAGE = "root/Microsoft/Windows/Storage"
HGS = "root/Microsoft/Windows/Hgs"
DEVICE_GUARD = "root/Microsoft/Windows/DeviceGuard"
MIGRATION_SERVICE = "Msvm_VirtualSystemMigrationService"

# WBEM_E_PROVIDER_NOT_CAPABLE: the class has the method, this provider does not carry it out.
NOT_CAPABLE = 0x80041024
INVALID_CLASS = 0x80041010


@dataclasses.dataclass(frozen=True)
class View:
    """What one node sees from one namespace."""

    world: World
    node: Node
    namespace: str

    @property
    def texts(self) -> Texts:
        return LANGUAGES[self.world.scenario.language]

    def path(self, class_name: str, **keys: str) -> ObjectPath:
        """Return a reference to an instance in this namespace."""
        return ObjectPath(self.namespace, class_name, keys)


Rows = t.Callable[[View], Iterable[Instance]]
Narrowed = t.Callable[[View, Where], Iterable[Instance]]
Change = t.Callable[[View, ObjectPath, Mapping[str, Value]], None]
Call = t.Callable[[View, ObjectPath, Mapping[str, Value]], Mapping[str, Value]]


@dataclasses.dataclass(frozen=True)
class ClassTable:
    """Which classes have rows, which (class, method) pairs can be called, and which classes can be written.

    Attributes:
        narrowed: of classes with rows for every VM of the cluster, those that may be as a request wants them: a request
            for each VM would else make all of them.
    """

    rows: Mapping[str, Rows]
    calls: Mapping[tuple[str, str], Call] = dataclasses.field(default_factory=dict)
    changes: Mapping[str, Change] = dataclasses.field(default_factory=dict)
    narrowed: Mapping[str, Narrowed] = dataclasses.field(default_factory=dict)

    def __or__(self, other: ClassTable) -> ClassTable:
        changes, narrowed = {**self.changes, **other.changes}, {**self.narrowed, **other.narrowed}
        return ClassTable({**self.rows, **other.rows}, {**self.calls, **other.calls}, changes, narrowed)


class NamespaceProvider:
    """Implements ``cim.Provider`` for one node.

    Attributes:
        namespace: as the classes of ``schema`` know it.
        table: what this provider has rows and methods of.
    """

    def __init__(
        self,
        view: View,
        table: ClassTable,
        answers: collections.abc.Callable[[View], bool] = lambda view: True,
    ) -> None:
        """``answers`` says whether the provider is active on the node; where it is not, all classes are empty."""
        self.namespace = view.namespace
        self._view = view
        self.table = table
        self._answers = answers

    def instances(self, class_name: str, where: Where = ANYTHING) -> Iterable[Instance]:
        """Return the rows of one class; a class without rows here is empty, as it is where a feature is not used."""
        if class_name in self._view.world.scenario.switches.missing_classes:
            raise CimFault(INVALID_CLASS, f"Invalid class: {class_name}", "ExecQuery")
        self._refuse_missing_service(class_name)
        rows = self.table.rows.get(class_name)
        if rows is None or not self._answers(self._view):
            return ()
        narrowed = self.table.narrowed.get(class_name)
        return rows(self._view) if narrowed is None or not where else narrowed(self._view, where)

    def invoke(self, path: ObjectPath, method: str, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
        """Carry out a method. Raises CimFault, also for a method that the simulation does not have."""
        self._refuse_missing_service(path.class_name)
        call = self.table.calls.get((path.class_name, method))
        if call is None:
            raise CimFault(NOT_CAPABLE, f"Provider is not capable of the attempted operation: {method}", "ExecMethod")
        return call(self._view, path, parameters)

    def modify(self, path: ObjectPath, changes: Mapping[str, Value]) -> None:
        """Give an instance other values. Raises CimFault, also for a class that cannot be written."""
        change = self.table.changes.get(path.class_name)
        if change is None:
            text = f"Provider is not capable of the attempted operation: {path.class_name}"
            raise CimFault(NOT_CAPABLE, text, "PutInstance")
        change(self._view, path, changes)

    def _refuse_missing_service(self, class_name: str) -> None:
        missing = self._view.world.scenario.switches.cluster_migration_service == "class_missing"
        if missing and self.namespace == CLUSTER and class_name == MIGRATION_SERVICE:
            raise CimFault(INVALID_CLASS, f"Invalid class: {class_name}", "ExecQuery")
