# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commands of a simulated node beside what hosts print: winrm4j's and WinRB's tests against real ones."""

from __future__ import annotations

import pytest

from tests.simulator.command_line import Computer, Ran, run

NODE1 = Computer("NODE1", "CORP\\operator", "10.0.20348")
UNKNOWN = "'dslfkdsfjskl' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n"


@pytest.mark.parametrize(
    ("line", "ran"),
    [
        ("", Ran()),
        ("hostname", Ran("NODE1\r\n")),
        ('"hostname.exe"', Ran("NODE1\r\n")),
        ("WhoAmI", Ran("corp\\operator\r\n")),
        ("ver", Ran("\r\nMicrosoft Windows [Version 10.0.20348]\r\n")),
        ("chcp", Ran("Active code page: 437\r\n")),
        ("echo 'hello world'", Ran("'hello world'\r\n")),
        ('echo "string with trailing \\"', Ran('"string with trailing \\"\r\n')),
        ("echo Hi & echo World", Ran("Hi \r\nWorld\r\n")),
        ('echo "Hi & echo World"', Ran('"Hi & echo World"\r\n')),
        ("echo Hi\r\necho World\r\n", Ran("Hi\r\n")),
        ("echo Hi && exit 3 & echo World", Ran("Hi \r\n", exit_code=3)),
        ("exit /B 0", Ran()),
        ("exit /B 1", Ran(exit_code=1)),
        ("exit 1", Ran(exit_code=1)),
        ("dslfkdsfjskl", Ran(stderr=UNKNOWN, exit_code=1)),
        ("dslfkdsfjskl -a && echo Hi", Ran(stderr=UNKNOWN, exit_code=1)),
        ("dslfkdsfjskl & echo Hi", Ran("Hi\r\n", UNKNOWN)),
    ],
)
def test_a_command_line(line: str, ran: Ran) -> None:
    assert run(line, NODE1) == ran
