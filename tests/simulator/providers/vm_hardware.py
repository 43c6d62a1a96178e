# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What VMs need of a host in root\\virtualization\\v2, what it offers, and its client of the Host Guardian Service.

Values: Microsoft docs of the classes; LimitProcessorFeaturesMode as microsoft/wmi read it from a host of 23H2.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

from ..cim import CimFault, Embedded, Instance, ObjectPath, Value
from ..scenario_hardware import AdapterSpec
from .namespace import HGS, ClassTable, View

SWITCH, GPU = "Msvm_VirtualEthernetSwitch", "Msvm_PartitionableGpu"
CONFIGURATION, GUARDIAN = "MSFT_HgsClientConfiguration", "MSFT_HgsGuardian"
ENABLED, DISABLED = 2, 3
CONNECTION = 33  # ResourceType
MODES = {"least": 0, "cluster": 1}
LOCAL, SECURE_HOSTING = 1, 2
INVALID_NAMESPACE = 0x8004100E


def _switch_id(view: View, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{view.node.spec.full_name}")).upper()


def _switches(view: View) -> Iterator[Instance]:
    for name in view.node.spec.hardware.switches:
        yield {
            "CreationClassName": SWITCH,
            "Name": _switch_id(view, name),
            "ElementName": name,
            "Caption": "Virtual Switch",
            "Description": "Microsoft Virtual Switch",
            "EnabledDefault": 2,
            "EnabledState": 5,
            "HealthState": 5,
            "Dedicated": [0],
            "ResetCapability": 5,
        }


def _pools(view: View) -> Iterator[Instance]:
    for name in ("", *view.node.spec.hardware.network_pools):
        yield {
            "InstanceID": f"Microsoft:{uuid.uuid5(uuid.NAMESPACE_OID, name)}".upper().replace("MICROSOFT", "Microsoft"),
            "PoolID": name,
            "Primordial": not name,
            "ResourceType": CONNECTION,
            "ResourceSubType": "Microsoft:Hyper-V:Ethernet Connection",
        }


def _gpus(view: View) -> Iterator[Instance]:
    for path in view.node.spec.hardware.gpus:
        yield {"CreationClassName": GPU, "Name": path, "ElementName": path, "PartitionCount": 4}


def _ports(view: View) -> Iterator[Instance]:
    for machine in view.node.residents.values():
        for number, adapter in enumerate(machine.spec.hardware.adapters):
            port = uuid.uuid5(uuid.NAMESPACE_OID, f"{machine.id}{number}")
            yield {
                "InstanceID": rf"Microsoft:{machine.id}\{port}\C".upper().replace("MICROSOFT", "Microsoft"),
                "ElementName": "Dynamic Ethernet Switch Port",
                "ResourceType": CONNECTION,
                "ResourceSubType": "Microsoft:Hyper-V:Ethernet Connection",
                "PoolID": adapter.pool or "",
                "HostResource": _host_resource(view, adapter),
                "EnabledState": ENABLED if adapter.connected else DISABLED,
                "LastKnownSwitchName": adapter.switch,
            }


def _host_resource(view: View, adapter: AdapterSpec) -> list[Value] | None:
    """Return the path of an adapter's switch: of a disabled one as well, whose allocation is only not processed."""
    if adapter.pool is not None or adapter.switch is None:
        return None
    known = {name.casefold(): name for name in view.node.spec.hardware.switches}
    name = known.get(adapter.switch.casefold())
    if name is None:
        return None
    keys = f'CreationClassName="{SWITCH}",Name="{_switch_id(view, name)}"'
    return [rf"\\{view.node.name}\root\virtualization\v2:{SWITCH}.{keys}"]


def _processors(view: View) -> Iterator[Instance]:
    for machine in view.node.residents.values():
        yield {
            "InstanceID": rf"Microsoft:{machine.id}\b637f346-6a0e-4dec-af52-bd70cb80a21d\0",
            "ElementName": "Processor",
            "ResourceType": 3,
            "ResourceSubType": "Microsoft:Hyper-V:Processor",
            "VirtualQuantity": machine.spec.processors,
            "LimitProcessorFeatures": machine.spec.limits_processor_features,
            "LimitProcessorFeaturesMode": MODES[machine.spec.hardware.processor_mode],
        }


def _security(view: View) -> Iterator[Instance]:
    for machine in view.node.residents.values():
        hardware = machine.spec.hardware
        yield {
            "InstanceID": rf"Microsoft:{machine.id}\c5ea9d8a-9c33-4aab-9b4f-ec4c0c8fd6a1",
            "TpmEnabled": hardware.tpm,
            "ShieldingRequested": hardware.shielded,
            "EncryptStateAndVmMigrationTraffic": hardware.tpm or hardware.shielded,
            "KsdEnabled": False,
            "DataProtectionRequested": False,
            "VirtualizationBasedSecurityOptOut": False,
        }


def _guardians(view: View) -> Iterator[Instance]:
    for name in view.node.spec.hardware.guardians:
        yield {"Name": name, "HasPrivateSigningKey": True, "EncryptionCertificate": [*name.encode()]}


def _get(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    del parameters
    if view.world.scenario.switches.guardian_client == "fails":
        raise CimFault(INVALID_NAMESPACE, "Invalid namespace", "ExecMethod")
    guarded = view.node.spec.hardware.guarded
    told: Instance = {"Mode": SECURE_HOSTING if guarded else LOCAL, "IsHostGuarded": guarded}
    return {"ReturnValue": 0, "cmdletOutput": Embedded(CONFIGURATION, told)}


HOST_TABLE = ClassTable(
    {
        SWITCH: _switches,
        GPU: _gpus,
        "Msvm_ResourcePool": _pools,
        "Msvm_EthernetPortAllocationSettingData": _ports,
        "Msvm_ProcessorSettingData": _processors,
        "Msvm_SecuritySettingData": _security,
    }
)
HGS_TABLE = ClassTable({GUARDIAN: _guardians}, {(CONFIGURATION, "Get"): _get})

__all__ = ["HGS", "HGS_TABLE", "HOST_TABLE"]
