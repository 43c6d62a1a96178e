# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the lines of a running task go: people see them, programs are not disturbed, and no_log silences them."""

from __future__ import annotations

import json
import pathlib
import shlex
import typing as t
from collections.abc import Mapping

import pytest
import yaml
from ansible.release import __version__ as core
from packaging.version import Version

from tests.integration.awx_jobs import Controller
from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster

# As ansible.posix.json does: one document, when all is over.
CALLBACK = """
import json
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = "name: document\\ntype: stdout\\nshort_description: One JSON document\\ndescription: As it says."


class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "document"
    seen = []

    def v2_runner_on_ok(self, result):
        self.seen.append(result._result["changed"])

    def v2_playbook_on_stats(self, stats):
        self._display.display(json.dumps({"changed": self.seen}))
"""
MOVE = {"hyperv.migration.hyperv_vm_migrate": {"name": "web01", "destination_host": "NODE2", "poll_interval": 0.1}}
STOP = {"hyperv.migration.hyperv_vm_state": {"name": "web01", "state": "off", "force": True, "poll_interval": 0.1}}
SECRETS = ("web01", "NODE2")


def play(folder: pathlib.Path, *tasks: Mapping[str, object], **keywords: t.Any) -> str:
    """Write a playbook for NODE1 and return its file."""
    written = folder / "play.yml"
    content = [{"hosts": "NODE1", "gather_facts": False, "tasks": list(tasks), **keywords}]
    written.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(written)


def test_a_callback_for_programs_is_all_of_standard_output(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "document.py").write_text(CALLBACK, encoding="utf-8")
    command = shlex.join(["ansible-playbook", *ansible.sources, play(tmp_path, MOVE, STOP)])
    told = tmp_path / "told"

    answer = ansible.run(
        "sh",
        "-c",
        f"{command} 2>{shlex.quote(str(told))}",
        ANSIBLE_CALLBACK_PLUGINS=str(tmp_path),
        ANSIBLE_STDOUT_CALLBACK="document",
    )

    assert json.loads(answer.text) == {"changed": [True, True]}
    assert "web01: NODE1 -> NODE2 moved" in told.read_text(encoding="utf-8")
    assert "web01: running -> off" in told.read_text(encoding="utf-8")


def test_a_job_of_awx_shows_the_progress(cluster: RunningCluster, tmp_path: pathlib.Path) -> None:
    job = Controller(tmp_path, cluster.inventory).launch("evacuate_node", {"evacuate_node_name": "NODE1"})

    assert any("db01" in one["stdout"] and "moved in" in one["stdout"] for one in job.events), job.text


# CVE-2024-0690: ansible-core before 2.16.3 shows what ANSIBLE_NO_LOG is to keep back.
NO_LOG_IGNORED = Version(core) < Version("2.16.3")
IGNORES = pytest.mark.skipif(NO_LOG_IGNORED, reason=f"ansible-core {core} ignores ANSIBLE_NO_LOG (CVE-2024-0690)")


@pytest.mark.parametrize("level", ["task", "play", pytest.param("environment", marks=IGNORES)])
def test_no_log_tells_no_name_at_any_verbosity(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path, level: str
) -> None:
    on_task = {"no_log": True} if level == "task" else {}
    on_play = {"no_log": True} if level == "play" else {}
    environment: dict[str, t.Any] = {"ANSIBLE_NO_LOG": "true"} if level == "environment" else {}
    log = tmp_path / "log"
    written = play(tmp_path, {**MOVE, **on_task}, {**STOP, **on_task}, **on_play)

    answer = ansible.run(
        "ansible-playbook", *ansible.sources, written, "-vvvvv", ANSIBLE_LOG_PATH=str(log), **environment
    )

    assert answer.recap("NODE1", "changed") == 2
    for text in (answer.text, log.read_text(encoding="utf-8")):
        assert "NODE1" in text
        assert not [secret for secret in SECRETS if secret in text]


def test_without_no_log_verbosity_and_the_log_tell_the_names(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    log = tmp_path / "log"

    answer = ansible.run("ansible-playbook", *ansible.sources, play(tmp_path, MOVE), "-vvvv", ANSIBLE_LOG_PATH=str(log))

    assert "requests sent to NODE1" in answer.text
    assert "MigrateVirtualSystemToSystem" in answer.text
    assert "web01: NODE1 -> NODE2 moved" in log.read_text(encoding="utf-8")
