# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of bundles that need exactly so much memory: all of them are found, and each once."""

from __future__ import annotations

import itertools

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.bits import bits
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.steps import Steps
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.sums_of_few import (
    FEW,
    SumsOfAll,
    SumsOfFew,
)
from hypothesis import given
from hypothesis import strategies as st

PLENTY = 10_000_000
NEEDS = st.lists(st.integers(1, 12), min_size=1, max_size=9)


def sets_that_need(needs: list[int], wanted: int, most: int) -> list[int]:
    found = [
        bits(chosen)
        for count in range(1, most + 1)
        for chosen in itertools.combinations(range(len(needs)), count)
        if sum(needs[one] for one in chosen) == wanted
    ]
    return sorted(found, key=lambda one: (one.bit_count(), one))


@given(NEEDS, st.integers(1, 40))
def test_sets_of_up_to_six_are_found_the_few_first(needs: list[int], wanted: int) -> None:
    everything = (1 << len(needs)) - 1
    sums = SumsOfFew(needs, everything, Steps(PLENTY))
    assert sums.most == 6
    assert sums.reaching(wanted, everything) == sets_that_need(needs, wanted, 6)


@given(NEEDS, st.integers(1, 40))
def test_all_sets_of_few_bundles_are_found(needs: list[int], wanted: int) -> None:
    sums = SumsOfAll(needs, (1 << len(needs)) - 1, Steps(PLENTY))
    assert sums.reaching(wanted) == sets_that_need(needs, wanted, len(needs))


def test_bundles_that_are_not_allowed_are_in_none() -> None:
    assert SumsOfFew([3, 4, 7], 0b111, Steps(PLENTY)).reaching(7, 0b011) == [0b011]
    assert SumsOfAll([3, 4, 7], 0b011, Steps(PLENTY)).reaching(7) == [0b011]


def test_of_very_many_bundles_only_smaller_sets_are_looked_at() -> None:
    needs = list(range(1000, 1000 + 80))
    sums = SumsOfFew(needs, (1 << 80) - 1, Steps(PLENTY))
    assert sums.most == 4
    assert sums.reaching(1000 + 1079, (1 << 80) - 1) == [1 << 39 - one | 1 << 40 + one for one in range(40)]


def test_what_is_looked_at_is_counted() -> None:
    steps = Steps(PLENTY)
    sums = SumsOfFew([1] * 30, (1 << 30) - 1, steps)
    before = steps.taken
    assert len(sums.reaching(2, (1 << 30) - 1)) == 30 * 29 // 2
    assert before > 0
    assert steps.taken - before >= 30 * 29 // 2


def test_there_is_a_bound_however_many_sets_of_few_need_the_same() -> None:
    steps = Steps(200_000)
    sums = SumsOfFew([4097, 4099] * 30, (1 << 60) - 1, steps)
    assert len(sums.reaching(3 * 4097 + 3 * 4099, (1 << 60) - 1)) <= 200_000
    assert steps.left() < 0


def test_there_is_a_bound_however_many_of_all_sets_need_the_same() -> None:
    steps = Steps(20_000)
    sums = SumsOfAll([4097, 4099] * (FEW // 2), (1 << FEW) - 1, steps)
    assert sums.reaching(5 * 4097 + 5 * 4099) == []
    assert steps.left() < 0
