# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Job templates and workflows: the playbooks under ansible-runner, the engine that AWX runs. No job may warn."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.integration.awx_jobs import Controller, Job
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

SCENARIO = """
cluster: {name: HVC1, fqdn: hvc1.corp.example, maximum_parallel_migrations: 1}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 20}
network: {megabytes_per_second: 500, setup_seconds: 4, switch_over_seconds: 1}
nodes: [{name: NODE1, memory_mb: 65536}, {name: NODE2, memory_mb: 65536}, {name: NODE3, memory_mb: 65536}]
vms:
  - {name: app, count: 3, owner: NODE1, memory_mb: 4096}
  - {name: broken01, owner: NODE3, memory_mb: 2048, migration: {refuse_check: the processors differ}}
  - {name: old01, owner: NODE3, memory_mb: 2048}
  - {name: web01, owner: NODE3, memory_mb: 2048}
"""
ON_NODE1 = {"app01", "app02", "app03"}
ON_NODE3 = dict.fromkeys(["broken01", "old01", "web01"], "NODE3")
# What the survey of the templates asks, answered as text.
ANSWERS = {"evacuate_node_name": "NODE1", "evacuate_node_poll_interval": "0.1", "restore_node_poll_interval": "0.1"}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    folder = tmp_path_factory.mktemp("awx")
    (folder / "scenario.yml").write_text(SCENARIO, encoding="utf-8")
    with running_cluster(folder / "scenario.yml", folder) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def plan(simulator: RunningCluster, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The first job of the workflow: a dry run, whose plan somebody approves."""
    simulator.reset()
    job = Controller(tmp_path_factory.mktemp("plan"), simulator.inventory).launch("evacuate_node", ANSWERS, check=True)
    assert job.status == "successful", job.text
    assert {name for name, owner in simulator.owners().items() if owner == "NODE1"} == ON_NODE1
    assert simulator.node_states()["NODE1"] == "up"
    return job


@pytest.fixture
def controller(cluster: RunningCluster, tmp_path: pathlib.Path) -> Controller:
    return Controller(tmp_path, cluster.inventory)


def test_a_workflow_goes_from_plan_to_restore_by_artifacts_alone(
    cluster: RunningCluster, plan: Job, controller: Controller
) -> None:
    assert set(plan.artifacts) == {"evacuate_node_plan"}
    promised = {move["name"]: move["destination_host"] for move in plan.artifacts["evacuate_node_plan"]["moves"]}
    assert set(promised) == ON_NODE1

    apply = controller.launch("evacuate_node", {**ANSWERS, **plan.artifacts})

    assert apply.status == "successful", apply.text
    assert cluster.owners() == {**promised, **ON_NODE3}
    assert cluster.node_states()["NODE1"] == "paused"
    assert "Changed since the plan was made" not in apply.text
    assert set(apply.artifacts) == {"evacuate_node_plan", "evacuate_node_ledger"}

    restore = controller.launch("restore_node", {**ANSWERS, **plan.artifacts, **apply.artifacts})

    assert restore.status == "successful", restore.text
    assert cluster.owners() == {**dict.fromkeys(ON_NODE1, "NODE1"), **ON_NODE3}
    assert cluster.node_states()["NODE1"] == "up"
    assert cluster.migrations() == dict.fromkeys(ON_NODE1, 2)
    moved = {vm["id"].lower() for vm in cluster.state()["vms"] if vm["name"] in ON_NODE1}
    assert [set(job.counted_nodes()) for job in (plan, apply, restore)] == [set(), moved, moved]


def test_vms_count_though_their_results_are_emptied(
    cluster: RunningCluster, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_EVENT_RES", "2000")  # characters, instead of 700,000
    moved = {vm["id"].lower() for vm in cluster.state()["vms"] if vm["name"] in ON_NODE1}

    apply = controller.launch("evacuate_node", ANSWERS)
    restore = controller.launch("restore_node", {**ANSWERS, **apply.artifacts})

    for job, task in ((apply, "Evacuate the node"), (restore, "Restore the node")):
        assert job.status == "successful", job.text
        told = [one["event_data"] for one in job.events if one["event"] == "runner_on_ok"]
        assert {} in [one["res"] for one in told if one["task"] == task]
        assert set(job.counted_nodes()) == moved


def test_the_events_of_a_job_tell_each_task_and_its_host(plan: Job) -> None:
    assert [event["counter"] for event in plan.events] == list(range(1, len(plan.events) + 1))
    told = [event["event_data"] for event in plan.events if event["event"] == "runner_on_ok"]
    # The host to talk through is found before, in the name of the first one.
    assert {one["host"] for one in told if one["play"] == "Empty a node of a Hyper-V cluster"} == {"NODE2"}
    moves = [one["res"]["moves"] for one in told if one["task"] == "Evacuate the node" and "moves" in one["res"]]
    assert [{move["outcome"] for move in task} for task in moves] == [{"would_move"}]
    assert "simulated-Passw0rd" not in str(plan.events)


@pytest.mark.parametrize("ledger", ["kept", "lost"])
def test_a_cancelled_job_that_is_run_again_ends_right(
    cluster: RunningCluster, plan: Job, controller: Controller, tmp_path: pathlib.Path, ledger: str
) -> None:
    where = {"evacuate_node_ledger_path": str(tmp_path / "kept.json")} if ledger == "kept" else plan.artifacts
    # AWX relaunches a job with the extra vars that it had.
    extra_vars = {**ANSWERS, **where}

    def the_second_move_runs() -> bool:
        return len(cluster.migrations()) == 2

    cancelled = controller.launch("evacuate_node", extra_vars, cancel=the_second_move_runs)
    assert (cancelled.status, cancelled.artifacts) == ("canceled", {})

    again = controller.launch("evacuate_node", extra_vars)

    assert again.status == "successful", again.text
    assert "NODE1" not in cluster.owners().values()
    assert cluster.migrations() == dict.fromkeys(ON_NODE1, 1)
    written = again.artifacts["evacuate_node_ledger"]["vms"]
    assert {vm["name"]: vm["destination_host"] for vm in written} == {
        name: owner for name, owner in cluster.owners().items() if name in ON_NODE1
    }
    assert {vm["source_host"] for vm in written} == {"NODE1"}


def test_answers_may_be_text(cluster: RunningCluster, controller: Controller) -> None:
    answers = {
        "evacuate_node_name": "NODE3",
        "evacuate_node_destinations": "node2\n",
        "evacuate_node_strategies": "old*=stay\nWEB01 = migrate, *=migrate",
        "evacuate_node_max_parallel": "8",
        "evacuate_node_reserve_memory_percent": "12.5",
        "evacuate_node_timeout": "600",
        "evacuate_node_retries": "0",
        "evacuate_node_attempts": "1",
        "evacuate_node_progress": "No",
        "evacuate_node_give_back": "no",
        "evacuate_node_via": "",
    }

    job = controller.launch("evacuate_node", {**ANSWERS, **answers})

    owners = cluster.owners()
    assert {name: owners[name] for name in ON_NODE3} == {"broken01": "NODE3", "old01": "NODE3", "web01": "NODE2"}
    assert " moving" not in job.text
    assert job.status == "failed"
    assert "as give_back=false says" in job.failures()["NODE1"]
    assert cluster.node_states()["NODE3"] == "paused"


def test_an_answer_that_is_none_is_refused_by_name_before_anything_is_changed(
    cluster: RunningCluster, controller: Controller
) -> None:
    answers = {"evacuate_node_max_parallel": "", "evacuate_node_retries": "a few", "evacuate_node_give_back": "perhaps"}

    job = controller.launch("evacuate_node", {**ANSWERS, **answers})

    assert job.status == "failed"
    assert all(name in job.failures()["NODE2"] for name in answers)
    assert set(cluster.counters()["requests"]) == {"Enumerate", "Pull"}  # who the hosts are
