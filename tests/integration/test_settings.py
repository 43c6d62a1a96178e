# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of a migration as a user types them, and what the cluster's provider reads of them."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import RunningCluster, running_cluster
from tests.support import windows

pytestmark = pytest.mark.long


def migrate(ansible: Ansible, **options: t.Any) -> Answer:
    arguments = {"name": "web01", "destination_host": "NODE2", "poll_interval": 0.1, **options}
    return ansible.ad_hoc("NODE1", "hyperv_vm_migrate", json.dumps(arguments))


@pytest.mark.over_psrp
def test_settings_arrive_typed_with_the_check_and_with_the_move(cluster: RunningCluster, ansible: Ansible) -> None:
    given = {"transport": "smb", "enable_compression": "no", "element_name": "a & b ]]> \u65e5"}
    if windows.HAS_CPU_CAPPING:
        given["cpu_capping"] = "high"

    answer = migrate(ansible, migration_settings=given)

    assert (answer.code, answer.result["outcome"], answer.result["setting_data"]) == (0, "moved", "typed")
    checked, moved = cluster.state()["calls"]
    assert checked["migration_settings"] == moved["migration_settings"]
    assert moved["migration_settings"]["properties"] == {
        "MigrationType": 32768,
        "TransportType": 32768,
        **({"CPUCappingMagnitude": 2} if windows.HAS_CPU_CAPPING else {}),
        "EnableCompression": False,
        "ElementName": "a & b ]]> \u65e5",
    }


def test_settings_of_vm_and_resources_arrive_and_their_refusal_names_what_was_tried(
    cluster: RunningCluster, ansible: Ansible
) -> None:
    entry = {"class": "Msvm_MemorySettingData", "properties": {"VirtualQuantity": 2048}}

    answer = migrate(ansible, new_system_settings={"notes": ["x"]}, new_resource_settings=[entry], precheck=False)

    assert (answer.code, answer.result["error"]["error_code"], answer.result["error"]["code"]) == (2, 6, "refused")
    assert all(form in answer.message for form in ("typed: 6", "typed_net: 6", "omitted: 6", "cim: 6"))
    for call in cluster.state()["calls"]:
        assert call["new_system_settings"]["properties"] == {"Notes": ["x"]}
        assert call["new_resource_settings"] == [entry]
    assert cluster.migrations() == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"migration_settings": {"priority": 65536}}, "migration_settings.priority is 65536"),
        ({"migration_settings": {"transport": "ipx"}}, "value of transport must be one of: tcp, smb, got: ipx"),
        ({"new_system_settings": {"Colour": "red"}}, "new_system_settings.Colour: its type is not known here"),
        ({"new_resource_settings": [{"properties": {}}]}, "class found in new_resource_settings"),
    ],
)
def test_settings_that_cannot_be_sent_are_refused_before_anything(
    cluster: RunningCluster, ansible: Ansible, options: dict[str, t.Any], said: str
) -> None:
    answer = migrate(ansible, **options)

    assert answer.code == 2
    assert said in answer.message
    assert cluster.counters()["requests"] == {}


OLD_NODE = """
nodes: [{name: NODE1, build: 26100}, {name: NODE2, build: 26100}, {name: NODE3, build: 14393}]
vms: [{name: web01, owner: NODE1}]
"""


def test_a_setting_that_the_oldest_node_lacks_is_refused_with_the_version_that_has_it(
    tmp_path: pathlib.Path, plugin: str
) -> None:
    scenario = tmp_path / "scenario.yml"
    scenario.write_text(OLD_NODE, encoding="utf-8")
    with running_cluster(scenario, tmp_path) as cluster:
        answer = migrate(Ansible(tmp_path, cluster.inventory, plugin), migration_settings={"cpu_capping": "low"})

        assert answer.code == 2
        assert "migration_settings.cpu_capping (CPUCappingMagnitude) needs Windows build 16299" in answer.message
        assert "node NODE3 runs build 14393" in answer.message
        assert cluster.state()["calls"] == []
