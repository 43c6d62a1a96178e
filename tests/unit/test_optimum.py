# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The judge of ``make optimum``: each rule that is broken on purpose is counted, and what keeps them all is not."""

from __future__ import annotations

import dataclasses
import pathlib
import random

import pytest

from tests.optimum import helping, judge, placing, schedule, shortages, spans, times, wishes
from tests.optimum.clusters import Whole, all_clusters
from tests.optimum.model import Node, Rule, Situation, Vm
from tests.optimum.planner import Answer
from tests.optimum.queues import LINKS, Queue
from tests.optimum.rooms import Rooms, all_rooms
from tests.optimum.sizes import SIZES, SizesName, draw_sizes

ROOT = pathlib.Path(__file__).parents[2]
NODES = tuple(Node(name, 100, 50) for name in "ABC")
VMS = (Vm("a", 30, owners=frozenset("AB")), Vm("b", 20, preferred=frozenset("B")), Vm("c", 10), Vm("d", 10))
GOOD = {"a": "A", "b": "B", "c": "C", "d": "C"}
ROOMS = Rooms("1/0", (3, 12), "whole GB", "all", slack=3)


def situation(*rules: Rule) -> Situation:
    return Situation(NODES, VMS, rules, {"A": "east", "B": "east", "C": "west"}, reserve_percent=5)


def apart(*members: str, held: tuple[str, ...] = (), by_domain: bool = False, hard: bool = True) -> Rule:
    return Rule("apart", frozenset(members), held, by_domain=by_domain, hard=hard)


def together(*members: str, held: tuple[str, ...] = (), by_domain: bool = False) -> Rule:
    return Rule("together", frozenset(members), held, together=True, by_domain=by_domain)


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (apart("a", "b", "c"),),
        (apart("a", "c", by_domain=True),),
        (apart("c", held=("A", "GONE")),),
        (together("c", "d"),),
        (together("a", "b", by_domain=True),),
        (together("c", held=("C", "A")),),
        (apart("c", "d", hard=False),),
    ],
)
def test_a_plan_that_keeps_everything_breaks_nothing(rules: tuple[Rule, ...]) -> None:
    assert judge.violations(situation(*rules), GOOD) == []


@pytest.mark.parametrize(
    ("rules", "places", "broken"),
    [
        ((), {**GOOD, "b": "A"}, "A takes 50 MB and has 45 MB"),
        ((), {**GOOD, "a": "C"}, "a goes to C, which is not a possible owner"),
        ((), {**GOOD, "b": "D"}, "b goes to D, which takes nothing"),
        ((), {**GOOD, "x": "A"}, "x does not leave"),
        ((apart("c", "d"),), GOOD, "apart is not kept apart"),
        ((apart("c", held=("C",)),), GOOD, "apart is not kept apart"),
        ((apart("a", "b", by_domain=True),), GOOD, "apart is not kept apart"),
        ((together("a", "b"),), GOOD, "together is not kept together"),
        ((together("c", held=("A",)),), GOOD, "together is not kept together"),
        ((together("c", held=("GONE",)),), GOOD, "together is not kept together"),
        ((together("b", "c", by_domain=True),), GOOD, "together is not kept together"),
    ],
)
def test_a_rule_that_is_broken_on_purpose_is_counted(
    rules: tuple[Rule, ...], places: dict[str, str], broken: str
) -> None:
    (found,) = [one for one in judge.violations(situation(*rules), places) if one == broken]
    assert found == broken


def test_soft_rules_and_preferred_owners_are_counted_and_forbid_nothing() -> None:
    given = situation(apart("a", "c", "d", held=("C",), hard=False))
    assert judge.violations(given, GOOD) == []
    assert judge.soft_breaks(given, GOOD) == 2
    assert judge.preferred_missed(given, GOOD) == 0
    assert judge.preferred_missed(given, {**GOOD, "b": "C"}) == 1


@pytest.mark.parametrize(
    ("moves", "broken"),
    [
        ([("x", "A", "B")], []),
        ([("x", "A", "C"), ("y", "A", "C")], ["C has no room for y at that moment"]),
        ([("x", "B", "C")], ["x is not on B, or C takes nothing"]),
        ([("x", "A", "D")], ["x is not on A, or D takes nothing"]),
    ],
)
def test_a_moment_without_room_for_a_helper_is_counted(moves: list[tuple[str, str, str]], broken: list[str]) -> None:
    after, found = judge.after_helpers(situation(), {"A": {"x": 30, "y": 30}, "B": {}, "C": {}}, moves)
    assert found == broken
    if not broken:
        assert [node.free_mb for node in after.nodes] == [80, 20, 50]


def answer(places: dict[str, str], *, complete: bool = True, proved: bool = False) -> Answer:
    return Answer(places, complete, proved, "total_memory" if proved else "", 0.01)


