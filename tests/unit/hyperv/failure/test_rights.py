# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access denied at each place that a module needs, one after the other: the task tells which right is missing.

The places are those that the module really asks: a run with all rights is recorded first.
"""

from __future__ import annotations

import importlib
import json
import re
import types
import typing as t

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._action import FailedWithResult
from ansible_collections.hyperv.migration.plugins.plugin_utils._ansible_errors import EXPECTED, failed_result
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import start_ledger

from tests.running_cluster import ROOT
from tests.simulator.wsman import describe
from tests.support.records import leaving
from tests.support.simulated import Simulated

CLUSTER = """
nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3, state: paused}]
vms:
  - {name: web01, id: 0A0B0C0D-0000-4000-8000-000000000001, owner: NODE1, memory_mb: 1024}
  - {name: web02, owner: NODE2, memory_mb: 1024}
"""
# WBEM_E_ACCESS_DENIED, and ERROR_ACCESS_DENIED as WinRM answers where its own list of rights lacks the account
DENIED = (0x80041003, 5)
WEB01 = "0A0B0C0D-0000-4000-8000-000000000001"
LEDGER = start_ledger(
    None,
    "NODE2",
    "HVC1",
    [leaving(WEB01, source="NODE2", destination="NODE1")],
    "t1",
)
MODULES: dict[str, dict[str, t.Any]] = {
    "hyperv_cim_info": {"class_name": "Win32_OperatingSystem", "namespace": "root/cimv2"},
    "hyperv_cluster_health_info": {"node": "NODE1"},
    "hyperv_cluster_node": {"name": "NODE1", "state": "maintenance"},
    "hyperv_cluster_node_info": {},
    "hyperv_evacuation_plan_info": {"node": "NODE1"},
    "hyperv_migration_capabilities_info": {},
    "hyperv_migration_events_info": {},
    "hyperv_migration_job": {"name": "web01", "state": "cancelled"},
    "hyperv_migration_job_info": {},
    "hyperv_node_identity_info": {"name": "NODE2", "must_answer": True},
    "hyperv_node_maintenance_info": {"node": "NODE1"},
    "hyperv_node_restart": {"name": "NODE3"},
    "hyperv_readiness_info": {},
    "hyperv_restore_plan_info": {"ledger": LEDGER},
    "hyperv_rolling_plan_info": {},
    "hyperv_scenario_info": {},
    "hyperv_vm_info": {},
    "hyperv_vm_migrate": {"name": "web01", "destination_host": "NODE2"},
    "hyperv_vm_state": {"name": "web01", "state": "saved"},
}
# What each namespace and each kind of method needs beyond the rights in WMI, as the message must name it.
NEEDED = {
    "root/mscluster": "Grant-ClusterAccess",
    "root/hypervcluster/v2": "Hyper-V Administrators",
    "root/virtualization/v2": "Hyper-V Administrators",
    "root/cimv2": "Remote Enable",
}
Place = tuple[str, str, str]  # namespace, operation, and class or its query


def place_of(request: bytes) -> Place | None:
    """Return where a request needs a right in WMI; None for one that only goes on with what was begun."""
    about = describe(request)
    if about is None or not about.namespace or about.operation in ("Pull", "Release"):
        return None
    queried = re.search(rb"(?i)from (\w+)", request)
    return about.namespace, about.operation, queried[1].decode() if queried else about.class_name


class Run:
    """One run of a module, and what it told in all."""

    def __init__(self, module: str, denied: Place | None = None, code: int = 0) -> None:
        self.asked: list[Place] = []
        content = yaml.safe_load(CLUSTER)
        if denied is not None:
            namespace, operation, name = denied
            mentions = {"mentions": f"from {name}"} if operation == "Enumerate" else {"class_name": name}
            rule = {"effect": "fault", "code": code, "namespace": namespace, "operation": operation, "times": None}
            content["faults"] = [{**rule, **mentions}]
        simulated = Simulated(yaml.safe_dump(content, sort_keys=False), home="NODE2")
        simulated.lose = self._note
        try:
            self.text = json.dumps(perform(module, simulated))
        except EXPECTED as error:
            known = error.result if isinstance(error, FailedWithResult) else {}
            self.text = f"{failed_result(error)['msg']} {json.dumps(known)}"

    def _note(self, node: str, request: bytes) -> str:
        place = place_of(request)
        if place is not None and place not in self.asked:
            self.asked.append(place)
        return ""


def perform(module: str, simulated: Simulated) -> dict[str, t.Any]:
    action: t.Any = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}")
    made = action.ActionModule.__new__(action.ActionModule)
    made._task = types.SimpleNamespace(check_mode=False, diff=False, timeout=None)
    made._task_vars = {}
    made.tell = lambda message: None
    options = action.ActionModule.ARGUMENTS["argument_spec"]
    given = {name: MODULES[module].get(name, option.get("default")) for name, option in options.items()}
    return t.cast("dict[str, t.Any]", made.perform(simulated.cluster, given))


@pytest.mark.parametrize("code", DENIED)
@pytest.mark.parametrize("module", MODULES)
def test_access_denied_at_any_place_is_told_with_the_right_that_is_missing(module: str, code: int) -> None:
    silent = []
    clean = Run(module)
    assert clean.asked
    assert "lacks a right" not in clean.text
    for place in clean.asked:
        namespace = place[0]
        told = Run(module, place, code).text
        if told == clean.text:
            continue  # what could not be read there was not needed
        path = json.dumps(namespace.replace("/", "\\"))[1:-1]
        named = "lacks a right" in told and NEEDED[namespace.lower()] in told
        if not named or (namespace.replace("/", "\\") not in told and path not in told):
            silent.append((place, told[:400]))
    assert silent == [], "\n".join(map(str, silent))


@pytest.mark.parametrize("module", [one for one in MODULES if one != "hyperv_cim_info"])
def test_the_page_on_rights_lists_the_namespaces_that_a_module_asks(module: str) -> None:
    rows = (ROOT / "docs/docsite/rst/logins_and_rights.rst").read_text(encoding="utf-8").split("   * - ")
    (row,) = (row for row in rows if f"``{module}``" in row.partition("\n")[0])
    listed = {name.lower().replace("\\", "/") for name in re.findall(r"``(root\\[^`]+)``", row)}
    assert {place[0].lower() for place in Run(module).asked} <= listed
