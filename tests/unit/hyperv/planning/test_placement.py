# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The planner: deterministic, within memory, among possible owners, within rules, and honest where it finds nothing."""

from __future__ import annotations

import dataclasses
import random
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.affinity import DOMAIN
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import Memory
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.states import VmState
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning import placement as placement_module
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning import solver
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.assignment import Assignment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.placement import Placement, place
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import (
    Candidate,
    Destination,
    PlacementProblem,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.schedule import ExpectedDuration
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.solver import place_all
from hypothesis import given
from hypothesis import strategies as st

from tests.support.placement_problems import (
    candidate,
    destination,
    is_allowed,
    is_possible,
    placement_problem,
    placement_problems,
    rule,
)

_WRONG_PIECES = (
    [candidate("a", 6000), candidate("b", 5000), candidate("c", 4000)],
    [destination("A", 8500), destination("B", 7000)],
)

_APART_AND_FULL = (  # sums of them fill both nodes, but not where a and b are apart
    [candidate("a", 5000), candidate("b", 3000), candidate("c", 2000, owners=["B"])],
    [destination("A", 8500), destination("B", 3000)],
)


def planned(candidates: list[Candidate], destinations: list[Destination], reserve: int = 0, **more: t.Any) -> Placement:
    return place(placement_problem(candidates, destinations, reserve, **more))


def places(placement: Placement) -> dict[str, str]:
    return {one.candidate.vm.name: one.destination for one in placement.moves}


def test_each_vm_goes_where_most_memory_is_left() -> None:
    placement = planned(
        [candidate("big", 30_000), candidate("small", 5_000)], [destination("A", 60_000), destination("B", 50_000)]
    )
    assert places(placement) == {"big": "A", "small": "B"}


def test_high_priority_goes_first_then_big_and_what_does_not_run_last() -> None:
    candidates = [
        candidate("off", state="off", priority=4000),
        candidate("low", priority=1000),
        candidate("medium", 1000),
        candidate("medium-big", 9000),
        candidate("high", priority=3000),
    ]
    placement = planned(candidates, [destination("A", 90_000)])
    assert [one.candidate.vm.name for one in placement.moves] == ["high", "medium-big", "medium", "low", "off"]


def test_the_reserve_stays_free_and_the_proof_says_how_much_is_missing() -> None:
    placement = planned([candidate("web01", 4000)], [destination("A", 13_000)], 10)
    assert not placement.moves
    (unplaced,) = placement.unplaced
    assert "lacks 1000 MB" in unplaced.finding.message
    assert unplaced.finding.remedy
    assert (placement.infeasibility.code, placement.infeasibility.missing_mb, placement.infeasibility.nodes) == (
        "total_memory",
        1000,
        ("A",),
    )


def test_a_vm_that_does_not_run_needs_no_memory() -> None:
    assert places(planned([candidate("saved", 64_000, state="saved")], [destination("A", 0)])) == {"saved": "A"}


@pytest.mark.parametrize("state", ["starting", "stopping", "unknown"])
def test_a_vm_whose_state_is_in_doubt_counts_with_its_memory(state: VmState) -> None:
    assert not planned([candidate("web01", 4000, state=state)], [destination("A", 3000)]).moves


@pytest.mark.parametrize("strategy", ["shutdown", "save"])
def test_a_vm_that_is_stopped_first_needs_no_memory(strategy: str) -> None:
    assert places(planned([candidate("web01", 64_000, strategy=strategy)], [destination("A", 0)])) == {"web01": "A"}


def test_vms_that_need_no_memory_are_dealt_out_evenly() -> None:
    candidates = [candidate(f"off{number}", state="off") for number in range(4)]
    chosen = places(planned(candidates, [destination("A", 90_000), destination("B", 1000)]))
    assert sorted(chosen.values()) == ["A", "A", "B", "B"]


def test_only_possible_owners_count_whatever_their_spelling() -> None:
    nodes = [destination("A", 90_000), destination("B", 9_000)]
    assert places(planned([candidate("web01", owners=["b.corp.example"])], nodes)) == {"web01": "B"}


def test_a_vm_without_a_possible_owner_among_the_destinations_has_no_place() -> None:
    placement = planned([candidate("web01", owners=["C"])], [destination("A", 90_000)])
    assert "possible owners (C)" in placement.unplaced[0].finding.message
    assert placement.infeasibility.code == "no_node"
    assert placement.infeasibility.vms == ("web01",)


def test_a_preferred_owner_is_taken_before_the_roomiest_node_but_not_against_memory() -> None:
    nodes = [destination("A", 90_000), destination("B", 9_000)]
    assert places(planned([candidate("web01", preferred=["B"])], nodes)) == {"web01": "B"}
    assert places(planned([candidate("web01", 10_000, preferred=["B"])], nodes)) == {"web01": "A"}


def test_no_vm_goes_to_an_older_build_than_its_node() -> None:
    nodes = [destination("A", 90_000, build=17763), destination("B", 9_000, build=20348)]
    assert places(planned([candidate("web01", build=20348)], nodes)) == {"web01": "B"}
    assert "older build (17763)" in planned([candidate("web01", build=20348)], nodes[:1]).infeasibility.message


def test_a_saved_state_goes_to_the_same_build_only() -> None:
    nodes = [destination("A", 90_000, build=26100), destination("B", 9_000, build=20348)]
    assert places(planned([candidate("web01", build=20348)], nodes)) == {"web01": "A"}
    assert places(planned([candidate("web01", state="saved", build=20348)], nodes)) == {"web01": "B"}
    assert places(planned([candidate("web01", strategy="save", build=20348)], nodes)) == {"web01": "B"}


def test_a_soft_rule_is_kept_where_possible_and_told_where_not() -> None:
    twins = [candidate("dc1"), candidate("dc2")]
    apart = rule("anti-affinity class dc", ["dc1", "dc2"], hard=False)
    two = planned(twins, [destination("A", 90_000), destination("B", 30_000)], rules=[apart])
    assert places(two) == {"dc1": "A", "dc2": "B"}
    one = planned(twins, [destination("A", 90_000)], rules=[apart])
    assert places(one) == {"dc1": "A", "dc2": "A"}
    assert "anti-affinity class dc" in one.moves[1].reason


def test_a_soft_rule_is_kept_by_an_exchange_where_the_first_choice_would_break_it() -> None:
    candidates = [candidate("dc1", 4000, owners=["A", "B"]), candidate("dc2", 4000, owners=["A"]), candidate("x", 8000)]
    apart = rule("dc", ["dc1", "dc2"], hard=False)
    placement = planned(candidates, [destination("A", 13_000), destination("B", 8_000)], rules=[apart])
    assert placement.infeasibility is None
    assert places(placement)["dc1"] != places(placement)["dc2"]


def test_a_hard_rule_is_never_broken_and_proved_to_be_the_reason() -> None:
    dcs = [candidate("dc1"), candidate("dc2"), candidate("dc3")]
    nodes = [destination("A", 90_000), destination("B", 90_000)]
    placement = planned(dcs, nodes, rules=[rule("anti-affinity class dc", ["dc1", "dc2", "dc3"])])
    assert sorted(places(placement).values()) == ["A", "B"]
    assert placement.infeasibility.code == "too_few_nodes"
    assert "anti-affinity class dc" in placement.unplaced[0].finding.message


def test_vms_that_a_destination_already_has_count_for_its_rules() -> None:
    nodes = [destination("A", 90_000), destination("B", 30_000)]
    placement = planned([candidate("dc2")], nodes, rules=[rule("dc", ["dc1", "dc2"])], where={"dc1": "a.corp.example"})
    assert places(placement) == {"dc2": "B"}


def test_vms_that_belong_on_one_node_are_placed_together_or_not_at_all() -> None:
    pair = [candidate("app", 20_000), candidate("db", 20_000)]
    keep = rule("affinity rule app", ["app", "db"], together=True)
    nodes = [destination("A", 39_000), destination("B", 30_000)]
    placement = planned(pair, nodes, rules=[keep])
    assert places(placement) == {}
    assert (placement.infeasibility.code, placement.infeasibility.missing_mb, placement.infeasibility.nodes) == (
        "vm_too_big",
        1000,
        ("A",),
    )
    assert places(planned(pair, [destination("A", 40_000), nodes[1]], rules=[keep])) == {"app": "A", "db": "A"}


def test_a_vm_follows_the_one_that_it_belongs_to() -> None:
    keep = rule("affinity rule app", ["app", "db"], together=True)
    nodes = [destination("A", 90_000), destination("B", 9_000)]
    assert places(planned([candidate("app")], nodes, rules=[keep], where={"db": "B"})) == {"app": "B"}
    stuck = planned([candidate("app")], nodes, rules=[keep], where={"db": "NODE1"})
    assert stuck.infeasibility.code == "no_node"
    assert "affinity rule app" in stuck.infeasibility.message


def test_fault_domains_are_kept_apart_and_together() -> None:
    nodes = [destination("A", 90_000), destination("B", 80_000), destination("C", 70_000)]
    domains = {"A": "site:1", "B": "site:1", "C": "site:2"}
    pair = [candidate("one"), candidate("two")]
    apart = planned(pair, nodes, rules=[rule("r", ["one", "two"], scope=DOMAIN)], domains=domains)
    assert places(apart) == {"one": "A", "two": "C"}
    keep = rule("r", ["one", "two"], scope=DOMAIN, together=True)
    together = planned(pair, [nodes[0], nodes[2]], rules=[keep], domains=domains)
    assert len(set(places(together).values())) == 1


def test_others_make_room_for_a_vm_that_finds_no_place() -> None:
    candidates = [candidate("high", 20_000, priority=3000), candidate("big", 50_000), candidate("small", 10_000)]
    placement = planned(candidates, [destination("A", 50_000), destination("B", 30_000)])
    assert places(placement) == {"high": "B", "big": "A", "small": "B"}


def test_the_proof_names_the_vms_that_are_confined_and_what_they_lack() -> None:
    candidates = [candidate("a", 6000, owners=["A"]), candidate("b", 6000, owners=["A"]), candidate("c", 1000)]
    placement = planned(candidates, [destination("A", 10_000), destination("B", 90_000)])
    assert placement.infeasibility.code == "total_memory"
    assert (placement.infeasibility.vms, placement.infeasibility.missing_mb, placement.infeasibility.nodes) == (
        ("a", "b"),
        2000,
        ("A",),
    )
    assert sorted(places(placement)) == ["a", "c"]


def test_memory_in_the_wrong_pieces_is_proved() -> None:
    placement = planned(*_WRONG_PIECES)
    assert placement.infeasibility.code == "no_combination"
    assert placement.infeasibility.is_proved
    assert placement.infeasibility.missing_mb == 500


def test_memory_and_rules_together_are_proved_by_trying_everything() -> None:
    infeasibility = planned(*_APART_AND_FULL, rules=[rule("class", ["a", "b"])]).infeasibility
    assert (infeasibility.code, infeasibility.is_proved) == ("no_combination", True)


def test_vms_too_many_of_their_size_are_proved_without_trying_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement_module, "place_all", None)
    candidates = [candidate(name, 7000) for name in "abc"]
    placement = planned(candidates, [destination("A", 10_000), destination("B", 10_000)])
    assert placement.infeasibility.code == "no_combination"
    assert placement.infeasibility.at_least_mb == placement.infeasibility.missing_mb == 4000
    assert (
        "3 VMs need 7000 MB or more each, and A and B have room for 2 of that size" in placement.infeasibility.message
    )


