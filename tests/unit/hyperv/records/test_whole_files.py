# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that belong together are written all or none: on a full disk, where nothing may be written, and when killed."""

from __future__ import annotations

import errno
import os
import pathlib
import signal
import subprocess
import sys

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._files import replace_file, replace_files
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

SECRET = "payroll-prod"
PROGRAM = """
import os, resource, signal, sys
from ansible_collections.hyperv.migration.plugins.plugin_utils._files import replace_files
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
kind, what, at = sys.argv[1], sys.argv[2], int(sys.argv[3])
if kind == "named":
    del os.O_TMPFILE
elif kind == "no link":
    def link(*given, **more):
        raise PermissionError
    os.link = link
if what == "size":
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, at))
else:
    real, calls = getattr(os, what), []
    def deadly(*given):
        calls.append(given)
        if len(calls) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given)
    setattr(os, what, deadly)
try:
    replace_files({"recording.zip": b"z" * 100, "recording.zip.names.json": "payroll-prod" * 1000})
except HyperVError as error:
    print(error)
"""
BEFORE = {"recording.zip": "earlier", "recording.zip.names.json": "earlier names"}
NEW = {"recording.zip": "z" * 100, "recording.zip.names.json": SECRET * 1000}


def run(folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def files(folder: pathlib.Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.fixture(params=[{}, BEFORE], ids=["new", "earlier"])
def folder(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> pathlib.Path:
    for name, text in request.param.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("kind", ["unnamed", "named"])
@pytest.mark.parametrize("size", [10, 5000])
def test_a_full_disk_leaves_everything_as_it_was(folder: pathlib.Path, kind: str, size: int) -> None:
    """The limit of a process for the size of its files stands for the disk: 10 bytes end the first, 5000 the second."""
    before = files(folder)
    ended = run(folder, kind, "size", str(size))
    name = "recording.zip" if size == 10 else "recording.zip.names.json"
    assert f"{name} cannot be written: {os.strerror(errno.EFBIG)}." in ended.stdout, ended
    assert files(folder) == before


@pytest.mark.parametrize("at", [1, 2])
def test_a_kill_while_one_is_written_leaves_everything_as_it_was(folder: pathlib.Path, at: int) -> None:
    before = files(folder)
    assert run(folder, "unnamed", "fsync", str(at)).returncode == -signal.SIGKILL
    assert files(folder) == before


@pytest.mark.parametrize("kind", ["unnamed", "named"])
@pytest.mark.parametrize(("what", "at"), [("fsync", 1), ("replace", 1), ("replace", 2)])
def test_a_kill_never_leaves_the_second_without_the_first(
    tmp_path: pathlib.Path, kind: str, what: str, at: int
) -> None:
    assert run(tmp_path, kind, what, str(at)).returncode == -signal.SIGKILL
    left = files(tmp_path)
    assert not any(name == "recording.zip.names.json" for name in left)
    if kind == "unnamed":
        assert any(SECRET in text for text in left.values()) <= ("recording.zip" in left)


@pytest.mark.parametrize("kind", ["unnamed", "named", "no link"])
def test_both_are_there_afterwards_and_nothing_else(folder: pathlib.Path, kind: str) -> None:
    ended = run(folder, kind, "fsync", "99")
    assert (ended.returncode, ended.stdout) == (0, ""), ended
    assert files(folder) == NEW
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_folder_in_which_nothing_may_be_written(tmp_path: pathlib.Path) -> None:
    with pytest.raises(HyperVError, match=r"/proc/recording\.zip cannot be written"):
        replace_files({str(tmp_path / "first"): "x", "/proc/recording.zip": "x"})
    assert files(tmp_path) == {}


def test_a_name_as_long_as_a_file_system_takes(tmp_path: pathlib.Path) -> None:
    path = tmp_path / ("名" * 84)  # 252 of 255 bytes
    replace_file(str(path), "x")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
