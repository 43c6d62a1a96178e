# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Empty a node of a simulated cluster with the commands that a real one would take, then prove it: ``make demo``."""

from __future__ import annotations

import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import typing as t

from tests.ansible_command import ad_hoc_result, ansible_environment
from tests.running_cluster import SCENARIOS, DidNotStart, running_cluster

from .proof import broken_promises
from .tables import cluster_table, readiness_report

NODE = "NODE1"
ANOTHER = "NODE2"  # who is asked about the cluster

INTRODUCTION = f"""\
Emptying the node {NODE} of a Hyper-V failover cluster by live migration.

This cluster is simulated: one process on this machine plays four nodes and two dozen VMs, with its clock at double
speed. No Windows and no Hyper-V is involved. The commands are real Ansible commands. They are the same for a real
cluster: put your own inventory in the place of hosts.yml."""


class Stopped(Exception):
    """A command did not end well; the text says which."""


class Demo:
    """The steps of the demo, in a folder that holds ``hosts.yml``."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._environment = ansible_environment(folder)

    def check_readiness(self) -> None:
        """Show what the cluster can do, and what would stop a migration."""
        print(readiness_report(self._ask("hyperv_migration_capabilities_info")))

    def show_cluster(self) -> None:
        """Show the nodes and the VMs on each."""
        nodes = self._ask("hyperv_cluster_node_info")["nodes"]
        print(cluster_table(nodes, self._ask("hyperv_vm_info")["vms"]))

    def evacuate(self, *options: str) -> None:
        """Run the playbook and let it speak for itself."""
        playbook = ["ansible-playbook", "-i", "hosts.yml", "hyperv.migration.evacuate_node"]
        self._run([*playbook, "-e", f"evacuate_node_name={NODE}", *options], None)

    def _ask(self, module: str) -> dict[str, t.Any]:
        command = ["ansible", "-i", "hosts.yml", ANOTHER, "-m", f"hyperv.migration.{module}"]
        return ad_hoc_result(self._run(command, subprocess.PIPE))

    def _run(self, command: list[str], output: int | None) -> str:
        print(f"$ {shlex.join(command)}", flush=True)
        ended = subprocess.run(command, cwd=self._folder, env=self._environment, stdout=output, text=True, check=False)
        if ended.returncode:
            raise Stopped(f"{ended.stdout or ''}\nThat command ended with exit code {ended.returncode}.")
        return ended.stdout or ""


def show(folder: pathlib.Path) -> list[str]:
    """Run all steps against a fresh simulated cluster and return what turned out not to be so."""
    with running_cluster(SCENARIOS / "demo.yml", folder) as cluster:
        before = cluster.state()
        demo = Demo(folder)
        print(INTRODUCTION)
        _heading("1. Is the cluster ready? (its answer in short)")
        demo.check_readiness()
        _heading("2. Which VM is where before? (two answers as one table)")
        demo.show_cluster()
        _heading(f"3. Dry run: what would become of the VMs of {NODE}? Hyper-V is asked about each.")
        demo.evacuate("--check")
        _heading(f"4. Empty {NODE}")
        demo.evacuate("-e", "evacuate_node_poll_interval=1")
        _heading("5. Which VM is where now?")
        demo.show_cluster()
        _heading("6. Proof: what the simulated cluster itself says")
        return broken_promises(NODE, before, cluster.state(), cluster.counters())


def main() -> int:
    """Return the exit code: 0 when everything that the demo promises is so."""
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="hyperv-demo-") as folder:
            broken = show(pathlib.Path(folder))
    except (Stopped, DidNotStart) as error:
        print(f"The demo failed. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped by you; the simulated cluster was stopped, too.", file=sys.stderr)
        return 130
    for sentence in broken:
        print(f"FAILED: {sentence}", file=sys.stderr)
    if not broken:
        print(f"\n{NODE} is empty and paused: on a real cluster its maintenance could begin.")
    return 1 if broken else 0


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
