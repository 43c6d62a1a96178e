# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ansible-builder makes of the collection and of its execution environment. No image is built.

``make matrix`` leaves this out: ansible-builder is none of the tools that the product needs to run.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import sysconfig

import pytest
import yaml

from tests.ansible_command import ansible_environment
from tests.running_cluster import ROOT

pytestmark = pytest.mark.long

pytest.importorskip("ansible_builder")
DEFINITION = ROOT / "extensions" / "awx" / "execution-environment.yml"


def run(folder: pathlib.Path, *command: str) -> str:
    ended = subprocess.run(
        command,
        cwd=folder,
        env=ansible_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_ansible_builder_finds_what_the_collection_needs(tmp_path: pathlib.Path) -> None:
    builder = [sys.executable, "-m", "ansible_builder", "introspect"]

    answer = yaml.safe_load(run(tmp_path, *builder, sysconfig.get_path("purelib")))

    ours = [line.partition("#")[0].strip() for line in answer["python"] if "hyperv.migration" in line]
    assert ours == ["pywinrm>=0.4.3", "pypsrp>=0.8,<1.0"]


def test_ansible_builder_takes_the_definition_and_its_collection_can_be_installed(tmp_path: pathlib.Path) -> None:
    shutil.copy(DEFINITION, tmp_path)
    run(tmp_path, "ansible-galaxy", "collection", "build", str(ROOT), "--output-path", str(tmp_path))

    run(tmp_path, sys.executable, "-m", "ansible_builder", "create", "-f", DEFINITION.name, "-c", "context")

    context = tmp_path / "context" / "_build"
    install = ["ansible-galaxy", "collection", "install", "--force", "-r", "requirements.yml"]
    run(context, *install, "-p", str(tmp_path / "installed"))
    installed = tmp_path / "installed" / "ansible_collections" / "hyperv" / "migration"
    assert (installed / "playbooks" / "evacuate_node.yml").is_file()
    assert (installed / "extensions" / "awx" / "templates.yml").is_file()
