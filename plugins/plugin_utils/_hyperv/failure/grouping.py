# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Failures of many things in few sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ..._text import of_any_move
from .failures import FailureResult
from .finding import sentence

Failed = tuple[str, FailureResult, str]
"""Who failed, why, and where it was to go; empty for nowhere."""


def told_together(failures: Iterable[Failed], one: str = "", many: str = "") -> list[str]:
    """Return a text for each cause: whom it concerns, what happened, what to do, and what the host says of the first.

    ``one`` and ``many`` follow a name, and several. Causes that differ in the names of VM and destination alone are
    one. Where the host's own words differ in more than the name of the VM, the causes are not one.
    """
    failed = list(failures)
    causes, remedies = (
        of_any_move([(failure[part], _vm(failure), destination) for unused, failure, destination in failed])
        for part in ("cause", "remedy")
    )
    by_cause: dict[tuple[str, str, str], list[Failed]] = {}
    for told, cause, remedy in zip(failed, causes, remedies, strict=True):
        subject, words = told[1]["subject"], told[1]["quoted"]
        by_cause.setdefault((cause, remedy, words.replace(subject, "") if subject else words), []).append(told)
    return [
        f"{', '.join(who for who, *unused in group)}{many if len(group) > 1 else one}: {_said_of(group, cause, remedy)}"
        for (cause, remedy, unused), group in by_cause.items()
    ]


def _vm(failure: FailureResult) -> str:
    return failure["subject"] if failure["subject_kind"] == "vm" else ""


def _said_of(group: list[Failed], cause: str, remedy: str) -> str:
    """Return what is true of all of them; ``cause`` and ``remedy`` are so without any name."""
    first = group[0][1]
    # How far each had come, and the names, are not the same: then the cause alone is true of all of them.
    is_one = len({failure["message"] for unused, failure, unused_too in group}) == 1
    has_one_remedy = len({failure["remedy"] for unused, failure, unused_too in group}) == 1
    causes = {failure["cause"] for unused, failure, unused_too in group}
    message = first["message"] if is_one else sentence(first["cause"] if len(causes) == 1 else cause)
    return " ".join(filter(None, (message, first["remedy"] if has_one_remedy else remedy, first["quoted"])))
