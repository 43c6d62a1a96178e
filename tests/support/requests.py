# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the client asks, recognised on the wire, and what a test does to single requests and answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Lose = Callable[[str, bytes], str]


def calls(method: str, request: bytes) -> bool:
    """Tell whether a request is a call of a CIM method."""
    return f"/{method}</a:Action>".encode() in request


def queried_classes(requests: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return the classes that queries among the requests ask for, each as often as it is asked for."""
    return [name.decode() for unused, request in requests for name in re.findall(rb"SELECT .*? FROM (\w+)", request)]


def invokes_migration(request: bytes) -> bool:
    """Tell whether a request is a call of MigrateVirtualSystemToSystem."""
    return calls("MigrateVirtualSystemToSystem", request)


def lose_first(what: str, which: Callable[[bytes], bool]) -> Lose:
    """Lose the first request that ``which`` picks: ``before`` or ``after`` it was carried out."""
    lost: list[bytes] = []

    def lose(unused: str, request: bytes) -> str:
        if lost or not which(request):
            return ""
        lost.append(request)
        return what

    return lose


def without(name: str) -> Callable[[bytes, bytes], bytes]:
    """Return what takes a property out of every answer."""
    element = re.compile(rb"<(\w+:)?%b>[^<]*</(\w+:)?%b>" % (name.encode(), name.encode()))
    return lambda request, answer: element.sub(b"", answer)
