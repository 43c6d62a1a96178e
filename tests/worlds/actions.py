# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an action does with its options, and what it says at the end."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import pick_vm, read_vms
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError, with_remedy
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.controller import Controller
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.evacuation import Evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.evacuation_options import (
    EvacuationOptions,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.outcome import (
    EvacuationOutcome,
    Outcome,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.restoration import Restoration
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.restoration_options import (
    RestorationOptions,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.storage_gate import StorageWait
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import Policy
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.restoration_plan import RestorationPlan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.strategies import read_strategies
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.node_restarts import (
    look_before_restart,
    restart_node,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.power_progress import say_nothing
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.state_changer import StateChanger
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import read_ledger
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.migrate import (
    Migration,
    MigrationOptions,
    dry_run,
    migrate,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.move_results import (
    failure_message,
    move_record,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import NoAnswer

from .controllers import CutOff
from .judge import STORAGE_TIMEOUT
from .play import Play, Told
from .world import Run

_STORAGE = StorageWait(STORAGE_TIMEOUT, 30)
_BEGAN = dt.datetime(2026, 1, 15, 8, 0, tzinfo=dt.timezone.utc)


class Gone(Exception):
    """Ansible is gone."""


def moment(reading: float) -> str:
    """Return a reading of the clock as a date."""
    return (_BEGAN + dt.timedelta(seconds=reading)).isoformat(timespec="microseconds")


def reading(date: str) -> float:
    """Return a date as a reading of the clock."""
    return (dt.datetime.fromisoformat(date) - _BEGAN).total_seconds()


def as_told(act: t.Callable[[], Told]) -> Told:
    """Return what an action says, whatever ends it."""
    try:
        return act()
    except (HyperVError, NoAnswer) as error:
        return Told("refused", with_remedy(error))
    except Exception as error:  # a judge finds out that nobody says so to a user
        return Told("broken", f"{type(error).__name__}: {error}")


def home_of(stage: Play, run: Run) -> str:
    """Return a node that answers, another one than that of the run if there is one."""
    members = [name for name, node in stage.cluster.members.items() if node.answers]
    return next((name for name in members if name not in (run.node, *run.nodes)), run.node)


def controller_of(stage: Play, run: Run, enter: t.Callable[[], None] = lambda: None) -> Controller:
    return Controller(
        lambda node, owner: stage.files.ledger_of(node),
        moment,
        lambda: stage.connect(home_of(stage, run)),
        enter=enter,
        cut_off=lambda error: "The task was cut off after 60 s" if isinstance(error, CutOff) else "",
        gone=(Gone,),
    )


def options_of(run: Run) -> MigrationOptions:
    policy = Policy(retries=run.retries, on_timeout="cancel" if run.cancels else "leave")
    return MigrationOptions(timeout=run.timeout, policy=policy)


def wish_of(run: Run) -> EvacuationRequest:
    """Return how the node of a run is to be emptied, or each node of a rolling maintenance."""
    return EvacuationRequest(
        run.node,
        strategies=read_strategies([{"vm": vm, "strategy": strategy} for vm, strategy in run.strategies]),
        restart=run.restart,
        helpers=run.helpers,
    )


def evacuate_as_given(stage: Play, run: Run) -> Told:
    """Empty a node, by the plan of an earlier run where that is handed on."""
    given = stage.plans.get(run.node) if run.given else None
    earlier = read_earlier_plan(given) if given is not None else None
    return evacuate(stage, run, dataclasses.replace(wish_of(run), earlier=earlier))


def evacuate(stage: Play, run: Run, wish: EvacuationRequest, enter: t.Callable[[], None] = lambda: None) -> Told:
    """Empty a node; ``enter`` is called before the first change."""
    options = EvacuationOptions(
        options_of(run),
        attempts=run.attempts,
        give_back=run.gives_back,
        storage=_STORAGE,
        balancer_off=run.balancer_off,
        rest_disks=not run.overlap,
    )
    evacuation = Evacuation(stage.connect(home_of(stage, run)), wish, options, controller_of(stage, run, enter))
    outcome = evacuation.dry_run() if run.check else evacuation.execute()
    stage.plans[run.node] = dict(outcome.plan)
    return _told(stage, run, outcome)


def restore(stage: Play, run: Run, on_moving: t.Callable[[RestorationPlan], None] = lambda plan: None) -> Told:
    """Give a node its VMs back; ``on_moving`` is called when it takes them."""
    given = stage.artifacts.get(run.node) if run.given else None
    ledger = read_ledger(given, "the artifact") if given is not None else None
    chosen = RestorationOptions(options_of(run), run.node, roles=run.roles, home=run.home)
    cluster, controller = stage.connect(home_of(stage, run)), controller_of(stage, run)
    restoration = Restoration(cluster, chosen, controller, ledger, on_moving)
    return _told(stage, run, restoration.dry_run() if run.check else restoration.execute())


def _told(stage: Play, run: Run, outcome: Outcome) -> Told:
    result = outcome.as_result()
    if not run.check and outcome.ledger is not None:
        stage.artifacts[run.node] = result["ledger"]
    return Told(
        "failed" if outcome.error else "well",
        " ".join([outcome.error, outcome.note, *outcome.warnings]),
        tuple(result["moves"]),
        result["node_state"] or "",
        {vm["vm_id"].upper(): vm for vm in (result["ledger"] or {}).get("vms", ())},
        frozenset(vm["vm_id"] for vm in result["started"]),
        frozenset(stay["vm_id"] for stay in result["stays"]),
        tuple(result["roles"]),
        storage=str(outcome.storage["verdict"]) if isinstance(outcome, EvacuationOutcome) else "",
    )


def move(stage: Play, run: Run) -> Told:
    """Move VMs."""
    cluster, options = stage.connect(home_of(stage, run)), options_of(run)
    moves = plan(cluster, [MoveRequest(destination, vm) for vm, destination in run.moves], options.method)
    return told_of((dry_run if run.check else migrate)(cluster, moves, options))


def told_of(done: Migration) -> Told:
    """Return what is said of moves."""
    failed = [task for task in done.tasks if task.error is not None]
    warnings = [warning for task in done.tasks for warning in task.warnings]
    return Told(
        "failed" if failed else "well",
        " ".join([failure_message(done.tasks) if failed else "", *done.notes, *warnings]),
        tuple(dict(move_record(task, moment)) for task in done.tasks),
    )


def power(stage: Play, run: Run) -> Told:
    """Bring VMs into a state."""
    cluster = stage.connect(home_of(stage, run))
    changer = StateChanger(cluster, t.cast(t.Any, run.state), force=run.force, timeout=900.0, poll_interval=2.0)
    found = read_vms(cluster, names=list(run.vms))
    vms = [pick_vm(found, vm_id=None, name=name, known=lambda: read_vms(cluster)) for name in run.vms]
    changes = changer.plan(vms)
    if run.check:
        changer.dry_run(changes)
    else:
        changer.run(changes, say_nothing)
    failed = [change.error.text for change in changes if change.error is not None]
    return Told("failed" if failed else "well", " ".join(failed), tuple(change.as_result() for change in changes))


def restart(stage: Play, run: Run) -> Told:
    """Restart a node."""
    cluster = stage.connect(home_of(stage, run))
    found = look_before_restart(cluster, run.node, local_vms=False)
    if found.objection:
        return Told("refused", found.objection)
    if run.check:
        return Told("well")
    try:
        done = restart_node(cluster, found.node, force=True, timeout=1800.0, poll_interval=5.0, tell=cluster.tell)
    except HyperVError as error:
        return Told("failed", str(error))
    return Told("well", node_state=done.node.state)
