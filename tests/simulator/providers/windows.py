# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The host's Windows in root\\cimv2: memory, version and name. Values: Microsoft docs of the Win32_ classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..cim import Instance, ObjectPath, Value
from ..host_profiles import version_of
from .hardware import CORES, SOCKETS
from .namespace import ClassTable, View
from .systems import AGE

# Win32Shutdown: the flags of a restart, forced or not, and the error of an account without the right (winerror.h).
RESTART, FORCED_RESTART = 2, 6
INVALID_PARAMETER, PRIVILEGE_NOT_HELD = 87, 1314

NO_SERVICE, CREDENTIAL_GUARD = 0, 1  # Win32_DeviceGuard.SecurityServicesRunning
RELEASES = {9600: "2012 R2", 14393: "2016", 17763: "2019", 20348: "2022", 26100: "2025"}


def _operating_systems(view: View) -> Iterator[Instance]:
    spec = view.node.spec
    build = spec.windows_build
    total = spec.memory_mb * 1024
    booted = view.node.booted_at
    yield {
        "CreationClassName": "Win32_OperatingSystem",
        "CSCreationClassName": "Win32_ComputerSystem",
        "CSName": view.node.name,
        "Name": "Microsoft Windows Server|C:\\Windows|\\Device\\Harddisk0\\Partition3",
        "Caption": f"Microsoft Windows Server {RELEASES.get(build, build)} Datacenter",
        "Version": version_of(build),
        "BuildNumber": str(build),
        "FreePhysicalMemory": max(0, view.node.free_mb()) * 1024,
        "TotalVisibleMemorySize": total,
        "LastBootUpTime": view.world.date(0) - AGE if booted is None else view.world.date(booted),
        "LocalDateTime": view.world.date(view.world.now + view.node.clock_offset(view.world.now)),
        "Status": "OK",
    }


def _computer_systems(view: View) -> Iterator[Instance]:
    spec = view.node.spec
    yield {
        "CreationClassName": "Win32_ComputerSystem",
        "Name": view.node.name,
        "DNSHostName": spec.dns_name,
        "Domain": "WORKGROUP" if spec.workgroup else spec.domain,
        "PartOfDomain": not spec.workgroup,
        "NumberOfProcessors": SOCKETS,
        "NumberOfLogicalProcessors": SOCKETS * 2 * CORES,
        "TotalPhysicalMemory": spec.memory_mb * 1024 * 1024,
        "Manufacturer": "Simulated",
        "Model": "Simulated host",
        "Status": "OK",
    }


def _shut_down(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    if view.world.scenario.switches.restart_right == "denied":
        return {"ReturnValue": PRIVILEGE_NOT_HELD}
    if parameters.get("Flags") not in (RESTART, FORCED_RESTART):
        return {"ReturnValue": INVALID_PARAMETER}
    view.world.restarts.request(view.node)
    return {"ReturnValue": 0}


def _device_guards(view: View) -> Iterator[Instance]:
    services = [CREDENTIAL_GUARD] if view.node.spec.credential_guard else []
    yield {
        "InstanceIdentifier": "4ff40742-2649-41b8-bdd1-e80fad1cce80",
        "Version": "1.0",
        "SecurityServicesConfigured": services or [NO_SERVICE],
        "SecurityServicesRunning": services or [NO_SERVICE],
        "VirtualizationBasedSecurityStatus": 2 if services else 0,
    }


TABLE = ClassTable(
    {"Win32_OperatingSystem": _operating_systems, "Win32_ComputerSystem": _computer_systems},
    {("Win32_OperatingSystem", "Win32Shutdown"): _shut_down},
)
DEVICE_GUARD_TABLE = ClassTable({"Win32_DeviceGuard": _device_guards})
