# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The product's runs: what an action does with its options, and what it says at the end."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

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
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.strategies import read_strategies
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.node_restarts import (
    objection_to_restart,
    restart_node,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.power_progress import say_nothing
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.state_changer import StateChanger
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import read_ledger
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.migrate import (
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


def tell(stage: Play, run: Run) -> Told:
    """Carry out one run as its action does; return what it says."""
    try:
        return _RUNS[run.kind](stage, run)
    except (HyperVError, NoAnswer) as error:
        return Told("refused", with_remedy(error))
    except Exception as error:
        return Told("broken", f"{type(error).__name__}: {error}")


def _home(stage: Play, run: Run) -> str:
    """Return a node that answers, another one than that of the run if there is one."""
    members = [name for name, node in stage.cluster.members.items() if node.answers]
    return next((name for name in members if name != run.node), run.node)


def _controller(stage: Play, run: Run) -> Controller:
    return Controller(
        lambda node, owner: stage.files.ledger_of(node),
        moment,
        lambda: stage.connect(_home(stage, run)),
        cut_off=lambda error: "The task was cut off after 60 s" if isinstance(error, CutOff) else "",
        gone=(Gone,),
    )


def _options(run: Run) -> MigrationOptions:
    policy = Policy(retries=run.retries, on_timeout="cancel" if run.cancels else "leave")
    return MigrationOptions(timeout=run.timeout, policy=policy)


def _evacuate(stage: Play, run: Run) -> Told:
    given = stage.plans.get(run.node) if run.given else None
    wish = EvacuationRequest(
        run.node,
        strategies=read_strategies([{"vm": vm, "strategy": strategy} for vm, strategy in run.strategies]),
        earlier=read_earlier_plan(given) if given is not None else None,
        restart=run.restart,
        helpers=run.helpers,
    )
    options = EvacuationOptions(
        _options(run), attempts=run.attempts, give_back=run.gives_back, storage=_STORAGE, balancer_off=run.balancer_off
    )
    evacuation = Evacuation(stage.connect(_home(stage, run)), wish, options, _controller(stage, run))
    outcome = evacuation.dry_run() if run.check else evacuation.execute()
    stage.plans[run.node] = dict(outcome.plan)
    return _told(stage, run, outcome)


def _restore(stage: Play, run: Run) -> Told:
    given = stage.artifacts.get(run.node) if run.given else None
    ledger = read_ledger(given, "the artifact") if given is not None else None
    chosen = RestorationOptions(_options(run), run.node, roles=run.roles)
    restoration = Restoration(stage.connect(_home(stage, run)), chosen, _controller(stage, run), ledger)
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


def _move(stage: Play, run: Run) -> Told:
    cluster, options = stage.connect(_home(stage, run)), _options(run)
    moves = plan(cluster, [MoveRequest(destination, vm) for vm, destination in run.moves], options.method)
    done = (dry_run if run.check else migrate)(cluster, moves, options)
    failed = [task for task in done.tasks if task.error is not None]
    warnings = [warning for task in done.tasks for warning in task.warnings]
    return Told(
        "failed" if failed else "well",
        " ".join([failure_message(done.tasks) if failed else "", *done.notes, *warnings]),
        tuple(dict(move_record(task, moment)) for task in done.tasks),
    )


def _power(stage: Play, run: Run) -> Told:
    cluster = stage.connect(_home(stage, run))
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


def _restart(stage: Play, run: Run) -> Told:
    cluster = stage.connect(_home(stage, run))
    node, objection = objection_to_restart(cluster, run.node, local_vms=False)
    if objection:
        return Told("refused", objection)
    if run.check:
        return Told("well")
    try:
        done = restart_node(cluster, node, force=True, timeout=1800.0, poll_interval=5.0)
    except HyperVError as error:
        return Told("failed", str(error))
    return Told("well", node_state=done.node.state)


_RUNS: dict[str, t.Callable[[Play, Run], Told]] = {
    "evacuate": _evacuate,
    "restore": _restore,
    "move": _move,
    "power": _power,
    "restart": _restart,
}
__all__: Sequence[str] = ("moment", "reading", "tell")
