# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rolling maintenance does with the node whose turn it is."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
from collections.abc import Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node, find_node, read_nodes
from ..failure.errors import HyperVError
from ..planning.beside import Beside
from ..planning.evacuation_request import EvacuationRequest
from ..planning.roll_plan import RollPlan
from ..planning.roll_request import BALANCED, KEEP, LayoutName, RollRequest
from ..records.rolling_state import OPEN, Phase, RollingState, describe_phase, describe_progress, phase_of, returns_all
from .health_gate import HealthGate
from .rolling import ENDED_BY, RESUMED

Step = t.Literal["evacuate", "work", "restart", "restore"]

EARLY: t.Final[tuple[Phase, ...]] = ("begun", "evacuated")
"""Phases that a node can have reached before its turn."""

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
    "": "is evacuated, worked on, and gets {back}",
    "begun": "was begun already: it is evacuated of what is left, worked on, and gets {back}",
    "evacuated": "was evacuated already: it is evacuated of what is left, worked on, and gets {back}",
    "restarting": "was worked on already: it is restarted, and gets {back}",
    "worked": "was worked on already: it gets {back}",
    "done": "is done in this rolling maintenance: there is nothing to do",
}


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
        layout: where VMs are in the end.
        home: names, patterns and ids of VMs that return to the node in any layout.
        together: inventory hosts of the nodes whose turns are at the same time, itself among them; empty for none.
        waiting: those whose turns come right after these.
    """

    host: str
    node: str
    hosts: Sequence[str]
    state: RollingState
    restart: bool
    dry_run: bool
    layout: LayoutName = KEEP
    home: Sequence[str] = ()
    together: Sequence[str] = ()
    waiting: Sequence[str] = ()

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
        return [*ignore, *(self._names_of_open(self._before) if self.dry_run else [])]

    @property
    def paused_by_us(self) -> list[str]:
        """The other nodes that this rolling maintenance may have paused, by name, of a node that it has begun as well.

        Such nodes were begun together, so that none of them is in the way of another.
        """
        return self._names_of_open([host for host in self.state["nodes"] if host != self.host]) if self.is_open else []

    @property
    def is_open(self) -> bool:
        """Whether it was begun and is not done."""
        return self.phase in OPEN

    def is_begun_early(self, run_began: dt.datetime) -> bool:
        """Whether this run has begun it before its turn, while the node before it got its VMs back."""
        progress = self.state["nodes"].get(self.host)
        begun = progress.get("reached", {}).get("begun") if progress is not None else None
        return self.phase in EARLY and begun is not None and dt.datetime.fromisoformat(begun) >= run_began

    @property
    def following(self) -> str:
        """The inventory host whose turn is next and may be begun early, empty for none."""
        host = next(iter(self.left[1:]), "")
        return host if host and phase_of(self.state, host) in ("", "begun") else ""

    @property
    def _company(self) -> Sequence[str]:
        return self.together or (self.host,)

    @property
    def _before(self) -> Sequence[str]:
        """The inventory hosts whose turns were before this one and those beside it."""
        return self.hosts[: min(self.hosts.index(host) for host in (*self._company, *self.waiting))]

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
                raise HyperVError(f"{self.node} is not emptied before this is in order. {health.message}")
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
        if self.dry_run or self.is_open:
            return
        overlooked = {in_capitals(name.strip()) for name in ignore}
        paused = {first_label(node.name): node.name for node in nodes if node.state == "paused"}
        found: dict[str, str] = {}
        for host, progress in self.state["nodes"].items():
            name = paused.get(first_label(progress.get("name") or host))
            if host == self.host or progress["phase"] not in OPEN or not name or in_capitals(name) in overlooked:
                continue
            found[host] = name
        if not found:
            return
        host, name = next(iter(found.items()))
        phase = self.state["nodes"][host]["phase"]
        others = f" {', '.join(list(found.values())[1:])} likewise." if len(found) > 1 else ""
        raise HyperVError(
            f"{name} is paused by this rolling maintenance and is not done ({describe_phase(phase)}), "
            f"so {self.node} is not begun.{others} {ENDED_BY} can do that: remove it. So can a run that ended early, "
            f"if this one takes the nodes in another order. Then run the same command with --limit {','.join(found)}, "
            f"which {RESUMED[phase]}, or give {name} its VMs back with hyperv.migration.restore_node. After that, run "
            "the same command again."
        )

    def _names_of_open(self, hosts: Collection[str]) -> list[str]:
        known = {host: self.state["nodes"][host] for host in hosts if host in self.state["nodes"]}
        return [node.get("name") or first_label(host).upper() for host, node in known.items() if node["phase"] in OPEN]

    @property
    def left(self) -> list[str]:
        """The inventory hosts of the run that are not done, this one and those beside it first."""
        after = self.hosts[len(self._before) :]
        those = [*self._company, *(host for host in after if host not in self._company)]
        return [host for host in those if phase_of(self.state, host) != "done"]

    @property
    def refills(self) -> bool:
        """Whether the memory of all nodes is evened out after it: all others of the maintenance are done by then.

        Of nodes that have their turns together, the last one does it.
        """
        return (
            self.layout == BALANCED
            and not self.dry_run
            and self.host == self._company[-1]
            and all(host in self._company or phase_of(self.state, host) == "done" for host in self.state["nodes"])
        )

    @property
    def is_planned(self) -> bool:
        """Whether the rest of the rolling maintenance is planned before it.

        A dry run plans before the first node alone: it changes nothing that the next plan could begin with.
        """
        is_first = all(phase_of(self.state, host) == "done" for host in self._before)
        is_needed = self.layout != KEEP or len(self._company) > 1
        return is_needed and "evacuate" in self.steps and (is_first or not self.dry_run)

    @property
    def done(self) -> list[str]:
        """The inventory hosts that are done in this rolling maintenance, those before this one too in a dry run."""
        before = self._before if self.dry_run else ()
        done = [host for host in self.state["nodes"] if phase_of(self.state, host) == "done"]
        return list(dict.fromkeys([*done, *before]))

    @property
    def returns_all(self) -> bool:
        """Whether all VMs return to it, because of the layout or because an interrupted run planned it so."""
        return self.layout == KEEP or returns_all(self.state, self.host)

    def intention(self, via: str) -> list[str]:
        """Return in lines where the rolling maintenance stands and what is about to be done."""
        run_id = f"{self.state['run_id']} " if self.state["run_id"] else ""
        lines = [
            f"Cluster {self.state['cluster']}, rolling maintenance {run_id}begun {self.state['begun']}: "
            f"{describe_progress(self.state)}",
            f"{self.node} {_INTENTIONS[self.phase].format(back=_what_returns(self.returns_all))}.",
        ]
        return [*lines, f"The cluster is asked through {via}."] if self.steps else lines

    def request(self, evacuation: EvacuationRequest, names: Mapping[str, str]) -> RollRequest:
        """Return what is asked of the plan of the turns that are left; ``names`` are those in the cluster, by host."""
        return RollRequest(
            [names[host] for host in self.left],
            [names[host] for host in self.done],
            in_order=True,
            layout=self.layout,
            home=tuple(self.home),
            evacuation=dataclasses.replace(evacuation, restart=self.is_restarted),
        )

    def as_result(self, names: Mapping[str, str]) -> dict[str, t.Any]:
        """Return it for a task's result; ``names`` are those in the cluster, by host."""
        return {
            "host": self.host,
            "node": self.node,
            "nodes": list(self.hosts),
            "phase": self.phase,
            "steps": list(self.steps),
            "left": [names[host] for host in self.left],
            "done": [names[host] for host in self.done],
            "restart": self.is_restarted,
            "refills": self.refills,
            **self._returning(self.returns_all),
        }

    def as_planned(
        self, plan: RollPlan, step: Mapping[str, t.Any], rolling: Mapping[str, t.Any], beside: Beside
    ) -> dict[str, t.Any]:
        """Return what a plan changes in the task's result.

        Args:
            step: its own turn of the plan, in the form of a result.
            rolling: the record that phases are noted by.
            beside: the nodes that are emptied at the same time.
        """
        evacuation = {key: step[key] for key in ("node", "moves", "helpers", "stays")}
        return {
            "evacuation": {
                **rolling,
                "returns_all": step["returns_all"],
                "plan": {"cluster": plan.owner.full or None, **evacuation},
                **({"beside": beside.as_result()} if beside.counts else {}),
            },
            **self._returning(step["returns_all"]),
        }

    def _returning(self, all_vms: bool) -> dict[str, t.Any]:
        return {
            "home": ["*"] if all_vms else list(self.home),
            "next_step": f"It is worked on now, and gets {_what_returns(all_vms)} after that.",
        }


def _what_returns(all_vms: bool) -> str:
    return "its VMs back" if all_vms else "back the VMs that are to come home"
