# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans and ledgers of VMs whose names are templates, handed on as extra vars in every way: nothing is evaluated.

Each name would fail, or become another one, if Ansible took it for a template.
"""

from __future__ import annotations

import json
import pathlib
import typing as t
from collections.abc import Iterator

import pytest
import yaml

from tests.integration.awx_jobs import Controller
from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

NAMES = [
    "web {{ no_such_name }}",
    "{% no_such_tag %}",
    "a{# comment #}b",
    "#jinja2:variable_start_string:'[%', variable_end_string:'%]'\n[% no_such_name %]",
    "back\\slash \\u007b {{ 6 * 7 }}",
    "#1 {plain} web01 }}",
]
LEDGER = "hyperv-ledger-hvc1.corp.example-NODE1.json"
FAST: dict[str, str | float] = {"evacuate_node_name": "NODE1", "restore_node_name": "NODE1"}
FAST |= {f"{role}_node_poll_interval": 0.1 for role in ("evacuate", "restore")}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    folder = tmp_path_factory.mktemp("templates")
    content = {
        "cluster": {"name": "HVC1", "fqdn": "hvc1.corp.example"},
        "user": {"name": "operator", "password": "simulated-Passw0rd"},
        "clock": {"speed": 100},
        "nodes": [{"name": f"NODE{number}", "memory_mb": 65536} for number in (1, 2, 3)],
        "vms": [{"name": name, "owner": "NODE1", "memory_mb": 1024} for name in NAMES],
    }
    (folder / "scenario.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with running_cluster(folder / "scenario.yml", folder) as cluster:
        yield cluster


@pytest.fixture
def controller(cluster: RunningCluster, tmp_path: pathlib.Path) -> Controller:
    return Controller(tmp_path, cluster.inventory)


@pytest.mark.parametrize("way", ["-e @vars.json", "-e {json}"])
def test_plan_and_ledger_are_data_on_the_command_line(
    cluster: RunningCluster, controller: Controller, tmp_path: pathlib.Path, way: str
) -> None:
    ansible = Ansible(tmp_path, cluster.inventory)

    def play(role: str, *options: str, **variables: t.Any) -> str:
        given = json.dumps({**FAST, **variables})
        (tmp_path / "vars.json").write_text(given, encoding="utf-8")
        extra = "@vars.json" if way == "-e @vars.json" else given
        command = ["ansible-playbook", *ansible.sources, f"hyperv.migration.{role}", "-e", extra, *options]
        answer = ansible.run(*command)
        assert answer.code == 0, answer.text
        return answer.text

    planned = controller.launch("evacuate_node", FAST, check=True).artifacts
    text = play("evacuate_node", evacuate_node_plan=planned["evacuate_node_plan"])
    assert "Changed since the plan was made" not in text
    assert "web {{ no_such_name }}" in text
    assert cluster.migrations() == dict.fromkeys(NAMES, 1)
    kept = json.loads((tmp_path / LEDGER).read_text(encoding="utf-8"))
    (tmp_path / LEDGER).unlink()

    assert "web {{ no_such_name }}" in play("restore_node", "--check", restore_node_ledger=kept)
    play("restore_node", restore_node_ledger=kept)

    assert cluster.owners() == dict.fromkeys(NAMES, "NODE1")


def test_the_file_of_a_ledger_can_be_given_as_it_is(cluster: RunningCluster, tmp_path: pathlib.Path) -> None:
    ansible = Ansible(tmp_path, cluster.inventory)
    assert ansible.evacuate("-e", "evacuate_node_name=NODE1").code == 0
    moved = [
        *["ansible-playbook", *ansible.sources, "hyperv.migration.restore_node", "-e", f"@{LEDGER}"],
        *["-e", "restore_node_name=NODE1", "-e", "restore_node_poll_interval=0.1"],
    ]
    assert ansible.run(*moved).code == 0
    assert cluster.owners() == dict.fromkeys(NAMES, "NODE1")


def test_artifacts_are_data_from_job_to_job(cluster: RunningCluster, controller: Controller) -> None:
    planned = controller.launch("evacuate_node", FAST, check=True)
    assert planned.artifacts["evacuate_node_plan"]["escaped"] is True
    assert "{" not in json.dumps([move["name"] for move in planned.artifacts["evacuate_node_plan"]["moves"]])

    done = controller.launch("evacuate_node", {**FAST, **planned.artifacts})
    assert done.status == "successful", done.text
    assert cluster.migrations() == dict.fromkeys(NAMES, 1)

    # The container of the second job was lost: what the plan had moved by then is in the ledger of the third.
    again = controller.launch("evacuate_node", {**FAST, **planned.artifacts})
    assert again.status == "successful", again.text
    restored = controller.launch("restore_node", {**FAST, **again.artifacts})

    assert restored.status == "successful", restored.text
    assert "web {{ no_such_name }}" in restored.text
    assert cluster.owners() == dict.fromkeys(NAMES, "NODE1")
    assert cluster.migrations() == dict.fromkeys(NAMES, 2)
