# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a rolling maintenance as data: turns, sums, and the bound that no plan can stay below."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterator

from ..failure.finding import Finding, FindingResult
from ..records.file_names import NOBODY, Owner
from .helper_moves import HelperMove
from .plan_move import RollMove
from .problem import Candidate
from .roll_batches import Batch
from .roll_request import LayoutName
from .roll_steps import Return, RollStep

RETURNS = "it returns"
_LISTS = ("moves", "helpers", "returns")  # of moves, in a turn
EVENS_OUT = "it evens out the memory of both nodes"


@dataclasses.dataclass(frozen=True)
class Amount:
    """What a rolling maintenance takes.

    Attributes:
        moves: how many, of any kind.
        memory_mb: memory that they copy.
        seconds: how long it all takes, the work on the nodes included; None where that is not known.
    """

    moves: int
    memory_mb: int
    seconds: int | None = None

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return dataclasses.asdict(self)


class RefusalResult(FindingResult):
    """A refusal in a task's result."""

    step: int


@dataclasses.dataclass(frozen=True)
class Refusal(Finding):
    """Why no plan was found; its subject is the node that cannot be emptied, as the turn number ``step``."""

    step: int = 0

    def as_result(self) -> RefusalResult:
        """Return it for a task's result."""
        return {**super().as_result(), "step": self.step}


@dataclasses.dataclass(frozen=True)
class RollPlan:
    """A rolling maintenance from its first node to its last.

    Attributes:
        batches: the turns, with those together that nodes have together; those up to the one that is not possible where
            ``refusal`` says so.
        refill: moves after the last turn that even out the memory.
        node_seconds: how long the work on a node takes, and that on nodes that are away together.
        bound: what no order and no placement takes less than.
        keep: what no plan takes less than in which every VM returns, one node after the other.
        notes: what could not be read, counted or judged.
    """

    layout: LayoutName
    batches: tuple[Batch, ...]
    bound: Amount
    keep: Amount
    refill: tuple[HelperMove, ...] = ()
    refill_seconds: int | None = 0
    node_seconds: int = 0
    refusal: Refusal | None = None
    owner: Owner = NOBODY
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[RollStep, ...]:
        """The turns in their order."""
        return tuple(step for batch in self.batches for step in batch.steps)

    @property
    def at_once(self) -> int:
        """How many nodes are away together at most."""
        return max((len(one.steps) for one in self.batches), default=0)

    @property
    def total(self) -> Amount:
        """What all turns and the refilling take."""
        seconds = [*(one.seconds for one in self.batches), self.refill_seconds]
        known = [one for one in seconds if one is not None]
        work = len(self.batches) * self.node_seconds
        return Amount(
            sum(one.moves for one in self.steps) + len(self.refill),
            sum(one.memory_mb for one in self.steps) + sum(one.helper.candidate.needs_mb for one in self.refill),
            sum(known) + work if len(known) == len(seconds) else None,
        )

    def as_result(self, *, moves: bool = True) -> dict[str, t.Any]:
        """Return the plan for a task's result; without ``moves`` those of the turns are only counted."""
        return {
            "cluster": self.owner.full or None,
            "cluster_name": self.owner.short or None,
            "layout": self.layout,
            "feasible": self.refusal is None,
            "refusal": self.refusal.as_result() if self.refusal is not None else None,
            "order": [one.node for one in self.steps],
            "at_once": self.at_once,
            "steps": [turn if moves else _counted(turn) for turn in self.turns()],
            "refill": [
                _move(number, one.helper.candidate, one.helper.node, one.destination, EVENS_OUT)
                for number, one in enumerate(self.refill, 1)
            ],
            "total": self.total.as_result(),
            "keep": self.keep.as_result(),
            "bound": {"moves": self.bound.moves, "memory_mb": self.bound.memory_mb},
            "notes": list(self.notes),
        }

    def timed(self) -> Iterator[tuple[int, int | None, RollStep]]:
        """Yield each turn with the number of its batch, from 1, and the seconds after which that ends, if known."""
        ends: int | None = 0
        for number, batch in enumerate(self.batches, 1):
            ends = ends + batch.seconds + self.node_seconds if ends is not None and batch.seconds is not None else None
            yield from ((number, ends, step) for step in batch.steps)

    def turns(self) -> Iterator[dict[str, t.Any]]:
        """Yield the turns for a task's result."""
        for number, (batch, ends, step) in enumerate(self.timed(), 1):
            evacuation = step.plan.as_result()
            yield {
                "order": number,
                "batch": batch,
                "node": step.node,
                "returns_all": step.is_kept,
                "moves": evacuation["moves"],
                "helpers": evacuation["helpers"] if step.plan.steps_aside else [],
                "returns": [_return(order, one) for order, one in enumerate(step.returns, 1)],
                "stays": [stay.as_result() for stay in step.plan.stays],
                "counts": {
                    "moves": len(step.plan.moves),
                    "helpers": len(step.plan.steps_aside),
                    "returns": len(step.returns),
                },
                "amount": {"moves": step.moves, "memory_mb": step.memory_mb, "seconds": step.seconds},
                "evacuation_seconds": step.evacuation_seconds,
                "return_seconds": step.return_seconds,
                "ends_after": ends,
            }


def _counted(turn: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a turn without the lists of its moves."""
    return {key: value for key, value in turn.items() if key not in _LISTS}


def _return(order: int, one: Return) -> RollMove:
    return _move(order, one.candidate, one.source, one.destination, RETURNS)


def _move(order: int, candidate: Candidate, source: str, destination: str, reason: str) -> RollMove:
    return {
        "order": order,
        "vm_id": candidate.vm.id,
        "name": candidate.vm.name,
        "memory_mb": candidate.needs_mb,
        "source_host": source,
        "destination_host": destination,
        "reason": reason,
    }
