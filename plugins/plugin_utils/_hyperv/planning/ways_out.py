# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which other strategy helps a VM that keeps its node from being emptied. Pure.

A remedy names a strategy only if the plan takes the VM by it: what was refused, or would be next, is never advised.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

from ..cluster import attachments as devices
from .strategies import MIGRATE, SAVE, SHUTDOWN, STAY, StrategyName
from .vm_finding import VmFinding

# By the code of what stands against the move, the gentlest first. Against what is missing here no strategy helps.
_HELPFUL: Mapping[str, tuple[StrategyName, ...]] = {
    "no_memory": (SHUTDOWN, SAVE),
    "no_node": (SHUTDOWN, SAVE, STAY),
    "rule": (STAY,),
    "not_clustered": (STAY, SHUTDOWN, SAVE),
    "restart": (MIGRATE, SHUTDOWN, SAVE),
    "state": (MIGRATE, STAY),
    "no_role": (STAY,),
    "replica": (MIGRATE, STAY),
    "memory": (MIGRATE, SHUTDOWN, SAVE),
    devices.PASS_THROUGH: (SHUTDOWN,),
    devices.GPU_PARTITION: (SHUTDOWN,),
    devices.PCI_DEVICE: (SHUTDOWN,),
}


def with_ways_out(finding: VmFinding, codes: Collection[str], works: Callable[[StrategyName], bool]) -> VmFinding:
    """Return a finding whose remedy names the strategies that help against all of ``codes`` and that work."""
    helpful = [set(_HELPFUL.get(code, ())) for code in codes]
    order = dict.fromkeys(strategy for code in sorted(codes) for strategy in _HELPFUL.get(code, ()))
    found = [one for one in order if all(one in some for some in helpful) and works(one)]
    if not found:
        return finding
    advice = f"ive it the strategy {_or(found)}."
    remedy = f"{finding.remedy} Or g{advice}" if finding.remedy else f"G{advice}"
    return dataclasses.replace(finding, remedy=remedy)


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
