# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What others do: administrators, the cluster itself, guests, the network, the controller's disk, the clock."""

from __future__ import annotations

import dataclasses
import typing as t
import uuid
from collections.abc import Callable

from tests.simulator.scenario import VmSpec
from tests.simulator.scenario_file import with_files
from tests.simulator.scenario_roles import CORE_GROUP
from tests.simulator.world import Job, JobState, Machine, Node, Refusal, failures
from tests.simulator.world import World as Cluster

from .world import Step

ADMINISTRATOR, BALANCER = "CORP\\Administrator", "CORP\\HVC1$"


class Killed(BaseException):
    """The controller's process was ended, as by SIGKILL."""


class Surroundings(t.Protocol):
    """What a step may act on."""

    cluster: Cluster

    def machine(self, name: str) -> Machine | None:
        """Return the VM that had this name at the start; None if it was deleted."""

    def lose(self, how: str) -> None:
        """Lose the next answer: ``before`` or ``after`` the request is carried out."""

    def fill_disk(self, full: bool) -> None:
        """Let no file of the controller be written any more, or let them be written again."""

    def pass_time(self, seconds: float) -> None:
        """Let the clock jump."""

    def lead(self, node: str, *, astray: bool) -> bool:
        """Have the name of a node lead to the second cluster, or back; False where that changes nothing."""

    def run_beside(self, node: str, how: str) -> bool:
        """Begin and end another run: the ``same`` one again, or one that empties or fills a node; False within one."""

    def interrupt(self, how: str) -> None:
        """End the task at hand: ``kill`` or ``cut_off``."""


def carry_out(around: Surroundings, step: Step) -> bool:
    """Do it; False where it cannot be done now."""
    return STEPS[step.kind](around, step)


def _of_vm(do: Callable[[Cluster, Machine, Step], bool]) -> Callable[[Surroundings, Step], bool]:
    def carried_out(around: Surroundings, step: Step) -> bool:
        machine = around.machine(step.subject)
        return machine is not None and do(around.cluster, machine, step)

    return carried_out


def _of_node(do: Callable[[Cluster, Node, Step], bool]) -> Callable[[Surroundings, Step], bool]:
    def carried_out(around: Surroundings, step: Step) -> bool:
        return do(around.cluster, around.cluster.nodes[step.subject], step)

    return carried_out


# VMs.


def _can_take(machine: Machine, node: Node) -> bool:
    return node.state == "up" and node.name != machine.owner and node.free_mb() >= machine.needs_mb


def _move(cluster: Cluster, machine: Machine, step: Step) -> bool:
    free = machine.job is None and machine.changing_to is None
    if not free or not machine.spec.clustered or not _can_take(machine, cluster.nodes[step.other]):
        return False
    cluster.relocate(machine, step.other)
    return True


def _migrate_as(caller: str) -> Callable[[Cluster, Machine, Step], bool]:
    def migrate(cluster: Cluster, machine: Machine, step: Step) -> bool:
        if not machine.spec.clustered or not _can_take(machine, cluster.nodes[step.other]):
            return False
        return isinstance(
            cluster.migrations.start(machine, cluster.nodes[step.other], caller, machine.owner, "queue"), Job
        )

    return migrate


def _bring(state: t.Any) -> Callable[[Cluster, Machine, Step], bool]:
    def bring(cluster: Cluster, machine: Machine, unused: Step) -> bool:
        done = not isinstance(cluster.power.request(machine, state), Refusal)
        machine.commands.pop()
        return done

    return bring


def _shut_down(cluster: Cluster, machine: Machine, unused: Step) -> bool:
    answer = cluster.power.shut_down_guest(machine, force=False)
    machine.commands.pop()
    return answer == "begins"


def _die(cluster: Cluster, machine: Machine, unused: Step) -> bool:
    if machine.state != "running" or machine.changing_to is not None:
        return False
    if machine.job is not None:
        cluster.migrations.break_off(machine.job, failures.CANCELLED)
    machine.state, machine.changed_at = "off", cluster.now
    return True


def _delete(cluster: Cluster, machine: Machine, unused: Step) -> bool:
    if machine.job is not None or machine.changing_to is not None:
        return False
    cluster.remove(machine)
    return True


