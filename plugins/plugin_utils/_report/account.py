# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Results of a number of moves, as values for the summary and the page."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

MOVED, FAILED, WOULD_MOVE, NOT_BEGUN, PLANNED = "moved", "failed", "would_move", "not_begun", "planned"
ARRIVED = frozenset({MOVED, "already_there", "completed"})
_SLOWEST = 3


@dataclasses.dataclass(frozen=True)
class Event:
    """One event of a host's log: when (as text), on which node, in which log, its id, and what it says."""

    time: str
    node: str
    log: str
    id: str
    message: str


@dataclasses.dataclass(frozen=True)
class Move:
    """One move.

    Attributes:
        vm: name of the VM, which another VM may bear, too.
        outcome: that of ``hyperv_vm_migrate``, or ``not_begun`` (``planned`` in a dry run) where it was never tried.
        checked: Hyper-V was asked beforehand and gave a verdict.
        began, ended: seconds since 1970, None where it was never asked for or has not ended.
        released: when its job was seen to end, so that another move could take its place, likewise.
        seconds: what it took.
        cause, remedy: why it failed and what to do, empty where it did not.
        quoted: what the host itself says of its failure; all there is where no code tells the cause.
        memory_mb: memory of the VM, None where nobody told.
        helper: it is a VM of another node than the one that was emptied, and stepped aside or went home.
        events: what the event logs of its hosts say of its failure.
    """

    vm: str
    source: str
    destination: str
    outcome: str
    vm_id: str = ""
    checked: bool = False
    attempts: int = 0
    began: int | None = None
    released: int | None = None
    ended: int | None = None
    seconds: float = 0.0
    cause: str = ""
    remedy: str = ""
    quoted: str = ""
    warnings: tuple[str, ...] = ()
    memory_mb: int | None = None
    helper: bool = False
    events: tuple[Event, ...] = ()


@dataclasses.dataclass(frozen=True)
class ReportedStay:
    """A VM that was not to be moved, why, and what would help (empty where it stays on purpose)."""

    vm: str
    message: str
    remedy: str


@dataclasses.dataclass(frozen=True)
class Node:
    """Memory in MB and VMs of a node before and after; None where it is not known."""

    name: str
    total_mb: int | None
    free_before_mb: int | None
    free_after_mb: int | None
    vms_before: int | None
    vms_after: int | None

    @property
    def freed_mb(self) -> int | None:
        """Return how much more memory is free than before, None where that is not known."""
        known = self.free_before_mb is not None and self.free_after_mb is not None
        return (self.free_after_mb or 0) - (self.free_before_mb or 0) if known else None


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of a node's turn: ``emptied``, ``worked on``, ``restarted`` or ``filled``, in seconds since 1970."""

    name: str
    began: int
    ended: int


@dataclasses.dataclass(frozen=True)
class Turn:
    """The turn of a node in a rolling maintenance, in parts that follow one another."""

    node: str
    parts: tuple[Part, ...]

    @property
    def began(self) -> int:
        """Return when the first part began."""
        return self.parts[0].began

    @property
    def ended(self) -> int:
        """Return when the last part ended."""
        return self.parts[-1].ended


@dataclasses.dataclass(frozen=True)
class Limits:
    """How many moves may run at once: in all (None where nothing limits that), and by name of a node."""

    total: int | None = None
    nodes: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Account:
    """The whole of it.

    Attributes:
        title: what was done, such as ``Evacuation of NODE1``.
        error: why the run as a whole failed, empty where it did not or the moves tell already.
        note: what else there is to say.
        dry_run: nothing was to be changed.
        turns: of the nodes of a rolling maintenance.
        estimate: how good the estimate of a rolling maintenance was, in a sentence; empty where that is not known.
    """

    title: str
    cluster: str
    moves: tuple[Move, ...]
    stays: tuple[ReportedStay, ...] = ()
    nodes: tuple[Node, ...] = ()
    limits: Limits = Limits()
    error: str = ""
    note: str = ""
    dry_run: bool = False
    turns: tuple[Turn, ...] = ()
    estimate: str = ""

    def having(self, *outcomes: str) -> list[Move]:
        """Return the moves with one of these outcomes."""
        return [move for move in self.moves if move.outcome in outcomes]

    @property
    def vm_count(self) -> int:
        """Return of how many VMs the moves are: in a roll through a cluster, one may move several times."""
        return len({move.vm_id or str(index) for index, move in enumerate(self.moves)})

    @property
    def arrived(self) -> list[Move]:
        """Return the moves whose VM is where it was to go."""
        return self.having(*ARRIVED)

    @property
    def is_failed(self) -> bool:
        """Return whether something went wrong."""
        return bool(self.error or self.having(FAILED, NOT_BEGUN))

    @property
    def began(self) -> int | None:
        """Return when the first move began, in seconds since 1970."""
        return min((move.began for move in self.moves if move.began is not None), default=None)

    @property
    def ended(self) -> int | None:
        """Return when the last move ended, in seconds since 1970."""
        return max((move.ended for move in self.moves if move.ended is not None), default=None)

    @property
    def slowest(self) -> list[Move]:
        """Return the moves that took longest, of those that arrived and were made."""
        made = [move for move in self.arrived if move.began is not None]
        return sorted(made, key=lambda move: -move.seconds)[:_SLOWEST]

    @property
    def median_seconds(self) -> float | None:
        """Return what half of the moves that arrived took at most, None where there are none."""
        durations = sorted(move.seconds for move in self.arrived if move.began is not None)
        return durations[(len(durations) - 1) // 2] if durations else None

    @property
    def limit(self) -> int | None:
        """Return how many of these moves may run at once, in all or at a node that all share; None where unknown."""
        ends = [{move.source, move.destination} for move in self.moves if not move.helper]
        shared = set.intersection(*ends) if ends else set()
        limits = [self.limits.total, *(self.limits.nodes.get(node) for node in shared)]
        return min((limit for limit in limits if limit), default=None)

    def routes(self) -> list[tuple[str, str, list[Move]]]:
        """Return the moves by node as (``to`` or ``from``, node, moves): every move once.

        The nodes are the destinations, or the sources where all moves go to one node.
        """
        inward = len({move.destination for move in self.moves}) == 1 < len({move.source for move in self.moves})
        groups: dict[str, list[Move]] = {}
        for move in self.moves:
            groups.setdefault(move.source if inward else move.destination, []).append(move)
        return [("from" if inward else "to", node, groups[node]) for node in sorted(groups)]
