# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs of other nodes that would make room: the fewest, each in a moment when it fits, and only those that may move."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance import wording
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.helper_moves import Helper, find_help
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.plan_table import evacuation_table
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import (
    Candidate,
    Destination,
    PlacementProblem,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.strategies import read_strategies

from tests.simulator.scenario import VmSpec
from tests.simulator.scenario_hardware import AdapterSpec, HostHardwareSpec, VmHardwareSpec
from tests.support.placement_problems import candidate, destination, placement_problem, rule
from tests.support.scenarios import CROWDED_NODES, CROWDED_VMS, attachment, scenario, vm
from tests.support.simulated import Simulated


def helper(name: str, memory_mb: int, node: str, **more: t.Any) -> Helper:
    return Helper(candidate(name, memory_mb, **more), node)


def moves(problem: PlacementProblem, helpers: list[Helper], most: int = 4) -> list[str]:
    found = find_help(problem, helpers, most)
    return (
        [f"{one.helper.candidate.vm.name} {one.helper.node} {one.destination}" for one in found.moves] if found else []
    )


def crowded(candidates: list[Candidate] | None = None, **more: t.Any) -> PlacementProblem:
    """Two holes of 40 and 30, and a VM of 60."""
    nodes = [destination("A", 40), destination("B", 30)]
    return placement_problem(candidates or [candidate("big", 60)], nodes, **more)


def test_the_smallest_vm_that_makes_enough_room_steps_aside() -> None:
    assert moves(crowded(), [helper("small", 10, "A"), helper("enough", 20, "A"), helper("more", 25, "A")]) == [
        "enough A B"
    ]


def test_what_takes_no_more_room_than_there_is_in_all_is_not_looked_for() -> None:
    assert moves(crowded([candidate("big", 71)]), [helper("one", 30, "A"), helper("two", 10, "B")]) == []


def test_several_step_aside_where_one_does_not_do() -> None:
    nodes = [destination("A", 40), destination("B", 12), destination("C", 10)]
    problem = placement_problem([candidate("big", 60)], nodes)
    helpers = [helper("x", 10, "A"), helper("y", 12, "A"), helper("z", 4, "A")]
    assert moves(problem, helpers) == ["y A B", "x A C"]
    assert moves(problem, helpers, most=1) == []


def test_each_of_them_fits_when_those_before_it_have_moved() -> None:
    nodes = [destination("A", 40), destination("B", 30), destination("C", 30)]
    problem = placement_problem([candidate("big", 60), candidate("other", 35)], nodes)
    helpers = [helper("a", 20, "A"), helper("b", 20, "B"), helper("c", 5, "C")]
    found = find_help(problem, helpers, 4)
    rooms = {"A": 40, "B": 30, "C": 30}
    for move in found.moves:
        assert move.helper.candidate.needs_mb <= rooms[move.destination]
        rooms[move.destination] -= move.helper.candidate.needs_mb
        rooms[move.helper.node] += move.helper.candidate.needs_mb
    for placed in found.placement.moves:
        rooms[placed.destination] -= placed.candidate.needs_mb
    assert len(found.placement.moves) == 2
    assert min(rooms.values()) >= 0


def test_nothing_steps_aside_beyond_the_reserve() -> None:
    nodes = [Destination("A", destination("A", 50).memory), Destination("B", destination("B", 40).memory)]
    problem = placement_problem([candidate("big", 60)], nodes, reserve=0)
    assert moves(problem, [helper("x", 35, "A")]) == ["x A B"]
    reserved = placement_problem([candidate("big", 60)], [destination("A", 50), destination("B", 34)], reserve=10)
    assert moves(reserved, [helper("x", 35, "A")]) == []


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"owners": ["A"]}, {}),
        ({"owners": ["A", "B"]}, {"rules": [rule("apart", ["x", "y"])], "where": {"x": "A", "y": "B"}}),
        ({}, {"rules": [rule("soft", ["x", "y"], hard=False)], "where": {"x": "A", "y": "B"}}),
        ({}, {"rules": [rule("together", ["x", "y"], together=True)], "where": {"x": "A", "y": "A"}}),
        (
            {},
            {
                "rules": [rule("sites", ["x", "y"], scope="domain")],
                "where": {"x": "A", "y": "LEFT"},
                "domains": {"A": "east", "B": "west", "LEFT": "west"},
            },
        ),
    ],
)
def test_a_helper_keeps_owners_and_rules(more: dict[str, t.Any], problem: dict[str, t.Any]) -> None:
    assert moves(crowded(**problem), [helper("x", 20, "A", **more)]) == []
    assert moves(crowded(), [helper("x", 20, "A")]) == ["x A B"]


