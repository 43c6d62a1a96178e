# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A recording answers as the cluster did: what modules make of it is the same, but for the names."""

from __future__ import annotations

import pathlib
import re

import pytest

from tests.support.scenarios import (
    NODES,
    Scenario,
    Switches,
    affinity_rule,
    attachment,
    event,
    migration,
    node,
    role,
    scenario,
    vm,
)
from tests.unit.recording.recorded import Asks, Recorded

MIXED = scenario(
    (node("NODE1"), node("NODE2"), node("NODE3", state="paused"), node("NODE4", memory_mb=32768, state="down")),
    [
        vm("web01", memory_mb=4096, anti_affinity=("web",)),
        vm("web02", memory_mb=4096, anti_affinity=("web",), owner="NODE2"),
        vm("Db-Main_01", memory_mb=8192, priority=3000, preferred_owners=("NODE1", "NODE2")),
        vm("old", memory_mb=2048, state="off"),
        vm("pinned", memory_mb=2048, possible_owners=("NODE1",)),
        vm("edge", clustered=False),
        vm("install", attachments=(attachment("iso", r"C:\isos\setup.iso"),)),
    ],
    affinity_rules=[affinity_rule("apart", "different_node", ("web01", "web02"))],
    roles=[role("fileserver", "file_server", "NODE1")],
)
JAPANESE = scenario(
    NODES,
    [
        vm("販売サーバー", memory_mb=4096, state="saved"),
        vm("経理01", memory_mb=4096, owner="NODE2"),
        vm("web01", memory_mb=2048, migration=migration(fails_at=20)),
    ],
    [event(move="web01", to="NODE2", at=0)],
    language="ja-JP",
)
BUSY = scenario(
    (node("HV-A"), node("HV-B")),
    [vm(f"vm{number:02}", owner="HV-A" if number % 3 else "HV-B", memory_mb=1024 * number) for number in range(1, 13)],
    [event(move="vm01", to="HV-B", at=0)],
    switches=Switches(wql="refused", missing_classes=("MSCluster_AffinityRule",), provider_on=("HV-A",)),
)
# Names of letters that have few others of their kind, and of words in queries.
ODD = scenario(
    NODES,
    [
        vm("🚀", memory_mb=1024),
        vm("TimeCreated", memory_mb=1024),
        vm("Q", memory_mb=1024, owner="NODE2"),
        vm("Straße 'links'", memory_mb=1024),
        vm("0x80338000", memory_mb=1024, state="off"),
    ],
    switches=Switches(missing_classes=("MSCluster_AffinityRule",)),
)
SCENARIOS = {
    "mixed": (MIXED, "web01", "NODE2"),
    "japanese": (JAPANESE, "経理01", "NODE1"),
    "odd": (ODD, "Straße 'links'", "NODE2"),
    "busy": (BUSY, "vm02", "HV-B"),
}


def asks(given: Scenario, name: str, destination: str) -> Asks:
    """Return all modules that read, the plans of each node, and the dry runs of a VM."""
    nodes = [one.name for one in given.nodes]
    move = {"name": name, "destination_host": destination}
    return [
        ("hyperv_readiness_info", {}),
        ("hyperv_migration_capabilities_info", {}),
        ("hyperv_migration_capabilities_info", move),
        ("hyperv_cluster_health_info", {}),
        ("hyperv_rolling_plan_info", {}),
        ("hyperv_cluster_node_info", {}),
        ("hyperv_vm_info", {}),
        ("hyperv_migration_job_info", {}),
        ("hyperv_scenario_info", {}),
        ("hyperv_node_identity_info", {}),
        ("hyperv_node_maintenance_info", {"node": nodes[0]}),
        ("hyperv_cim_info", {"namespace": "root/MSCluster", "class_name": "MSCluster_Node"}),
        *(("hyperv_evacuation_plan_info", {"node": one}) for one in nodes),
        *(("hyperv_vm_migrate", {**move, "method": method}) for method in ("auto", "system", "cluster_group")),
    ]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_results_are_the_same_but_for_the_names(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    given, vm_name, destination = SCENARIOS[name]
    asked = asks(given, vm_name, destination)
    recorded = Recorded(monkeypatch, tmp_path, given, name=vm_name, destination_host=destination)
    assert recorded.answer["refused"] == []
    expected = recorded.results(asked)

    results, played = recorded.replayed(asked)

    for (module, options), result, wanted in zip(asked, results, expected, strict=True):
        assert result == wanted, f"{module} {options}"
    assert played.counters()["answered_by"]["scenario"] == 0, played.counters()["by_scenario"]
    assert vm_name not in "".join(results)


def test_what_is_called_as_every_cluster_s_own_group_keeps_that_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """Otherwise the group itself would have another name; the name says nothing of this cluster."""
    given = scenario(NODES, [vm("Cluster Group", group="its own"), vm("ß")])
    recorded = Recorded(monkeypatch, tmp_path, given, name="ß", destination_host="NODE2")
    names = recorded.packed.names
    assert "ss" not in names  # a cluster asked for a group of that name would not find this one
    (vms,) = (result for result in recorded.replayed([("hyperv_vm_info", {})])[0])
    assert '"Cluster Group"' in vms
    assert f'"{names["ß"]}"' in vms
    assert not re.search("its own|ß", vms)