def test_every_vm_that_is_too_big_is_added_up() -> None:
    nodes = [destination(name, 10_000) for name in "ABC"]
    infeasibility = planned([candidate("a", 12_000), candidate("b", 12_000)], nodes).infeasibility
    assert (infeasibility.code, infeasibility.missing_mb, infeasibility.vms) == ("vm_too_big", 4000, ("a", "b"))
    assert [mb for unused, mb in infeasibility.enough] == [2000, 2000]


@given(placement_problems(with_rules=False))
def test_what_is_said_to_be_missing_is_enough_and_no_less_than_the_bound(drawn: PlacementProblem) -> None:
    infeasibility = place(drawn).infeasibility
    if infeasibility is None or infeasibility.code == "no_node":
        return
    assert infeasibility.missing_mb >= infeasibility.at_least_mb
    more = dict(infeasibility.enough)
    grown = [
        dataclasses.replace(node, memory=Memory(node.memory.total_mb, node.memory.free_mb + more.get(node.name, 0)))
        for node in drawn.destinations
    ]
    assert is_possible(dataclasses.replace(drawn, destinations=tuple(grown)))


def test_a_vm_with_one_node_left_by_a_rule_is_seen_before_others_take_that_node() -> None:
    nodes = [
        destination("A", 101),
        destination("B", 100),
        *(destination(f"N{number:02}", 64) for number in range(3, 32)),
    ]
    others = {f"dc{number:02}": node.name for number, node in enumerate(nodes[1:], 2)}
    candidates = [candidate("big", 98), candidate("dc01", 4), candidate("x", 16, owners=["A", "B"])]
    candidates += [candidate(f"s{number}", 8) for number in (1, 2, 3)]
    placement = planned(candidates, nodes, rules=[rule("dc", ["dc01", *others])], where=others)
    assert placement.infeasibility is None
    assert places(placement)["dc01"] == "A"


