# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instances of any class as plain data."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.cim_rows import read_rows

from tests.support.simulated import Simulated

CLUSTER = "root/HyperVCluster/v2"


def test_rows_are_shown_as_they_are() -> None:
    simulated = Simulated()
    rows = read_rows(simulated.cluster.home, CLUSTER, "Msvm_ComputerSystem", where={"ElementName": "WEB01"})
    (row,) = rows
    assert row["class"] == "Msvm_ComputerSystem"
    assert (row["properties"]["elementname"], row["properties"]["enabledstate"]) == ("web01", "2")
    assert json.loads(json.dumps(rows)) == rows


def test_chosen_properties_come_alone() -> None:
    rows = read_rows(Simulated().cluster.home, "root\\MSCluster", "MSCluster_Node", ["Name", "State"])
    assert [row["properties"] for row in rows] == [{"name": f"NODE{n}", "state": "0"} for n in (1, 2, 3)]


def test_references_and_embedded_objects_are_data() -> None:
    home = Simulated().cluster.home
    hosted = read_rows(home, CLUSTER, "Msvm_HostedDependency")
    assert {row["properties"]["antecedent"]["keys"]["Name"] for row in hosted} == {"NODE1"}
    (resource,) = read_rows(home, "root/MSCluster", "MSCluster_Resource", where={"Name": "Virtual Machine web01"})
    assert resource["properties"]["privateproperties"]["properties"]["migrationstate"] == "0"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((CLUSTER, "Msvm_X WHERE 1=1"), "class_name"),
        ((CLUSTER, "Msvm_X", ["Name, Other"]), "properties"),
        ((CLUSTER, "Msvm_X", [], {"Name'": "x"}), "properties"),
        ((CLUSTER, "Msvm_X", [], {"Name": ["x"]}), "where.Name"),
        (("root/../x", "Msvm_X"), "namespace"),
    ],
)
def test_what_is_no_name_is_never_sent(arguments: tuple[t.Any, ...], said: str) -> None:
    simulated = Simulated()
    with pytest.raises(HyperVError, match=said):
        read_rows(simulated.cluster.home, *arguments)
    assert not simulated.sent
