# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which resource and group are a VM's, and what it costs to ask for all of them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.groups import (
    VmGroup,
    read_groups,
    read_priorities,
    read_traits,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.owners import read_owners
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import read_vms

from tests.support.scenarios import scenario, vm
from tests.support.simulated import Simulated

MANY = scenario(vms=[vm("web01", group="not its name"), vm("other", count=120, memory_mb=16)])


def roles(**switches: t.Any) -> tuple[list[VmGroup], Simulated]:
    simulated = Simulated(MANY, **switches)
    found = read_groups(simulated.cluster, read_vms(simulated.cluster))
    return sorted(found.values(), key=lambda role: role.resource), simulated


def asked_of_resources(simulated: Simulated) -> list[str]:
    queries = [request.decode() for unused, request in simulated.requests]
    return [
        query.partition("SELECT ")[2].partition(" FROM")[0] for query in queries if " FROM MSCluster_Resource " in query
    ]


def test_all_roles_are_read_with_the_few_columns_that_tell_whose_they_are() -> None:
    found, simulated = roles()
    assert asked_of_resources(simulated) == ["Name, OwnerGroup, OwnerNode, PrivateProperties"]
    assert len(found) == 121
    assert [role.group for role in found if "not its name" in role.resource] == ["not its name"]
    assert not any(role.by_name for role in found)


@pytest.mark.parametrize(
    ("switches", "asked"),
    [
        ({"column_rows": "class_elements"}, 1),
        ({"private_properties": "cim_xml"}, 1),
        ({"private_properties": "whole_rows"}, 2),
    ],
    ids=str,
)
def test_rows_with_columns_that_hide_private_properties_are_read_whole(switches: dict[str, t.Any], asked: int) -> None:
    found, simulated = roles(**switches)
    assert found == roles()[0]
    assert asked_of_resources(simulated)[1:] == ["*"] * (asked - 1)


def test_where_no_row_shows_them_a_name_is_believed_and_said_to_be_one() -> None:
    found, unused = roles(private_properties="absent")
    assert {role.by_name for role in found} == {True}
    assert all("not its name" not in role.resource for role in found)


def test_what_the_cluster_says_of_a_group_is_not_that_of_one_whose_name_only_full_case_folding_makes_equal() -> None:
    simulated = Simulated(
        scenario(
            vms=[
                vm("Straße", possible_owners=("NODE1",)),
                vm("Strasse", possible_owners=("NODE1", "NODE2"), priority=3000),
            ]
        )
    )
    cluster = simulated.cluster
    found = read_groups(cluster, read_vms(cluster))

    assert read_priorities(cluster, found.values()) == {"STRAßE": 2000, "STRASSE": 3000}
    assert {one.name for one in read_traits(cluster).values()} >= {"Straße", "Strasse"}
    assert {
        found[vm_id].group: owners.possible for vm_id, owners in read_owners(cluster, found, expected_pairs=4).items()
    } == {"Straße": ("NODE1",), "Strasse": ("NODE1", "NODE2")}
