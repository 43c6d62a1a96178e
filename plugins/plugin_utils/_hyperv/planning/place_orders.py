# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Orders in which a search tries the places of a bundle, by the room in MB that each has left."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

PlaceOrder = Callable[[Iterable[int], Sequence[int], random.Random], list[int]]


def _fullest_first(places: Iterable[int], room: Sequence[int], unused: random.Random) -> list[int]:
    return sorted(places, key=lambda place: (room[place], place))


def _roomiest_first(places: Iterable[int], room: Sequence[int], unused: random.Random) -> list[int]:
    return sorted(places, key=lambda place: (-room[place], place))


def _mostly_fullest_first(places: Iterable[int], room: Sequence[int], chance: random.Random) -> list[int]:
    return sorted(places, key=lambda place: (room[place] * (0.5 + chance.random()), place))


def _mostly_roomiest_first(places: Iterable[int], room: Sequence[int], chance: random.Random) -> list[int]:
    return sorted(places, key=lambda place: (-room[place] * (0.5 + chance.random()), place))


def _by_chance(places: Iterable[int], unused: Sequence[int], chance: random.Random) -> list[int]:
    shuffled = list(places)
    chance.shuffle(shuffled)
    return shuffled


IN_TURN: Sequence[PlaceOrder] = (_fullest_first, _roomiest_first, _mostly_fullest_first, _by_chance)
BIG_FIRST: Sequence[PlaceOrder] = (_mostly_roomiest_first,)  # where big bundles come first and small ones fill up
