# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module documents is what its action plugin accepts; no sanity test of Ansible compares the two."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import json
import pathlib
import subprocess
import sys
import typing as t

import pytest
import yaml
from ansible.plugins.action import ActionBase

ROOT = pathlib.Path(__file__).parents[2]
MODULES = sorted(file.stem for file in ROOT.glob("plugins/modules/*.py"))
COLLECTION = "hyperv.migration"
CONDITIONS = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")

Options = t.Mapping[str, t.Mapping[str, t.Any]]


@functools.cache
def documentation() -> dict[str, dict[str, t.Any]]:
    """Return what ansible-doc shows of each module, its documentation fragments merged."""
    command = [sys.executable, "-m", "ansible.cli.doc", "--json", "-t", "module"]
    names = [f"{COLLECTION}.{module}" for module in MODULES]
    done = subprocess.run([*command, *names], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert sorted(shown) == sorted(names), f"ansible-doc does not show every module: {done.stderr}"
    return {name.removeprefix(f"{COLLECTION}."): shown[name]["doc"] for name in names}


def action(module: str) -> type[ActionBase]:
    imported = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.action.{module}")
    return t.cast("type[ActionBase]", imported.ActionModule)


def accepted(module: str) -> dict[str, t.Any]:
    """Return the keyword arguments with which the action validates its options."""
    return t.cast("dict[str, t.Any]", getattr(action(module), "ARGUMENTS"))  # noqa: B009 - ActionBase has none


def normal(options: Options) -> dict[str, dict[str, t.Any]]:
    """Return options in one shape, whether they were documented or specified, without what only one of them has."""
    return {name: normal_option(option) for name, option in options.items()}


def normal_option(option: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "type": option.get("type", "str"),
        "required": bool(option.get("required")),
        "default": option.get("default"),
        "choices": list(option.get("choices") or ()),
        "aliases": sorted(option.get("aliases") or ()),
        "elements": option.get("elements"),
        "options": normal(option.get("suboptions") or option.get("options") or {}),
    }


def conditions(spec: t.Mapping[str, t.Any], options: str) -> t.Iterator[tuple[frozenset[str], str, t.Any]]:
    """Yield (known names, kind, condition) of a specification and of those nested in it."""
    known = spec[options]
    for kind in CONDITIONS:
        stated = spec.get(kind) or ()
        rows = stated.items() if isinstance(stated, t.Mapping) else stated
        yield from ((frozenset(known), kind, row) for row in rows)
    for option in known.values():
        if option.get("options"):
            yield from conditions(option, "options")


def names_in(kind: str, row: t.Any) -> set[str]:
    if kind == "required_by":
        return {row[0], *([row[1]] if isinstance(row[1], str) else row[1])}
    return {row[0], *row[2]} if kind == "required_if" else set(row)


def test_every_module_has_an_action_and_every_action_a_module() -> None:
    assert sorted(file.stem for file in ROOT.glob("plugins/action/*.py")) == MODULES


def test_the_action_group_lists_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"]["hyperv"] == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_the_documented_options_are_the_accepted_ones(module: str) -> None:
    assert normal(documentation()[module].get("options", {})) == normal(accepted(module)["argument_spec"])


@pytest.mark.parametrize("module", MODULES)
def test_the_arguments_are_those_of_the_validator(module: str) -> None:
    known = inspect.signature(ActionBase.validate_argument_spec).parameters
    assert set(accepted(module)) <= set(known) - {"self"}


@pytest.mark.parametrize("module", MODULES)
def test_a_condition_names_options_that_exist(module: str) -> None:
    for known, kind, row in conditions(accepted(module), "argument_spec"):
        assert names_in(kind, row) <= known, f"{kind}: {row}"


def test_there_are_conditions() -> None:
    assert any(list(conditions(accepted(module), "argument_spec")) for module in MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_check_mode_is_documented_and_supported(module: str) -> None:
    assert documentation()[module]["attributes"]["check_mode"]["support"] == "full"
    assert getattr(action(module), "_supports_check_mode") is True  # noqa: B009 - private to ActionBase


@pytest.mark.parametrize("module", MODULES)
def test_no_key_of_a_result_means_something_else_to_ansible(module: str) -> None:
    """A ``failed`` or ``skipped`` that holds VMs would make Ansible take the task for failed or skipped."""
    returned = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.modules.{module}").RETURN
    own = {"failed", "skipped", "unreachable", "exception", "rc", "ansible_facts", "add_host", "add_group", "results"}
    assert own.isdisjoint(yaml.safe_load(returned))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_file_holds_documentation_only(module: str) -> None:
    body = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8")).body
    texts = [statement for statement in body if isinstance(statement, ast.Assign)]
    assert [ast.unparse(text.targets[0]) for text in texts] == ["DOCUMENTATION", "EXAMPLES", "RETURN"]
    assert all(isinstance(text.value, ast.Constant) and isinstance(text.value.value, str) for text in texts)
    others = [statement for statement in body if statement not in texts]
    assert all(ast.unparse(other) == "from __future__ import annotations" or is_text(other) for other in others)


def is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


@pytest.mark.parametrize(
    ("documented", "specified"),
    [
        ({"wait": {"type": "bool", "default": True}}, {"wait": {"type": "bool", "default": False}}),
        ({"wait": {"type": "bool"}}, {"wait": {"type": "bool", "default": False}}),
        ({"timeout": {"type": "int", "default": 0}}, {"timeout": {"type": "int"}}),
        ({"name": {"type": "str"}}, {"name": {"type": "str", "required": True}}),
        ({"name": {"type": "str", "aliases": ["vm_name"]}}, {"name": {"type": "str"}}),
        ({"state": {"choices": ["active"]}}, {"state": {"choices": ["active", "paused"]}}),
        ({"names": {"type": "list", "elements": "str"}}, {"names": {"type": "list", "elements": "int"}}),
        (
            {"moves": {"type": "list", "elements": "dict", "suboptions": {"name": {"type": "str"}}}},
            {"moves": {"type": "list", "elements": "dict", "options": {"name": {"type": "int"}}}},
        ),
    ],
)
def test_a_difference_between_the_two_is_found(documented: Options, specified: Options) -> None:
    assert normal(documented) != normal(specified)


def test_the_two_ways_to_write_the_same_options_are_equal() -> None:
    documented: Options = {
        "state": {"type": "str", "choices": {"active": ["It runs."]}, "description": ["The state."], "required": False},
        "moves": {"type": "list", "elements": "dict", "suboptions": {"name": {"type": "str", "aliases": ["b", "a"]}}},
    }
    specified: Options = {
        "state": {"choices": ("active",)},
        "moves": {"type": "list", "elements": "dict", "options": {"name": {"aliases": ["a", "b"]}}},
    }
    assert normal(documented) == normal(specified)
