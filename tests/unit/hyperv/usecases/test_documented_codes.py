# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The codes that RETURN lists are those that the product reports: none is missing, and none is left from before."""

from __future__ import annotations

import ast
import importlib
import pathlib
import re
import typing as t
from collections.abc import Iterator

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster import attachments
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cim_values import (
    NODE_CONDITIONS,
    NODE_STATES,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.states import UNKNOWN

HYPERV = pathlib.Path(__file__).parents[4] / "plugins/plugin_utils/_hyperv"
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
# Where the argument ``code`` stands in what builds a finding. Functions of a file that take one are found anyway.
BUILDERS = {"Finding": 0, "about_vm": 1, "about": 2, "because": 0, "of": 2}
ATTACHED = {
    attachments.ISO,
    attachments.FLOPPY,
    attachments.HOST_DRIVE,
    attachments.PASS_THROUGH,
    attachments.PCI_DEVICE,
    attachments.GPU_PARTITION,
}
OF_A_NODE = {f"node_{state}" for state in {*NODE_STATES.values(), *NODE_CONDITIONS.values(), UNKNOWN} - {"up"}}


class Listed(t.NamedTuple):
    """A list of codes in the RETURN of a module, and where they come from."""

    module: str
    key: str
    files: tuple[str, ...]
    composed: t.AbstractSet[str] = frozenset()  # codes that no constant holds whole, or that another file has
    others: t.AbstractSet[str] = frozenset()  # codes of these files that are reported elsewhere
    values: t.AbstractSet[str] = frozenset()  # other values that the description names


BLOCKERS = Listed("hyperv_evacuation_plan_info", "findings.code", ("planning/blockers.py",), ATTACHED)
LISTS = [
    Listed(
        "hyperv_cluster_health_info",
        "findings.code",
        ("checks/cluster_health.py", "checks/storage_health.py", "checks/shared_volumes.py"),
        others={"shared_volume_redirected", "backup_running"},
    ),
    Listed(
        "hyperv_cluster_health_info",
        "notes.code",
        ("checks/others_at_work.py", "checks/shared_volumes.py"),
        others={"shared_volume_no_access", "shared_volume_in_maintenance", "shared_volumes_unknown"},
    ),
    BLOCKERS,
    Listed("hyperv_evacuation_plan_info", "revalidation.code", ("planning/revalidation.py",)),
    Listed(
        "hyperv_evacuation_plan_info",
        "infeasibility.code",
        ("planning/infeasibility.py", "planning/evacuation.py"),
        others={"strategy_stay", "strategy_fail", "not_clustered", "confined"},
        values={"fail"},
    ),
    Listed(
        "hyperv_evacuation_plan_info",
        "stays.code",
        ("planning/placement.py", "planning/evacuation.py", "planning/leaving.py"),
        others={"restart", "strategy"},
    ),
    Listed(
        "hyperv_migration_capabilities_info",
        "findings.code",
        ("checks/node_checks.py", "checks/cluster_checks.py", "checks/node_reports.py", "usecases/readiness.py"),
        OF_A_NODE,
        others={"ntlm_login"},
    ),
    Listed("hyperv_migration_capabilities_info", "methods.findings.code", ("usecases/method_availability.py",)),
]


def constants(expression: ast.expr | None) -> Iterator[str]:
    """Yield the texts that an expression may be."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from constants(expression.body)
        yield from constants(expression.orelse)


def codes_of(source: str) -> set[str]:
    """Return the codes that a file reports: arguments ``code`` of calls, and what begins a tuple of code and words."""
    tree = ast.parse(source)
    places = dict(BUILDERS)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            names = [argument.arg for argument in function.args.args]
            if "code" in names:
                places[function.name] = names.index("code") - (names[0] in ("self", "cls"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            callee = node.func
            name = callee.id if isinstance(callee, ast.Name) else getattr(callee, "attr", "")
            if name in places:
                given = [word.value for word in node.keywords if word.arg == "code"]
                found |= {code for argument in given or node.args[places[name] :][:1] for code in constants(argument)}
        elif isinstance(node, ast.Tuple) and len(node.elts) > 1 and is_words(node.elts[1]):
            found |= set(constants(node.elts[0]))
    return {code for code in found if _CODE.fullmatch(code)}


def is_words(expression: ast.expr) -> bool:
    """Return whether an expression is a sentence, or a part of one."""
    return isinstance(expression, ast.JoinedStr) or any(" " in text for text in constants(expression))


def documented_codes(module: str, key: str) -> set[str]:
    """Return the values that the description of a key lists."""
    imported = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.modules.{module}")
    entry: dict[str, t.Any] = {"contains": yaml.safe_load(imported.RETURN)}
    for part in key.split("."):
        entry = entry["contains"][part]
    described = entry["description"]
    words = " ".join(described if isinstance(described, list) else [described])
    return set(re.findall(r"\bV\(([a-z_]+)\)", words))


@pytest.mark.parametrize("listed", LISTS, ids=lambda listed: f"{listed.module}-{listed.key}")
def test_the_documented_codes_are_those_of_the_code(listed: Listed) -> None:
    reported = {code for file in listed.files for code in codes_of((HYPERV / file).read_text(encoding="utf-8"))}
    documented = documented_codes(listed.module, listed.key) - listed.values
    assert documented == (reported | listed.composed) - listed.others


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("Finding('node_not_up', ERROR, name)", {"node_not_up"}),
        ("about_vm(vm, 'busy' if waits else 'state', ERROR, text)", {"busy", "state"}),
        ("about_vm(vm, code, ERROR, 'x')", set()),
        ("def _of(node, code, text): pass\n_of(node, 'no_listener', 'x')", {"no_listener"}),
        ("def _of(cls, code): pass\nreport._of('no_listener')", {"no_listener"}),
        ("Finding(severity=ERROR, code='late')", {"late"}),
        ("found = ('mixed_versions', f'{one} differs')", {"mixed_versions"}),
        ("found = ('NODE', 'memory')", set()),
    ],
)
def test_a_code_is_found_where_a_finding_is_built(source: str, codes: set[str]) -> None:
    assert codes_of(source) == codes
