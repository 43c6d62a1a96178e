# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What people are told beside the plan of an evacuation. Pure."""

from __future__ import annotations

from ..._hostnames import first_label
from .evacuation_request import EvacuationRequest
from .leaving_problem import without_pins
from .placement import Placement, place
from .problem import PlacementProblem
from .role_strategies import note_unused_role_strategies
from .snapshot import Snapshot
from .strategies import note_unused_strategies


def notes_of(
    snapshot: Snapshot, request: EvacuationRequest, problem: PlacementProblem, placement: Placement
) -> list[str]:
    """Return what was not used, and where a plan is not what one would expect, in sentences."""
    notes = note_unused_strategies(request.strategies, [*snapshot.vms_on_node, *snapshot.local_vms])
    roles = [one.name for one in snapshot.other_roles.on(snapshot.node.name)]
    notes += note_unused_role_strategies(request.role_strategies, roles)
    nodes = {first_label(one.name) for one in snapshot.destinations} | {first_label(snapshot.node.name)}
    strange = sorted(name.upper() for name in request.link_rates.keys() - nodes - snapshot.unusable.keys())
    if strange:
        known = ", ".join([snapshot.node.name, *(one.name for one in snapshot.destinations)])
        notes.append(
            f"The link rates of {', '.join(strange)} are not used: the nodes of the plan are {known}. Correct the name."
        )
    builds = {one.build for one in snapshot.destinations if one.build is not None} | {snapshot.node.build}
    if len(builds - {None}) > 1:
        notes.append(
            "The nodes run different builds of Windows; VMs are sent to an older one than they are on only where no "
            "other place is left."
        )
    older = [move for move in placement.moves if _is_older(problem, move.destination, snapshot.node.build)]
    if older:
        where = ", ".join(sorted({move.destination for move in older}))
        notes.append(
            f"{', '.join(one.candidate.vm.name for one in older)} would go to a node with an older Windows ({where}). "
            "The configuration version of a VM decides whether that works; Hyper-V checks it before each move."
        )
    kept = {one.vm.id for one in problem.candidates if one.pinned}
    if request.earlier is not None and placement.unplaced and kept and not place(without_pins(problem, kept)).unplaced:
        notes.append("The moves of the earlier plan were kept. Planned anew, without it, every VM would have a place.")
    return notes


def _is_older(problem: PlacementProblem, node: str, build: int | None) -> bool:
    found = next((one.build for one in problem.destinations if one.name == node), None)
    return build is not None and found is not None and found < build
