# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The few commands that cmd.exe of a simulated node knows, for clients that look whether they reach the right host.

What they print and exit with: the live tests of winrm4j (``WinRmToolExecLiveTest``) and of WinRB's WinRM
(``cmd_spec.rb``), and "Windows commands" of the Microsoft docs. PowerShell is not simulated, so it is not found.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping

_EXIT = re.compile(r"(?:/b\s*)?(-?\d*)\s*", re.IGNORECASE)
# A text in quotes, which an operator does not end; an operator; any other letter.
_PIECE = re.compile(r'"[^"]*"?|(&&|&)|.', re.DOTALL)

_UNKNOWN = "'{}' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n"


@dataclasses.dataclass(frozen=True)
class Computer:
    """What a command can say of the computer that it runs on: its name, the account, the version of Windows."""

    name: str
    account: str
    version: str


@dataclasses.dataclass(frozen=True)
class Ran:
    """What became of a command."""

    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


def run(line: str, computer: Computer, codepage: str = "437") -> Ran:
    """Run a command line as ``cmd.exe /c`` does: the first of several lines, which ``&`` and ``&&`` may divide."""
    line = line.strip().partition("\n")[0].strip()
    if len(line) > 1 and line[0] == line[-1] == '"':
        # A client in Go puts quotes around the whole; cmd.exe takes the outer ones away.
        line = line[1:-1]
    told = Ran()
    for operator, command in _divided(line):
        if operator == "&&" and told.exit_code:
            continue
        one = _run_one(command, computer, codepage)
        told = Ran(told.stdout + one.stdout, told.stderr + one.stderr, one.exit_code)
        if _name_of(command)[0] == "exit":
            break
    return told


def _divided(line: str) -> list[tuple[str, str]]:
    """Return the commands of a line, each with the operator before it."""
    parts = [("", "")]
    for piece in _PIECE.finditer(line):
        operator, text = parts[-1]
        if piece[1]:
            parts.append((piece[1], ""))
        else:
            parts[-1] = (operator, text + piece[0])
    return parts


def _run_one(command: str, computer: Computer, codepage: str) -> Ran:
    name, rest = _name_of(command)
    if not name:
        return Ran()
    if name not in _COMMANDS:
        shown = command.split()[0]
        return Ran(stderr=_UNKNOWN.format(shown), exit_code=1)
    return _COMMANDS[name](rest, computer, codepage)


def _name_of(command: str) -> tuple[str, str]:
    """Return the name of a command in small letters, without ``.exe``, and what stands behind it."""
    # What stands in front of a command is dropped; blanks at its end are part of what echo prints.
    name, unused, rest = command.lstrip().partition(" ")
    return name.strip('"').lower().removesuffix(".exe"), rest


def _exit(rest: str, computer: Computer, codepage: str) -> Ran:
    del computer, codepage
    found = _EXIT.fullmatch(rest)
    return Ran(exit_code=int(found[1] or 0) if found else 0)


_COMMANDS: Mapping[str, Callable[[str, Computer, str], Ran]] = {
    "chcp": lambda rest, computer, codepage: Ran(f"Active code page: {codepage}\r\n"),
    "echo": lambda rest, computer, codepage: Ran(f"{rest}\r\n"),
    "exit": _exit,
    "hostname": lambda rest, computer, codepage: Ran(f"{computer.name}\r\n"),
    "ver": lambda rest, computer, codepage: Ran(f"\r\nMicrosoft Windows [Version {computer.version}]\r\n"),
    "whoami": lambda rest, computer, codepage: Ran(f"{computer.account.lower()}\r\n"),
}
