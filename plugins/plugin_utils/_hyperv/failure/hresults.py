# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HRESULTs in what a host tells: found in sentences, read from ids, written for people. Pure.

A sentence may be in any language; Hyper-V ends those that carry a code with "(0x8009030E)".
"""

from __future__ import annotations

import re

_HEX = r"0[xX]([0-9A-Fa-f]{8})"
_IN_BRACKETS = re.compile(rf"[(\uFF08]\s*['\"]?{_HEX}['\"]?\s*[)\uFF09]")
# "%%" and a number: how Windows events refer to the message of a code (Microsoft docs, EventData).
_BARE = re.compile(rf"(?<![0-9A-Za-z]){_HEX}(?![0-9A-Za-z])|%%([0-9]{{10}})(?![0-9])")
# Names of VMs and hosts stand in quotes, and a VM may be called like a code. Apostrophes within words quote nothing,
# and what is a code alone is no name.
_NAME = re.compile(rf"(?<![0-9A-Za-z])(['\"])(?!{_HEX}\1)(?:(?!\1).)*\1(?![0-9A-Za-z])")
_ID = re.compile(r"0[xX][0-9A-Fa-f]{1,8}|[0-9]{1,10}")
_FAILED = 0x80000000  # the bit that tells failures from the rest
_OF_WIN32 = 0x80070000


def as_hresult(code: int) -> int | None:
    """Return an error code as HRESULT, a Win32 code too; None for what is no error."""
    if 0 < code <= 0xFFFF:
        return _OF_WIN32 | code
    return code if _FAILED <= code <= 0xFFFFFFFF else None


def win32_code(hresult: int) -> int | None:
    """Return the Win32 code in an HRESULT; None where there is none."""
    return hresult & 0xFFFF if hresult & 0xFFFF0000 == _OF_WIN32 else None


def hresults_in(text: str) -> tuple[int, ...]:
    """Return the HRESULTs that a sentence tells, in its order: those in brackets, else all, quoted names left out."""
    nameless = _NAME.sub(" ", text)
    found = [int(match.group(1), 16) for match in _IN_BRACKETS.finditer(nameless)]
    if not found:
        bare = _BARE.finditer(nameless)
        found = [int(match.group(1), 16) if match.group(1) else int(match.group(2)) for match in bare]
    return tuple(hresult for hresult in map(as_hresult, found) if hresult is not None)


def message_number(message_id: str) -> int | None:
    """Return the number in a MessageID, the last one that stands there (``21502``, ``HRESULT 0x80041002``)."""
    numbers = _ID.findall(message_id)
    return int(numbers[-1], 0 if numbers[-1][:2] in ("0x", "0X") else 10) if numbers else None


def hex_text(hresult: int | None) -> str:
    """Return ``0x8009030E``; nothing for None."""
    return "" if hresult is None else f"0x{hresult:08X}"
