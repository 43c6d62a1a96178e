# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is measured of two builds: the same work, against the same simulated hosts of this checkout."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import tempfile
import typing as t
from collections.abc import Callable, Iterator, Mapping

import yaml

from tests.running_cluster import SCENARIOS, RunningCluster, running_cluster

from . import scale
from .builds import Build, Ran
from .controller import asked
from .pairs import Target
from .tasks import SCENARIO, besides_polls, move_to

Measured = Mapping[str, float]
Case = Callable[[Build], Measured]
"""Measures a build once. Raises Lacks where the build does not have what is measured."""

ROUND_TRIP = 0.05  # seconds
_MEGABYTE = 1024 * 1024
_JOB = "-m", "tests.bench.client"
_LOAD = """
import time
from ansible.plugins.loader import action_loader, connection_loader, init_plugin_loader
init_plugin_loader([])
list(connection_loader.all(class_only=True))
began = time.process_time()
assert action_loader.get("hyperv.migration.hyperv_vm_migrate", class_only=True)
print(time.process_time() - began)
"""

TARGETS: Mapping[str, Target] = {
    "list 8,000 VMs: CPU to reading and parsing": Target(1.3),
    "plan for 125 VMs over 63 nodes: requests": Target(200),
    "plan for 125 VMs over 63 nodes: CPU to read it, with 64 logins (s)": Target(0.5, is_ratio=True),
    "list and plan 8,000 VMs: most memory (MB)": Target(60),
    "plan with round trips of 50 ms: duration of the process (s)": Target(0.25, is_ratio=True),
    "a real single move: requests besides polls": Target(8),
    "evacuation of 8 VMs by the role: CPU (s)": Target(0.5, is_ratio=True),
    "evacuation of 8 VMs by the role: duration without waits for migrations (s)": Target(0.5, is_ratio=True),
    "evacuation of 8 VMs by the role: logins": Target(0.5, is_ratio=True),
    "evacuation of 8 VMs by the role: requests besides polls": Target(0.5, is_ratio=True),
    "load the action hyperv_vm_migrate: CPU (s)": Target(0.5, is_ratio=True),
    "exact search, 60 VMs to 16 nodes: decided within 1 s of CPU (%)": Target(99, at_least=True),
}
"""By the name of the figure; what has none is only told."""


class Lacks(Exception):
    """A build does not have what is measured; the text is the last line of what it said."""


def _checked(ran: Ran) -> str:
    if ran.code:
        raise Lacks((ran.text.strip().splitlines() or ["no word"])[-1])
    return ran.text


@contextlib.contextmanager
def _cluster(scenario: Mapping[str, t.Any]) -> Iterator[tuple[RunningCluster, pathlib.Path]]:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "scenario.yml").write_text(yaml.safe_dump(dict(scenario)), encoding="utf-8")
        with running_cluster(folder / "scenario.yml", folder) as cluster:
            yield cluster, folder


@contextlib.contextmanager
def large() -> Iterator[Case]:
    """Lists and plans of 64 nodes with 8,000 VMs."""
    with _cluster(scale.scenario(scale.LARGE)) as (cluster, folder):

        def measure(build: Build) -> Measured:
            listing, plan = (_job(build, folder, cluster, job) for job in ("listing", "plan"))
            return {
                **_least(build, folder, cluster),
                "list 8,000 VMs: CPU to reading and parsing": listing["cpu"] / listing["floor"],
                "list 8,000 VMs: requests": listing["requests"],
                "list 8,000 VMs: received (MB)": listing["received"] / _MEGABYTE,
                "plan for 125 VMs over 63 nodes: requests": plan["requests"],
                "plan for 125 VMs over 63 nodes: received (MB)": plan["received"] / _MEGABYTE,
                "plan for 125 VMs over 63 nodes: CPU to read it, with 64 logins (s)": plan["reading"],
                "plan for 125 VMs over 63 nodes: CPU to plan (s)": plan["cpu"],
                "list and plan 8,000 VMs: most memory (MB)": plan["memory"] / _MEGABYTE,
            }

        yield measure


def _least(build: Build, folder: pathlib.Path, cluster: RunningCluster) -> Measured:
    """Return what the plan cannot do without; nothing of a build whose client does not tell that."""
    try:
        told = _job(build, folder, cluster, "least")
    except Lacks:
        return {}
    return {
        "plan for 125 VMs over 63 nodes: CPU of pywinrm and the parser alone, with 64 logins (s)": told["floor"],
        "plan for 125 VMs over 63 nodes: requests to the task's host, one after the other": told["in_a_row"],
        "list and plan 8,000 VMs: memory before anything is asked (MB)": told["at_first"] / _MEGABYTE,
    }


