# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ``make matrix`` says and exits with, whatever Pythons a machine has."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from tests.ci import matrix
from tests.simulator.host_profiles import PROFILES


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr(matrix, "VENVS", tmp_path)
    monkeypatch.setattr(matrix, "run_row", lambda row: [matrix.Run(f"{row.name}: stories", True, tmp_path / "log")])


def only(monkeypatch: pytest.MonkeyPatch, *pythons: int) -> None:
    """Let the machine have these Pythons, with which every environment can be built."""
    monkeypatch.setattr(matrix, "interpreters", lambda: dict.fromkeys(pythons, "python"))
    monkeypatch.setattr(matrix, "_says", lambda command: "")
    monkeypatch.setattr(subprocess, "run", lambda *unused, **unused_too: _Ended())


class _Ended:
    returncode = 0


@pytest.mark.usefixtures("rows")
def test_what_no_python_here_suits_is_left_out_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, 13)

    assert matrix.main([]) == 0

    said = capsys.readouterr().out
    assert "2 of 2 combinations passed." in said
    assert "Left out: oldest (ansible-core==2.16.0 " in said
    assert "Python 3.10, 3.11 or 3.12 is needed" in said
    assert "python3.12-venv" in said


@pytest.mark.usefixtures("rows")
def test_a_matrix_of_which_nothing_ran_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, 9)

    assert matrix.main([]) == 1


@pytest.mark.usefixtures("rows")
def test_what_cannot_be_built_has_failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    only(monkeypatch, 11)
    monkeypatch.setattr(_Ended, "returncode", 1)

    assert matrix.main(["newest"]) == 1
    assert "Failed: newest: it could not be built" in capsys.readouterr().out


@pytest.mark.usefixtures("rows")
def test_one_failure_fails_the_matrix_and_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, 11)
    monkeypatch.setattr(
        matrix, "run_row", lambda row: [matrix.Run(row.name, row.name == "newest", tmp_path / "stories.log")]
    )

    assert matrix.main([]) == 1
    assert f"Failed: oldest; see {tmp_path / 'stories.log'}" in capsys.readouterr().out


def test_a_command_that_only_says_that_its_python_is_not_chosen_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    this = f"python3.{sys.version_info[1]}"
    shim = tmp_path / "shims" / this
    kept = tmp_path / "versions" / f"3.{sys.version_info[1]}.0" / "bin" / this
    for folder in (shim.parent, kept.parent):
        folder.mkdir(parents=True)
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    kept.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(shim.parent))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))

    assert matrix.interpreters() == {sys.version_info[1]: str(kept)}


def test_a_run_is_as_good_as_its_exit_code_and_its_failures_are_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matrix, "VENVS", tmp_path)
    monkeypatch.delenv("SIMULATED_WINDOWS", raising=False)
    told = "os.environ['STORIES_OVER'], os.environ['SIMULATED_WINDOWS']"
    monkeypatch.setattr(matrix, "PYTEST", ("-c", f"import os; print('FAILED one', {told}); 1/0"))
    row = matrix.ROWS[0]
    python = pathlib.Path(matrix._python(row))
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)

    ended = matrix.run(row, "stories", "psrp", [])

    assert not ended.passed
    assert "FAILED one psrp 2012" in capsys.readouterr().out
    assert "ZeroDivisionError" in ended.log.read_text(encoding="utf-8")


def test_the_stories_of_a_matrix_meet_every_version_of_windows() -> None:
    met = {row.windows[plugin] for row in matrix.ROWS for plugin in matrix.PLUGINS}
    assert met == {str(version) for version in PROFILES}


@pytest.mark.usefixtures("rows")
def test_named_rows_are_the_only_ones(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    only(monkeypatch, 10)

    assert matrix.main(["oldest"]) == 0
    assert "1 of 1 combinations passed." in capsys.readouterr().out
    assert matrix.main(["oldest", "latest"]) == 1
    assert capsys.readouterr().out == "Not a row: latest. Rows are oldest, newest, coming.\n"
