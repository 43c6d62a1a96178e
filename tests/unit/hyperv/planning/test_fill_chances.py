# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Weights of fills: each further bundle makes one less likely, and those that were not listed are guessed."""

from __future__ import annotations

import random

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.fill_chances import FillChances
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.steps import Steps
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.sums_of_few import SumsOfAll

COUNT = 16
EVERYTHING = (1 << COUNT) - 1


def chances(needs: list[int], room: int, listed: int = 0) -> FillChances:
    return FillChances(needs, [room], [EVERYTHING], listed, Steps(1_000_000))


def test_each_further_bundle_makes_a_fill_less_likely_by_the_same_factor() -> None:
    some = chances([1] * COUNT, 4)
    assert some.weight([0b1], 5) == pytest.approx(1 / 4)
    assert some.weight([0b11, 0b1110], 5) == pytest.approx(1 / 16 + 1 / 64)


def test_where_one_destination_is_left_all_fills_are_as_likely() -> None:
    assert chances([1] * COUNT, 4).weight([0b1, 0b1111], 1) == 2


@pytest.mark.parametrize("seed", range(5))
def test_what_is_guessed_is_about_what_there_is(seed: int) -> None:
    drawn = random.Random(seed)
    needs = [drawn.randrange(100, 200) for unused in range(COUNT)]
    sums = SumsOfAll(needs, EVERYTHING, Steps(1_000_000))
    rooms = range(1150, 1250)
    guessed = sum(chances(needs, room).unlisted(EVERYTHING, 0, 1) for room in rooms)
    assert guessed == pytest.approx(sum(len(sums.reaching(room)) for room in rooms), rel=0.1)


def test_nothing_is_guessed_where_all_are_listed() -> None:
    assert chances([1] * COUNT, 4, listed=COUNT).unlisted(EVERYTHING, 0, 3) == 0
    assert chances([1] * COUNT, 4).unlisted(0, 0, 3) == 0
