# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The exact solver of ``make optimum`` beside every placement, tried one by one. ``make optimum`` installs it."""

from __future__ import annotations

import collections
import itertools
import random
from collections.abc import Iterator

import pytest

from tests.optimum import judge
from tests.optimum.model import Node, Rule, Situation, Vm

pytest.importorskip("ortools", reason="make optimum installs OR-Tools")
from tests.optimum import exact

EFFORT = 10.0


def drawn(number: int) -> Situation:
    chance = random.Random(number)
    names = ["A", "B", "C"][: chance.randint(2, 3)]
    vms = [
        Vm(
            f"vm{index}",
            chance.randint(1, 20),
            frozenset(chance.sample(names, chance.choice([0, 0, 1, 2]))),
            frozenset(chance.sample(names, chance.choice([0, 1]))),
        )
        for index in range(chance.randint(2, 5))
    ]
    rules = [
        Rule(
            f"rule {index}",
            frozenset(vm.name for vm in chance.sample(vms, 2)),
            tuple(chance.sample([*names, "LEFT"], chance.choice([0, 0, 1]))),
            together=chance.random() < 0.3,
            by_domain=chance.random() < 0.3,
            hard=chance.random() < 0.6,
        )
        for index in range(chance.randint(0, 3))
    ]
    # A soft rule of VMs to be kept together is drawn nowhere, so the solver does not know it.
    rules = [rule for rule in rules if rule.hard or not rule.together]
    nodes = tuple(Node(name, 100, chance.randint(0, 40)) for name in names)
    domains = {name: chance.choice(["east", "west"]) for name in [*names, "LEFT"]}
    return Situation(nodes, tuple(vms), tuple(rules), domains)


def allowed(situation: Situation) -> Iterator[dict[str, str]]:
    for nodes in itertools.product([node.name for node in situation.nodes], repeat=len(situation.vms)):
        places = {vm.name: node for vm, node in zip(situation.vms, nodes, strict=True)}
        if not judge.violations(situation, places):
            yield places


SITUATIONS = [drawn(number) for number in range(200)]


def test_the_drawn_situations_are_of_both_kinds() -> None:
    possible = sum(any(True for unused in allowed(one)) for one in SITUATIONS)
    assert 40 < possible < 160


@pytest.mark.parametrize("number", range(len(SITUATIONS)))
def test_the_solver_agrees_with_every_placement_tried(number: int) -> None:
    situation = SITUATIONS[number]
    found = list(allowed(situation))
    assert exact.is_possible(situation, EFFORT) is bool(found)
    if not found:
        return
    breaks = min(judge.soft_breaks(situation, one) for one in found)
    assert exact.fewest_soft_breaks(situation, EFFORT) == breaks
    missed = min(judge.preferred_missed(situation, one) for one in found if judge.soft_breaks(situation, one) <= breaks)
    assert exact.fewest_preferred_missed(situation, breaks, EFFORT) == missed


@pytest.mark.parametrize("number", range(40))
def test_the_solver_agrees_with_every_way_to_let_one_vm_step_aside(number: int) -> None:
    situation, residents = crowded(number)
    moves = [(vm, here, there) for here in residents for vm in residents[here] for there in residents if there != here]
    after = [judge.after_helpers(situation, residents, [move]) for move in moves]
    possible = exact.is_possible(situation, EFFORT) or any(
        exact.is_possible(one, EFFORT) for one, broken in after if not broken
    )
    assert exact.is_possible_with_helpers(situation, residents, 1, EFFORT) is possible


def test_the_drawn_crowded_clusters_are_of_all_kinds() -> None:
    counts = collections.Counter(
        (exact.is_possible(one, EFFORT), exact.is_possible_with_helpers(one, residents, 1, EFFORT))
        for one, residents in map(crowded, range(40))
    )
    assert len(counts) == 3


def crowded(number: int) -> tuple[Situation, dict[str, dict[str, int]]]:
    chance = random.Random(f"crowded {number}")
    residents = {node: {f"{node}{one}": chance.randint(5, 30) for one in range(3)} for node in "ABC"}
    nodes = tuple(Node(node, 100, 100 - sum(vms.values())) for node, vms in residents.items())
    vms = tuple(Vm(f"vm{index}", chance.randint(20, 60)) for index in range(3))
    return Situation(nodes, vms), residents
