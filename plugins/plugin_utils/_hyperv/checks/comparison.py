# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a host offers what a VM needs, compared without Hyper-V: what is certain is an error, the rest a warning.

Sources, all Microsoft docs: Compare-VM and the live migration troubleshooting articles (virtual switches by name),
"Processor compatibility for Hyper-V virtual machines" (never between makers), "Supported VM configuration versions for
long-term servicing hosts", "Partition and assign GPUs to VMs", and "Shielded VMs". What cannot be certain: whether
names of switches differ by letter case alone, whether another pool does, and which guardian a key protector names.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..._text import clean
from ..._wsman.errors import NoAnswer
from ..cluster.cim_values import WINDOWS_2012_R2, WINDOWS_2016, WINDOWS_2019, WINDOWS_2022, WINDOWS_2025
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.nodes import Node
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from ..failure.errors import HyperVError
from ..failure.finding import ERROR, WARNING, Finding, Severity
from .host_hardware import HostHardware
from .vm_hardware import Connection, ProcessorLimits, Security, VmHardware

# Lowest and highest configuration version of the hosts with long-term servicing; others are not judged.
_VERSIONS: Mapping[int, tuple[tuple[int, int], tuple[int, int]]] = {
    WINDOWS_2012_R2: ((5, 0), (5, 0)),
    WINDOWS_2016: ((5, 0), (8, 0)),
    WINDOWS_2019: ((5, 0), (9, 0)),
    WINDOWS_2022: ((8, 0), (10, 0)),
    WINDOWS_2025: ((8, 0), (12, 0)),
}


class _Pair(t.NamedTuple):
    """A VM, what those of its host need, that host, and the one that is to have it."""

    vm: Vm
    needs: VmHardware
    source: str
    here: HostHardware
    destination: Node
    there: HostHardware

    @property
    def name(self) -> str:
        return self.destination.name

    def finding(self, code: str, severity: Severity, message: str, remedy: str) -> Finding:
        return Finding(code, severity, self.vm.name, "vm", message, remedy)


_Check = Callable[[_Pair], Iterator[Finding]]


