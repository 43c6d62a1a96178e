# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starts, shuts down, saves and turns off VMs."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, FailedWithResult, HyperVAction, Result
from ..plugin_utils._hyperv.cluster import Cluster
from ..plugin_utils._hyperv.errors import HyperVError
from ..plugin_utils._hyperv.state_wishes import CHANGED, FAILED, WISHES, WOULD_CHANGE, Change
from ..plugin_utils._hyperv.vm_states import StateChanger
from ..plugin_utils._hyperv.vms import Vm, normal_id, pick_vm, read_vms

_VM: dict[str, t.Any] = {"name": {"type": "str", "aliases": ["vm_name"]}, "vm_id": {"type": "str"}}


class ActionModule(HyperVAction):
    """The action of hyperv_vm_state."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            **_VM,
            "vms": {"type": "list", "elements": "dict", "options": _VM, "required_one_of": [("name", "vm_id")]},
            "state": {"type": "str", "required": True, "choices": list(WISHES)},
            "force": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 900},
            "poll_interval": {"type": "float", "default": 2},
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
        changes = changer.plan(_wanted_vms(cluster, arguments))
        if self.check_mode:
            changer.rehearse(changes)
        else:
            changer.run(changes)
        return _result(changes)


def _check(arguments: Arguments) -> None:
    if arguments["timeout"] < 1:
        raise HyperVError(f"timeout is {arguments['timeout']}. It counts seconds and is at least 1.")
    if not 0.05 <= arguments["poll_interval"] <= 60:
        raise HyperVError(f"poll_interval is {arguments['poll_interval']}. It counts seconds, from 0.05 to 60.")


def _wanted_vms(cluster: Cluster, arguments: Arguments) -> list[Vm]:
    wishes = arguments["vms"] if arguments["vms"] is not None else [arguments]
    if not wishes:
        return []
    ids = [normal_id(wish["vm_id"]) for wish in wishes if wish["vm_id"]]
    found = read_vms(cluster, ids=ids, names=[wish["name"] for wish in wishes if not wish["vm_id"]])
    picked = [
        pick_vm(found, vm_id=wish["vm_id"], name=wish["name"], known=lambda: read_vms(cluster)) for wish in wishes
    ]
    return list({vm.id: vm for vm in picked}.values())


def _result(changes: list[Change]) -> Result:
    failed = [one for one in changes if one.outcome == FAILED]
    message = " ".join(one.error.message for one in failed if one.error)
    result: Result = {
        "changed": any(one.outcome in (CHANGED, WOULD_CHANGE) or one.calls for one in changes),
        "vms": [one.as_result() for one in changes],
        "diff": {
            "before": "".join(f"{one.vm.name}: {one.before}\n" for one in changes),
            "after": "".join(f"{one.vm.name}: {_after(one)}\n" for one in changes),
        },
    }
    if failed:
        raise FailedWithResult(message, result)
    return result


def _after(one: Change) -> str:
    return one.wanted if one.outcome == WOULD_CHANGE else one.vm.state
