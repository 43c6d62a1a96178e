# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges what the product said and did of roles that are no VMs, as ``judge.py`` does of VMs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .history import Moment
from .play import Episode
from .world import World

_MOVABLE = ("FS1", "Cluster Virtual Disk (Volume1)", "Cluster Group")
_IMMOVABLE = "Broker"


def roles_as_said(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A role that is said to be moved was online on its node, and one that failed is named."""
    episode = episodes[number]
    for record in episode.told.roles:
        name, there = record["name"], (record["destination_host"], "online")
        if record["outcome"] == "moved" and there not in [one.roles[name] for one in _moments(episode)]:
            yield f"{name} is said to be moved to {there[0]}, and was never online there"
        if record["outcome"] in ("failed", "started") and name not in episode.told.text:
            yield f"{name} {record['outcome']}, which the end does not say: {episode.told.text}"


def node_owns_nothing(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """After an evacuation that succeeded its node owns no role that runs and could have been moved."""
    episode = episodes[number]
    run = episode.run
    if run.kind != "evacuate" or run.check or episode.told.ending != "well":
        return
    # What came online, or to the node, after the last look at it is not held against anybody.
    looks = [index for index, one in enumerate(episode.moments) if one.answered and one.reading == "nodes"]
    since = episode.moments[looks[-1] :] if looks else ()
    for name in _MOVABLE:
        if name in episode.after.roles and all(
            one.roles[name] == (run.node, "online") for one in (episode.before, *since, episode.after)
        ):
            yield f"{run.node} is said to be empty, and owns {name}"


def roles_left_to_others(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """An evacuation moves roles from its node, a restoration from where an evacuation moved them, and nothing else.

    Both go by their last look: nobody can look and call in one step.
    """
    episode = episodes[number]
    run = episode.run
    for call in episode.roles_called:
        if run.check or run.kind not in ("evacuate", "restore") or call.role == _IMMOVABLE:
            yield f"{call.role} was moved from {call.source} to {call.destination}"
        elif run.kind == "evacuate" and run.node not in (call.source, _last_seen(episode, call.request, call.role)):
            yield f"{call.role} was moved from {call.source}, which is not emptied"
        elif run.kind == "restore" and call.destination != run.node:
            yield f"{call.role} was moved to {call.destination}, which is not restored"
        elif run.kind == "restore" and not any(
            _sent_there(episodes[: number + 1], call.role, node)
            for node in (call.source, _last_seen(episode, call.request, call.role))
        ):
            yield f"{call.role} was moved from {call.source}, where no evacuation moved it"


def roles_as_before(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Where nobody else acted and roles were to come home, they are where they were, or the end names them."""
    last = episodes[-1]
    if number != len(episodes) - 1 or last.run.kind != "restore" or last.run.check or last.run.roles != "home":
        return
    acted = [step for episode in episodes for step in episode.steps if step.kind != "kill"]
    kinds, nodes = {one.run.kind for one in episodes}, {one.run.node for one in episodes}
    if acted or kinds - {"evacuate", "restore"} or len(nodes) > 1 or last.told.ending != "well":
        return
    if any(one.run.elsewhere for one in episodes):
        return
    for name, was in episodes[0].before.roles.items():
        now = last.after.roles[name]
        if was != now and name not in last.told.text:
            yield f"{name} was {was[1]} on {was[0]} and is {now[1]} on {now[0]}, which the end does not say"


def _moments(episode: Episode) -> list[Moment]:
    return [*episode.moments, episode.after]


def _last_seen(episode: Episode, request: int, role: str) -> str:
    """Return where a role was when it was looked at for the last time before a call, empty where it was not."""
    before = [one for one in episode.moments if one.request < request and one.answered and one.reading == "roles"]
    return before[-1].roles[role][0] if before else ""


def _sent_there(episodes: Sequence[Episode], role: str, node: str) -> bool:
    return any(
        call.role == role and call.destination == node
        for one in episodes
        if one.run.kind == "evacuate"
        for call in one.roles_called
    )
