# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a provider says it can do: methods, forms of host names, types of migration."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._wsman.instances import Instance
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..cluster.cim_values import HOST_FORMATS, MIGRATION_METHODS, MIGRATION_TYPES, TO_SYSTEM
from ..cluster.cluster import VIRTUALIZATION


@dataclasses.dataclass(frozen=True)
class Capabilities:
    """What CIM_VirtualSystemMigrationCapabilities of one namespace says, numbers without a name as they are.

    Attributes:
        synchronous: methods that have ended when they answer.
        asynchronous: methods that start a job.
        destination_host_formats: how MigrateVirtualSystemToHost may be told its destination.
    """

    synchronous: tuple[str, ...]
    asynchronous: tuple[str, ...]
    destination_host_formats: tuple[str, ...]

    @property
    def offers_migration(self) -> bool:
        """MigrateVirtualSystemToSystem is in one of the lists."""
        return TO_SYSTEM in (*self.synchronous, *self.asynchronous)

    def as_result(self) -> dict[str, t.Any]:
        """Return the capabilities for a task's result."""
        return {name: list(words) for name, words in dataclasses.asdict(self).items()}


def read_capabilities_of(session: Session, namespace: str) -> Capabilities | None:
    """Return what a namespace says, None where it says nothing: no reason not to migrate.

    The abstract class is asked for, as only that one is documented for Root\\HyperVCluster\\v2 too; a query answers
    with instances of subclasses. Raises Fault and TransportError.
    """
    rows = session.query(namespace, Query("CIM_VirtualSystemMigrationCapabilities"), missing_ok=True)
    if not rows:
        return None
    return Capabilities(
        synchronous=_words(rows, "SynchronousMethodsSupported", MIGRATION_METHODS),
        asynchronous=_words(rows, "AsynchronousMethodsSupported", MIGRATION_METHODS),
        destination_host_formats=_words(rows, "DestinationHostFormatsSupported", HOST_FORMATS),
    )


def read_migration_types(session: Session) -> tuple[str, ...]:
    """Return the migration types for which a host offers setting data. Raises Fault and TransportError."""
    rows = session.query(VIRTUALIZATION, Query("Msvm_VirtualSystemMigrationSettingData"), missing_ok=True)
    return _words(rows, "MigrationType", MIGRATION_TYPES)


def _words(rows: Sequence[Instance], name: str, words: Mapping[int, str]) -> tuple[str, ...]:
    numbers = (number for row in rows for number in row.integers(name))
    return tuple(dict.fromkeys(words.get(number, str(number)) for number in numbers))
