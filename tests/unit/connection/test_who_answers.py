# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which machine a name means: the right one is found however it is listed, and another one is refused by both names."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.identity import WrongMachine, identity_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

from tests.unit.connection.sites import (
    ADDRESSES,
    ALIASES,
    ALL_ALIASES,
    BOTH,
    CNO,
    DECLARED,
    DOMAINS,
    FLAT,
    FLAT_ALIASES,
    FULL_NAMES,
    HOSTS,
    IPV6,
    LONG_NAMES,
    MANAGEMENT_NAMES,
    MIXED_NAMES,
    NOTHING_TOLD,
    OF_CLUSTER,
    SAME_NAME,
    SHORT_NAMES,
    STANDALONE,
    TWO_STANDALONE,
    UNIQUE_ALIASES,
    UNIQUE_NAMES,
    WORKGROUP,
    Open,
    Site,
    cluster,
)


@pytest.mark.parametrize(
    ("site", "home", "name", "machine"),
    [
        (FULL_NAMES, "node1.a.example", None, "HVA/NODE1"),
        (FULL_NAMES, "node1.a.example", "NODE2", "HVA/NODE2"),
        (FULL_NAMES, "node1.a.example", "node2.A.example", "HVA/NODE2"),
        (FULL_NAMES, "node1.a.example", "NODE1", "HVA/NODE1"),
        (FULL_NAMES, "node1.a.example", "10.1.0.2", "HVA/NODE2"),
        (FULL_NAMES, "node2.b.example", "NODE1", "HVB/NODE1"),
        (SAME_NAME, "node2.b.example", "NODE1", "HVB/NODE1"),
        (ALIASES, "siteb-2", "NODE1", "HVB/NODE1"),
        (ALIASES, "siteb-2", "siteb-1", "HVB/NODE1"),
        (ALIASES, "siteb-2", "10.2.0.1", "HVB/NODE1"),
        (ALIASES, "siteb-2", "node1.b.example", "HVB/NODE1"),
        (ALIASES, "node2.a.example", "NODE1", "HVA/NODE1"),
        (SHORT_NAMES, "node2", "NODE1", "HVA/NODE1"),
        (SHORT_NAMES, "node2", "node1.a.example", "HVA/NODE1"),
        (SHORT_NAMES, "node2.b.example", "NODE1", "HVB/NODE1"),
        (ADDRESSES, "10.1.0.2", "NODE1", "HVA/NODE1"),
        (UNIQUE_NAMES, "hv11.a.example", "HV12", "HVB/HV12"),
        (UNIQUE_ALIASES, "hv11", "HV12", "HVB/HV12"),
        (ADDRESSES, "10.2.0.1", "NODE2", "HVB/NODE2"),
        (MIXED_NAMES, "node2.a.example", "NODE1", "HVA/NODE1"),
        (MIXED_NAMES, "node2.a.example", "node1.mgmt.example", "HVA/NODE1"),
        (MIXED_NAMES, "node2.a.example", "node1.a.example", "HVA/NODE1"),
        (MIXED_NAMES, "node1.mgmt.example", "NODE2", "HVA/NODE2"),
        (DOMAINS, "node1.east.example", "NODE2", "HVA/NODE2"),
        (DOMAINS, "node2.west.example", "node1.east.example", "HVA/NODE1"),
        (LONG_NAMES, "node2.a.example", "FRANKFURT-NODE-", "HVA/FRANKFURT-NODE-"),
        (LONG_NAMES, "node2.a.example", "frankfurt-node-0001", "HVA/FRANKFURT-NODE-"),
        (LONG_NAMES, "frankfurt-node-0001.a.example", "NODE2", "HVA/NODE2"),
        (DECLARED, "green", "NODE1", "HVA/NODE1"),
        (DECLARED, "green", "blue", "HVA/NODE1"),
        (DECLARED, "blue", "NODE2", "HVA/NODE2"),
        (OF_CLUSTER, "first", "NODE2", "HVA/NODE2"),
        (CNO, "hva.a.example", "NODE1", "HVA/NODE1"),
        (CNO, "hva.a.example", "NODE2", "HVA/NODE2"),
        (WORKGROUP, "node1.a.example", "NODE2", "HVA/NODE2"),
        (WORKGROUP, "node2.b.example", "NODE1", "HVB/NODE1"),
        (NOTHING_TOLD, "node1.a.example", "NODE2", "HVA/NODE2"),
        (NOTHING_TOLD, "node2.b.example", "NODE1", "HVB/NODE1"),
        (STANDALONE, "host1.a.example", "HOST2", "HVA/HOST2"),
        (STANDALONE, "host1.a.example", "host2.a.example", "HVA/HOST2"),
        (TWO_STANDALONE, "host1.b.example", "HOST2", "HVB/HOST2"),
        (TWO_STANDALONE, "host1.b.example", "host2.a.example", "HVA/HOST2"),
        (FLAT, "node1.b.example", "NODE2", "HVB/NODE2"),
        (FLAT_ALIASES, "siteb-2", "NODE1", "HVB/NODE1"),
        (ALL_ALIASES, "b-2", "NODE1", "HVB/NODE1"),
        (ALL_ALIASES, "a-1", "NODE2", "HVA/NODE2"),
        (IPV6, "first", "NODE2", "HVA/NODE2"),
        (IPV6, "first", "fd00::2", "HVA/NODE2"),
    ],
)
def test_the_machine_that_is_meant_is_found_however_it_is_listed(
    opened: Open, site: Site, home: str, name: str | None, machine: str
) -> None:
    hosts = opened(site)
    assert hosts.asked_from(home, name) == machine
    assert hosts.network.changes == []


