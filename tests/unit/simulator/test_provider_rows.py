# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows and methods of the providers against the classes of the MOF."""

from __future__ import annotations

import datetime
import pathlib
import typing as t

import pytest

from tests.simulator import schema
from tests.simulator.cim import Embedded, ObjectPath
from tests.simulator.clock import ManualClock
from tests.simulator.providers import providers_of
from tests.simulator.providers.namespace import NamespaceProvider
from tests.simulator.scenario_file import read_scenario_file
from tests.simulator.world import World

DEMO = pathlib.Path(__file__).parents[2] / "simulator" / "scenarios" / "demo.yml"


def busy_providers() -> list[NamespaceProvider]:
    """Return the providers of a node that is being drained, so that jobs are among the rows."""
    clock = ManualClock()
    world = World(read_scenario_file(DEMO), clock)
    node = world.nodes["NODE1"]
    world.drains.pause(node, drain=True)
    clock.advance(10)
    world.look()
    return providers_of(world, node)


CLASSES = [(provider, name) for provider in busy_providers() for name in provider.table.rows]
METHODS = [(provider, *called) for provider in busy_providers() for called in provider.table.calls]


@pytest.mark.parametrize(("provider", "name"), CLASSES, ids=lambda value: getattr(value, "namespace", value))
def test_each_row_fits_its_class(provider: NamespaceProvider, name: str) -> None:
    namespace = schema.load().find(provider.namespace)
    assert namespace is not None
    definition = namespace.find(name)
    assert definition is not None
    assert definition.name == name
    keys = set()
    for row in provider.instances(name):
        assert row.keys() <= definition.properties.keys()
        for property_name, value in row.items():
            assert fits(definition.properties[property_name].type, value), (property_name, value)
        key = tuple(str(row[key]) for key in definition.keys)
        assert key not in keys, f"two rows with key {key}"
        keys.add(key)


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
