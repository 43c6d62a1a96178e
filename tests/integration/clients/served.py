# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the clients of others are pointed at, and how they are run."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shutil
import subprocess
import typing as t
from collections.abc import Iterator, Mapping

import pytest

from tests.simulator.cluster import SimulatedCluster, load
from tests.simulator.host_profiles import DEFAULT, Windows
from tests.simulator.serving import ServedCluster

ROOT = pathlib.Path(__file__).parents[3]
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
NODES = f"{WMI}/root/MSCluster/MSCluster_Node"
USER, PASSWORD = "operator", "Marked-0ne-Passw0rd"

_SCENARIO = f"""
user: {{name: {USER}, password: {PASSWORD}, domain: CORP}}
listener: {{encryption: optional}}
nodes: [{{name: NODE1, windows: %d}}, {{name: NODE2}}]
vms: [{{name: web01, owner: NODE1, memory_mb: 1024}}]
switches: {{shells: %s}}
"""


@dataclasses.dataclass(frozen=True)
class Host:
    """The node NODE1, at ``port`` of 127.0.0.1 over HTTP, and the cluster behind it."""

    port: int
    cluster: SimulatedCluster

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/wsman"


@contextlib.contextmanager
def served(shells: str, windows: Windows = DEFAULT) -> Iterator[Host]:
    """Serve two nodes whose remote shells are ``refused`` or run ``commands``; readable messages are always taken."""
    cluster = load(_SCENARIO % (windows, shells))
    listening = ServedCluster(cluster)
    try:
        yield Host(listening.ports["NODE1"], cluster)
    finally:
        listening.close()


def needs(client: str, cure: str, *commands: str) -> pytest.MarkDecorator:
    """Return a mark that leaves tests out, and says so with the cure, where one of ``commands`` is not to be had."""
    missing = [command for command in commands if shutil.which(command) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{client} cannot be run here, for want of {missing}: {cure}")


def run(*command: str, folder: pathlib.Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a client in a folder of its own, which is also its home, and return what it came to."""
    surroundings: Mapping[str, str] = {**os.environ, "HOME": str(folder), "NO_PROXY": "127.0.0.1", **environment}
    options: dict[str, t.Any] = {"cwd": folder, "env": surroundings, "stdin": subprocess.DEVNULL}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)
