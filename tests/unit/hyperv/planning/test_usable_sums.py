# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Places that bundles cannot have, as their sizes add up: never one that they have in a placement of everything."""

from __future__ import annotations

import itertools

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.bits import places_in
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.steps import Steps
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.usable_sums import UsableSums
from hypothesis import given
from hypothesis import strategies as st

PLENTY = 1_000_000


def barred(needs: list[int], rooms: list[int], open_to: list[int], unit: int = 1) -> dict[int, int] | None:
    """Return the places that are taken off each bundle, None where not all can have one."""
    found = UsableSums(needs, unit, Steps(PLENTY)).too_much(range(len(needs)), dict(enumerate(open_to)), rooms)
    return None if found is None else dict(found)


def test_a_vm_does_not_go_where_no_others_would_fill_up_what_it_leaves() -> None:
    """5 would leave 2 of 7, and 3 would leave 6 of 9: nothing fills that up."""
    assert barred([5, 4, 3, 4], [7, 9], [0b11] * 4) == {0: 0b01, 2: 0b10}


def test_memory_that_may_be_wasted_is_no_reason() -> None:
    assert barred([5, 4, 3, 4], [9, 9], [0b11] * 4) == {}


def test_more_is_wasted_than_is_to_spare() -> None:
    assert barred([4, 4, 4], [7, 6], [0b11] * 3) is None


def test_vms_count_where_they_may_go() -> None:
    assert barred([4, 3], [7, 0], [0b01, 0b11]) == {}
    assert barred([4, 3], [4, 3], [0b01, 0b01]) is None


def test_sizes_are_counted_in_their_unit() -> None:
    assert barred([2048, 1024], [3000, 0], [0b01, 0b01], unit=1024) is None
    assert barred([2048, 1024], [3072, 500], [0b01, 0b01], unit=1024) == {}


def test_what_needs_no_memory_may_go_anywhere() -> None:
    assert barred([0, 4], [4, 0], [0b11, 0b11]) == {}


def test_few_sums_are_told_from_many() -> None:
    assert UsableSums.are_few([8000 * 1024, -5], 1024)
    assert not UsableSums.are_few([8000 * 1024], 1)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 0b111)), min_size=1, max_size=6),
    st.lists(st.integers(-2, 16), min_size=3, max_size=3),
)
def test_no_place_of_any_placement_is_taken_off(drawn: list[tuple[int, int]], rooms: list[int]) -> None:
    needs, open_to = [need for need, unused in drawn], [places for unused, places in drawn]
    found = barred(needs, rooms, open_to)
    for places in itertools.product(*map(places_in, open_to)):
        taken = [sum(need for need, one in zip(needs, places, strict=True) if one == place) for place in range(3)]
        if all(not mb or mb <= room for mb, room in zip(taken, rooms, strict=True)):
            assert found is not None
            assert not any(found.get(bundle, 0) >> place & 1 for bundle, place in enumerate(places))
