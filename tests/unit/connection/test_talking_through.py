# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Through which host a node's cluster is asked, and when nobody can say which node is meant."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.unit.connection.sites import (
    ALIASES,
    ALL_ALIASES,
    BOTH,
    CNO,
    DECLARED,
    FULL_NAMES,
    LONG_NAMES,
    MIXED_NAMES,
    SAME_NAME,
    SHORT_NAMES,
    STANDALONE,
    WORKGROUP,
    Open,
    Site,
    cluster,
)

A_DOWN = FULL_NAMES.leading({"node2.a.example": ""})
B_DOWN = FULL_NAMES.leading({"node1.b.example": "", "node2.b.example": ""})
ONLY_A = dataclasses.replace(FULL_NAMES, groups={"hyperv_nodes": FULL_NAMES.groups["cluster_a"]})
THREE = Site(
    {"HVA": cluster("HVA", "a.example", "NODE1", "NODE2", "NODE3")},
    {"hyperv_nodes": ["node1.a.example", "node2.a.example", "node3.a.example"]},
)
FIRST_DOWN = THREE.leading({"node2.a.example": ""})
OTHER_NAMES = dataclasses.replace(FULL_NAMES, scenarios={**BOTH, "HVB": cluster("HVB", "b.example", "NODE1", "NODE7")})


@pytest.mark.parametrize(
    ("site", "node", "arguments", "via"),
    [
        (FULL_NAMES, "node1.a.example", {}, "node2.a.example"),
        (FULL_NAMES, "node1.b.example", {}, "node2.b.example"),
        (FULL_NAMES, "NODE1", {"hosts": ["node1.b.example", "node2.b.example"]}, "node2.b.example"),
        (FULL_NAMES, "NODE1", {"via": "node2.b.example"}, "node2.b.example"),
        (FULL_NAMES, "NODE1", {"cluster": "HVB"}, "node2.b.example"),
        (FULL_NAMES, "NODE1", {"cluster": "hvb.b.example"}, "node2.b.example"),
        (SAME_NAME, "NODE1", {"cluster": "hvc1.b.example"}, "node2.b.example"),
        (A_DOWN, "node1.a.example", {}, "node1.a.example"),
        (THREE, "node1.a.example", {}, "node2.a.example"),
        (FIRST_DOWN, "node1.a.example", {}, "node3.a.example"),
        (FIRST_DOWN, "node1.a.example", {"must_answer": True}, "node3.a.example"),
        (FIRST_DOWN, "NODE1", {}, "node3.a.example"),
        (ONLY_A, "NODE1", {}, "node2.a.example"),
        (ALIASES, "siteb-1", {}, "siteb-2"),
        (ALIASES, "node1.b.example", {}, "siteb-2"),
        (ALIASES, "node1.a.example", {}, "node2.a.example"),
        (ALL_ALIASES, "b-1", {}, "b-2"),
        (SHORT_NAMES, "node1", {}, "node2"),
        (SHORT_NAMES, "node1.b.example", {}, "node2.b.example"),
        (MIXED_NAMES, "NODE1", {}, "node2.a.example"),
        (LONG_NAMES, "frankfurt-node-0001", {}, "node2.a.example"),
        (LONG_NAMES, "FRANKFURT-NODE-", {}, "node2.a.example"),
        (DECLARED, "blue", {}, "green"),
        (CNO, "NODE2", {}, "hva.a.example"),
        (CNO, "NODE1", {}, "hva.a.example"),
        (WORKGROUP, "node1.b.example", {}, "node2.b.example"),
        (STANDALONE, "host1.a.example", {}, "host1.a.example"),
        (STANDALONE, "HOST2", {}, "host2.a.example"),
        (FULL_NAMES.leading({"node1.b.example": ""}), "node1.b.example", {}, "node2.b.example"),
        (OTHER_NAMES, "node1.a.example", {}, "node2.a.example"),
    ],
)
def test_it_is_another_host_of_the_nodes_own_cluster(
    opened: Open, site: Site, node: str, arguments: dict[str, t.Any], via: str
) -> None:
    hosts = opened(site)
    assert hosts.via(node, **arguments).host == via
    assert hosts.network.changes == []


