# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of the roles are the same in their defaults, their argument specifications and their READMEs.

The roles stay thin: few lines, nothing that decides, and no variable that is private to another role.
"""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.action.hyperv_vm_migrate import ActionModule

ROLES = sorted(path for path in (pathlib.Path(__file__).parents[2] / "roles").iterdir() if path.is_dir())


MOST_LINES = 90  # of tasks
# Filters and tests that would decide something.
DECIDE = re.compile(r"\b(selectattr|rejectattr|regex_\w+|zip|intersect|difference|dict2items|groupby|search|match)\b")


def each_role() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


def options_of(role: pathlib.Path) -> dict[str, dict[str, t.Any]]:
    entries = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    return {name: option for entry in entries.values() for name, option in entry["options"].items()}


def defaults_of(role: pathlib.Path) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", yaml.safe_load((role / "defaults/main.yml").read_text(encoding="utf-8")))


@each_role()
def test_every_option_has_a_default_or_is_required(role: pathlib.Path) -> None:
    optional = {name for name, option in options_of(role).items() if not option.get("required")}
    assert optional == set(defaults_of(role))


@each_role()
def test_a_default_is_the_documented_one(role: pathlib.Path) -> None:
    options = options_of(role)
    plain = {name: value for name, value in defaults_of(role).items() if "{{" not in str(value)}
    assert plain
    assert plain == {name: options[name].get("default") for name in plain}


@each_role()
def test_choices_are_those_of_the_module(role: pathlib.Path) -> None:
    known = ActionModule.ARGUMENTS["argument_spec"]
    for name, option in options_of(role).items():
        same = known.get(name.removeprefix(f"{role.name}_"), {})
        assert option.get("choices") == same.get("choices", option.get("choices")), name


@each_role()
def test_the_readme_names_every_option(role: pathlib.Path) -> None:
    readme = (role / "README.md").read_text(encoding="utf-8")
    assert [name for name in options_of(role) if f"`{name}`" not in readme] == []


@each_role()
def test_every_option_is_used_by_a_step(role: pathlib.Path) -> None:
    steps = "".join(
        file.read_text(encoding="utf-8")
        for folder in ("tasks", "templates", "vars")
        for file in role.glob(f"{folder}/*")
    )
    assert [name for name in options_of(role) if name not in steps] == []


def yaml_of(role: pathlib.Path, *folders: str) -> str:
    files = sorted(file for folder in folders for file in role.glob(f"{folder}/*.yml"))
    return "".join(file.read_text(encoding="utf-8") for file in files)


@each_role()
def test_a_role_is_an_order_of_steps_and_decides_nothing(role: pathlib.Path) -> None:
    assert 0 < len(yaml_of(role, "tasks").splitlines()) <= MOST_LINES
    assert DECIDE.findall(yaml_of(role, "tasks", "vars", "defaults")) == []


@each_role()
def test_no_role_knows_what_is_private_to_another(role: pathlib.Path) -> None:
    private = set(re.findall(r"\b__[a-z_]+", yaml_of(role, "tasks", "vars", "defaults")))
    assert [name for name in private if not name.startswith(f"__{role.name}")] == []


def test_a_node_that_is_emptied_early_is_emptied_as_evacuate_node_would() -> None:
    folder = {path.name: path for path in ROLES}
    defaults = {name.removeprefix("evacuate_node_"): one for name, one in defaults_of(folder["evacuate_node"]).items()}
    text = (folder["rolling_maintenance"] / "vars/main.yml").read_text(encoding="utf-8")
    given = yaml.safe_load(text)["__rolling_maintenance_evacuation"]
    # Those of the roll, of the node's own turn, and of an evacuation by itself.
    others = {"storage_timeout", "storage_ignore", "local_vms", "next_step", "ledger_folder"}
    left_out = {"plan", "report_path", "ledger_path", "restart", "helpers", "disk_maintenance", "rolling", "artifacts"}
    assert given.keys() | left_out == defaults.keys()
    for name in given.keys() - others:
        found = re.search(rf"evacuate_node_{name} \| default\((.*?)(, true)?\) }}}}", given[name])
        assert found, given[name]
        assert yaml.safe_load(found[1]) == defaults[name], name
