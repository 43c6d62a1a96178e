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


def redundancy_is_kept(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Where nobody else acts, no run takes away a node while mirrors are below their redundancy.

    A restart of a node that was refused to be emptied is its user's decision.
    """
    episode = episodes[number]
    if episode.run.kind == "restart" and not (number and episodes[number - 1].told.ending == "well"):
        return
    if not any(one.steps for one in episodes[: number + 1]) and episode.after.losses > episode.before.losses:
        yield f"mirrors were below their redundancy: {episode.told.text}"
