# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rolling maintenances of several nodes at once in process: what the role does, step by step, on the manual clock."""

from __future__ import annotations

import dataclasses
import pathlib
import threading
import typing as t
from collections.abc import Callable, Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.redundancy import read_redundancy
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.controller import Controller
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.evacuation import Evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.evacuation_options import (
    EvacuationOptions,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.health_gate import HealthGate
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.restoration import Restoration
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.restoration_options import (
    RestorationOptions,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turn import Turn
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turn_results import (
    as_result,
    records_of_evacuation,
    with_plan,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turns_together import TurnsTogether
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.absence import Absence
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.beside import read_beside
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.kept_free import KeptFree
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.restoration_plan import RestorationPlan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import LayoutName
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.file_names import Owner
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_resume import RollingOptions
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import Phase, phase_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._ledgers import ledger_file_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._rolling_file import RollingFile, end_work, enter_phase

from tests.support.scenarios import Scenario
from tests.support.several_clients import Killed, SideBySide

OWNER = Owner("hvc1.corp.example", "hvc1")
_HOUR = 3600.0


class Failed(Exception):
    """What the user's tasks, an evacuation or a restoration ended with."""


@dataclasses.dataclass
class Roll:
    """A rolling maintenance, run after run.

    Attributes:
        failing: nodes on which the user's tasks fail.
        together: the nodes that had their turns at the same time, in this order, of all runs.
        lines: what was told.
        balancer_off: the balancer of the cluster is off while nodes are empty.
        work_seconds: how long the user's tasks take on a node.
        overlap: the next node is emptied while one gets its VMs back.
    """

    given: Scenario
    folder: pathlib.Path
    hosts: Sequence[str]
    at_once: int = 2
    layout: LayoutName = "keep"
    seed: int = 0
    balancer_off: bool = False
    work_seconds: float = 60.0
    overlap: bool = False
    failing: set[str] = dataclasses.field(default_factory=set)
    together: list[list[str]] = dataclasses.field(default_factory=list)
    lines: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.simulated = SideBySide(self.given, self.hosts[-1], self.seed)
        self.file = RollingFile(str(self.folder), OWNER)
        self._failed: list[BaseException] = []
        self.options = RollingOptions(OWNER.full, self.hosts, OWNER.short)

    @property
    def phases(self) -> dict[str, Phase]:
        state = self.file.read()
        return {host: phase_of(state, host) if state is not None else "" for host in self.hosts}

    @property
    def owners(self) -> dict[str, str]:
        return {vm["name"]: vm["owner"] for vm in self.simulated.server.state()["vms"]}

    @property
    def node_states(self) -> dict[str, str]:
        return {node["name"]: node["state"] for node in self.simulated.server.state()["nodes"]}

    def run(self) -> None:
        """Go through all batches, as the playbook does. Raises what the first one that fails was ended by."""
        for place in range(0, len(self.hosts), self.at_once):
            waiting = list(self.hosts[place : place + self.at_once])
            while waiting:
                waiting = self._take(waiting)

    def _take(self, batch: Sequence[str]) -> list[str]:
        result = self._plan(batch)
        turns = [one for one in (result["together"] or {result["host"]: result}).values() if one["steps"]]
        if turns:
            self.together.append([one["host"] for one in turns])
        for step in (self._evacuate, self._work, self._restore):
            works = [self._bound(step, one) for one in turns]
            if step == self._restore and self.overlap and turns:
                works = self._overlapping(turns[0])
            ended = self.simulated.run(*works)[: len(turns)]  # one that is begun early has its own turn later
            errors = [one for one in ended if isinstance(one, BaseException)]
            turns = [one for one, end in zip(turns, ended, strict=True) if not isinstance(end, BaseException)]
            if errors and (not turns or any(not isinstance(one, Failed) for one in errors)):
                raise errors[0]
            self._failed += errors
        if self._failed:
            raise self._failed[0]
        return list(result["waiting"])

    def _bound(self, step: Callable[[dict[str, t.Any]], None], turn: dict[str, t.Any]) -> Callable[[], None]:
        return lambda: step(turn)

    def _plan(self, batch: Sequence[str]) -> dict[str, t.Any]:
        self._failed.clear()
        cluster, state = self.simulated.client(), self.file.resume(self.options).state
        asked = [Turn(host, host, self.hosts, state, False, False, self.layout) for host in batch]
        turns = TurnsTogether.of(asked, self.at_once)
        names = {host: host for host in self.hosts}
        rolling = {**dataclasses.asdict(self.options), "folder": str(self.folder)}
        turns.check(cluster, HealthGate((), _HOUR, _HOUR, 10, self.lines.append))
        result = as_result(turns, names, {"following": turns.first.following}, rolling)
        if turns.first.is_planned:
            rest = list(self.hosts[self.hosts.index(batch[-1]) + 1 :])
            later = [rest[place : place + self.at_once] for place in range(0, len(rest), self.at_once)]
            absence = Absence(read_redundancy(cluster))
            turns, plan = turns.plan_rest(read_whole_cluster(cluster), EvacuationRequest(""), names, absence, later)
            planned = turns.as_planned(plan, records_of_evacuation(turns, rolling))
            result = with_plan(as_result(turns, names, {}, rolling), planned)
        self.lines += turns.intention("via")
        return result

    def _controller(self, enter: Callable[[], None] = lambda: None) -> Controller:
        return Controller(
            lambda node, owner: ledger_file_of(None, str(self.folder), node, owner),
            lambda reading: f"2026-01-01T00:00:{reading % 60:05.2f}+00:00",
            self.simulated.client,
            self.lines.append,
            enter=enter,
            gone=(Killed,),
        )

    def _evacuate(self, turn: dict[str, t.Any]) -> None:
        if "evacuate" not in turn["steps"]:
            return
        rolling = turn["evacuation"]
        earlier = read_earlier_plan(rolling["plan"]) if "plan" in rolling else None
        request = EvacuationRequest(
            turn["node"],
            earlier=earlier,
            beside=read_beside(rolling.get("beside")),
            kept_free=[*self._emptied_next(turn["node"]), *turn.get("kept_free", ())],
        )
        controller = self._controller(lambda: enter_phase(rolling, "begun"))
        options = EvacuationOptions(balancer_off=self.balancer_off)
        outcome = Evacuation(self.simulated.client(), request, options, controller).execute()
        if outcome.error:
            raise Failed(outcome.error)
        enter_phase(rolling, "evacuated")

    def _work(self, turn: dict[str, t.Any]) -> None:
        self.simulated.pause(self.work_seconds)
        if "work" in turn["steps"]:
            if turn["node"] in self.failing:
                raise Failed(f"the tasks on {turn['node']} failed")
            assert turn["node"] not in self.owners.values()
        end_work(turn["rolling"], restart=False, dry_run=False)

    def _emptied_next(self, node: str) -> list[KeptFree]:
        later = self.hosts[self.hosts.index(node) + 1 :] if self.overlap else ()
        return [KeptFree(one, "it is emptied next", always=False) for one in later[:1]]

    def _overlapping(self, turn: dict[str, t.Any]) -> list[Callable[[], None]]:
        """Return what fills a node, and what empties the next one as soon as it takes VMs."""
        following, moving = str(turn["following"]), threading.Event()
        rolling = {**turn["rolling"], "node": following, "name": following}
        busy = KeptFree(turn["node"], "it gets its VMs back")
        early = {"steps": ["evacuate"], "node": following, "evacuation": rolling, "kept_free": [busy]}

        def empty() -> None:
            while not moving.is_set():
                self.simulated.pause(1)
            self._evacuate(early)

        def fill() -> None:
            try:
                self._restore(turn, lambda plan: moving.set())
            finally:
                moving.set()

        return [fill, empty] if following else [lambda: self._restore(turn)]

    def _restore(
        self, turn: dict[str, t.Any], on_moving: Callable[[RestorationPlan], None] = lambda plan: None
    ) -> None:
        options = RestorationOptions(node=turn["node"], home=turn["home"])
        outcome = Restoration(self.simulated.client(), options, self._controller(), None, on_moving).execute()
        self.lines.append(outcome.note)
        if outcome.error:
            raise Failed(outcome.error)
        enter_phase(turn["rolling"], "done")
