# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runs of the matrix: which cluster they begin with, and the tasks that a playbook would have."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

import yaml

from tests.simulator.scenario import Scenario
from tests.simulator.scenario_file import read_scenario
from tests.simulator.scenario_roles import CORE_GROUP

from .kinds import HOME, SUBJECT

FILE_SERVER = "FS1"
DISK, OTHER_DISK = "Cluster Virtual Disk (Volume1)", "Cluster Virtual Disk (Volume2)"
_OWN_FOLDER = "/proc/self/cwd"  # an absolute path that is another folder for each process
_POLL = 10  # seconds: one poll is like another, and each is broken in every way
# The provider of the cluster namespace is on one node, as it may be, and takes the jobs with it when it moves.
_CLUSTER = """
cluster: {name: HVC1, core_group_owner: NODE3}
switches: {provider_on: core_group, jobs_lost_with_provider: true}
nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3}]
"""
_VARIABLES = {
    "ansible_connection": "winrm",
    "ansible_user": "operator",
    "ansible_password": "simulated-Passw0rd",
    "ansible_port": 5985,
    "ansible_winrm_scheme": "http",
    "ansible_winrm_transport": "basic",
}


@dataclasses.dataclass(frozen=True)
class PlannedRun:
    """One of the runs.

    Attributes:
        scenario: the cluster at its start.
        node_state: of NODE1 after a run that succeeds.
        ledger: the content of the ledger file at its start, None for no file.
        home: the task's host, or the hosts of a rolling maintenance.
        at_once: how many hosts the play works on at the same time.
        share: of the cases of others, it has one in so many (no multiple of 2): most of what a rolling maintenance
            does, an evacuation and a restoration of their own do as well.
    """

    name: str
    scenario: Scenario
    tasks: t.Callable[[pathlib.Path], list[dict[str, t.Any]]]
    node_state: str
    ledger: dict[str, t.Any] | None = None
    home: str = HOME
    at_once: int = 1
    share: int = 1

    def play(self, ledger: pathlib.Path) -> dict[str, t.Any]:
        """Return the play, with its ledger kept in a file."""
        play = {"hosts": self.home, "gather_facts": False, "vars": _VARIABLES, "tasks": self.tasks(ledger)}
        return {**play, "serial": self.at_once, "max_fail_percentage": 0}


def _cluster(*vms: dict[str, t.Any], paused: bool = False, roles: str = "", core: str = HOME) -> Scenario:
    """``roles``: the node that owns a file server and a shared volume, if there are any; ``core``: the core group."""
    content = {**yaml.safe_load(_CLUSTER), "vms": list(vms)}
    content["cluster"]["core_group_owner"] = core
    if roles:
        content["roles"] = [
            {"name": FILE_SERVER, "type": "file_server", "owner": roles},
            {"name": DISK, "type": "shared_volume", "owner": roles},
        ]
    if paused:
        content["nodes"][0]["state"] = "paused"
    return read_scenario(yaml.safe_dump(content, sort_keys=False))


def _role(role: str, **options: t.Any) -> list[dict[str, t.Any]]:
    options["poll_interval"] = _POLL
    variables = {f"{role}_{option}": value for option, value in options.items()}
    return [{"include_role": {"name": f"hyperv.migration.{role}"}, "vars": variables}]


def _single() -> PlannedRun:
    move = {"name": "web01", "destination_host": "NODE2"}
    scenario = _cluster({"name": "web01", "owner": SUBJECT, "memory_mb": 8000})
    return PlannedRun("single", scenario, lambda ledger: [{"hyperv.migration.hyperv_vm_migrate": move}], "up")


def _by_group() -> PlannedRun:
    """Return a move in a cluster that does not support MigrateVirtualSystemToSystem."""
    move = {"name": "web01", "destination_host": "NODE2"}
    content = yaml.safe_load(_CLUSTER)
    content["switches"] |= {"migrate_method": "not_supported", "check_method": "not_supported"}
    content["vms"] = [{"name": "web01", "owner": SUBJECT, "memory_mb": 8000}]
    scenario = read_scenario(yaml.safe_dump(content, sort_keys=False))
    return PlannedRun("by_group", scenario, lambda ledger: [{"hyperv.migration.hyperv_vm_migrate": move}], "up")


