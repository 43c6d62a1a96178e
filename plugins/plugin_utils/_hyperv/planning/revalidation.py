# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An earlier plan taken back: reading it, and what has changed since. Pure."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping

from ..._hostnames import first_label
from ..cluster.vms import normal_id
from ..failure.errors import HyperVError
from ..failure.finding import INFO, WARNING, full_stop
from ..records.artifacts import from_artifact
from ..records.ledger_form import FirstSeen
from .plan_move import MadeMove
from .strategies import MIGRATE, StrategyName, strategy_named
from .vm_finding import VmFinding, VmFindingResult

_HINT = "Give the result of hyperv_evacuation_plan_info as it was registered."


@dataclasses.dataclass(frozen=True)
class EarlierMove:
    """One move of an earlier plan, as it was then.

    Attributes:
        first_state: the state in which the first of several plans saw the VM, of which each was given to the next.
        helper: its VM is one of another node that steps aside.
    """

    vm_id: str
    name: str
    source: str
    destination: str
    memory_mb: int
    state: str
    strategy: StrategyName
    priority: int | None = None
    first_state: str = ""
    helper: bool = False

    def as_first_seen(self) -> FirstSeen:
        """Return how the VM was when it was first seen, and how it was to leave, as a ledger has it."""
        return {
            "state": self.first_state,
            "strategy": self.strategy,
            "memory_mb": self.memory_mb,
            "priority": self.priority,
            "died": False,
        }

    def as_result(self) -> MadeMove:
        """Return the move for a task's result."""
        return {
            "vm_id": self.vm_id,
            "name": self.name,
            "state": self.state,
            "state_at_first": self.first_state or self.state,
            "memory_mb": self.memory_mb,
            "priority": self.priority,
            "source_host": self.source,
            "destination_host": self.destination,
            "strategy": self.strategy,
            "helper": self.helper,
        }


@dataclasses.dataclass(frozen=True)
class EarlierStay:
    """One VM that had no move in an earlier plan."""

    vm_id: str
    name: str
    strategy: StrategyName


@dataclasses.dataclass(frozen=True)
class EarlierPlan:
    """An earlier result of the planner: moves and stays by VM id, and whose node it is about; empty where not told.

    ``helpers``: likewise the moves of VMs of other nodes that step aside first, in their order.
    """

    node: str
    moves: Mapping[str, EarlierMove]
    stays: Mapping[str, EarlierStay]
    owner: str = ""
    helpers: Mapping[str, EarlierMove] = dataclasses.field(default_factory=dict)

    def strategy(self, vm_id: str) -> StrategyName | None:
        """Return how a VM was to leave, None where the plan does not know the VM."""
        known = self.moves.get(vm_id) or self.stays.get(vm_id)
        return known.strategy if known is not None else None

    def without_places(self) -> EarlierPlan:
        """Return the plan with how its VMs are to leave, and not where to."""
        moves = {vm_id: dataclasses.replace(move, destination="") for vm_id, move in self.moves.items()}
        return dataclasses.replace(self, moves=moves, helpers={})

    def made(self, nodes: Mapping[str, str]) -> list[EarlierMove]:
        """Return the moves of VMs that are where they were to go; ``nodes`` are those of all VMs by id."""
        known = [*self.helpers.values(), *self.moves.values()]
        return [move for move in known if _arrived(move, nodes.get(move.vm_id, ""))]


class DifferenceResult(VmFindingResult):
    """A difference in a task's result."""

    kept: bool


@dataclasses.dataclass(frozen=True)
class Difference(VmFinding):
    """What is no longer as an earlier plan has it: an info where the VM still goes where that plan sends it.

    Its code is ``gone``, ``moved``, ``new``, ``bigger``, ``state``, ``strategy``, ``destination``, ``stays`` or
    ``leaves``.
    """

    @classmethod
    def of(cls, vm_id: str, name: str, code: str, message: str, *, kept: bool = False) -> Difference:
        """Return the difference of a VM; ``kept``: it still goes where the earlier plan sends it."""
        return cls(code, INFO if kept else WARNING, name, "vm", message, vm_id=vm_id)

    @property
    def is_kept(self) -> bool:
        """The VM still goes where the earlier plan sends it."""
        return self.severity == INFO

    def as_result(self) -> DifferenceResult:
        """Return the difference for a task's result."""
        return {**super().as_result(), "kept": self.is_kept}


def _arrived(move: EarlierMove, node: str) -> bool:
    return bool(move.destination) and first_label(move.destination) == first_label(node)


