# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starts, shuts down, saves and turns off VMs."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, FailedWithResult, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import VIRTUALIZATION, Cluster
from ..plugin_utils._hyperv.cluster.nodes import hosts_of_vms, read_surroundings
from ..plugin_utils._hyperv.cluster.vms import Vm, normal_id, note_other_names, pick_vm, read_local_vms, read_vms
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.power.power_changes import CHANGED, DESIRED_STATES, FAILED, WOULD_CHANGE, Change
from ..plugin_utils._hyperv.power.power_progress import StateProgress, say_nothing
from ..plugin_utils._hyperv.power.state_changer import StateChanger
from ..plugin_utils._ranges import check_poll_interval, check_range
from ..plugin_utils._text import clean


class ActionModule(HyperVAction):
    """The action of hyperv_vm_state."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "name": {"type": "str", "aliases": ["vm_name"]},
            "vm_id": {"type": "str"},
            "vms": {"type": "list", "elements": "dict"},
            "node": {"type": "str"},
            "state": {"type": "str", "required": True, "choices": list(DESIRED_STATES)},
            "force": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 900},
            "poll_interval": {"type": "float", "default": 2},
            "progress": {"type": "bool", "default": True},
        },
        "mutually_exclusive": [("name", "vm_id", "vms")],
        "required_one_of": [("name", "vm_id", "vms")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Compare the VMs' states with the wanted one, and change those that differ."""
        _check(arguments)
        changer = StateChanger(
            cluster,
            arguments["state"],
            force=arguments["force"],
            timeout=float(arguments["timeout"]),
            poll_interval=arguments["poll_interval"],
        )
        clustered, local, notes = _wanted_vms(cluster, arguments)
        changes = changer.plan(clustered, local)
        if not all(one.is_there for one in changes):
            cluster.confirm()
        if self.check_mode:
            changer.dry_run(changes)
        else:
            report = StateProgress(self.tell, cluster.clock).report if arguments["progress"] else say_nothing
            changer.run(changes, report)
        return _result(changes, notes)


def _check(arguments: Arguments) -> None:
    check_range(arguments, "timeout", 1, unit="seconds")
    check_poll_interval(arguments)


def _wanted_vms(cluster: Cluster, arguments: Arguments) -> tuple[list[Vm], list[Vm], list[str]]:
    """Return the VMs of the cluster, those that only the node knows, and notes on names that contradict their ids."""
    wishes = _wishes(arguments)
    if not wishes:
        return [], [], []
    ids = [normal_id(vm_id) for vm_id, unused in wishes if vm_id]
    nodes = read_surroundings(cluster, [arguments["node"]])[1] if arguments["node"] else []
    hosts = hosts_of_vms(cluster, nodes) if nodes else ()
    found = read_vms(cluster, ids=ids, names=[name for vm_id, name in wishes if not vm_id], hosts=hosts)
    local = {vm.id: vm for vm in found if vm.namespace == VIRTUALIZATION}
    known = {vm.id for vm in found}
    local |= {vm.id: vm for node in nodes for vm in read_local_vms(cluster, node.name) if vm.id not in known}
    picked = [
        pick_vm([*found, *local.values()], vm_id=vm_id, name=name, known=lambda: read_vms(cluster, hosts=hosts))
        for vm_id, name in wishes
    ]
    notes = note_other_names((vm_id, name, vm) for (vm_id, name), vm in zip(wishes, picked, strict=True))
    once = list({vm.id: vm for vm in picked}.values())
    return [vm for vm in once if vm.id not in local], [vm for vm in once if vm.id in local], notes


def _wishes(arguments: Arguments) -> list[tuple[str, str]]:
    """Return id and name of each VM that is meant. Raises HyperVError for one that has neither."""
    if arguments["vms"] is None:
        wish = _text(arguments, "vm_id").strip(), _text(arguments, "name")
        if not any(map(str.strip, wish)):
            raise HyperVError("name is empty. Give the display name of a VM, or its vm_id.")
        return [wish]
    wishes = [(_text(one, "vm_id").strip(), _text(one, "name")) for one in arguments["vms"]]
    for number, wish in enumerate(wishes, 1):
        if not any(map(str.strip, wish)):
            raise HyperVError(f"VM {number} of vms has neither vm_id nor name. Give one of them.")
    return wishes


def _text(one: t.Mapping[str, t.Any], key: str) -> str:
    """Return a value as it is written: a name may begin or end with a blank, or be a number."""
    value = one.get(key)
    return "" if value is None else str(value)


def _result(changes: list[Change], notes: list[str]) -> Result:
    failed = [one for one in changes if one.outcome == FAILED]
    message = " ".join(one.error.text for one in failed if one.error)
    result: Result = {
        "changed": any(one.outcome in (CHANGED, WOULD_CHANGE) or one.calls for one in changes),
        "vms": [one.as_result() for one in changes],
        "diff": {
            "before": "".join(f"{clean(one.vm.name)}: {one.before}\n" for one in changes),
            "after": "".join(f"{clean(one.vm.name)}: {_after(one)}\n" for one in changes),
        },
    }
    if notes:
        result["warnings"] = notes
    if failed:
        raise FailedWithResult(message, result)
    return result


def _after(one: Change) -> str:
    return one.final_state if one.outcome == WOULD_CHANGE else one.vm.state
