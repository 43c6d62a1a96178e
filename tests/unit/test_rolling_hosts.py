# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hosts of a rolling maintenance: each must lead to a node of one cluster before the first node is touched."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.identity import WrongMachine
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.support.actions import Answer, carry_out
from tests.unit.connection.simulated_hosts import SimulatedHosts
from tests.unit.connection.sites import cluster

NAMES = [f"NODE{number}" for number in (1, 2, 3, 4)]
HOSTS = [f"{name.lower()}.a.example" for name in NAMES]
COST = 4
"""Requests by which a host tells who it is, what its cluster is called, and which nodes that has."""
LEADS = {host: f"HVA/{name}" for host, name in zip(HOSTS, NAMES, strict=True)}


def network(monkeypatch: pytest.MonkeyPatch, **leads: str) -> SimulatedHosts:
    """Open two clusters of one domain, whose nodes have the same names."""
    both = {name: cluster(name, "a.example", *NAMES) for name in ("HVA", "HVB")}
    elsewhere = {f"{name}.a.example": there for name, there in leads.items()}
    return SimulatedHosts(monkeypatch, both, {}, leads={**LEADS, **elsewhere})


def turn_of(number: int, folder: pathlib.Path, **given: t.Any) -> Answer:
    options = {"node": HOSTS[number - 1], "nodes": HOSTS, "folder": str(folder), "timeout": 0, **given}
    return carry_out("hyperv_rolling_node_info", HOSTS, home=HOSTS[number - 1], **options)


@pytest.mark.parametrize("astray", ["node2", "node3", "node4"])
def test_one_that_leads_to_a_node_of_that_name_in_another_cluster_is_found_before_the_first_node_is_touched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, astray: str
) -> None:
    network(monkeypatch, **{astray: f"HVB/{astray.upper()}"})
    found = (
        rf"hva\.a\.example, and these hosts are not: {astray}\.a\.example \(the computer {astray}\S+ of the cluster hvb"
    )
    with pytest.raises(WrongMachine, match=found) as refused:
        turn_of(1, tmp_path)
    assert "Nothing was changed" in str(refused.value)


def test_so_is_one_that_leads_to_a_node_of_another_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    network(monkeypatch, node4="HVA/NODE3")
    with pytest.raises(HyperVError, match=r"Inventory host node4\.a\.example is .*node3.*Nothing was changed"):
        turn_of(1, tmp_path)


def test_one_that_does_not_answer_is_left_to_its_own_turn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    network(monkeypatch, node4="")
    assert turn_of(1, tmp_path)["steps"]
    with pytest.raises(HyperVError, match=r"node4\.a\.example must answer itself"):
        turn_of(4, tmp_path)


def test_a_planned_order_is_one_of_hosts_that_were_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    hosts = network(monkeypatch)
    order: Answer = {"nodes": HOSTS, "folder": str(tmp_path), "timeout": 0}
    planned = carry_out("hyperv_rolling_order_info", HOSTS, **order)
    apart = ["HVA/NODE3", "HVA/NODE4"]
    assert all(hosts.network.sent[name] >= COST for name in apart)
    hosts.network.sent.clear()
    turn_of(1, tmp_path, order="planned", planned=planned)
    assert [name for name in apart if hosts.network.sent[name]] == []

    hosts.network.machines["node3.a.example"] = "HVB/NODE3"
    with pytest.raises(WrongMachine, match=r"these hosts are not: node3\.a\.example"):
        carry_out("hyperv_rolling_order_info", HOSTS, **order)


def test_each_is_asked_once_in_a_run_and_with_few_requests(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    hosts = network(monkeypatch)
    sent = hosts.network.sent
    turn_of(1, tmp_path)
    apart = ["HVA/NODE3", "HVA/NODE4"]  # neither has the first turn, nor is it talked through
    assert {name: sent[name] for name in apart} == dict.fromkeys(apart, COST)
    sent.clear()
    turn_of(2, tmp_path)
    assert [name for name in apart if sent[name]] == []
