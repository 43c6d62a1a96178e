# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings that somebody wants to overlook, by the name of what they are about."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..._names import in_capitals
from ..failure.finding import Finding


def that_count(found: Iterable[Finding], ignore: Collection[str]) -> list[Finding]:
    """Return the findings about none of these names, whose letter case does not matter.

    A shared volume may be called by the last part of its path, too.
    """
    overlooked = {_key(name) for name in ignore}
    return [finding for finding in found if overlooked.isdisjoint(_keys(finding.subject))]


def _key(name: str) -> str:
    return in_capitals(name.strip())


def _keys(subject: str) -> set[str]:
    return {_key(subject), _key(subject.rpartition("\\")[2])}
