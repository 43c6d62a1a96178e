# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Debian's winrmcp, which uses masterzen/winrm, the client of most programs in Go: Basic and WinRS shells."""

from __future__ import annotations

import pathlib

from tests.integration.clients.served import PASSWORD, USER, needs, run, served

pytestmark = needs("winrmcp", "apt-get install winrmcp", "winrmcp")


def test_a_file_goes_through_shells(tmp_path: pathlib.Path) -> None:
    # It exits 0 and says nothing where the host refuses its shells: only what the host has seen proves anything.
    (tmp_path / "file.txt").write_text("content", encoding="utf-8")
    with served("canned") as host:
        account = ("-user", USER, "-pass", PASSWORD, "-addr", f"127.0.0.1:{host.port}")
        copied = run("winrmcp", *account, "file.txt", "C:/file.txt", folder=tmp_path)
        assert (copied.returncode, copied.stderr) == (0, "")
        assert host.cluster.counters()["shells_opened"] > 0


def test_a_host_without_powershell_is_told_of(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file.txt").write_text("content", encoding="utf-8")
    with served("commands") as host:
        account = ("-user", USER, "-pass", PASSWORD, "-addr", f"127.0.0.1:{host.port}")
        copied = run("winrmcp", *account, "file.txt", "C:/file.txt", folder=tmp_path)
    assert copied.returncode == 1
    assert "'powershell" in copied.stderr
