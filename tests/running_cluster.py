# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster in a process of its own, for the demo and for the tests that run real Ansible commands."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import sys
import time
import typing as t
import urllib.request
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[1]
SCENARIOS = ROOT / "tests" / "simulator" / "scenarios"
_READY_WITHIN = 300.0  # seconds
_STOPPED_WITHIN = 60.0  # seconds
_NOTICED_WITHIN = 60.0  # seconds
_AT_REST_WITHIN = 300.0  # seconds


class DidNotStart(Exception):
    """The simulator ended, or was not ready in time; the text holds what it said."""


class RunningCluster:
    """A simulator process and what it tells about itself over its control endpoint.

    Attributes:
        inventory: the Ansible inventory of its nodes.
        control: URL of the control endpoint.
    """

    def __init__(self, process: subprocess.Popen[bytes], inventory: pathlib.Path, control: str) -> None:
        self._process = process
        self.inventory = inventory
        self.control = control

    @property
    def runs(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def state(self) -> dict[str, t.Any]:
        """Return nodes, VMs (``id``, ``name``, ``owner``, ``state``) and jobs as the simulator has them."""
        return self._ask("state")

    def counters(self) -> dict[str, t.Any]:
        """Return requests by operation, ``shells_opened`` and ``migrations`` by VM id since the start or reset."""
        return self._ask("counters")

    def connections(self) -> dict[str, dict[str, int]]:
        """Return how many connections each node was ``opened``, has ``open``, and the ``logins`` on them.

        A node may notice a little later that a client has hung up: it is given some seconds until none is open.
        """
        give_up = time.monotonic() + _NOTICED_WITHIN
        while True:
            by_node = t.cast("dict[str, dict[str, int]]", self.counters()["connections"])
            if time.monotonic() > give_up or not any(counts["open"] for counts in by_node.values()):
                return by_node
            time.sleep(0.05)

    def wait_until_at_rest(self) -> None:
        """Return when every migration that began has ended. Raises TimeoutError.

        A job that the scenario starts runs for some seconds, and a first command comes now before its end, now after.
        """
        give_up = time.monotonic() + _AT_REST_WITHIN
        while busy := [job for job in self.state()["jobs"] if job["ended"] is None]:
            if time.monotonic() > give_up:
                raise TimeoutError(f"migrations still run: {busy}")
            time.sleep(0.05)

    def reset(self) -> None:
        """Put everything back to what the scenario says."""
        self._ask("reset", method="POST")

    def stop(self) -> None:
        """End the process, which is a no-op when it has ended."""
        self._process.terminate()
        try:
            self._process.wait(_STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def owners(self) -> dict[str, str]:
        """Return the owner of each VM by its name."""
        return {vm["name"]: vm["owner"] for vm in self.state()["vms"]}

    def node_states(self) -> dict[str, str]:
        """Return the state of each node by its name."""
        return {node["name"]: node["state"] for node in self.state()["nodes"]}

    def migrations(self) -> dict[str, int]:
        """Return how often each VM was migrated, by its name; VMs that were not are left out."""
        names = {vm["id"]: vm["name"] for vm in self.state()["vms"]}
        return {names[vm]: times for vm, times in self.counters()["migrations"].items() if times}

    def _ask(self, what: str, method: str = "GET") -> dict[str, t.Any]:
        request = urllib.request.Request(f"{self.control.rstrip('/')}/{what}", method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return t.cast("dict[str, t.Any]", json.loads(answer.read() or b"{}"))


@contextlib.contextmanager
def running_cluster(
    scenario: pathlib.Path, folder: pathlib.Path, lifetime: int = 3600, recording: pathlib.Path | None = None
) -> Iterator[RunningCluster]:
    """Start the simulator, its inventory ``hosts.yml`` in ``folder``; stop it in any case. Raises DidNotStart.

    With ``recording`` it answers what was recorded there as it was answered then.
    """
    inventory, ready, log = folder / "hosts.yml", folder / "ready.json", folder / "simulator.log"
    arguments = [str(scenario), "--inventory", str(inventory), "--ready", str(ready), "--lifetime", str(lifetime)]
    arguments += ["--recording", str(recording)] if recording else []
    with log.open("wb") as output:
        # In a session of its own it does not see Ctrl-C, so that it is still there for whoever runs in front of it.
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.simulator", *arguments, "--control"],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    cluster = RunningCluster(process, inventory, "")
    try:
        cluster.control = _wait_until_ready(process, ready, log)["control"]
        yield cluster
    finally:
        cluster.stop()


def _wait_until_ready(process: subprocess.Popen[bytes], ready: pathlib.Path, log: pathlib.Path) -> dict[str, t.Any]:
    give_up = time.monotonic() + _READY_WITHIN
    while time.monotonic() < give_up and process.poll() is None:
        if ready.exists():
            with contextlib.suppress(json.JSONDecodeError):
                return t.cast("dict[str, t.Any]", json.loads(ready.read_text(encoding="utf-8")))
        time.sleep(0.05)
    raise DidNotStart(f"The simulator did not start: {log.read_text(encoding='utf-8', errors='replace').strip()}")
