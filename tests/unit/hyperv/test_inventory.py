# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts and groups a cluster makes: names are data, and no VM stands in for something else."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.inventory import (
    node_members,
    read_members,
    vm_members,
)

from tests.unit.hyperv.simulated import Simulated


def hosts_of(*names: str) -> tuple[list[str], list[str]]:
    """Return the hosts that VMs of these names become, and their ids, in one order."""
    nodes = [{"name": "NODE1", "state": "up"}]
    vms = [
        {"id": f"ID{number}", "name": name, "state": "off", "node": "NODE1", "priority": None}
        for number, name in enumerate(names)
    ]
    return [member.host for member in vm_members(vms, nodes)], [str(vm["id"]) for vm in vms]


def test_a_vm_is_called_by_its_name_as_it_is() -> None:
    assert hosts_of("web 01", "{{ x }}", "a,b:c")[0] == ["web 01", "{{ x }}", "a,b:c"]


def test_vms_that_share_a_name_in_any_letter_case_are_told_apart() -> None:
    assert hosts_of("web01", "WEB01", "web02")[0] == ["web01_ID0", "WEB01_ID1", "web02"]


@pytest.mark.parametrize("name", ["node1", "NODE1", "localhost", "all", "hyperv_vms"])
def test_a_vm_does_not_stand_in_for_a_node_or_a_word_of_ansible(name: str) -> None:
    assert hosts_of(name)[0] == [f"{name}_ID0"]


def test_a_vm_without_a_name_is_called_by_its_id() -> None:
    assert hosts_of("")[0] == ["ID0"]


def test_a_cluster_is_read_as_data_that_a_cache_can_keep() -> None:
    found = read_members(Simulated().cluster)

    assert json.loads(json.dumps(found)) == found
    assert [member.groups for member in node_members(found["nodes"])] == [("hyperv_nodes", "hyperv_nodes_up")] * 3
    assert vm_members(found["vms"], found["nodes"])[0].groups == (
        "hyperv_vms",
        "hyperv_vms_running",
        "hyperv_vms_on_NODE1",
        "hyperv_vms_priority_medium",
    )