@pytest.mark.parametrize("count", [60, 600])
def test_tight_memory_is_filled_however_many_vms_there_are(count: int) -> None:
    """Nodes that were cut to a hidden placement with 1 % to spare: placed in turn, the last VMs do not fit."""
    drawn = random.Random(count)
    used = [0] * 12
    candidates = []
    for number in range(count):
        size = drawn.choice([3, 5, 9, 14, 30, 62])
        used[drawn.randrange(12)] += size
        candidates.append(candidate(f"vm{number:03}", size * 1000))
    nodes = [destination(f"N{number:02}", mb * 1010, 10_000_000) for number, mb in enumerate(used)]
    assert planned(candidates, nodes).infeasibility is None


def test_giving_up_is_told_and_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "_SEARCH_STEPS", 0)
    monkeypatch.setattr(solver, "_DIVES", 0)
    placement = planned(*_APART_AND_FULL, rules=[rule("class", ["a", "b"])])
    assert placement.infeasibility.code == "not_proved"
    assert not placement.infeasibility.is_proved
    assert "A placement may exist" in placement.unplaced[0].finding.message


def test_a_pinned_vm_goes_where_it_is_bound_for_and_its_memory_may_be_there() -> None:
    nodes = [destination("A", 90_000), destination("B", 5_000)]
    flying = candidate("web01", 4000, pinned="b.corp.example", pinned_because="it runs already")
    assert planned([flying], nodes).moves[0].reason == "it runs already"
    assert places(planned([flying, candidate("x", 5000, owners=["B"])], nodes)) == {"web01": "B"}
    there = dataclasses.replace(flying, memory_is_there=True)
    assert places(planned([there, candidate("x", 5000, owners=["B"])], nodes)) == {"web01": "B", "x": "B"}


