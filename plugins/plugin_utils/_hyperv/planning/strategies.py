# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How each VM leaves its node, as the user wishes it. Pure."""

from __future__ import annotations

import fnmatch
import typing as t
from collections.abc import Mapping, Sequence

from ..._names import in_capitals, same_name
from ..cluster.vms import Vm, is_vm_id, normal_id
from ..failure.errors import HyperVError

StrategyName = t.Literal["migrate", "shutdown", "save", "stay", "fail"]
MIGRATE: t.Final = "migrate"
SHUTDOWN: t.Final = "shutdown"
SAVE: t.Final = "save"
STAY: t.Final = "stay"
FAIL: t.Final = "fail"
STRATEGIES: tuple[StrategyName, ...] = t.get_args(StrategyName)
EVERY_VM: t.Final = "*"  # as a pattern
OFFLINE: frozenset[StrategyName] = frozenset({SHUTDOWN, SAVE})


class Strategy(t.NamedTuple):
    """One line of the user's list: which VMs, by name, pattern (``*``, ``?``, ``[seq]``) or GUID, and what of them."""

    vm: str
    strategy: StrategyName

    def matches(self, vm: Vm) -> bool:
        """Tell whether a VM is meant; letter case does not matter, as Hyper-V does not mind it."""
        return is_meant(self.vm, vm)


def is_meant(written: str, vm: Vm) -> bool:
    """Tell whether a name, a pattern (``*``, ``?``, ``[seq]``) or a GUID means a VM."""
    if is_vm_id(written) and normal_id(written) == vm.id:
        return True
    name, pattern = in_capitals(vm.name), in_capitals(written)
    # A name may itself hold what is special in a pattern.
    return name == pattern or fnmatch.fnmatchcase(name, pattern)


def read_strategies(written: Sequence[Mapping[str, t.Any]]) -> tuple[Strategy, ...]:
    """Return the user's list. Raises HyperVError for an empty name or an unknown word."""
    found = []
    for one in written:
        vm, word = str(one["vm"]).strip(), str(one["strategy"])
        if not vm:
            raise HyperVError("strategies holds an entry with an empty vm. Give a name, a pattern such as web*, or id.")
        strategy = strategy_named(word)
        if strategy is None:
            raise HyperVError(f"strategies holds {word!r} for {vm!r}. A strategy is one of {', '.join(STRATEGIES)}.")
        found.append(Strategy(vm, strategy))
    return tuple(found)


def strategy_named(word: str) -> StrategyName | None:
    """Return the strategy of a name, None where there is none."""
    return next((strategy for strategy in STRATEGIES if strategy == word), None)


def strategy_for(vm: Vm, strategies: Sequence[Strategy]) -> Strategy | None:
    """Return the first entry that matches a VM, None where none does."""
    return next((one for one in strategies if one.matches(vm)), None)


def note_unused_strategies(strategies: Sequence[Strategy], vms: Sequence[Vm]) -> list[str]:
    """Return a note for each entry that matches none of ``vms``, and for each that an earlier one makes needless.

    And for each that is the whole name of one VM, and as a pattern is taken for others as well.
    """
    taken = [(strategy_for(vm, strategies), vm) for vm in vms]
    notes = []
    for one in strategies:
        meant = [vm for strategy, vm in taken if strategy is one]
        if not meant:
            hidden = any(one.matches(vm) for vm in vms)
            why = "an earlier entry is taken for each VM that it matches" if hidden else "no VM of the node matches it"
            notes.append(f"The strategy {one.strategy!r} for {one.vm!r} is not used: {why}.")
        others = [vm.name for vm in meant if not same_name(vm.name, one.vm)]
        if others and len(others) < len(meant):
            notes.append(
                f"The strategy {one.strategy!r} for {one.vm!r}, which is the name of a VM, is a pattern as well and "
                f"is taken for {', '.join(others)} too. Give the VM's GUID to mean only that VM."
            )
    return notes
