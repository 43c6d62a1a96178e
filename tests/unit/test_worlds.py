# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof that the worlds in which others act find what they look for: ``make worlds``."""

from __future__ import annotations

import pytest

from tests.worlds.__main__ import examine
from tests.worlds.draw import draw
from tests.worlds.mutants import MUTANTS, violated
from tests.worlds.play import as_played, play
from tests.worlds.product import tell

SHARE = 300  # worlds: a minute of one processor


def names(first: int) -> list[str]:
    return [f"1/{number}" for number in range(first, first + 10)]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_in_the_product_is_found(name: str) -> None:
    wanted, mutate, world = MUTANTS[name]
    assert violated(world) == set()
    with mutate():
        assert wanted in violated(world)


def test_a_world_is_the_same_each_time_and_can_be_told_again() -> None:
    world = draw(3, 17)
    first = play(world, tell)
    assert first == play(world, tell)
    told_again = play(as_played(world, first), tell)
    assert [one.moved for one in told_again] == [one.moved for one in first]


@pytest.mark.parametrize("first", range(0, SHARE, 10))
def test_what_is_said_is_so_whatever_others_do(first: int) -> None:
    """The first worlds of the seed that ``make worlds`` takes; one with a violation is shown by its name."""
    found = {name: wrong for name in names(first) if (wrong := examine(name)[3])}
    assert found == {}
