# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Undocumented behaviour of moving a cluster group, and of the rules that keep groups together or apart."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class GroupSwitches:
    """Behaviours of MSCluster_ResourceGroup.MoveToNewNodeParams, of MoveToNewNode, and of affinity.

    Attributes:
        group_moves: whether a live move of a group works; works and leaves the group Pending for good
            (``left_pending``); or ends in a generic failure before it begins (``fail``). os-win saw the latter two.
        group_move_answer: ``pending``: the call ends in ERROR_IO_PENDING (997), or ``void``: without an error.
        group_move_state: State of a group while its VM moves.
        group_migration_state: the private MigrationState after the end: that of a failure is kept and that of a success
            is not (``failures_kept``), both are, or none is.
        group_progress: whether the private MigrationState and MigrationProgress are shown while a VM moves; without
            the percentage (``state``) or with one that stays 0 (``zero``); or neither is (``none``).
        group_job: where the Msvm_MigrationJob of such a move shows: on its source, in the cluster's namespace as well,
            on its destination alone, on both hosts, or nowhere.
        internal_groups: whether the groups of shared volumes and storage pools are listed, with GUIDs as names.
        role_move_answer: how MoveToNewNode and MoveToNewHost end for what is no VM once the move has begun: without an
            error, in ERROR_IO_PENDING (997), or in WAIT_TIMEOUT (258).
        role_move_state: State of such a group while it moves.
        shared_volume_links: whether MSCluster_ClusterSharedVolumeToResource lists which volume is on which disk.
        class_names: whether classes of AntiAffinityClassNames that differ in upper and lower case are one.
        class_holders: whether an enforced class counts all its groups, or those that run.
        same_node_rule: what happens to a move that parts VMs of a rule for the same node: it is made, it is refused,
            the job fails, or it is made and the cluster moves the others after it (``follow``).
    """

    group_moves: t.Literal["work", "left_pending", "fail"] = "work"
    group_move_answer: t.Literal["pending", "void"] = "pending"
    group_move_state: t.Literal["pending", "online"] = "pending"
    group_migration_state: t.Literal["failures_kept", "kept", "cleared"] = "failures_kept"
    group_progress: t.Literal["shown", "state", "zero", "none"] = "shown"
    group_job: t.Literal["source", "cluster", "destination", "both", "none"] = "source"
    internal_groups: t.Literal["listed", "absent"] = "listed"
    role_move_answer: t.Literal["void", "pending", "timed_out"] = "void"
    role_move_state: t.Literal["pending", "online"] = "pending"
    shared_volume_links: t.Literal["listed", "absent"] = "listed"
    class_names: t.Literal["identical", "any_case"] = "identical"
    class_holders: t.Literal["all", "running"] = "all"
    same_node_rule: t.Literal["allow", "refuse", "fail_job", "follow"] = "allow"
