# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rolling maintenance does with the node whose turn it is, on the manual clock."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.health_gate import HealthGate
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turn import (
    STEPS,
    Turn,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import (
    TRANSITIONS,
    Phase,
    RollingState,
    set_phase,
)

from tests.support.rolling_states import HOSTS, NOW, a_state
from tests.support.scenarios import NODES, Scenario, node, scenario, vm, with_nodes
from tests.support.simulated import Simulated

GIVEN = scenario(NODES, [vm("web01", owner="NODE1"), vm("web02", owner="NODE2")])


def turn(number: int, state: RollingState, *, restart: bool = False, dry_run: bool = False) -> Turn:
    return Turn(f"n{number}.example", f"NODE{number}", HOSTS, state, restart, dry_run)


def refusal(of: Turn, given: Scenario, *ignore: str) -> tuple[str, list[float]]:
    """Return why a turn is refused, empty where it is not, and what it waited."""
    simulated = Simulated(given, home="NODE3")
    try:
        of.check(simulated.cluster, HealthGate(of.overlooked(ignore), 60, 60, 10, lambda line: None))
    except HyperVError as error:
        return str(error), simulated.pauses
    return "", simulated.pauses


class TestSteps:
    def test_each_phase_has_its_steps(self) -> None:
        assert STEPS.keys() == TRANSITIONS.keys()
        assert all(steps[-1] == "restore" for phase, steps in STEPS.items() if phase != "done")

    @pytest.mark.parametrize(
        ("phase", "asked", "restarted"),
        [("", False, False), ("", True, True), ("restarting", False, True), ("worked", False, False)],
    )
    def test_a_restart_is_known_beforehand_where_it_was_asked_for_or_decided(
        self, phase: Phase, asked: bool, restarted: bool
    ) -> None:
        assert turn(1, a_state(phase), restart=asked).is_restarted == restarted


class TestMayBegin:
    def test_a_healthy_cluster_may_lose_its_node(self) -> None:
        assert refusal(turn(1, a_state()), GIVEN) == ("", [])

    def test_a_node_that_somebody_else_has_paused_is_refused_at_once(self) -> None:
        said, waited = refusal(turn(1, a_state()), with_nodes(GIVEN, node("NODE1", state="paused")))
        assert said.startswith(
            "NODE1 is paused, and not by this rolling maintenance. Somebody else may be at work on it."
        )
        assert waited == []

    @pytest.mark.parametrize("phase", ["begun", "evacuated", "restarting"])
    def test_one_that_this_one_has_paused_is_its_own(self, phase: Phase) -> None:
        assert refusal(turn(1, a_state(phase)), with_nodes(GIVEN, node("NODE1", state="paused"))) == ("", [])

    def test_what_makes_the_cluster_unhealthy_is_told_after_the_wait(self) -> None:
        said, waited = refusal(turn(1, a_state()), with_nodes(GIVEN, node("NODE2", state="paused")))
        assert said.startswith("NODE1 is not emptied before this is in order. Node NODE2 is paused. ")
        assert sum(waited) == 60

    def test_a_node_that_it_has_left_open_itself_is_not_waited_for_and_named_with_the_reason(self) -> None:
        """The user's tasks of the node before ended its part, and so nobody will resume it."""
        said, waited = refusal(turn(2, a_state("evacuated")), with_nodes(GIVEN, node("NODE1", state="paused")))
        for part in (
            "NODE1 is paused by this rolling maintenance and is not done (evacuated), so NODE2 is not begun.",
            "meta: end_host",
            "with --limit n1.example, which continues with your tasks",
        ):
            assert part in said
        assert waited == []

    def test_all_that_it_has_left_open_are_named_and_one_limit_continues_with_all(self) -> None:
        """The run before was killed, and this one has another order."""
        given = with_nodes(GIVEN, node("NODE1", state="paused"), node("NODE2", state="paused"))
        said, waited = refusal(turn(3, a_state("evacuated", "evacuated")), given)
        for part in ("NODE2 likewise", "another order", "with --limit n1.example,n2.example, which continues"):
            assert part in said
        assert waited == []

    def test_one_that_was_given_its_vms_back_by_hand_is_no_obstacle(self) -> None:
        assert refusal(turn(2, a_state("evacuated")), GIVEN) == ("", [])

    def test_one_that_is_ignored_is_overlooked(self) -> None:
        given = with_nodes(GIVEN, node("NODE1", state="paused"))
        assert refusal(turn(2, a_state("evacuated")), given, "node1") == ("", [])

    def test_it_does_not_keep_a_node_from_getting_its_vms_back(self) -> None:
        given = with_nodes(GIVEN, node("NODE1", state="paused"), node("NODE2", state="paused"))
        assert refusal(turn(2, a_state("evacuated", "worked")), given) == ("", [])

    @pytest.mark.parametrize("phase", ["worked", "done"])
    def test_a_node_that_is_through_without_a_restart_is_not_skipped_where_one_is_wanted(self, phase: Phase) -> None:
        said, waited = refusal(turn(1, a_state(phase), restart=True), GIVEN)
        assert "and was not restarted, whereas this run restarts nodes" in said
        assert waited == []

    def test_one_that_was_restarted_is_skipped(self) -> None:
        state = set_phase(set_phase(a_state(), HOSTS[0], "restarting", NOW), HOSTS[0], "done", NOW)
        assert refusal(turn(1, state, restart=True), GIVEN) == ("", [])

    def test_nobody_is_asked_about_a_node_that_is_done(self) -> None:
        simulated = Simulated(GIVEN)
        turn(1, a_state("done")).check(simulated.cluster, HealthGate((), 60, 60, 10, lambda line: None))
        assert simulated.sent == {}


class TestDryRun:
    def test_it_overlooks_nodes_before_it_that_a_real_run_would_have_given_back(self) -> None:
        given = with_nodes(GIVEN, node("NODE2", state="paused"))
        state = a_state("done", "evacuated")
        assert refusal(turn(3, state, dry_run=True), given) == ("", [])
        assert turn(3, state, dry_run=True).overlooked(["web01"]) == ["web01", "NODE2"]
        assert turn(1, state, dry_run=True).overlooked([]) == []
        assert turn(3, state).overlooked([]) == []

    def test_a_state_of_an_earlier_version_knows_them_by_their_hosts(self) -> None:
        state: RollingState = {**a_state(), "nodes": {"node2.corp.example": {"phase": "evacuated", "updated": ""}}}
        late = Turn("node3.corp.example", "NODE3", ["node2.corp.example", "node3.corp.example"], state, False, True)
        assert late.overlooked([]) == ["NODE2"]


def test_what_is_about_to_be_done_is_said_for_each_phase() -> None:
    assert turn(1, a_state("", "done", run_id="2026-03")).intention("n3.example") == [
        "Cluster hvc1.corp.example, rolling maintenance 2026-03 begun 2026-03-01T22:00:00+00:00: n2.example done; "
        "n1.example, n3.example not begun",
        "NODE1 is evacuated, worked on, and gets its VMs back.",
        "The cluster is asked through n3.example.",
    ]
    expected: dict[Phase, str] = {
        "evacuated": "evacuated of what is left, worked on",
        "restarting": "is restarted, and gets its VMs back",
        "worked": "it gets its VMs back",
        "done": "there is nothing to do",
    }
    for phase, said in expected.items():
        assert said in turn(1, a_state(phase)).intention("n3.example")[1]


class TestNextNode:
    def test_it_is_the_first_after_this_one_that_is_not_emptied_yet(self) -> None:
        assert turn(1, a_state()).following == HOSTS[1]
        for phase, following in (("begun", HOSTS[1]), ("evacuated", ""), ("worked", ""), ("done", HOSTS[2])):
            assert turn(1, set_phase(a_state("worked"), HOSTS[1], t.cast("Phase", phase), NOW)).following == following
        assert turn(len(HOSTS), a_state()).following == ""

    def test_what_this_run_has_begun_before_its_turn_is_no_turn_of_before(self) -> None:
        state = set_phase(a_state("done"), HOSTS[1], "evacuated", NOW)
        assert not turn(2, state).is_begun_early(NOW)  # only its end was noted, by an earlier version
        state = set_phase(set_phase(a_state("done"), HOSTS[1], "begun", NOW), HOSTS[1], "evacuated", NOW)
        assert turn(2, state).is_begun_early(NOW)
        assert not turn(2, state).is_begun_early(NOW + dt.timedelta(seconds=1))
        assert not turn(1, state).is_begun_early(NOW)
