# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the plan of an evacuation is to be like."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from .beside import Beside
from .kept_free import KeptFree
from .revalidation import EarlierPlan
from .role_strategies import RoleStrategy
from .strategies import Strategy


@dataclasses.dataclass(frozen=True)
class Preference:
    """Nodes that come before others for some VMs, instead of their preferred owners.

    Attributes:
        nodes: names of the nodes.
        because: what each of them is, as in ``NODE2 is done already``.
        vm_ids: ids of the VMs.
    """

    nodes: tuple[str, ...]
    because: str
    vm_ids: AbstractSet[str]


@dataclasses.dataclass(frozen=True)
class EvacuationRequest:
    """What the user asks for.

    Attributes:
        node: the node to be emptied.
        destinations: nodes that may take its VMs; empty for all.
        reserve_percent: share of each destination's memory that is kept free.
        strategies: how VMs leave; the first entry that matches a VM counts.
        excluded: VM ids, each with the first labels of nodes that this VM shall not go to.
        earlier: a plan that was made before, of which is kept what still holds.
        restart: the node is to be restarted, so that no VM may run on there.
        local_vms: VMs that are not of the cluster may go down in that restart.
        priority_first: no move goes before one of higher priority, however long it takes.
        preferred_owner_cost: how many percent longer the moves may take for the sake of preferred owners; None for
            however long they take.
        link_rates: how many MB a second a live migration copies on the link of a node, by its first label.
        role_strategies: which roles and shared volumes move; the first entry that matches one counts.
        helpers: how many VMs of other nodes may step aside, besides those of the earlier plan.
        not_aside: ids of VMs that do not step aside.
        preference: nodes that come before others for some VMs; None for preferred owners alone.
        beside: nodes that are emptied at the same time.
        kept_free: nodes to which nothing moves, as far as they say.
    """

    node: str
    destinations: Sequence[str] = ()
    reserve_percent: float = 10
    strategies: Sequence[Strategy] = ()
    excluded: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    earlier: EarlierPlan | None = None
    restart: bool = False
    local_vms: bool = False
    priority_first: bool = False
    helpers: int = 0
    not_aside: AbstractSet[str] = frozenset()
    preferred_owner_cost: float | None = None
    link_rates: Mapping[str, int] = dataclasses.field(default_factory=dict)
    role_strategies: Sequence[RoleStrategy] = ()
    preference: Preference | None = None
    beside: Beside = dataclasses.field(default_factory=Beside)
    kept_free: Sequence[KeptFree] = ()