def never_asked(unused: Situation) -> bool | None:
    raise AssertionError("the solver is asked though the answer is known")


def judged(given: Answer, *, possible: bool | None = None, case: placing.Case = ROOMS) -> placing.Outcome:
    return placing.judged(case, situation(), given, never_asked if possible is None else lambda unused: possible)


def test_a_plan_without_a_vm_that_calls_itself_complete_is_a_violation() -> None:
    assert judged(answer({"a": "A", "b": "B", "c": "C"})).violations == ("d has no place",)


def test_a_refusal_is_wrong_where_the_rooms_were_drawn_around_a_placement() -> None:
    refused = judged(answer({}, complete=False))
    assert (refused.possible, placing.remarkable(refused).partition(":")[0]) == (True, "refused")


RANDOM = Rooms("1/0", (3, 12), "whole GB", "plain", share=95)


@pytest.mark.parametrize(
    ("given", "possible", "figure", "value"),
    [
        (answer({**GOOD, "b": "A"}), True, "violations", 1),
        (answer(GOOD), None, "violations", 0),
        (answer({}, complete=False, proved=True), True, "wrong proofs", 1),
        (answer({}, complete=False, proved=True), False, "wrong proofs", 0),
        (answer({}, complete=False), True, "refused though possible, 1 of 1", 100),
        (answer({}, complete=False), False, "impossible ones not proved, of 1", 1),
        (answer({}, complete=False, proved=True), False, "impossible ones not proved, of 1", 0),
    ],
)
def test_the_figures_count_what_the_planner_got_wrong(
    given: Answer, possible: bool | None, figure: str, value: float
) -> None:
    found = placing.figures([judged(given, possible=possible, case=RANDOM)])
    assert {one.value for one in found if one.name == figure} == {value}


def test_what_the_solver_does_not_decide_is_told_and_not_counted() -> None:
    outcome = placing.judged(RANDOM, situation(), answer({}, complete=False), lambda unused: None)
    names = [one.name for one in placing.figures([outcome])]
    assert "not decided by the exact solver" in names
    assert "refused though possible, 0 of 0" in names


def test_a_wish_is_missed_in_vain_only_where_fewer_misses_are_known() -> None:
    case = wishes.Case("1/0", "preferred owners", (3, 10), 60, "azure")
    outcomes = [wishes.Outcome(case, (), 0, 0, missed, least) for missed, least in ((3, 2), (2, 2), (9, None))]
    found = {one.name: one.value for one in wishes.figures(outcomes) if one.case == "preferred owners"}
    assert found["preferred owners missed though avoidable, 1 of 2 plans"] == 50
    assert found["preferred owners missed, the fewest"] == 4


@pytest.mark.parametrize(
    ("at_least", "enough", "suffices", "figure", "value"),
    [
        (4, 4, True, "at least, though less would do", 0),
        (5, 5, True, "at least, though less would do", 1),
        (4, 4, False, "enough, though it is not", 1),
        (4, 8, True, "enough to the least, mean", 2),
        (4, 0, None, "no amount named", 1),
    ],
)
def test_amounts_of_memory_that_are_wrong_are_counted(
    at_least: int, enough: int, suffices: bool | None, figure: str, value: float
) -> None:
    outcome = shortages.Outcome(RANDOM, at_least, enough, suffices, least=4)
    found = {one.name: one for one in shortages.figures([outcome])}
    assert found[figure].value == value
    assert bool(shortages.remarkable(outcome)) == any(not one.is_kept for one in found.values())


def test_a_situation_grows_where_memory_is_added() -> None:
    more = shortages.grown(situation(), {"B": 7})
    before = {node.name: node.free_mb for node in situation().nodes}
    assert {node.name: node.free_mb for node in more.nodes} == {**before, "B": before["B"] + 7}


@pytest.mark.parametrize(
    "case",
    [
        ROOMS,
        RANDOM,
        Whole("1/0", 4, 512, 70, "huawei", bound=False, left=2, filling="the cluster"),
        Whole("1/0", 4, 512, 70, "huawei", bound=True, left=2),
        Queue("1/0", "slots drawn"),
        times.cases(1, 1)[0],
        wishes.cases(1, 1)[-1],
    ],
)
def test_a_case_is_drawn_alike_each_time_and_otherwise_with_another_seed(
    case: placing.Case | Queue | times.Case | wishes.Case,
) -> None:
    assert case.draw() == case.draw() != dataclasses.replace(case, seed="2/0").draw()


def test_every_node_of_a_cluster_is_left_in_the_same_cluster() -> None:
    one, other = (Whole("1/0", 4, 512, 70, "huawei", bound=True, left=left).draw() for left in (0, 1))
    assert {node.name: node.free_mb for node in one.nodes}["N03"] == {node.name: node.free_mb for node in other.nodes}[
        "N03"
    ]


