# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves VMs between the nodes of a cluster by live migration."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..plugin_utils._action import Arguments, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.nodes import read_nodes_if_any
from ..plugin_utils._hyperv.cluster.states import AT_REST
from ..plugin_utils._hyperv.cluster.vms import note_other_names
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.maintenance.judging import judge_together
from ..plugin_utils._hyperv.migration.migration_task import Policy
from ..plugin_utils._hyperv.migration.moves import Move, MoveRequest
from ..plugin_utils._hyperv.migration.vocabulary import AUTO, CLUSTER_GROUP, METHODS, SYSTEM
from ..plugin_utils._hyperv.planning.strategies import MIGRATE, OFFLINE
from ..plugin_utils._hyperv.scheduling.migrate import (
    MigrationOptions,
    dry_run,
    start,
)
from ..plugin_utils._hyperv.scheduling.resolve_moves import plan
from ..plugin_utils._hyperv.settings.setting_properties import MIGRATION_TYPE, migration_options
from ..plugin_utils._hyperv.settings.storage import StorageRequest
from ..plugin_utils._hyperv.settings.wanted_settings import WantedSettings
from ..plugin_utils._migrating import MigrationAction, migration_result
from ..plugin_utils._ranges import MOST_RETRIES, check_poll_interval, check_range, check_timeout

_VM: dict[str, t.Any] = {
    "name": {"type": "str", "aliases": ["vm_name"]},
    "vm_id": {"type": "str"},
    "destination_host": {"type": "str", "aliases": ["destination"]},
    "destination_storage_path": {"type": "str"},
    "disks": {
        "type": "list",
        "elements": "dict",
        "options": {
            "source_path": {"type": "str", "required": True},
            "destination_path": {"type": "str", "required": True},
        },
    },
    "keep_source_disks": {"type": "bool"},
}
# What hyperv_evacuation_plan_info says of a move beside VM and destination, so that its answer can be used as it is.
_FROM_A_PLAN: dict[str, t.Any] = {
    "order": {"type": "int"},
    "source_host": {"type": "str"},
    "state": {"type": "str"},
    "state_at_first": {"type": "str"},
    "memory_mb": {"type": "int"},
    "priority": {"type": "int"},
    "reason": {"type": "str"},
    "strategy": {"type": "str", "choices": [MIGRATE, *sorted(OFFLINE)], "default": MIGRATE},
    "helper": {"type": "bool"},
}


class ActionModule(MigrationAction):
    """The action of hyperv_vm_migrate."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            **_VM,
            "moves": {
                "type": "list",
                "elements": "dict",
                "options": {**_VM, "destination_host": {**_VM["destination_host"], "required": True}, **_FROM_A_PLAN},
                "required_one_of": [("name", "vm_id")],
            },
            "method": {"type": "str", "choices": list(METHODS), "default": AUTO},
            "wait": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 0},
            "poll_interval": {"type": "float", "default": 2},
            "max_parallel": {"type": "int"},
            "precheck": {"type": "bool", "default": True},
            "retries": {"type": "int", "default": 0},
            "on_timeout": {"type": "str", "choices": ["leave", "cancel"], "default": "leave"},
            "stall_after": {"type": "float", "default": 300},
            "progress": {"type": "bool", "default": True},
            "migration_settings": {"type": "dict", "options": migration_options()},
            "new_system_settings": {"type": "dict"},
            "new_resource_settings": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "class": {"type": "str", "required": True},
                    "properties": {"type": "dict", "required": True},
                },
            },
        },
        "mutually_exclusive": [("name", "vm_id", "moves"), ("destination_host", "moves")],
        "required_one_of": [("name", "vm_id", "moves")],
        "required_by": {"name": ["destination_host"], "vm_id": ["destination_host"]},
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan the moves, then ask about them in check mode or bring them to their end."""
        _refuse_bad_numbers(arguments)
        settings = WantedSettings.of(arguments)
        requests = _requests(arguments)
        _refuse_contradictions(arguments, settings, requests)
        moves = plan(cluster, requests, arguments["method"])
        if not all(move.is_done for move in moves):
            cluster.confirm()
        notes = [*_renamed(requests, moves), *_notes(cluster, settings, moves)]
        if not self.check_mode:
            _refuse_what_still_runs(arguments["moves"] or [], moves)
        options = _options(arguments, settings)
        report = self.progress(cluster, shown=arguments["progress"])
        single = arguments["moves"] is None
        if self.check_mode:
            done = dry_run(cluster, moves, options, _stopped_first(arguments["moves"] or [], moves))
        elif arguments["wait"] or not moves:
            notes += self.warned_of_time_limit(moves, options)
            done = self.migrated(cluster, moves, options, report, single=single)
        else:
            done = start(cluster, moves[0], options, report)
        if cluster.is_clustered:
            stopped = _stopped_first(arguments["moves"] or [], moves)
            notes += judge_together(cluster, done.tasks, stopped, is_dry_run=self.check_mode)
        return migration_result(done.tasks, [*notes, *done.notes], single=single)


