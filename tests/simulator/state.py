# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster's state as plain data for the control endpoint and for tests: what is true, not what providers tell."""

from __future__ import annotations

import dataclasses
import typing as t

from .world import Job, Machine, Node, World


def describe(world: World) -> dict[str, t.Any]:
    """Return ``nodes``, ``vms``, ``jobs``, ``events``, ``storage``, ``roles``, ``role_moves`` and ``calls``.

    For JSON; times are in seconds.
    """
    return {
        "now": round(world.now, 3),
        "core_group_owner": world.core_group_owner,
        "auto_balancer_mode": world.auto_balancer_mode,
        "nodes": [_node(world, node) for node in world.nodes.values()],
        "vms": [_vm(machine) for machine in world.machines.values()],
        "jobs": [_job(world, job) for job in world.migrations.jobs.values()],
        "events": [
            {"at": past.at, "action": past.action, "subject": past.subject, "outcome": past.outcome}
            for past in world.events.past
        ],
        "storage": {
            "kind": world.storage.spec.kind,
            "outdated": sorted(world.storage.outdated),
            "disks_out_of_service": sorted(world.storage.out_of_service),
            "losses": [dataclasses.asdict(loss) for loss in world.storage.losses],
        },
        "roles": [
            {"name": name, "owner": world.roles.owner(name), "state": world.roles.state(name)}
            for name in world.roles.specs
        ],
        "role_moves": [dataclasses.asdict(move) for move in world.roles.moves],
        "calls": [dataclasses.asdict(call) for call in world.calls],
    }


def _node(world: World, node: Node) -> dict[str, t.Any]:
    return {
        "name": node.name,
        "state": node.state,
        "drain": node.drain,
        "memory_mb": node.spec.memory_mb,
        "free_mb": node.free_mb(),
        "vms": len(node.residents),
        "restarts_requested": node.restarts_requested,
        "planned": sorted(node.planned),
        "left_disks": list(node.left_disks),
        "running_migrations": world.migrations.running_at(node.name),
    }


def _vm(machine: Machine) -> dict[str, t.Any]:
    return {
        "id": machine.id,
        "name": machine.name,
        "owner": machine.owner,
        "state": machine.state,
        "memory_mb": machine.spec.memory_mb,
        "priority": machine.spec.priority,
        "group": machine.group,
        "commands": list(machine.commands),
        "times_lost": machine.times_lost,
        "files": dataclasses.asdict(machine.files),
        "moving_to": None if machine.job is None else machine.job.destination,
    }


def _job(world: World, job: Job) -> dict[str, t.Any]:
    return {
        "id": job.id,
        "vm_id": job.machine.id,
        "vm": job.machine.name,
        "source": job.source,
        "destination": job.destination,
        "caller": job.caller,
        "state": job.state.name.lower(),
        "percent": job.percent(world.now),
        "submitted": job.submitted,
        "started": job.started,
        "ended": job.ended,
        "error": job.failures[0].message if job.failures else None,
    }
