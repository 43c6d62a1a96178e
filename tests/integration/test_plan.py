# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as a user gets it, hands it to a later task, and has it carried out. No command may warn or open a shell."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster

pytestmark = pytest.mark.long

PLAN, MIGRATE = "hyperv_evacuation_plan_info", "hyperv_vm_migrate"


def written(**arguments: t.Any) -> str:
    return json.dumps(arguments)


@pytest.mark.over_psrp
def test_a_plan_is_told_taken_back_and_carried_out_as_it_is(cluster: RunningCluster, ansible: Ansible) -> None:
    first = ansible.ad_hoc("NODE2", PLAN, "node=NODE1")
    again = ansible.ad_hoc("NODE2", PLAN, written(node="node1.corp.example", plan=first.result))
    assert (first.result["feasible"], first.result["changed"]) == (True, False)
    assert [one["vm_id"] for one in again.result["moves"]] == [one["vm_id"] for one in first.result["moves"]]
    assert again.result["revalidation"] == []
    assert cluster.migrations() == {}

    done = ansible.ad_hoc("NODE2", MIGRATE, written(moves=again.result["moves"], poll_interval=0.1))

    assert done.code == 0, done.text
    owners = cluster.owners()
    assert all(owners[one["name"]] == one["destination_host"] for one in first.result["moves"])


def test_a_later_job_is_told_what_has_changed_since(cluster: RunningCluster, ansible: Ansible) -> None:
    plan = ansible.ad_hoc("NODE1", PLAN, "node=NODE1").result
    ansible.ad_hoc("NODE1", MIGRATE, "name=web01 destination_host=NODE3 poll_interval=0.1")

    later = ansible.ad_hoc("NODE1", PLAN, written(node="NODE1", plan=plan)).result

    assert [(one["subject"], one["code"]) for one in later["revalidation"]] == [("web01", "moved")]
    assert "web01" not in [one["name"] for one in later["moves"]]
    assert later["feasible"]


def test_a_vm_that_is_to_be_shut_down_first_is_not_migrated_while_it_runs(
    cluster: RunningCluster, ansible: Ansible
) -> None:
    strategies = [{"vm": "web*", "strategy": "shutdown"}, {"vm": "db01", "strategy": "stay"}]
    plan = ansible.ad_hoc("NODE1", PLAN, written(node="NODE1", strategies=strategies)).result
    assert {one["name"]: one["strategy"] for one in plan["moves"] if one["state"] == "running"} == {
        "web01": "shutdown",
        "web02": "shutdown",
    }
    assert [(one["name"], one["blocking"]) for one in plan["stays"]] == [("db01", False)]

    refused = ansible.ad_hoc("NODE1", MIGRATE, written(moves=plan["moves"]))

    assert refused.code != 0
    assert "is running, and the plan moves it with the strategy shutdown" in refused.message
    assert cluster.migrations() == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"node": "NODE1", "reserve_memory_percent": 100}, "reserve_memory_percent is 100"),
        ({"node": "NODE1", "helpers": 11}, "helpers is 11. It must be from 0 to 10."),
        ({"node": "NODE1", "destinations": ["NODE1"]}, "cannot be one of its own destinations"),
        ({"node": "NODE9"}, "no node 'NODE9'"),
        ({"node": "NODE1", "plan": {"node": "NODE2", "moves": [], "stays": []}}, "plan is one for NODE2"),
        ({"node": "NODE1", "plan": {"moves": []}}, "plan lacks"),
        ({"node": "NODE1", "strategies": [{"vm": "web01", "strategy": "kill"}]}, "kill"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_wish_that_makes_no_sense_is_refused(
    cluster: RunningCluster, ansible: Ansible, arguments: dict[str, t.Any], said: str
) -> None:
    answer = ansible.ad_hoc("NODE1", PLAN, written(**arguments))
    assert answer.code != 0
    assert said in answer.message
