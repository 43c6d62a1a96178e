# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""winrm-client of npm: shells over Basic, and over NTLM without encryption where the user has a domain."""

from __future__ import annotations

import pathlib

import pytest

from tests.integration.clients.served import PASSWORD, ROOT, USER, Host, needs, run

PACKAGE = ROOT / ".venv" / "clients" / "node_modules" / "winrm-client"
pytestmark = [
    needs("winrm-client of npm", "apt-get install nodejs npm, then make clients", "node"),
    pytest.mark.skipif(not PACKAGE.exists(), reason="winrm-client of npm is not installed: make clients"),
]

# Without an end the connections that it keeps alive would hold the process.
_RUN = """
const [path, port, user, password] = process.argv.slice(1);
require(path).runCommand('hostname', '127.0.0.1', user, password, Number(port), false)
  .then(said => console.log(said), error => console.log(error.message)).finally(() => process.exit());
"""


def run_command(host: Host, user: str, folder: pathlib.Path) -> str:
    return run("node", "-e", _RUN, str(PACKAGE), str(host.port), user, PASSWORD, folder=folder).stdout.strip()


# It logs in with capitals for the domain, so one in small letters is wrong to [MS-NLMP] 3.3.2.
@pytest.mark.parametrize("user", [USER, f"CORP\\{USER}", f"{USER}@CORP.EXAMPLE"])
def test_a_command_prints_the_name_of_the_host(shell_host: Host, tmp_path: pathlib.Path, user: str) -> None:
    assert run_command(shell_host, user, tmp_path) == "NODE1"


def test_it_reports_that_no_shell_was_opened(host: Host, tmp_path: pathlib.Path) -> None:
    assert "500" in run_command(host, USER, tmp_path)
