# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which machine a name means: the right one is found however it is listed, and another one is refused by both names."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping, Sequence

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.identity import WrongMachine
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.transport import Unreachable

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

    def but(self, **leads: str) -> Site:
        """Return the same with addresses that lead elsewhere; two underscores stand for a dot."""
        return self.leading({name.replace("__", "."): machine for name, machine in leads.items()})

    def leading(self, leads: Mapping[str, str]) -> Site:
        """Return the same with addresses that lead elsewhere, or nowhere."""
        return dataclasses.replace(self, leads={**self.leads, **leads})


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    return lambda site: SimulatedHosts(monkeypatch, site.scenarios, site.groups, site.variables, site.leads)


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
WORKGROUP = Site(
    {
        name: cluster(name, domain, {"name": "NODE1", "workgroup": True}, {"name": "NODE2", "workgroup": True})
        for name, domain in (("HVA", "a.example"), ("HVB", "b.example"))
    },
    FULL_NAMES.groups,
)
ALONE = [{"name": "HOST1", "member": False}, {"name": "HOST2", "member": False}]
HOSTS = ["host1.a.example", "host2.a.example"]
STANDALONE = Site({"HVA": cluster("HVA", "a.example", *ALONE)}, {"hyperv_hosts": HOSTS})
IPV6 = Site(
    {"HVA": BOTH["HVA"]},
    {"cluster_a": ["first", "second"]},
    {"first": {"ansible_host": "fd00::1"}, "second": {"ansible_host": "[FD00:0::2]"}},
    {"fd00::1": "HVA/NODE1", "[fd00:0::2]": "HVA/NODE2", "fd00::2": "HVA/NODE2"},
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
        (STANDALONE, "host1.a.example", "HOST2", "HVA/HOST2"),
        (STANDALONE, "host1.a.example", "host2.a.example", "HVA/HOST2"),
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
            FULL_NAMES, "node2.a.example", "node1.b.example", r"b\.example.*a\.example", id="other's full name"
        ),
        pytest.param(
            FULL_NAMES, "node2.a.example", "node1.nowhere.example", r"no inventory host is called", id="nowhere"
        ),
        pytest.param(
            FULL_NAMES, "node2.a.example", "10.2.0.1", r"10\.2\.0\.1 is .*hvb\.b\.example", id="other's address"
        ),
        pytest.param(ALIASES, "siteb-2", "node1.a.example", r"a\.example.*hvb\.b\.example", id="other's name"),
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
    ],
)
def test_another_machine_is_refused_by_both_names(
    opened: Open, site: Site, home: str, name: str | None, words: str
) -> None:
    hosts = opened(site)
    with pytest.raises((WrongMachine, Unreachable), match=words):
        hosts.asked_from(home, name)
    assert hosts.network.changes == []