def test_a_preferred_owner_is_not_given_away_to_a_vm_that_does_not_care() -> None:
    candidates = [candidate("any", 8000), candidate("wants", 8000, preferred=["A"])]
    assert places(planned(candidates, [destination("A", 10_000), destination("B", 10_000)]))["wants"] == "A"


def test_a_preferred_owner_is_searched_for_where_one_exchange_does_not_help() -> None:
    candidates = [candidate("wants", 8000, preferred=["A"]), candidate("x", 5000), candidate("y", 5000)]
    candidates += [candidate("big", 9000), candidate("z", 2000, preferred=["B"])]
    nodes = [destination("A", 10_000), destination("B", 10_000), destination("C", 11_000)]
    assert places(planned(candidates, nodes))["wants"] == "A"


def test_two_small_wishes_are_worth_more_than_one_big_one() -> None:
    candidates = [candidate("big", 8000, preferred=["A"], priority=3000)]
    candidates += [candidate(name, 4000, preferred=["A"]) for name in ("one", "two")]
    chosen = places(planned(candidates, [destination("A", 8000), destination("B", 8000)]))
    assert chosen == {"big": "B", "one": "A", "two": "A"}


def test_memory_is_evened_out_by_shares_and_not_by_megabytes() -> None:
    nodes = [destination("A", 100_000, 100_000), destination("B", 100_000, 400_000)]
    chosen = places(planned([candidate(f"vm{number}", 10_000) for number in range(4)], nodes))
    assert set(chosen.values()) == {"A"}


