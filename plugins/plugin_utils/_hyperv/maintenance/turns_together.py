# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The turns that nodes have at the same time: which of those that are asked for, and how they are planned.

Nodes that were begun are brought to their end before another one is begun: first those whose work is done, then those
that are still to be emptied. Of these, as many have their turns together as the plan proves; the others wait.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Collection, Mapping, Sequence

from ..cluster.cluster import Cluster
from ..failure.errors import HyperVError
from ..planning.absence import Absence
from ..planning.beside import Beside, ExpectedMove
from ..planning.evacuation_request import EvacuationRequest
from ..planning.roll import plan_roll
from ..planning.roll_plan import RollPlan
from ..planning.whole_cluster import WholeCluster
from ..records.rolling_state import describe_phase, phase_of
from .health_gate import HealthGate
from .turn import Turn


@dataclasses.dataclass(frozen=True)
class TurnsTogether:
    """Turns at the same time.

    Attributes:
        asked: the turns of all hosts that were asked for, as they stand.
        turns: those with something to do, or the first one.
        waiting: inventory hosts of nodes that were asked for as well and have their turns after these.
        done: the turns of those that have nothing to do.
        at_once: how many nodes the user allows to be away together.
        why_waiting: why fewer are taken than were asked for, in a sentence; empty where they are not fewer.
    """

    asked: tuple[Turn, ...]
    turns: tuple[Turn, ...]
    waiting: tuple[str, ...] = ()
    done: tuple[Turn, ...] = ()
    at_once: int = 1
    why_waiting: str = ""

    @classmethod
    def of(cls, asked: Sequence[Turn], at_once: int) -> TurnsTogether:
        """Return those of some turns, in the order of the play, that come first."""
        if len(asked) == 1:
            return cls((asked[0],), (asked[0],), at_once=at_once)
        left = [one for one in asked if one.steps]
        done = tuple(one for one in asked if not one.steps)
        without_work = [one for one in left if one.phase == "worked"]
        begun = [one for one in left if one.is_open]
        first = without_work or begun or left
        found = cls(tuple(asked), tuple(first or asked[:1]), (), done if left else done[1:], at_once)
        return found.narrowed([one.host for one in first], [one.host for one in left])

    def narrowed(self, hosts: Sequence[str], asked: Sequence[str], why: str = "") -> TurnsTogether:
        """Return the turns of some of these hosts; the others of those that were asked for wait."""
        waiting = tuple(host for host in asked if host not in hosts)
        turns = [
            dataclasses.replace(one, together=tuple(hosts), waiting=waiting)
            for one in self.turns
            if one.host in hosts or not hosts
        ]
        return dataclasses.replace(self, turns=tuple(turns), waiting=waiting, why_waiting=why)

    @property
    def first(self) -> Turn:
        """The first one."""
        return self.turns[0]

    @property
    def hosts(self) -> list[str]:
        """Their inventory hosts."""
        return [one.host for one in self.turns]

    @property
    def nodes(self) -> list[str]:
        """The names of the nodes that have something to do."""
        return [one.node for one in self.turns if one.steps]

    def known(self, found: Mapping[str, str]) -> dict[str, str]:
        """Return the names in the cluster of all hosts that count for a plan, empty where not known, by host.

        ``found`` are those of the hosts that were asked for.
        """
        named = {host: one.get("name", "") for host, one in self.first.state["nodes"].items()} | {**found}
        return {host: named.get(host, "") for host in (*self.first.left, *self.first.done, *found)}

    @property
    def text(self) -> str:
        """The names of all nodes, for people."""
        return ", ".join(one.node for one in self.turns)

    @property
    def is_new(self) -> bool:
        """Whether none of them was begun."""
        return self.first.phase == ""

    def refuse_after_failure(self, begun: Collection[str]) -> None:
        """Begin no node where one that had its turn in this run is not done. ``begun``: their inventory hosts.

        Raises HyperVError.
        """
        state = self.first.state
        failed = [host for host in begun if host not in self.hosts and phase_of(state, host) != "done"]
        if self.at_once == 1 or not self.is_new or self.first.dry_run or not failed:
            return
        each = ", ".join(f"{host} ({describe_phase(phase_of(state, host))})" for host in failed)
        raise HyperVError(
            f"{self.text} {'is' if len(self.turns) == 1 else 'are'} not begun, because {each} had "
            f"{'its turn' if len(failed) == 1 else 'their turns'} in this run and {_is(failed)} not done. Remove the "
            "cause, and run the same command again."
        )

    def check(self, cluster: Cluster, gate: HealthGate) -> list[str]:
        """Check each turn as ``Turn.check`` does; return warnings. Raises HyperVError, Fault and TransportError."""
        warnings: list[str] = []
        for one in (*self.done, *self.turns):
            warnings += one.check(cluster, dataclasses.replace(gate, paused_by_us=one.paused_by_us))
        return list(dict.fromkeys(warnings))

    def plan_rest(
        self,
        whole: WholeCluster,
        evacuation: EvacuationRequest,
        names: Mapping[str, str],
        absence: Absence | None,
        groups: Sequence[Sequence[str]],
    ) -> tuple[TurnsTogether, RollPlan]:
        """Plan the turns that are left, these first; return those that the plan takes first, and the plan.

        Args:
            names: those in the cluster, by host.
            absence: which nodes may be away together; None where that is one.
            groups: inventory hosts of the batches that the play takes after this one.

        Raises HyperVError if the rolling maintenance cannot come to its end.
        """
        later = [[names[host] for host in group if host in names] for group in groups]
        apart = [[names[host]] for host in self.waiting]
        request = dataclasses.replace(
            self.first.request(evacuation, names),
            at_once=self.at_once if absence is not None else 1,
            absence=absence,
            groups=[[names[host] for host in self.hosts], *([] if self.is_new else apart), *later],
        )
        request = dataclasses.replace(
            request,
            evacuation=dataclasses.replace(request.evacuation, restart=any(one.is_restarted for one in self.turns)),
        )
        plan = plan_roll(whole, request)
        if plan.refusal is not None:
            raise HyperVError(plan.refusal.text)
        taken = len(plan.batches[0].nodes)
        if taken == len(self.turns):
            return self, plan
        objection = absence.objection([names[host] for host in self.hosts]) if absence is not None else ""
        why = objection or "no plan was found that empties them together"
        asked = [*self.hosts, *self.waiting]
        return self.narrowed(self.hosts[:taken], asked, f"{self.text} are not away together: {why}."), plan

    def as_planned(self, plan: RollPlan, rolling: Mapping[str, Mapping[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
        """Return what a plan changes in the task's results, by host; ``rolling`` are the records of evacuation."""
        steps = list(plan.turns())[: len(self.turns)]
        moves = [
            ExpectedMove(one["vm_id"], step["node"], one["destination_host"], one["memory_mb"])
            for step in steps
            for one in step["moves"]
        ]
        beside = Beside([step["node"] for step in steps], moves)
        return {
            turn.host: turn.as_planned(plan, step, rolling[turn.host], beside)
            for turn, step in zip(self.turns, steps, strict=True)
        }

    def intention(self, via: str) -> list[str]:
        """Return in lines where the rolling maintenance stands and what is about to be done."""
        head, first, *more = self.first.intention(via)
        others = [one.intention(via)[1] for one in (*self.turns[1:], *self.done)]
        return [head, first, *others, *more, *([self.waits] if self.waiting else [])]

    @property
    def waits(self) -> str:
        """Who waits until the turns of these are over, and why."""
        who = f"{', '.join(self.waiting)} wait{'s' if len(self.waiting) == 1 else ''} until {self.text} "
        return f"{self.why_waiting} {who}{'is' if len(self.turns) == 1 else 'are'} done.".lstrip()

    def describe_stop(self, why: str) -> str:
        """Return that no node is begun any more, why, and how to go on."""
        turn = self.first
        done = sum(phase_of(turn.state, host) == "done" for host in turn.hosts)
        return (
            f"Stopped in time before {self.text}: {done} of {len(turn.hosts)} nodes are done. {why} Run the same "
            "command again to go on; nodes that are done are skipped."
        )


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
