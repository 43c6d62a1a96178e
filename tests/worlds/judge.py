# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges what the product said of its runs by what truly happened. It knows the promises, and nothing of the product.

Each invariant is a function of all episodes of a world and the number of the one that is judged; it returns sentences
about what is not as it was promised.
"""

from __future__ import annotations

import datetime as dt
import re
import typing as t
from collections.abc import Callable, Iterable, Sequence

from .balancer_judge import balancer_is_as_said, balancer_is_put_back
from .history import Called, Moment, Moved, VmSeen
from .play import Episode
from .role_judge import node_owns_nothing, roles_as_before, roles_as_said, roles_left_to_others
from .roll_judge import (
    away_as_proved,
    balancer_is_back,
    balancer_rests,
    comes_home_if_meant,
    not_into_the_batch,
    rolled_as_said,
    worked_on_empty,
    worked_on_once,
)
from .storage_judge import disks_serve, mirrors_were_whole, redundancy_is_kept, storage_elsewhere_is_left_alone
from .world import Run, Step, World, comes_home

Invariant = Callable[[World, Sequence[Episode], int], Iterable[str]]

STORAGE_TIMEOUT = 1200.0  # seconds that an evacuation may wait for storage
_ENDED = ("well", "failed")
_AT_REST = ("off", "saved")
_FRESH_FOR = 5.0  # seconds for which what was read before a call may be out of date by the documentation
_TO_START = 14  # requests from the last look at a clock to the call: what is read and asked of a VM that is to start
_TIME_PASSES = frozenset({"jump", "second_run"})  # what others do that takes the time of their amount
_UNDECIDED = frozenset({"timeout", "already_migrating", "outcome_unknown", "restarted", "state_changed"})
# What an end says of its node, and the states in which that is true.
_SAYINGS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (
        re.compile(r"The node is paused\b|stays paused|had been paused before this run, and stays so"),
        frozenset({"paused"}),
    ),
    (re.compile(r"was given back|It takes VMs\.|takes VMs again"), frozenset({"up"})),
    (re.compile(r"The node is down\b"), frozenset({"down"})),
)
_BEGAN = dt.datetime(2026, 1, 15, 8, 0, tzinfo=dt.timezone.utc)


def judge(world: World, episodes: Sequence[Episode]) -> list[str]:
    """Return everything that is wrong, each beginning with the name of its invariant."""
    return [
        f"{name}: {what} (run {number}, {episode.run.kind})"
        for number, episode in enumerate(episodes)
        for name, invariant in INVARIANTS.items()
        for what in invariant(world, episodes, number)
    ]


def _second(date: str) -> float:
    return (dt.datetime.fromisoformat(date) - _BEGAN).total_seconds()


def _constant(moments: Sequence[Moment], vm: str) -> tuple[str, str] | None:
    """Return owner and state that a VM had at all these moments; None where they differ or it was not always there."""
    seen = {(one.vms[vm].owner, one.vms[vm].state) if vm in one.vms else None for one in moments}
    return seen.pop() if len(seen) == 1 else None


def _names(episode: Episode, vm: str) -> set[str]:
    """Return all names that a VM had in a run."""
    return {moment.vms[vm].name for moment in (episode.before, *episode.moments) if vm in moment.vms}


def _is_named(episode: Episode, vm: str) -> bool:
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", episode.told.text) for name in _names(episode, vm))


def _ends(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    for told in (episodes[number].told, *episodes[number].beside):
        if told.ending in ("broken", "endless"):
            yield f"the run ended {told.ending}: {told.text}"
        elif "was not foreseen" in told.text:
            yield f"an error that was not foreseen: {told.text}"


def _in_time(world: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    episode = episodes[number]
    run = episode.run
    memory = [spec.memory_mb for spec in world.scenario.vms]
    each = sum((run.timeout or 600 + size / 10) + 300 for size in memory) * (run.retries + 1) * run.attempts
    jumps = sum(step.amount for step in episode.steps if step.kind in _TIME_PASSES)
    if run.kind == "roll":
        each *= len(run.nodes) * 2
    storage = 2 * STORAGE_TIMEOUT if world.scenario.storage.kind == "spaces_direct" else 0
    limit = each + (4 + 4 * len(run.nodes)) * 1800 + jumps + storage
    took = episode.after.at - episode.before.at
    if took > limit:
        yield f"it took {took:.0f} s, and all its limits together are {limit:.0f} s"


def _dry_run_changes_nothing(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    episode = episodes[number]
    if episode.run.check:
        for one in [*map(str, episode.called), *map(str, episode.commanded), *map(str, episode.held)]:
            yield f"a dry run changed something: {one}"


def _off_is_said(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A VM that ran when an evacuation planned and is off or saved at its end is named, and the ledger knows it."""
    episode = episodes[number]
    if episode.run.kind != "evacuate" or episode.run.check or episode.told.ending not in _ENDED:
        return
    if not episode.has_changed:
        return
    if _says_that_it_could_not_look(episode):
        return
    # What another run has brought back meanwhile is seen anew after that: docs/docsite/rst/promises.rst.
    if any((one.kind, one.subject, one.other) == ("second_run", episode.run.node, "restore") for one in episode.steps):
        return
    before, end = _last_two(episode)
    for vm, seen in end.vms.items():
        ran = _constant(episode.planned(), vm) == (episode.run.node, "running")
        if not ran or seen.state not in _AT_REST or vm not in before.vms or before.vms[vm].state not in _AT_REST:
            continue
        # The state that counts is that in which a maintenance that is not over yet saw it first, unless this run itself
        # has stopped it.
        first = episode.kept.get(vm, {"state": "running"})["state"]
        if first != "running" and not any(one.vm == vm for one in episode.commanded):
            continue
        if not _is_named(episode, vm):
            yield f"{seen.name} ran and is {seen.state} on {seen.owner}, which is not said: {episode.told.text}"
        entry = episode.told.ledger.get(vm)
        if entry is None or entry["state"] != "running":
            yield f"{seen.name} ran and is {seen.state}, and the ledger has {entry and entry['state']}"


