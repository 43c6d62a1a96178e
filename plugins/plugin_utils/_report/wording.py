# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Numbers and names for readers."""

from __future__ import annotations

import datetime as dt
import unicodedata

_MARKS = frozenset({"Mn", "Me", "Cf"})

OUTCOMES = {
    "moved": "moved",
    "already_there": "was there already",
    "elsewhere": "left elsewhere",
    "completed": "completed",
    "would_move": "would move",
    "started": "still under way",
    "planned": "planned",
    "not_begun": "NOT BEGUN",
    "failed": "FAILED",
}


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes (Unicode UAX #11: wide letters take two, marks none)."""
    return sum(
        0 if unicodedata.category(letter) in _MARKS else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def padded(text: str, width: int) -> str:
    """Return a text filled up with blanks to a number of columns."""
    return text + " " * max(0, width - columns(text))


def outcome(word: str) -> str:
    """Return an outcome of a move in words."""
    return OUTCOMES.get(word, word.replace("_", " "))


def duration(seconds: float) -> str:
    """Return a duration: ``12 s``, ``1 min 05 s``, ``2 h 03 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def time_of_day(moment: float, *, seconds: bool = True) -> str:
    """Return a moment, seconds since 1970, as the time of day in UTC."""
    return dt.datetime.fromtimestamp(moment, dt.timezone.utc).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(moment: float) -> str:
    """Return the day of a moment in UTC, in ISO 8601."""
    return dt.datetime.fromtimestamp(moment, dt.timezone.utc).date().isoformat()


def gigabytes(megabytes: int | None) -> str:
    """Return memory in GB, ``?`` where it is not known."""
    return "?" if megabytes is None else f"{megabytes / 1024:.1f}"


def change(megabytes: int | None) -> str:
    """Return a change of memory in GB with its sign, ``?`` where it is not known."""
    return "?" if megabytes is None else f"{megabytes / 1024:+.1f}"


def number(value: int | None) -> str:
    """Return a number, ``?`` where it is not known."""
    return "?" if value is None else str(value)


def counted(value: int, one: str, many: str) -> str:
    """Return a number and its noun."""
    return f"{value} {one if value == 1 else many}"