def _verdict() -> PlannedRun:
    """Return a move by the VM's group, after Hyper-V's comparison of the hosts and a comparison of what they offer."""
    move = {"name": "web01", "destination_host": "NODE2", "method": "cluster_group"}
    content = yaml.safe_load(_CLUSTER)
    hardware = {"guardians": ["UntrustedGuardian"], "network_pools": ["Production"], "gpus": ["GPU"]}
    content["nodes"] = [{**node, "hardware": hardware} for node in content["nodes"]]
    needs = {"tpm": True, "adapters": [{}, {"pool": "Production", "switch": None}]}
    devices = [{"kind": "gpu_partition", "path": "GPU"}]
    vm = {"name": "web01", "owner": SUBJECT, "memory_mb": 8000, "hardware": needs, "attachments": devices}
    scenario = read_scenario(yaml.safe_dump({**content, "vms": [vm]}, sort_keys=False))
    return PlannedRun("verdict", scenario, lambda ledger: [{"hyperv.migration.hyperv_vm_migrate": move}], "up")


def _by_host() -> PlannedRun:
    """Return a move between hosts without a cluster, with the VM's files."""
    move = {"name": "web01", "destination_host": "NODE2", "destination_storage_path": "D:\\VM"}
    content = yaml.safe_load(_CLUSTER)
    content["switches"] = {}
    del content["cluster"]
    content["nodes"] = [{**node, "member": False} for node in content["nodes"]]
    content["vms"] = [{"name": "web01", "owner": SUBJECT, "memory_mb": 8000, "folder": "C:\\VM"}]
    scenario = read_scenario(yaml.safe_dump(content, sort_keys=False))
    task = {"hyperv.migration.hyperv_vm_migrate": move}
    return PlannedRun("by_host", scenario, lambda ledger: [task], "up", home=SUBJECT)


def _causes() -> PlannedRun:
    """Return a move that fails, so that the event logs of both hosts are read, and whose failure is ignored."""
    move = {"name": "web01", "destination_host": "NODE2", "poll_interval": _POLL}
    fails = {"fails_at": 50, "message_id": "21159", "hresult": None, "cause_in": "log"}
    scenario = _cluster({"name": "web01", "owner": SUBJECT, "memory_mb": 8000, "migration": fails})
    task = {"hyperv.migration.hyperv_vm_migrate": move, "ignore_errors": True}
    return PlannedRun("causes", scenario, lambda ledger: [task], "up")


def _batch() -> PlannedRun:
    scenario = _cluster({"name": "app", "count": 12, "owner": SUBJECT, "memory_mb": 4000})
    moves = [
        {"name": vm.name, "destination_host": ("NODE2", "NODE3")[number % 2]} for number, vm in enumerate(scenario.vms)
    ]
    task = {"hyperv.migration.hyperv_vm_migrate": {"moves": moves, "progress": False, "poll_interval": _POLL}}
    return PlannedRun("batch", scenario, lambda ledger: [task], "up")


def _evacuation() -> PlannedRun:
    scenario = _cluster({"name": "web", "count": 3, "owner": SUBJECT, "memory_mb": 8000})
    return PlannedRun(
        "evacuation",
        scenario,
        lambda ledger: _role("evacuate_node", name=SUBJECT, ledger_path=str(ledger), progress=False),
        "paused",
    )


def _roles_away() -> PlannedRun:
    """Return an evacuation of a node that owns a file server, a shared volume and the core group beside its VM."""
    scenario = _cluster({"name": "web01", "owner": SUBJECT, "memory_mb": 1000}, roles=SUBJECT, core=SUBJECT)
    return PlannedRun("roles_away", scenario, _evacuation().tasks, "paused")


def _roles_back() -> PlannedRun:
    """Return the restoration after that."""
    vm = {"name": "web01", "owner": "NODE2", "memory_mb": 1000}
    scenario = _cluster(vm, paused=True, roles="NODE2", core="NODE2")
    moved = _moved_roles(FILE_SERVER, DISK, CORE_GROUP)
    return PlannedRun("roles_back", scenario, _restore_with_roles, "up", {**_ledger(scenario), "other_roles": moved})


def _restore_with_roles(ledger: pathlib.Path) -> list[dict[str, t.Any]]:
    return _role("restore_node", name=SUBJECT, ledger_path=str(ledger), roles="home")


def _moved_roles(*names: str) -> list[dict[str, t.Any]]:
    """Return what a ledger has of roles that were moved from NODE1 to NODE2."""
    kinds = {DISK: "shared_volume", OTHER_DISK: "shared_volume", CORE_GROUP: "core_group"}
    return [
        {
            "kind": kinds.get(name, "role"),
            "name": name,
            "type": kinds.get(name, "role"),
            "source_host": SUBJECT,
            "destination_host": "NODE2",
            "state": "online",
            "outcome": "moved",
            "restored": False,
        }
        for name in names
    ]


def _storage_away() -> PlannedRun:
    """Return an evacuation with Storage Spaces Direct, where a drain lets the disks rest, of all that a node owns."""
    scenario = _on_the_nodes(2022, SUBJECT)
    return PlannedRun("storage_away", scenario, _evacuation().tasks, "paused")


