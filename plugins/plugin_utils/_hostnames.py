# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parts of host names: label, DNS domain, address. Pure."""

from __future__ import annotations

import functools
import ipaddress

NETBIOS_LENGTH = (
    15  # letters of a computer name; a DNS name may be longer, up to 63 (Microsoft docs, naming conventions)
)


@functools.lru_cache(4096)
def first_label(name: str) -> str:
    """Return what of a host's name tells hosts apart: the first label in lower case, and all of an IP address."""
    return _address(name) or name.strip().partition(".")[0].lower()


@functools.lru_cache(4096)
def domain_of(name: str) -> str:
    """Return what follows the first label of a host's name, in lower case; empty for a short name and an address."""
    return "" if _address(name) else name.strip().partition(".")[2].strip(".").lower()


def is_address(name: str) -> bool:
    """Return whether a name is an IP address, with or without the brackets of a URL."""
    return bool(_address(name))


def is_short(name: str) -> bool:
    """Return whether a name may be a computer's own: no address, and neither with a domain nor too long."""
    return not is_address(name) and not domain_of(name) and len(first_label(name)) <= NETBIOS_LENGTH


def _address(name: str) -> str:
    """Return an IP address in its usual spelling, empty for anything else."""
    try:
        return str(ipaddress.ip_address(name.strip().removeprefix("[").removesuffix("]")))
    except ValueError:
        return ""
