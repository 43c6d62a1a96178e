# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One move of a plan in the form in which it is shown, stored, and written into a ledger. Values only."""

from __future__ import annotations

import typing as t

from ..cluster.states import VmState
from .strategies import StrategyName


class PlanMove(t.TypedDict):
    """What every plan says of a move.

    Attributes:
        memory_mb: what the VM takes on its destination; None where that is not known.
        source_host, destination_host: names of nodes.
    """

    vm_id: str
    name: str
    memory_mb: int | None
    source_host: str
    destination_host: str


class RollMove(PlanMove):
    """A move of the turn of a node; ``order`` counts from 1, ``reason`` says why there."""

    order: int
    reason: str


class MadeMove(PlanMove):
    """A move of an earlier plan whose VM is where that plan sends it.

    Attributes:
        state: as the plan has it; empty where it does not.
        state_at_first: the state in which the first of several plans saw the VM.
        helper: its VM is one of another node that steps aside.
    """

    state: str
    state_at_first: str
    priority: int | None
    strategy: StrategyName
    helper: bool


class EvacuationMove(MadeMove):
    """A move of the plan to empty a node."""

    order: int
    reason: str


class RestorationMove(PlanMove):
    """A move back to a node, or home from it; ``helper``: of a VM that had stepped aside."""

    state: VmState
    priority: int | None
    reason: str
    helper: bool


class OrderedRestorationMove(RestorationMove):
    """The same with its place in the order, from 1."""

    order: int


class NamedVm(t.TypedDict):
    """A VM of which a plan says no more."""

    vm_id: str
    name: str
