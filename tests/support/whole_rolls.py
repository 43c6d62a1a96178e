# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rolling maintenances of large clusters in process, from the first node to the last, and what is true afterwards.

Each node is emptied, away for some minutes, and given back, as the role does it, but for Ansible itself. A roll by a
plan is planned at its start and whenever half of the nodes that were left are done. The role plans before each turn;
with 64 nodes that takes longer than the turns themselves.
"""

from __future__ import annotations

import dataclasses
import gc
import typing as t
from collections.abc import Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll import plan_roll
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_plan import RollPlan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import (
    ANY,
    KEEP,
    LayoutName,
    RollRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster

from tests.support.maintenance import MemoryLedger, Story
from tests.support.rolls import DrawnCluster
from tests.support.scenarios import node, scenario, vm

_AWAY = 1200.0  # seconds


@dataclasses.dataclass(frozen=True)
class Rolled:
    """What a rolling maintenance came to.

    Attributes:
        seconds: simulated ones.
        made: how many moves were made, as the simulated cluster counts them.
        planned: how many the plan at the start has.
        astray: VMs that do not run, or not where their plans put them.
        not_up: nodes that do not take VMs.
    """

    seconds: float
    made: int
    planned: int
    astray: tuple[str, ...]
    not_up: tuple[str, ...]


class WholeRoll:
    """A rolling maintenance of all nodes of a cluster that was drawn, one after the other.

    Attributes:
        simulated: the cluster.
    """

    def __init__(self, drawn: DrawnCluster, layout: LayoutName) -> None:
        self._names, self._layout = drawn.names, layout
        self._story = Story(
            scenario(
                [node(name, memory_mb=size) for name, size in drawn.nodes.items()],
                [vm(one.name, owner=one.node, memory_mb=one.memory_mb) for one in drawn.guests],
            )
        )
        self.simulated = self._story.simulated
        self._where = {one.name: one.node for one in drawn.guests}

    def run(self) -> Rolled:
        """Take all nodes through maintenance. Raises AssertionError where one of its steps fails."""
        simulated = self.simulated
        began, planned, plan_again_at = simulated.now(), 2 * len(self._where), len(self._names)
        steps: list[dict[str, t.Any]] = [{"node": name} for name in self._names]
        while steps:
            if self._layout == ANY and len(steps) == plan_again_at:
                plan = self.plan([step["node"] for step in steps])
                planned = plan.total.moves if len(steps) == len(self._names) else planned
                steps, plan_again_at = list(plan.turns()), plan_again_at // 2
            self.take(steps.pop(0), _AWAY)
            simulated.requests.clear()
        state = simulated.server.state()
        return Rolled(
            simulated.now() - began,
            sum(simulated.server.counters()["migrations"].values()),
            planned,
            tuple(
                one["name"]
                for one in state["vms"]
                if one["state"] != "running" or one["owner"] != self._where[one["name"]]
            ),
            tuple(one["name"] for one in state["nodes"] if one["state"] != "up"),
        )

    def plan(self, left: Sequence[str]) -> RollPlan:
        """Plan what is left."""
        done = [name for name in self._names if name not in left]
        whole = read_whole_cluster(self.simulated.cluster)
        plan = plan_roll(whole, RollRequest(left, done, layout=self._layout, evacuation=EvacuationRequest("")))
        assert plan.refusal is None, plan.refusal.text
        return plan

    def take(self, step: dict[str, t.Any], away: float) -> int:
        """Take a node through maintenance that is ``away`` for so many seconds, as planned where there is a plan.

        Returns how many moves it took.
        """
        story = self._story
        story.node = str(step["node"])
        story.simulated.home = next(name for name in self._names if name != story.node)
        story.ledger = MemoryLedger()
        given = {key: step[key] for key in ("node", "moves", "helpers", "stays")} if "moves" in step else None
        emptied = story.evacuate(plan=given)
        assert not emptied.error, emptied.error
        story.simulated.pause(away)
        returns_all = self._layout == KEEP or step["returns_all"]
        filled = story.restore(home=("*",) if returns_all else ())
        assert not filled.error, filled.error
        moves = [*step.get("helpers", ()), *step.get("moves", ()), *step.get("returns", ())]
        self._where |= {one["name"]: one["destination_host"] for one in moves}
        return len(emptied.moves) + len(filled.moves)


def roll(drawn: DrawnCluster, layout: LayoutName) -> Rolled:
    """Take all nodes through maintenance, with what the simulated hosts hold kept from the collector of Python."""
    whole = WholeRoll(drawn, layout)
    gc.collect()
    gc.freeze()
    try:
        return whole.run()
    finally:
        gc.unfreeze()
