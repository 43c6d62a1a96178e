# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of VMs, roles, networks and other things as Windows compares them. Those of hosts are in ``_hostnames``."""

from __future__ import annotations


def same_name(one: str, other: str) -> bool:
    """Tell whether two texts name the same thing: Windows has no regard to case, and nothing in a name is a wildcard.

    Letters are compared one by one, as Windows does: "Straße" and "STRASSE" are two names.
    """
    return in_capitals(one) == in_capitals(other)


def in_capitals(name: str) -> str:
    """Return what two spellings of a name have in common; a letter that has two as its capital stays."""
    capitals = name.upper()
    if len(capitals) == len(name):
        return capitals
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in name)