def test_a_node_is_asked_itself_when_the_clusters_name_leads_to_another_one_by_now(opened: Open) -> None:
    hosts = opened(CNO)
    connections = hosts.connections("hva.a.example")
    assert identity_of(connections.session(None)).computer.name == "NODE1"
    hosts.network.machines["hva.a.example"] = "HVA/NODE2"  # the core group has moved
    session = connections.session("NODE1")
    hosts.network.sent.clear()

    session.query("root/cimv2", Query("Win32_ComputerSystem", ("Name",)))

    assert hosts.network.sent == {"HVA/NODE1": 1}


SWAPPED = FULL_NAMES.leading({"node1.a.example": "HVA/NODE2", "node2.a.example": "HVA/NODE1"})
CROSSED = FULL_NAMES.leading({"node1.b.example": "HVA/NODE1"})
CROSSED_ALL = CROSSED.leading({"node2.b.example": "HVA/NODE2"})


@pytest.mark.parametrize(
    ("site", "home", "name", "words"),
    [
        pytest.param(SWAPPED, "node1.a.example", None, r"node1\.a\.example is .*node2\.a\.example of", id="swapped"),
        pytest.param(CROSSED, "node1.b.example", None, r"node1\.b\.example is .*hva\.a\.example", id="crossed"),
        pytest.param(
            CROSSED, "node2.b.example", "NODE1", r"node1\.b\.example.*hva\.a\.example", id="neighbour crossed"
        ),
        pytest.param(
            CROSSED_ALL, "node1.b.example", None, r"hva\.a\.example, .*not node1\.b\.example", id="all crossed"
        ),
        pytest.param(
            FULL_NAMES,
            "node2.a.example",
            "node1.b.example",
            r"hvb\.b\.example, and not beside .*hva\.a\.example",
            id="other's full name",
        ),
        pytest.param(
            FULL_NAMES, "node2.a.example", "node1.nowhere.example", r"no inventory host is called", id="nowhere"
        ),
        pytest.param(
            FULL_NAMES, "node2.a.example", "10.2.0.1", r"10\.2\.0\.1 is .*hvb\.b\.example", id="other's address"
        ),
        pytest.param(
            ALIASES,
            "siteb-2",
            "node1.a.example",
            r"hva\.a\.example, and not beside siteb-2.*hvb\.b\.example",
            id="other's name",
        ),
        pytest.param(OF_CLUSTER, "first", "10.9.9.9", r"10\.9\.9\.9 could not be asked", id="nobody's address"),
        pytest.param(
            MANAGEMENT_NAMES,
            "node2.mgmt.example",
            None,
            r"node2\.mgmt\.example is .*not node2\.mgmt\.example.*hyperv_node: node2\.a\.example",
            id="a domain in which nothing is known to be",
        ),
        pytest.param(
            dataclasses.replace(OF_CLUSTER, scenarios={"HVA": cluster("HVX", "a.example")}),
            "first",
            None,
            r"hvx\.a\.example, .*a node of the cluster hva\.a\.example",
            id="another cluster than declared",
        ),
        pytest.param(
            DECLARED.leading({"blue.racks.example": "HVA/NODE2"}),
            "blue",
            None,
            r"blue .*not NODE1",
            id="not as declared",
        ),
        pytest.param(
            STANDALONE.leading({HOSTS[0]: "HVA/HOST2", HOSTS[1]: "HVA/HOST1"}),
            "host1.a.example",
            None,
            r"host1\.a\.example is .*host2\.a\.example",
            id="standalone hosts swapped",
        ),
        pytest.param(
            WORKGROUP.leading({"node1.b.example": "HVA/NODE1", "node2.b.example": "HVA/NODE2"}),
            "node1.b.example",
            None,
            r"node1\.b\.example .*hva\.a\.example",
            id="workgroup crossed",
        ),
        pytest.param(
            WORKGROUP.leading({"node1.b.example": "HVA/NODE1"}),
            "node2.b.example",
            "NODE1",
            r"node1\.b\.example .*hva\.a\.example",
            id="workgroup neighbour crossed",
        ),
        pytest.param(
            UNIQUE_NAMES.leading({"hv11.a.example": "HVA/HV01"}),
            "hv11.a.example",
            None,
            r"hv11\.a\.example is .*hv01\.a\.example of the cluster hva",
            id="crossed in one domain",
        ),
        pytest.param(
            UNIQUE_NAMES.leading({"hv11.a.example": "HVA/HV01", "hv12.a.example": "HVA/HV02"}),
            "hv11.a.example",
            None,
            r"hv11\.a\.example is .*which the inventory lists as hv01\.a\.example",
            id="all crossed in one domain",
        ),
        pytest.param(
            UNIQUE_ALIASES.leading({"10.2.0.1": "HVA/HV01"}),
            "hv11",
            None,
            r"hv11 \(10\.2\.0\.1\) is .*hv01\.a\.example.*next to hv12 \(the computer hv12",
            id="an address of another cluster in one domain",
        ),
        pytest.param(
            UNIQUE_ALIASES.leading({"10.2.0.1": "HVA/HV01"}),
            "hv12",
            "hv11",
            r"hv11 \(10\.2\.0\.1\) is .*hv01\.a\.example.*next to hv12 \(the computer hv12",
            id="a neighbour's address of another cluster in one domain",
        ),
        pytest.param(
            NOTHING_TOLD.leading({"node1.b.example": "HVA/NODE1"}),
            "node2.b.example",
            "NODE1",
            r"NODE1 .*the computer node1 of the cluster HVA, and not .*the cluster HVB",
            id="a neighbour of a cluster with another name alone",
        ),
    ],
)
def test_another_machine_is_refused_by_both_names(
    opened: Open, site: Site, home: str, name: str | None, words: str
) -> None:
    hosts = opened(site)
    with pytest.raises((WrongMachine, Unreachable), match=words):
        hosts.asked_from(home, name)
    assert hosts.network.changes == []


