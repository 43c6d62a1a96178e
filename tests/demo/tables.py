# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module results as short texts for the reader of the demo."""

from __future__ import annotations

import textwrap
import typing as t

Record = dict[str, t.Any]


def cluster_table(nodes: list[Record], vms: list[Record]) -> str:
    """Return one line a node, and below it its VMs: those that run with their memory, the others with their state."""
    lines = [f"{'node':<8}{'state':<8}{'free GB':>8}{'VMs':>5}"]
    for node in nodes:
        free = "?" if node["free_memory_mb"] is None else str(node["free_memory_mb"] // 1024)
        lines.append(f"{node['name']:<8}{node['state']:<8}{free:>8}{node['vm_count']:>5}")
        residents = ", ".join(_vm(vm) for vm in vms if vm["node"] == node["name"])
        lines += textwrap.wrap(residents, 100, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join(lines)


def readiness_report(answer: Record) -> str:
    """Return the result of ``hyperv_migration_capabilities_info`` in a few lines."""
    cluster, limit = answer["cluster"], answer["cluster"]["maximum_parallel_migrations"]
    lines = [f"cluster {cluster['name']}: " + (f"{limit} moves at once" if limit else "the limits of its nodes apply")]
    for node in answer["nodes"]:
        what = f"{node['maximum_migrations']} moves at once" if node["enabled"] else "live migration is switched off"
        networks = ", ".join(f"{one['subnet']}/{one['prefix_length']}" for one in node["networks"])
        lines.append(f"{node['node']}: {what}, {node['authentication']}, network {networks}")
    lines += [f"PROBLEM ({one['subject']}): {one['message']} {one['remedy']}" for one in answer["findings"]]
    return "\n".join(lines if answer["findings"] else [*lines, "Nothing stands in the way of a live migration."])


def _vm(vm: Record) -> str:
    return f"{vm['name']}:{vm['memory_mb'] // 1024}GB" if vm["state"] == "running" else f"{vm['name']}:{vm['state']}"
