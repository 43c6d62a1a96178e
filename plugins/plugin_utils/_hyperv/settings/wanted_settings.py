# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of a call of the migration service, beside VM and destination.

The cluster namespace documents MigrationSettingData by an abstract class only, and nobody has published a call. So the
documented forms are tried in a fixed order, and the next one only after the parameters themselves were refused.
"""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Callable, Mapping, Sequence

from ..._wsman.embedded import Property, write_embedded
from ..._wsman.errors import UnsendableText
from ..._wsman.values import CimType, Scalar, integer_range
from ..._wsman.xmltext import refuse_unsendable
from ..cluster.cim_values import WINDOWS_BUILDS
from ..cluster.nodes import Node
from ..failure.errors import HyperVError
from .embedded_settings import resource_settings, system_settings
from .setting_properties import (
    ADDRESSES,
    MIGRATION_PROPERTIES,
    MIGRATION_TYPE,
    RETAIN_DISKS,
    TRANSPORT,
    UNMANAGED_VHD,
    UNMANAGED_VHDS,
    SettingProperty,
)
from .storage import StorageMove

# typed: what the provider of root\\virtualization\\v2 expects. typed_net: what Microsoft's sample sends between hosts.
# omitted: the cluster decides. cim: the literal reading of the cluster documentation.
FORMS = ("typed", "typed_net", "omitted", "cim")

_TYPED = "Msvm_VirtualSystemMigrationSettingData"
_PARENT = "CIM_VirtualSystemMigrationSettingData"
_DEFAULT_TYPE = "virtual_system"  # live, and the storage stays
_DEFAULT_TRANSPORT = "tcp"
_MOVING_TYPES = frozenset({_DEFAULT_TYPE, "virtual_system_and_storage"})
_OF_STORAGE = (
    "retain_vhd_copies_on_source",
    "remove_source_unmanaged_vhds",
    "unmanaged_vhds",
    "avoid_removing_vhds",
    "allow_overwrite_existing_file",
    "enable_vhd_compression",
)


class WantedSettings(t.NamedTuple):
    """The settings that the user gave.

    Attributes:
        migration: values of ``migration_settings`` by property; numbers in place of words only where they are sent.
        new_system: embedded Msvm_VirtualSystemSettingData, or None.
        new_resources: embedded resource settings; a call without any leaves the parameter out, for WS-Management
            cannot tell an empty array from NULL.
    """

    migration: Mapping[SettingProperty, t.Any] = {}
    new_system: str | None = None
    new_resources: tuple[str, ...] = ()

    @classmethod
    def of(cls, arguments: Mapping[str, t.Any]) -> WantedSettings:
        """Return the settings in a task's arguments. An option without a value is not sent. Raises HyperVError."""
        given = arguments["migration_settings"] or {}
        wanted = {one: given[one.option] for one in MIGRATION_PROPERTIES if given.get(one.option) is not None}
        for one, value in wanted.items():
            _refuse_bad_value(one, value)
        _refuse_bandwidth_above_all(given)
        return cls(
            wanted,
            system_settings(arguments["new_system_settings"]),
            resource_settings(arguments["new_resource_settings"]),
        )

    def with_storage(self, move: StorageMove) -> WantedSettings:
        """Return the settings of a migration that moves a VM's files as well, or these alone."""
        kind = "storage" if move.alone else "virtual_system_and_storage"
        kept = {} if move.keep_source_disks is None else {RETAIN_DISKS: move.keep_source_disks}
        migration = {**self.migration, MIGRATION_TYPE: kind, **kept}
        return self._replace(migration=migration, new_system=move.new_system, new_resources=move.new_resources)

    @property
    def are_given(self) -> bool:
        """The user gave settings of Hyper-V's own migration methods, which no other method can carry."""
        return bool(self.migration or self.new_system or self.new_resources)

    @property
    def type_of_migration(self) -> str:
        """The word of MigrationType."""
        return str(self.migration.get(MIGRATION_TYPE, _DEFAULT_TYPE))

    @property
    def moves_the_vm(self) -> bool:
        """Whether the VM has another owner afterwards; the other types move storage, prepare or check only."""
        return self.type_of_migration in _MOVING_TYPES

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that can carry what the user gave, in the order in which they are tried."""
        return tuple(form for form in FORMS if self._fits(form))

    def _fits(self, form: str) -> bool:
        if form == "typed_net":
            # Microsoft's docs leave the addresses NULL for storage; given by the user, both forms are the same.
            given = TRANSPORT in self.migration and ADDRESSES in self.migration
            return not given and self.type_of_migration != "storage"
        if form == "omitted":
            return not self.migration
        if form == "cim":
            return all(one.in_parent for one in self.migration) and all(
                not one.choices or value in one.parent_choices for one, value in self.migration.items()
            )
        return True

    def setting_data(self, form: str, addresses: Callable[[], Sequence[str]]) -> str | None:
        """Return MigrationSettingData in one form, None for omitted. ``addresses`` are the destination's listeners."""
        if form == "omitted":
            return None
        values = {MIGRATION_TYPE: _DEFAULT_TYPE, **self.migration}
        if form == "cim":
            return write_embedded(_PARENT, [_property(one, value, one.parent_choices) for one, value in values.items()])
        if form == "typed_net":
            values.setdefault(TRANSPORT, _DEFAULT_TRANSPORT)
            if ADDRESSES not in values:
                values[ADDRESSES] = addresses()
        return write_embedded(_TYPED, [_property(one, value, one.choices) for one, value in values.items()])

    def notes_on(self, nodes: Sequence[Node]) -> list[str]:
        """Return what speaks against the settings without forbidding them.

        Raises HyperVError for a property that the oldest node lacks: a mixed cluster knows what all its nodes know.
        """
        lacking = [_lacks(one, node) for one in self.migration for node in _oldest(nodes) if _is_older(one, node)]
        if lacking:
            raise HyperVError(f"{' '.join(lacking)} Leave that out, or update the node.")
        return [*self._doubts(nodes), *self._contradictions()]

    def _doubts(self, nodes: Sequence[Node]) -> list[str]:
        newer = [one for one in self.migration if one.since > MIGRATION_TYPE.since]
        unknown = [node.name for node in nodes if node.build is None]
        notes = [
            f"migration_settings.{one.option} is known to exist since Windows build {one.since} "
            f"({WINDOWS_BUILDS[one.since]}); no source tells whether build {node.build} of node {node.name} has it."
            for one in newer
            for node in _oldest(nodes)
            if node.build is not None and one.lacking < node.build < one.since
        ]
        if newer and unknown:
            options = ", ".join(f"migration_settings.{one.option}" for one in newer)
            notes.append(f"The Windows build of {', '.join(unknown)} is not known, so it may lack {options}.")
        return notes

    def _contradictions(self) -> list[str]:
        given = {one.option: value for one, value in self.migration.items()}
        notes = []
        if given.get("transport") == "smb" and given.get("enable_compression"):
            notes.append("migration_settings: with transport=smb Hyper-V ignores enable_compression.")
        if ADDRESSES in self.migration and self.type_of_migration == "storage":
            notes.append("migration_settings: a migration of storage has no use for destination_ip_addresses.")
        idle = [option for option in _OF_STORAGE if option in given]
        if idle and "storage" not in self.type_of_migration:
            notes.append(
                f"migration_settings: Microsoft documents {', '.join(idle)} for migrations of storage, and this one is "
                f"of type {self.type_of_migration}."
            )
        return notes


