# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Undocumented behaviour of starting and stopping VMs and nodes of a cluster, each as a switch."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class MaintenanceSwitches:
    """Behaviours around maintenance.

    Attributes:
        state_changes_in_cluster: whether Msvm_ComputerSystem.RequestStateChange works in Root\\HyperVCluster\\v2,
            returns Not Supported there, or is not implemented; in root\\virtualization\\v2 it always works.
        state_change_form: 4096 with a job, or ``synchronous``: 0, and the VM changes its state all the same.
        changing_state: the EnabledState of a VM on its way to another state: still the old one, or a transitional one.
        start_on_paused_node: whether a VM can be started on a paused node. Microsoft docs, PauseClusterNode: groups of
            a paused node cannot be brought online.
        paused_after_restart: whether a paused node that restarts comes back paused. Microsoft docs, PauseClusterNode:
            it does.
        restart_right: whether the account holds the right to shut Windows down.
        quorum_answer: where WillOfflineLoseQuorum puts its answer: the docs give it a boolean return value.
        disks_of_a_drained_node: what becomes of the disks of a node of 2022 or later: they enter maintenance mode with
            a drain, as Microsoft's docs say, with every pause, or not at all.
        disks_of_a_resumed_node: whether they leave it when the node is resumed, as the docs say, or stay.
        drain_of_a_paused_node: whether a node that was paused can still be drained.
        degraded_space_refuses: which pauses a degraded clustered space refuses (5987): those with a drain, or all.
        maintenance_by: who puts a node's disks into maintenance mode: MSFT_StorageScaleUnit, MSFT_StorageHealth, or
            neither.
        maintenance_codes: OperationalStatus of disks on their way into, in and on their way out of maintenance mode;
            nobody has written the numbers down, and two ways to count them differ.
        maintenance_stops_half_way: whether one disk stays in service, and a scale unit does not get the others back.
        balancer_acts: when the balancer looks for nodes that are too full, beside the half hours of AutoBalancerMode 2:
            when a node joins, when one is resumed too (the docs leave open whether that is a join), or it never finds
            anything to do.
    """

    state_changes_in_cluster: t.Literal["present", "not_supported", "missing"] = "present"
    state_change_form: t.Literal["job", "synchronous"] = "job"
    changing_state: t.Literal["old", "transitional"] = "old"
    start_on_paused_node: t.Literal["refuse", "allow"] = "refuse"
    paused_after_restart: bool = True
    restart_right: t.Literal["granted", "denied"] = "granted"
    quorum_answer: t.Literal["return_value", "out_parameter"] = "return_value"
    disks_of_a_drained_node: t.Literal["maintenance", "with_every_pause", "in_service"] = "maintenance"
    disks_of_a_resumed_node: t.Literal["in_service", "maintenance"] = "in_service"
    drain_of_a_paused_node: t.Literal["accepted", "refused"] = "accepted"
    degraded_space_refuses: t.Literal["drains", "pauses"] = "drains"
    maintenance_by: t.Literal["scale_unit", "storage_health", "nobody"] = "scale_unit"
    maintenance_codes: t.Literal["from_d009", "from_d007"] = "from_d009"
    maintenance_stops_half_way: bool = False
    balancer_acts: t.Literal["never", "joins", "resumes_too"] = "never"
