# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Failures of many things in few sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from .failures import FailureResult
from .finding import sentence


def told_together(failures: Iterable[tuple[str, FailureResult]], one: str = "", many: str = "") -> list[str]:
    """Return a text for each cause: whom it concerns, what happened, what to do, and what the host says of the first.

    ``failures``: who failed, and why; ``one`` and ``many`` follow a name, and several. Where the host's own words
    differ in more than the name of the VM, the causes are not one.
    """
    by_cause: dict[tuple[str, str, str], list[tuple[str, FailureResult]]] = {}
    for who, failure in failures:
        words = failure["quoted"].replace(failure["subject"], "") if failure["subject"] else failure["quoted"]
        by_cause.setdefault((failure["cause"], failure["remedy"], words), []).append((who, failure))
    return [
        f"{', '.join(who for who, unused in group)}{many if len(group) > 1 else one}: {_said_of(group)}"
        for group in by_cause.values()
    ]


def _said_of(group: list[tuple[str, FailureResult]]) -> str:
    first = group[0][1]
    # How far each had come is not the same: then the cause alone is true of all of them.
    is_one = len({failure["message"] for unused, failure in group}) == 1
    message = first["message"] if is_one else sentence(first["cause"])
    return " ".join(filter(None, (message, first["remedy"], first["quoted"])))