def _oldest(nodes: Sequence[Node]) -> list[Node]:
    """Return the node with the oldest known build, if any is known."""
    known = [node for node in nodes if node.build is not None]
    return [min(known, key=lambda node: node.build or 0)] if known else []


def _is_older(one: SettingProperty, node: Node) -> bool:
    return node.build is not None and node.build <= one.lacking


def _lacks(one: SettingProperty, node: Node) -> str:
    return (
        f"migration_settings.{one.option} ({one.name}) needs Windows build {one.since} ({WINDOWS_BUILDS[one.since]}); "
        f"node {node.name} runs build {node.build}."
    )


def _refuse_bad_value(one: SettingProperty, value: t.Any) -> None:
    """Refuse what cannot be sent, or would not be read as it was meant. Raises HyperVError."""
    where = f"migration_settings.{one.option}"
    if one.type is CimType.UINT16 and not one.choices:
        low, high = integer_range(one.type)
        if not low <= value <= high:
            raise HyperVError(f"{where} is {value}. It lies between {low} and {high}.")
    if one is ADDRESSES:
        for address in value:
            _refuse_no_address(where, address)
    for text in _texts(one, value):
        try:
            refuse_unsendable(text)
        except UnsendableText as error:
            raise HyperVError(f"{where}: {error}") from error


def _texts(one: SettingProperty, value: t.Any) -> list[str]:
    if one is UNMANAGED_VHDS:
        return [entry[option] for entry in value for option in UNMANAGED_VHD]
    return [text for text in (value if one.is_array else [value]) if isinstance(text, str)]


def _refuse_no_address(where: str, address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise HyperVError(f"{where}: {address!r} is no IP address.") from error


def _refuse_bandwidth_above_all(given: Mapping[str, t.Any]) -> None:
    if given.get("bandwidth_unit") == "percent" and (given.get("bandwidth") or 0) > 100:
        raise HyperVError(
            f"migration_settings.bandwidth is {given['bandwidth']} with bandwidth_unit=percent. "
            "It lies between 0 and 100."
        )


def _property(one: SettingProperty, value: t.Any, choices: Mapping[str, int]) -> Property:
    if one is UNMANAGED_VHDS:
        return Property(one.name, one.type, [_unmanaged_vhd(entry) for entry in value], is_array=True)
    if one.is_array:
        return Property(one.name, one.type, tuple(value), is_array=True)
    sent: Scalar = choices[value] if one.choices else value
    return Property(one.name, one.type, sent)


def _unmanaged_vhd(entry: Mapping[str, str]) -> str:
    paths = [Property(name, CimType.STRING, entry[option]) for option, name in UNMANAGED_VHD.items()]
    return write_embedded("Msvm_MoveUnmanagedVhd", paths)
