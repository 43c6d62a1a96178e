# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges rolling maintenances: which nodes are away, who works on them, and what is so at the end.

Their parts, an evacuation or a restoration of one node each, are judged by ``judge.py`` like those by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .history import Moment
from .play import Episode
from .world import World, comes_home

_HAD_THE_WORK = ("restarting", "worked", "done")
_CHANGES_VOTES = frozenset({"crash", "come_back", "evict"})
_AT_REST = ("off", "saved")


def away_as_proved(world: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Nodes are away together only where a plan said so, and where the cluster can do without them."""
    if episodes[number].run.kind != "roll":
        return
    told: list[frozenset[str]] = []
    seen: set[tuple[str, ...]] = set()
    ours: set[str] = set()
    for whole, parts in _wholes(episodes[: number + 1]):
        for moment in whole.moments:
            told += [frozenset(one.told.batch) for one in parts if one.told.batch and _ends_at(one, moment)]
            for held in whole.held:
                if held.request == moment.request:
                    (ours.add if held.what == "pause" else ours.discard)(held.node)
            ours &= {node for node, state in moment.nodes.items() if state != "up"}
            away = tuple(sorted(ours))
            if len(away) < 2 or away in seen:
                continue
            seen.add(away)
            if whole is episodes[number]:
                why = "" if any(ours <= one for one in told) else "no plan said so"
                why = why or _missed(world, episodes[: number + 1], moment, ours)
                if why:
                    yield f"{', '.join(away)} were away together at {moment.at:.0f} s: {why}"


def _ends_at(part: Episode, moment: Moment) -> bool:
    return part.within is not None and part.within[1] == moment.request + 1


def _missed(world: World, so_far: Sequence[Episode], moment: Moment, away: set[str]) -> str:
    """Return what a cluster has not got without these nodes; empty for nothing."""
    members = [node for node in world.scenario.nodes if node.member]
    if world.scenario.storage.kind == "spaces_direct":
        return "the disks of each are a part of the volumes"
    for domain in {node.fault_domain for node in members if node.fault_domain}:
        those = {node.name for node in members if node.fault_domain == domain}
        if len(those) > 1 and those <= away:
            return f"the fault domain {domain} lost all of its nodes"
    others_acted = any(step.kind in _CHANGES_VOTES for one in so_far for step in one.steps)
    down = {name for name, state in moment.nodes.items() if state == "down"}
    if not others_acted and 2 * (len(members) - len(away | down)) <= len(members):
        return "no majority of the votes was left"
    return ""


def not_into_the_batch(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """No VM is moved to a node that is emptied, or filled, at the same time."""
    episode = episodes[number]
    for call in episode.called if episode.run.kind == "evacuate" else ():
        if call.destination in episode.run.nodes:
            yield f"{episode.run.node} is emptied with {episode.run.nodes}, and a VM is moved to {call.destination}"


def worked_on_empty(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A node is worked on while it is paused, and without VMs that run, by its own word."""
    episode = episodes[number]
    node = episode.run.node
    if episode.run.kind != "work" or episode.told.ending not in ("well", "failed"):
        return
    stays = next(
        (one.told.stays for one in reversed(episodes[:number]) if (one.run.kind, one.run.node) == ("evacuate", node)),
        frozenset(),
    )
    looks = [one for one in episode.moments if one.answered]
    states = {one.nodes[node] for one in looks if one.reading == "nodes"}
    if "paused" not in states:
        yield f"{node} is worked on, and was read as {sorted(states)}"
    if any(_running_on(one, node, stays) for one in looks if one.reading == "vms"):
        yield f"{node} is worked on with VMs that run: {_running_on(looks[-1], node, stays)}"


def _running_on(moment: Moment, node: str, stays: frozenset[str]) -> list[str]:
    return [
        one.name
        for vm, one in moment.vms.items()
        if one.owner == node and one.state not in _AT_REST and vm not in stays
    ]


def worked_on_once(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A node that had the work in a rolling maintenance does not get it again, and one that is done is let alone."""
    episode = episodes[number]
    if episode.within is None or episode.run.kind == "turn":
        return
    before = [one for one in episodes[:number] if one.run.kind == "roll"]
    phase = before[-1].told.phases.get(episode.run.node, "") if before else ""
    if phase == "done" or (phase in _HAD_THE_WORK and episode.run.kind == "work"):
        yield f"{episode.run.node} was {phase} before this run"


def comes_home_if_meant(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Only VMs that are to come home do, those that stepped aside, and what ran and is to be started there."""
    episode = episodes[number]
    if episode.run.kind != "restore":
        return
    for call in episode.called:
        entry = episode.kept.get(call.vm, {})
        name = episode.before.vms[call.vm].name if call.vm in episode.before.vms else ""
        is_stopped = entry.get("died") or entry.get("strategy") != "migrate"
        if not (entry.get("helper") or is_stopped or comes_home(episode.run, name)):
            yield f"{name} was brought to {call.destination}, and {episode.run.home} come home"


def rolled_as_said(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A rolling maintenance that succeeds has worked on all nodes; where nobody else acted, they are as before."""
    episode = episodes[number]
    if episode.run.kind != "roll" or episode.told.ending != "well":
        return
    so_far = episodes[: number + 1]
    for node in episode.run.nodes:
        if episode.told.phases.get(node) != "done":
            yield f"{node} is {episode.told.phases.get(node)!r} after a success"
        if not any((one.run.kind, one.run.node, one.told.ending) == ("work", node, "well") for one in so_far):
            yield f"{node} was not worked on"
    if not any(step.kind != "kill" for one in so_far for step in one.steps):
        yield from _changed(so_far)


def _changed(so_far: Sequence[Episode]) -> Iterator[str]:
    """Yield what is not as it was before the first run, and ought to be."""
    first, episode = so_far[0].before, so_far[-1]
    said = " ".join(one.told.text for one in so_far)
    for vm, was in first.vms.items():
        now = episode.after.vms[vm]
        if was.state != now.state and was.name not in said:
            yield f"{was.name} was {was.state} and is {now.state}, which is not said"
        stays = episode.run.layout == "keep" or comes_home(episode.run, was.name)
        if stays and was.owner != now.owner and was.name not in said:
            yield f"{was.name} was on {was.owner} and is on {now.owner}, which is not said"
    for node, state in first.nodes.items():
        if episode.after.nodes[node] != state:
            yield f"{node} was {state} and is {episode.after.nodes[node]}"


def balancer_rests(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Where the balancer is to be off while nodes are empty, it is until the last VM of each of them is home.

    A restoration that ends puts it back, whether all VMs are home or not.
    """
    episode = episodes[number]
    run = episode.run
    if episode.within is None or not run.balancer_off or run.kind not in ("work", "restart", "restore"):
        return
    earlier = [one.told.ending for one in episodes[:number] if (one.run.kind, one.run.node) == ("restore", run.node)]
    if run.kind == "restore" and {"well", "failed"} & set(earlier):
        return
    home = [one.request for one in episode.moved if (one.by, one.destination) == ("product", run.node)]
    until = max([*home, *(one.request for one in episode.called)], default=-1) if run.kind == "restore" else None
    for moment in episode.moments[: until + 1 if until is not None else None]:
        if moment.balancer:
            yield f"AutoBalancerMode is {moment.balancer} while {run.node} is empty, at {moment.at:.0f} s"
            return


def balancer_is_back(world: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """After a rolling maintenance that succeeds, the balancer is as it was."""
    episode = episodes[number]
    full = any(step.kind == "fill" for one in episodes[: number + 1] for step in one.steps)
    wanted = world.scenario.cluster.auto_balancer_mode
    if episode.run.kind == "roll" and episode.told.ending == "well" and not full and episode.after.balancer != wanted:
        yield f"AutoBalancerMode was {wanted}, and is {episode.after.balancer}: {episode.told.text}"


def _wholes(episodes: Sequence[Episode]) -> Iterator[tuple[Episode, list[Episode]]]:
    """Yield each run of a rolling maintenance with its parts."""
    parts: list[Episode] = []
    for one in episodes:
        if one.within is not None:
            parts.append(one)
        else:
            yield one, parts
            parts = []
