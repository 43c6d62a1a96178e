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
    """

    state_changes_in_cluster: t.Literal["present", "not_supported", "missing"] = "present"
    state_change_form: t.Literal["job", "synchronous"] = "job"
    changing_state: t.Literal["old", "transitional"] = "old"
    start_on_paused_node: t.Literal["refuse", "allow"] = "refuse"
    paused_after_restart: bool = True
    restart_right: t.Literal["granted", "denied"] = "granted"
    quorum_answer: t.Literal["return_value", "out_parameter"] = "return_value"
