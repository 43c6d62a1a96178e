# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the machine that Ansible runs on does for a maintenance: ledgers, lines on the screen, dates, interruptions."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Iterable

from ..cluster.cluster import Cluster
from ..records.file_names import Owner
from ..records.ledger_form import Ledger
from ..scheduling.slots import Share


class LedgerStore(t.Protocol):
    """Where one ledger is kept. All raise HyperVError for what cannot be read or written, or is no ledger."""

    @property
    def path(self) -> str:
        """What it is called; for people."""

    @property
    def note(self) -> str:
        """What is to be known about the ledger that was read; empty for nothing."""

    def read(self) -> Ledger | None:
        """Return the ledger, None where there is none."""

    def change(self, change: Callable[[Ledger | None], Ledger]) -> Ledger:
        """Replace the ledger by what ``change`` makes of it, in one step for whoever else does the same.

        Nothing is written where only its time stamp would differ.
        """

    def check(self, change: Callable[[Ledger | None], Ledger]) -> Ledger:
        """Return what ``change`` would come to, and raise what it would, as far as can be said without writing."""


@dataclasses.dataclass(frozen=True)
class Controller:
    """The machine that Ansible runs on, as a maintenance sees it.

    Attributes:
        ledger_of: where the ledger of a node is kept, by its name and its owner; both unknown where a file is named.
        moment: a reading of the cluster's clock as ISO 8601.
        tell: shows a line at once.
        show: shows the lines of a table at once.
        shows_progress: lines about VMs that move or stop are wanted.
        enter: notes that a node is about to be emptied wherever that must be known, such as in the state of a
            rolling maintenance.
        reconnect: opens new sessions to the cluster: those of a task that was cut off may be amid an answer.
        cut_off: why an exception ends the task before its time, empty for one that does not.
        share: the slots that its moves hold among those of another maintenance that runs at the same time; None for
            none.
        gone: exceptions by which nobody sees any more what the task does: it ends at once and does nothing else.
    """

    ledger_of: Callable[[str, Owner | None], LedgerStore]
    moment: Callable[[float], str]
    reconnect: Callable[[], Cluster]
    tell: Callable[[str], None] = lambda line: None
    show: Callable[[Iterable[str]], None] = lambda lines: None
    shows_progress: bool = False
    enter: Callable[[], None] = lambda: None
    cut_off: Callable[[BaseException], str] = lambda error: ""
    share: Share | None = None
    gone: tuple[type[BaseException], ...] = ()
