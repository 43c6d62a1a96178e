# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cancels running migrations."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, FailedWithResult, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.vms import Vm
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.usecases.job_cancellation import CancelledJob, cancel, dry_run
from ..plugin_utils._hyperv.usecases.job_listing import ListedJob, read_listing, wanted_vm
from ..plugin_utils._ranges import check_range
from ..plugin_utils._text import clean

_NAME_ONE = "Name the VM (name or vm_id) or the job (job_id) whose migration is to be cancelled. Nothing was cancelled."


class ActionModule(HyperVAction):
    """The action of hyperv_migration_job."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "state": {"type": "str", "required": True, "choices": ["cancelled"]},
            "name": {"type": "str", "aliases": ["vm_name"]},
            "vm_id": {"type": "str"},
            "job_id": {"type": "str"},
            "wait": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 120},
        },
        "mutually_exclusive": [("name", "vm_id", "job_id")],
        "required_one_of": [("name", "vm_id", "job_id")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Find the jobs that run, cancel them, and tell what came of each."""
        check_range(arguments, "timeout", 1, unit="seconds")
        _refuse_empty(arguments)
        vm = wanted_vm(cluster, arguments["name"], arguments["vm_id"])
        listing, notes = read_listing(cluster, vm, arguments["job_id"])
        running = [one for one in listing if not one.job.is_final]
        if vm is not None:
            running = [one for one in running if one.is_surely_migration]
        if not running and notes:
            raise HyperVError(
                f"Nothing was cancelled, and a job may run all the same: {' '.join(notes)} "
                "Mend that, then run the task again."
            )
        if not running:
            return _nothing_to_cancel(vm, arguments["job_id"], listing, notes)
        cluster.confirm()
        if self.check_mode:
            ended = [dry_run(one) for one in running]
        else:
            ended = cancel(cluster, running, wait=arguments["wait"], timeout=float(arguments["timeout"]))
        return _result(cluster, running, ended, notes)


def _refuse_empty(arguments: Arguments) -> None:
    """Refuse a task that names nothing, as a variable without a value does: that would mean every migration."""
    for name in ("name", "vm_id", "job_id"):
        if arguments[name] is not None and not arguments[name].strip():
            raise HyperVError(f"{name} is empty. {_NAME_ONE}")
    if not any(arguments[name] for name in ("name", "vm_id", "job_id")):
        raise HyperVError(f"name, vm_id and job_id are all empty. {_NAME_ONE}")


def _nothing_to_cancel(vm: Vm | None, job_id: str | None, listing: list[ListedJob], notes: list[str]) -> Result:
    if vm is not None and vm.is_migrating:
        raise HyperVError(
            f"VM {vm.name} is being migrated on {vm.node}, by a job that no node shows: nothing could be cancelled. "
            f"{' '.join(notes) or 'Look at it in Failover Cluster Manager.'}"
        )
    what = f"VM {vm.name} is not being migrated" if vm else f"There is no job {job_id}; an ended one is kept 5 minutes"
    if vm is None and listing:
        what = f"Job {job_id} has ended already, as {listing[0].job.state}"
    return {
        "changed": False,
        "msg": f"{what}. Nothing to cancel.",
        "jobs": [],
        "diff": {"before": "", "after": ""},
        "warnings": notes,
    }


def _result(cluster: Cluster, running: list[ListedJob], ended: list[CancelledJob], notes: list[str]) -> Result:
    message = " ".join(one.message for one in ended)
    result: Result = {
        "changed": any(one.changed for one in ended),
        "msg": message,
        "jobs": [one.as_result(cluster) for one in ended],
        "diff": {
            "before": "".join(_line(one, one.job.state) for one in running),
            "after": "".join(_line(one.listed, one.outcome) for one in ended),
        },
        "warnings": notes + [one.message for one in ended if one.outcome in ("completed", "failed")],
    }
    if any(one.is_failure for one in ended):
        raise FailedWithResult(message, result)
    return result


def _line(one: ListedJob, word: str) -> str:
    vm = one.vm.name if one.vm else one.job.vm_id
    return f"{clean(vm)}: job {one.job.id} to {one.job.destination or 'an unknown node'} {word}\n"
