# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Answers of forms that are no names: refused by the variable's name before any host is asked."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from tests.integration.commands import Ansible

FAILED = 2


@pytest.mark.parametrize(
    ("playbook", "answers", "said"),
    [
        ("evacuate_node", {"evacuate_node_name": ["NODE1"]}, "evacuate_node_name is ['NODE1']"),
        (
            "rolling_maintenance",
            {"rolling_maintenance_hosts": ["hyperv_nodes"]},
            "rolling_maintenance_hosts is ['hyperv_nodes']. It must be one pattern",
        ),
        (
            "rolling_maintenance",
            {"rolling_maintenance_hosts": "no_such_group"},
            "rolling_maintenance_hosts is no_such_group. It must be one pattern",
        ),
        ("restore_node", {"restore_node_ledger": "no json"}, "restore_node_ledger is not a ledger: no json."),
        ("restore_node", {"restore_node_ledger": ["x"]}, "restore_node_ledger is not a ledger: ['x']."),
    ],
)
def test_it_is_refused_by_the_name_of_the_variable(
    tmp_path: pathlib.Path, playbook: str, answers: dict[str, t.Any], said: str
) -> None:
    hosts = tmp_path / "hosts.yml"
    hosts.write_text("hyperv_nodes: {hosts: {NODE1: , NODE2: }}", encoding="utf-8")
    ansible = Ansible(tmp_path, hosts)

    command = ["ansible-playbook", *ansible.sources, f"hyperv.migration.{playbook}", "-e", json.dumps(answers)]
    answer = ansible.run(*command, warns=True)

    assert answer.code == FAILED, answer.text
    assert said in answer.text
