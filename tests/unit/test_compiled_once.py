# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The modules of plugin_utils are loaded from ``__pycache__``, which Ansible's own loader does not use."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

from tests.ansible_command import ansible_environment

ROOT = pathlib.Path(__file__).parents[2]
MODULES = "ansible_collections.hyperv.migration.plugins.plugin_utils"
LOAD = """
from ansible.plugins.loader import action_loader, init_plugin_loader
import importlib, sys
init_plugin_loader([])
assert action_loader.get("hyperv.migration.hyperv_vm_info", class_only=True)
below = [module for name, module in sys.modules.items() if name.startswith(PREFIX + ".") and module.__file__]
print(*(module.__spec__.cached for module in below), sep="\\n")
"""


def installed(folder: pathlib.Path) -> pathlib.Path:
    """Copy what runs of the collection as ansible-galaxy would install it."""
    collection = folder / "ansible_collections" / "hyperv" / "migration"
    for part in ("meta", "plugins"):
        shutil.copytree(ROOT / part, collection / part, ignore=shutil.ignore_patterns("__pycache__"))
    return collection


def attempt(folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Load an action in a process of its own, which prints where its modules are kept when they are compiled."""
    environment = {**ansible_environment(folder), "ANSIBLE_COLLECTIONS_PATH": str(folder)}
    for name in [one for one in environment if one.startswith("PYTHON")]:
        del environment[name]
    command = [sys.executable, "-c", f"PREFIX = {MODULES!r}{LOAD}"]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


def load(folder: pathlib.Path) -> list[pathlib.Path]:
    answer = attempt(folder)
    assert answer.returncode == 0, answer.stderr
    return [pathlib.Path(line) for line in answer.stdout.splitlines()]


def test_each_module_is_compiled_once(tmp_path: pathlib.Path) -> None:
    collection = installed(tmp_path)

    compiled = load(tmp_path)

    assert len(compiled) > 20
    assert all(file.is_relative_to(collection) and file.is_file() for file in compiled)
    written = {file: file.stat().st_mtime_ns for file in compiled}
    assert load(tmp_path) == compiled
    assert {file: file.stat().st_mtime_ns for file in compiled} == written


def test_a_file_that_was_changed_is_compiled_again(tmp_path: pathlib.Path) -> None:
    collection = installed(tmp_path)
    load(tmp_path)
    changed = collection / "plugins" / "plugin_utils" / "_hostnames.py"
    changed.write_text("raise SystemExit('the new one')\n", encoding="utf-8")
    os.utime(changed, (1, 1))

    assert "the new one" in attempt(tmp_path).stderr


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: pathlib.Path) -> None:
    collection = installed(tmp_path)
    utilities = collection / "plugins" / "plugin_utils"
    for folder in [utilities, *(path for path in utilities.rglob("*") if path.is_dir())]:
        (folder / "__pycache__").write_text("no folder can be made here", encoding="utf-8")

    assert not [file for file in load(tmp_path) if file.is_file()]