def _options(arguments: Arguments, settings: WantedSettings) -> MigrationOptions:
    policy = Policy(
        poll_interval=arguments["poll_interval"],
        precheck=arguments["precheck"],
        retries=arguments["retries"],
        on_timeout=arguments["on_timeout"],
        stall_after=arguments["stall_after"],
    )
    return MigrationOptions(arguments["method"], arguments["timeout"], arguments["max_parallel"], policy, settings)


def _renamed(requests: Sequence[MoveRequest], moves: Sequence[Move]) -> list[str]:
    return note_other_names(
        (request.vm_id, request.name, move.vm) for request, move in zip(requests, moves, strict=True)
    )


def _notes(cluster: Cluster, settings: WantedSettings, moves: Sequence[Move]) -> list[str]:
    """Return what speaks against the settings on the nodes of the cluster and the hosts outside it."""
    if not settings.migration:
        return []
    nodes = {node.name: node for node in (*(move.destination for move in moves), *read_nodes_if_any(cluster))}
    return settings.notes_on(list(nodes.values()))


def _refuse_bad_numbers(arguments: Arguments) -> None:
    check_timeout(arguments)
    check_poll_interval(arguments)
    check_range(arguments, "retries", 0, MOST_RETRIES)
    check_range(arguments, "stall_after", 0, unit="seconds")
    check_range(arguments, "max_parallel", 1)
    if not arguments["wait"] and arguments["moves"] is not None and len(arguments["moves"]) > 1:
        raise HyperVError("wait=false goes with one move: nobody would start the next one when a limit is reached.")


def _requests(arguments: Arguments) -> list[MoveRequest]:
    moves = arguments["moves"] if arguments["moves"] is not None else [arguments]
    return [
        MoveRequest(one["destination_host"], one["name"], one["vm_id"], _storage(one), one.get("source_host") or "")
        for one in moves
    ]


def _storage(one: Arguments) -> StorageRequest:
    disks = one["disks"] or []
    paths = {disk["source_path"]: disk["destination_path"] for disk in disks}
    if len(paths) < len(disks):
        raise HyperVError("disks names a source_path twice. A disk can have one new path.")
    return StorageRequest(one["destination_storage_path"] or "", paths, one["keep_source_disks"])


def _refuse_contradictions(arguments: Arguments, settings: WantedSettings, requests: Sequence[MoveRequest]) -> None:
    """Refuse options that cannot both be followed. Raises HyperVError."""
    method = arguments["method"]
    if method == CLUSTER_GROUP and settings.are_given:
        raise HyperVError(
            "migration_settings, new_system_settings and new_resource_settings are for Hyper-V's own methods; "
            "method=cluster_group cannot carry them. Leave them out, or choose another method."
        )
    if not any(request.storage.is_given for request in requests):
        return
    if method in (SYSTEM, CLUSTER_GROUP):
        raise HyperVError(
            f"method={method} does not move storage. Use method=host or auto with destination_storage_path."
        )
    if MIGRATION_TYPE in settings.migration or settings.new_system or settings.new_resources:
        raise HyperVError(
            "destination_storage_path and disks choose migration_settings.migration_type, new_system_settings and "
            "new_resource_settings themselves. Give either the former or the latter."
        )


def _stopped_first(requests: Sequence[Arguments], moves: Sequence[Move]) -> set[str]:
    """Return the ids of VMs that run now, and that a plan wants stopped before they are moved."""
    pairs = zip(requests, moves, strict=False)
    return {move.vm.id for request, move in pairs if request["strategy"] in OFFLINE and move.vm.state not in AT_REST}


def _refuse_what_still_runs(requests: Sequence[Arguments], moves: Sequence[Move]) -> None:
    """Refuse to migrate live what a plan wants stopped first: no memory was set aside for it on its destination."""
    for request, move in zip(requests, moves, strict=False):
        if request["strategy"] in OFFLINE and move.vm.state not in AT_REST and not move.is_done:
            raise HyperVError(
                f"VM {move.vm.name} is {move.vm.state}, and the plan moves it with the strategy "
                f"{request['strategy']}. Do that first, or plan again with the strategy migrate."
            )
