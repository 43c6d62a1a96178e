# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order in which nodes have their turns, where a plan finds it. Pure.

Nodes that are done come first, since they have nothing to do. After them come those that were begun: first those whose
work is done, then those that are still to be emptied. The plan decides on the others.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..failure.errors import HyperVError
from ..planning.absence import Absence
from ..planning.evacuation_request import EvacuationRequest
from ..planning.roll_plan import RollPlan
from ..planning.roll_request import KEEP, LayoutName, RollRequest
from ..records.rolling_state import OPEN, RollingState, phase_of

Batches = Sequence[Sequence[str]]


@dataclasses.dataclass(frozen=True)
class TurnOrder:
    """The nodes of a run before its first turn.

    Attributes:
        hosts: their inventory hosts, in the order of the inventory.
        state: the rolling maintenance as it stands.
        names: the names in the cluster, of these and of all that are done or were begun, by host.
        at_once: how many nodes the user allows to be away together.
        layout: where VMs are in the end.
        home: names, patterns and ids of VMs that return to their node in any layout.
    """

    hosts: Sequence[str]
    state: RollingState
    names: Mapping[str, str]
    at_once: int = 1
    layout: LayoutName = KEEP
    home: Sequence[str] = ()

    @property
    def done(self) -> list[str]:
        """Those that are done, also such as have no turn in this run."""
        return [host for host in self.state["nodes"] if phase_of(self.state, host) == "done"]

    @property
    def opened(self) -> list[str]:
        """The names in the cluster of all that an earlier run may have paused, also such as have no turn in this."""
        return self._named([host for host in self.state["nodes"] if phase_of(self.state, host) in OPEN])

    @property
    def begun(self) -> list[str]:
        """Those that were begun and are not done."""
        return [host for batch in self._begun() for host in batch]

    @property
    def others(self) -> list[str]:
        """Those of which the plan decides when they have their turns."""
        return [host for host in self.hosts if not phase_of(self.state, host)]

    def request(self, evacuation: EvacuationRequest, absence: Absence | None) -> RollRequest:
        """Return what is asked of the plan; ``absence``: which nodes may be away together, None where that is one."""
        begun = self._named(self.begun)
        restart = evacuation.restart or any(phase_of(self.state, host) == "restarting" for host in self.begun)
        return RollRequest(
            [*begun, *self._named(self.others)],
            self._named(self.done),
            layout=self.layout,
            home=tuple(self.home),
            evacuation=dataclasses.replace(evacuation, restart=restart),
            at_once=self.at_once if absence is not None else 1,
            absence=absence,
            groups=[self._named(batch) for batch in self._begun()],
            begun=begun,
        )

    def as_planned(self, plan: RollPlan) -> Batches:
        """Return the inventory hosts in the order of a plan, with those in one batch that are away together."""
        hosts = {first_label(self.names[host]): host for host in self.hosts}
        return [*self._finished(), *([hosts[first_label(node)] for node in batch.nodes] for batch in plan.batches)]

    def as_listed(self) -> Batches:
        """Return them as they are without a plan: those that have not begun in the order of the inventory."""
        return [*self._finished(), *self._begun(), *self._by_number(self.others)]

    def _finished(self) -> Batches:
        return self._by_number([host for host in self.hosts if phase_of(self.state, host) == "done"])

    def _begun(self) -> Batches:
        begun = [host for host in self.hosts if phase_of(self.state, host) in OPEN]
        worked = [host for host in begun if phase_of(self.state, host) == "worked"]
        return [*self._by_number(worked), *self._by_number([host for host in begun if host not in worked])]

    def _by_number(self, hosts: Sequence[str]) -> Batches:
        return [hosts[place : place + self.at_once] for place in range(0, len(hosts), self.at_once)]

    def _named(self, hosts: Sequence[str]) -> list[str]:
        return [self.names[host] for host in hosts]


def hosts_named(hosts: Sequence[str], state: RollingState) -> dict[str, str]:
    """Return the names in the cluster that the state knows, else empty ones, of a run and of all that had turns."""
    those = dict.fromkeys([*hosts, *(host for host, node in state["nodes"].items() if node["phase"])])
    return {host: state["nodes"][host].get("name", "") if host in state["nodes"] else "" for host in those}


def describe_order(batches: Batches, names: Mapping[str, str]) -> str:
    """Return an order in words, such as ``NODE3, NODE1 with NODE2, NODE4``; ``names`` are those in the cluster."""
    return ", ".join(" with ".join(names[host] for host in batch) for batch in batches)


@dataclasses.dataclass(frozen=True)
class PlannedOrder:
    """The order that was planned for a run, as its turns are told of it.

    Attributes:
        batches: the inventory hosts, those together that the play takes at once.
    """

    batches: Batches

    @classmethod
    def read(cls, given: Mapping[str, t.Any]) -> PlannedOrder | None:
        """Return that of a result of hyperv_rolling_order_info, None where there is none.

        Raises HyperVError for anything else.
        """
        if not given:
            return None
        try:
            order, sizes = [str(host) for host in given["order"]], [int(size) for size in given["serial"]]
        except (KeyError, TypeError, ValueError):
            order, sizes = [], []
        if not order or min(sizes, default=0) < 1 or sum(sizes) != len(order):
            raise HyperVError("planned is not what hyperv_rolling_order_info returned. Give its result as it was.")
        ends = list(itertools.accumulate(sizes))
        return cls([order[end - size : end] for end, size in zip(ends, sizes, strict=True)])

    @property
    def hosts(self) -> list[str]:
        """The inventory hosts in their order."""
        return [host for batch in self.batches for host in batch]

    def after(self, hosts: Sequence[str]) -> Batches:
        """Return the batches after that of some hosts, which are in one."""
        place = next(number for number, batch in enumerate(self.batches) if hosts[-1] in batch)
        return self.batches[place + 1 :]

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {"order": self.hosts, "serial": [len(batch) for batch in self.batches]}
