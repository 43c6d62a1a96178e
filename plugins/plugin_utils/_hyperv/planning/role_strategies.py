# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether each role of a node moves in an evacuation, as the user wishes it. Pure."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ..._names import in_capitals
from ..failure.errors import HyperVError

RoleStrategyName = t.Literal["move", "stay"]
MOVE: t.Final = "move"
STAY: t.Final = "stay"
ROLE_STRATEGIES: tuple[RoleStrategyName, ...] = t.get_args(RoleStrategyName)
_FORM = "Give entries with role and strategy, such as role: FS*, strategy: stay; as text FS*=stay, with commas between."


@dataclasses.dataclass(frozen=True)
class RoleStrategy:
    """One line of the user's list: which roles, by name or pattern (``*``, ``?``, ``[seq]``), and what of them."""

    role: str
    strategy: RoleStrategyName

    def matches(self, name: str) -> bool:
        """Tell whether a role or the disk of a shared volume is meant, in any letter case."""
        name, pattern = in_capitals(name), in_capitals(self.role)
        # A name may itself hold what is special in a pattern, as those of disks do.
        return name == pattern or fnmatch.fnmatchcase(name, pattern)


def role_strategy_for(name: str, strategies: Sequence[RoleStrategy]) -> RoleStrategyName:
    """Return the strategy of the first entry that matches, ``move`` where none does."""
    return next((one.strategy for one in strategies if one.matches(name)), MOVE)


def leaves_everything(strategies: Sequence[RoleStrategy]) -> bool:
    """Tell whether every role stays, whatever it is called."""
    return any(one.role == "*" and one.strategy == STAY for one in strategies) and not any(
        one.strategy == MOVE for one in strategies
    )


def read_role_strategies(answer: object, option: str = "role_strategies") -> tuple[RoleStrategy, ...]:
    """Return strategies given as a list of ``{role, strategy}``, or as text ``ROLE=STRATEGY``.

    In a text commas, semicolons or line breaks stand between entries. Raises HyperVError naming ``option`` for anything
    else.
    """
    if answer is None:
        return ()
    if isinstance(answer, str):
        entries: Iterable[object] = [_pair(entry) for entry in re.split(r"[,;\n]", answer) if entry.strip()]
    elif isinstance(answer, (list, tuple)):
        entries = answer
    else:
        raise HyperVError(f"{option} is {answer!r}, which is neither a list nor a text. {_FORM}")
    return tuple(_read(entry, option) for entry in entries)


def _pair(entry: str) -> Mapping[str, str]:
    role, unused, strategy = entry.rpartition("=")
    return {"role": role.strip(), "strategy": strategy.strip()}


def _read(entry: object, option: str) -> RoleStrategy:
    if not isinstance(entry, Mapping) or {"role", "strategy"} != set(entry) or not str(entry["role"]).strip():
        raise HyperVError(f"{option} holds {entry!r}. {_FORM}")
    strategy = next((one for one in ROLE_STRATEGIES if one == entry["strategy"]), None)
    if strategy is None:
        raise HyperVError(
            f"{option} holds {entry['strategy']!r} for {entry['role']!r}. A strategy is one of "
            f"{', '.join(ROLE_STRATEGIES)}."
        )
    return RoleStrategy(str(entry["role"]).strip(), strategy)


def note_unused_role_strategies(strategies: Sequence[RoleStrategy], names: Sequence[str]) -> list[str]:
    """Return a note for each entry that matches none of ``names``."""
    return [
        f"The strategy {one.strategy!r} for {one.role!r} is not used: no role of the node matches it."
        for one in strategies
        if not any(map(one.matches, names))
    ]
