# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves in a cluster that does not stand still: VMs that are not shown, hosts without a slot, nodes that go down."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.action.hyperv_vm_migrate import _renamed
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    MigrationRequest,
    MigrationTask,
    Policy,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.timeouts import Timeout
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import AUTO
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.migrate import (
    MigrationOptions,
    migrate,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan

from tests.simulator.scenario import NetworkSpec
from tests.simulator.world import checks, failures
from tests.simulator.world.obstacles import Obstacle
from tests.support.scenarios import ClusterSpec, Scenario, event, node, scenario, vm
from tests.support.simulated import Simulated

SLOW = NetworkSpec(megabytes_per_second=100)


def id_of(simulated: Simulated, name: str) -> str:
    return str(next(one["id"] for one in simulated.server.state()["vms"] if one["name"] == name))


def hide(simulated: Simulated, name: str, start: float, end: float = float("inf")) -> Callable[[bytes, bytes], bytes]:
    """Return what Hyper-V answers while it does not show a VM, from ``start`` to ``end``."""
    vm_id = id_of(simulated, name).encode()

    def alter(request: bytes, answer: bytes) -> bytes:
        hidden = b"Msvm_SummaryInformation" in request and start <= simulated.now() <= end
        return answer.replace(vm_id, vm_id[::-1]) if hidden else answer

    return alter


class TestAVmThatIsNotShown:
    QUEUED: Scenario = scenario(
        [node("NODE1", simultaneous_migrations=1), node("NODE2")],
        [vm("big", memory_mb=20000), vm("web", memory_mb=2000)],
        network=SLOW,
    )

    def test_it_is_waited_for_while_the_cluster_has_its_role(self) -> None:
        simulated = Simulated(self.QUEUED)
        runs = simulated.runs(("big", "NODE2"), ("web", "NODE2"))
        simulated.alter = hide(simulated, "web", simulated.now() + 190, simulated.now() + 215)
        simulated.scheduler().execute(runs)
        assert [run.outcome for run in runs] == ["moved", "moved"]

    def test_it_is_not_waited_for_without_end(self) -> None:
        simulated = Simulated(self.QUEUED)
        runs = simulated.runs(("big", "NODE2"), ("web", "NODE2"))
        simulated.alter = hide(simulated, "web", simulated.now() + 190)
        simulated.scheduler().execute(runs)
        error = runs[1].error
        assert error is not None
        assert error.code == "vm_not_shown"
        assert "Hyper-V does not show VM web, whose role the cluster has on NODE1" in error.message
        assert 250 <= simulated.now() < 400

    def test_one_that_was_deleted_is_gone(self) -> None:
        simulated = Simulated(self.QUEUED)
        runs = simulated.runs(("big", "NODE2"), ("web", "NODE2"))
        world = simulated.server.world
        world.remove(world.machines[id_of(simulated, "web")])
        simulated.scheduler().execute(runs)
        assert [run.error.code if run.error is not None else "" for run in runs] == ["", "vm_gone"]


@pytest.mark.parametrize("retries", [0, 2])
def test_a_host_whose_check_finds_no_slot_is_asked_no_longer_than_the_timeout(
    retries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        checks,
        "find_obstacle",
        lambda world, machine, destination, order: Obstacle(None, failures.of_limit(machine.name, destination.name, 2)),
    )
    hosts = [node("HV1", member=False), node("HV2", member=False)]
    given = scenario(hosts, [vm("web01", owner="HV1", memory_mb=2000)], cluster=ClusterSpec(fqdn="none.corp.example"))
    simulated = Simulated(given, home="HV1")
    (run,) = simulated.runs(("web01", "HV2"), timeout=600)
    simulated.scheduler(retries=retries).execute([run])
    assert run.error is not None
    assert (run.outcome, run.error.code, run.attempts) == ("failed", "limit_reached", 0)
    assert 600 <= simulated.now() < 700


class TestMovesThatMakeRoom:
    SMALL: Scenario = scenario(
        [node("NODE1", memory_mb=16384), node("NODE2", memory_mb=16384), node("NODE3", memory_mb=16384)],
        [vm("a", memory_mb=10000), vm("b", owner="NODE2", memory_mb=10000)],
    )

    @pytest.mark.parametrize("turned", [False, True])
    def test_one_that_is_refused_is_tried_again_when_the_other_has_left(self, turned: bool) -> None:
        wishes = [("a", "NODE2"), ("b", "NODE3")]
        simulated = Simulated(self.SMALL)
        runs = simulated.move(*(reversed(wishes) if turned else wishes))
        assert [run.outcome for run in runs] == ["moved", "moved"]
        assert (simulated.owner("a"), simulated.owner("b")) == ("NODE2", "NODE3")

    def test_a_chain_goes_from_its_end(self) -> None:
        vms = [
            vm("a", memory_mb=10000),
            vm("b", owner="NODE2", memory_mb=10000),
            vm("c", owner="NODE3", memory_mb=10000),
        ]
        nodes = [node(f"NODE{number}", memory_mb=16384) for number in (1, 2, 3, 4)]
        simulated = Simulated(scenario(nodes, vms))
        runs = simulated.move(("a", "NODE2"), ("b", "NODE3"), ("c", "NODE4"))
        assert [run.outcome for run in runs] == ["moved", "moved", "moved"]

    def test_one_that_somebody_moves_while_it_waits_for_room_is_there(self) -> None:
        slow = dataclasses.replace(self.SMALL, network=SLOW, events=(event(at=40, move="a", to="NODE3", instant=True),))
        simulated = Simulated(slow)
        runs = simulated.move(("a", "NODE2"), ("b", "NODE3"))
        assert {run.outcome for run in runs} <= {"moved", "failed"}
        assert [simulated.owner(run.move.vm.name) == run.move.destination.name for run in runs] == [
            run.outcome == "moved" for run in runs
        ]

    def test_a_circle_needs_a_third_node_and_is_told(self) -> None:
        simulated = Simulated(self.SMALL)
        runs = simulated.move(("a", "NODE2"), ("b", "NODE1"))
        assert [run.outcome for run in runs] == ["failed", "failed"]
        assert (
            "It may go once b has left NODE2, which waits for room as well: move one of these VMs to a third node"
            in (runs[0].error.remedy if runs[0].error is not None else "")
        )
        assert simulated.now() < 60

    def test_a_dry_run_says_the_same(self) -> None:
        runs = Simulated(self.SMALL).rehearse(("a", "NODE2"), ("b", "NODE3"))
        assert [run.outcome for run in runs] == ["would_move", "would_move"]
        assert runs[0].warnings[0].endswith("It would be tried again once b has left NODE2.")
        circle = Simulated(self.SMALL).rehearse(("a", "NODE2"), ("b", "NODE1"))
        assert ["third node" in run.error.remedy for run in circle if run.error is not None] == [True, True]

    def test_what_does_not_fit_although_the_other_has_left_fails(self) -> None:
        vms = [vm("a", memory_mb=30000), vm("b", owner="NODE2", memory_mb=1000)]
        nodes = [node("NODE1"), node("NODE2", memory_mb=16384), node("NODE3")]
        runs = Simulated(scenario(nodes, vms)).move(("a", "NODE2"), ("b", "NODE3"))
        assert [run.outcome for run in runs] == ["failed", "moved"]
        assert runs[0].error is not None
        assert (runs[0].error.code, "third node" in runs[0].error.text) == ("not_migratable", False)


def test_a_host_that_dies_after_the_move_leaves_the_word_to_the_destination() -> None:
    hosts = [node("HV1", member=False), node("HV2", member=False)]
    given = scenario(hosts, [vm("web01", owner="HV1", memory_mb=2000)], cluster=ClusterSpec(fqdn="none.corp.example"))
    simulated = Simulated(given, home="HV1")
    (run,) = simulated.runs(("web01", "HV2"))
    simulated.lose = lambda name, request: "down" if name == "HV1" and simulated.owner("web01") == "HV2" else ""
    simulated.scheduler().execute([run])
    assert (run.outcome, run.owner, simulated.migrations("web01")) == ("moved", "HV2", 1)
    assert any("HV1 does not answer" in warning for warning in run.warnings)


@pytest.mark.parametrize("is_dead", [False, True])
def test_a_node_that_keeps_the_job_and_is_silent_leaves_the_word_to_the_cluster(is_dead: bool) -> None:
    given = scenario(vms=[vm("web01", memory_mb=8000)], network=SLOW)
    simulated = Simulated(given, home="NODE3", check_method="not_supported", migrate_method="not_supported")
    (first,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(first)
    (run,) = simulated.runs(("web01", "NODE2"))

    def lose(name: str, request: bytes) -> str:
        del request
        if name != "NODE1" or simulated.owner("web01") != "NODE2":
            return ""
        if is_dead:
            simulated.server.world.events.carry_out(event(down="NODE1"))
        return "down"

    simulated.lose = lose
    simulated.scheduler().execute([run])
    assert (run.owner, run.attempt.attached, simulated.migrations("web01")) == ("NODE2", True, 1)
    if is_dead:
        assert run.error is not None
        assert run.error.code == "restarted"  # as far as anybody can tell: no end of its migration was seen
    else:
        assert (run.outcome, run.goes_on) == ("moved", False), run.error


def test_a_provider_that_moves_before_its_service_is_looked_for_is_followed() -> None:
    simulated = Simulated(provider_on="core_group")
    runs = simulated.runs(("web01", "NODE2"))
    simulated.server.world.events.carry_out(event(core_group="NODE3"))
    simulated.scheduler(precheck=False).execute(runs)
    assert [(run.outcome, run.attempts) for run in runs] == [("moved", 1)], runs[0].error


def test_a_name_that_is_not_that_of_the_id_is_told() -> None:
    simulated = Simulated(scenario(vms=[vm("web01"), vm("web02")]))
    requests = [MoveRequest("NODE2", "web02", id_of(simulated, "web01")), MoveRequest("NODE2", "WEB02")]
    moves = [plan(simulated.cluster, [one], "auto")[0] for one in requests]
    assert _renamed(requests, moves) == ["vm_id is that of VM web01, and name is web02: the VM of the id is meant."]


def test_what_was_read_before_a_slow_answer_decides_nothing() -> None:
    simulated = Simulated(scenario(vms=[vm("web")]), owner_lag_seconds=30, owner_lag_in="summary")
    arrived: list[float] = []

    def alter(request: bytes, answer: bytes) -> bytes:
        if b"MSCluster_Resource" in request and simulated.owner("web") == "NODE2" and not arrived:
            simulated.pause(100)  # Hyper-V was asked before that, and the cluster answers only now
            arrived.append(simulated.now())
        return answer

    (run,) = simulated.runs(("web", "NODE2"))
    simulated.alter = alter
    simulated.scheduler().execute([run])
    assert (run.outcome, bool(arrived)) == ("moved", True)


class TestAVmWhoseNodeGoesDownWhileItWaits:
    """The cluster restarts it on another node: its guest has lost its memory, and nobody has moved it."""

    GIVEN: Scenario = scenario(
        [node("NODE1", simultaneous_migrations=1), node("NODE2"), node("NODE3")],
        [vm("big", memory_mb=8000), vm("web", memory_mb=4000)],
        [event(at=30, down="NODE1")],
        network=SLOW,
    )
    SAID = "NODE1 is down: most likely the cluster restarted the VM on"

    @pytest.mark.parametrize(
        ("source", "destination", "outcome"),
        [("", "NODE2", "moved"), ("", "NODE3", "already_there"), ("NODE1", "NODE2", "elsewhere")],
    )
    def test_it_is_told_to_have_been_restarted(self, source: str, destination: str, outcome: str) -> None:
        simulated = Simulated(self.GIVEN, home="NODE2")
        wishes = [MoveRequest("NODE2", "big"), MoveRequest(destination, "web", source=source)]
        tasks = [
            MigrationTask(MigrationRequest(move, Timeout.of(0, move.vm.memory_mb)))
            for move in plan(simulated.cluster, wishes, AUTO)
        ]
        simulated.scheduler().execute(tasks)
        web = tasks[1]
        assert web.outcome == outcome
        told = [one for one in web.warnings if one.startswith(self.SAID)]
        assert len(told) == 1
        assert told[0].endswith("Look at the guest, and at the event log of the cluster.")
        assert not any("somebody moved" in one for one in web.warnings)

    def test_one_that_somebody_moved_is_not(self) -> None:
        given = dataclasses.replace(self.GIVEN, events=(event(at=30, move="web", to="NODE3", instant=True),))
        simulated = Simulated(given, home="NODE2")
        runs = simulated.move(("big", "NODE2"), ("web", "NODE2"))
        assert [run.outcome for run in runs] == ["moved", "moved"]
        assert "The VM has left NODE1 for NODE3 while it waited here." in runs[1].warnings
        assert not any(one.startswith("NODE1 is") for one in runs[1].warnings)


class TestADestinationThatTakesNoVmsByNow:
    """Somebody has just paused it, or it went down: what was read of it a moment before says that it is up."""

    @staticmethod
    def given(happens: event) -> Scenario:
        return scenario([node("NODE1"), node("NODE2")], [vm("web01", memory_mb=2000)], [happens])

    @pytest.mark.parametrize(
        ("happens", "code", "said"),
        [
            (event(1, pause="NODE2"), "destination_paused", "is paused and takes no VMs"),
            (event(1, down="NODE2"), "destination_not_up", "is down and takes no VMs"),
        ],
        ids=["paused", "down"],
    )
    @pytest.mark.parametrize("is_dry_run", [False, True])
    def test_a_no_of_the_check_is_explained_by_its_state(
        self, happens: event, code: str, said: str, *, is_dry_run: bool
    ) -> None:
        simulated = Simulated(self.given(happens))
        runs = simulated.runs(("web01", "NODE2"))
        scheduler = simulated.scheduler()
        simulated.pause(2)
        before = len(simulated.requests)

        (scheduler.dry_run if is_dry_run else scheduler.execute)(runs)

        (run,) = runs
        assert (run.outcome, run.error.code) == ("failed", code)
        assert said in run.error.text
        assert nodes_read(simulated, before) == 1
        assert simulated.migrations("web01") == 0

    def test_a_refusal_of_the_call_is_explained_by_its_state(self) -> None:
        simulated = Simulated(self.given(event(1, pause="NODE2")))
        moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], AUTO)
        simulated.pause(2)
        before = len(simulated.requests)

        (run,) = migrate(simulated.cluster, moves, MigrationOptions(policy=Policy(precheck=False))).tasks

        assert (run.error.code, run.error.error_code) == ("refused", 5)
        assert run.error.cause.endswith("; node NODE2 is paused and takes no VMs")
        assert run.error.remedy.startswith("Resume it")
        assert nodes_read(simulated, before) == 1

    def test_a_state_that_cannot_be_read_changes_nothing(self) -> None:
        simulated = Simulated(self.given(event(1, pause="NODE2")))
        runs = simulated.runs(("web01", "NODE2"))
        scheduler = simulated.scheduler()
        simulated.pause(2)
        simulated.lose = lambda there, request: "down" if b"MSCluster_Node" in request else ""

        scheduler.execute(runs)

        assert runs[0].error.code == "not_migratable"

    def test_no_move_that_succeeds_asks_for_it(self) -> None:
        simulated = Simulated(scenario([node("NODE1"), node("NODE2")], [vm("web01", memory_mb=2000)]))
        runs = simulated.runs(("web01", "NODE2"))
        before = len(simulated.requests)
        simulated.scheduler().execute(runs)
        assert (runs[0].outcome, nodes_read(simulated, before)) == ("moved", 0)


def nodes_read(simulated: Simulated, before: int) -> int:
    """Return how many requests for states of nodes were sent since."""
    return sum(b"FROM MSCluster_Node WHERE" in request for unused, request in simulated.requests[before:])
