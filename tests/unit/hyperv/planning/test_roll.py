# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a whole rolling maintenance: its moves, its order, what returns, and what it refuses."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

import pytest
from ansible_collections.hyperv.migration.plugins.filter import in_rolling_order
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.attachments import ISO, Attachment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.running_migrations import (
    RunningMigration,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
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
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.strategies import Strategy
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import WholeCluster

from tests.support.actions import perform
from tests.support.rolls import GIGABYTE, DrawnCluster, Guest, draw_cluster, faults_of, nodes_of
from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated


def cluster(nodes: dict[str, int], guests: Sequence[tuple[str, str, int]], **more: t.Any) -> DrawnCluster:
    """Nodes of so many GB, and VMs: name, node, GB."""
    return DrawnCluster(
        {name: size * GIGABYTE for name, size in nodes.items()},
        tuple(Guest(name, node, size * GIGABYTE) for name, node, size in guests),
        **more,
    )


def plan(
    given: DrawnCluster | WholeCluster, layout: LayoutName = "any", nodes: Sequence[str] = (), **wish: t.Any
) -> RollPlan:
    options = {key: wish.pop(key) for key in ("done", "begun", "in_order", "home", "node_seconds") if key in wish}
    whole = given.read() if isinstance(given, DrawnCluster) else given
    names = nodes or [one.node.name for one in whole.nodes]
    return plan_roll(whole, RollRequest(names, layout=layout, evacuation=EvacuationRequest("", **wish), **options))


def order(found: RollPlan) -> list[str]:
    return [one.node for one in found.steps]


THREE = cluster(
    {"A": 100, "B": 100, "C": 100},
    [("a1", "A", 20), ("a2", "A", 10), ("b1", "B", 20), ("c1", "C", 10), ("c2", "C", 10), ("c3", "C", 10)],
)
CROWDED = cluster(  # A can only be emptied if one of the VMs of B goes to C
    {"A": 100, "B": 100, "C": 100},
    [("big", "A", 50), ("b1", "B", 30), ("b2", "B", 20), ("c1", "C", 25), ("c2", "C", 20), ("c3", "C", 3)],
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ruled", [False, True])
def test_each_move_of_a_plan_has_room_and_breaks_no_rule(seed: int, layout: LayoutName, ruled: bool) -> None:
    drawn = draw_cluster(seed, 3 + seed, 0.55, ruled=ruled)
    found = plan(drawn, layout, helpers=2)
    assert found.refusal is None
    result = found.as_result()
    assert faults_of(drawn, result) == []
    assert sorted(nodes_of(result["steps"])) == sorted(drawn.names)


@pytest.mark.parametrize(("count", "most"), [(4, 0.61), (8, 0.56), (16, 0.53)])
def test_about_half_of_the_moves_are_left_where_vms_need_not_return(count: int, most: float) -> None:
    drawn = draw_cluster(1, count, 0.65)
    found, kept = plan(drawn), plan(drawn, "keep")
    assert kept.total.moves == found.keep.moves == 2 * len(drawn.guests)
    assert found.total.moves == found.bound.moves <= most * kept.total.moves


def test_the_emptiest_node_is_first_since_its_vms_move_twice() -> None:
    found = plan(THREE)
    assert order(found)[0] == "B"
    assert found.total.moves == found.bound.moves == 7


def test_nodes_with_less_memory_come_before_bigger_ones() -> None:
    given = cluster({"A": 200, "B": 100, "C": 100}, [("a", "A", 60), ("b1", "B", 30), ("b2", "B", 5), ("c", "C", 40)])
    assert order(plan(given)) == ["C", "B", "A"]


def test_with_an_empty_node_every_vm_moves_once() -> None:
    given = cluster({"A": 100, "B": 100, "C": 100}, [("a1", "A", 20), ("b1", "B", 20), ("b2", "B", 20)])
    found = plan(given)
    assert order(found)[0] == "C"
    assert found.total.moves == found.bound.moves == 3


def test_with_a_node_that_is_not_maintained_every_vm_moves_once() -> None:
    found = plan(THREE, nodes=["A", "B"])
    assert found.total.moves == found.bound.moves == 3
    assert {one.destination for one in found.steps[0].plan.moves} == {"C"}


def test_nodes_that_were_done_before_take_what_leaves_the_others() -> None:
    found = plan(THREE, nodes=["A", "C"], done=["B"])
    assert {one.destination for one in found.steps[0].plan.moves} == {"B"}
    reasons = [one.reason for one in found.steps[0].plan.moves]
    assert all("B is done already" in one for one in reasons)
    assert not any("preferred owner" in one for one in reasons)


def test_the_order_of_the_user_is_kept() -> None:
    found = plan(THREE, nodes=["C", "A", "B"], in_order=True)
    assert order(found) == ["C", "A", "B"]
    assert found.total.moves == found.bound.moves == 9


def test_vms_that_are_to_come_home_do_so_and_move_twice() -> None:
    found = plan(THREE, home=["a*", "c1"])
    assert found.total.moves == found.bound.moves == 6 + 3  # nothing of A, the first one, has to move on from elsewhere
    assert faults_of(THREE, found.as_result()) == []
    steps = found.as_result()["steps"]
    places = {one["name"]: one["destination_host"] for step in steps for one in (*step["moves"], *step["returns"])}
    assert (places["a1"], places["a2"], places["c1"]) == ("A", "A", "C")


def test_what_is_shut_down_to_leave_returns_since_no_memory_is_planned_for_it_elsewhere() -> None:
    found = plan(THREE, strategies=(Strategy("a1", "shutdown"),))
    assert [one.candidate.vm.name for step in found.steps for one in step.returns] == ["a1"]


def test_a_vm_that_stays_is_no_move() -> None:
    found = plan(THREE, strategies=(Strategy("a1", "stay"),))
    assert found.bound.moves == 5 + 1
    assert [one.vm.name for step in found.steps for one in step.plan.stays] == ["a1"]


def test_of_nodes_with_as_many_vms_the_one_with_the_least_memory_comes_first() -> None:
    given = cluster({"A": 100, "B": 100, "C": 100}, [("a1", "A", 40), ("b1", "B", 30), ("c1", "C", 20)])
    found = plan(given)
    assert found.steps[0].node == "C"
    assert found.total.memory_mb == found.bound.memory_mb == (90 + 20) * GIGABYTE


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nodes_that_have_begun_come_first_in_their_order(layout: LayoutName) -> None:
    drawn = draw_cluster(3, 5, 0.4)
    found = plan(drawn, layout, nodes=["NODE5", "NODE3", "NODE1", "NODE2", "NODE4"], begun=["NODE5", "NODE3"])
    assert found.refusal is None
    assert faults_of(drawn, found.as_result()) == []
    assert [one.node for one in found.steps][:2] == ["NODE5", "NODE3"]
    assert sorted(one.node for one in found.steps) == sorted(drawn.names)


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_what_was_planned_is_planned_again_in_the_order_that_was_found(seed: int, ruled: bool) -> None:
    drawn = draw_cluster(seed, 5, 0.66, per_node=7, ruled=ruled)
    found = plan(drawn, helpers=2)
    assert found.refusal is None
    again = plan(drawn, helpers=2, nodes=order(found), in_order=True)
    assert again.as_result()["steps"] == found.as_result()["steps"]


def test_what_is_off_moves_without_memory() -> None:
    guests = (*THREE.guests, Guest("idle", "B", 80 * GIGABYTE, "off"))
    given = dataclasses.replace(THREE, guests=guests)
    found = plan(given)
    assert faults_of(given, found.as_result()) == []
    assert found.total.moves == found.bound.moves == 7 + 2
    assert found.total.memory_mb == found.bound.memory_mb == (80 + 20) * GIGABYTE


def test_the_last_node_is_refilled_with_few_moves() -> None:
    drawn = draw_cluster(2, 8, 0.6)
    found = plan(drawn, "balanced")
    assert faults_of(drawn, found.as_result()) == []
    result = found.as_result()
    where = {one.id: one.node for one in drawn.guests}
    for step in result["steps"]:
        where |= {one["vm_id"]: one["destination_host"] for one in (*step["moves"], *step["returns"])}
    where |= {one["vm_id"]: one["destination_host"] for one in result["refill"]}
    used = dict.fromkeys(drawn.names, 0)
    for guest in drawn.guests:
        used[where[guest.id]] += guest.memory_mb
    shares = [used[node] / drawn.nodes[node] for node in drawn.names]
    assert max(shares) - min(shares) < 0.06
    assert 0 < len(found.refill) < len(drawn.guests) / 8
    assert plan(drawn, "any").refill == ()


def test_a_refill_leaves_what_came_home_and_keeps_classes() -> None:
    drawn = draw_cluster(3, 6, 0.5, ruled=True)
    found = plan(drawn, "balanced", home=["vm00*"])
    assert faults_of(drawn, found.as_result()) == []
    assert not any(one.helper.candidate.vm.name.startswith("vm00") for one in found.refill)


def test_vms_of_other_nodes_step_aside_and_return_where_the_layout_is_kept() -> None:
    found = plan(CROWDED, "keep", nodes=["A"], helpers=2)
    assert found.refusal is None
    (step,) = found.steps
    assert len(step.plan.steps_aside) == 1
    assert sorted(one.candidate.vm.name for one in step.returns) == sorted(
        ["big", step.plan.steps_aside[0].helper.candidate.vm.name]
    )
    assert faults_of(CROWDED, {**found.as_result()}) == []


def test_a_refusal_says_which_node_is_stuck_and_that_helpers_would_do() -> None:
    found = plan(CROWDED, "keep", nodes=["A"])
    assert found.refusal is not None
    assert (found.refusal.subject, found.refusal.step) == ("A", 1)
    assert "with helpers=1, for A" in found.refusal.remedy
    assert found.as_result()["feasible"] is False


def test_a_refusal_names_an_order_that_is_possible() -> None:
    # c1 fits on nothing but an empty node: of those that remain when C has its turn, one must be done.
    given = cluster({"A": 100, "B": 100, "C": 100}, [("a1", "A", 40), ("b1", "B", 40), ("c1", "C", 60), ("c2", "C", 5)])
    found = plan(given, nodes=["C", "A", "B"], in_order=True)
    assert found.refusal is not None
    assert (found.refusal.subject, found.refusal.step) == ("C", 1)
    assert "possible in the order" in found.refusal.remedy
    told = found.refusal.remedy.split("in the order ")[1].split(".")[0].split(", ")
    assert plan(given, nodes=told, in_order=True).refusal is None


def test_a_refusal_says_how_full_nodes_may_be() -> None:
    given = cluster({"A": 100, "B": 100}, [("a1", "A", 50), ("b1", "B", 50)])
    found = plan(given)
    assert found.refusal is not None
    assert "50 % of the memory of all nodes is in use" in found.refusal.remedy
    assert "45 % can be: free 10240 MB" in found.refusal.remedy


def test_where_nothing_else_helps_some_nodes_get_their_vms_back() -> None:
    drawn = draw_cluster(22, 4, 0.67, per_node=6, ruled=True)
    found = plan(drawn)
    assert found.refusal is None
    assert any(one.is_kept for one in found.steps)
    assert faults_of(drawn, found.as_result()) == []
    assert found.bound.moves < found.total.moves < 2 * len(drawn.guests)


def test_what_stands_against_one_move_is_known_before_the_first_one() -> None:
    whole = THREE.read()
    iso = {"ID-c2": (Attachment(ISO, "C:\\ISO\\tools.iso"),)}
    given = dataclasses.replace(whole, snapshot=dataclasses.replace(whole.snapshot, attachments=iso))
    found = plan(given)
    assert found.refusal is not None
    assert (found.refusal.subject, found.refusal.code) == ("C", "blocked")
    assert "tools.iso" in found.refusal.message


def test_a_vm_on_its_way_counts_where_it_goes() -> None:
    whole = THREE.read()
    running = {"ID-a1": RunningMigration("B", memory_is_there=False)}
    given = dataclasses.replace(whole, snapshot=dataclasses.replace(whole.snapshot, running_migrations=running))
    found = plan(given)
    first = next(step for step in found.steps if step.node == "A")
    assert [one.candidate.vm.name for one in first.plan.moves] == ["a2"]
    assert order(found)[0] == "A"  # the emptiest one by then


def test_the_time_is_that_of_all_moves_and_the_work() -> None:
    found = plan(THREE, node_seconds=600)
    # Each move takes 3 seconds and one for 1000 MB, up to four at once.
    assert found.total.seconds == sum((one.seconds or 0) + 600 for one in found.steps)
    steps = found.as_result()["steps"]
    assert steps[-1]["ends_after"] == found.total.seconds
    assert steps[0]["evacuation_seconds"] == 3 + 21  # b1 alone, 20480 MB
    assert found.keep.seconds == 2 * (24 + 24 + 14) + 3 * 600


def test_returns_take_as_long_as_the_way_out() -> None:
    found = plan(THREE, "keep")
    assert [one.return_seconds for one in found.steps] == [one.evacuation_seconds for one in found.steps]


def test_no_time_is_told_where_slots_are_not_known() -> None:
    whole = THREE.read()
    nodes = tuple(dataclasses.replace(one, slots=None) for one in whole.nodes)
    found = plan(dataclasses.replace(whole, nodes=nodes))
    assert (found.total.seconds, found.keep.seconds) == (None, None)
    assert found.as_result()["steps"][0]["ends_after"] is None


def test_the_plan_does_not_depend_on_the_order_in_which_vms_were_read() -> None:
    drawn = draw_cluster(4, 5, 0.6, ruled=True)
    other = dataclasses.replace(drawn, guests=tuple(reversed(drawn.guests)))
    assert plan(drawn, "balanced").as_result() == plan(other, "balanced").as_result()


@pytest.mark.parametrize(
    ("nodes", "done", "text"),
    [
        (["A", "X"], [], "X is not a node of the cluster, which has A, B, C"),
        (["A", "a.example.com"], [], "A is given more than once"),
        (["A", "B"], ["B"], "B is given more than once"),
    ],
)
def test_names_are_checked_first(nodes: list[str], done: list[str], text: str) -> None:
    with pytest.raises(HyperVError, match=text):
        plan(THREE, nodes=nodes, done=done)


@pytest.mark.parametrize("layout", ["keep", "any"])
def test_the_moves_of_the_turns_are_counted_and_listed_only_if_that_is_asked_for(layout: str) -> None:
    sizes = {"NODE1": (36_000,), "NODE2": (24_000, 15_000), "NODE3": (28_000,)}  # one steps aside for the first
    vms = [vm(f"vm{size}", owner=owner, memory_mb=size) for owner, each in sizes.items() for size in each]
    simulated = Simulated(scenario([node(name, memory_mb=65536) for name in sizes], vms))
    given: dict[str, t.Any] = {"layout": layout, "nodes": ["NODE1"], "helpers": 1}
    listed = perform("hyperv_rolling_plan_info", simulated, **given, moves=True)
    counted = perform("hyperv_rolling_plan_info", simulated, **given)
    lists = ("moves", "helpers", "returns")
    assert listed["steps"][0]["helpers"]
    for one in listed["steps"]:
        assert one["counts"] == {key: len(one[key]) for key in lists}
    assert counted["steps"] == [
        {key: value for key, value in one.items() if key not in lists} for one in listed["steps"]
    ]


class TestOrderOfTheUser:
    GIVEN = scenario([node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3)], [vm("web01"), vm("web02")])

    def ask(self, **options: t.Any) -> dict[str, t.Any]:
        return perform("hyperv_rolling_plan_info", Simulated(self.GIVEN), layout="any", **options)

    @pytest.mark.parametrize("order", [["NODE3", "node1.corp.example", "NODE2"], "NODE3,NODE1\nNODE2"])
    def test_it_is_the_order_of_the_plan(self, order: object) -> None:
        assert self.ask(order=order)["order"] == ["NODE3", "NODE1", "NODE2"]

    def test_nodes_that_are_done_may_be_in_it(self) -> None:
        assert self.ask(order="NODE3,NODE1,NODE2", done=["NODE3"])["order"] == ["NODE1", "NODE2"]

    def test_that_of_the_nodes_is_given_by_a_word(self) -> None:
        assert self.ask(order="given", nodes="NODE3,NODE1")["order"] == ["NODE3", "NODE1"]

    @pytest.mark.parametrize(
        ("order", "said"),
        [
            ("NODE1,NODE2,NODE9", r"order has NODE9, which is none of them\. The nodes .* are NODE1, NODE2, NODE3\."),
            ("NODE1,NODE1,NODE2,NODE3", "order has NODE1 more than once"),
            ("NODE3,NODE1", "order lacks NODE2"),
            ("any", "order has any"),
        ],
    )
    def test_one_that_does_not_fit_is_refused(self, order: str, said: str) -> None:
        with pytest.raises(HyperVError, match=said):
            self.ask(order=order)


def test_hosts_that_an_order_does_not_name_come_last_as_they_were() -> None:
    sort = in_rolling_order.FilterModule().filters()["in_rolling_order"]
    hosts = ["n1.example", "n2.example", "10.0.0.3", "10.0.0.4"]
    assert sort(hosts, "10.0.0.4, N2") == ["10.0.0.4", "n2.example", "n1.example", "10.0.0.3"]
    assert sort(hosts, []) == hosts
    assert [sort(hosts, order) for order in (True, {"n1": 1}, 7)] == [hosts] * 3  # the module refuses these in words


def test_the_table_has_a_line_for_each_node_and_the_sums_beside_the_bound() -> None:
    lines = roll_table(plan(THREE, "balanced", node_seconds=600))
    assert [line.split()[:2] for line in lines[1:4]] == [["1", "B"], ["2", "C"], ["3", "A"]]
    text = "\n".join(lines[4:])
    assert "To even out the memory of the nodes after that: " in text
    assert "If every VM returned to its node, at least 12 moves of 160 GB" in text
    assert "No plan of this layout has fewer than 7 moves, or moves less than 100 GB." in text


def test_the_table_of_a_refusal_says_what_is_the_matter_and_names_no_sums() -> None:
    lines = roll_table(plan(CROWDED, "keep", nodes=["A"]))
    assert lines[0].startswith("No plan was found for the rolling maintenance: A cannot be emptied as node 1 of 1.")
    assert not any("In all" in line for line in lines)


def test_the_table_says_where_all_vms_return_in_spite_of_the_layout() -> None:
    lines = roll_table(plan(draw_cluster(22, 4, 0.67, per_node=6, ruled=True)))
    assert sum("all return, so that the next nodes can be emptied" in line for line in lines) == 1


def test_a_name_with_control_characters_cannot_paint_the_terminal() -> None:
    whole = THREE.read()
    notes = ("web\x1b[31m is on its way",)
    given = dataclasses.replace(whole, snapshot=dataclasses.replace(whole.snapshot, notes=notes))
    assert not any("\x1b" in line for line in roll_table(plan(given)))
