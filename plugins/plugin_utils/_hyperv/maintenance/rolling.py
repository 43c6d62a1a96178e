# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rolling maintenance says at its end, or when it stops."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Collection, Mapping, Sequence

from ..._text import clean
from ..._wsman.errors import NoAnswer
from ..checks.cluster_health import read_health
from ..cluster.cluster import Cluster
from ..cluster.nodes import find_node, read_nodes
from ..failure.errors import HyperVError, explain
from ..failure.finding import full_stop
from ..records.ledger import stopped_meanwhile, was_stopped
from ..records.ledger_form import Ledger
from ..records.rolling_state import OPEN, Phase, RollingState, describe_progress, is_finished
from .observation import read_standing

_LEFT_AS: t.Final[Mapping[Phase, str]] = {
    "": "nothing was changed on it",
    "begun": "it is not evacuated, or only in part",
    "evacuated": "it was evacuated, and your tasks are not done",
    "restarting": "your tasks are done, and it is not restarted",
    "worked": "your tasks are done, and not all of its VMs are back as they were",
    "done": "it is done",
}
RESUMED: t.Final[Mapping[Phase, str]] = {
    "": "begins from the start",
    "begun": "begins from the start",
    "evacuated": "continues with your tasks",
    "restarting": "continues with its restart",
    "worked": "continues with the return of its VMs",
    "done": "is skipped",
}
_UNCHANGED: t.Final = "Nothing was changed"
ENDED_BY: t.Final = "A meta: end_host, end_batch or end_play in your tasks"


def describe_end(state: RollingState | None, node: str, dry_run: bool) -> str:
    """Return in words that a node is done, and how far the rolling maintenance is by that."""
    if dry_run or state is None:
        return f"{node} would be done."
    rest = "The rolling maintenance is finished" if is_finished(state) else describe_progress(state)
    return f"{node} is done. {rest}."


class NodeLeft(t.NamedTuple):
    """How a node is left, in words, and the VMs that ran before and are off or saved because it was emptied."""

    words: str
    stopped: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Stop:
    """Why and where a rolling maintenance stops.

    Attributes:
        node: its name in the cluster; that of its host where the cluster was not asked yet.
        phase: of the node; None where the state is not known.
        task, reason: the task that failed, and why.
        node_left: how the node is left.
        folder: where ledgers are.
        via: the host to talk through; empty where there is none yet.
        progress: how far the rolling maintenance is, in words.
        begun_early: the phases of other nodes that were begun before their turn, by name.
        left_open: unfinished ones of earlier runs by path, where the state of this one is not known.
        unread: why the state, which is there, could not be read; empty where it could.
        unwritten: why the state cannot be written; empty where it can.
    """

    node: str
    phase: Phase | None
    task: str
    reason: str
    node_left: NodeLeft
    folder: str
    via: str
    progress: str
    dry_run: bool
    begun_early: Mapping[str, Phase] = dataclasses.field(default_factory=dict)
    left_open: Mapping[str, RollingState] = dataclasses.field(default_factory=dict)
    unread: str = ""
    unwritten: str = ""

    @property
    def why(self) -> str:
        """Where it stops and why, and whether anything was changed."""
        task = f', at the task "{clean(self.task)}"' if self.task else ""
        reason, unchanged = clean(self.reason), ""
        if self.dry_run or (self.phase is None and not self.unread):
            # It is said once, and of this node: others may have had their turns in this run.
            reason = clean(reason.replace(f"{_UNCHANGED}.", ""))
            on_it = "" if self.dry_run else " on it in this run"
            unchanged = f" {_UNCHANGED}{on_it}." if _UNCHANGED not in reason else ""
        return f"The rolling maintenance stops at {self.node}{task}: {full_stop(reason)}{unchanged}"

    def how_on(self) -> list[str]:
        """Return in lines how nodes are left and how to go on; none where no run has changed anything."""
        if self.unread and not self.dry_run:
            return [
                f"How it is left: {self.node} {self.node_left.words}.",
                *self._stopped,
                f"How far the rolling maintenance is, is not known: {clean(self.unread)}",
                "To go on, remove the cause and run the same command again.",
                f"To give {self.node} its VMs back without that: {self._restore_command(self.node)}",
            ]
        if self.dry_run or self.phase is None:
            return [line for path, state in self.left_open.items() for line in _describe_left(path, state, self.folder)]
        lines = [f"How it is left: {self.node} {self.node_left.words}; {_LEFT_AS[self.phase]}.", *self._stopped]
        if self.phase in OPEN:
            lines.append(f"Its ledger, which lists the VMs that were moved, is in the folder {self.folder}.")
        lines += [
            f"The rolling maintenance: {self.progress}.",
            *([f"More may have been done than is written down: {clean(self.unwritten)}"] if self._may_lag else []),
            "To go on, remove the cause and run the same command again: nodes that are done are skipped, and "
            f"{self.node} {RESUMED[self.phase]}.",
        ]
        given_back = [self.node] if self.phase in ("begun", "evacuated", "restarting") else []
        for node, phase in self.begun_early.items():
            lines.append(f"{node} was begun before its turn, and may be paused: {_LEFT_AS[phase]}.")
            given_back.append(node)
        for node in given_back:
            lines.append(f"To give {node} its VMs back without that: {self._restore_command(node)}")
        return lines

    @property
    def _may_lag(self) -> bool:
        """Whether the node may be further than its phase; nothing is done with one before its first phase is noted."""
        return bool(self.unwritten and self.phase)

    @property
    def _stopped(self) -> list[str]:
        stopped = ", ".join(self.node_left.stopped)
        return [f"Still stopped, although running before: {stopped}."] if stopped else []

    def _restore_command(self, node: str) -> str:
        return _restore_command(node, self.folder, self.via)


