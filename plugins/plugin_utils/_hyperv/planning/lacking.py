# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nodes certainly lack for VMs that run, in the form in which plans ask for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..checks.comparison import Comparison
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node
from ..cluster.states import IN_MEMORY
from ..cluster.vms import Vm
from ..failure.errors import HyperVError
from ..failure.finding import Finding

Lacks = Mapping[str, tuple[tuple[str, str], ...]]
"""By VM id the nodes that lack something for it: the first label of each, beside a clause that says what."""


def lacks_from(comparison: Comparison, vms: Iterable[Vm], source: Node, there: Iterable[Node]) -> Lacks:
    """Return what nodes lack for VMs of one node; a host that does not answer shows no lack. Raises nothing."""
    running = [vm for vm in vms if vm.state in IN_MEMORY]
    others = [node for node in there if running and first_label(node.name) != first_label(source.name)]
    nodes = [node for node in others if not comparison.suits_all(source, node)]
    lacks: dict[str, tuple[tuple[str, str], ...]] = {}
    for vm in running:
        for node in nodes:
            lack = comparison.find_certain(vm, source, node)
            if lack is not None:
                lacks[vm.id] = (*lacks.get(vm.id, ()), (first_label(node.name), clause(lack)))
    return lacks


def lacks_everywhere(cluster: Cluster, vms: Sequence[Vm], nodes: Sequence[Node]) -> Lacks:
    """Return what each node lacks for the VMs of all others. All of them are asked side by side. Raises nothing."""
    running = [node for node in nodes if node.is_running]
    comparison = Comparison(cluster)
    cluster.ask_each([node.name for node in running], lambda name: comparison.read_side_by_side(name, [name]))
    here: dict[str, list[Vm]] = {}
    for vm in vms:
        here.setdefault(first_label(vm.node), []).append(vm)
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for source in running:
        found |= lacks_from(comparison, here.get(first_label(source.name), ()), source, running)
    return found


class MoveLacks:
    """What destinations lack for VMs of which few move, each from a node of its own.

    Their nodes are logged in to: only a VM's own node tells what it needs.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._comparison = Comparison(cluster)

    def read(self, sources: Sequence[str]) -> None:
        """Ask nodes side by side what their VMs need, before each VM is compared. Raises nothing."""
        self._cluster.ask_each(sources, self._read)

    def _read(self, source: str) -> None:
        with contextlib.suppress(HyperVError, NoAnswer):  # one that cannot be logged in to shows no lack
            self._cluster.node(source)
            self._comparison.read_side_by_side(source, [])

    def find(self, vm: Vm, source: Node, destination: Node) -> Finding | None:
        """Return what a destination lacks for a VM that runs on a source, None for nothing. Raises nothing."""
        if vm.state not in IN_MEMORY or not (source.is_running and destination.is_running):
            return None
        for host in (source.name, destination.name):
            with contextlib.suppress(HyperVError, NoAnswer):
                self._cluster.node(host)
        return self._comparison.find_certain(vm, source, destination)


def clause(lack: Finding) -> str:
    """Return what is lacking, to stand in a sentence."""
    return lack.message.rstrip(".")
