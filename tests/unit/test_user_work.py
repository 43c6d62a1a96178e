# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user's file of tasks must be is found out before a node is evacuated for it."""

from __future__ import annotations

import pathlib

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._user_work import find_work


def test_a_file_of_tasks_is_found_with_its_content(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "work.yml"
    file.write_text("- name: Patch\n  ansible.builtin.debug: {msg: patched}\n", encoding="utf-8")

    work = find_work("work.yml", "", str(tmp_path), DataLoader(), ())

    assert work["tasks_file"] == str(file)
    assert len(work["tasks_sha256"]) == 64


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "has no list of tasks"),
        ("[]\n", "has no list of tasks"),
        ("name: Patch\n", "has no list of tasks"),
        ("- Patch\n", "has no list of tasks"),
        ("- {hosts: all, tasks: []}\n", "is a playbook"),
        ("- import_playbook: other.yml\n", "is a playbook"),
        ("- name: [\n", "cannot be read as YAML"),
    ],
    ids=["empty", "no task", "mapping", "text", "play", "import of a playbook", "no YAML"],
)
def test_a_file_that_is_not_one_of_tasks_is_refused(tmp_path: pathlib.Path, content: str, why: str) -> None:
    (tmp_path / "work.yml").write_text(content, encoding="utf-8")

    with pytest.raises(HyperVError, match=why) as error:
        find_work("work.yml", "", str(tmp_path), DataLoader(), ())

    assert str(error.value).startswith("Nothing was changed. rolling_maintenance_tasks_file is work.yml, which")
