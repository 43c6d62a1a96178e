# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The closed sets of words for a migration that users meet as options and results."""

from __future__ import annotations

import typing as t

MethodName = t.Literal["system", "cluster_group", "host"]
"""What a VM is moved by: MigrateVirtualSystemToSystem; MoveToNewNodeParams and MoveToNewNode of its group;
MigrateVirtualSystemToHost."""

MethodChoice = t.Literal["auto", "system", "cluster_group", "host"]
"""The option ``method``: one method for all moves of a task, or the first that fits each."""

Outcome = t.Literal["moved", "already_there", "elsewhere", "would_move", "started", "completed", "not_begun", "failed"]
"""How a move ended. ``completed`` is that of one that leaves the VM where it is: its files moved, or it was staged.
``elsewhere``: somebody else moved the VM, so it was left there. ``not_begun``: the task was cut off before."""

OnTimeout = t.Literal["leave", "cancel"]
"""What becomes of the job of a move that takes too long."""

AUTO: t.Final = "auto"
SYSTEM: t.Final = "system"
CLUSTER_GROUP: t.Final = "cluster_group"
HOST: t.Final = "host"
METHODS: tuple[MethodChoice, ...] = t.get_args(MethodChoice)
