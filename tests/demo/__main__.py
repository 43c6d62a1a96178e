# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Maintenance of a node of a simulated cluster with the commands that a real one would take, proved: ``make demo``."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
import tempfile
import typing as t

from tests.ansible_command import ad_hoc_result
from tests.running_cluster import ROOT, SCENARIOS, DidNotStart, RunningCluster, running_cluster

from .commands import Commands, Interrupted, Stopped
from .proof import broken_after_evacuation, broken_after_restoration
from .tables import cluster_table, readiness_report

NODE = "NODE1"
ANOTHER = "NODE2"  # who is asked about the cluster
REPORTS = ROOT / "tests" / "output" / "demo"

INTRODUCTION = f"""\
Maintenance of the node {NODE} of a Hyper-V failover cluster: empty it by live migration, and bring its VMs back.
Its file server, its shared volumes and the core group leave after the VMs, and come back too.

ALL THIS IS SIMULATED: one process on this machine plays four nodes and two dozen VMs, with its clock at triple speed.
No Windows and no Hyper-V is involved. The commands are real Ansible commands. They are the same for a real cluster: put
your own inventory in the place of hosts.yml. Ctrl-C stops the demo and leaves nothing behind."""

ON_A_REAL_CLUSTER = f"""\
On a real cluster, list its nodes in the group hyperv_nodes of an inventory (README.md shows one), and type the same:

  ansible -i hosts.yml {ANOTHER} -m hyperv.migration.hyperv_migration_capabilities_info
  ansible-playbook -i hosts.yml hyperv.migration.evacuate_node -e evacuate_node_name={NODE} --check
  ansible-playbook -i hosts.yml hyperv.migration.evacuate_node -e evacuate_node_name={NODE}
  ansible-playbook -i hosts.yml hyperv.migration.restore_node -e restore_node_name={NODE} -e restore_node_roles=home

The last one goes by the ledger, a file that the one before it writes where it is started. Start both in one folder."""


class Demo:
    """The steps of the demo."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def check_readiness(self) -> None:
        """Show what the cluster can do, and what would stop a migration."""
        print(readiness_report(self._ask("hyperv_migration_capabilities_info")))

    def show_cluster(self) -> None:
        """Show the nodes and the VMs on each."""
        nodes = self._ask("hyperv_cluster_node_info")["nodes"]
        print(cluster_table(nodes, self._ask("hyperv_vm_info")["vms"]))

    def play(self, role: str, *options: str) -> None:
        """Run a playbook about the node and let it speak for itself."""
        playbook = ["ansible-playbook", "-i", "hosts.yml", f"hyperv.migration.{role}"]
        self._commands.run([*playbook, "-e", f"{role}_name={NODE}", *options])

    def _ask(self, module: str) -> dict[str, t.Any]:
        command = ["ansible", "-i", "hosts.yml", ANOTHER, "-m", f"hyperv.migration.{module}"]
        return ad_hoc_result(self._commands.run(command, quiet=True))


def show(commands: Commands, cluster: RunningCluster) -> list[str]:
    """Run all steps against a fresh simulated cluster and return what turned out not to be so."""
    before = cluster.state()
    demo = Demo(commands)
    print(INTRODUCTION)
    _heading("1. Is the cluster ready? (its answer in short)")
    demo.check_readiness()
    _heading("2. Which VM is where before? (two answers as one table)")
    demo.show_cluster()
    _heading(f"3. Plan, as a dry run: where would the VMs of {NODE} go? Hyper-V is asked about each.")
    demo.play("evacuate_node", "--check")
    _heading(f"4. Empty {NODE}, and write a report")
    demo.play("evacuate_node", *_settings("evacuate_node", "evacuation.html"))
    _heading("5. Proof: what the simulated cluster itself says")
    broken = broken_after_evacuation(NODE, before, cluster.state(), cluster.counters())
    print(f"\nOn a real cluster the maintenance of {NODE} would begin now.")
    _heading(f"6. Bring its VMs and roles back to {NODE}, by the ledger that the evacuation wrote")
    demo.play("restore_node", "-e", "restore_node_roles=home", *_settings("restore_node", "restoration.html"))
    _heading("7. Which VM is where now?")
    demo.show_cluster()
    _heading("8. Proof: what the simulated cluster itself says")
    return broken + broken_after_restoration(NODE, before, cluster.state(), cluster.counters())


def run(folder: pathlib.Path) -> int:
    """Run the demo in ``folder`` and return the exit code."""
    commands = Commands(folder)
    try:
        with commands.listening(), running_cluster(SCENARIOS / "demo.yml", folder) as cluster:
            broken = show(commands, cluster)
    except (Stopped, DidNotStart) as error:
        print(f"The demo failed. {error}", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        # Whoever closed the terminal does not read this any more.
        with contextlib.suppress(OSError):
            print(f"\nStopped by {interrupted}; so was the simulated cluster.", file=sys.stderr, flush=True)
        return 128 + interrupted.number
    for sentence in broken:
        print(f"FAILED: {sentence}", file=sys.stderr)
    if not broken:
        print(f"\nThe reports with their timelines, for any browser:\n  {REPORTS}{os.sep}evacuation.html")
        print(f"  {REPORTS}{os.sep}restoration.html\n\n{ON_A_REAL_CLUSTER}")
    return 1 if broken else 0


def main() -> int:
    """Run the demo in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hyperv-demo-", ignore_cleanup_errors=True) as folder:
        return run(pathlib.Path(folder))


def _settings(role: str, report: str) -> list[str]:
    return ["-e", f"{role}_poll_interval=1", "-e", f"{role}_report_path={REPORTS / report}"]


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
