# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Situations for the planner in which all nodes have to be filled to the last MB."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.affinity import DOMAIN, NODE
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import PlacementProblem
from hypothesis import strategies as st

from tests.support.placement_problems import candidate, destination, placement_problem, rule


@st.composite
def without_room_to_spare(draw: st.DrawFn) -> PlacementProblem:
    """VMs and nodes whose room is cut to a placement, of which some is then moved to other nodes; some with rules."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=2, max_size=6))
    rooms = [0, 0, 0]
    for size in sizes:
        rooms[draw(st.integers(0, 2))] += size
    moved = draw(st.integers(0, min(3, rooms[0])))
    rooms[0] -= moved
    rooms[1] += moved
    names = [f"vm{number}" for number in range(len(sizes))]
    owners = [draw(st.sampled_from([(), (), ("A", "B"), ("C",)])) for unused in sizes]
    vms = [candidate(name, size, owners=own) for name, size, own in zip(names, sizes, owners, strict=True)]
    nodes = [destination(node, room) for node, room in zip("ABC", rooms, strict=True)]
    together = draw(st.sampled_from([None, False, True]))
    rules = [] if together is None else [rule("r", names[:2], together=together)]
    if draw(st.booleans()):
        scope = draw(st.sampled_from([NODE, DOMAIN]))
        rules.append(
            rule("apart", draw(st.sets(st.sampled_from([*names, "other"]), min_size=2, max_size=4)), scope=scope)
        )
    where = {"other": draw(st.sampled_from("ABCD"))}
    return placement_problem(vms, nodes, rules=rules, where=where, domains={"A": "left", "B": "right", "C": "right"})
