# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an evacuation or a restoration came to, as data."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ..cluster.vms import Vm
from ..migration.move_record import MaintenanceRecord
from ..planning.plan_move import NamedVm, PlanMove
from ..power.power_changes import Change
from ..records.file_names import NOBODY, Owner
from ..records.ledger_form import Ledger

Data = Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What is common to both.

    Attributes:
        node, owner, is_clustered: what it was about.
        error: why it failed as a whole, for people and with all they need; empty for success.
        cause: the same without what became of the node, for a report that has both; empty for success.
        note: how the node was left, and what else there is to say.
        moves: what became of each move, in the form of hyperv_vm_migrate.
        planned, stays: the plan's moves, and VMs that were not to be moved.
        started: VMs that were started again.
        still_stopped: VMs that ran when the evacuation first saw them and are off or saved because of it.
        changed_vms: VMs of which this run has changed the place or the state.
        roles: what became of roles, shared volumes and the core group that were to be moved.
        node_state: the node's as it was read last; empty where it could not be read or there is no cluster.
        ledger, ledger_path: None where there is none.
        nodes_before, nodes_after: in the form of hyperv_cluster_node_info; empty where not read.
        headroom: memory of destinations before and after, as planned.
        limits: how many moves may run at once, in the form of hyperv_migration_capabilities_info.
        changed: something of the cluster was changed, or would be in a dry run.
    """

    node: str
    owner: Owner = NOBODY
    is_clustered: bool = True
    error: str = ""
    cause: str = ""
    note: str = ""
    moves: Sequence[MaintenanceRecord] = ()
    planned: Sequence[PlanMove] = ()
    stays: Sequence[Data] = ()
    started: Sequence[Vm] = ()
    still_stopped: Sequence[Vm] = ()
    changed_vms: Sequence[NamedVm] = ()
    roles: Sequence[Data] = ()
    node_state: str = ""
    ledger: Ledger | None = None
    ledger_path: str | None = None
    nodes_before: Sequence[Data] = ()
    nodes_after: Sequence[Data] = ()
    headroom: Sequence[Data] = ()
    limits: Data = dataclasses.field(default_factory=dict)
    changed: bool = False
    warnings: Sequence[str] = ()

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result, without the report."""
        return {
            "changed": self.changed,
            "node": self.node,
            "cluster": self.owner.full or None,
            "cluster_name": self.owner.short or None,
            "clustered": self.is_clustered,
            "moves": list(self.moves),
            "planned": list(self.planned),
            "stays": list(self.stays),
            "started": shown(self.started),
            "still_stopped": shown(self.still_stopped),
            "changed_vms": list(self.changed_vms),
            "roles": list(self.roles),
            "node_state": self.node_state or None,
            "ledger": self.ledger or {},
            "ledger_path": self.ledger_path,
            "nodes_before": list(self.nodes_before),
            "nodes_after": list(self.nodes_after),
            "headroom": list(self.headroom),
            "limits": dict(self.limits),
        }


@dataclasses.dataclass(frozen=True)
class EvacuationOutcome(Outcome):
    """What an evacuation came to.

    Attributes:
        plan: what was planned, in the form of hyperv_evacuation_plan_info.
        left: VMs that are on the node although all planned moves have ended.
        died: VMs that ran when they were first seen and are off or saved, without having been stopped.
        excluded: nodes on which the move of a VM has failed, by VM id.
        storage: what the gate found of Storage Spaces Direct, in the form of hyperv_cluster_health_info.
        paused_by_us, paused_before: whether this run paused the node, and whether it was paused before the evacuation.
    """

    plan: Data = dataclasses.field(default_factory=dict)
    left: Sequence[Vm] = ()
    died: Sequence[Vm] = ()
    excluded: Mapping[str, Iterable[str]] = dataclasses.field(default_factory=dict)
    storage: Data = dataclasses.field(default_factory=dict)
    paused_by_us: bool = False
    paused_before: bool | None = None

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result, without the report."""
        return {
            **super().as_result(),
            "plan": dict(self.plan),
            "left": shown(self.left),
            "died": shown(self.died),
            "excluded": [
                {"vm_id": vm_id, "node": node}
                for vm_id, nodes in sorted(self.excluded.items())
                for node in sorted(nodes)
            ],
            "storage": dict(self.storage),
            "paused_by_us": self.paused_by_us,
            "paused_before": self.paused_before,
        }


def vms_changed(records: Iterable[MaintenanceRecord], changes: Iterable[Change]) -> list[NamedVm]:
    """Return the VMs whose place or state was changed by moves and by starts and stops, each once."""
    moved = {one["vm"]["id"]: one["vm"]["name"] for one in records if one["changed"] and one["outcome"] != "would_move"}
    changed = {change.vm.id: change.vm.name for change in changes if change.has_changed}
    return [{"vm_id": vm_id, "name": name} for vm_id, name in {**moved, **changed}.items()]


def shown(vms: Iterable[Vm]) -> list[dict[str, t.Any]]:
    """Return VMs for a task's result."""
    return [{"vm_id": vm.id, "name": vm.name, "node": vm.node, "state": vm.state} for vm in vms]