def _says_that_it_could_not_look(episode: Episode) -> bool:
    """Tell whether an end says that VMs could not be read, and that is so.

    The last look at them was not answered, or none was sent because the address of a node led to another cluster.
    """
    looks = [one.answered for one in episode.moments if one.reading == "vms"]
    astray = {one.subject: one.kind for one in episode.steps if one.kind in ("lead_astray", "lead_back")}
    blind = not all(looks[-1:]) or "lead_astray" in astray.values()
    return "Where the VMs are could not be read" in episode.told.text and blind


def _last_two(episode: Episode) -> tuple[Moment, Moment]:
    """Return the last two moments at which VMs were read: a report may be read after the words were found."""
    found = [episode.before, episode.before, *(one for one in episode.moments if one.answered and one.reading == "vms")]
    return found[-2], found[-1]


def _strangers(world: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Nothing of another cluster, or of hosts that are not of this one, is changed."""
    episode = episodes[number]
    if episode.strangers_changed:
        yield f"something changed in the other cluster of the same names: {episode.told.text}"
    hosts = {spec.name for spec in world.scenario.nodes if not spec.member}
    for vm in {one.vm for one in episode.called} | {one.vm for one in episode.commanded}:
        if vm in episode.before.vms and episode.before.vms[vm].owner in hosts:
            yield f"{episode.before.vms[vm].name} of {episode.before.vms[vm].owner}, not of the cluster, was touched"


def _left_to_others(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A VM that somebody else moved since a maintenance was planned is not moved."""
    episode = episodes[number]
    if episode.run.kind not in ("evacuate", "restore"):
        return
    for call in episode.called:
        planned = _constant(episode.planned(), call.vm)
        if planned is None or planned[0] == call.source:
            continue
        came = _came(episode.moved, call.vm, call.source, call.at)
        if came is None or came.by == "product":
            continue
        # What was brought to the very node that is emptied leaves it with the others: it was no part of the first plan.
        if (episode.run.kind, call.source) == ("evacuate", episode.run.node):
            continue
        if _is_known(episode, call, came):
            yield (
                f"{_name(episode, call.vm)} was moved from {planned[0]} to {call.source} by {came.by} at {came.at:.0f}"
                f" s, and is fetched from there to {call.destination} at {call.at:.0f} s"
            )


def _is_known(episode: Episode, call: Called, came: Moved) -> bool:
    """Tell whether a run had read where a VM had been brought when it called, or should have read it again."""
    looks = [
        moment
        for moment in episode.moments[: call.request]
        if moment.request > came.request and moment.reading == "vms" and moment.shows(call.vm)
    ]
    if any(moment.vms[call.vm].shown == {call.source} for moment in looks):
        return True
    # A look that showed it where it had been, since owners lag, was a look all the same.
    known = max([came.at, *(moment.at for moment in looks)])
    first = max(came.request, call.request - _TO_START)
    unseen = sum(one.amount for one in _jumps(episode, first, call.request))
    return call.at - known - unseen > _FRESH_FOR


def _came(moved: Sequence[Moved], vm: str, node: str, until: float) -> Moved | None:
    """Return the last change of owner that brought a VM to a node."""
    return next((one for one in reversed(moved) if (one.vm, one.destination) == (vm, node) and one.at <= until), None)


def _name(episode: Episode, vm: str) -> str:
    return min(_names(episode, vm), default=vm)


def _moved_once(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """No VM is moved again by a run that has moved it.

    A rolling maintenance moves a VM at the turns of several nodes. Each of its parts is judged by itself.
    """
    episode = episodes[number]
    if episode.run.kind == "roll":
        return
    for call in episode.called:
        asked = {one.destination for one in episode.called if one.vm == call.vm and one.request < call.request}
        earlier = [
            one
            for one in episode.moved
            if (one.vm, one.by) == (call.vm, "product") and one.request < call.request and one.destination in asked
        ]
        if earlier:
            yield f"{_name(episode, call.vm)} is moved again to {call.destination}, after {earlier[-1]}"


def _readings_at(episode: Episode, vm: str, at: float) -> list[Moment]:
    """Return what was read of a VM last at or before a second: all readings of that last second.

    Where time jumped just before that, an end was decided by what was read before the jump, and dated after it.
    """
    last: list[Moment] = []
    for kind in ("vms", "roles"):  # what Hyper-V shows and what the cluster shows may be read at different times
        found = [one for one in episode.moments if one.reading == kind and one.shows(vm) and one.at <= at + 1e-6]
        last += [one for one in found if one.at == found[-1].at]
        before = [one for one in found if one.at < found[-1].at]
        if before and _jumps(episode, before[-1].request + 1, found[len(before)].request):
            last.append(before[-1])
    return last or [episode.before]


def _jumps(episode: Episode, first: int, last: int) -> list[Step]:
    """Return the steps by which others made time pass, from a request to another one."""
    return [one for one in episode.steps if one.kind in _TIME_PASSES and first <= one.request <= last]


def _arrived(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """What is said to have arrived is there."""
    for record, seen in _ended_moves(episodes[number]):
        destination = record["destination_host"]
        if record["outcome"] in ("moved", "already_there") and not any(destination in one.shown for one in seen):
            where = sorted({one.owner for one in seen})
            yield f"{record['vm']['name']} is said to be on {destination}, and is on {where}"


def _failed(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """What has arrived is not said to have failed."""
    episode = episodes[number]
    for record, seen in _ended_moves(episode):
        planned = _constant(episode.planned(), record["vm"]["id"])
        if record["outcome"] != "failed" or record["error"]["code"] in _UNDECIDED or not seen or planned is None:
            continue
        destination = record["destination_host"]
        there = all(one.shown == {destination} and not one.busy and one.state == planned[1] for one in seen)
        if there and planned[0] != destination:
            yield f"{_name(episode, record['vm']['id'])} is on {destination}, although {record['error']['message']}"


def _ended_moves(episode: Episode) -> Iterable[tuple[dict[str, t.Any], list[VmSeen]]]:
    """Yield each move of which a run tells the end, with how its VM was read then."""
    if episode.run.check or episode.run.kind == "power":
        return
    for record in episode.told.records:
        if record["ended"]:
            vm = record["vm"]["id"]
            moments = _readings_at(episode, vm, _second(record["ended"]))
            yield record, [one.vms[vm] for one in moments if vm in one.vms]


def _state_kept(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A VM that is said to have been moved, and does not run any more although it did, is said to be so."""
    episode = episodes[number]
    for record, seen in _ended_moves(episode) if episode.run.kind == "move" else ():
        planned = _constant(episode.planned(), record["vm"]["id"])
        ran = planned is not None and planned[1] == "running" and record["outcome"] == "moved"
        if ran and seen and all(one.state in _AT_REST for one in seen) and not record["warnings"]:
            yield f"{record['vm']['name']} ran, and is {seen[-1].state}, and is said to have moved"


def _restart_is_said(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A VM that a crash of its node has restarted elsewhere is not said to have been migrated."""
    episode = episodes[number]
    for record, _seen in _ended_moves(episode):
        vm, destination = record["vm"]["id"], record["destination_host"]
        came = _came(episode.moved, vm, destination, _second(record["ended"]))
        was_restarted = came is not None and came.how == "restart" and _ran(episode, vm, came.request)
        said = any("the cluster restarted it there" in one for one in record["warnings"])
        if record["outcome"] == "moved" and was_restarted and not said:
            yield f"{record['vm']['name']} was restarted on {destination}, and is said to have moved"


def _ran(episode: Episode, vm: str, request: int) -> bool:
    """Tell whether a VM ran until a request; what somebody has saved or turned off by then loses nothing in a crash."""
    until = [episode.before, *(one for one in episode.moments if one.request < request)]
    return all(vm in one.vms and one.vms[vm].state == "running" for one in (until[0], until[-1]))


def _node_readings(episode: Episode) -> set[str]:
    """Return the states in which the node was read last.

    After an evacuation that succeeded, the report is read when the words were found already, and read again where an
    answer was lost.
    """
    read = [one for one in episode.moments if one.answered and one.reading == "nodes"]
    last = 2 if (episode.run.kind, episode.told.ending) == ("evacuate", "well") else 1
    if last < len(read) and last == 2 and any(not one.answered for one in episode.moments[read[-2].request :]):
        last = 3
    return {one.nodes[episode.run.node] for one in read[-last:]}


def _node_said(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """What the end says of the node is what was read of it last."""
    episode = episodes[number]
    run, told = episode.run, episode.told
    if run.kind not in ("evacuate", "restore") or run.check or told.ending not in _ENDED:
        return
    last = _node_readings(episode)
    if told.node_state and told.node_state not in last:
        yield f"{run.node} is said to be {told.node_state}, and was last read as {sorted(last)}"
    if not episode.has_changed:
        return
    for saying, states in _SAYINGS:
        found = saying.search(told.text)
        if found and not states & last:
            yield f"{run.node} was last read as {sorted(last)}, and the end says: {found[0]}"


def _success_is_success(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """After an evacuation that succeeded the node is paused and empty, and after a restoration it is up."""
    episode = episodes[number]
    run, told = episode.run, episode.told
    if run.kind not in ("evacuate", "restore") or run.check or told.ending != "well":
        return
    last, wanted = _node_readings(episode), "paused" if run.kind == "evacuate" else "up"
    if wanted not in last:
        yield f"{run.node} was last read as {sorted(last)} after a success"
    if run.kind == "restore":
        return
    before, end = (
        {vm for vm, seen in one.vms.items() if seen.owner == run.node and _can_be_known(one, seen)}
        for one in _last_two(episode)
    )
    here = [_name(episode, vm) for vm in before & end - told.stays]
    if here:
        yield f"{run.node} is said to be empty, and has {here}"


def _evacuations(episodes: Sequence[Episode], node: str) -> list[Episode]:
    # A dry run keeps no ledger, so what others do meanwhile is no part of a maintenance.
    return [one for one in episodes if (one.run.kind, one.run.node, one.run.check) == ("evacuate", node, False)]


def _can_be_known(moment: Moment, seen: VmSeen) -> bool:
    """Tell whether a VM's owner can be read, or doubted: for a while after a change both readings may name the old one.

    A VM that is shown on a node that is down is on its way, and is to be waited for.
    """
    return seen.owner in seen.told or any(moment.nodes.get(node) == "down" for node in seen.told)


def _moved_away(episodes: Sequence[Episode], node: str, vm: str) -> set[str]:
    """Return where evacuations of a node have moved a VM, or asked for it."""
    evacuations = _evacuations(episodes, node)
    asked = {call.destination for one in evacuations for call in one.called if (call.vm, call.source) == (vm, node)}
    # What somebody else brings where it was to go, or before a run that is cut off can see it, counts as well.
    by_others = {
        move.destination
        for one in evacuations
        for move in one.moved
        if (move.vm, move.source) == (vm, node) and not _is_given_up(one, vm)
    }
    return asked | by_others


def _was_asked_for_last(episodes: Sequence[Episode], node: str, vm: str) -> str:
    """Return where evacuations of a node asked a VM to go at last; empty where they asked for nothing."""
    asked = [
        call.destination
        for one in _evacuations(episodes, node)
        for call in one.called
        if (call.vm, call.source) == (vm, node)
    ]
    return asked[-1] if asked else ""


def _sent_to(episodes: Sequence[Episode], node: str, vm: str) -> set[str]:
    """Return where evacuations of a node have moved a VM, asked for it, or planned it."""
    evacuations = _evacuations(episodes, node)
    # Wherever it was fetched from: a VM that was brought away seconds before the call is judged by "left to others".
    asked = {call.destination for one in evacuations for call in one.called if call.vm == vm}
    # Nobody can tell who brought a VM to its planned destination, so whoever did counts: docs/docsite/rst/promises.rst.
    planned = {one.told.ledger[vm]["destination_host"] for one in evacuations if vm in one.told.ledger}
    return asked | planned | _moved_away(episodes, node, vm)


def _is_given_up(episode: Episode, vm: str) -> bool:
    """Tell whether a run says that somebody else has moved a VM."""
    return any(record["vm"]["id"] == vm and record["outcome"] == "elsewhere" for record in episode.told.records)


def _fetched_rightly(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A restoration fetches a VM from where an evacuation of its node moved it, and no other."""
    episode = episodes[number]
    if episode.run.kind != "restore":
        return
    for call in episode.called:
        # Owners that lag may show it still where it was fetched from last time, whenever it was looked at.
        jumps = _jumps(episode, call.request - _TO_START, call.request)
        until = min((one.request for one in jumps), default=call.request + 1)
        told = [one.vms[call.vm].told for one in episode.moments[:until] if call.vm in one.vms]
        if all(call.source not in one for one in told):
            continue
        came = _came(episode.moved, call.vm, call.source, call.at)
        if came is not None and came.by != "product" and not _is_known(episode, call, came):
            continue  # it was brought there between the last look and the call
        # A run that was killed says nothing: what it planned is in the ledger.
        planned = episode.kept.get(call.vm, {"destination_host": ""})["destination_host"]
        if call.source not in {planned, *_sent_to(episodes[:number], episode.run.node, call.vm)}:
            yield f"{_name(episode, call.vm)} is fetched from {call.source}, where no evacuation moved it"


def _left_is_said(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A VM that a restoration has not brought back is named, as far as nobody else acts."""
    episode = episodes[number]
    if episode.run.kind != "restore" or episode.run.check or episode.told.ending not in _ENDED or episode.steps:
        return
    end = episode.last("vms", "roles")
    for vm, entry in episode.told.ledger.items():
        away = vm in end.vms and end.vms[vm].owner != episode.run.node
        if away and not entry["restored"] and not _is_named(episode, vm):
            yield f"{end.vms[vm].name} is on {end.vms[vm].owner} after the restoration, which is not said"


def _ledger_kept(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """What an evacuation changed is in its ledger, wherever it was cut off."""
    episode = episodes[number]
    before = episodes[:number]
    lost = any(one.run.elsewhere or any(step.kind == "fill" for step in one.steps) for one in (*before, episode))
    if (
        (episode.run.kind, episode.told.ending) != ("restore", "refused")
        or "no ledger" not in episode.told.text
        or lost
    ):
        return
    for one in before:
        if (one.run.kind, one.run.node) == ("evacuate", episode.run.node) and one.has_changed:
            yield f"an evacuation changed something, and there is no ledger: {episode.told.text}"
            return


def _all_are_back(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A restoration that succeeds and that nobody disturbs has brought back what was where it had been moved."""
    episode = episodes[number]
    node = episode.run.node
    if episode.run.kind != "restore" or episode.run.check or episode.told.ending != "well" or episode.steps:
        return
    before = episodes[:number]
    restored = any((one.run.kind, one.run.node) == ("restore", node) for one in before)
    lost = any(one.run.elsewhere or any(step.kind == "fill" for step in one.steps) for one in before)
    if restored or lost or episode.run.given:
        return
    for vm, was in episode.before.vms.items():
        now = episode.after.vms.get(vm)
        moved = was.owner in _moved_away(before, node, vm) and was.owner != node
        # A move that failed on one node and was tried on another did not bring the VM to the first: whatever did, as a
        # failover of a VM that was still on its node when that was restarted, left it where somebody meant it to be.
        last = _was_asked_for_last(before, node, vm)
        by_product = any(
            (move.vm, move.source, move.destination, move.by) == (vm, node, was.owner, "product")
            for one in before
            for move in one.moved
        )
        # What somebody else brought away counts as moved where the evacuation was to bring it, and nowhere else.
        planned = episode.kept.get(vm, {"destination_host": ""})["destination_host"]
        moved = moved and (by_product or was.owner == (last or planned))
        # As long as both owners lag, nothing shows that it has left its node.
        moved = moved and any(one.vms[vm].told != {node} for one in episode.moments if vm in one.vms)
        moved = moved and comes_home(episode.run, was.name)
        if moved and not was.busy and now is not None and now.owner != node:
            yield f"{was.name} was moved from {node} to {was.owner}, and is on {now.owner} after a success"


def _foreseeable(world: World, run: Run) -> bool:
    specs = [spec.migration for spec in world.scenario.vms]
    guests = {spec.power.guest for spec in world.scenario.vms}
    smooth = all(
        one.fails_at is None and one.stuck_at is None and one.job_state is None and one.return_value is None
        for one in specs
    )
    asks = world.scenario.switches.check_method == "present"
    # Whether somebody is logged on, and how long a guest takes, only the call itself shows.
    obey = not guests & {"ignores", "locked"} and all(spec.power.stop_seconds <= 600 for spec in world.scenario.vms)
    # Hyper-V is not asked about what will have been stopped by then: docs/docsite/rst/promises.rst.
    stopped = {vm for vm, strategy in run.strategies if strategy != "migrate"}
    asked = all(spec.migration.refuse_check is None or spec.name not in stopped for spec in world.scenario.vms)
    return asks and asked and smooth and obey and all(spec.power.hresult is None for spec in world.scenario.vms)


def _ran_out_of_time(episode: Episode) -> bool:
    """Tell whether a migration took longer than its limit, which no dry run can foresee."""
    limit = episode.run.timeout
    return limit > 0 and any(
        not any(one.vm == call.vm and call.at <= one.at <= call.at + limit for one in episode.moved)
        for call in episode.called
    )


def _dry_run_true(world: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """A dry run fails if and only if the real run would, as far as nobody else acts and all can be foreseen."""
    if not number or not _foreseeable(world, episodes[number].run):
        return
    dry, real = episodes[number - 1], episodes[number]
    if not dry.run.check or real.run.check or dry.steps or real.steps or _ran_out_of_time(real):
        return
    if (dry.run.kind, dry.run.node, dry.run.moves, dry.run.vms, dry.run.state, dry.run.strategies) != (
        real.run.kind, real.run.node, real.run.moves, real.run.vms, real.run.state, real.run.strategies,
    ):  # fmt: skip
        return
    if (dry.told.ending == "well") != (real.told.ending == "well"):
        yield f"the dry run ended {dry.told.ending} ({dry.told.text}), the real {real.told.ending} ({real.told.text})"


def _as_before(unused: World, episodes: Sequence[Episode], number: int) -> Iterable[str]:
    """Where nobody else acted, everything is as it was after a maintenance, or what differs is said at its end."""
    if number != len(episodes) - 1 or episodes[-1].run.kind != "restore" or episodes[-1].run.check:
        return
    acted = [step for episode in episodes for step in episode.steps if step.kind != "kill"]
    if any(episode.run.elsewhere and not (episode.run.given and episodes[0].run.check) for episode in episodes):
        return
    kinds = {episode.run.kind for episode in episodes}
    nodes = {episode.run.node for episode in episodes}
    last = episodes[-1]
    if acted or kinds - {"evacuate", "restore"} or len(nodes) > 1 or last.told.ending not in _ENDED:
        return
    first = episodes[0].before
    for vm, was in first.vms.items():
        now = last.after.vms[vm]
        if (was.owner, was.state) != (now.owner, now.state) and not _is_named(last, vm):
            yield (
                f"{was.name} was {was.state} on {was.owner} and is {now.state} on {now.owner}, which the end does not "
                f"say: {last.told.text}"
            )
    node = last.run.node
    if last.told.ending == "well" and first.nodes[node] != last.after.nodes[node] == "paused":
        yield f"{node} was {first.nodes[node]} and is {last.after.nodes[node]}"


INVARIANTS: dict[str, Invariant] = {
    "ends": _ends,
    "in time": _in_time,
    "dry run changes nothing": _dry_run_changes_nothing,
    "off is said": _off_is_said,
    "strangers": _strangers,
    "left to others": _left_to_others,
    "moved once": _moved_once,
    "arrived": _arrived,
    "failed": _failed,
    "state is kept": _state_kept,
    "restart is said": _restart_is_said,
    "node is as said": _node_said,
    "success is success": _success_is_success,
    "fetched rightly": _fetched_rightly,
    "left is said": _left_is_said,
    "ledger is kept": _ledger_kept,
    "all are back": _all_are_back,
    "dry run is true": _dry_run_true,
    "as before": _as_before,
    "roles are as said": roles_as_said,
    "node owns nothing": node_owns_nothing,
    "roles are left to others": roles_left_to_others,
    "roles as before": roles_as_before,
    "disks serve": disks_serve,
    "redundancy is kept": redundancy_is_kept,
    "mirrors were whole": mirrors_were_whole,
    "balancer is as said": balancer_is_as_said,
    "balancer is put back": balancer_is_put_back,
    "storage elsewhere": storage_elsewhere_is_left_alone,
    "away as proved": away_as_proved,
    "not into the batch": not_into_the_batch,
    "worked on empty": worked_on_empty,
    "worked on once": worked_on_once,
    "comes home if meant": comes_home_if_meant,
    "rolled as said": rolled_as_said,
    "balancer rests": balancer_rests,
    "balancer is back": balancer_is_back,
}
"""By name, what must hold in every world."""
