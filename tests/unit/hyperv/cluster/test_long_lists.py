# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The long lists of a large cluster: who is asked for which, and that they are those of the task's host."""

from __future__ import annotations

import re

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster import long_lists
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.groups import GroupTraits, VmGroup
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.long_lists import read_long_lists
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import read_nodes
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import Vm
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable

from tests.support.requests import queried_classes
from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

SMALL, LARGE = 4, 6  # nodes
LISTS = ("Msvm_SummaryInformation", "MSCluster_Resource", "MSCluster_ResourceGroup")
Lists = tuple[dict[str, Vm], dict[str, VmGroup], dict[str, GroupTraits]]


def simulated(nodes: int = LARGE, **switches: str) -> Simulated:
    names = [f"NODE{number}" for number in range(1, nodes + 1)]
    vms = [vm(f"web{number:02}", owner=names[number % nodes], memory_mb=512, priority=number) for number in range(60)]
    return Simulated(scenario([node(name) for name in names], vms), **switches)


def read(one: Simulated, helpers: tuple[str, ...] = ("NODE1", "NODE2", "NODE3")) -> Lists:
    for name in helpers:
        one.cluster.node(name)
    vms, roles, traits = read_long_lists(one.cluster, read_nodes(one.cluster), helpers)
    return {found.id: found for found in vms}, dict(roles), dict(traits)


def asked(one: Simulated) -> dict[str, set[str]]:
    """Return the nodes that were asked for each of the lists."""
    found: dict[str, set[str]] = {name: set() for name in LISTS}
    for name, request in one.requests:
        for queried in queried_classes([(name, request)]):
            if queried in found:
                found[queried].add(name)
    return found


def test_each_list_of_a_large_cluster_comes_from_another_node() -> None:
    one, alone = simulated(), simulated()
    assert read(one) == read(alone, helpers=())
    assert [asked(one)[name] for name in LISTS] == [{"NODE1"}, {"NODE2"}, {"NODE3"}]
    assert all(nodes == {"NODE1"} for nodes in asked(alone).values())
    assert len(one.requests) == len(alone.requests)


def test_the_host_of_a_task_in_a_small_cluster_is_asked_for_all() -> None:
    one = simulated(SMALL)
    read(one)
    assert all(nodes == {"NODE1"} for nodes in asked(one).values())


def test_nobody_is_logged_in_to_for_a_list() -> None:
    one = simulated()
    read_long_lists(one.cluster, read_nodes(one.cluster), ["NODE2", "NODE3"])
    assert set(one.sent) == {"NODE1"}


@pytest.mark.parametrize("lost", ["down", "before", "after"])
def test_what_another_node_does_not_tell_the_host_of_the_task_does(lost: str) -> None:
    one = simulated()
    one.lose = lambda name, request: lost if name != "NODE1" else ""
    assert read(one) == read(simulated(), helpers=())
    assert all("NODE1" in nodes for nodes in asked(one).values())


@pytest.mark.parametrize("shown", ["elements", "cim_xml", "absent", "whole_rows"])
def test_roles_are_the_same_however_another_node_shows_whose_they_are(shown: str) -> None:
    one = simulated(private_properties=shown)
    assert read(one) == read(simulated(private_properties=shown), helpers=())
    assert asked(one)["MSCluster_Resource"] == {"NODE2"}


def test_who_speaks_for_the_host_of_the_task_has_the_last_word() -> None:
    one = simulated()
    one.lose = lambda name, request: "down" if b"MSCluster_ResourceGroup" in request else ""
    with pytest.raises(Unreachable, match="NODE2 is down"):
        read(one)


@pytest.fixture
def two_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_lists, "NODES_FOR_A_SHARE", LARGE // 2)


HELPERS = ("NODE1", "NODE2", "NODE3", "NODE4")


@pytest.mark.usefixtures("two_shares")
def test_the_longest_list_of_a_very_large_cluster_comes_in_shares() -> None:
    one = simulated()
    assert read(one, HELPERS) == read(simulated(), helpers=())
    assert [asked(one)[name] for name in LISTS] == [{"NODE1"}, {"NODE2", "NODE4"}, {"NODE3"}]


@pytest.mark.usefixtures("two_shares")
@pytest.mark.parametrize("silent", ["NODE2", "NODE4"])
def test_a_share_that_another_node_does_not_tell_comes_from_the_host_of_the_task(silent: str) -> None:
    one = simulated()
    one.lose = lambda name, request: "down" if name == silent else ""
    assert read(one, HELPERS) == read(simulated(), helpers=())


@pytest.mark.usefixtures("two_shares")
def test_a_vm_that_is_in_no_share_since_it_moves_meanwhile_is_looked_up() -> None:
    one = simulated()
    in_a_share = re.compile(rb"<w:XmlFragment[^>]*><Name>Virtual Machine web07</Name>.*?</w:XmlFragment>")
    cut: list[bytes] = []

    def alter(unused: bytes, answer: bytes) -> bytes:
        cut.extend(in_a_share.findall(answer))
        return in_a_share.sub(b"", answer)

    one.alter = alter
    assert read(one, HELPERS) == read(simulated(), helpers=())
    assert len(cut) == 1
