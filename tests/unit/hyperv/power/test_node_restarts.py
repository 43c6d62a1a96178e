# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restarting nodes of the simulated cluster, on a manual clock."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.node_restarts import (
    Restarted,
    look_before_restart,
    restart_node,
)

from tests.simulator.scenario import NodeState, VmState
from tests.simulator.scenario_power import RestartSpec
from tests.support.actions import perform
from tests.support.requests import calls
from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

RESTARTS = RestartSpec()


def a_cluster(
    state: NodeState = "paused",
    restarts: RestartSpec = RESTARTS,
    owner: str = "NODE2",
    local: VmState = "off",
    home: str = "NODE2",
    **switches: t.Any,
) -> Simulated:
    vms = [
        vm("web01", owner=owner, memory_mb=1024),
        vm("old01", memory_mb=1024, state=local, clustered=False),
        vm("off01", memory_mb=1024, state="off"),
    ]
    return Simulated(scenario([node("NODE1", state=state, restart=restarts), node("NODE2")], vms), home, **switches)


def objection(simulated: Simulated, *, local_vms: bool = False) -> str:
    return look_before_restart(simulated.cluster, "node1", local_vms=local_vms).objection


def restart(simulated: Simulated, timeout: float = 600.0, told: list[str] | None = None) -> Restarted:
    found = look_before_restart(simulated.cluster, "NODE1", local_vms=False)
    assert not found.objection
    return restart_node(
        simulated.cluster,
        found.node,
        force=True,
        timeout=timeout,
        poll_interval=5.0,
        tell=([] if told is None else told).append,
    )


def the_node(simulated: Simulated) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", simulated.server.state()["nodes"][0])


def asks_for_restart(request: bytes) -> bool:
    return calls("Win32Shutdown", request)


@pytest.mark.parametrize("home", ["NODE1", "NODE2"])
def test_a_paused_and_empty_node_is_restarted_and_waited_for(home: str) -> None:
    simulated = a_cluster(home=home)

    done = restart(simulated)

    assert (done.node.state, the_node(simulated)["state"]) == ("paused", "paused")
    assert the_node(simulated)["restarts_requested"] == 1
    assert done.boot_after > done.boot_before
    assert 75 <= done.seconds < 120  # it stops within 5 s, is away for 60 s, and joins in 10 s more


def test_a_node_may_come_back_without_being_paused() -> None:
    assert restart(a_cluster(paused_after_restart=False)).node.state == "up"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"state": "up"}, "Node NODE1 is up, and only a paused one is restarted"),
        ({"owner": "NODE1"}, "paused but not empty: web01 would go down"),
        ({"local": "running"}, "VMs that are not of the cluster run on node NODE1 and would go down with it: old01"),
    ],
)
def test_a_node_that_is_needed_is_not_restarted(changed: dict[str, t.Any], said: str) -> None:
    assert said in objection(a_cluster(**changed))


def test_a_vm_that_hyper_v_does_not_place_counts_where_the_cluster_has_its_role() -> None:
    simulated = a_cluster(owner="NODE1")

    def alter(request: bytes, answer: bytes) -> bytes:  # neither Hyper-V of the cluster nor the node itself tells
        if b"virtualization/v2" in request:
            return re.sub(rb"(EnabledState[^>]*>)2<", rb"\g<1>3<", answer)
        return re.sub(rb"(<(?:\w+:)?HostComputerSystemName[^>]*>)NODE1(</)", rb"\1\2", answer)

    simulated.alter = alter
    assert "paused but not empty: web01 would go down" in objection(simulated)


def test_local_vms_may_go_down_where_that_is_allowed() -> None:
    assert objection(a_cluster(local="running"), local_vms=True) == ""


def test_each_step_is_told_with_the_time_that_is_left() -> None:
    told: list[str] = []

    seconds = restart(a_cluster(), told=told).seconds

    left = [int(line.split("Waiting ")[1].split(" s at most")[0]) for line in told[:-1]]
    assert [line.split(" Waiting ")[0] for line in told] == [
        "The restart of NODE1 is requested.",
        "NODE1 is down: it does not answer.",
        "Windows has started on NODE1, which the cluster shows as joining.",
        f"NODE1 is back in its cluster after {seconds:.0f} s, and paused.",
    ]
    assert left == sorted(left, reverse=True)
    assert 500 < left[-1] < left[0] == 600


def test_a_request_without_an_answer_is_told() -> None:
    simulated, told = a_cluster(), list[str]()
    simulated.lose = lambda node, request: "after" if asks_for_restart(request) else ""
    restart(simulated, told=told)
    assert told[0].startswith("The restart of NODE1 is requested. The request was not answered, which is usual.")


@pytest.mark.parametrize("progress", [True, False])
def test_nothing_is_told_without_progress(progress: bool) -> None:
    told: list[str] = []
    perform("hyperv_node_restart", a_cluster(), told=told, name="NODE1", progress=progress)
    assert bool(told) is progress


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_request_without_an_answer_is_sent_once(when: str) -> None:
    simulated = a_cluster()
    simulated.lose = lambda node, request: when if asks_for_restart(request) else ""

    if when == "after":
        assert restart(simulated).node.state == "paused"
        assert the_node(simulated)["restarts_requested"] == 1
        return
    with pytest.raises(HyperVError, match=r"still runs without having restarted.*The request was not answered"):
        restart(simulated)
    assert the_node(simulated)["restarts_requested"] == 0


def test_an_account_without_the_right_is_told() -> None:
    with pytest.raises(HyperVError, match="returned 1314, the account lacks the right"):
        restart(a_cluster(restart_right="denied"))


@pytest.mark.parametrize(
    ("restarts", "said"),
    [
        (RestartSpec("stays_down"), "did not come back within 600 s"),
        (RestartSpec("nothing"), "still runs without having restarted"),
        (
            RestartSpec(joining_seconds=9000),
            "has restarted, but 600 s after the request the cluster shows it as joining",
        ),
    ],
)
def test_a_node_that_does_not_come_back_in_time_is_told(restarts: RestartSpec, said: str) -> None:
    with pytest.raises(HyperVError, match=said):
        restart(a_cluster(restarts=restarts))


def test_a_node_that_takes_long_to_come_back_is_seen_as_soon_as_it_is() -> None:
    """Its silence is expected, so it is asked however long that lasts."""
    simulated = a_cluster(restarts=RestartSpec(away_seconds=720.0))

    def while_it_is_away(node: str, request: bytes) -> str:
        simulated.server.world.look()
        return "silent" if node == "NODE1" and the_node(simulated)["state"] == "down" else ""

    simulated.lose = while_it_is_away
    assert restart(simulated, timeout=1800.0).seconds < 720 + 75
