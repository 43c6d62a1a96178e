# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What recording a cluster of 16 nodes and 800 VMs costs it and the controller, by the command that a user types."""

from __future__ import annotations

import pathlib
import resource
import subprocess
import tempfile
import time

import yaml

from tests.ansible_command import ad_hoc_result, ansible_environment
from tests.running_cluster import running_cluster
from tests.simulator.recordings import read_recording

from .figures import Figure

NODES, VMS = 16, 800
_MEGABYTE = 1024 * 1024


def measure() -> list[Figure]:
    """Record a cluster with the dry run of a VM."""
    content = {
        "nodes": [{"name": "NODE", "count": NODES, "memory_mb": 1_048_576, "simultaneous_migrations": 4}],
        "vms": [{"name": "vm", "count": VMS, "owner": [f"NODE{number}" for number in range(1, NODES + 1)]}],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        scenario, path = folder / "scenario.yml", folder / "recording.zip"
        scenario.write_text(yaml.safe_dump(content), encoding="utf-8")
        with running_cluster(scenario, folder) as cluster:
            began, used = time.monotonic(), _cpu()
            shown = subprocess.run(
                [
                    *(
                        "ansible",
                        "-i",
                        str(cluster.inventory),
                        "NODE1",
                        "-m",
                        "hyperv.migration.hyperv_cluster_recording",
                    ),
                    *("-a", f"path={path} name=vm001 destination_host=NODE2"),
                ],
                cwd=folder,
                env=ansible_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=True,
            ).stdout
            seconds, cpu = time.monotonic() - began, _cpu() - used
            counters = cluster.counters()
        answer = ad_hoc_result(shown)
        recording = read_recording(path)
        answering = sum(one.seconds for one in recording.exchanges)
        logins = sum(line["logins"] for line in counters["connections"].values())
        case = f"recording {NODES} nodes and {VMS} VMs"
        unread = sum(bool(step["problem"]) for step in answer["steps"])
        return [
            Figure(case, "requests", answer["exchanges"], 2500),
            Figure(case, "requests to the busiest node", max(host["requests"] for host in recording.manifest["hosts"])),
            Figure(case, "logins; more than one a node where it was silent for a minute", logins),
            Figure(case, "parts that could not be read", unread, 0),
            Figure(case, "requests that are missing", answer["left_out"], 0),
            Figure(case, "MB received", counters["bytes_out"] / _MEGABYTE),
            Figure(case, "MB of the archive", path.stat().st_size / _MEGABYTE, 20),
            Figure(case, "seconds that the nodes took to answer", answering, unit="s"),
            Figure(case, "duration, with the simulated nodes on the same machine", seconds, unit="s"),
            Figure(case, "CPU of the controller", cpu, unit="s"),
        ]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
