# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ports for servers that cannot choose one themselves, and for tests of hosts that do not listen."""

from __future__ import annotations

import pathlib
import random
import socket

_RANGE = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")  # ip(7); its defaults begin at 32768
_LOWEST = 15000


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens.

    It lies below those that the kernel gives to clients and to servers that ask for any port, so no other test gets it
    by chance before it is used.
    """
    above = int(_RANGE.read_text(encoding="ascii").split()[0]) if _RANGE.exists() else 32768
    while True:
        port = random.SystemRandom().randrange(_LOWEST, above)
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
