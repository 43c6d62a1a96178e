# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Texts from outside: safe for a terminal, a log and a page, and each one of a value."""

from __future__ import annotations

import re
import typing as t
import unicodedata
from collections.abc import Callable, Mapping, Sequence

# Letters without a shape of their own: control characters, halves of surrogate pairs, and what turns the direction of
# writing, by which a name could make the rest of its line look like something else (Unicode UAX #9, 2.1 to 2.6).
_SHAPELESS = frozenset({"Cc", "Cs"})
_TURNING = frozenset("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: object) -> str:
    """Return text in one line that can be shown anywhere; what cannot be shown becomes U+FFFD, None nothing."""
    return clean_columns("" if text is None else " ".join(str(text).split()))


def clean_columns(one_line: str) -> str:
    """Return a line as ``clean`` does, with its blanks as they are: those of a table make its columns."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if letter in _TURNING or unicodedata.category(letter) in _SHAPELESS else letter
        for letter in one_line
    )


def of_any_move(said: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return what is said of moves in words that fit any of them, by which those of one cause are found.

    ``said``: each text, with the VM and its destination. Their names are left out, but for texts that are said of moves
    with other names as well: these are about something else that has the name.
    """
    without: dict[str, set[str]] = {}
    for text, vm, destination in said:
        without.setdefault(text, set()).add(_without_names(text, vm, destination))
    return [next(iter(found)) if len(found := without[text]) == 1 else text for text, *unused in said]


def _without_names(text: str, vm: str, destination: str) -> str:
    if vm:
        text = re.sub(rf"\bVM {re.escape(vm)}(?!\w)", "the VM", text)
    return re.sub(rf"(?<![\w.-]){re.escape(destination)}(?![\w-])", "the destination", text) if destination else text


def each_text(value: t.Any, change: Callable[[str], str]) -> t.Any:
    """Return a value with each text in it changed, those in lists and the values of mappings too; a tuple is a list."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: each_text(one, change) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [each_text(one, change) for one in value]
    return value
