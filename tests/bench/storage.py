# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the storage gate of Storage Spaces Direct costs on the largest cluster that it may have: 16 nodes.

It is what a health check costs there more than on a cluster with a SAN, by Ansible's own commands over NTLM. How long
Windows itself takes for lists of disks is not in it.
"""

from __future__ import annotations

import typing as t

from .controller import Cost, controller
from .figures import Figure

NODES = 16
_EACH = 4  # checks that a cost is the mean of
_CHECK = {"hyperv.migration.hyperv_cluster_health_info": {"node": "NODE2"}}
_STATES: tuple[tuple[str, dict[str, t.Any], int], ...] = (  # with the most requests that it may take
    ("all healthy", {}, 8),
    ("a disk has failed", {"bad_disks": ["NODE3 disk 1"]}, 13),
)


def measure() -> list[Figure]:
    """Check a cluster with a SAN, and one with Storage Spaces Direct in two states."""
    san = _cost({"kind": "san"})
    figures = []
    for state, spec, limit in _STATES:
        gate = _cost({"kind": "spaces_direct", "disks_per_node": 12, **spec}).less(san)
        case = f"storage gate, {NODES} nodes, {state}"
        figures += [
            Figure(case, "requests", gate.requests, limit),
            Figure(case, "bytes received", gate.bytes_received),
            Figure(case, "duration", gate.wall, unit="s"),
        ]
    return figures


def _cost(storage: dict[str, t.Any]) -> Cost:
    """Return what one health check costs."""
    nodes = [{"name": "NODE", "count": NODES, "windows": 2022}]
    with controller({"nodes": nodes, "storage": storage}) as ansible:
        ansible.play([_CHECK])  # fills the caches of Python and Ansible
        empty = ansible.cost([{"meta": "noop"}])
        return ansible.cost([_CHECK] * _EACH).less(empty).each(_EACH)
