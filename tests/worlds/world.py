# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A world as data: a cluster, what is run of the product, and what others do meanwhile. It says all that happens."""

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

from tests.simulator.scenario import Scenario

RunKind = t.Literal["evacuate", "restore", "move", "power", "restart", "roll", "turn", "work", "refill"]
Layout = t.Literal["keep", "any", "balanced"]


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of the product.

    Attributes:
        node: the node that is emptied, filled or restarted.
        check: a dry run.
        strategies: names of VMs, and how they are to leave.
        moves: names of VMs, and where they are to go.
        vms, state: which VMs are to be in which state.
        given: the plan, or the ledger, of the last run of the node that ended is handed on as an artifact.
        elsewhere: from here on the controller is another one, which has none of the files.
        helpers: how many VMs of other nodes may step aside.
        restart: the node is to be restarted after it was emptied.
        balancer_off: the balancer of the cluster is off while the node is empty.
        roles: what becomes of roles that are no VMs when a node gets its VMs back.
        nodes: those that a rolling maintenance goes through, or that a part of it is about at the same time.
        layout, at_once: where VMs are at the end of it, and how many nodes may be away together.
        overlap: in a rolling maintenance the next node is emptied while one gets its VMs back, if that may be.
        home: names and patterns of VMs that return to their node in any case; of a restoration, of those that do.
        failing: nodes on which the user's own tasks fail.
    """

    kind: RunKind
    node: str = "NODE1"
    check: bool = False
    strategies: tuple[tuple[str, str], ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    vms: tuple[str, ...] = ()
    state: str = ""
    force: bool = False
    given: bool = False
    elsewhere: bool = False
    helpers: int = 0
    restart: bool = False
    balancer_off: bool = False
    roles: t.Literal["leave", "home", "preferred_owners"] = "leave"
    nodes: tuple[str, ...] = ()
    layout: Layout = "keep"
    at_once: int = 1
    overlap: bool = False
    home: tuple[str, ...] = ("*",)
    failing: tuple[str, ...] = ()
    timeout: int = 0
    retries: int = 0
    attempts: int = 2
    cancels: bool = False
    gives_back: bool = True


def comes_home(run: Run, vm: str) -> bool:
    """Tell whether a VM of this name is to return to its node."""
    return any(fnmatch.fnmatchcase(vm, pattern) for pattern in run.home)


@dataclasses.dataclass(frozen=True)
class Step:
    """Something that somebody else does, or that happens.

    Attributes:
        run: number of the run during which it happens.
        request: before which of its requests, counted from 0.
        kind: see ``steps.STEPS``.
        subject: a VM's name at the start, or a node's.
        other: a node, or how.
        amount: seconds, or a number.
    """

    run: int
    request: int
    kind: str
    subject: str = ""
    other: str = ""
    amount: float = 0.0


@dataclasses.dataclass(frozen=True)
class World:
    """All of it.

    Attributes:
        name: repeats the drawing; a world that was shrunk keeps it.
        twin: there is a second cluster with the same names.
        company: a second run may begin and end while one goes on, on the same controller.
        eagerness: how likely somebody acts before a request, beside the steps that are told.
    """

    name: str
    scenario: Scenario
    runs: tuple[Run, ...]
    steps: tuple[Step, ...] = ()
    eagerness: float = 0.0
    twin: bool = False
    company: bool = False
