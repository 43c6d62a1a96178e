# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts and groups a cluster makes: names are data, and no VM stands in for something else."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.inventory import (
    Member,
    Naming,
    leave_out,
    make_node_members,
    make_vm_members,
    read_members,
)

from tests.support.simulated import Simulated

CLUSTER = """
cluster: {name: HVC1, fqdn: hvc1.corp.example}
nodes: [{name: NODE1}]
vms: [{name: web01, owner: NODE1, memory_mb: 2048}]
"""
HVC1 = Naming("HVC1", "hvc1.corp.example")


def members(naming: Naming) -> list[Member]:
    """Return the one node and the one VM of a cluster."""
    found = read_members(Simulated(CLUSTER).cluster)
    return [*make_node_members(found["nodes"], naming), *make_vm_members(found["vms"], found["nodes"], naming)]


def hosts_of(*names: str) -> tuple[list[str], list[str]]:
    """Return the hosts that VMs of these names become, and their ids, in one order."""
    nodes = [{"name": "NODE1", "state": "up"}]
    vms = [
        {"id": f"ID{number}", "name": name, "state": "off", "node": "NODE1", "priority": None}
        for number, name in enumerate(names)
    ]
    return [member.host for member in make_vm_members(vms, nodes, HVC1, ["webservers"])], [str(vm["id"]) for vm in vms]


def test_a_vm_is_called_by_its_name_as_it_is() -> None:
    assert hosts_of("web 01", "{{ x }}", "a,b:c")[0] == ["web 01", "{{ x }}", "a,b:c"]


def test_vms_that_share_a_name_in_any_letter_case_are_told_apart() -> None:
    assert hosts_of("web01", "WEB01", "web02")[0] == ["web01_ID0", "WEB01_ID1", "web02"]


@pytest.mark.parametrize(
    "name", ["node1", "NODE1", "localhost", "all", "hyperv_vms", "hyperv_nodes_up", "hyperv_cluster_HVC1", "Webservers"]
)
def test_a_vm_does_not_stand_in_for_a_node_a_group_or_a_word_of_ansible(name: str) -> None:
    assert hosts_of(name)[0] == [f"{name}_ID0"]


def test_a_vm_called_like_a_node_in_full_has_no_first_label_of_a_node() -> None:
    assert hosts_of("node1.attacker.example", "web.attacker.example")[0] == [
        "node1_attacker_example_ID0",
        "web.attacker.example",
    ]


@pytest.mark.parametrize("letters", [str.upper, str.lower])
def test_a_vm_called_as_the_host_of_another_one_is_a_host_of_its_own(letters: t.Callable[[str], str]) -> None:
    """Two VMs are called web, and a third one what the host of the first is called."""
    _hosts, ids = hosts_of("web", "WEB", "any")
    hosts, ids = hosts_of("web", "WEB", f"web_{letters(ids[0])}")
    assert hosts == [f"web_{ids[0]}", f"WEB_{ids[1]}", f"web_{letters(ids[0])}_{ids[2]}"]


def test_a_vm_without_a_name_is_called_by_its_id() -> None:
    assert hosts_of("")[0] == ["ID0"]


def test_a_cluster_is_read_as_data_that_a_cache_can_keep() -> None:
    found = read_members(Simulated(CLUSTER).cluster)

    assert json.loads(json.dumps(found)) == found
    assert found["cluster"] == {"name": "HVC1", "fqdn": "hvc1.corp.example"}


def test_hosts_are_in_the_groups_of_their_kind_cluster_state_owner_and_priority() -> None:
    node, vm = members(HVC1)

    assert (node.host, node.groups) == ("NODE1", ("hyperv_nodes", "hyperv_cluster_HVC1_nodes", "hyperv_nodes_up"))
    assert (vm.host, vm.groups) == (
        "web01",
        (
            "hyperv_vms",
            "hyperv_cluster_HVC1_vms",
            "hyperv_vms_running",
            "hyperv_vms_on_NODE1",
            "hyperv_vms_priority_medium",
        ),
    )


@pytest.mark.parametrize(
    ("naming", "hosts", "group"),
    [
        (Naming("HVC1", None, "hvc1-"), ("hvc1-NODE1", "hvc1-web01"), "hyperv_cluster_HVC1"),
        (
            Naming("HVC1", "hvc1.corp.example", is_full=True, is_group_full=True),
            ("NODE1.corp.example", "web01.hvc1.corp.example"),
            "hyperv_cluster_hvc1.corp.example",
        ),
        (
            Naming("HVC1", "hvc1.corp.example", is_group_full=True),
            ("NODE1", "web01"),
            "hyperv_cluster_hvc1.corp.example",
        ),
    ],
    ids=["prefix", "full names", "full name of the group alone"],
)
def test_hosts_are_called_as_wished_and_tell_all_the_same_what_the_cluster_calls_them(
    naming: Naming, hosts: tuple[str, str], group: str
) -> None:
    node, vm = members(naming)

    assert (node.host, vm.host) == hosts
    assert (node.groups[1], vm.groups[1]) == (f"{group}_nodes", f"{group}_vms")
    assert f"hyperv_vms_on_{node.host}" in vm.groups
    for one in (node, vm):
        assert (one.variables["hyperv_node"], one.variables["hyperv_cluster"]) == ("NODE1", "HVC1")
        assert one.variables["hyperv_cluster_fqdn"] == naming.fqdn
    assert vm.variables["hyperv_vm_name"] == "web01"


def test_vms_on_a_node_that_is_left_out_are_in_no_group_of_its_namesake() -> None:
    (vm,) = leave_out(members(HVC1), {"NODE1"})

    assert vm.host == "web01"
    assert "hyperv_vms_on_NODE1" not in vm.groups