def read_earlier_plan(plan: Mapping[str, t.Any]) -> EarlierPlan:
    """Return the plan that a task's result or an artifact holds. Numbers may be texts.

    Raises HyperVError for anything else.
    """
    plan = from_artifact(plan)
    try:
        node = str(plan["node"])
        moves = [_move(one, node) for one in plan["moves"]]
        # What an earlier plan still had to move, and was made by then.
        made = [_move(one, node) for one in plan.get("made") or ()]
        stays = [EarlierStay(normal_id(str(one["vm_id"])), str(one["name"]), _strategy(one)) for one in plan["stays"]]
        # Those of a plan that was refused are no more than a hint.
        is_refused = isinstance(plan.get("infeasibility"), Mapping)
        helpers = [_move(one, node) for one in (() if is_refused else plan.get("helpers") or ())]
    except KeyError as missing:
        raise HyperVError(f"plan lacks {missing}. {_HINT}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise HyperVError(f"plan is not a plan: {error}. {_HINT}") from None
    owner = str(plan.get("cluster") or "")
    found = EarlierPlan(node, {one.vm_id: one for one in moves}, {one.vm_id: one for one in stays}, owner)
    if len({*found.moves, *found.stays}) < len(moves) + len(stays):
        raise HyperVError(f"plan names a VM more than once. {_HINT}")
    before = {one.vm_id: one for one in made if one.vm_id not in found.stays}
    return dataclasses.replace(
        found,
        moves={**{vm_id: one for vm_id, one in before.items() if not one.helper}, **found.moves},
        helpers={
            **{vm_id: one for vm_id, one in before.items() if one.helper},
            **{one.vm_id: one for one in helpers},
        },
    )


def _move(one: Mapping[str, t.Any], node: str) -> EarlierMove:
    state = str(one.get("state") or "")
    return EarlierMove(
        normal_id(str(one["vm_id"])),
        str(one["name"]),
        str(one.get("source_host") or node),
        str(one["destination_host"]),
        int(one.get("memory_mb") or 0),
        state,
        _strategy(one),
        int(one["priority"]) if one.get("priority") is not None else None,
        str(one.get("state_at_first") or "") or state,
        helper=str(one.get("helper") or False).casefold() == "true",
    )


def _strategy(one: Mapping[str, t.Any]) -> StrategyName:
    word = str(one.get("strategy") or MIGRATE)
    strategy = strategy_named(word)
    if strategy is None:
        raise ValueError(f"{word!r} is not a strategy")
    return strategy


@dataclasses.dataclass(frozen=True)
class PresentVm:
    """A VM as it is, and what is planned for it now: a destination, or why it stays, in sentences, or neither."""

    name: str
    node: str
    state: str
    memory_mb: int
    strategy: StrategyName
    destination: str = ""
    stays_because: str = ""


def compare(
    earlier: EarlierPlan, now: Mapping[str, PresentVm], cluster: Mapping[str, str], unable: t.Callable[[str, str], str]
) -> list[Difference]:
    """Return what changed since an earlier plan, by name of the VM.

    ``now`` are the VMs of the node by id, ``cluster`` the nodes of all VMs by id; ``unable`` says why a VM (by id)
    cannot go to a node any more.
    """
    found: list[Difference] = []
    for move in earlier.moves.values():
        if move.vm_id in now:
            found.extend(_of_move(move, now[move.vm_id], unable))
        else:
            found.append(_absent(move, cluster.get(move.vm_id)))
    for stay in earlier.stays.values():
        one = now.get(stay.vm_id)
        if one is None:
            found.append(_absent(stay, cluster.get(stay.vm_id)))
        elif one.destination:
            message = f"It had no place or was to stay, and goes to {one.destination} now."
            found.append(Difference.of(stay.vm_id, one.name, "leaves", message))
    for vm_id, one in now.items():
        if earlier.strategy(vm_id) is None:
            what = f"goes to {one.destination}." if one.destination else f"has no move. {one.stays_because}"
            found.append(Difference.of(vm_id, one.name, "new", f"It is new on {one.node} and {what}"))
    return sorted(found, key=lambda difference: (difference.subject.casefold(), difference.vm_id, difference.code))


def compare_helpers(earlier: EarlierPlan, now: Mapping[str, PresentVm], cluster: Mapping[str, str]) -> list[Difference]:
    """Return what changed of the VMs of other nodes that step aside; the arguments are as those of ``compare``."""
    found: list[Difference] = []
    for move in earlier.helpers.values():
        one = now.get(move.vm_id)
        node = cluster.get(move.vm_id)
        if one is None and node is not None and first_label(node) == first_label(move.source):
            found.append(Difference.of(move.vm_id, move.name, "stays", f"It need not step aside, and stays on {node}."))
        elif one is None:
            found.append(_absent(move, node))
        elif first_label(one.destination) != first_label(move.destination):
            message = f"It steps aside to {one.destination} instead of {move.destination}."
            found.append(Difference.of(move.vm_id, one.name, "destination", message))
    for vm_id, one in now.items():
        if vm_id not in earlier.helpers:
            message = f"It steps aside from {one.node} to {one.destination}."
            found.append(Difference.of(vm_id, one.name, "new", message))
    return sorted(found, key=lambda difference: (difference.subject.casefold(), difference.vm_id, difference.code))


def _absent(was: EarlierMove | EarlierStay, node: str | None) -> Difference:
    if node is None:
        return Difference.of(was.vm_id, was.name, "gone", "The cluster has no such VM any more.")
    there = isinstance(was, EarlierMove) and _arrived(was, node)
    message = f"It is on {node} already" + (", where the plan sends it." if there else ".")
    return Difference.of(was.vm_id, was.name, "moved", message)


def _of_move(was: EarlierMove, one: PresentVm, unable: t.Callable[[str, str], str]) -> t.Iterator[Difference]:
    kept = one.destination == was.destination
    changes = []
    if not one.destination:
        changes.append(("stays", f"It has no move any more. {one.stays_because}"))
    elif not kept:
        why = full_stop(unable(was.vm_id, was.destination))
        changes.append(("destination", f"It goes to {one.destination} instead of {was.destination}: {why}"))
    if one.memory_mb > was.memory_mb:
        more = one.memory_mb - was.memory_mb
        changes.append(("bigger", f"It needs {one.memory_mb} MB, {more} MB more than planned."))
    if one.state != was.state and was.state:
        changes.append(("state", f"It is {one.state}, and was {was.state}."))
    if one.strategy != was.strategy:
        changes.append(("strategy", f"Its strategy is {one.strategy}, and was {was.strategy}."))
    for code, message in changes:
        yield Difference.of(was.vm_id, one.name, code, message, kept=kept)