def test_rooms_with_slack_hold_what_was_hidden_in_them() -> None:
    for case in all_rooms(7, 1):
        given = case.draw()
        if case.slack is not None:
            assert sum(vm.memory_mb for vm in given.vms) <= sum(given.room_mb(node) for node in given.nodes)
            assert all(rule.members <= {vm.name for vm in given.vms} for rule in given.rules)


def test_a_greater_size_holds_the_cases_of_a_smaller_one() -> None:
    assert set(all_rooms(1, 1)) < set(all_rooms(1, 2))
    assert set(all_clusters(1, 1)) < set(all_clusters(1, 2))
    assert set(wishes.cases(1, 1)) < set(wishes.cases(1, 2))


@pytest.mark.parametrize(("helpers", "kept"), [((0, 2), True), ((0, None), False)])
def test_evacuations_that_helpers_make_possible_count_as_possible(helpers: tuple[int | None, ...], kept: bool) -> None:
    outcomes = [helping.Outcome(helping.cases(1, 1)[0], (), one, True, 0.1) for one in helpers]
    found = {one.name: one for one in helping.figures(outcomes)}
    assert found["possible without helpers"].value == 50
    assert found["planned, with helpers"].is_kept is kept


@pytest.mark.parametrize(("is_possible", "kept"), [(True, False), (False, True)])
def test_what_needs_more_helpers_than_may_be_counts_against_nobody(is_possible: bool, kept: bool) -> None:
    brim = next(one for one in helping.cases(1, 1) if one.filling == "to the brim")
    outcomes = [helping.Outcome(brim, (), 2, True, 0.1), helping.Outcome(brim, (), None, is_possible, 0.1)]
    found = {one.name: one for one in helping.figures(outcomes)}
    (ours,) = [one for name, one in found.items() if "that are possible with" in name]
    assert ours.is_kept is kept
    assert bool(helping.remarkable(outcomes[1])) is is_possible


def queued(*sizes: int, slots: int = 8, each: tuple[int, int] = (8, 8), limit: int | None = None) -> Situation:
    nodes = tuple(Node(name, 9_000_000, 9_000_000, one) for name, one in zip("AB", each, strict=True))
    return Situation(nodes, tuple(Vm(f"v{n}", size) for n, size in enumerate(sizes)), slots=slots, limit=limit)


@pytest.mark.parametrize(
    ("given", "places", "tenths"),
    [
        (queued(7000, 7000), "AA", 100),
        (queued(7000, 7000, slots=1), "AA", 200),
        (queued(7000, 7000, limit=1), "AB", 200),
        (queued(7000, 7000, each=(1, 1)), "AA", 200),
        (queued(7000, 7000, each=(1, 1)), "AB", 100),
        # The second waits for A, so the third starts beside the first.
        (queued(7000, 7000, 17000, each=(1, 1)), "AAB", 200),
        (queued(7000, 7000, 27000, slots=2), "AAB", 400),
    ],
)
def test_moves_take_as_long_as_their_slots_make_them_wait(given: Situation, places: str, tenths: int) -> None:
    at = dict(zip((vm.name for vm in given.vms), places, strict=True))
    assert schedule.makespan(given, at, list(at)) == tenths


def test_a_big_vm_that_starts_last_is_what_a_better_order_mends() -> None:
    given = queued(7000, 7000, 27000, slots=2)
    at = dict.fromkeys(("v0", "v1", "v2"), "A")
    assert schedule.makespan(given, at, list(at)) == 400
    assert schedule.makespan(given, at, schedule.longest_first(given, at)) == 300
    assert schedule.shortest_listed(given, at) == 300


def test_the_figures_of_spans_leave_the_links_out_of_the_limits() -> None:
    outcomes = [
        spans.Outcome(Queue("1/0", family), (), took, 100, 100, 100)
        for family, took in (("nodes alike", 110), ("slots drawn", 130), (LINKS, 900))
    ]
    found = {(one.case, one.name): one for one in spans.figures(outcomes)}
    mean = found["makespan but links", "to the best known, mean"]
    assert (round(mean.value, 3), mean.is_kept) == (1.2, False)
    assert found["makespan but links", "to the best known, worst"].value == 1.3
    assert found[LINKS, "to the best known, worst"].value == 9


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_those_that_hyperv_can_start(name: SizesName) -> None:
    assert min(draw_sizes(name, 500, random.Random(1))) >= 32  # MB, the least that New-VM takes


@pytest.mark.parametrize(
    "name",
    [
        "model.py",
        "judge.py",
        "exact.py",
        "exact_schedule.py",
        "rooms.py",
        "clusters.py",
        "queues.py",
        "schedule.py",
        "sizes.py",
    ],
)
def test_drawing_judging_and_solving_know_nothing_of_the_planner(name: str) -> None:
    text = (ROOT / "tests/optimum" / name).read_text(encoding="utf-8")
    assert "ansible_collections" not in text
    assert "from .planner" not in text
