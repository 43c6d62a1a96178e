# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rolling maintenance does with the node whose turn it is, and what it says when it stops."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..._text import clean
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node, find_node, read_nodes
from ..failure.errors import HyperVError, explain
from ..failure.finding import full_stop
from ..records.rolling_state import (
    OPEN,
    Phase,
    RollingState,
    describe_phase,
    describe_progress,
    is_finished,
    phase_of,
    returns_all,
)
from .health_gate import HealthGate
from .observation import read_standing

Step = t.Literal["evacuate", "work", "restart", "restore"]

STEPS: t.Final[Mapping[Phase, tuple[Step, ...]]] = {
    "": ("evacuate", "work", "restore"),
    "begun": ("evacuate", "work", "restore"),
    "evacuated": ("evacuate", "work", "restore"),
    "restarting": ("evacuate", "restart", "restore"),
    "worked": ("restore",),
    "done": (),
}
"""What is to be done with a node in each phase. After the work it may be restarted, too: that is decided then."""

_INTENTIONS: t.Final[Mapping[Phase, str]] = {
    "": "is evacuated, worked on, and gets its VMs back",
    "begun": "was begun already: it is evacuated of what is left, worked on, and gets its VMs back",
    "evacuated": "was evacuated already: it is evacuated of what is left, worked on, and gets its VMs back",
    "restarting": "was worked on already: it is restarted, and gets its VMs back",
    "worked": "was worked on already: it gets its VMs back",
    "done": "is done in this rolling maintenance: there is nothing to do",
}
_LEFT_AS: t.Final[Mapping[Phase, str]] = {
    "": "nothing was changed on it",
    "begun": "it is not evacuated, or only in part",
    "evacuated": "it was evacuated, and your tasks are not done",
    "restarting": "your tasks are done, and it is not restarted",
    "worked": "your tasks are done, and not all of its VMs are back as they were",
    "done": "it is done",
}
_RESUMED: t.Final[Mapping[Phase, str]] = {
    "": "begins from the start",
    "begun": "begins from the start",
    "evacuated": "continues with your tasks",
    "restarting": "continues with its restart",
    "worked": "continues with the return of its VMs",
    "done": "is skipped",
}
_ENDED_BY: t.Final = "A meta: end_host, end_batch or end_play in your tasks"


