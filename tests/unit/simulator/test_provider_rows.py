# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows and methods of the providers against the classes of the MOF."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest

from tests.simulator import schema
from tests.simulator.cim import Embedded, ObjectPath
from tests.simulator.clock import ManualClock
from tests.simulator.providers import providers_of
from tests.simulator.providers.namespace import NamespaceProvider
from tests.simulator.scenario_file import read_scenario
from tests.simulator.scenario_hardware import HostHardwareSpec
from tests.simulator.scenario_roles import AttachmentKind
from tests.simulator.world import World
from tests.support.scenarios import (
    NODES,
    StorageSpec,
    Switches,
    affinity_rule,
    as_text,
    attachment,
    node,
    role,
    scenario,
    vm,
)

# Whatever makes a class have rows: NODE1 is being drained and storage repaired, so that all jobs are among them.
ATTACHMENTS: tuple[AttachmentKind, ...] = ("iso", "pass_through_disk", "pci_device", "gpu_partition")
HARDWARE = HostHardwareSpec(network_pools=("Production",), gpus=("GPU",), guardians=("UntrustedGuardian",))
EVERYTHING = scenario(
    [node("NODE1", hardware=HARDWARE), *NODES[1:]],
    vms=[
        vm("app", preferred_owners=("NODE2", "NODE3"), attachments=tuple(attachment(kind) for kind in ATTACHMENTS)),
        vm("db", possible_owners=("NODE1", "NODE2"), anti_affinity=("db",)),
        vm("local", clustered=False),
    ],
    affinity_rules=[affinity_rule("pair", "different_node", ("app", "db"))],
    roles=[
        role("FS1", "file_server", "NODE1"),
        role("App", "generic_application", "NODE2", starts_after=("FS1",)),
        role("Cluster Virtual Disk (Volume1)", "shared_volume", "NODE1"),
    ],
    storage=StorageSpec("spaces_direct", repair_delay_seconds=0),
)
JOB_CLASSES: tuple[t.Literal["Msvm_MigrationJob", "Msvm_ConcreteJob"], ...] = ("Msvm_MigrationJob", "Msvm_ConcreteJob")


def busy_providers(job_class: t.Literal["Msvm_MigrationJob", "Msvm_ConcreteJob"]) -> list[NamespaceProvider]:
    """Return the providers of NODE1 while it is being drained and the disks of NODE3 are being repaired."""
    clock = ManualClock()
    switches = Switches(job_class=job_class, state_change_form="job")
    world = World(read_scenario(as_text(dataclasses.replace(EVERYTHING, switches=switches))), clock)
    node = world.nodes["NODE1"]
    world.drains.lose(world.nodes["NODE3"])
    world.nodes["NODE3"].enter("up")
    world.drains.pause(node, drain=True)
    clock.advance(10)
    world.look()
    return providers_of(world, node)


# By namespace and class: the provider of each of the worlds.
PROVIDERS: dict[tuple[str, str], list[NamespaceProvider]] = {}
for job_class in JOB_CLASSES:
    for provider in busy_providers(job_class):
        for name in provider.table.rows:
            PROVIDERS.setdefault((provider.namespace, name), []).append(provider)
METHODS = [(provider, *called) for provider in busy_providers("Msvm_MigrationJob") for called in provider.table.calls]


@pytest.mark.parametrize(("namespace", "name"), PROVIDERS)
def test_each_row_fits_its_class(namespace: str, name: str) -> None:
    classes = schema.load().find(namespace)
    assert classes is not None
    definition = classes.find(name)
    assert definition is not None
    assert definition.name == name
    worlds = [list(provider.instances(name)) for provider in PROVIDERS[namespace, name]]
    assert any(worlds), f"no world has a row of {name}"
    for rows in worlds:
        for row in rows:
            assert row.keys() <= definition.properties.keys()
            for property_name, value in row.items():
                assert fits(definition.properties[property_name].type, value), (property_name, value)
        keys = [tuple(str(row[key]) for key in definition.keys) for row in rows]
        assert len(set(keys)) == len(keys), keys


@pytest.mark.parametrize(
    ("provider", "class_name", "method"), METHODS, ids=lambda value: getattr(value, "namespace", value)
)
def test_each_method_is_one_of_its_class(provider: NamespaceProvider, class_name: str, method: str) -> None:
    namespace = schema.load().find(provider.namespace)
    definition = namespace.find(class_name) if namespace else None
    assert definition is not None
    assert method in definition.methods


def fits(declared: schema.CimType, value: t.Any) -> bool:
    if value is None:
        return True
    if declared.is_array:
        return isinstance(value, list) and all(fits_item(declared, item) for item in value)
    return fits_item(declared, value)


def is_integer(value: t.Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def fits_item(declared: schema.CimType, value: t.Any) -> bool:
    if declared.embedded_class is not None:
        return isinstance(value, Embedded)
    if declared.name.startswith("uint"):
        return is_integer(value) and 0 <= value < 2 ** int(declared.name.removeprefix("uint"))
    if declared.name.startswith("sint"):
        limit = 2 ** (int(declared.name.removeprefix("sint")) - 1)
        return is_integer(value) and -limit <= value < limit
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "boolean": bool,
        "reference": ObjectPath,
        "datetime": (datetime.datetime, datetime.timedelta),
    }
    return isinstance(value, kinds[declared.name])
