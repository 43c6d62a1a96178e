# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stopping VMs before they are moved, and starting them again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from ..planning.evacuation_plan import EvacuationPlan
from ..planning.strategies import OFFLINE, SAVE, SHUTDOWN
from ..power.power_changes import FAILED, RUNNING, SAVED, SHUT_DOWN, Change, DesiredState
from ..power.power_progress import StateProgress, say_nothing
from ..power.state_changer import StateChanger

STOP_WITHIN = 900.0  # seconds for a guest to shut down, or for a VM to be saved
START_WITHIN = 900.0
_LOOK_EVERY = 2.0  # seconds
_WISHES: dict[str, DesiredState] = {SHUTDOWN: SHUT_DOWN, SAVE: SAVED}


@dataclasses.dataclass(frozen=True)
class ToStop:
    """VMs that run and are not to run when they move, by strategy."""

    vms: Sequence[tuple[Vm, str]]

    @classmethod
    def of(cls, plan: EvacuationPlan) -> ToStop:
        """Return those of a plan: VMs that move, and VMs of the node alone that stay."""
        leaving = [(move.candidate.vm, move.candidate.strategy) for move in plan.moves]
        staying = [(stay.vm, stay.strategy) for stay in plan.stays if not stay.is_blocking]
        return cls([(vm, how) for vm, how in (*leaving, *staying) if how in OFFLINE and vm.state not in AT_REST])

    def by(self, strategy: str) -> list[Vm]:
        """Return those of one strategy."""
        return [vm for vm, how in self.vms if how == strategy]


class PowerSwitch:
    """Stops and starts VMs, clustered ones and those that only their host knows.

    Attributes:
        cluster: where they are asked for.
        changes: what was asked for so far, each as far as it has come.
    """

    def __init__(self, cluster: Cluster, tell: Callable[[str], None] | None) -> None:
        """``tell`` shows lines of progress, None for none."""
        self.cluster = cluster
        self._tell = tell
        self.changes: list[Change] = []

    def objections(self, to_stop: ToStop) -> list[str]:
        """Return why some of these cannot be stopped, as far as that is known beforehand. Changes nothing.

        Raises HyperVError, Fault and TransportError.
        """
        found = []
        for strategy, wish in _WISHES.items():
            changer = self._changer(wish, STOP_WITHIN)
            changes = changer.plan(*_by_home(to_stop.by(strategy)))
            changer.dry_run(changes)
            found += [change.error.text for change in changes if change.error is not None]
        return found

    def stop(self, to_stop: ToStop) -> list[Change]:
        """Stop VMs, each in its way, until one of them fails; return those that did. Raises as ``objections``."""
        for strategy, wish in _WISHES.items():
            failed = self._bring(wish, to_stop.by(strategy), STOP_WITHIN)
            if failed:
                return failed
        return []

    def start(self, vms: Sequence[Vm], within: float = START_WITHIN) -> list[Change]:
        """Start VMs; return those that do not run. Raises as ``objections``."""
        return self._bring(RUNNING, vms, within)

    def _bring(self, wish: DesiredState, vms: Sequence[Vm], within: float) -> list[Change]:
        if not vms:
            return []
        changer = self._changer(wish, within)
        changes = changer.plan(*_by_home(vms))
        self.changes += changes  # before anything is asked for: whoever is cut off knows them
        changer.run(changes, StateProgress(self._tell, self.cluster.clock).report if self._tell else say_nothing)
        return [change for change in changes if change.outcome == FAILED]

    def _changer(self, wish: DesiredState, within: float) -> StateChanger:
        return StateChanger(self.cluster, wish, force=False, timeout=within, poll_interval=_LOOK_EVERY)

    @property
    def asked_to_shut_down(self) -> list[Vm]:
        """Guests that were asked to shut down and were not seen off: they may still do so."""
        asked = [change for change in self.changes if change.desired == SHUT_DOWN and change.calls]
        return [change.vm for change in asked if change.vm.state not in AT_REST]


def _by_home(vms: Sequence[Vm]) -> tuple[list[Vm], list[Vm]]:
    """Return clustered VMs, and those that only their host knows."""
    return [vm for vm in vms if vm.namespace != VIRTUALIZATION], [vm for vm in vms if vm.namespace == VIRTUALIZATION]