@dataclasses.dataclass(frozen=True)
class Turn:
    """The turn of one node.

    Attributes:
        host: its inventory host, by which the state knows it.
        node: its name in the cluster.
        hosts: inventory hosts of all nodes of the run, in their order.
        state: the rolling maintenance as it stands.
        restart: the node is to be restarted, as far as that is known before the work.
        dry_run: nothing is changed.
        keeps_layout: all VMs that leave a node return to it.
    """

    host: str
    node: str
    hosts: Sequence[str]
    state: RollingState
    restart: bool
    dry_run: bool
    keeps_layout: bool = True

    @property
    def phase(self) -> Phase:
        """What the node has behind it."""
        return phase_of(self.state, self.host)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is to be done with it."""
        return STEPS[self.phase]

    @property
    def is_restarted(self) -> bool:
        """Whether it is restarted in this run, as far as that is known: an interrupted run may have decided so."""
        return self.restart or "restart" in self.steps

    def overlooked(self, ignore: Collection[str]) -> list[str]:
        """Return the names whose problems do not count.

        In a dry run that includes the nodes before it that an earlier run left paused: a real run would have given them
        back by now.
        """
        return [*ignore, *(self._names_of_open(self.hosts[: self.hosts.index(self.host)]) if self.dry_run else [])]

    def check(self, cluster: Cluster, gate: HealthGate) -> Sequence[str]:
        """Refuse a node that must not be touched, and wait until the cluster can run without it.

        Returns warnings about the cluster. Raises HyperVError, Fault and TransportError.
        """
        self._refuse_to_skip_a_restart()
        if not self.steps:
            return ()
        nodes = read_nodes(cluster)
        self._refuse_a_foreign_pause(find_node(cluster, nodes, self.node))
        if "evacuate" in self.steps:
            self._refuse_while_another_is_open(nodes, gate.ignore)
            health = gate.wait(cluster, self.node)
            if health.findings:
                raise HyperVError(health.message)
            return health.warnings
        return ()

    def _refuse_to_skip_a_restart(self) -> None:
        progress = self.state["nodes"].get(self.host)
        if self.restart and progress and self.phase in ("worked", "done") and not progress.get("restarted"):
            raise HyperVError(
                f"{self.node} is {describe_phase(self.phase)} in the rolling maintenance of {self.state['begun']}, and "
                "was not restarted, whereas this run restarts nodes. Run it without rolling_maintenance_restart, or "
                "begin with the first node again with rolling_maintenance_begin_anew=true."
            )

    def _refuse_a_foreign_pause(self, node: Node) -> None:
        if self.phase == "" and node.state == "paused":
            raise HyperVError(
                f"{node.name} is paused, and not by this rolling maintenance. Somebody else may be at work on it. "
                "Resume it (hyperv_cluster_node with state=active), or leave it out of the rolling maintenance."
            )

    def _refuse_while_another_is_open(self, nodes: Sequence[Node], ignore: Collection[str]) -> None:
        """Do not wait for a node that this rolling maintenance itself has paused: nobody is about to resume it."""
        if self.dry_run:
            return
        overlooked = {name.strip().casefold() for name in ignore}
        paused = {first_label(node.name): node.name for node in nodes if node.state == "paused"}
        for host, progress in self.state["nodes"].items():
            name = paused.get(first_label(progress.get("name") or host))
            if host == self.host or progress["phase"] not in OPEN or not name or name.casefold() in overlooked:
                continue
            raise HyperVError(
                f"{name} is paused by this rolling maintenance and is not done ({describe_phase(progress['phase'])}), "
                f"so {self.node} is not begun. {_ENDED_BY} can do that: remove it. Then run the same "
                f"command with --limit {host}, which {_RESUMED[progress['phase']]}, or give {name} its VMs back with "
                "hyperv.migration.restore_node. After that, run the same command again."
            )

    def _names_of_open(self, hosts: Collection[str]) -> list[str]:
        known = {host: self.state["nodes"][host] for host in hosts if host in self.state["nodes"]}
        return [node.get("name") or first_label(host).upper() for host, node in known.items() if node["phase"] in OPEN]

    @property
    def _intention(self) -> str:
        words = _INTENTIONS[self.phase]
        if self.keeps_layout or returns_all(self.state, self.host):
            return words
        return words.replace("gets its VMs back", "gets back the VMs that are to come home")

    @property
    def left(self) -> list[str]:
        """The inventory hosts of the run that are not done, this one first."""
        after = self.hosts[self.hosts.index(self.host) :]
        return [host for host in after if phase_of(self.state, host) != "done"]

    @property
    def is_first(self) -> bool:
        """All nodes of the run before it are done already."""
        return all(phase_of(self.state, host) == "done" for host in self.hosts[: self.hosts.index(self.host)])

    @property
    def is_last(self) -> bool:
        """All other nodes of the rolling maintenance are done, also those that are not of this run."""
        return all(host == self.host or phase_of(self.state, host) == "done" for host in self.state["nodes"])

    @property
    def done(self) -> list[str]:
        """The inventory hosts that are done in this rolling maintenance, those before this one too in a dry run."""
        before = self.hosts[: self.hosts.index(self.host)] if self.dry_run else ()
        done = [host for host in self.state["nodes"] if phase_of(self.state, host) == "done"]
        return list(dict.fromkeys([*done, *before]))

    def intention(self, via: str) -> list[str]:
        """Return in lines where the rolling maintenance stands and what is about to be done."""
        run_id = f"{self.state['run_id']} " if self.state["run_id"] else ""
        lines = [
            f"Cluster {self.state['cluster']}, rolling maintenance {run_id}begun {self.state['begun']}: "
            f"{describe_progress(self.state)}",
            f"{self.node} {self._intention}.",
        ]
        return [*lines, f"The cluster is asked through {via}."] if self.steps else lines


def describe_stop(turn: Turn, why: str) -> str:
    """Return that a node is not begun any more, why, and how to go on."""
    done = sum(phase_of(turn.state, host) == "done" for host in turn.hosts)
    return (
        f"Stopped in time before {turn.node}: {done} of {len(turn.hosts)} nodes are done. {why} Run the same command "
        "again to go on; nodes that are done are skipped."
    )


def describe_end(state: RollingState | None, node: str, dry_run: bool) -> str:
    """Return in words that a node is done, and how far the rolling maintenance is by that."""
    if dry_run or state is None:
        return f"{node} would be done."
    rest = "The rolling maintenance is finished" if is_finished(state) else describe_progress(state)
    return f"{node} is done. {rest}."


@dataclasses.dataclass(frozen=True)
class Stop:
    """Why and where a rolling maintenance stops.

    Attributes:
        node: its name in the cluster; that of its host where the cluster was not asked yet.
        phase: of the node; None where the state is not known.
        task, reason: the task that failed, and why.
        node_left: how the node is left, in words.
        folder: where ledgers are.
        via: the host to talk through; empty where there is none yet.
        progress: how far the rolling maintenance is, in words; empty where that is not known.
    """

    node: str
    phase: Phase | None
    task: str
    reason: str
    node_left: str
    folder: str
    via: str
    progress: str
    dry_run: bool

    def lines(self) -> list[str]:
        """Return the message in lines."""
        task = f', at the task "{clean(self.task)}"' if self.task else ""
        lines = [f"The rolling maintenance stops at {self.node}{task}:", full_stop(clean(self.reason))]
        if self.dry_run:
            return [*lines, "Nothing was changed."]
        if self.phase is None:
            return [*lines, "Nothing was changed on it in this run."]
        lines.append(f"How it is left: {self.node} {self.node_left}; {_LEFT_AS[self.phase]}.")
        if self.phase in OPEN:
            lines.append(f"Its ledger, which lists the VMs that were moved, is in the folder {self.folder}.")
        lines += [
            f"The rolling maintenance: {self.progress or 'not known'}.",
            "To go on, remove the cause and run the same command again: nodes that are done are skipped, and "
            f"{self.node} {_RESUMED[self.phase]}.",
        ]
        if self.phase in ("begun", "evacuated", "restarting"):
            command = _restore_command(self.node, self.folder, self.via)
            lines.append(f"To give {self.node} its VMs back without that: {command}")
        return lines


def _restore_command(node: str, folder: str, via: str = "") -> str:
    return (
        f"ansible-playbook hyperv.migration.restore_node -e restore_node_name={node} "
        f"-e restore_node_ledger_folder={folder}{f' -e restore_node_via={via}' if via else ''}"
    )


def describe_node(connect: Callable[[], Cluster], node: str) -> str:
    """Return in words in which state a node is and how many VMs it has, or why that could not be read."""
    try:
        cluster = connect()
        state = find_node(cluster, read_nodes(cluster), node).state
        count = len(read_standing(cluster, ()).on(node))
    except (HyperVError, NoAnswer) as error:
        return f"could not be read ({explain(error).rstrip('.')})"
    return f"is {state} and has {count} VM{'' if count == 1 else 's'}"


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
    unfinished: Sequence[Unfinished], hosts: Sequence[str], pattern: object = "", folder: str = "", *, dry_run: bool
) -> str:
    """Return which nodes are not done and what to do about it, or that all are done.

    ``hosts`` are those of the run, which ``pattern`` was to match; without hosts, no node was looked at. Ledgers are in
    ``folder``.
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
    ways = f"{_ENDED_BY} does that. Remove it: a condition, or end_role with ansible-core 2.18 or later, ends the tasks"
    if dry_run:
        return f"The dry run did not come to its end. {each}. {ways} alone. Then run it again."
    sentences = [
        f"The rolling maintenance did not come to its end. {each}. {ways} alone. Then run the same command again:",
        "nodes that are done are skipped.",
    ]
    left_open = next((node.host for node in unfinished if node.phase in OPEN), "")
    if left_open:
        command = _restore_command(left_open, folder)
        sentences.append(f"To give {left_open} its VMs back without that: {command}")
    return " ".join(sentences)


def _why_unfinished(phase: Phase | None, *, dry_run: bool) -> str:
    if phase is None:
        return "it was not looked at"
    return "its dry run was ended" if dry_run else _LEFT_AS[phase]