def _job(build: Build, folder: pathlib.Path, cluster: RunningCluster, job: str) -> Mapping[str, float]:
    text = _checked(build.run(folder, "python", *_JOB, str(cluster.inventory), job))
    return t.cast("Mapping[str, float]", json.loads(text.splitlines()[-1]))


@contextlib.contextmanager
def far() -> Iterator[Case]:
    """The same plan, where each answer of HTTP is on its way for 50 ms."""
    with _cluster({**scale.scenario(scale.LARGE), "latency": [{"seconds": ROUND_TRIP}]}) as (cluster, folder):

        def measure(build: Build) -> Measured:
            ran = build.run(folder, "python", *_JOB, str(cluster.inventory), "plan")
            _checked(ran)
            return {"plan with round trips of 50 ms: duration of the process (s)": ran.wall}

        yield measure


@contextlib.contextmanager
def single() -> Iterator[Case]:
    """One VM, there and back."""
    with _cluster(SCENARIO) as (cluster, folder):

        def measure(build: Build) -> Measured:
            there, back = (_moved(build, folder, cluster, node) for node in ("NODE2", "NODE1"))
            return {"a real single move: requests besides polls": (besides_polls(there) + besides_polls(back)) / 2}

        yield measure


def _moved(build: Build, folder: pathlib.Path, cluster: RunningCluster, node: str) -> list[str]:
    playbook = folder / "playbook.yml"
    tasks = [{"hosts": "NODE1", "gather_facts": False, "tasks": [move_to(node)]}]
    playbook.write_text(yaml.safe_dump(tasks, sort_keys=False), encoding="utf-8")
    return asked(_checked(build.run(folder, "ansible-playbook", "-vvvv", "-i", str(cluster.inventory), str(playbook))))


@contextlib.contextmanager
def evacuation() -> Iterator[Case]:
    """The demonstration's node of eight VMs, emptied by the playbook; simulated time hardly counts."""
    described = yaml.safe_load((SCENARIOS / "demo.yml").read_text(encoding="utf-8"))

    def measure(build: Build) -> Measured:
        case = "evacuation of 8 VMs by the role"
        with _cluster({**described, "clock": {"speed": 2000}}) as (cluster, folder):
            ran = _evacuate(build, folder, cluster)
            logins = sum(one["logins"] for one in cluster.connections().values())
        with _cluster({**described, "clock": {"speed": 2000}}) as (cluster, folder):
            traced = _evacuate(build, folder, cluster, "-vvvv").text
        return {
            f"{case}: CPU (s)": ran.cpu,
            f"{case}: duration (s)": ran.wall,
            f"{case}: duration without waits for migrations (s)": ran.wall - ran.waited,
            f"{case}: logins": logins,
            f"{case}: requests besides polls": besides_polls(asked(traced)),
            f"{case}: tasks on the screen": len(re.findall(r"^TASK \[", ran.text, re.MULTILINE)),
        }

    yield measure


def _evacuate(build: Build, folder: pathlib.Path, cluster: RunningCluster, *options: str) -> Ran:
    variables = ("-e", "evacuate_node_name=NODE1", "-e", "evacuate_node_poll_interval=0.1")
    artifacts = ("-e", f"evacuate_node_ledger_folder={folder}", "-e", f"evacuate_node_ledger_path={folder}/ledger.json")
    command = ("ansible-playbook", "-i", str(cluster.inventory), "hyperv.migration.evacuate_node", *options)
    ran = build.run(folder, *command, *variables, *artifacts)
    _checked(ran)
    return ran


@contextlib.contextmanager
def loading() -> Iterator[Case]:
    """An action plugin as Ansible loads it, with bytecode where the build keeps it."""
    with tempfile.TemporaryDirectory() as name:

        def measure(build: Build) -> Measured:
            times = [float(_checked(build.run(pathlib.Path(name), "python", "-c", _LOAD))) for unused in range(3)]
            return {"load the action hyperv_vm_migrate: CPU (s)": min(times)}

        yield measure


@contextlib.contextmanager
def edge() -> Iterator[Case]:
    """Plans at the edge of what is possible, of the build's own measurement."""
    with tempfile.TemporaryDirectory() as name:

        def measure(build: Build) -> Measured:
            told = json.loads(_checked(build.run(pathlib.Path(name), "python", "-m", "tests.bench.edge")))
            return {
                "exact search, 60 VMs to 16 nodes: decided within 1 s of CPU (%)": told["decided"],
                "exact search, 60 VMs to 16 nodes: longest (s of CPU)": told["longest"],
            }

        yield measure


CASES: Mapping[str, Callable[[], contextlib.AbstractContextManager[Case]]] = {
    "large": large,
    "far": far,
    "single": single,
    "evacuation": evacuation,
    "loading": loading,
    "edge": edge,
}
ONCE = frozenset({"edge"})
"""Cases that are not measured in pairs: what they come to does not depend on the moment."""
