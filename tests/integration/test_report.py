# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of real runs: what the screen shows, and the HTML file. No command may warn or open a shell."""

from __future__ import annotations

import json
import pathlib
import stat
import typing as t

import pytest

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import RunningCluster, running_cluster
from tests.unit.report.reading import Page, read_page

pytestmark = pytest.mark.long

FAILED = 2
ON_NODE1 = {"web01", "web02", "db01", "test01"}


def play(ansible: Ansible, role: str, settings: dict[str, t.Any], *options: str) -> Answer:
    command = ["ansible-playbook", *ansible.sources, f"hyperv.migration.{role}"]
    return ansible.run(*command, "-e", json.dumps({f"{role}_poll_interval": 0.1, **settings}), *options)


def written(path: pathlib.Path) -> Page:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name], "something unfinished was left behind"
    return read_page(path.read_text(encoding="utf-8"))


def shown(answer: Answer) -> list[str]:
    """Return the lines of the last report on the screen, without the quotes of JSON."""
    lines = answer.text.splitlines()
    begin = max(index for index, line in enumerate(lines) if " : Show the report]" in line)
    return [line.strip().rstrip(",").strip('"') for line in lines[begin:]]


@pytest.mark.over_psrp
def test_an_evacuation_and_its_restoration_are_reported(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    ledger, out, back = tmp_path / "ledger.json", tmp_path / "out" / "report.html", tmp_path / "back" / "report.html"

    settings = {"evacuate_node_name": "NODE1", "evacuate_node_ledger_path": str(ledger)}
    left = play(ansible, "evacuate_node", {**settings, "evacuate_node_report_path": str(out)})

    assert left.code == 0, left.text
    assert "Evacuation of NODE1: done. 4 of 4 VMs moved." in shown(left)
    assert any(line.split() == ["NODE1", "64.0", *line.split()[2:5], "4", "0"] for line in shown(left)), shown(left)
    page = written(out)
    assert sorted(page.timeline_vms) == sorted(ON_NODE1)
    assert "NODE1 is paused" in page.text or "The node is paused" in page.text

    settings = {"restore_node_ledger_path": str(ledger), "restore_node_report_path": str(back)}
    rehearsed = play(ansible, "restore_node", settings, "--check")
    assert "Restoration of NODE1: dry run. 4 of 4 VMs would move." in shown(rehearsed)
    assert written(back).bars == []

    restored = play(ansible, "restore_node", settings)

    assert restored.code == 0, restored.text
    assert "Restoration of NODE1: done. 4 of 4 VMs moved." in shown(restored)
    assert sorted(written(back).timeline_vms) == sorted(ON_NODE1)


def test_a_dry_run_is_reported_and_its_file_is_written(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "report" / "dry.html"
    settings = {"evacuate_node_name": "NODE1", "evacuate_node_report_path": str(path)}

    answer = play(ansible, "evacuate_node", settings, "--check")

    assert answer.code == 0, answer.text
    assert "Evacuation of NODE1: dry run. 4 of 4 VMs would move. Hyper-V was asked and agrees." in shown(answer)
    page = written(path)
    assert page.bars == []
    assert sorted(page.vms) == sorted(ON_NODE1)
    assert cluster.migrations() == {}


def test_a_failure_is_reported_with_its_reason_and_its_remedy(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "report" / "failed.html"
    once = {"evacuate_node_retries": 0, "evacuate_node_attempts": 1}
    settings = {"evacuate_node_name": "NODE3", "evacuate_node_report_path": str(path), **once}

    answer = play(ansible, "evacuate_node", settings)

    assert answer.code == FAILED
    told = "\n".join(shown(answer))
    assert "Evacuation of NODE3: FAILED. 1 of 2 VMs moved, 1 failed." in told
    assert "FAILED                  1  broken03 (NODE3 -> " in told
    assert "why:    " in told
    assert "remedy: " in told
    assert "The node was given back" in told
    page = written(path)
    assert [drawn.tone for drawn in page.bars if drawn.vm == "broken03"] == ["failed"]
    assert "1 VM could not be moved" in page.text


def test_a_report_that_cannot_be_written_is_told_and_does_not_undo_the_evacuation(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    occupied = tmp_path / "occupied"
    occupied.touch()
    settings = {"evacuate_node_name": "NODE1", "evacuate_node_report_path": str(occupied / "report.html")}

    answer = play(ansible, "evacuate_node", settings)

    assert answer.code == 0, answer.text
    assert any(line.startswith("The HTML report was NOT written: ") for line in shown(answer))
    assert cluster.node_states()["NODE1"] == "paused"
    assert "NODE1" not in cluster.owners().values()


PLAY = """
- name: Move and report
  hosts: NODE2
  gather_facts: false
  tasks:
    - name: Move
      hyperv.migration.hyperv_vm_migrate:
        moves: [{name: web01, destination_host: NODE2}, {name: web02, destination_host: NODE3}]
        poll_interval: 0.1
      register: migration

    - name: Report
      ansible.builtin.include_role:
        name: hyperv.migration.migration_report
      vars:
        migration_report_moves: "{{ migration.moves }}"
        migration_report_path: "{{ path }}"
"""


def test_the_role_reports_any_moves(cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path) -> None:
    playbook, path = tmp_path / "play.yml", tmp_path / "report" / "any.html"
    playbook.write_text(PLAY, encoding="utf-8")

    answer = ansible.run("ansible-playbook", *ansible.sources, str(playbook), "-e", json.dumps({"path": str(path)}))

    assert answer.code == 0, answer.text
    assert "Live migration: done. 2 of 2 VMs moved." in shown(answer)
    assert answer.recap("NODE2", "changed") == 1
    page = written(path)
    assert page.title == "Live migration: done"
    assert sorted(page.timeline_vms) == ["web01", "web02"]


STRANGE = [
    "<img src=x onerror=alert(1)>",
    "R&D \"quoted\" 'too'",
    "خادم الويب",
    "\N{ROCKET} launch",
    "{{ 7 * 191 }}",
    "long-" + "x" * 95,
]


def test_names_of_vms_are_data_on_the_page(tmp_path: pathlib.Path, plugin: str) -> None:
    vms = [{"name": name, "owner": "NODE1", "memory_mb": 1024} for name in STRANGE]
    scenario = tmp_path / "strange.yml"
    nodes = [{"name": f"NODE{number}", "memory_mb": 65536} for number in (1, 2)]
    world = {
        "cluster": {"name": "HVC1", "fqdn": "hvc1.corp.example"},
        "user": {"name": "operator", "password": "simulated-Passw0rd"},
        "clock": {"speed": 30},
        "network": {"megabytes_per_second": 2000, "setup_seconds": 1, "switch_over_seconds": 1},
        "nodes": nodes,
        "vms": vms,
    }
    scenario.write_text(json.dumps(world, ensure_ascii=False), encoding="utf-8")
    path = tmp_path / "report" / "strange.html"
    with running_cluster(scenario, tmp_path) as cluster:
        ansible = Ansible(tmp_path, cluster.inventory, plugin)
        settings = {"evacuate_node_name": "NODE1", "evacuate_node_report_path": str(path)}
        answer = play(ansible, "evacuate_node", settings)
        assert answer.code == 0, answer.text
    page = written(path)
    assert sorted(page.timeline_vms) == sorted(STRANGE)
    assert not page.tags & {"img", "script", "iframe", "link", "object"}