def test_a_host_that_stands_for_a_vm_is_never_a_node(opened: Open) -> None:
    vm = {"node1.b.example": {"hyperv_vm_id": "6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31"}}
    for groups in ({"hyperv_vms": ["node1.b.example"]}, {"guests": ["node1.b.example"]}):
        listed = {"cluster_a": ["10.1.0.2"], **groups}
        hosts = opened(dataclasses.replace(ADDRESSES, groups=listed, variables=vm))
        assert hosts.asked_from("10.1.0.2", "NODE1") == "HVA/NODE1"
        assert "HVB/NODE1" not in hosts.network.sent


def test_a_delegated_task_looks_beside_the_host_that_it_is_delegated_to(opened: Open) -> None:
    hosts = opened(FULL_NAMES)
    delegated = {"ansible_delegated_vars": {"node2.b.example": {}}, "inventory_hostname": "node1.a.example"}
    assert hosts.asked_from("node2.b.example", "NODE1", **delegated) == "HVB/NODE1"


def test_a_node_that_its_cluster_has_evicted_is_not_beside_it(opened: Open) -> None:
    evicted = {"name": "NODE2", "member": False, "workgroup": True}
    hosts = opened(
        dataclasses.replace(FULL_NAMES, scenarios={**BOTH, "HVA": cluster("HVA", "a.example", "NODE1", evicted)})
    )
    with pytest.raises(WrongMachine, match=r"NODE2 .*is the computer node2, and not NODE2 beside"):
        hosts.asked_from("node1.a.example", "NODE2")


def test_a_neighbour_that_does_not_answer_is_told_with_its_inventory_host(opened: Open) -> None:
    hosts = opened(ALIASES.leading({"10.2.0.1": "", "node1.b.example": ""}))
    with pytest.raises(Unreachable, match=r"NODE1 could not be asked.*siteb-1 \(10\.2\.0\.1\)"):
        hosts.asked_from("siteb-2", "NODE1")


def test_a_neighbour_that_is_not_listed_is_told_as_missing_from_the_inventory(opened: Open) -> None:
    only = dataclasses.replace(FULL_NAMES, groups={"cluster_a": ["node1.a.example"]}).leading({"node2.a.example": ""})
    with pytest.raises(Unreachable, match=r"NODE2 could not be asked, and no inventory host is it: NODE2\.a\.example"):
        opened(only).asked_from("node1.a.example", "NODE2")


def test_one_address_of_several_hosts_is_refused(opened: Open) -> None:
    twice: dict[str, dict[str, t.Any]] = {
        "first": {"ansible_host": "10.1.0.2", "ansible_port": 1},
        "second": {"ansible_host": "10.1.0.2"},
    }
    hosts = opened(Site({"HVA": BOTH["HVA"]}, {"cluster_a": ["10.1.0.1", "first", "second"]}, twice))
    with pytest.raises(Unreachable, match=r"10\.1\.0\.2 is the address of the inventory hosts first, second"):
        hosts.asked_from("10.1.0.1", "10.1.0.2")


