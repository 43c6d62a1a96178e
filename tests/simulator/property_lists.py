# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Property lists of the failover cluster API, the few that a move of a group takes.

Layout: [MS-CMRP] 2.2.3.10, with the syntaxes of CLUSTER_PROPERTY_SYNTAX (Microsoft docs).
"""

from __future__ import annotations

import struct

_NAME, _DWORD, _END = 0x00040003, 0x00010002, 0
_UINT32 = struct.Struct("<I")


class BadPropertyList(ValueError):
    """Bytes that are no property list of DWORDs."""


def read_property_list(data: bytes) -> dict[str, int]:
    """Return the values by name. Raises BadPropertyList."""
    reader = _Reader(data)
    values: dict[str, int] = {}
    for _unused in range(reader.number()):
        reader.expect(_NAME, "the syntax of a name")
        name = reader.text()
        reader.expect(_DWORD, "the syntax of a DWORD")
        reader.expect(_UINT32.size, "the length of a DWORD")
        if name in values:
            raise BadPropertyList(f"{name!r} stands twice")
        values[name] = reader.number()
        reader.expect(_END, "the end of a property")
    reader.finish()
    return values


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise BadPropertyList(f"ends after {len(self._data)} bytes")
        self._at += count
        return part

    def number(self) -> int:
        return int(_UINT32.unpack(self.take(_UINT32.size))[0])

    def expect(self, wanted: int, what: str) -> None:
        at, found = self._at, self.number()
        if found != wanted:
            raise BadPropertyList(f"byte {at}: {found} is not {what}")

    def text(self) -> str:
        length = self.number()
        text = self.take(length).decode("utf-16-le", "replace")
        if any(self.take(-length % _UINT32.size)):
            raise BadPropertyList("a name is not padded with zeros")
        if not text.endswith("\0") or "\0" in text[:-1]:
            raise BadPropertyList("a name does not end with its NUL")
        return text[:-1]

    def finish(self) -> None:
        if self._at != len(self._data):
            raise BadPropertyList(f"{len(self._data) - self._at} bytes too many")