def timed(
    candidates: list[Candidate], nodes: dict[str, tuple[int, int]], source_slots: int = 8, **more: t.Any
) -> Placement:
    """Place with nodes of so many MB of memory and so many slots."""
    destinations = [dataclasses.replace(destination(name, mb, mb), slots=slots) for name, (mb, slots) in nodes.items()]
    return place(PlacementProblem(tuple(candidates), tuple(destinations), source_slots=source_slots, **more))


def expected(placement: Placement) -> ExpectedDuration:
    assert placement.expected is not None
    return placement.expected


def test_a_roomy_node_with_one_slot_does_not_take_everything() -> None:
    candidates = [candidate(f"vm{number}", 8000) for number in range(10)]  # 11 seconds each
    placement = timed(candidates, {"A": (1_000_000, 1), "B": (100_000, 4)})
    assert sorted(places(placement).values()) == ["A"] * 2 + ["B"] * 8
    assert expected(placement) == ExpectedDuration(22, "destination", "A")


def test_what_bounds_the_evacuation_is_told() -> None:
    candidates = [candidate(f"vm{number}", 7000) for number in range(8)]  # 10 seconds each
    nodes = {"A": (1_000_000, 8), "B": (1_000_000, 8)}
    assert expected(timed(candidates, nodes, 2)) == ExpectedDuration(40, "source", "")
    assert expected(timed(candidates, nodes, 4, cluster_slots=1)) == ExpectedDuration(80, "source", "")
    giant = candidate("giant", 97_000)
    assert expected(timed([*candidates, giant], nodes, 4)) == ExpectedDuration(100, "longest_move", "giant")
    assert planned(candidates, [destination("A", 90_000)]).expected is None


def test_a_long_move_goes_before_others_of_higher_priority_unless_that_is_not_wanted() -> None:
    candidates = [candidate(f"vm{number}", 7000, priority=3000) for number in range(10)]
    candidates.append(candidate("giant", 47_000, priority=1000))  # 50 seconds
    nodes = {"A": (1_000_000, 4)}
    placement = timed(candidates, nodes, 3)
    (first,) = [one for one in placement.moves if one.candidate.vm.name == "giant"]
    assert placement.moves.index(first) == 0
    assert "it goes before VMs of higher priority" in first.reason
    assert expected(placement).seconds == 50
    in_turn = timed(candidates, nodes, 3, priority_first=True)
    assert in_turn.moves[-1].candidate.vm.name == "giant"
    assert expected(in_turn).seconds == 80


