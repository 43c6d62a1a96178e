# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Memory sizes of VMs: drawn ones, and two public lists as shares.

``huawei``: flavor_ram of the 24,990 requests in VM_data_C1 to C5 of
github.com/mdl1104/Dataset-for-topology-aware-VM-placement (CC0 1.0). ``azure``: the 1,870,433 VMs of v1.train, v1.dev
and v1.test of github.com/huaweicloud/trace_generation_rnn, which are those of AzurePublicDatasetV1 (CC BY 4.0; Cortez
et al., Resource Central, SOSP 2017) by size. Neither says which VM was on which host.
"""

from __future__ import annotations

import random
import typing as t

SizesName = t.Literal["whole GB", "odd MB", "huawei", "azure"]
SIZES: tuple[SizesName, ...] = t.get_args(SizesName)

_GB = 1024
_WHOLE = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128)  # GB

# Memory in GB, and how many VMs have it.
_HUAWEI: dict[float, int] = {
    4: 3468, 8: 5707, 16: 2917, 24: 193, 32: 4817, 48: 110, 64: 6035, 96: 54, 128: 1641, 192: 46, 256: 2,
}  # fmt: skip
_AZURE: dict[float, int] = {
    0.75: 38578, 1.75: 892166, 2: 534, 3.5: 464859, 4: 234, 7: 203416, 8: 66, 14: 197840, 16: 187, 28: 420, 32: 36,
    56: 71942, 64: 7, 112: 148,
}  # fmt: skip


def draw_sizes(name: SizesName, count: int, chance: random.Random) -> list[int]:
    """Return the memory of ``count`` VMs in MB."""
    if name == "whole GB":
        return [chance.choice(_WHOLE) * _GB for unused in range(count)]
    if name == "odd MB":  # as dynamic memory makes them
        return [int(chance.choice(_WHOLE) * _GB * chance.uniform(0.55, 1)) for unused in range(count)]
    shares = _HUAWEI if name == "huawei" else _AZURE
    return [int(size * _GB) for size in chance.choices(list(shares), list(shares.values()), k=count)]
