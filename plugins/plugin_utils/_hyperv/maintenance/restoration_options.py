# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a node gets its VMs back."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from ..planning.roles_back import LEAVE, RolesWish
from ..planning.strategies import EVERY_VM
from ..scheduling.migrate import MigrationOptions


@dataclasses.dataclass(frozen=True)
class RestorationOptions:
    """How a node gets its VMs back.

    Attributes:
        migration: how VMs are moved.
        node: its name; empty where the ledger says which one it is.
        forget_gone: VMs that nobody knows any more were deleted on purpose, and are settled.
        home: names, patterns and ids of the VMs that come home; all others stay where they are, and are settled.
        ignore: names of networks, volumes and nodes whose problems do not keep VMs from coming back.
        roles: what becomes of roles, shared volumes and the core group that the evacuation moved.
        storage_interval: seconds between two looks at storage.
    """

    migration: MigrationOptions = dataclasses.field(default_factory=MigrationOptions)
    node: str = ""
    forget_gone: bool = False
    home: Sequence[str] = (EVERY_VM,)
    ignore: Collection[str] = ()
    roles: RolesWish = LEAVE
    storage_interval: float = 10.0