def test_a_trial_says_whether_and_not_how_much_is_missing() -> None:
    short = placement_problem([candidate("a", 7), candidate("b", 7)], [destination("A", 10)])
    full, trial = place(short).infeasibility, place(short, is_trial=True).infeasibility
    assert full is not None
    assert trial is not None
    assert (full.missing_mb, trial.missing_mb) == (4, 0)
    assert full.at_least_mb == trial.at_least_mb == 4


def test_what_exchanges_came_to_is_said_to_be_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = solver.Outcome(steps=5, missing=(0, 7))
    monkeypatch.setattr(placement_module, "place_all", lambda *unused, **more: given_up)
    refusal = place(placement_problem([candidate("a", 7)], [destination("A", 10), destination("B", 10)])).infeasibility
    assert refusal is not None
    assert (refusal.code, refusal.missing_mb, refusal.enough) == ("not_proved", 7, (("B", 7),))


@pytest.mark.parametrize(
    ("cost", "kept", "seconds"), [(None, 10, 110), (400, 10, 110), (300, 8, 88), (100, 4, 44), (0, 2, 22)]
)
def test_preferred_owners_are_kept_up_to_what_they_may_cost(cost: float | None, kept: int, seconds: int) -> None:
    candidates = [candidate(f"vm{number}", 8000, preferred=["A"]) for number in range(10)]  # 11 seconds each
    nodes = {"A": (1_000_000, 1), "B": (1_000_000, 4)}
    placement = timed(candidates, nodes, preferred_owner_cost=cost)
    assert sum(one.destination == "A" for one in placement.moves) == kept
    assert expected(placement).seconds == seconds
    told = [one for one in placement.moves if "would take too long if it went to a preferred owner" in one.reason]
    assert {one.candidate.vm.id for one in told} == {
        one.candidate.vm.id for one in placement.moves if one.destination == "B"
    }


def test_a_preferred_owner_that_costs_no_time_is_kept_in_any_case() -> None:
    candidates = [candidate("wants", 8000, preferred=["B"]), *(candidate(f"vm{number}", 8000) for number in range(5))]
    nodes = {"A": (1_000_000, 2), "B": (100_000, 2)}
    placement = timed(candidates, nodes, 4, preferred_owner_cost=0)
    assert places(placement)["wants"] == "B"
    assert expected(placement).seconds == 22


def test_fast_links_come_first_as_long_as_nothing_waits_for_them() -> None:
    candidates = [candidate(f"vm{number}", 7000) for number in range(8)]
    nodes = [
        dataclasses.replace(destination("A", 1_000_000, 1_000_000), slots=8, rate=100),  # 73 seconds each
        dataclasses.replace(destination("B", 100_000, 1_000_000), slots=8, rate=1000),  # 10 seconds each
    ]
    placement = place(PlacementProblem(tuple(candidates), tuple(nodes), source_slots=2))
    assert set(places(placement).values()) == {"B"}
    assert expected(placement) == ExpectedDuration(40, "source", "", has_rates=True)
    assert "take 0:00:40 at the given link rates, bound by" in expected(placement).text("NODE1")
    full = [nodes[0], dataclasses.replace(nodes[1], memory=Memory(1_000_000, 49_000))]
    assert sorted(places(place(PlacementProblem(tuple(candidates), tuple(full), source_slots=2))).values()) == [
        "A",
        *["B"] * 7,
    ]


@given(
    placement_problems(with_rules=False),
    st.lists(st.integers(1, 4), min_size=4, max_size=4),
    st.sampled_from([0, 25, 100]),
)
def test_preferred_owners_cost_no_more_than_they_may(drawn: PlacementProblem, slots: list[int], cost: float) -> None:
    nodes = [dataclasses.replace(one, slots=number) for one, number in zip(drawn.destinations, slots, strict=False)]
    unlimited = dataclasses.replace(drawn, destinations=tuple(nodes), source_slots=4)
    unwished = tuple(dataclasses.replace(one, preferred_owners=()) for one in drawn.candidates)
    limited, shortest = (
        Assignment(dataclasses.replace(unlimited, preferred_owner_cost=cost)),
        Assignment(dataclasses.replace(unlimited, candidates=unwished)),
    )
    place_all(limited)
    place_all(shortest)
    assert bool(limited.unplaced()) is bool(shortest.unplaced())
    if not limited.unplaced():
        assert limited.end() <= shortest.end() * (1 + cost / 100)


