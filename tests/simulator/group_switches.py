# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Undocumented behaviour of moving a cluster group, each as a switch."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class GroupSwitches:
    """Behaviours of MSCluster_ResourceGroup.MoveToNewNodeParams.

    Attributes:
        group_moves: whether a live move of a group works; works and leaves the group Pending for good
            (``left_pending``); or ends in a generic failure before it begins (``fail``). os-win saw the latter two.
        group_move_answer: ``pending``: the call ends in ERROR_IO_PENDING (997), or ``void``: without an error.
        group_move_state: State of a group while its VM moves.
        group_migration_state: the private MigrationState after the end: that of a failure is kept and that of a success
            is not (``failures_kept``), both are, or none is.
        group_job: where the Msvm_MigrationJob of such a move shows: on its source, in the cluster's namespace as well,
            or nowhere.
    """

    group_moves: t.Literal["work", "left_pending", "fail"] = "work"
    group_move_answer: t.Literal["pending", "void"] = "pending"
    group_move_state: t.Literal["pending", "online"] = "pending"
    group_migration_state: t.Literal["failures_kept", "kept", "cleared"] = "failures_kept"
    group_job: t.Literal["source", "cluster", "none"] = "source"
