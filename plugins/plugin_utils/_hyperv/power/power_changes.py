# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps from a VM's present state to a wanted state. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..cluster.nodes import Node
from ..cluster.vms import Vm
from ..failure.codes import UNKNOWN
from ..failure.failures import Failure

RUNNING, OFF, SAVED, SHUT_DOWN = WISHES = ("running", "off", "saved", "shut_down")
_ENDS_IN = {RUNNING: "running", OFF: "off", SAVED: "saved", SHUT_DOWN: "off"}
_SETTLED = frozenset({"running", "off", "saved", "paused"})
WAITING, ASKED, ENDED = "waiting", "asked", "ended"
UNCHANGED, CHANGED, WOULD_CHANGE, FAILED = "unchanged", "changed", "would_change", "failed"


@dataclasses.dataclass
class Change:
    """One VM on its way to another state. Times are seconds of the task's clock.

    Attributes:
        vm: the VM as it was read last.
        wish: ``running``, ``off``, ``saved`` or ``shut_down``.
        before: its state at first.
        stage: ``waiting`` until it was asked for, ``asked``, ``ended``.
        outcome: ``unchanged``, ``changed``, ``would_change`` or ``failed``; empty before the end.
        deadline: when patience ends.
        asked_at: when the last call was made.
        is_local: the VM is none of the cluster.
        calls, refusals: how many calls were made and how many of them were refused as busy.
        is_lost: the last call was not answered.
        turned_off: the VM was turned off because its guest did not shut down.
        session, job: the job of the last call, if it has one.
    """

    vm: Vm
    wish: str
    before: str
    deadline: float
    stage: str = WAITING
    outcome: str = ""
    error: Failure | None = None
    is_local: bool = False
    asked_at: float = 0.0
    calls: int = 0
    refusals: int = 0
    is_lost: bool = False
    turned_off: bool = False
    session: Session | None = None
    job: Reference | None = None

    @property
    def wanted(self) -> str:
        """The state in which it shall end."""
        return _ENDS_IN[self.wish]

    @property
    def is_there(self) -> bool:
        """The VM has the wanted state and is not busy."""
        return self.vm.state == self.wanted and not self.vm.is_leaving

    @property
    def hindrance(self) -> str:
        """What must end before the VM can be asked; empty for nothing."""
        if self.vm.state not in _SETTLED:
            return f"it is {'in a state that is not known here' if self.vm.state == UNKNOWN else self.vm.state}"
        return self.vm.activity

    def end(self, outcome: str) -> None:
        """End it without an error."""
        self.stage, self.outcome = ENDED, outcome

    def fail(self, error: Failure) -> None:
        """End it with an error."""
        self.stage, self.outcome, self.error = ENDED, FAILED, error

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {
            "id": self.vm.id,
            "name": self.vm.name,
            "node": self.vm.node,
            "before": self.before,
            "state": self.vm.state,
            "outcome": self.outcome,
            "turned_off": self.turned_off,
            "error": self.error.about(self.vm.name).as_result() if self.error else None,
        }


def objection(vm: Vm, wish: str, *, force: bool, node: Node | None) -> Failure | None:
    """Return why a VM shall not be asked, or None. ``node`` is its owner, needed to start it."""
    # Microsoft docs, PauseClusterNode: groups of a paused node cannot be brought online.
    if wish == RUNNING and vm.state in ("off", "saved") and node is not None and node.state != "up":
        return Failure(
            "node_not_up",
            f"VM {vm.name} cannot be started on node {node.name}, which is {node.state}",
            "Resume the node (hyperv_cluster_node with state=active), or move the VM first.",
        )
    if wish == OFF and not force:
        lost = "its saved state" if vm.state == "saved" else "what its guest has not written to disk"
        return Failure(
            "needs_force",
            f"VM {vm.name} is {vm.state}, and turning it off loses {lost}",
            "Use state=shut_down to let the guest end in order, or force=true to lose it.",
        )
    if wish == SHUT_DOWN and vm.state in ("saved", "paused"):
        return Failure(
            "not_running",
            f"VM {vm.name} is {vm.state}, so its guest cannot shut down",
            "Start it first, leave it as it is, or use state=off with force=true.",
        )
    if wish == SAVED and vm.state == "off":
        return Failure("not_running", f"VM {vm.name} is off, so there is nothing to save", "Leave it as it is.")
    return None
