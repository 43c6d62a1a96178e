# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The script that asks a cluster what nobody has documented: it reads everything and changes nothing."""

from __future__ import annotations

import pathlib

from tests.integration.commands import Ansible
from tests.running_cluster import ROOT, RunningCluster

SCRIPT = ROOT / "docs" / "first_run.sh"


def test_every_question_is_answered_and_nothing_is_changed(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    before = cluster.owners(), cluster.node_states()

    answer = ansible.run("sh", str(SCRIPT), str(cluster.inventory), "NODE1", "web01", "NODE2", folder=tmp_path)

    assert answer.code == 0, answer.text
    files = sorted((tmp_path / "first-run-NODE1").iterdir())
    assert [file.name[:2] for file in files] == [f"{number:02}" for number in range(1, 16)]
    could_move = files[-1].read_text(encoding="utf-8")
    assert '"outcome": "would_move"' in could_move
    assert '"setting_data": "typed"' in could_move
    assert (cluster.owners(), cluster.node_states()) == before
    assert cluster.migrations() == {}


def test_a_wrong_call_says_how_it_is_used(ansible: Ansible, tmp_path: pathlib.Path) -> None:
    answer = ansible.run("sh", str(SCRIPT), "hosts.yml", folder=tmp_path)

    assert answer.code == 2
    assert "INVENTORY NODE [VM DESTINATION]" in answer.text