def _storage_back() -> PlannedRun:
    """Return the restoration of such a node on a Windows whose disks are taken into service by a call of their own."""
    scenario = _on_the_nodes(2016, "NODE2")
    moved = _moved_roles(FILE_SERVER, DISK, OTHER_DISK, CORE_GROUP)
    ledger = {**_ledger(scenario), "other_roles": moved, "disks": "maintenance", "redirected": []}
    return PlannedRun("storage_back", scenario, _restore_with_roles, "up", ledger)


def _on_the_nodes(windows: int, owner: str) -> Scenario:
    """Return four nodes with three copies of all data, and who owns all; if that is not NODE1, it rests."""
    content = yaml.safe_load(_CLUSTER)
    content["cluster"]["core_group_owner"] = owner
    content["nodes"] = [{"name": f"NODE{number}", "windows": windows} for number in range(1, 5)]
    content["storage"] = {"kind": "spaces_direct", "repair_seconds": 60}
    content["vms"] = [{"name": "web01", "owner": owner, "memory_mb": 1000}]
    content["roles"] = [
        {"name": FILE_SERVER, "type": "file_server", "owner": owner},
        {"name": DISK, "type": "shared_volume", "owner": owner},
        {"name": OTHER_DISK, "type": "shared_volume", "owner": owner},
    ]
    if owner != SUBJECT:
        content["nodes"][0]["state"] = "paused"
        content["storage"]["disks_in_maintenance"] = [SUBJECT]
    return read_scenario(yaml.safe_dump(content, sort_keys=False))


def _roll(at_once: int, count: int) -> PlannedRun:
    """Return a rolling maintenance of layout ``any`` through so many of ``count`` nodes at once, each with a VM."""
    hosts = [f"NODE{number}" for number in range(1, at_once + 1)]
    content = yaml.safe_load(_CLUSTER)
    content["nodes"] = [{"name": f"NODE{number}"} for number in range(1, count + 1)]
    content["vms"] = [{"name": f"web{number}", "owner": host, "memory_mb": 8000} for number, host in enumerate(hosts)]
    scenario = read_scenario(yaml.safe_dump(content, sort_keys=False))
    options = {
        "layout": "any",
        "at_once": at_once,
        "via": HOME,
        "folder": _OWN_FOLDER,
        "health_timeout": 60,
        "health_interval": _POLL,
    }
    variables = {f"rolling_maintenance_{option}": value for option, value in options.items()}
    polls = {f"{role}_poll_interval": _POLL for role in ("evacuate_node", "restore_node")}
    task = {"include_role": {"name": "hyperv.migration.rolling_maintenance"}, "vars": {**variables, **polls}}
    name = "roll_any" if at_once == 1 else "roll_together"
    return PlannedRun(
        name, scenario, lambda ledger: [task], "up", home=",".join(hosts), at_once=at_once, share=1 + 2 * at_once
    )


def _restore() -> PlannedRun:
    owners = ("NODE2", "NODE3", "NODE2")
    vms = [{"name": f"web{number:02}", "owner": owner, "memory_mb": 8000} for number, owner in enumerate(owners, 1)]
    scenario = _cluster(*vms, paused=True)
    return PlannedRun(
        "restore",
        scenario,
        lambda path: _role("restore_node", name=SUBJECT, ledger_path=str(path)),
        "up",
        _ledger(scenario),
    )


def _ledger(scenario: Scenario) -> dict[str, t.Any]:
    """Return the ledger of an evacuation that moved all VMs of a cluster."""
    moved = [
        {
            "vm_id": vm.id,
            "name": vm.name,
            "source_host": SUBJECT,
            "destination_host": vm.owner,
            "state": "running",
            "strategy": "migrate",
            "memory_mb": 8000,
            "priority": 2000,
            "outcome": "moved",
            "elapsed_seconds": 11.0,
            "restored": False,
        }
        for vm in scenario.vms
    ]
    ledger = {
        "format": "hyperv.migration ledger 2",
        "cluster": scenario.cluster.fqdn,
        "node": SUBJECT,
        "created": "2026-01-15T08:00:00+00:00",
        "updated": "2026-01-15T08:01:00+00:00",
        "state": "evacuated",
        "vms": moved,
    }
    return t.cast("dict[str, t.Any]", json.loads(json.dumps(ledger)))


RUNS = {
    run.name: run
    for run in (
        _single(),
        _by_group(),
        _verdict(),
        _by_host(),
        _causes(),
        _batch(),
        _evacuation(),
        _restore(),
        _roles_away(),
        _roles_back(),
        _storage_away(),
        _storage_back(),
        _roll(1, 3),
        _roll(2, 5),
    )
}
