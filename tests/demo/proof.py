# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must be true after an evacuation, checked in the simulator's own state and counters."""

from __future__ import annotations

import typing as t


def broken_promises(
    node: str, before: dict[str, t.Any], after: dict[str, t.Any], counters: dict[str, t.Any]
) -> list[str]:
    """Say what is true, and return a sentence for each promise that was not kept.

    Args:
        node: the node that was emptied.
        before, after: ``GET /state`` of the simulator.
        counters: ``GET /counters`` since before.
    """
    residents = {vm["id"] for vm in before["vms"] if vm["owner"] == node}
    names = {vm["id"]: vm["name"] for vm in before["vms"]}
    left = [vm["name"] for vm in after["vms"] if vm["owner"] == node]
    states = {vm["id"]: vm["state"] for vm in before["vms"]}
    changed = [vm["name"] for vm in after["vms"] if vm["state"] != states[vm["id"]]]
    migrations = {vm: times for vm, times in counters["migrations"].items() if times}
    not_once = [f"{names[vm]} ({migrations.get(vm, 0)} times)" for vm in residents if migrations.get(vm) != 1]
    others = [names[vm] for vm in migrations if vm not in residents]
    promises = [
        (residents, f"{len(residents)} VMs were on {node} before", f"no VM was on {node} before"),
        (not left, f"no VM is on {node}", f"still on {node}: {', '.join(left)}"),
        (not not_once, "each of them was migrated exactly once", f"not migrated once: {', '.join(not_once)}"),
        (not others, "no other VM was migrated", f"migrated without need: {', '.join(others)}"),
        (not changed, "every VM is in the state it was in", f"in another state than before: {', '.join(changed)}"),
        (not counters["shells_opened"], "no remote shell was opened", f"shells opened: {counters['shells_opened']}"),
    ]
    for kept, truth, _failure in promises:
        if kept:
            print(f"  {truth}")
    return [failure for kept, _truth, failure in promises if not kept]
