# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much of Ansible's plumbing a person sees when a node is emptied and filled again."""

from __future__ import annotations

import re

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import RunningCluster

MOST = 14


def tasks(answer: Answer) -> list[str]:
    assert answer.code == 0, answer.text
    assert "skipping:" not in answer.text, answer.text
    return re.findall(r"^TASK \[(.*)\]", answer.text, re.MULTILINE)


def test_an_evacuation_and_a_restoration_show_few_tasks_and_skip_none(
    cluster: RunningCluster, ansible: Ansible
) -> None:
    evacuation = tasks(ansible.evacuate("-e", "evacuate_node_name=NODE1"))
    assert len(evacuation) <= MOST, evacuation

    restore = ["ansible-playbook", *ansible.sources, "hyperv.migration.restore_node"]
    restoration = tasks(ansible.run(*restore, "-e", "restore_node_name=NODE1", "-e", "restore_node_poll_interval=0.1"))
    assert len(restoration) <= MOST, restoration
