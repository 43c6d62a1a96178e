# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Others who act when it comes to their mind, each time the same for a world's name."""

from __future__ import annotations

import random
from collections.abc import Iterator

from .world import Step, World

# How often others do what.
_KINDS: dict[str, float] = {
    "move": 12, "migrate": 12, "balance": 8, "start": 10, "turn_off": 6, "save": 5, "pause_vm": 3, "shut_down": 4,
    "die": 6, "delete": 1, "rename": 2, "create": 2, "slow_guest": 3, "deaf_guest": 1, "slow_migrations": 4,
    "fail_job": 8, "stall_job": 3, "hide_job": 6, "pause": 4, "resume": 12, "drain": 2, "crash": 1, "come_back": 8,
    "evict": 0.3, "limit": 4, "restart_service": 3, "move_provider": 5, "lag": 3, "lose": 4, "fill": 1, "free": 3,
    "jump": 6, "kill": 0.5, "cut_off": 0.5,
}  # fmt: skip
_OF_NODES = frozenset(
    {
        "pause",
        "resume",
        "drain",
        "crash",
        "come_back",
        "evict",
        "limit",
        "restart_service",
        "move_provider",
        "lead_astray",
        "lead_back",
        "second_run",
    }
)
_OF_NOTHING = frozenset({"lag", "lose", "fill", "free", "jump", "kill", "cut_off"})
_OF_ROLES = frozenset({"move_role", "switch_role"})
_TO_NODES = frozenset({"move", "migrate", "balance", "create", "move_role"})
_AMOUNTS: dict[str, tuple[float, ...]] = {
    "create": (1024.0, 4096.0, 16384.0),
    "lag": (0.0, 3.0, 15.0),
    "slow_guest": (30.0, 300.0, 1000.0),
    "slow_migrations": (20.0, 120.0, 700.0),
    "limit": (0.0, 1.0, 3.0),
    "jump": (1.0, 10.0, 40.0, 300.0, 1500.0),
}
_HOW: dict[str, tuple[str, ...]] = {
    "lag": ("both", "summary", "cluster"),
    "lose": ("before", "after"),
    "second_run": ("same", "evacuate", "restore"),
}
_IDEAS = 4  # what is tried before a request until one thing can be done


class Others:
    """All others of one world."""

    def __init__(self, world: World) -> None:
        self._chance = random.Random(f"others of {world.name}")
        self._eagerness = world.eagerness
        self._kinds = dict(_KINDS)
        self._kinds.update({"lead_astray": 1.0, "lead_back": 8.0} if world.twin else {})
        self._kinds.update({"second_run": 3.0} if world.company else {})
        self._kinds.update({"move_role": 8.0, "switch_role": 3.0} if world.scenario.roles else {})
        self._roles = [role.name for role in world.scenario.roles]
        self._nodes = [node.name for node in world.scenario.nodes if node.member]
        self._vms = sorted({vm.name for vm in world.scenario.vms})

    def think_of(self, run: int, request: int) -> Iterator[Step]:
        """Yield what somebody could do before a request; nothing most times."""
        if self._eagerness and self._chance.random() < self._eagerness:
            for kind in self._chance.choices(list(self._kinds), list(self._kinds.values()), k=_IDEAS):
                yield self._step(run, request, kind)

    def _step(self, run: int, request: int, kind: str) -> Step:
        pick = self._chance.choice
        of = self._nodes if kind in _OF_NODES else self._roles if kind in _OF_ROLES else self._vms
        subject = "" if kind in _OF_NOTHING else pick(of)
        other = pick(self._nodes) if kind in _TO_NODES else pick(_HOW.get(kind, ("",)))
        return Step(run, request, kind, subject, other, pick(_AMOUNTS.get(kind, (0.0,))))
