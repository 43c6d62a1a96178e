# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose a file is, and what it is called."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import read_nodes_if_any
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.file_names import (
    NOBODY,
    Owner,
    ledger_file,
    ledger_file_of_before,
    read_owner,
    rolling_file,
    rolling_file_of_before,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.support.simulated import Simulated

OURS = Owner("hvc1.corp.example", "HVC1")


@pytest.mark.parametrize(
    ("node", "owner", "name"),
    [
        ("node1.corp.example", OURS, "hyperv-ledger-hvc1.corp.example-NODE1.json"),
        ("NODE1", Owner("HVC1.Corp.Example."), "hyperv-ledger-hvc1.corp.example-NODE1.json"),
        ("10.1.2.3", OURS, "hyperv-ledger-hvc1.corp.example-10.1.2.3.json"),
        ("fd00::1", OURS, "hyperv-ledger-hvc1.corp.example-FD00%3A%3A1.json"),
        ("hv1", Owner("hv1.corp.example"), "hyperv-ledger-hv1.corp.example-HV1.json"),
        ("../../etc/x", Owner("../a\n"), "hyperv-ledger-..%2Fa.json"),
        ("NODE1", NOBODY, "hyperv-ledger-NODE1.json"),
    ],
)
def test_the_name_of_a_ledger_tells_whose_it_is(node: str, owner: Owner, name: str) -> None:
    assert ledger_file(node, owner) == name


@pytest.mark.parametrize(
    ("node", "owner", "name"),
    [
        ("NODE1", OURS, "hyperv-ledger-HVC1-NODE1.json"),
        ("NODE1", Owner("hvc1.corp.example"), "hyperv-ledger-hvc1-NODE1.json"),
        ("HV1", Owner("hv1.corp.example"), "hyperv-ledger-HV1.json"),
    ],
)
def test_the_name_that_earlier_versions_gave_it_is_known(node: str, owner: Owner, name: str) -> None:
    assert ledger_file_of_before(node, owner) == name


def test_the_state_of_a_roll_is_named_likewise() -> None:
    assert rolling_file(OURS) == "hyperv-rolling-hvc1.corp.example.json"
    assert rolling_file_of_before(OURS) == "hyperv-rolling-HVC1.json"


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_name_leaves_its_folder(one: str, other: str) -> None:
    assert "/" not in ledger_file(one, Owner(other)) + rolling_file(Owner(other))


@pytest.mark.parametrize(
    ("owner", "name", "told"),
    [
        (OURS, "HVC1.corp.EXAMPLE", True),
        (OURS, "HVC1", True),
        (Owner("hva.corp.example", "HVC1"), "hvc1", True),
        (Owner("HVC1"), "hvc1.corp.example", True),
        (NOBODY, "anybody.example", True),
        (OURS, "hvc1.branch.example", False),
        (OURS, "hvc1.corp", False),
        (OURS, "HVC2", False),
        (Owner("HVC1"), "HVC2", False),
    ],
)
def test_a_short_name_may_be_that_of_any_cluster_of_the_name(owner: Owner, name: str, told: bool) -> None:
    assert owner.may_be(name) is told


def owner(simulated: Simulated, node: str = "NODE1") -> Owner:
    read_nodes_if_any(simulated.cluster)
    return read_owner(simulated.cluster, node)


def test_a_cluster_is_known_by_its_full_name() -> None:
    assert owner(Simulated()) == OURS


def test_a_cluster_without_a_full_name_gets_the_domain_of_its_node() -> None:
    def shorten(request: bytes, answer: bytes) -> bytes:
        return answer.replace(b">hvc1.corp.example<", b"><") if b"MSCluster_Cluster" in request else answer

    in_a_domain, in_a_workgroup = Simulated(), Simulated()
    in_a_domain.alter = shorten
    in_a_workgroup.alter = lambda request, answer: shorten(request, answer).replace(b">true<", b">false<")
    assert owner(in_a_domain) == Owner("HVC1.corp.example", "HVC1")
    assert owner(in_a_workgroup) == Owner("HVC1", "HVC1")


def test_a_host_without_a_cluster_is_its_own_owner() -> None:
    simulated = Simulated("nodes: [{name: HV1, member: false}, {name: HV2, member: false}]", home="HV1")
    assert owner(simulated, "HV2") == Owner("hv2.corp.example")
