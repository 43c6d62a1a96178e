# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each host says about its own live migration in root\\virtualization\\v2: service, settings, networks, templates.

Values: Microsoft docs of the Msvm_VirtualSystemMigration* classes.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..cim import Instance
from .migration_service import SERVICE, service_path, service_row
from .namespace import ClassTable, View
from .systems import system_path

SETTINGS = "Msvm_VirtualSystemMigrationServiceSettingData"
NETWORK = "Msvm_VirtualSystemMigrationNetworkSettingData"
CAPABILITIES = "Msvm_VirtualSystemMigrationCapabilities"
TEMPLATE = "Msvm_VirtualSystemMigrationSettingData"
CREDSSP, KERBEROS = 0, 1
TCP, SMB = 5, 32768
VIRTUAL_SYSTEM, STORAGE, STAGED, VIRTUAL_SYSTEM_AND_STORAGE = 32768, 32769, 32770, 32771
TO_HOST, TO_SYSTEM, CHECK_TO_HOST, CHECK_TO_SYSTEM, CHECK = 2, 3, 4, 5, 32768
FORMATS = {"domain_name": 2, "ipv4": 3, "ipv6": 4}
ENABLED_STATES = {"enabled": 2, "disabled": 3, "starting": 10}


def _shows_service(view: View) -> bool:
    return view.node.spec.migration_service != "absent"


def _shows_capabilities(view: View) -> bool:
    return view.node.spec.capabilities != "absent"


def _services(view: View) -> Iterator[Instance]:
    if not _shows_service(view):
        return
    yield {
        **service_row(view, view.node.name),
        "EnabledState": ENABLED_STATES[view.node.spec.migration_service],
        "ActiveVirtualSystemMigrationCount": view.world.migrations.running_at(view.node.name),
        "ActiveStorageMigrationCount": view.world.migrations.copying_at(view.node.name),
        "MigrationServiceListenerIPAddressList": list(view.node.listener_addresses) or None,
    }


def _hosted_services(view: View) -> Iterator[Instance]:
    if _shows_service(view):
        yield {"Antecedent": system_path(view, view.node.name), "Dependent": service_path(view, view.node.name)}


def _settings_id(view: View) -> str:
    return f"Microsoft:{view.node.name}\\MigrationService"


def _settings(view: View) -> Iterator[Instance]:
    spec = view.node.spec
    if not _shows_service(view):
        return
    yield {
        "InstanceID": _settings_id(view),
        "Caption": "Migration Service Setting Data",
        "Description": "Virtual System Migration Service Setting Data",
        "ElementName": "Migration Service Setting Data",
        "EnableVirtualSystemMigration": spec.migration_enabled,
        "MaximumActiveVirtualSystemMigration": view.world.migrations.limit(view.node.name),
        "MaximumActiveStorageMigration": spec.simultaneous_storage_migrations,
        "AuthenticationType": KERBEROS if spec.authentication == "kerberos" else CREDSSP,
        "EnableCompression": spec.compression,
        "EnableSmbTransport": spec.smb,
    }


def _settings_links(view: View) -> Iterator[Instance]:
    if _shows_service(view):
        yield {
            "ManagedElement": service_path(view, view.node.name),
            "SettingData": view.path(SETTINGS, InstanceID=_settings_id(view)),
        }


def _network_id(view: View, index: int) -> str:
    return f"Microsoft:{view.node.name}\\MigrationNetwork\\{index}"


def _networks(view: View) -> Iterator[Instance]:
    for index, network in enumerate(view.node.spec.networks):
        yield {
            "InstanceID": _network_id(view, index),
            "Caption": "Migration Network Setting Data",
            "ElementName": "Migration Network Setting Data",
            "SubnetNumber": network.subnet,
            "PrefixLength": network.prefix_length,
            "Metric": network.metric,
            "Tags": list(network.tags) or None,
        }


def _network_links(view: View) -> Iterator[Instance]:
    for index in range(len(view.node.spec.networks) if _shows_service(view) else 0):
        yield {
            "GroupComponent": view.path(SETTINGS, InstanceID=_settings_id(view)),
            "PartComponent": view.path(NETWORK, InstanceID=_network_id(view, index)),
        }


def _capabilities_id(view: View) -> str:
    return f"Microsoft:{view.node.name}\\MigrationCapabilities"


def _capabilities(view: View) -> Iterator[Instance]:
    if not _shows_capabilities(view):
        return
    complete = view.node.spec.capabilities == "all"
    yield {
        "InstanceID": _capabilities_id(view),
        "Caption": "Migration Capabilities",
        "Description": "Virtual System Migration Capabilities",
        "ElementName": "Migration Capabilities",
        "SynchronousMethodsSupported": [CHECK_TO_HOST, CHECK_TO_SYSTEM] if complete else [CHECK_TO_HOST],
        "AsynchronousMethodsSupported": [TO_HOST, TO_SYSTEM, CHECK] if complete else [TO_HOST],
        "DestinationHostFormatsSupported": [FORMATS[one] for one in view.node.spec.destination_formats] or None,
    }


def _capability_links(view: View) -> Iterator[Instance]:
    if _shows_service(view) and _shows_capabilities(view):
        yield {
            "ManagedElement": service_path(view, view.node.name),
            "Capabilities": view.path(CAPABILITIES, InstanceID=_capabilities_id(view)),
        }


def _template_id(view: View, migration_type: int) -> str:
    return f"{_capabilities_id(view)}\\{migration_type}"


def _templates(view: View) -> Iterator[Instance]:
    for migration_type in (VIRTUAL_SYSTEM, STORAGE, STAGED, VIRTUAL_SYSTEM_AND_STORAGE):
        live = migration_type != STORAGE
        yield {
            "InstanceID": _template_id(view, migration_type),
            "Caption": "Migration Setting Data",
            "Description": "Virtual System Migration Setting Data",
            "ElementName": "Migration Setting Data",
            "MigrationType": migration_type,
            "TransportType": (SMB if view.node.spec.smb else TCP) if live else None,
            "Priority": 0,
            "Bandwidth": 0,
            "EnableCompression": view.node.spec.compression,
            "RetainVhdCopiesOnSource": False,
        }


TABLE = ClassTable(
    {
        SERVICE: _services,
        "Msvm_HostedService": _hosted_services,
        SETTINGS: _settings,
        "Msvm_ElementSettingData": _settings_links,
        NETWORK: _networks,
        "Msvm_VirtualSystemMigrationServiceSettingDataComponent": _network_links,
        CAPABILITIES: _capabilities,
        "Msvm_ElementCapabilities": _capability_links,
        TEMPLATE: _templates,
    },
)