class Comparison:
    """Compares VMs with hosts. What is read of each host is read once and kept.

    It takes no login of its own: only hosts that the task talks to already are asked, unless ``log_in`` says otherwise.
    Nothing here raises: a host that does not answer shows no lack.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._hosts: dict[str, HostHardware] = {}
        self._vms: dict[str, VmHardware] = {}

    def find(
        self, vm: Vm, source: str, destination: Node, *, judged: bool, with_memory: bool, log_in: bool = False
    ) -> list[Finding]:
        """Return what a host lacks for a VM, for certain or perhaps.

        At most seven queries for all VMs of a source and six for a destination; three and two are usual.

        ``judged``: Hyper-V has compared the processors. ``with_memory``: the free memory counts.
        """
        if not log_in and not self._talks_to(source, destination.name):
            return []
        checks: list[_Check] = [_switches, _version, _gpu, _tpm]
        if vm.state != "off":
            checks.append(_processor_maker if judged else _processor)
        if with_memory and vm.state not in AT_REST:
            checks.append(_memory)
        found = self._carry_out(checks, vm, source, destination)
        if vm.state not in AT_REST:
            return found
        # It has nothing to transfer: what it lacks it misses when it is started.
        return [dataclasses.replace(one, severity=WARNING) if one.severity == ERROR else one for one in found]

    def suits_all(self, source: Node, destination: Node) -> bool:
        """Tell whether a host is known to lack nothing certain for any VM of another: none need be compared with it."""
        if not _same_build(source, destination):
            return False
        if not self._talks_to(source.name, destination.name):
            return False
        needs, here, there = self._needs(source.name), self._host(source.name), self._host(destination.name)
        try:
            wanted = {one.switch for connections in needs.connections.values() for one in connections if one.switch}
            if needs.with_gpu or not wanted <= there.switches:
                return False
            return _one_maker(here, there)
        except (HyperVError, NoAnswer):
            return False

    def find_certain(self, vm: Vm, source: Node, destination: Node) -> Finding | None:
        """Return what a host certainly lacks for a VM that runs, None for nothing."""
        if not self._talks_to(source.name, destination.name):
            return None
        checks: list[_Check] = [_switches, _gpu, _processor_maker]
        if not _same_build(source, destination):
            checks.append(_version)
        found = self._carry_out(checks, vm, source.name, destination)
        return next((one for one in found if one.severity == ERROR), None)

    def read_side_by_side(self, source: str, hosts: Sequence[str]) -> None:
        """Read of many hosts what every VM of a source that runs is compared with, before each is asked about."""
        if not self._talks_to(source):
            return
        wanted = ("switches", "processor") if self._has_connections(source) else ("processor",)
        self._cluster.ask_each(list(filter(self._talks_to, hosts)), lambda host: _read(self._host(host), wanted))

    def _has_connections(self, source: str) -> bool:
        needs = self._needs(source)
        _read(needs, ["connections"])
        return bool(needs.known.get("connections"))

    def _talks_to(self, *hosts: str) -> bool:
        try:
            return all(map(self._cluster.has_session, hosts))
        except (HyperVError, NoAnswer):
            return False

    def _carry_out(self, checks: Sequence[_Check], vm: Vm, source: str, destination: Node) -> list[Finding]:
        name = destination.name
        pair = _Pair(vm, self._needs(source), source, self._host(source), destination, self._host(name))
        found: list[Finding] = []
        for check in checks:
            if self.is_silent(source) or self.is_silent(name):
                break
            with contextlib.suppress(HyperVError, NoAnswer):  # a host that does not tell this may tell the rest
                found += check(pair)
        return found

    def is_silent(self, host: str) -> bool:
        """Tell whether a host did not answer."""
        return self._needs(host).silence is not None or self._host(host).silence is not None

    def forget_memory(self) -> None:
        """Have the free memory of the hosts read again."""
        for host in self._hosts.values():
            host.forget_memory()

    def _needs(self, host: str) -> VmHardware:
        label = first_label(host)
        if label not in self._vms:
            self._vms[label] = VmHardware(lambda: self._cluster.node(host), self._host(host))
        return self._vms[label]

    def _host(self, host: str) -> HostHardware:
        label = first_label(host)
        if label not in self._hosts:
            self._hosts[label] = HostHardware(lambda: self._cluster.node(host))
        return self._hosts[label]


def _read(host: HostHardware | VmHardware, wanted: Sequence[str]) -> None:
    """Have some of what a host tells read; what it does not tell is told to whoever needs it."""
    with contextlib.suppress(HyperVError, NoAnswer):
        for name in wanted:
            getattr(host, name)


def _switches(pair: _Pair) -> Iterator[Finding]:
    for connection in dict.fromkeys(pair.needs.connections.get(pair.vm.id, ())):
        if connection.pool:
            yield from _pool(pair, connection)
        elif connection.switch and connection.switch not in pair.there.switches:
            yield _switch(pair, connection.switch)


def _switch(pair: _Pair, wanted: str) -> Finding:
    shown = clean(wanted)
    adapter = f"a network adapter of VM {pair.vm.name} is connected to {shown}"
    similar = next((one for one in pair.there.switches if in_capitals(one) == in_capitals(wanted)), "")
    if similar:
        return pair.finding(
            "switch_case",
            WARNING,
            f"{pair.name} has a virtual switch {clean(similar)}, and {adapter}. No source tells whether Hyper-V takes "
            "names that differ in letter case for the same.",
            "Give the switches the same names on all hosts, in the same letter case (Rename-VMSwitch).",
        )
    return pair.finding(
        "switch_missing",
        ERROR,
        f"{pair.name} has no virtual switch {shown}, and {adapter} on {pair.source}.",
        "Give the virtual switches the same names on all hosts (Rename-VMSwitch, New-VMSwitch), connect the adapter to "
        "another switch, or choose another destination.",
    )


def _pool(pair: _Pair, connection: Connection) -> Iterator[Finding]:
    if in_capitals(connection.pool) not in pair.there.network_pools:
        yield pair.finding(
            "switch_pool_missing",
            WARNING,
            f"{pair.name} shows no resource pool {clean(connection.pool)}, from which a network adapter of VM "
            f"{pair.vm.name} takes its virtual switch.",
            "Create the pool on all hosts (New-VMResourcePool -ResourcePoolType Ethernet), or connect the adapter to a "
            "switch.",
        )


def _version(pair: _Pair) -> Iterator[Finding]:
    span = _VERSIONS.get(pair.destination.build or 0)
    if span is None:
        return
    told = pair.needs.versions.get(pair.vm.id, "")
    version = _numbers(told)
    if version is None or span[0] <= version <= span[1]:
        return
    lowest, highest = (".".join(map(str, one)) for one in span)
    remedy = (
        "Choose a destination with a newer Windows: the version of a VM cannot be lowered."
        if version > span[1]
        else "Upgrade the version of the VM while it is off (Update-VMVersion), or choose another destination."
    )
    yield pair.finding(
        "vm_version",
        ERROR,
        f"VM {pair.vm.name} has the configuration version {told}, and {pair.name} (Windows Server "
        f"{pair.destination.version}) supports {lowest} to {highest}.",
        remedy,
    )


def _numbers(version: str) -> tuple[int, int] | None:
    major, unused, minor = version.partition(".")
    return (int(major), int(minor or 0)) if major.isdecimal() and (minor or "0").isdecimal() else None


def _gpu(pair: _Pair) -> Iterator[Finding]:
    if pair.vm.id in pair.needs.with_gpu and not pair.there.has_gpu:
        yield pair.finding(
            "no_gpu",
            ERROR,
            f"VM {pair.vm.name} uses a part of a GPU, and {pair.name} shows no GPU that can be divided.",
            "Choose a destination with the same kind of GPU, or remove the GPU partition from the VM.",
        )


def _memory(pair: _Pair) -> Iterator[Finding]:
    """Compare with what the Windows of the host has left; Hyper-V may free more by dynamic memory."""
    needed, free = pair.vm.memory_mb or 0, pair.there.free_mb
    if free is not None and needed > free:
        yield pair.finding(
            "little_memory",
            WARNING,
            f"{pair.name} has {free} MB of memory free, and VM {pair.vm.name} uses {needed} MB.",
            "Move other VMs away from it first, or choose another destination.",
        )


def _same_build(source: Node, destination: Node) -> bool:
    """Tell whether two nodes are known to support the same versions of VMs."""
    return source.build is not None and source.build == destination.build


def _one_maker(here: HostHardware, there: HostHardware) -> bool:
    """Tell whether two hosts have processors of one maker; what is not told is no difference."""
    one, other = here.processor, there.processor
    return one is None or other is None or not one.maker or not other.maker or one.maker == other.maker


def _processor_maker(pair: _Pair) -> Iterator[Finding]:
    here, there = pair.here.processor, pair.there.processor
    if here is not None and there is not None and not _one_maker(pair.here, pair.there):
        yield pair.finding(
            "other_processor_maker",
            ERROR,
            f"{pair.source} has processors of {here.maker} and {pair.name} of {there.maker}, and no VM that runs can "
            "be moved between the two.",
            "Shut the VM down first, or choose another destination. Processor compatibility does not help here.",
        )


def _processor(pair: _Pair) -> Iterator[Finding]:
    here, there = pair.here.processor, pair.there.processor
    if here is None or there is None or not here.maker or not there.maker or here == there:
        return
    if here.maker != there.maker:
        yield from _processor_maker(pair)
        return
    limits = pair.needs.processor_limits.get(pair.vm.id, ProcessorLimits())
    others = f"{pair.source} has other processors ({here.model}) than {pair.name} ({there.model}), and "
    if limits.is_on is False:
        yield pair.finding(
            "other_processor",
            WARNING,
            f"{others}VM {pair.vm.name} uses all features of those that it runs on.",
            "If the move fails for that, shut the VM down and turn on processor compatibility (Set-VMProcessor "
            "-CompatibilityForMigrationEnabled).",
        )
    elif limits.by_cluster and pair.vm.namespace == VIRTUALIZATION:
        yield pair.finding(
            "processor_mode",
            WARNING,
            f"{others}processor compatibility leaves VM {pair.vm.name} what the nodes of a cluster have in common, "
            "although it is not clustered.",
            "Shut the VM down and let it have the least features only (LimitProcessorFeaturesMode 0).",
        )


def _tpm(pair: _Pair) -> Iterator[Finding]:
    security = pair.needs.security.get(pair.vm.id, Security())
    if not (security.has_tpm or security.is_shielded):
        return
    guarded = pair.there.is_guarded
    if security.is_shielded and guarded is False:
        yield pair.finding(
            "host_not_guarded",
            WARNING,
            f"VM {pair.vm.name} is shielded, and {pair.name} is not a guarded host.",
            "Look at Get-HgsClientConfiguration on it. Only a host that the Host Guardian Service trusts, or one that "
            "has the key of the VM's guardian, can start it.",
        )
    elif not guarded:
        missing = sorted({one.name for one in pair.here.guardians - pair.there.guardians})
        if missing:
            yield pair.finding(
                "guardian_missing",
                WARNING,
                f"VM {pair.vm.name} has a virtual TPM, and {pair.name} lacks the key of "
                f"{', '.join(map(clean, missing))}, with which {pair.source} can open it.",
                "Export the certificates of the store Shielded VM Local Certificates with their private keys from "
                f"{pair.source}, and import them on {pair.name}.",
            )