def _rename(unused: Cluster, machine: Machine, step: Step) -> bool:
    machine.spec = dataclasses.replace(machine.spec, name=f"{step.subject}-renamed")
    return True


def _slow_guest(unused: Cluster, machine: Machine, step: Step) -> bool:
    power = dataclasses.replace(machine.spec.power, stop_seconds=step.amount)
    machine.spec = dataclasses.replace(machine.spec, power=power)
    return True


def _deaf_guest(unused: Cluster, machine: Machine, unused_step: Step) -> bool:
    power = dataclasses.replace(machine.spec.power, guest="ignores")
    machine.spec = dataclasses.replace(machine.spec, power=power)
    return True


def _slow_migrations(unused: Cluster, machine: Machine, step: Step) -> bool:
    migration = dataclasses.replace(machine.spec.migration, seconds=step.amount)
    machine.spec = dataclasses.replace(machine.spec, migration=migration)
    return True


def _balance(cluster: Cluster, machine: Machine, step: Step) -> bool:
    """Migrate a VM as the balancer does, which a mode of 0 keeps from it."""
    return cluster.auto_balancer_mode > 0 and _migrate_as(BALANCER)(cluster, machine, step)


# Jobs.


def _fail_job(cluster: Cluster, machine: Machine, unused: Step) -> bool:
    if machine.job is None:
        return False
    cluster.migrations.break_off(machine.job, 0x80072746)
    return True


def _stall_job(cluster: Cluster, machine: Machine, unused: Step) -> bool:
    job = machine.job
    if job is None or job.state is not JobState.RUNNING or job.frozen_percent is not None:
        return False
    job.frozen_percent = job.percent(cluster.now)
    return True


def _hide_job(cluster: Cluster, machine: Machine, unused: Step) -> bool:
    if machine.job is None or machine.job.id not in cluster.migrations.jobs:
        return False
    cluster.migrations.forget(machine.job)
    return True


# Nodes.


def _pause(cluster: Cluster, node: Node, unused: Step) -> bool:
    if node.state != "up" or not node.spec.member:
        return False
    cluster.drains.pause(node, drain=False)
    return True


def _resume(cluster: Cluster, node: Node, unused: Step) -> bool:
    if node.state != "paused":
        return False
    cluster.drains.resume(node, fail_back=False)
    return True


def _drain(cluster: Cluster, node: Node, unused: Step) -> bool:
    if node.state not in ("up", "paused") or not node.spec.member or node.drain == "in_progress":
        return False
    cluster.drains.pause(node, drain=True)
    return True


def _crash(cluster: Cluster, node: Node, unused: Step) -> bool:
    survivors = sum(other.answers for other in cluster.members.values() if other is not node)
    if not node.answers or not node.spec.member or survivors < 1:
        return False
    cluster.drains.lose(node)
    return True


def _come_back(cluster: Cluster, node: Node, unused: Step) -> bool:
    if node.state != "down":
        return False
    node.enter("up")
    node.booted_at = cluster.now
    return True


def _evict(cluster: Cluster, node: Node, unused: Step) -> bool:
    if not node.spec.member or node.residents or node.arriving or len(cluster.members) < 3:
        return False
    if any(node.name in (job.source, job.destination) for job in cluster.migrations.active.values()):
        return False
    node.spec = dataclasses.replace(node.spec, member=False)
    for role in cluster.roles.specs:
        if role != CORE_GROUP and cluster.roles.owner(role) == node.name:
            cluster.roles.place(role, next(iter(cluster.members)))
    if cluster.core_group_owner == node.name:
        cluster.roles.place(CORE_GROUP, next(iter(cluster.members)))
    return True


def _limit(unused: Cluster, node: Node, step: Step) -> bool:
    node.spec = dataclasses.replace(node.spec, simultaneous_migrations=int(step.amount))
    return True


def _restart_service(cluster: Cluster, node: Node, unused: Step) -> bool:
    cluster.migrations.lose_service(node.name)
    return True


def _move_provider(cluster: Cluster, node: Node, unused: Step) -> bool:
    if node.state != "up" or not node.spec.member:  # a paused node takes no group
        return False
    cluster.roles.place(CORE_GROUP, node.name)
    return True


# Roles that are no VMs.


