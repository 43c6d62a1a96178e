# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The event source with a wrong password, in a Python of its own as ansible-rulebook runs it."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest
import yaml

from tests.ansible_command import ansible_environment
from tests.running_cluster import ROOT, RunningCluster

PLUGIN = ROOT / "extensions" / "eda" / "plugins" / "event_source" / "hyperv_cluster.py"
UNTIL_IT_ENDS = """
import asyncio, json, runpy, sys

class Queue:
    async def put(self, event):
        print(json.dumps(event), flush=True)

path, arguments = sys.argv[1:]
asyncio.run(asyncio.wait_for(runpy.run_path(path)["main"](Queue(), json.loads(arguments)), 60))
"""


@pytest.mark.over_psrp
def test_it_is_tried_once(cluster: RunningCluster, plugin: str, tmp_path: pathlib.Path) -> None:
    nodes = yaml.safe_load(cluster.inventory.read_text(encoding="utf-8"))["all"]["children"]["hyperv_nodes"]
    node = nodes["hosts"]["NODE1"]
    arguments = {
        "ansible_host": node["ansible_host"],
        "ansible_port": node["ansible_port"],
        "ansible_connection": plugin,
        "ansible_user": "operator",
        "ansible_password": "Marked-Wr0ng",
        f"ansible_{plugin}_{'transport' if plugin == 'winrm' else 'auth'}": "ntlm",
        **({"ansible_psrp_protocol": "http"} if plugin == "psrp" else {"ansible_winrm_scheme": "http"}),
        "delay": 1,
    }
    ended = subprocess.run(
        [sys.executable, "-c", UNTIL_IT_ENDS, str(PLUGIN), json.dumps(arguments)],
        env=ansible_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert "Ended: hyperv.migration.hyperv_cluster: " in last, ended.stderr
    assert "refused the credentials of user 'operator'" in last
    assert "The source ends, because it would try the same password again" in last
    assert "Marked-Wr0ng" not in ended.stderr + ended.stdout
    (lost,) = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (lost["type"], lost["change"]) == ("connection", "lost")
    assert sum(cluster.counters()["refused_logins"].values()) == 1
