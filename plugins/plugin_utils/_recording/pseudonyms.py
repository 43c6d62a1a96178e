# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Other words for words, and other addresses for addresses, that keep everything but what they say.

A pseudonym has the length of its word and the kind of letter in each place, the same beginnings stay the same, and what
was sorted before is sorted the same way: plans and tables do not depend on which of both they are made from.

All words are put into a tree of their letters. Where a letter is followed by some letters of a kind, those are replaced
by as many others of that kind, in the same order.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import random
import unicodedata
from collections.abc import Iterable, Sequence

_HEX = "0123456789abcdef"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclasses.dataclass
class _Branch:
    """What follows some letters: the branch of each letter, and what the letter becomes."""

    branches: dict[str, _Branch] = dataclasses.field(default_factory=dict)
    becomes: dict[str, str] = dataclasses.field(default_factory=dict)


class Words:
    """Pseudonyms for a set of words. Upper and lower case are one letter here, and stay what they are."""

    def __init__(self, words: Iterable[str], random: random.Random, *, hexadecimal: bool = False) -> None:
        """Know these words alone. ``hexadecimal``: digits and the letters to f are of one kind."""
        self._alike = _alike_in_hex if hexadecimal else _alike
        self._hexadecimal = hexadecimal
        self._root = _Branch()
        for word in words:
            branch = self._root
            for letter in map(_lower, word):
                branch = branch.branches.setdefault(letter, _Branch())
        waiting = [self._root]
        while waiting:
            branch = waiting.pop()
            self._choose(branch, random)
            waiting.extend(branch.branches.values())

    def of(self, word: str) -> str:
        """Return the pseudonym of a known word, or of the beginning of one; letters beyond those stay."""
        branch: _Branch | None = self._root
        written = []
        for letter in word:
            low = _lower(letter)
            other = branch.becomes.get(low, low) if branch else low
            written.append(letter if other == low else other.upper() if letter != low else other)
            branch = branch.branches.get(low) if branch else None
        new = "".join(written)
        if self._hexadecimal:  # where a letter may become a digit, the word as a whole has the case
            return new.lower() if word == word.lower() else new.upper()
        return new

    def _choose(self, branch: _Branch, random: random.Random) -> None:
        kinds: dict[Sequence[str], list[str]] = {}
        for letter in sorted(branch.branches):
            kinds.setdefault(self._alike(letter), []).append(letter)
        for alike, letters in kinds.items():
            if len(letters) == 1:
                chosen = [random.choice([one for one in alike if one != letters[0]] or letters)]
            else:
                chosen = sorted(random.sample(alike, len(letters))) if len(letters) < len(alike) else letters
            branch.becomes.update(zip(letters, chosen, strict=True))


def _lower(letter: str) -> str:
    """Return a letter in lower case, where that is one letter that has it as its upper case."""
    low = letter.lower()
    return low if len(low) == 1 and low.upper() == letter else letter


def _alike_in_hex(letter: str) -> Sequence[str]:
    return _HEX if letter in _HEX else letter


_FEW = 10  # letters are too few to choose from


@functools.cache
def _alike(letter: str) -> Sequence[str]:
    """Return the letters of the kind of one, in order: digits, or small letters of its script near it.

    They are next to each other, where these are not too few, so that no letter of another kind gets between them.
    """
    start = 0 if letter.isascii() else ord(letter) // 256 * 256
    block = [one for one in map(chr, range(start, start + (128 if letter.isascii() else 256))) if _is_replaced(one)]
    if letter not in block:
        return (letter,)
    own = _kind(letter)
    place = block.index(letter)
    first = next((at + 1 for at in range(place, -1, -1) if _kind(block[at]) != own), 0)
    last = next((at for at in range(place, len(block)) if _kind(block[at]) != own), len(block))
    near = block[first:last]
    alike = near if len(near) >= _FEW else [one for one in block if _kind(one) == own]
    # None takes the place of another that would not be one letter in upper case, as the German "ß" is not.
    return tuple(one for one in alike if len(one.upper()) == 1) or (letter,)


def _is_replaced(letter: str) -> bool:
    return letter.isalnum() or (not letter.isascii() and unicodedata.category(letter) == "So")


@functools.cache
def _kind(letter: str) -> tuple[str, str, bool]:
    category = unicodedata.category(letter)
    script = "" if category in ("Nd", "So") else unicodedata.name(letter, "?").partition(" ")[0]
    return category, script, _lower(letter) == letter


# Addresses whose beginning says what kind they are; the rest of them is replaced.
_KINDS = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fe80::/64", "fc00::/7", "2000::/3")
)
# Addresses that are the same everywhere.
_COMMON = tuple(
    ipaddress.ip_network(one)
    for one in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "ff00::/8")  # masks are among the last of IPv4
)
_HOST_BITS = 8  # of an address: kept, so that no host becomes the address of its network


class Addresses:
    """Pseudonyms for IP addresses: which share a network, and what is sorted how, stays as it is."""

    def __init__(self, addresses: Iterable[Address], random: random.Random) -> None:
        known = {one for one in addresses if not is_common(one)}
        self._new: dict[Address, Address] = {}
        for version in (4, 6):
            group = [one for one in known if one.version == version]
            self._assign(group, random)

    def of(self, address: Address) -> Address:
        """Return the pseudonym of a known address; what is the same everywhere stays."""
        return self._new.get(address, address)

    def _assign(self, group: Sequence[Address], random: random.Random) -> None:
        if not group:
            return
        width = group[0].max_prefixlen
        bits = {address: f"{int(address):0{width}b}" for address in group}
        beginnings = {text[:size] for text in bits.values() for size in range(1, width + 1)}
        kept: set[str] = set()
        for address, text in bits.items():
            zeros = len(text) - len(text.rstrip("0"))
            tail = width - zeros if zeros >= _HOST_BITS else width - _HOST_BITS
            kept |= {text[:place] for place in range(width) if place < _kind_bits(address) or place >= tail}
        flips: dict[str, bool] = {}
        for address, text in bits.items():
            flipped_before = False
            new = []
            for place, bit in enumerate(text):
                before = text[:place]
                if before not in flips:
                    free = before not in kept and not {before + "0", before + "1"} <= beginnings
                    flips[before] = free and (not flipped_before or random.random() < 0.5)
                flipped_before |= flips[before]
                new.append(str(int(bit) ^ flips[before]))
            self._new[address] = type(address)(int("".join(new), 2))


def is_common(address: Address) -> bool:
    """Tell whether an address is the same everywhere, such as 127.0.0.1 or a mask."""
    return any(address in network for network in _COMMON if network.version == address.version)


def _kind_bits(address: Address) -> int:
    return max((one.prefixlen for one in _KINDS if one.version == address.version and address in one), default=1)