def _move_role(around: Surroundings, step: Step) -> bool:
    roles, node = around.cluster.roles, around.cluster.nodes[step.other]
    if step.subject not in roles.specs or step.subject in roles.moving:
        return False
    if node.state != "up" or not node.spec.member or roles.owner(step.subject) == node.name:
        return False
    roles.place(step.subject, node.name)
    return True


def _switch_role(around: Surroundings, step: Step) -> bool:
    """Take a role offline, or bring one online that is."""
    roles = around.cluster.roles
    if step.subject not in roles.specs or step.subject in roles.moving:
        return False
    roles.states[step.subject] = "online" if roles.states[step.subject] == "offline" else "offline"
    return True


# What surrounds them.


def _lag(around: Surroundings, step: Step) -> bool:
    switches = dataclasses.replace(
        around.cluster.scenario.switches, owner_lag_seconds=step.amount, owner_lag_in=t.cast(t.Any, step.other)
    )
    around.cluster.scenario = dataclasses.replace(around.cluster.scenario, switches=switches)
    return True


def _create(around: Surroundings, step: Step) -> bool:
    node = around.cluster.nodes[step.other]
    if node.state != "up" or not node.spec.member or node.free_mb() < step.amount:
        return False
    name = f"{step.subject}-new"
    identity = str(uuid.uuid5(uuid.NAMESPACE_DNS, name)).upper()
    if identity in around.cluster.machines:
        return False
    spec = VmSpec(name, node.name, id=identity, memory_mb=int(step.amount), group=name, clustered=True)
    around.cluster.add(with_files(spec, around.cluster.scenario.storage))
    return True


def _lose(around: Surroundings, step: Step) -> bool:
    around.lose(step.other)
    return True


def _fill(around: Surroundings, unused: Step) -> bool:
    around.fill_disk(True)
    return True


def _free(around: Surroundings, unused: Step) -> bool:
    around.fill_disk(False)
    return True


def _jump(around: Surroundings, step: Step) -> bool:
    around.pass_time(step.amount)
    return True


def _lead_astray(around: Surroundings, step: Step) -> bool:
    return around.lead(step.subject, astray=True)


def _lead_back(around: Surroundings, step: Step) -> bool:
    return around.lead(step.subject, astray=False)


def _second_run(around: Surroundings, step: Step) -> bool:
    return around.run_beside(step.subject, step.other)


def _kill(around: Surroundings, unused: Step) -> bool:
    around.interrupt("kill")
    return True


def _cut_off(around: Surroundings, unused: Step) -> bool:
    around.interrupt("cut_off")
    return True


STEPS: dict[str, Callable[[Surroundings, Step], bool]] = {
    "move": _of_vm(_move),
    "migrate": _of_vm(_migrate_as(ADMINISTRATOR)),
    "balance": _of_vm(_balance),
    "start": _of_vm(_bring("running")),
    "turn_off": _of_vm(_bring("off")),
    "save": _of_vm(_bring("saved")),
    "pause_vm": _of_vm(_bring("paused")),
    "shut_down": _of_vm(_shut_down),
    "die": _of_vm(_die),
    "delete": _of_vm(_delete),
    "rename": _of_vm(_rename),
    "create": _create,
    "slow_guest": _of_vm(_slow_guest),
    "deaf_guest": _of_vm(_deaf_guest),
    "slow_migrations": _of_vm(_slow_migrations),
    "fail_job": _of_vm(_fail_job),
    "stall_job": _of_vm(_stall_job),
    "hide_job": _of_vm(_hide_job),
    "pause": _of_node(_pause),
    "resume": _of_node(_resume),
    "drain": _of_node(_drain),
    "crash": _of_node(_crash),
    "come_back": _of_node(_come_back),
    "evict": _of_node(_evict),
    "limit": _of_node(_limit),
    "restart_service": _of_node(_restart_service),
    "move_provider": _of_node(_move_provider),
    "move_role": _move_role,
    "switch_role": _switch_role,
    "lag": _lag,
    "lose": _lose,
    "fill": _fill,
    "free": _free,
    "jump": _jump,
    "lead_astray": _lead_astray,
    "lead_back": _lead_back,
    "second_run": _second_run,
    "kill": _kill,
    "cut_off": _cut_off,
}
"""By kind, what others do."""