def test_a_long_queue_begins_before_moves_of_higher_priority_unless_that_is_not_wanted() -> None:
    low = [candidate(f"low{number}", 7000, owners=["A"], priority=1000) for number in range(4)]  # 10 seconds each
    high = [candidate(f"high{number:02}", 7000, owners=["B"], priority=3000) for number in range(12)]
    nodes = {"A": (1_000_000, 1), "B": (1_000_000, 8)}
    placement = timed([*low, *high], nodes, 4)
    assert expected(placement).seconds == 40
    assert placement.moves[0].candidate.vm.name == "low0"
    assert "it goes before VMs of higher priority" in placement.moves[0].reason
    assert expected(timed([*low, *high], nodes, 4, priority_first=True)).seconds == 70


@given(placement_problems(), st.integers(1, 8), st.lists(st.integers(1, 8), min_size=4, max_size=4))
def test_slots_change_nothing_of_what_is_possible(drawn: PlacementProblem, source: int, slots: list[int]) -> None:
    nodes = [dataclasses.replace(one, slots=number) for one, number in zip(drawn.destinations, slots, strict=False)]
    with_slots = dataclasses.replace(drawn, destinations=tuple(nodes), source_slots=source)
    placement = place(with_slots)
    assert is_allowed(drawn, {one.candidate.vm.id: one.destination for one in placement.moves})
    assert (placement.infeasibility is None) is (place(drawn).infeasibility is None)
    assert sorted(one.candidate.vm.id for one in placement.moves) == sorted(
        {one.vm.id for one in drawn.candidates} - {one.candidate.vm.id for one in placement.unplaced}
    )


def test_no_destination_at_all_is_proved_plainly() -> None:
    assert planned([candidate("web01")], []).infeasibility.code == "no_node"


@given(placement_problems())
def test_every_vm_is_told_once_and_nothing_that_is_hard_is_broken(drawn: PlacementProblem) -> None:
    placement = place(drawn)
    told = [one.candidate.vm.id for one in placement.moves] + [one.candidate.vm.id for one in placement.unplaced]
    assert sorted(told) == sorted(one.vm.id for one in drawn.candidates)
    assert is_allowed(drawn, {one.candidate.vm.id: one.destination for one in placement.moves})
    assert (placement.infeasibility is None) is (not placement.unplaced)
    for room in placement.headroom:
        taken = sum(one.candidate.needs_mb for one in placement.moves if one.destination == room.node)
        assert room.free_after_mb == room.free_before_mb - taken
        assert taken == 0 or room.free_after_mb >= room.reserve_mb


@given(placement_problems(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_were_read_changes_nothing(drawn: PlacementProblem, shuffler: random.Random) -> None:
    def mixed(items: tuple[t.Any, ...]) -> tuple[t.Any, ...] | None:
        return tuple(shuffler.sample(items, len(items)))

    other = dataclasses.replace(
        drawn, candidates=mixed(drawn.candidates), destinations=mixed(drawn.destinations), rules=mixed(drawn.rules)
    )
    assert place(other) == place(drawn)


@given(placement_problems(most_vms=5, most_nodes=3))
def test_a_proof_is_never_wrong_and_small_instances_are_always_decided(drawn: PlacementProblem) -> None:
    infeasibility = place(drawn).infeasibility
    assert infeasibility is None or infeasibility.is_proved
    assert (infeasibility is None) is is_possible(drawn)
