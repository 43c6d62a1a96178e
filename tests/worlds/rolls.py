# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run of the product's role for rolling maintenance: its steps with their modules' options, batch after batch.

Hosts of a batch are at the same step, as ansible-core's strategy linear has them, and each goes on by itself within it.
Where one fails, the others of its batch come to their end, and no further batch is begun.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.node_readiness import read_maintenance
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.redundancy import read_redundancy
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.early_evacuation import why_not_early
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.health_gate import HealthGate
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turn import Turn
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turn_results import (
    as_result,
    records_of_evacuation,
    with_plan,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turns_together import TurnsTogether
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.absence import Absence
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.beside import read_beside
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.kept_free import KeptFree
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.layout import present_layout
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.refill import refill
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.restoration_plan import RestorationPlan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import (
    BALANCED,
    RollRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.file_names import Owner
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_resume import RollingOptions
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import Phase, phase_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.migrate import migrate
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._rolling_file import (
    RollingFile,
    end_work,
    enter_phase,
    not_done_beside,
)

from .actions import as_told, evacuate, home_of, options_of, restart, restore, told_of, wish_of
from .judge import STORAGE_TIMEOUT
from .play import Play, Told
from .steps import Killed
from .world import Run

_HEALTH_TIMEOUT = 300.0  # seconds
_WORK = 60.0  # seconds
_ONE = "the one"  # name of the rolling maintenance, so that a run after its end goes through no node again

Record = dict[str, t.Any]


def roll(stage: Play, run: Run) -> Told:
    """Go through all nodes that are not done."""
    rolling = _Roll(stage, run)
    try:
        rolling.execute()
    except Killed:
        return rolling.told("killed")
    return rolling.told("failed" if rolling.failed else "well")


class _Roll:
    def __init__(self, stage: Play, run: Run) -> None:
        self._stage = stage
        self._run = run
        cluster = stage.cluster.scenario.cluster
        owner = Owner(cluster.fqdn, cluster.name)
        self._folder = stage.files.folder.name
        self._file = RollingFile(self._folder, owner)
        self._options = RollingOptions(owner.full, run.nodes, owner.short, run_id=_ONE)
        self._said: list[str] = []
        self.failed = False

    def told(self, ending: t.Literal["well", "failed", "killed"]) -> Told:
        """Return what was said, and the phases that are noted."""
        state = self._file.read()
        phases = {node: phase_of(state, node) for node in self._run.nodes} if state is not None else {}
        return Told(ending, " ".join(self._said), phases=dict(phases))

    def execute(self) -> None:
        """Take the batches one after the other. Raises Killed."""
        nodes, size = self._run.nodes, self._run.at_once
        for place in range(0, len(nodes), size):
            waiting: Sequence[str] = nodes[place : place + size]
            while waiting and not self.failed:
                waiting = self._take(waiting)

    def _take(self, asked: Sequence[str]) -> Sequence[str]:
        found: Record = {}
        (planned,) = self._carry_out([(self._part("turn", asked, check=True), lambda: self._plan(asked, found))])
        if planned.ending != "well":
            return ()
        together = found["together"] or {found["host"]: found}
        turns: list[Record] = [one for one in together.values() if one["steps"]]
        for step in (self._evacuate, self._work, self._restart, self._restore):
            works = [one for turn in turns for one in step(turn, found["batch"])]
            told = dict(zip([run.node for run, unused in works], self._carry_out(works), strict=True))
            turns = [one for one in turns if one["node"] not in told or told[one["node"]].ending == "well"]
        for turn in turns:  # throttle: 1
            self._carry_out(list(self._refill(turn, found["batch"])))
        return t.cast("Sequence[str]", found["waiting"])

    def _carry_out(self, works: Sequence[tuple[Run, Callable[[], Told]]]) -> list[Told]:
        if not works:
            return []
        told = self._stage.carry_out_parts(*((run, functools.partial(as_told, act)) for run, act in works))
        self._said += [one.text for one in told if one.text]
        # What is begun early is brought to its end in its own turn, so that it does not fail.
        bound = [one for one, (run, unused) in zip(told, works, strict=True) if not run.overlap]
        self.failed = self.failed or any(one.ending != "well" for one in bound)
        return told

    def _part(self, kind: t.Any, batch: Sequence[str], node: str = "", **changes: t.Any) -> Run:
        """Return a part of the run that is about a node, while those of the batch may be away."""
        given = {"overlap": False, **changes}
        return dataclasses.replace(self._run, kind=kind, node=node or batch[0], nodes=tuple(batch), **given)

    def _note(self, note: Callable[[], t.Any]) -> t.Any:
        if self._stage.files.are_full:
            raise HyperVError(f"{self._folder} cannot be written: No space left on device. Choose another path.")
        return note()

    def _enter(self, record: Mapping[str, t.Any], phase: Phase) -> None:
        self._note(lambda: enter_phase(record, phase))

    # The steps.

    def _plan(self, asked: Sequence[str], found: Record) -> Told:
        cluster = self._stage.connect(home_of(self._stage, self._part("turn", asked)))
        state = self._file.resume(self._options).state
        nodes, run = self._run.nodes, self._run
        turns = TurnsTogether.of(
            [Turn(host, host, nodes, state, run.restart, False, run.layout, run.home) for host in asked], run.at_once
        )
        names = {host: host for host in nodes}
        rolling = {**dataclasses.asdict(self._options), "folder": self._folder}
        for one in turns.check(cluster, HealthGate((), _HEALTH_TIMEOUT, STORAGE_TIMEOUT, 10, lambda line: None)):
            self._said.append(one)
        was_begun = phase_of(state, turns.first.following) != ""
        found.update(
            as_result(
                turns,
                names,
                {"following": turns.first.following if run.overlap else "", "was_begun": was_begun},
                rolling,
            )
        )
        if turns.first.is_planned:
            rest = nodes[max(nodes.index(host) for host in asked) + 1 :]
            later = [rest[place : place + len(asked)] for place in range(0, len(rest), len(asked))]
            absence = Absence(read_redundancy(cluster)) if run.at_once > 1 else None
            whole = read_whole_cluster(cluster)
            turns, plan = turns.plan_rest(whole, wish_of(self._part("turn", asked)), names, absence, later)
            planned = turns.as_planned(plan, records_of_evacuation(turns, rolling))
            found.clear()
            found.update(with_plan(as_result(turns, names, {"following": ""}, rolling), planned))
        return Told("well", batch=tuple(found["batch"]))

    def _evacuate(self, turn: Record, batch: Sequence[str]) -> Iterator[tuple[Run, Callable[[], Told]]]:
        if "evacuate" not in turn["steps"]:
            return
        record = turn["evacuation"]
        run = self._part("evacuate", batch, turn["node"], restart=turn["restart"], home=("*",))
        earlier = read_earlier_plan(record["plan"]) if "plan" in record else None
        beside = read_beside(record.get("beside"))
        helpers = 0 if beside.counts else run.helpers
        wish = dataclasses.replace(wish_of(run), earlier=earlier, beside=beside, helpers=helpers)
        if turn["following"]:
            wish = dataclasses.replace(wish, kept_free=self._emptied_next(turn["node"]))
        yield run, lambda: self._empty(run, wish, record)

    def _empty(self, run: Run, wish: EvacuationRequest, record: Mapping[str, t.Any]) -> Told:
        told = evacuate(self._stage, run, wish, lambda: self._enter(record, "begun"))
        try:
            if told.ending == "well":
                self._enter(record, "evacuated")
        except HyperVError as error:
            told = dataclasses.replace(told, ending="failed", text=f"{error} {told.text}")
        return told

    def _emptied_next(self, node: str) -> list[KeptFree]:
        later = self._run.nodes[self._run.nodes.index(node) + 1 :]
        return [KeptFree(one, "it is emptied next", always=False) for one in later[:1]]

    def _work(self, turn: Record, batch: Sequence[str]) -> Iterator[tuple[Run, Callable[[], Told]]]:
        node = turn["node"]
        run = self._part("work", batch, node)

        def act() -> Told:
            ready = read_maintenance(self._stage.connect(node), node, "", self._staying(node))
            if ready.objection:
                return Told("refused", ready.objection)
            self._stage.pause(_WORK)
            return Told("failed", f"The user's tasks on {node} have failed.") if node in run.failing else Told("well")

        if "work" in turn["steps"]:
            yield run, act

    def _staying(self, node: str) -> frozenset[str]:
        """Return the ids of the VMs that are meant to stay on a node that was emptied."""
        stays = (self._stage.plans.get(node) or {}).get("stays", ())
        return frozenset(vm["vm_id"].upper() for vm in stays if not vm.get("blocking"))

    def _restart(self, turn: Record, batch: Sequence[str]) -> Iterator[tuple[Run, Callable[[], Told]]]:
        record = turn["rolling"]
        run = self._part("restart", batch, turn["node"])

        def act() -> Told:
            if self._note(lambda: end_work(record, self._run.restart, dry_run=False)) != "restarting":
                return Told("well")
            told = restart(self._stage, run)
            if told.ending == "well":
                self._enter(record, "worked")
            return told

        yield run, act

    def _restore(self, turn: Record, batch: Sequence[str]) -> Iterator[tuple[Run, Callable[[], Told]]]:
        run = self._part("restore", batch, turn["node"], home=tuple(turn["home"]))
        following = turn["following"]
        if not following:
            yield run, lambda: restore(self._stage, run)
            return
        early = self._part("evacuate", (turn["node"], following), following, home=("*",), overlap=True)
        may_begin: list[bool] = []

        def begin(plan: RestorationPlan) -> None:
            cluster, now = self._stage.connect(home_of(self._stage, run)), dt.datetime.now(dt.timezone.utc)
            may_begin.append(not why_not_early(cluster, plan, following, (), None, now, is_ours=turn["was_begun"]))

        def fill() -> Told:
            try:
                return restore(self._stage, run, begin)
            finally:
                may_begin.append(False)

        def empty() -> Told:
            while not may_begin:
                self._stage.pause(1)
            if not may_begin[0]:
                return Told("refused")
            kept_free = [*self._emptied_next(following), KeptFree(turn["node"], "it gets its VMs back")]
            wish = dataclasses.replace(wish_of(early), helpers=0, kept_free=kept_free)
            record = {**turn["rolling"], "node": following, "name": following, "begin_anew": False}
            return self._empty(early, wish, record)

        yield run, fill
        yield early, empty

    def _refill(self, turn: Record, batch: Sequence[str]) -> Iterator[tuple[Run, Callable[[], Told]]]:
        run, record = self._part("refill", batch, turn["node"]), turn["rolling"]

        def act() -> Told:
            told = Told("well")
            if turn["refills"] and not not_done_beside(record):
                told = self._even_out(run)
            if told.ending == "well":
                self._enter(record, "done")
            return told

        yield run, act

    def _even_out(self, run: Run) -> Told:
        cluster = self._stage.connect(home_of(self._stage, run))
        layout = present_layout(read_whole_cluster(cluster))
        request = RollRequest((), layout=BALANCED, home=self._run.home, evacuation=wish_of(run))
        wanted = refill(layout, request.evacuation, request.returning(list(layout.vms.values())))
        vms = [one.helper.candidate.vm for one in wanted]
        requests = [
            MoveRequest(one.destination, vm.name, vm.id, source=one.helper.node)
            for one, vm in zip(wanted, vms, strict=True)
        ]
        options = options_of(run)
        return told_of(migrate(cluster, plan(cluster, requests, options.method), options))
