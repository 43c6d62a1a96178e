# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The planner: deterministic, within memory, among possible owners."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.hosts import Memory
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.placement import (
    Destination,
    Resident,
    place,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.vms import Vm
from hypothesis import given
from hypothesis import strategies as st


def resident(name, memory_mb=4096, *, state="running", priority=2000, classes=(), owners=()):
    return Resident(Vm(f"ID-{name}", name, "NODE1", state, (2,), memory_mb), priority, tuple(classes), tuple(owners))


def destination(name, free_mb, total_mb=100_000, classes=()):
    return Destination(name, Memory(total_mb, free_mb), frozenset(classes))


def places(placement):
    return {one.resident.vm.name: one.destination for one in placement.moves}


def test_each_vm_goes_where_most_memory_is_left():
    placement = place(
        [resident("big", 30_000), resident("small", 5_000)], [destination("A", 60_000), destination("B", 50_000)], 0
    )
    assert places(placement) == {"big": "A", "small": "B"}


def test_high_priority_goes_first_then_big_and_what_does_not_run_last():
    residents = [
        resident("off", state="off", priority=4000),
        resident("low", priority=1000),
        resident("medium", 1000),
        resident("medium-big", 9000),
        resident("high", priority=3000),
    ]
    placement = place(residents, [destination("A", 90_000)], 0)
    assert [one.resident.vm.name for one in placement.moves] == ["high", "medium-big", "medium", "low", "off"]


def test_the_reserve_stays_free():
    placement = place([resident("web01", 4000)], [destination("A", 13_000)], 10)
    assert not placement.moves
    (stays,) = placement.stays
    assert "lacks 1000 MB" in stays.reason
    assert stays.remedy


def test_a_vm_that_does_not_run_needs_no_memory():
    placement = place([resident("saved", 64_000, state="saved")], [destination("A", 0)], 0)
    assert places(placement) == {"saved": "A"}


def test_only_possible_owners_count_whatever_their_spelling():
    placement = place(
        [resident("web01", owners=["b.corp.example"])], [destination("A", 90_000), destination("B", 9_000)], 0
    )
    assert places(placement) == {"web01": "B"}


def test_a_vm_without_a_possible_owner_among_the_destinations_stays():
    (stays,) = place([resident("web01", owners=["C"])], [destination("A", 90_000)], 0).stays
    assert "possible owners (C)" in stays.reason


def test_a_class_is_kept_apart_where_possible_and_told_where_not():
    twins = [resident("dc1", classes=["dc"]), resident("dc2", classes=["dc"])]
    assert places(place(twins, [destination("A", 90_000), destination("B", 30_000)], 0)) == {"dc1": "A", "dc2": "B"}
    together = place(twins, [destination("A", 90_000)], 0)
    assert places(together) == {"dc1": "A", "dc2": "A"}
    assert "anti-affinity" in together.moves[1].reason


def test_vms_that_a_destination_already_has_count_for_its_classes():
    residents = [resident("dc2", classes=["dc"])]
    placement = place(residents, [destination("A", 90_000, classes=["dc"]), destination("B", 30_000)], 0)
    assert places(placement) == {"dc2": "B"}


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from(["running", "off"]), st.integers(0, 4999)), max_size=15),
    st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 100_000)), max_size=5),
    st.integers(0, 50),
)
def test_no_vm_is_lost_and_no_reserve_is_used(vms, nodes, reserve):
    residents = [resident(f"vm{i}", memory, state=state, priority=p) for i, (memory, state, p) in enumerate(vms)]
    destinations = [destination(f"N{i}", min(free, total), total) for i, (free, total) in enumerate(nodes)]
    placement = place(residents, destinations, reserve)
    seen = sorted(one.resident.vm.name for one in (*placement.moves, *placement.stays))
    assert seen == sorted(one.vm.name for one in residents)
    for room in placement.headroom:
        taken = sum(one.resident.needs_mb for one in placement.moves if one.destination == room.node)
        assert room.free_after_mb == room.free_before_mb - taken
        assert taken == 0 or room.free_after_mb >= room.reserve_mb
    assert place(list(reversed(residents)), destinations, reserve) == placement
