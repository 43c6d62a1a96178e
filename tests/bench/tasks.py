# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What single tasks cost on the controller and on the wire, against a module that takes Ansible's way to PowerShell.

The rival is the smallest module that Ansible's own Windows modules could be, answered at once by a simulated shell
that starts no PowerShell: what PowerShell itself takes on the node counts as nothing.
"""

from __future__ import annotations

import typing as t

from .controller import Controller, Cost, controller
from .figures import Figure

_EACH = 8  # tasks that a cost is the mean of
_SHARED = 3  # times that a playbook without a task is run: its cost is taken off all others

SCENARIO: dict[str, t.Any] = {
    "nodes": [{"name": "NODE1"}, {"name": "NODE2"}],
    "vms": [{"name": "web01", "owner": "NODE1", "memory_mb": 2048}],
    "network": {"megabytes_per_second": 1e9, "setup_seconds": 0, "switch_over_seconds": 0},
    "switches": {"shells": "canned"},
}
INFO = {"hyperv.migration.hyperv_vm_info": {"name": "web01"}}
POWERSHELL: dict[str, dict[str, t.Any]] = {"instant": {}}
# What a module of the collection ansible.windows consists of at least.
_INSTANT = """#!powershell
#AnsibleRequires -CSharpUtil Ansible.Basic
$module = [Ansible.Basic.AnsibleModule]::Create($args, @{ options = @{}; supports_check_mode = $true })
$module.Result.ping = "pong"
$module.ExitJson()
"""


def move_to(node: str) -> dict[str, t.Any]:
    """Return a task that moves the VM, which looks for the end of its job as often as it may."""
    return {
        "hyperv.migration.hyperv_vm_migrate": {"name": "web01", "destination_host": node, "poll_interval": 0.05},
    }


def measure() -> list[Figure]:
    """Run the tasks by themselves and in playbooks, and compare them with the rival."""
    with controller(SCENARIO) as ansible:
        (ansible.folder / "library").mkdir()
        (ansible.folder / "library" / "instant.ps1").write_text(_INSTANT, encoding="utf-8")
        ansible.play([POWERSHELL, INFO])  # fills the caches of Python and Ansible
        empty = min((ansible.cost([{"meta": "noop"}]) for unused in range(_SHARED)), key=lambda cost: cost.cpu)
        info = _cost(ansible, empty, [INFO] * _EACH)
        noop = _cost(ansible, empty, [move_to("NODE1")] * _EACH)
        move = _cost(ansible, empty, [move_to("NODE2"), move_to("NODE1")] * (_EACH // 2))
        rival = _cost(ansible, empty, [POWERSHELL] * _EACH)
        asked = ansible.requests(move_to("NODE2"))
    return [
        *_against("hyperv_vm_info of one VM", info, rival, requests=6),
        *_against("no-op hyperv_vm_migrate", noop, rival, requests=4, bytes_sent=12_000, ratio=15),
        Figure("a real move", "requests besides polls", besides_polls(asked), 20),
        *_against("a real move", move, rival),
        Figure("a module over PowerShell", "requests after the handshake", rival.requests),
        Figure("a module over PowerShell", "bytes sent", rival.bytes_sent),
    ]


def besides_polls(asked: list[str]) -> int:
    """Return how many requests were no polls: questions for the running jobs, after the first call has started one.

    What a poll pulls belongs to it.
    """
    first = asked.index("MigrateVirtualSystemToSystem")
    count, is_poll = first, False
    for one in asked[first:]:
        is_poll = one == "Msvm_MigrationJob" or (is_poll and one == "Pull")
        count += not is_poll
    return count


def _cost(ansible: Controller, empty: Cost, tasks: list[dict[str, t.Any]]) -> Cost:
    return ansible.cost(tasks).less(empty).each(len(tasks))


def _against(
    case: str,
    ours: Cost,
    rival: Cost,
    requests: float | None = None,
    bytes_sent: float | None = None,
    ratio: float | None = None,
) -> list[Figure]:
    """Return what a task costs beside the rival; what follows it are limits."""
    times = rival.bytes_sent / ours.bytes_sent
    return [
        Figure(case, "requests after the handshake", ours.requests, requests),
        Figure(case, "bytes sent", ours.bytes_sent, bytes_sent),
        Figure(case, "bytes sent, PowerShell to this collection", times, ratio, at_least=True, unit="x"),
        Figure(case, "controller CPU, PowerShell to this collection", rival.cpu / ours.cpu, unit="x"),
        Figure(case, "duration, PowerShell to this collection", rival.wall / ours.wall, unit="x"),
    ]
