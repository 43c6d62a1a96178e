# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges a run: what happened in the simulated cluster, and whether what the product reports of it is true.

Everything here is read from the simulator's own state.
"""

from __future__ import annotations

import re
import typing as t

from tests.simulator.cluster import SimulatedCluster
from tests.simulator.scenario_roles import CORE_GROUP
from tests.simulator.world import Call, Job, JobState, Machine

from .controller import TaskResult
from .kinds import SUBJECT

_MOVED = frozenset({"moved", "already_there"})
_MOVING = frozenset({"hyperv_vm_migrate", "hyperv_node_evacuation", "hyperv_node_restoration"})
_CURES = re.compile(
    r"\b(Check|Run|Look|Wait|Bring|Decide|Choose|Give|Resume|Set|Start|Put|Install|Free|Make|Ask|Plan|See)\b",
    re.IGNORECASE,
)
_OPERATIONS = re.compile(
    r"migrat|move|empt(y|ied)|takes no VMs|\b(Get|Enumerate|Pull|Invoke|Pause|Resume)|asked|request|answer|read|connect"
    r"|refused",
    re.IGNORECASE,
)
_ACCEPTED = (0, 4096)
_METHODS = ("MigrateVirtualSystemToSystem", "MoveToNewNodeParams", "MigrateVirtualSystemToHost")
_RESTS = f"The disks of {SUBJECT} are in maintenance mode."
_DOES_NOT_REST = f"The disks of {SUBJECT} are not in maintenance mode"
_CRASH = re.compile(r"Traceback|Unexpected failure|Error while|object has no|NoneType|is undefined")


class Oracle:
    """Watches one cluster from the start of a run on.

    Attributes:
        violations: what was found untrue, in sentences.
    """

    def __init__(
        self,
        cluster: SimulatedCluster,
        crashes_last: t.Callable[[], bool] = lambda: False,
        hangs: t.Callable[[str], bool] = lambda node: False,
    ) -> None:
        """Look at nothing yet.

        Args:
            crashes_last: whether a node crashed with the last request, so that no later one could have seen it.
            hangs: whether a node answers nothing any more.
        """
        self._world = cluster.world
        self._hangs = hangs
        self._crashes_last = crashes_last
        self._ended: list[Job] = []
        self._called_before = 0
        self.violations: list[str] = []
        self._world.migrations.ended.append(self._ended.append)

    def begin_anew(self) -> None:
        """Hold a task that follows a kill to account for its own calls alone."""
        self._called_before = len(self._calls())

    def see(self, task: TaskResult) -> None:
        """Compare a task's result with what is true at this moment."""
        with self._world.lock:
            self._world.look()
            if task.action in _MOVING and not task.result.get("skipped"):
                self._see_moves(task.result)
                self._see_roles(task.result)
                self._called_before = len(self._calls())  # a task that follows has calls of its own
            if task.result.get("failed") or task.result.get("unreachable"):
                self._see_message(str(task.result.get("msg", "")), task.action)

    def _see_moves(self, result: dict[str, t.Any]) -> None:
        records = result.get("moves")
        if records is None:
            own = self._calls()[self._called_before :]
            called = {call.vm for call in own if call.returned in _ACCEPTED}
            told = str(result.get("msg", ""))
            self.violations += [
                f"the task failed without a word about {one.name}, whose migration it had started: {told}"
                for one in self._world.machines.values()
                if one.id in called
            ]
            return
        for record in records:
            self._see_move(record, self._world.machines[record["vm"]["id"].upper()], str(result.get("msg", "")))

    def _see_move(self, record: dict[str, t.Any], machine: Machine, message: str) -> None:
        destination = record["destination_host"]
        there = machine.owner == destination
        if record["outcome"] in _MOVED:
            if not there and not self._has_arrived(machine, destination):
                self.violations.append(f"{machine.name} is said to be on {destination} and is on {machine.owner}")
            elif record["outcome"] == "moved" and record["vm"]["state"] == "running" and self._was_restarted(record):
                self.violations.append(f"{machine.name} was restarted on {destination} and is said to be moved")
        elif record["outcome"] == "elsewhere":
            if machine.owner != record["source_host"]:
                self.violations.append(f"{machine.name} is left on {record['source_host']} and is on {machine.owner}")
        elif record["outcome"] != "failed":
            self.violations.append(f"{machine.name} ended as {record['outcome']}")
        else:
            error = record["error"]
            is_restart = error["code"] == "restarted" or self._crashes_last()
            # Nobody but the destination itself could tell that the VM runs there.
            is_unknown = error["code"] == "outcome_unknown" and self._hangs(destination)
            # The cluster restarted there what no migration had brought there.
            is_not_started = error["code"] == "not_started" and self._was_restarted(record)
            is_down = not self._world.nodes[record["source_host"]].answers
            if there and not (is_unknown or is_not_started or (is_restart and is_down)):
                self.violations.append(f"{machine.name} is on {destination}, and a failure is told: {error['message']}")
            self._see_error(f"{error['message']} {error['remedy']}", machine, record)
            if machine.name not in message:
                self.violations.append(f"the message of the task does not name {machine.name}: {message}")

    def _see_error(self, text: str, machine: Machine, record: dict[str, t.Any]) -> None:
        what = f"the error of {machine.name}"
        self._see_cure(text, what)
        self._see_operation(text, what)
        # Source and destination stand beside the error wherever it is shown.
        if not record["source_host"] or not record["destination_host"]:
            self.violations.append(f"{what} names no node: {record}")

    def _see_roles(self, result: dict[str, t.Any]) -> None:
        for record in result.get("roles") or ():
            name, destination, roles = record["name"], record["destination_host"], self._world.roles
            owner, state = roles.owner(name), roles.state(name)
            is_there = owner == destination and state == "online"
            is_lost = any(node.state == "down" for node in self._world.nodes.values()) or self._was_taken(name)
            if record["outcome"] == "moved" and not (is_there or is_lost):
                self.violations.append(f"{name} is said to be online on {destination} and is {state} on {owner}")
            if record["outcome"] == "failed":
                if is_there and not is_lost:
                    self.violations.append(f"{name} is online on {destination}, and a failure is told")
                if name not in str(result.get("msg", "")):
                    self.violations.append(f"the message of the task does not name {name}: {result.get('msg')}")

    def _was_taken(self, role: str) -> bool:
        """Tell whether somebody else has moved the core group."""
        return role == CORE_GROUP and any(past.action == "core_group" for past in self._world.events.past)

    def see_role_moves(self) -> None:
        """Find roles that were moved more than once, but for moves to a node that has gone down by now."""
        moved = [move.role for move in self._world.roles.moves if self._world.nodes[move.destination].answers]
        self.violations += [
            f"{role} was moved {moved.count(role)} times" for role in set(moved) if moved.count(role) > 1
        ]

    def see_storage(self, succeeded: bool, told: str) -> None:
        """Compare the disks of NODE1 with what the end of the run says of them, and find mirrors that were broken."""
        storage, node = self._world.storage, self._world.nodes[SUBJECT]
        if not storage.is_on_the_nodes or node.state == "down":
            return
        rests = SUBJECT in storage.out_of_service
        if storage.losses:
            self.violations.append(f"mirrors were below their redundancy: {storage.losses}")
        if node.state == "up" and rests and (succeeded or "was given back" in told):
            self.violations.append(f"{SUBJECT} was given back with its disks in maintenance mode")
        if succeeded and node.state == "paused":
            if rests != (_RESTS in told):
                self.violations.append(f"disks of {SUBJECT} in maintenance mode: {rests}, which the end does not say")
            if not rests and _DOES_NOT_REST not in told:
                self.violations.append(f"the disks of {SUBJECT} do not rest, which the end does not say")

    def _has_arrived(self, machine: Machine, node: str) -> bool:
        """Tell whether a migration brought the VM there, and a crash of that node took it away again."""
        came = any(job.machine is machine and job.destination == node and _succeeded(job) for job in self._ended)
        return came and not self._world.nodes[node].answers

    def _was_restarted(self, record: dict[str, t.Any]) -> bool:
        """Tell whether no migration brought a VM to its destination, and its source is down."""
        came = any(
            job.machine.id == record["vm"]["id"].upper()
            and job.destination == record["destination_host"]
            and _succeeded(job)
            for job in self._ended
        )
        return not came and not self._world.nodes[record["source_host"]].answers

    def _see_message(self, text: str, action: str) -> None:
        if _CRASH.search(text):
            self.violations.append(f"{action} ended in something unforeseen: {text}")
        if not any(name.lower() in text.lower() for name in self._world.nodes):
            self.violations.append(f"the message of {action} names no node: {text}")
        self._see_cure(text, f"the message of {action}")
        self._see_operation(text, f"the message of {action}")

    def _see_operation(self, text: str, what: str) -> None:
        if not _OPERATIONS.search(text):
            self.violations.append(f"{what} names no operation: {text}")

    def _see_cure(self, text: str, what: str) -> None:
        if not _CURES.search(text):
            self.violations.append(f"{what} names no cure: {text}")

    def see_calls(self) -> None:
        """Find the calls for VMs whose migration ran, or had succeeded, by a call before."""
        for machine in self._world.machines.values():
            jobs = iter(self._jobs_of(machine))
            last: Job | None = None
            for call in self._calls():
                if call.vm != machine.id:
                    continue
                if last is not None and not _failed_before(last, call.at):
                    self.violations.append(
                        f"{machine.name} was called for at {call.at:.0f} s, although its migration of "
                        f"{last.submitted:.0f} s ran or had succeeded"
                    )
                if call.returned in _ACCEPTED:
                    last = next(jobs)

    def _jobs_of(self, machine: Machine) -> list[Job]:
        running = [] if machine.job is None else [machine.job]
        return [*(job for job in self._ended if job.machine is machine), *running]

    def _calls(self) -> list[Call]:
        return [call for call in self._world.calls if call.method in _METHODS]

    def see_node(self, wanted: str, succeeded: bool, message: str, *, was_answered: bool) -> None:
        """Compare the state of NODE1 with what the end of the run says of it.

        A run that nobody answered can say nothing of it: a killed run may have left the node paused before.
        """
        state = self._world.nodes[SUBJECT].state
        if state == "down":
            return
        if succeeded and state != wanted:
            self.violations.append(f"{SUBJECT} is {state} after a run that succeeded")
        if succeeded and wanted == "paused" and self._world.nodes[SUBJECT].residents:
            self.violations.append(f"{SUBJECT} is not empty after an evacuation that succeeded")
        if succeeded and wanted == "paused":
            roles = self._world.roles
            self.violations += [
                f"{SUBJECT} still owns {name} after an evacuation that succeeded"
                for name in roles.specs
                if roles.owner(name) == SUBJECT
            ]
        if not succeeded and "was given back" in message and state != "up":
            self.violations.append(f"{SUBJECT} is {state} and is said to be given back: {message}")
        if was_answered and not succeeded and wanted == "paused" and "was given back" not in message and state != "up":
            self.violations.append(f"{SUBJECT} is {state}, which the end does not say: {message}")


def _succeeded(job: Job) -> bool:
    return job.state in (JobState.COMPLETED, JobState.COMPLETED_WITH_WARNINGS)


def _failed_before(job: Job, at: float) -> bool:
    return job.ended is not None and job.ended <= at and not _succeeded(job)
