# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scenario may say about the hardware that a VM sees, and that a host offers VMs."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .scenario_reader import Names

ConfigurationVersion = t.Annotated[
    str, Names(re.compile(r"[0-9]{1,3}\.[0-9]{1,3}"), "a configuration version such as 10.0")
]


@dataclasses.dataclass(frozen=True)
class AdapterSpec:
    """One network adapter of a VM, connected to a virtual switch, or (``pool``) to any that a resource pool offers.

    ``connected`` false: it has a switch, and its connection is disabled. Without switch and pool it has neither.
    """

    switch: str | None = "External"
    pool: str | None = None
    connected: bool = True


@dataclasses.dataclass(frozen=True)
class VmHardwareSpec:
    """What a VM needs of its host. ``version`` null: the highest that all nodes support.

    ``processor_mode``: which features processor compatibility leaves a VM: the documented least, or those that all
    nodes of the cluster have (Windows Server 2025). ``tpm``: it has a virtual TPM, which any guardian of its first host
    opens. ``shielded``: only a guarded host may start it.
    """

    adapters: tuple[AdapterSpec, ...] = (AdapterSpec(),)
    version: ConfigurationVersion | None = None
    processor_mode: t.Literal["least", "cluster"] = "least"
    tpm: bool = False
    shielded: bool = False


@dataclasses.dataclass(frozen=True)
class HostHardwareSpec:
    """What a host offers VMs.

    ``network_pools``: resource pools for network connections. ``gpus``: that can be divided, by their device paths.
    ``guarded``: the Host Guardian Service trusts the host. ``guardians``: those whose private keys it has.
    """

    processor_maker: t.Literal["GenuineIntel", "AuthenticAMD"] = "GenuineIntel"
    switches: tuple[str, ...] = ("External",)
    network_pools: tuple[str, ...] = ()
    gpus: tuple[str, ...] = ()
    guarded: bool = False
    guardians: tuple[str, ...] = ()
