# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the information modules return is what their RETURN documents: every key, and each of its type."""

from __future__ import annotations

import importlib
import types
import typing as t

import pytest
import yaml

from tests.support.simulated import Simulated

RICH = """
cluster: {maximum_parallel_migrations: 1, set_smb_bandwidth_limit: 1, smb_bandwidth_limit_factor: 2500}
nodes:
  - {name: NODE1, authentication: credssp}
  - {name: NODE2, state: paused}
  - {name: NODE3, state: down}
vms: [{name: web01, owner: NODE1}, {name: web02, owner: NODE2, state: "off"}]
"""
TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "list": list,
    "dict": dict,
}
QUESTIONS = [
    ("hyperv_migration_capabilities_info", {}),
    ("hyperv_migration_capabilities_info", {"name": "web01", "destination_host": "NODE2"}),
    ("hyperv_vm_info", {}),
    ("hyperv_cluster_node_info", {}),
]


def answer(module: str, given: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return what an action's ``perform`` returns; of itself it needs nothing for these modules."""
    action = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}").ActionModule
    options = action.ARGUMENTS["argument_spec"]
    arguments = {name: given.get(name, option.get("default")) for name, option in options.items()}
    result = action.perform(types.SimpleNamespace(), Simulated(RICH).cluster, arguments)
    return {key: value for key, value in result.items() if key != "changed"}


def documented(module: str) -> dict[str, t.Any]:
    imported = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.modules.{module}")
    return t.cast("dict[str, t.Any]", yaml.safe_load(imported.RETURN))


def differences(shown: t.Mapping[str, t.Any], contains: t.Mapping[str, t.Any], where: str = "") -> t.Iterator[str]:
    """Yield what is shown but not documented or the other way round, and values of another type than documented."""
    yield from (f"{where}{key}: in one of the two only" for key in shown.keys() ^ contains.keys())
    for key in shown.keys() & contains.keys():
        value, entry = shown[key], contains[key]
        if value is None:
            continue
        if not isinstance(value, TYPES[entry["type"]]):
            yield f"{where}{key}: {value!r} is no {entry['type']}"
        for one in value if isinstance(value, list) else [value]:
            if "elements" in entry and not isinstance(one, TYPES[entry["elements"]]):
                yield f"{where}{key}: {one!r} is no {entry['elements']}"
            elif "contains" in entry:
                yield from differences(one, entry["contains"], f"{where}{key}.")


@pytest.mark.parametrize(("module", "given"), QUESTIONS)
def test_the_result_is_the_documented_one(module: str, given: dict[str, t.Any]) -> None:
    assert list(differences(answer(module, given), documented(module))) == []


@pytest.mark.parametrize("module", sorted({module for module, _given in QUESTIONS}))
def test_every_documented_value_has_a_sample_of_its_type(module: str) -> None:
    def values(contains: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, t.Mapping[str, t.Any]]]:
        for key, entry in contains.items():
            if "contains" in entry:
                yield from values(entry["contains"])
            else:
                yield key, entry

    for key, entry in values(documented(module)):
        assert isinstance(entry["sample"], TYPES[entry["type"]]), f"{key}: {entry.get('sample')!r}"


@pytest.mark.parametrize(
    ("shown", "contains"),
    [
        ({"a": 1}, {}),
        ({}, {"a": {"type": "int"}}),
        ({"a": "1"}, {"a": {"type": "int"}}),
        ({"a": ["x"]}, {"a": {"type": "list", "elements": "dict"}}),
        ({"a": [{"b": 1}]}, {"a": {"type": "list", "elements": "dict", "contains": {"c": {"type": "int"}}}}),
    ],
)
def test_a_difference_is_found(shown: dict[str, t.Any], contains: dict[str, t.Any]) -> None:
    assert list(differences(shown, contains))