def test_a_helper_goes_to_no_older_build() -> None:
    nodes = [destination("A", 40, build=26100), destination("B", 30, build=20348)]
    problem = placement_problem([candidate("big", 60)], nodes)
    assert moves(problem, [helper("x", 20, "A", build=26100)]) == []
    assert moves(problem, [helper("x", 20, "A", build=20348)]) == ["x A B"]


def test_where_a_helper_goes_counts_for_the_rules_of_those_that_leave() -> None:
    apart = rule("apart", ["dc", "x"])
    nodes = [destination("A", 40), destination("B", 30), destination("C", 6)]
    problem = placement_problem([candidate("big", 60), candidate("dc", 5)], nodes, rules=[apart], where={"x": "A"})
    found = find_help(problem, [helper("x", 20, "A")], 1)
    places = {one.candidate.vm.name: one.destination for one in found.placement.moves}
    assert places == {"big": "A", "dc": "C"}


SENTENCE = (
    "With helpers=1 (the roles' evacuate_node_helpers) every VM has a place: VMs of other nodes step aside first, "
    "app02 from NODE2 to NODE3."
)


def refused(*more: VmSpec, **wish: t.Any) -> dict[str, t.Any]:
    named = {one.name for one in more}
    given = scenario(nodes=CROWDED_NODES, vms=[*more, *(one for one in CROWDED_VMS if one.name not in named)])
    return plan_evacuation(Simulated(given).cluster, EvacuationRequest("NODE1", **wish)).as_result()


def test_a_plan_that_is_refused_names_what_would_help() -> None:
    plan = refused()
    assert not plan["feasible"]
    assert [(one["name"], one["source_host"], one["destination_host"]) for one in plan["helpers"]] == [
        ("app02", "NODE2", "NODE3")
    ]
    assert plan["infeasibility"]["remedy"].startswith(SENTENCE)


def test_what_steps_aside_counts_in_the_expected_duration() -> None:
    plan = refused(helpers=1)
    assert plan["feasible"]
    assert (plan["expected"]["seconds"], plan["expected"]["helper_seconds"]) == (27 + 39, 27)
    assert plan["expected"]["message"].endswith("Of that, 0:00:27 are for 1 VM of other nodes to step aside first.")
    assert refused()["expected"] is None


def test_when_they_have_moved_the_plan_is_feasible() -> None:
    simulated = Simulated(scenario(nodes=CROWDED_NODES, vms=CROWDED_VMS))
    (step,) = plan_evacuation(simulated.cluster, EvacuationRequest("NODE1")).as_result()["helpers"]
    assert [run.outcome for run in simulated.move((step["name"], step["destination_host"]))] == ["moved"]
    assert plan_evacuation(simulated.cluster, EvacuationRequest("NODE1")).as_result()["feasible"]


def test_the_table_and_a_refused_evacuation_say_what_would_help() -> None:
    plan = plan_evacuation(
        Simulated(scenario(nodes=CROWDED_NODES, vms=CROWDED_VMS)).cluster, EvacuationRequest("NODE1")
    )
    assert SENTENCE in evacuation_table(plan)
    assert SENTENCE in wording.infeasible(plan)


@pytest.mark.parametrize(
    "app02",
    [
        vm("app02", owner="NODE2", memory_mb=24_000, state="paused"),
        vm("app02", owner="NODE2", memory_mb=24_000, attachments=(attachment("iso", r"C:\ISO\tools.iso"),)),
        vm("app02", owner="NODE2", memory_mb=24_000, possible_owners=("NODE1", "NODE2")),
    ],
)
def test_a_vm_that_cannot_move_is_not_named(app02: VmSpec) -> None:
    assert refused(app02)["helpers"] == []


