# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In which order moves are started, and how long they take together. Pure.

Moves are started as the scheduler starts them: in their order, each as soon as its two nodes have a slot left.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import heapq
import typing as t
from collections.abc import Sequence

from .durations import MEGABYTES_PER_SECOND, finish, least_time, milliseconds, slots_of
from .problem import Candidate, Destination, PlacementProblem

_AS_GOOD = 1.02  # the order of priorities is kept where it takes no more than this times the shortest one
_FULL = 0.98  # of its time: from then on a node's slots are what bounds the evacuation


@dataclasses.dataclass(frozen=True)
class ExpectedDuration:
    """How long an evacuation is expected to take.

    Attributes:
        seconds: at the pace that every move is taken to run at.
        bound_by: what the node's own VMs wait for: ``source`` (slots of the node that is emptied, or of the cluster),
            ``destination`` (slots of one node), ``longest_move``, or ``order`` (none of them alone).
        subject: the VM or the destination that it is about, empty for neither.
        has_rates: the rates of some links are known.
        helpers: how many VMs of other nodes step aside first, one after the other.
        helper_seconds: how long that takes, as a part of ``seconds``.
    """

    seconds: int
    bound_by: str
    subject: str
    has_rates: bool = False
    helpers: int = 0
    helper_seconds: int = 0

    def after(self, helpers: Sequence[int]) -> ExpectedDuration:
        """Return it with helper moves of so many milliseconds each before it."""
        seconds = -(-sum(helpers) // 1000)
        return dataclasses.replace(self, seconds=self.seconds + seconds, helpers=len(helpers), helper_seconds=seconds)

    def as_result(self, source: str) -> dict[str, t.Any]:
        """Return it for a task's result; ``source`` is the node that is emptied."""
        return {
            "seconds": self.seconds,
            "helper_seconds": self.helper_seconds,
            "megabytes_per_second": MEGABYTES_PER_SECOND,
            "bound_by": self.bound_by,
            "subject": self.subject or source,
            "message": self.text(source),
        }

    def text(self, source: str) -> str:
        """Say it for people; ``source`` is the node that is emptied."""
        reason = {
            "source": f"bound by how many migrations {source} or the cluster runs at once",
            "destination": f"bound by how many migrations {self.subject} takes at once",
            "longest_move": f"bound by the move of {self.subject}",
            "order": "with no single node as the bottleneck",
        }[self.bound_by]
        pace = "at the given link rates" if self.has_rates else f"at {MEGABYTES_PER_SECOND} MB/s each"
        text = f"The moves are expected to take {dt.timedelta(seconds=self.seconds)} {pace}, {reason}."
        if self.helpers:
            aside = f"{self.helpers} VM{'s' if self.helpers > 1 else ''} of other nodes to step aside"
            text += f" Of that, {dt.timedelta(seconds=self.helper_seconds)} are for {aside} first."
        return text


@dataclasses.dataclass(frozen=True)
class Schedule:
    """An order of moves.

    Attributes:
        order: indexes of the moves that were given.
        expected: how long they take, None where the slots of a node are not known.
        ahead: indexes of moves that go before others of higher priority, because they take so long.
    """

    order: tuple[int, ...]
    expected: ExpectedDuration | None = None
    ahead: tuple[int, ...] = ()


def schedule(problem: PlacementProblem, moves: Sequence[tuple[Candidate, Destination]]) -> Schedule:
    """Return the order of moves that are given in the order of their priorities.

    A move that would end last if it had to wait for its turn goes first, unless ``problem.priority_first``.
    """
    in_turn = tuple(range(len(moves)))
    slots, taken = slots_of(problem), [one.slots for unused, one in moves]
    if slots is None or not moves or not all(taken):
        return Schedule(in_turn)
    plan = _Moves(
        [milliseconds(one, there) for one, there in moves],
        [one.name for unused, one in moves],
        {one.name: one.slots or 1 for unused, one in moves},
        slots,
    )
    orders = [in_turn]
    if not problem.priority_first:
        least = plan.least()
        long_first = tuple(sorted(in_turn, key=lambda one: -plan.times[one]))
        orders += [plan.run(in_turn, least)[0], long_first, plan.run(long_first, least)[0], plan.by_queues(long_first)]
    ended = [plan.run(order)[1] for order in orders]
    chosen = next(number for number, end in enumerate(ended) if end <= min(ended) * _AS_GOOD)
    order = plan.run(orders[chosen])[0]
    seconds = -(-ended[chosen] // 1000)
    expected = _expect(plan, moves, ended[chosen], seconds)
    has_rates = any(one.rate for unused, one in moves)
    return Schedule(order, dataclasses.replace(expected, has_rates=has_rates), _ahead(moves, order))


def _ahead(moves: Sequence[tuple[Candidate, Destination]], order: Sequence[int]) -> tuple[int, ...]:
    """Return what goes before something of higher priority that could have gone first."""
    found, highest = [], -1
    for index in reversed(order):
        candidate = moves[index][0]
        if candidate.leaves_live and candidate.priority < highest:
            found.append(index)
        if candidate.leaves_live:
            highest = max(highest, candidate.priority)
    return tuple(reversed(found))


def _expect(plan: _Moves, moves: Sequence[tuple[Candidate, Destination]], end: int, seconds: int) -> ExpectedDuration:
    longest = max(range(len(moves)), key=lambda one: (plan.times[one], -one))
    if plan.times[longest] >= _FULL * end:
        return ExpectedDuration(seconds, "longest_move", moves[longest][0].vm.name)
    if sum(plan.times) >= _FULL * end * plan.source_slots:
        return ExpectedDuration(seconds, "source", "")
    finishes = {
        node: finish([time for time, there in zip(plan.times, plan.nodes, strict=True) if there == node], slots)
        for node, slots in sorted(plan.slots.items())
    }
    last = max(finishes, key=lambda node: finishes[node])
    if finishes[last] >= _FULL * end:
        return ExpectedDuration(seconds, "destination", last)
    return ExpectedDuration(seconds, "order", "")


@dataclasses.dataclass(frozen=True)
class _Moves:
    """Duration and destination of each move, and the slots of the nodes."""

    times: Sequence[int]
    nodes: Sequence[str]
    slots: dict[str, int]
    source_slots: int

    def least(self) -> int:
        return least_time(self.times, self.source_slots, list(self.slots.values()))

    def by_queues(self, order: Sequence[int]) -> tuple[int, ...]:
        """Return the moves so that the next one goes where most work waits for each slot, else in their order."""
        waiting, found = list(order), list[int]()
        work = self._work(waiting)
        while waiting:
            node = max(work, key=lambda one: work[one])
            move = next(one for one in waiting if self.nodes[one] == node)
            work[node] -= self.times[move] / self.slots[node]
            waiting.remove(move)
            found.append(move)
            if all(self.nodes[one] != node for one in waiting):
                del work[node]
        return tuple(found)

    def _work(self, waiting: Sequence[int]) -> dict[str, float]:
        """Return how much work of moves that wait there is for each slot of their nodes."""
        work: dict[str, float] = {}
        for one in waiting:
            node = self.nodes[one]
            work[node] = work.get(node, 0) + self.times[one] / self.slots[node]
        return work

    def _needed(self, waiting: Sequence[int]) -> dict[int, float]:
        """Return how long it takes at least until the node of each move that waits has no more of them."""
        work = self._work(waiting)
        return {one: max(self.times[one], work[self.nodes[one]]) for one in waiting}

    def run(self, order: Sequence[int], least: int | None = None) -> tuple[tuple[int, ...], int]:
        """Return in which order moves are started, and when the last one has ended.

        With ``least`` a move goes first if it, or all that waits for its node, could not end in that time any more.
        """
        waiting, running, now = list(order), list[tuple[int, str]](), 0
        free, left, started = dict(self.slots), self.source_slots, []
        while waiting or running:
            if least is not None:
                needed = self._needed(waiting)
                waiting.sort(key=lambda one: -needed[one] if needed[one] >= least - now else 0)
            index = 0
            while left and index < len(waiting):
                move = waiting[index]
                node = self.nodes[move]
                if free[node]:
                    free[node] -= 1
                    left -= 1
                    heapq.heappush(running, (now + self.times[move], node))
                    started.append(move)
                    del waiting[index]
                else:
                    index += 1
            now = running[0][0]
            while running and running[0][0] == now:
                free[heapq.heappop(running)[1]] += 1
                left += 1
        return tuple(started), now
