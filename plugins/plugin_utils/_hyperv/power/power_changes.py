# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps from a VM's present state to a wanted state. Pure."""

from __future__ import annotations

import enum
import typing as t

from ..cluster.lost_answers import LostAnswer, NextStep
from ..cluster.nodes import Node
from ..cluster.states import AT_REST, SETTLED, UNKNOWN
from ..cluster.vms import Vm
from ..failure.failures import Failure

DesiredState = t.Literal["running", "off", "saved", "shut_down"]
"""What a user wants a VM to be. ``shut_down`` ends in the state ``off``, by way of the guest."""

RUNNING: t.Final = "running"
OFF: t.Final = "off"
SAVED: t.Final = "saved"
SHUT_DOWN: t.Final = "shut_down"
DESIRED_STATES: tuple[DesiredState, ...] = t.get_args(DesiredState)

PowerOutcome = t.Literal["unchanged", "changed", "would_change", "failed"]
UNCHANGED: t.Final = "unchanged"
CHANGED: t.Final = "changed"
WOULD_CHANGE: t.Final = "would_change"
FAILED: t.Final = "failed"


class PowerStage(enum.Enum):
    """Where a change is between being wanted and its end."""

    WAITING = "waiting"
    """It was not asked for yet, or is to be asked for again."""
    ASKED = "asked"
    """It was asked for, and its state is awaited."""
    ENDED = "ended"
    """It has an outcome."""


class Change:
    """One VM on its way to another state. Times are seconds of the task's clock. Only its own methods change it.

    Attributes:
        vm: the VM as it was read last.
        desired: what it shall be.
        before: its state at first.
        is_local: the VM is none of the cluster.
        deadline: when patience ends.
        stage: where it is.
        outcome: how it ended, None before.
        error: why it failed, None where it did not.
        asked_at: when the last call was made.
        calls, refusals: how many calls were made and how many of them were refused as busy.
        is_lost: the last call was not answered.
        turned_off: the VM was turned off because its guest did not shut down.
    """

    def __init__(self, vm: Vm, desired: DesiredState, deadline: float, *, is_local: bool = False) -> None:
        self.vm = vm
        self.desired = desired
        self.before = vm.state
        self.is_local = is_local
        self.deadline = deadline
        self.stage = PowerStage.WAITING
        self.outcome: PowerOutcome | None = None
        self.error: Failure | None = None
        self.asked_at = 0.0
        self.calls = 0
        self.refusals = 0
        self.is_lost = False
        self.turned_off = False

    @property
    def final_state(self) -> str:
        """The state in which it shall end."""
        return OFF if self.desired == SHUT_DOWN else self.desired

    @property
    def is_there(self) -> bool:
        """The VM has that state and is not busy."""
        return self.vm.state == self.final_state and not self.vm.is_leaving

    @property
    def has_changed(self) -> bool:
        """The VM was asked, and its state is another one since."""
        return self.calls > 0 and self.vm.state != self.before

    @property
    def waits_for(self) -> str:
        """What must end before the VM can be asked; empty for nothing."""
        if self.vm.state not in SETTLED:
            return f"it is {'in a state that is not known here' if self.vm.state == UNKNOWN else self.vm.state}"
        return self.vm.activity

    @property
    def is_of_the_guest(self) -> bool:
        """It is the guest that is to end it: it was not turned off instead."""
        return self.desired == SHUT_DOWN and not self.turned_off

    def seen(self, vm: Vm) -> None:
        """Note what the VM is like by now."""
        self.vm = vm

    def turn_off_until(self, deadline: float) -> None:
        """Turn the VM off from now on, without its guest."""
        self.turned_off, self.deadline = True, deadline

    def asked(self, now: float, *, is_lost: bool) -> None:
        """Note a call."""
        self.asked_at, self.is_lost = now, is_lost
        self.calls += 1
        self.stage = PowerStage.ASKED

    def refused_as_busy(self, most: int) -> bool:
        """Note that the last call was refused for another operation; have it asked for again up to ``most`` times."""
        self.refusals += 1
        if self.refusals >= most:
            return False
        self.stage = PowerStage.WAITING
        return True

    def after_lost_answer(self, now: float, look_for: float) -> NextStep:
        """Return what to do about a call that was not answered; ``look_for`` as LostAnswer has it."""
        return LostAnswer(self.asked_at, self.calls, look_for).next_step(now)

    def end(self, outcome: PowerOutcome) -> None:
        """End it without an error."""
        self.stage, self.outcome = PowerStage.ENDED, outcome

    def fail(self, error: Failure) -> None:
        """End it with an error."""
        self.error = error
        self.end(FAILED)

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


def objection(vm: Vm, desired: DesiredState, *, force: bool, node: Node | None) -> Failure | None:
    """Return why a VM shall not be asked, or None. ``node`` is its owner, needed to start it."""
    # Microsoft docs, PauseClusterNode: groups of a paused node cannot be brought online.
    if desired == RUNNING and vm.state in AT_REST and node is not None and node.state != "up":
        return Failure(
            "node_not_up",
            f"VM {vm.name} cannot be started on node {node.name}, which is {node.state}",
            "Resume the node (hyperv_cluster_node with state=active), or move the VM first."
            if node.state == "paused"
            else "Bring the node up, or let the cluster fail the VM over to another one.",
        )
    if desired == OFF and not force:
        lost = "its saved state" if vm.state == "saved" else "what its guest has not written to disk"
        return Failure(
            "needs_force",
            f"VM {vm.name} is {vm.state}, and turning it off loses {lost}",
            "Use force=true to lose it."
            if vm.state in ("saved", "paused")
            else "Use state=shut_down to let the guest end in order, or force=true to lose it.",
        )
    if desired == SHUT_DOWN and vm.state in ("saved", "paused"):
        return Failure(
            "not_running",
            f"VM {vm.name} is {vm.state}, so its guest cannot shut down",
            "Start it first, leave it as it is, or use state=off with force=true.",
        )
    if desired == SAVED and vm.state == "off":
        return Failure("not_running", f"VM {vm.name} is off, so there is nothing to save", "Leave it as it is.")
    return None
