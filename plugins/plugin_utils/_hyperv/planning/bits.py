# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Destinations as bits of a number, so that trying many places stays cheap."""

from __future__ import annotations

import functools
from collections.abc import Iterable


def bits(places: Iterable[int]) -> int:
    """Return destinations as bits of a number."""
    result = 0
    for place in places:
        result |= 1 << place
    return result


@functools.lru_cache(maxsize=4096)
def places_in(number: int) -> tuple[int, ...]:
    """Return the destinations that are bits of a number."""
    found = []
    while number:
        lowest = number & -number
        found.append(lowest.bit_length() - 1)
        number ^= lowest
    return tuple(found)