@pytest.mark.parametrize(
    ("site", "node", "arguments", "words"),
    [
        pytest.param(
            FULL_NAMES,
            "NODE1",
            {},
            r"NODE1 is a node of several clusters, .*hva\.a\.example.*hvb\.b\.example.*--limit",
            id="a short name of two clusters",
        ),
        pytest.param(SAME_NAME, "NODE1", {}, r"several clusters, .*hvc1\.a.*hvc1\.b", id="of two of the same name"),
        pytest.param(ALIASES, "NODE1", {}, r"several clusters, .*hva\.a.*hvb\.b", id="of two, one behind aliases"),
        pytest.param(
            ALL_ALIASES, "NODE1", {}, r"is a node of several clusters", id="of two behind aliases in one group"
        ),
        pytest.param(WORKGROUP, "NODE1", {}, r"several clusters, ", id="of two in workgroups"),
        pytest.param(
            B_DOWN,
            "NODE1",
            {},
            r"may be a node of several clusters, .*hva\.a.*node1\.b\.example \(which does not answer",
            id="one is down",
        ),
        pytest.param(
            FULL_NAMES, "NODE9", {}, r"No cluster that answers has the node NODE9.*hva\.a.*hvb\.b", id="of none"
        ),
        pytest.param(FULL_NAMES, "node1.c.example", {}, r"No cluster .*node1\.c\.example", id="of an unknown domain"),
        pytest.param(FULL_NAMES, "10.2.0.1", {}, r"No cluster .*10\.2\.0\.1", id="an address that no host has"),
        pytest.param(
            FULL_NAMES,
            "node1.b.example",
            {"via": "node2.a.example"},
            r"node1\.b\.example is .*hvb\.b\.example, and no other host answers.*node2\.a\.example.*hva\.a\.example",
            id="through a host of another cluster",
        ),
        pytest.param(
            FULL_NAMES.leading({"node1.b.example": ""}),
            "node1.b.example",
            {"via": "node2.a.example"},
            r"No cluster .*node1\.b\.example",
            id="through a host of another cluster while the node is down",
        ),
        pytest.param(
            FULL_NAMES,
            "node1.b.example",
            {"cluster": "HVA"},
            r"node1\.b\.example is .*hvb\.b\.example, and not a node of the cluster HVA",
            id="of another cluster than the ledger's",
        ),
        pytest.param(
            SAME_NAME,
            "node1.b.example",
            {"cluster": "hvc1.a.example"},
            r"hvc1\.b\.example, and not a node of the cluster hvc1\.a\.example",
            id="of another one of the ledger's name",
        ),
        pytest.param(
            FULL_NAMES.leading({"node1.b.example": "HVA/NODE1"}),
            "node1.b.example",
            {},
            r"node1\.b\.example is the computer node1\.a\.example",
            id="another cluster behind the name",
        ),
        pytest.param(
            SHORT_NAMES.leading({"10.1.0.2": "HVB/NODE2"}),
            "node2",
            {},
            r"node2 \(10\.1\.0\.2\) is the computer node2\.b\.example .*and not the node of that name next to node1",
            id="a namesake of another cluster behind a short name",
        ),
        pytest.param(
            FULL_NAMES.leading({"node2.b.example": ""}),
            "node1.b.example",
            {"must_answer": True},
            r"no other host answers that is one of its nodes.*node2\.b\.example does not answer",
            id="a roll with nobody else of the cluster",
        ),
        pytest.param(
            FULL_NAMES.leading({"node1.b.example": ""}),
            "node1.b.example",
            {"must_answer": True},
            r"node1\.b\.example must answer itself",
            id="a roll of a node that does not answer",
        ),
        pytest.param(
            FULL_NAMES.leading({"node2.b.example": "HVA/NODE2"}),
            "node1.b.example",
            {"must_answer": True},
            r"no other host answers that is one of its nodes.*node2\.b\.example is the computer node2\.a\.example",
            id="a roll whose other node is another cluster's",
        ),
        pytest.param(
            FULL_NAMES, "NODE1", {"must_answer": True}, "NODE1 is not a host of the inventory", id="not listed"
        ),
    ],
)
def test_it_is_refused_and_all_who_were_asked_are_told(
    opened: Open, site: Site, node: str, arguments: dict[str, t.Any], words: str
) -> None:
    hosts = opened(site)
    with pytest.raises(HyperVError, match=words):
        hosts.via(node, **arguments)
    assert hosts.network.changes == []


def test_hosts_that_answer_alike_are_told_together(opened: Open) -> None:
    hosts = opened(ALIASES.leading({"10.2.0.1": "", "10.2.0.2": ""}))
    with pytest.raises(HyperVError, match=r"; siteb-1: 10\.2\.0\.1 does not answer; siteb-2: the same\.$"):
        hosts.via("NODE7")


def test_a_silent_group_of_aliases_may_be_another_cluster_with_a_node_of_that_short_name(opened: Open) -> None:
    hosts = opened(ALIASES.leading({"10.2.0.1": "", "10.2.0.2": ""}))
    with pytest.raises(HyperVError, match=r"may be a node of several clusters.*siteb-1 \(which does not answer\)"):
        hosts.via("NODE1")
    assert hosts.via("node1.a.example").host == "node2.a.example"


def test_a_silent_alias_next_to_one_that_answers_is_of_the_same_cluster(opened: Open) -> None:
    three = cluster("HVA", "a.example", "NODE1", "NODE2", "NODE3")
    aliases = {f"first-{number}": {"ansible_host": f"10.1.0.{number}"} for number in (1, 2, 3)}
    hosts = opened(Site({"HVA": three}, {"hyperv_nodes": list(aliases)}, aliases, {"10.1.0.3": ""}))
    assert hosts.via("NODE1").host == "first-2"


def test_hosts_that_are_listed_as_nodes_of_a_cluster_that_answered_are_not_asked(opened: Open) -> None:
    many = cluster("HVA", "a.example", *(f"NODE{number}" for number in range(1, 9)))
    names = [f"node{number}.a.example" for number in range(1, 9)]
    hosts = opened(Site({"HVA": many}, {"hyperv_nodes": names}))
    assert hosts.via("NODE1").host == "node2.a.example"
    assert set(hosts.network.sent) == {"HVA/NODE1", "HVA/NODE2"}
