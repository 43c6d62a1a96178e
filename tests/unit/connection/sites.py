# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clusters and the ways in which inventories list their nodes."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping, Sequence

import yaml

from tests.unit.connection.simulated_hosts import SimulatedHosts

Open = Callable[["Site"], SimulatedHosts]


def cluster(name: str, domain: str, *nodes: Mapping[str, t.Any] | str, **more: t.Any) -> str:
    """Return a scenario; nodes are NODE1 and NODE2 unless told otherwise."""
    written = [{"name": node} if isinstance(node, str) else dict(node) for node in nodes or ("NODE1", "NODE2")]
    return yaml.safe_dump({"cluster": {"name": name, "fqdn": f"{name.lower()}.{domain}", **more}, "nodes": written})


@dataclasses.dataclass(frozen=True)
class Site:
    """Clusters and the inventory that lists them."""

    scenarios: Mapping[str, str]
    groups: Mapping[str, Sequence[str]]
    variables: Mapping[str, Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    leads: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def leading(self, leads: Mapping[str, str]) -> Site:
        """Return the same with addresses that lead elsewhere, or nowhere."""
        return dataclasses.replace(self, leads={**self.leads, **leads})


BOTH = {"HVA": cluster("HVA", "a.example"), "HVB": cluster("HVB", "b.example")}
A, B = ["node1.a.example", "node2.a.example"], ["node1.b.example", "node2.b.example"]
FULL_NAMES = Site(BOTH, {"hyperv_nodes": [*A, *B], "cluster_a": A, "cluster_b": B})
SAME_NAME = dataclasses.replace(
    FULL_NAMES, scenarios={"HVA": cluster("HVC1", "a.example"), "HVB": cluster("HVC1", "b.example")}
)
ALIASES = Site(
    BOTH,
    {"hyperv_nodes": [*A, "siteb-1", "siteb-2"], "cluster_a": A, "cluster_b": ["siteb-1", "siteb-2"]},
    {"siteb-1": {"ansible_host": "10.2.0.1"}, "siteb-2": {"ansible_host": "10.2.0.2"}},
)
SHORT_NAMES = Site(
    BOTH,
    {"cluster_a": ["node1", "node2"], "cluster_b": B},
    {"node1": {"ansible_host": "10.1.0.1"}, "node2": {"ansible_host": "10.1.0.2"}},
)
# As most are: one DNS domain, in which no two computers have one name.
UNIQUE_NAMES = Site(
    {
        "HVA": cluster("HVA", "a.example", "HV01", "HV02"),
        "HVB": cluster("HVB", "a.example", "HV11", "HV12"),
    },
    {"cluster_a": ["hv01.a.example", "hv02.a.example"], "cluster_b": ["hv11.a.example", "hv12.a.example"]},
)
UNIQUE_ALIASES = dataclasses.replace(
    UNIQUE_NAMES,
    groups={"cluster_a": ["hv01", "hv02"], "cluster_b": ["hv11", "hv12"]},
    variables={
        "hv01": {"ansible_host": "10.1.0.1"},
        "hv02": {"ansible_host": "10.1.0.2"},
        "hv11": {"ansible_host": "10.2.0.1"},
        "hv12": {"ansible_host": "10.2.0.2"},
    },
)
ADDRESSES = Site(BOTH, {"cluster_a": ["10.1.0.1", "10.1.0.2"], "cluster_b": ["10.2.0.1", "10.2.0.2"]})
MANAGEMENT_NAMES = Site(
    {"HVA": BOTH["HVA"]},
    {"cluster_a": ["node1.mgmt.example", "node2.mgmt.example"]},
    leads={"node1.mgmt.example": "HVA/NODE1", "node2.mgmt.example": "HVA/NODE2"},
)
MIXED_NAMES = dataclasses.replace(MANAGEMENT_NAMES, groups={"cluster_a": ["node1.mgmt.example", "node2.a.example"]})
DOMAINS = Site(
    {
        "HVA": cluster(
            "HVA",
            "corp.example",
            {"name": "NODE1", "domain": "east.example"},
            {"name": "NODE2", "domain": "west.example"},
        )
    },
    {"cluster_a": ["node1.east.example", "node2.west.example"]},
)
LONG = cluster("HVA", "a.example", {"name": "FRANKFURT-NODE-", "dns_name": "frankfurt-node-0001"}, {"name": "NODE2"})
LONG_NAMES = Site({"HVA": LONG}, {"cluster_a": ["frankfurt-node-0001.a.example", "node2.a.example"]})
DECLARED = Site(
    BOTH,
    {"hyperv_nodes": ["blue", "green", *B], "cluster_a": ["blue", "green"], "cluster_b": B},
    {
        "blue": {"ansible_host": "blue.racks.example", "hyperv_node": "NODE1"},
        "green": {"ansible_host": "green.racks.example", "hyperv_node": "node2.a.example"},
    },
    {"blue.racks.example": "HVA/NODE1", "green.racks.example": "HVA/NODE2"},
)
OF_CLUSTER = Site(
    {"HVA": BOTH["HVA"]},
    {"cluster_a": ["first", "second"]},
    {
        "first": {"ansible_host": "10.1.0.1", "hyperv_cluster_fqdn": "hva.a.example"},
        "second": {"ansible_host": "10.1.0.2", "hyperv_cluster_fqdn": "HVA"},
    },
)
CNO = Site({"HVA": BOTH["HVA"]}, {"hyperv_nodes": ["hva.a.example"]}, leads={"hva.a.example": "HVA/NODE1"})


def _workgroups(**more: t.Any) -> dict[str, str]:
    nodes = [{"name": name, "workgroup": True} for name in ("NODE1", "NODE2")]
    return {
        name: cluster(name, domain, *nodes, **more) for name, domain in (("HVA", "a.example"), ("HVB", "b.example"))
    }


WORKGROUP = Site(_workgroups(), FULL_NAMES.groups)
# Clusters without an FQDN, in workgroups: only their short names tell them apart.
NOTHING_TOLD = Site(_workgroups(tells_fqdn=False), FULL_NAMES.groups)
ALONE = [{"name": "HOST1", "member": False}, {"name": "HOST2", "member": False}]
HOSTS = ["host1.a.example", "host2.a.example"]
STANDALONE = Site({"HVA": cluster("HVA", "a.example", *ALONE)}, {"hyperv_hosts": HOSTS})
TWO_STANDALONE = Site(
    {"HVA": cluster("HVA", "a.example", *ALONE), "HVB": cluster("HVB", "b.example", *ALONE)},
    {"hyperv_hosts": [*HOSTS, "host1.b.example", "host2.b.example"]},
)
# One group for all, as the guide for one cluster has it.
FLAT = dataclasses.replace(FULL_NAMES, groups={"hyperv_nodes": FULL_NAMES.groups["hyperv_nodes"]})
FLAT_ALIASES = dataclasses.replace(ALIASES, groups={"hyperv_nodes": ALIASES.groups["hyperv_nodes"]})
ALL_ALIASES = Site(
    BOTH,
    {"hyperv_nodes": ["a-1", "a-2", "b-1", "b-2"]},
    {
        f"{site}-{node}": {"ansible_host": f"10.{number}.0.{node}"}
        for number, site in ((1, "a"), (2, "b"))
        for node in (1, 2)
    },
)
IPV6 = Site(
    {"HVA": BOTH["HVA"]},
    {"cluster_a": ["first", "second"]},
    {"first": {"ansible_host": "fd00::1"}, "second": {"ansible_host": "[FD00:0::2]"}},
    {"fd00::1": "HVA/NODE1", "[fd00:0::2]": "HVA/NODE2", "fd00::2": "HVA/NODE2"},
)
