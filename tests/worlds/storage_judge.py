# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges what the product did to the disks of nodes, as ``judge.py`` does of VMs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .play import Episode
from .world import World


def disks_serve(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A node that a run gives back is given back with its disks in service."""
    episode = episodes[number]
    node = episode.run.node
    if any(one.steps for one in episodes[: number + 1]) or not any(one.what == "resume" for one in episode.held):
        return
    is_back = episode.told.ending in ("well", "failed") and episode.after.nodes.get(node) == "up"
    if is_back and node in episode.after.resting:
        yield f"{node} is up, and its disks are in maintenance mode: {episode.told.text}"


def mirrors_were_whole(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """No run takes the disks of its node out of service unless mirrors were whole when it looked last.

    Whoever else lets the node be drained decides for himself.
    """
    episode = episodes[number]
    so_far = episodes[: number + 1]
    if any(step.kind == "drain" for one in so_far for step in one.steps):
        return
    for taken in episode.taken:
        earlier = [moment for one in episodes[:number] for moment in one.moments]
        looks = [*earlier, *(moment for moment in episode.moments if moment.request < taken.request)]
        last = next((one for one in reversed(looks) if one.answered and one.reading == "mirrors"), None)
        if last is None:
            yield f"the disks of {taken.node} were taken out of service without a look at the mirrors"
        elif taken.node not in last.resting and last.outdated - {taken.node}:
            yield f"the disks of {taken.node} were taken out of service, and {sorted(last.outdated)} were not current"


def storage_elsewhere_is_left_alone(world: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Storage that is not on the disks of the nodes is not asked for, and is not called good."""
    episode = episodes[number]
    if world.scenario.storage.kind == "spaces_direct":
        return
    if any(one.reading in ("mirrors", "storage") for one in episode.moments):
        yield "storage was asked for that is not on the disks of the nodes"
    if episode.told.storage not in ("", "not_applicable"):
        yield f"storage that is not on the disks of the nodes is called {episode.told.storage}"


def redundancy_is_kept(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Where nobody else acts, no run takes away a node while mirrors are below their redundancy.

    A restart of a node that was refused to be emptied is its user's decision.
    """
    episode = episodes[number]
    if episode.run.kind == "restart" and not (number and episodes[number - 1].told.ending == "well"):
        return
    if not any(one.steps for one in episodes[: number + 1]) and episode.after.losses > episode.before.losses:
        yield f"mirrors were below their redundancy: {episode.told.text}"
