# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes that could take the VMs of a node that is emptied, and are not to. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ..._hostnames import first_label
from .snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class KeptFree:
    """A node to which nothing moves.

    Attributes:
        node: its name.
        because: why, as in ``NODE1 gets its VMs back``.
        always: also where the other node cannot be emptied without it.
    """

    node: str
    because: str
    always: bool = True


def without(snapshot: Snapshot, kept_free: Sequence[KeptFree]) -> Snapshot:
    """Return the cluster without nodes that are kept free."""
    if not kept_free:
        return snapshot
    reasons = {first_label(one.node): one.because for one in kept_free}
    return dataclasses.replace(
        snapshot,
        destinations=tuple(one for one in snapshot.destinations if first_label(one.name) not in reasons),
        unusable={**snapshot.unusable, **reasons},
        role_destinations=tuple(one for one in snapshot.role_destinations if first_label(one) not in reasons),
    )