@pytest.mark.parametrize(
    ("site", "home", "name", "sent"),
    [
        (FULL_NAMES, "node1.a.example", None, {"HVA/NODE1": 1}),
        (FULL_NAMES, "node1.a.example", "NODE2", {"HVA/NODE1": 1, "HVA/NODE2": 1}),
        (ADDRESSES, "10.1.0.1", None, {"HVA/NODE1": 1}),
        (SHORT_NAMES, "node1", "NODE2", {"HVA/NODE1": 1, "HVA/NODE2": 1}),
        (FLAT, "node1.b.example", "NODE2", {"HVB/NODE1": 1, "HVB/NODE2": 1}),
        (SHORT_NAMES, "node1.b.example", "NODE2", {"HVB/NODE1": 2, "HVB/NODE2": 2}),
        (DOMAINS, "node1.east.example", None, {"HVA/NODE1": 1}),
    ],
)
def test_a_session_takes_one_request_to_know_who_answers_and_a_second_where_names_leave_it_open(
    opened: Open, site: Site, home: str, name: str | None, sent: dict[str, int]
) -> None:
    hosts = opened(site)
    hosts.asked_from(home, name)
    assert hosts.network.sent == sent


def test_a_full_name_that_no_host_has_is_asked_for_in_dns_whatever_a_short_name_leads_to(opened: Open) -> None:
    groups = {"cluster_a": SHORT_NAMES.groups["cluster_a"], "cluster_b": ["node2.b.example"]}
    hosts = opened(dataclasses.replace(SHORT_NAMES, groups=groups))
    assert hosts.asked_from("node2.b.example", "node1.b.example") == "HVB/NODE1"


def test_a_silent_host_of_that_full_name_is_told_as_silent(opened: Open) -> None:
    hosts = opened(FULL_NAMES.leading({"node1.b.example": ""}))
    with pytest.raises(Unreachable, match=r"node1\.b\.example could not be asked"):
        hosts.asked_from("node2.a.example", "node1.b.example")


def test_a_host_that_is_listed_by_the_name_of_another_node_is_never_that_one(opened: Open) -> None:
    renamed = {
        "node1": {"ansible_host": "10.1.0.2", "hyperv_node": "NODE2"},
        "node2": {"ansible_host": "10.1.0.1", "hyperv_node": "NODE1"},
    }
    hosts = opened(Site({"HVA": BOTH["HVA"]}, {"cluster_a": ["node1", "node2"]}, renamed))
    assert hosts.asked_from("node1", None) == "HVA/NODE2"
    assert hosts.asked_from("node1", "NODE1") == "HVA/NODE1"
    assert hosts.asked_from("node1", "NODE2") == "HVA/NODE2"


@pytest.mark.parametrize(
    "site", [SHORT_NAMES, FULL_NAMES, ALIASES, ADDRESSES], ids=["short", "full", "alias", "address"]
)
def test_a_task_that_changes_something_goes_on_where_the_hosts_next_to_its_own_are_of_its_cluster(
    opened: Open, site: Site
) -> None:
    hosts = opened(site)
    for home in site.groups["cluster_b"]:
        hosts.connections(home).confirm()
    assert {machine.partition("/")[0] for machine in hosts.network.sent} >= {"HVB"}
    assert hosts.network.changes == []


@pytest.mark.parametrize(
    ("site", "home"),
    [
        (SHORT_NAMES.leading({"10.1.0.2": "HVB/NODE2"}), "node2"),
        (ADDRESSES.leading({"10.2.0.2": "HVA/NODE2"}), "10.2.0.2"),
    ],
    ids=["short", "address"],
)
def test_it_stops_where_its_host_is_a_namesake_from_another_cluster(opened: Open, site: Site, home: str) -> None:
    hosts = opened(site)
    with pytest.raises(WrongMachine, match="and not the node of that name next to"):
        hosts.connections(home).confirm()
    assert hosts.network.changes == []


def test_a_dns_name_that_is_too_long_for_netbios_is_found_where_the_computer_name_is_listed(opened: Open) -> None:
    site = dataclasses.replace(LONG_NAMES, groups={"cluster_a": ["FRANKFURT-NODE-", "node2.a.example"]})
    hosts = opened(site.leading({"FRANKFURT-NODE-": "HVA/FRANKFURT-NODE-"}))
    for name in ("frankfurt-node-0001", "frankfurt-node-0001.a.example"):
        assert hosts.asked_from("node2.a.example", name) == "HVA/FRANKFURT-NODE-"
