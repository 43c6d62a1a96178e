# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must be true after an evacuation and after a restoration, checked in the simulator's own state and counters."""

from __future__ import annotations

import typing as t

State = dict[str, t.Any]


def broken_after_evacuation(node: str, before: State, after: State, counters: State) -> list[str]:
    """Say what is true, and return a sentence for each promise that was not kept.

    Args:
        node: the node that was emptied.
        before, after: ``GET /state`` of the simulator.
        counters: ``GET /counters`` since before.
    """
    residents = [vm for vm in before["vms"] if vm["owner"] == node]
    left = [vm["name"] for vm in after["vms"] if vm["owner"] == node]
    promises = [
        (bool(residents), f"{len(residents)} VMs were on {node} before", f"no VM was on {node} before"),
        (not left, f"no VM is on {node}", f"still on {node}: {', '.join(left)}"),
        _roles_have_left(node, before, after),
        (_is(after, node, "paused"), f"{node} is paused", f"{node} is not paused"),
        *_about_all(node, before, after, counters, 1),
    ]
    return _told(promises)


def broken_after_restoration(node: str, before: State, after: State, counters: State) -> list[str]:
    """Say what is true when the node has its VMs back, and return a sentence for each promise that was not kept."""
    owners = {vm["id"]: vm["owner"] for vm in before["vms"]}
    elsewhere = [vm["name"] for vm in after["vms"] if vm["owner"] != owners[vm["id"]]]
    promises = [
        (not elsewhere, "every VM is on the node that it came from", f"elsewhere than before: {', '.join(elsewhere)}"),
        (_is(after, node, "up"), f"{node} is up", f"{node} is not up"),
        (
            after["roles"] == before["roles"],
            "every role and shared volume is on the node that it came from, in the state it was in",
            f"roles were {before['roles']}, and are {after['roles']}",
        ),
        *_about_all(node, before, after, counters, 2),
    ]
    return _told(promises)


def _roles_have_left(node: str, before: State, after: State) -> tuple[bool, str, str]:
    online = {one["name"]: one["state"] for one in before["roles"] if one["owner"] == node and one["state"] == "online"}
    now = {one["name"]: one for one in after["roles"]}
    wrong = [name for name in online if now[name]["owner"] == node or now[name]["state"] != "online"]
    names = ", ".join(sorted(online))
    return not wrong, f"online on other nodes: {names}", f"not online on another node: {', '.join(wrong)}"


def _about_all(node: str, before: State, after: State, counters: State, times: int) -> list[tuple[bool, str, str]]:
    names = {vm["id"]: vm["name"] for vm in before["vms"]}
    states = {vm["id"]: vm["state"] for vm in before["vms"]}
    changed = [vm["name"] for vm in after["vms"] if vm["state"] != states[vm["id"]]]
    residents = {vm["id"] for vm in before["vms"] if vm["owner"] == node}
    migrations = {vm: number for vm, number in counters["migrations"].items() if number}
    wrong = [f"{names[vm]} ({migrations.get(vm, 0)} times)" for vm in residents if migrations.get(vm) != times]
    others = [names[vm] for vm in migrations if vm not in residents]
    often = "once" if times == 1 else "twice, out and back"
    return [
        (not wrong, f"each of them was migrated exactly {often}", f"not migrated {often}: {', '.join(wrong)}"),
        (not others, "no other VM was migrated", f"migrated without need: {', '.join(others)}"),
        (not changed, "every VM is in the state it was in", f"in another state than before: {', '.join(changed)}"),
        (not counters["shells_opened"], "no remote shell was opened", f"shells opened: {counters['shells_opened']}"),
    ]


def _is(state: State, node: str, wanted: str) -> bool:
    return any(one["name"] == node and one["state"] == wanted for one in state["nodes"])


def _told(promises: list[tuple[bool, str, str]]) -> list[str]:
    for kept, truth, _failure in promises:
        if kept:
            print(f"  {truth}")
    return [failure for kept, _truth, failure in promises if not kept]
