# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The user's own work on a node: a file of tasks and a role, found before anything is changed."""

from __future__ import annotations

import hashlib
import os
import typing as t
from collections.abc import Sequence

from ansible.errors import AnsibleError
from ansible.playbook.role.include import RoleInclude

from ._files import full_path, read_file
from ._hyperv.failure.errors import HyperVError
from ._hyperv.records.rolling_state import Work
from ._text import clean


def find_work(tasks_file: str, role: str, playbook_dir: str, loader: t.Any, collections: Sequence[str]) -> Work:
    """Return the work; the file with its full path.

    Args:
        tasks_file: from where Ansible was started, or else beside the playbook; empty for none.
        role: as ``include_role`` takes it; empty for none.
        playbook_dir: the directory of the playbook.
        loader: Ansible's loader of the play.
        collections: where ``include_role`` looks for a role of a short name first.

    Raises HyperVError for a file or a role that is not there, and for a file that is not one of tasks.
    """
    path = _found(tasks_file, playbook_dir) if tasks_file else ""
    content = read_file(path) if path else None
    if path:
        _look_at_tasks(path, tasks_file, loader)
    if role:
        _look_for_role(role, loader, collections)
    return {
        "tasks_file": path,
        "tasks_sha256": hashlib.sha256(content).hexdigest() if content is not None else "",
        "role": role,
    }


def _found(tasks_file: str, playbook_dir: str) -> str:
    for path in (full_path(tasks_file), os.path.join(playbook_dir, tasks_file)):
        if os.path.isfile(path):
            return os.path.realpath(path)
    raise HyperVError(
        f"Nothing was changed. rolling_maintenance_tasks_file is {tasks_file}, and there is no such file, neither from "
        f"where Ansible was started nor beside the playbook ({playbook_dir}). Give an absolute path to be sure."
    )


def _look_at_tasks(path: str, tasks_file: str, loader: t.Any) -> None:
    """Raise HyperVError unless a file is a list of tasks: Ansible would find out only after the node is evacuated."""
    try:
        tasks = loader.load_from_file(path)
    except AnsibleError as error:
        raise HyperVError(
            f"Nothing was changed. rolling_maintenance_tasks_file is {tasks_file}, which cannot be read as YAML: "
            f"{clean(error)}"
        ) from None
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, dict) for task in tasks):
        wrong = "has no list of tasks"
    elif any(key in task for task in tasks for key in ("hosts", "import_playbook")):
        wrong = "is a playbook"
    else:
        return
    raise HyperVError(
        f"Nothing was changed. rolling_maintenance_tasks_file is {tasks_file}, which {wrong}. Give a file of tasks, as "
        "include_tasks takes it."
    )


def _look_for_role(role: str, loader: t.Any, collections: Sequence[str]) -> None:
    try:
        RoleInclude.load(role, play=None, variable_manager=None, loader=loader, collection_list=[*collections])
    except AnsibleError as error:
        raise HyperVError(
            f"Nothing was changed. rolling_maintenance_role is {role}, and the role {role!r} was not found: "
            f"{clean(error)}"
        ) from None