def _restore_command(node: str, folder: str, via: str = "") -> str:
    return (
        f"ansible-playbook hyperv.migration.restore_node -e restore_node_name={node} "
        f"-e restore_node_ledger_folder={folder}{f' -e restore_node_via={via}' if via else ''}"
    )


def _describe_left(path: str, state: RollingState, folder: str) -> list[str]:
    """Return in lines how far an earlier run came, how it left its nodes, and how to go on."""
    lines = [f"An earlier run has not come to its end: {describe_progress(state)}. So says {path}."]
    for host, progress in sorted(state["nodes"].items()):
        if progress["phase"] in OPEN:
            command = _restore_command(progress.get("name") or host, folder)
            lines.append(
                f"{host} may be paused, and VMs of it elsewhere: {_LEFT_AS[progress['phase']]}. To give it its VMs "
                f"back without going on: {command}"
            )
    return [*lines, "To go on with it, remove the cause and run the same command again."]


def read_node_left(connect: Callable[[], Cluster], node: str, ledgers: Sequence[Ledger]) -> NodeLeft:
    """Return in which state a node is and how many VMs it has, or why that could not be read.

    ``ledgers``: its own, and those of other nodes that were begun.
    """
    try:
        cluster = connect()
        state = find_node(cluster, read_nodes(cluster), node).state
        standing = read_standing(cluster, ())
    except (HyperVError, NoAnswer) as error:
        return NodeLeft(f"could not be read ({explain(error).rstrip('.')})")
    count = len(standing.on(node))
    entries = [entry for ledger in ledgers for entry in ledger["vms"] if not entry["restored"]]
    # A VM that was stopped on one node may be on the next one when that is emptied, and is in both ledgers then.
    stopped = {
        vm.id: f"{clean(vm.name)} ({vm.state}{f', on {vm.node}' if vm.node else ''})"
        for entry in entries
        if (vm := standing.vms.get(entry["vm_id"].upper())) is not None and was_stopped(entry, vm.state)
    }
    return NodeLeft(f"is {state} and has {count} VM{'' if count == 1 else 's'}", list(stopped.values()))


def describe_cluster(connect: Callable[[], Cluster], ignore: Collection[str]) -> str:
    """Return in words how the cluster is at the end of a rolling maintenance, or why that could not be read.

    ``ignore``: names whose problems do not count.
    """
    try:
        return read_health(connect(), None, ignore).message
    except (HyperVError, NoAnswer) as error:
        return f"How the cluster is now could not be read. {explain(error)}"


@dataclasses.dataclass(frozen=True)
class Unfinished:
    """A node that a run was to bring to its end, and did not.

    ``phase`` is None where nobody has looked at it.
    """

    host: str
    phase: Phase | None

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {"host": self.host, "phase": self.phase}


def find_unfinished(
    hosts: Sequence[str], looked_at: Mapping[str, Phase], noted: Mapping[str, Phase]
) -> list[Unfinished]:
    """Return the nodes of a run that are not done.

    Args:
        hosts: inventory hosts of all nodes of the run.
        looked_at: by host, the last phase that the run itself knows of those that had their turn.
        noted: by host, the phase that the file says, which goes before that; empty in a dry run, which writes none.
    """
    found = [Unfinished(host, noted.get(host) or looked_at.get(host)) for host in hosts]
    return [node for node in found if node.phase != "done"]


def describe_unfinished(
    unfinished: Sequence[Unfinished],
    hosts: Sequence[str],
    pattern: object = "",
    folder: str = "",
    ledgers: Sequence[Ledger] = (),
    *,
    dry_run: bool,
) -> str:
    """Return which nodes are not done and what to do about it, or that all are done.

    ``hosts`` are those of the run, which ``pattern`` was to match; without hosts, no node was looked at. ``ledgers``
    are those of nodes that are not done, from ``folder``.
    """
    if not hosts and pattern:
        return (
            f"No node was looked at. rolling_maintenance_hosts is {pattern}. It must be one pattern, such as the name "
            "of a group, that matches hosts of the inventory within the limit; and no tag may leave out the tasks."
        )
    if not hosts:
        return (
            "No node was looked at: there is no host in the group hyperv_nodes within the limit, or a tag leaves out "
            "the tasks. List the nodes of the cluster in that group."
        )
    if not unfinished:
        return f"All nodes of this run {'would be' if dry_run else 'are'} done: {', '.join(hosts)}."
    each = ". ".join(f"{node.host}: {_why_unfinished(node.phase, dry_run=dry_run)}" for node in unfinished)
    ways = f"{ENDED_BY} does that. Remove it: a condition, or end_role with ansible-core 2.18 or later, ends the tasks"
    if dry_run:
        return f"The dry run did not come to its end. {each}. {ways} alone. Then run it again."
    sentences = [
        f"The rolling maintenance did not come to its end. {each}. {ways} alone. Then run the same command again:",
        "nodes that are done are skipped.",
    ]
    stopped = {vm["vm_id"]: clean(vm["name"]) for ledger in ledgers for vm in stopped_meanwhile(ledger)}
    if stopped:
        sentences.append(f"Off or saved until their node has its VMs back: {', '.join(stopped.values())}.")
    left_open = next((node.host for node in unfinished if node.phase in OPEN), "")
    if left_open:
        command = _restore_command(left_open, folder)
        sentences.append(f"To give {left_open} its VMs back without that: {command}")
    return " ".join(sentences)


def _why_unfinished(phase: Phase | None, *, dry_run: bool) -> str:
    if phase is None:
        return "it was not looked at"
    return "its dry run was ended" if dry_run else _LEFT_AS[phase]