@pytest.mark.parametrize("word", ["stay", "shutdown", "fail"])
def test_a_vm_that_is_not_to_migrate_is_not_named(word: str) -> None:
    assert refused(strategies=read_strategies([{"vm": "app*", "strategy": word}]))["helpers"] == []


def test_a_plan_that_is_refused_for_another_reason_names_no_helpers() -> None:
    plan = refused(vm("bound", memory_mb=100), strategies=read_strategies([{"vm": "bound", "strategy": "fail"}]))
    assert (plan["feasible"], plan["helpers"]) == (False, [])


def planned(*vms: VmSpec, earlier: dict[str, t.Any] | None = None, **wish: t.Any) -> dict[str, t.Any]:
    given = Simulated(scenario(nodes=CROWDED_NODES, vms=vms)).cluster
    read = read_earlier_plan(earlier) if earlier is not None else None
    return plan_evacuation(given, EvacuationRequest("NODE1", earlier=read, **wish)).as_result()


def test_a_plan_with_helpers_is_feasible_and_has_all_moves_in_one_form() -> None:
    plan = planned(*CROWDED_VMS, helpers=1)
    assert (plan["feasible"], plan["stays"]) == (True, [])
    (first,), (then,) = plan["helpers"], plan["moves"]
    assert (first["name"], first["helper"], then["name"], then["helper"]) == ("app02", True, "big", False)
    assert first.keys() == then.keys()
    free = {one["node"]: (one["free_before_mb"], one["free_after_mb"]) for one in plan["headroom"]}
    assert free["NODE3"][0] - free["NODE3"][1] == 24_000
    assert free["NODE2"][0] - free["NODE2"][1] == 36_000 - 24_000


def test_helpers_of_an_earlier_plan_are_kept_without_the_option() -> None:
    first = planned(*CROWDED_VMS, helpers=1)
    again = planned(*CROWDED_VMS, earlier=first)
    assert [again[key] for key in ("moves", "helpers", "revalidation")] == [
        [{**one, "reason": "it was planned so before"} for one in first["moves"]],
        first["helpers"],
        [],
    ]


def test_those_of_a_plan_that_was_refused_are_not_agreed_on() -> None:
    assert not planned(*CROWDED_VMS, earlier=planned(*CROWDED_VMS))["feasible"]


def test_a_helper_that_is_not_needed_any_more_stays() -> None:
    first = planned(*CROWDED_VMS, helpers=1)
    again = planned(vm("big", memory_mb=10_000), *CROWDED_VMS[1:], earlier=first)
    assert again["helpers"] == []
    assert [(one["subject"], one["code"], one["message"]) for one in again["revalidation"]] == [
        ("app02", "stays", "It need not step aside, and stays on NODE2.")
    ]


def test_a_helper_that_is_new_is_told() -> None:
    first = planned(vm("big", memory_mb=10_000), *CROWDED_VMS[1:])
    again = planned(*CROWDED_VMS, earlier=first, helpers=1)
    assert ("app02", "new", "It steps aside from NODE2 to NODE3.") in [
        (one["subject"], one["code"], one["message"]) for one in again["revalidation"]
    ]


def switched(**switches: tuple[str, ...]) -> Simulated:
    """Return the crowded cluster, in which app02 and fill02 are on the switch Internal."""
    nodes = [
        dataclasses.replace(one, hardware=HostHardwareSpec(switches=switches.get(one.name, ("External", "Internal"))))
        for one in CROWDED_NODES
    ]
    internal = VmHardwareSpec(adapters=(AdapterSpec("Internal"),))
    vms = [
        dataclasses.replace(one, hardware=internal) if one.name in ("app02", "fill02") else one for one in CROWDED_VMS
    ]
    return Simulated(scenario(nodes, vms))


def test_a_vm_does_not_step_aside_to_a_node_that_lacks_its_switch() -> None:
    request = EvacuationRequest("NODE1", helpers=1)
    able = switched()
    assert [one.destination for one in plan_evacuation(able.cluster, request).steps_aside] == ["NODE3"]
    lacking = switched(NODE3=("External",))
    found = plan_evacuation(lacking.cluster, request)
    assert found.steps_aside == ()
    assert found.infeasibility is not None
