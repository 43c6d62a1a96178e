# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bound on what a placement in the making breaks and misses: it is a bound, and it is exact at the end."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.assignment import Assignment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.bits import bits, places_in
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.changes import RULE, total_cost
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.preference_bound import PreferenceBound
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import PlacementProblem
from hypothesis import given
from hypothesis import strategies as st

from tests.support.placement_problems import candidate, destination, placement_problem, placement_problems, rule

NODES = [destination(name, 100) for name in "AB"]
BOTH = {0: 0b11, 1: 0b11}


def two(*, below: int, soft: bool = True, preferred: tuple[str, ...] = ()) -> PreferenceBound:
    rules = [rule("r", ["x", "y"], hard=False)] if soft else []
    vms = [candidate("x", 2, preferred=preferred), candidate("y", 1, preferred=preferred)]
    return PreferenceBound(Assignment(placement_problem(vms, NODES, rules=rules)), below)


def test_members_of_a_soft_rule_cost_where_another_one_is() -> None:
    bound = two(below=RULE)
    bound.put(0, 1)
    assert [bound.cost(1, place) for place in (0, 1)] == [0, RULE]
    assert bound.too_much([1], BOTH) == [(1, 0b10)]
    bound.take(0, 1)
    assert [bound.cost(1, place) for place in (0, 1)] == [0, 0]
    assert bound.too_much([0, 1], BOTH) == []


def test_a_preferred_owner_that_both_want_may_be_missed_by_one() -> None:
    bound = two(below=RULE, preferred=("A",))
    bound.put(0, 0)
    assert bound.cost(1, 1) == 1
    assert bound.too_much([1], BOTH) == [(1, 0b01)]


@pytest.mark.parametrize(("below", "enough"), [(1, True), (0, False)])
def test_where_every_place_costs_too_much_there_is_none(below: int, enough: bool) -> None:
    assert (two(below=below).too_much([0, 1], BOTH) is not None) is enough


def test_what_wishes_nothing_costs_nothing() -> None:
    bound = two(below=1, soft=False)
    assert (bound.with_preferences, bound.cost(0, 1), bound.key(0)) == ([], 0, ())


def test_alike_are_those_that_cost_the_same_everywhere() -> None:
    assert len(set(two_keys(same=True))) == 1
    assert len(set(two_keys(same=False))) == 2


def two_keys(*, same: bool) -> tuple[tuple[object, ...], tuple[object, ...]]:
    vms = [candidate("x", 1, preferred=["A"]), candidate("y", 1, preferred=["A" if same else "B"])]
    bound = PreferenceBound(Assignment(placement_problem(vms, NODES)), 1)
    return bound.key(0), bound.key(1)


@given(placement_problems(most_vms=4, most_nodes=3), st.data())
def test_no_placement_that_is_cheap_enough_is_ruled_out(drawn: PlacementProblem, data: st.DataObject) -> None:
    """Rules that keep VMs together are left out: of them the bound knows members only that do not leave."""
    drawn = dataclasses.replace(drawn, rules=tuple(one for one in drawn.rules if not one.together and not one.hard))
    assignment = Assignment(drawn)
    count, nodes = len(assignment.bundles), len(assignment.room)
    costs = {}
    for places in itertools.product(range(nodes), repeat=count):
        assignment.set_places(list(places))
        costs[places] = total_cost(assignment)
    assignment.clear()
    chosen = data.draw(st.sampled_from(sorted(costs)))
    bound = PreferenceBound(assignment, costs[chosen] + 1)
    everywhere = dict.fromkeys(range(count), bits(range(nodes)))
    for bundle, place in enumerate(chosen):
        too_dear = bound.too_much(range(bundle, count), everywhere)
        assert too_dear is not None
        assert all(chosen[one] not in places_in(places) for one, places in too_dear)
        bound.put(bundle, place)
    assert PreferenceBound(assignment, 0).too_much(range(count), everywhere) is None
