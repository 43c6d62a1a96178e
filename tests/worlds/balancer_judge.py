# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges how the product left the balancer of the cluster, as ``judge.py`` does of VMs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .play import Episode
from .world import World

OFF = 0


def balancer_is_as_said(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """The balancer is off after a run only where its evacuation was to switch it off, and its end says so."""
    episode = episodes[number]
    if episode.told.ending not in ("well", "failed"):
        return
    before, after = episode.before.balancer, episode.after.balancer
    if before != after and (episode.run.check or not _was_wished(episodes[: number + 1])):
        yield f"AutoBalancerMode was {before}, and is {after}"
    # What another part of a rolling maintenance has done meanwhile, that one says.
    is_ours = episode.within is None or episode.has_changed
    if is_ours and before != OFF and after == OFF and "balancer" not in episode.told.text:
        yield f"the balancer is off, which the end does not say: {episode.told.text}"


def balancer_is_put_back(world: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Where the only node that was emptied is filled again, the balancer is as it was."""
    episode = episodes[number]
    if episode.run.kind != "restore" or episode.run.check or episode.told.ending != "well":
        return
    so_far = episodes[: number + 1]
    began = [*so_far, *(one for one in episodes[number + 1 :] if _begins_within(one, episode))]
    others = {one.run.node for one in began if one.run.kind in ("evacuate", "restore")} - {episode.run.node}
    is_another_controller = any(one.run.elsewhere or one.run.given for one in so_far)
    crosses = any(step.kind in ("fill", "second_run") for one in so_far for step in one.steps)
    if others or is_another_controller or crosses:
        return
    wanted = world.scenario.cluster.auto_balancer_mode
    if _was_wished(so_far) and episode.after.balancer != wanted:
        yield f"AutoBalancerMode was {wanted}, and is {episode.after.balancer}: {episode.told.text}"


def _begins_within(part: Episode, episode: Episode) -> bool:
    return part.within is not None and episode.within is not None and part.within[0] < episode.within[1]


def _was_wished(episodes: Sequence[Episode]) -> bool:
    return any(one.run.balancer_off for one in episodes)
