# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans in which several nodes are away together: room, votes, fault domains, disks, and how long they take."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.redundancy import (
    Redundancy,
    read_redundancy,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.absence import Absence, read_at_once
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll import plan_roll
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_plan import RollPlan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import (
    LAYOUTS,
    LayoutName,
    RollRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_table import roll_table
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_times import TimedMove, together

from tests.support.actions import perform
from tests.support.rolls import GIGABYTE, DrawnCluster, Guest, draw_cluster, faults_of
from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated


def with_votes(names: Sequence[str], **more: t.Any) -> Absence:
    labels = {name.lower(): 1 for name in names}
    return Absence(Redundancy(labels, labels, frozenset(labels), **more))


def plan(given: DrawnCluster, at_once: int, layout: LayoutName = "any", **more: t.Any) -> RollPlan:
    wish = {key: more.pop(key) for key in ("helpers", "link_rates") if key in more}
    absence = more.pop("absence", with_votes(given.names))
    request = RollRequest(
        more.pop("nodes", given.names),
        layout=layout,
        evacuation=EvacuationRequest("", **wish),
        at_once=at_once,
        absence=absence,
        **more,
    )
    return plan_roll(given.read(), request)


def batches(found: RollPlan) -> list[list[str]]:
    return [one.nodes for one in found.batches]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ruled", [False, True])
def test_each_move_has_room_and_breaks_no_rule_in_whatever_order_nodes_are_emptied(
    seed: int, layout: LayoutName, ruled: bool
) -> None:
    drawn = draw_cluster(seed, 5 + seed, 0.45, ruled=ruled)
    found = plan(drawn, 3, layout, helpers=2, home=["vm00*"])
    assert found.refusal is None
    assert faults_of(drawn, found.as_result()) == []
    assert sorted(one.node for one in found.steps) == sorted(drawn.names)
    assert found.at_once == (3 if len(drawn.names) > 6 else 2)  # else the others would have no majority


def test_the_vms_of_the_first_nodes_alone_move_twice() -> None:
    drawn = draw_cluster(1, 12, 0.5)
    found = plan(drawn, 3)
    assert [len(one) for one in batches(found)] == [3, 3, 3, 3]
    first = sum(len(one.plan.moves) for one in found.batches[0].steps)
    assert found.total.moves == len(drawn.guests) + first


def test_a_batch_is_only_as_large_as_its_vms_have_room_elsewhere() -> None:
    drawn = draw_cluster(1, 8, 0.7)
    found = plan(drawn, 3)
    assert found.refusal is None
    assert faults_of(drawn, found.as_result()) == []
    assert found.at_once == 1  # of 8 nodes 70 % full, two would leave 93 % for the others and 90 % is allowed


def test_all_nodes_of_the_last_batch_are_refilled() -> None:
    drawn = draw_cluster(2, 8, 0.5)
    found = plan(drawn, 3, "balanced")
    assert len(found.batches[-1].steps) == 2
    where = {one.id: one.node for one in drawn.guests}
    result = found.as_result()
    for one in [move for step in result["steps"] for move in (*step["moves"], *step["returns"])] + result["refill"]:
        where[one["vm_id"]] = one["destination_host"]
    used = dict.fromkeys(drawn.names, 0)
    for guest in drawn.guests:
        used[where[guest.id]] += guest.memory_mb
    shares = [used[name] / drawn.nodes[name] for name in drawn.names]
    assert max(shares) - min(shares) < 0.06


def test_where_room_lacks_for_one_node_as_well_the_answer_is_that_for_one_node() -> None:
    given = DrawnCluster(
        {"A": 100, "B": 100, "C": 100}, (Guest("a", "A", 60), Guest("b", "B", 60), Guest("c", "C", 60))
    )
    many, one = plan(given, 2, absence=with_votes("ABCDE")), plan(given, 1)
    assert many.refusal is not None
    assert many.refusal == one.refusal


def test_an_order_of_the_user_is_kept_and_its_neighbours_are_away_together() -> None:
    drawn = draw_cluster(2, 6, 0.4)
    order = ["NODE5", "NODE1", "NODE6", "NODE2", "NODE4", "NODE3"]
    found = plan(drawn, 2, nodes=order, in_order=True)
    assert batches(found) == [order[:2], order[2:4], order[4:]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_with_a_free_order_nodes_of_different_fault_domains_are_away_together(layout: LayoutName) -> None:
    drawn = draw_cluster(2, 6, 0.4)
    racks = {f"node{number}": f"rack{(number + 1) // 2}" for number in range(1, 7)}  # two neighbours in each
    found = plan(drawn, 2, layout, absence=with_votes(drawn.names, domains=racks))
    assert [len(one) for one in batches(found)] == [2, 2, 2]
    assert all(len({racks[node.lower()] for node in one}) == 2 for one in batches(found))
    assert faults_of(drawn, found.as_result()) == []
    in_turn = plan(drawn, 2, layout, nodes=drawn.names, in_order=True, absence=with_votes(drawn.names, domains=racks))
    assert len(batches(in_turn)[0]) == 1


def test_nodes_that_have_begun_are_away_with_none_that_has_not() -> None:
    drawn = draw_cluster(2, 7, 0.3)
    nodes = ["NODE4", "NODE6", "NODE2", *(name for name in drawn.names if name not in ("NODE4", "NODE6", "NODE2"))]
    found = plan(drawn, 3, nodes=nodes, begun=nodes[:3], groups=[nodes[:1], nodes[1:3]])
    assert batches(found)[:2] == [["NODE4"], ["NODE6", "NODE2"]]
    assert [len(one) for one in batches(found)[2:]] == [3, 1]


def test_a_member_of_a_class_does_not_go_where_one_of_another_node_goes() -> None:
    names = [f"N{number}" for number in range(1, 6)]
    guests = tuple(Guest(f"dc{number}", f"N{number}", 10 * GIGABYTE) for number in (1, 2, 3))
    given = DrawnCluster(dict.fromkeys(names, 100 * GIGABYTE), guests, (frozenset(one.id for one in guests),))
    found = plan(given, 2, "keep")
    assert batches(found)[0] == ["N1", "N2"]
    assert {one.destination for step in found.batches[0].steps for one in step.plan.moves} == {"N4", "N5"}
    assert faults_of(given, found.as_result()) == []


class TestAbsence:
    def test_one_node_is_always_allowed_since_the_cluster_itself_is_asked(self) -> None:
        assert with_votes("AB").allows(["A"])
        assert with_votes("A", spaces_direct=True).allows(["A"])

    @pytest.mark.parametrize(("count", "most"), [(3, 1), (4, 1), (5, 2), (6, 2), (7, 3), (16, 7)])
    def test_a_majority_of_the_votes_stays_without_the_witness(self, count: int, most: int) -> None:
        names = [f"N{number}" for number in range(count)]
        assert with_votes(names).allows(names[:most])
        assert not with_votes(names).allows(names[: most + 1])

    @pytest.mark.parametrize(
        ("configured", "counted", "running", "allowed"),
        [
            ({}, {}, "abcde", True),
            ({"c": 0}, {}, "abcde", False),  # of four votes two would stay
            ({"a": 0}, {"a": 0}, "abcde", True),
            ({}, {}, "abcd", False),  # e is down, and three of five would have to stay
            ({}, {"c": 0}, "abcde", False),
        ],
    )
    def test_votes_count_as_configured_and_as_they_are_now(
        self, configured: Mapping[str, int], counted: Mapping[str, int], running: str, allowed: bool
    ) -> None:
        ones = dict.fromkeys("abcde", 1)
        given = Redundancy({**ones, **configured}, {**ones, **counted}, frozenset(running))
        assert Absence(given).allows(["A", "B"]) == allowed

    def test_votes_that_nobody_tells_count_as_one_and_are_named(self) -> None:
        silent = Absence(Redundancy({}, {}, frozenset("abc")))
        assert not silent.allows(["A", "B"])
        assert silent.notes()[0] == "The votes of a, b, c are not told; each is taken to have one."

    def test_a_fault_domain_keeps_a_node_that_runs(self) -> None:
        domains = {"a": "site:1", "b": "site:1", "c": "site:2", "d": "site:2", "e": "site:2"}
        given = with_votes("ABCDEFG", domains=domains)
        assert not given.allows(["A", "B"])
        assert given.allows(["A", "C", "D"])
        down = dataclasses.replace(given.redundancy, running=frozenset("abcdfg"))
        assert not Absence(down).allows(["C", "D"])
        assert given.notes() == []

    def test_a_domain_of_one_node_stands_against_nothing(self) -> None:
        assert with_votes("ABCDE", domains={label: label for label in "abcde"}).allows(["A", "B"])

    def test_a_batch_skips_what_would_take_a_domain_away(self) -> None:
        drawn = draw_cluster(0, 6, 0.4)
        domains = {f"node{number}": f"site:{(number - 1) // 2}" for number in range(1, 7)}
        found = plan(drawn, 2, absence=with_votes(drawn.names, domains=domains))
        assert [len(one) for one in batches(found)] == [2, 2, 2]
        for one in batches(found):
            assert len({domains[name.lower()] for name in one}) == 2

    def test_with_disks_in_the_nodes_they_are_taken_one_at_a_time_and_that_is_told(self) -> None:
        drawn = draw_cluster(0, 6, 0.4)
        found = plan(drawn, 3, absence=with_votes(drawn.names, spaces_direct=True))
        assert found.at_once == 1
        assert found.notes[0].startswith("The cluster has Storage Spaces Direct: its nodes are taken one at a time")


class TestTime:
    def test_moves_wait_for_slots_at_both_ends_and_in_the_cluster(self) -> None:
        moves = [TimedMove(one, "x", 10_000) for one in "aabb"]
        assert together(moves, {"a": 2, "b": 2, "x": 4}, None) == 10
        assert together(moves, {"a": 1, "b": 2, "x": 4}, None) == 20
        assert together(moves, {"a": 2, "b": 2, "x": 1}, 0) == 40
        assert together(moves, {"a": 2, "b": 2, "x": 4}, 3) == 20
        assert together([], {}, None) == 0
        assert together(moves, {"a": 2, "b": 2, "x": None}, None) is None

    def test_the_work_on_nodes_that_are_away_together_counts_once(self) -> None:
        drawn = draw_cluster(2, 16, 0.65)
        one, four = plan(drawn, 1, node_seconds=1200), plan(drawn, 4, node_seconds=1200)
        assert len(four.batches) == 4
        assert one.total.seconds is not None
        assert four.total.seconds is not None
        assert four.total.seconds < 0.3 * one.total.seconds
        steps = four.as_result()["steps"]
        assert steps[-1]["ends_after"] == four.total.seconds
        assert [step["batch"] for step in steps] == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
        assert len({step["ends_after"] for step in steps}) == 4

    def test_the_table_has_one_number_for_nodes_that_are_away_together(self) -> None:
        lines = roll_table(plan(draw_cluster(2, 6, 0.4), 2))
        assert [line.split()[0] for line in lines[1:7]] == ["1", "1", "2", "2", "3", "3"]
        assert "Nodes of one number are away together, 2 at most." in lines


class TestNumber:
    @pytest.mark.parametrize(
        ("written", "number"), [("1", 1), (3, 3), ("25%", 4), ("25 %", 4), ("1%", 1), ("100%", 16), ("40", 40)]
    )
    def test_a_share_is_rounded_down_and_at_least_one_node(self, written: object, number: int) -> None:
        assert read_at_once(written, 16, "at_once") == number

    @pytest.mark.parametrize("written", ["0", "-1", "0%", "101%", "", "half", "2.5", "٣", "1 2", True, "9" * 6])
    def test_anything_else_is_refused(self, written: object) -> None:
        with pytest.raises(HyperVError, match=r"^at_once is .*Give a number of nodes from 1 on, or a share of them"):
            read_at_once(written, 16, "at_once")


class TestOfACluster:
    NODES: t.ClassVar = [node(f"NODE{number}", memory_mb=65536) for number in range(1, 6)]
    VMS: t.ClassVar = [vm(f"web{number:02}", owner=f"NODE{number}", memory_mb=2048) for number in range(1, 6)]

    def ask(self, nodes: Sequence[t.Any] = (), **options: t.Any) -> dict[str, t.Any]:
        return perform("hyperv_rolling_plan_info", Simulated(scenario(nodes or self.NODES, self.VMS)), **options)

    def test_votes_and_domains_are_read_where_more_than_one_node_is_wanted(self) -> None:
        found = self.ask(layout="any", at_once="40%")
        assert (found["at_once"], [one["batch"] for one in found["steps"]]) == (2, [1, 1, 2, 2, 3])
        assert "No node has a fault domain, so nodes of one rack may be away together." in found["notes"]
        one = self.ask(layout="any")
        assert one["at_once"] == 1
        assert not any("fault domain" in note for note in one["notes"])

    def test_a_node_that_is_down_takes_its_vote_along(self) -> None:
        nodes = [*self.NODES[:4], node("NODE5", memory_mb=65536, state="down")]
        simulated = Simulated(scenario(nodes, self.VMS[:4]))
        assert read_redundancy(simulated.cluster).running == {"node1", "node2", "node3", "node4"}
        found = perform("hyperv_rolling_plan_info", simulated, nodes="NODE1,NODE2", at_once=2)
        assert found["at_once"] == 1

    def test_fault_domains_of_the_cluster_count(self) -> None:
        nodes = [
            node(f"NODE{number}", memory_mb=65536, fault_domain=("site:a" if number < 3 else "site:b",))
            for number in range(1, 6)
        ]
        found = self.ask(nodes, order="NODE1,NODE2,NODE3,NODE4,NODE5", at_once=2)
        assert [one["batch"] for one in found["steps"]] == [1, 2, 2, 3, 3]


@pytest.mark.parametrize(("per_node", "seed"), [(6, 0), (10, 0), (10, 6)])
def test_nodes_for_which_none_leaves_room_to_the_next_are_planned_as_one(per_node: int, seed: int) -> None:
    """One after the other, each took the room that the next one needed, and the first ones were away alone."""
    given = draw_cluster(seed, 8, 0.6, per_node=per_node)
    found = plan(given, 2)
    assert faults_of(given, found.as_result()) == []
    assert [one["batch"] for one in found.turns()] == [1, 1, 2, 2, 3, 3, 4, 4]
