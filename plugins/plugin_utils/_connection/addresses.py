# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses as inventories write them."""

from __future__ import annotations

import ipaddress

from .._wsman.errors import Unreachable

_LONGEST_LABEL = 63  # characters between two dots (RFC 1035, 2.3.4)
_OF_URLS = frozenset(" \t\n/\\:@?#[]")  # they end a host in a URL, or are none of it


def host_for_url(given: str) -> str:
    """Return a name or an address as a URL takes it: IPv6 in brackets, whether ``given`` has them or not.

    Raises Unreachable for what is neither, and for an IPv6 address with a zone (RFC 6874): requests looks up the zone
    as a part of a name, so that neither pywinrm nor pypsrp gets there.
    """
    bare = given.removeprefix("[").removesuffix("]")
    if "%" in bare and _is_ipv6(bare):
        raise Unreachable(
            f"ansible_host is {given!r}: pywinrm and pypsrp reach no IPv6 address with a zone. Give another address "
            "of the node, or its name."
        )
    if _is_ipv6(bare):
        return f"[{bare}]"
    labels = given.removesuffix(".").split(".")
    if _OF_URLS & set(given) or not all(0 < len(label) <= _LONGEST_LABEL for label in labels):
        raise Unreachable(
            f"ansible_host is {given!r}, which is neither a name nor an address. The port belongs into ansible_port."
        )
    return given


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
