# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VM has which id, and which group."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Iterable, Iterator

from .members import Machine

Label = t.Literal["id", "group"]


class Directory:
    """VMs by what they keep for good, ids and groups: a request for one of thousands does not look at all."""

    def __init__(self) -> None:
        self._count = itertools.count()
        self._numbers: dict[str, int] = {}
        self._called: dict[tuple[Label, str], list[Machine]] = {}

    def add(self, machine: Machine) -> None:
        """Let a VM be found from now on."""
        self._numbers[machine.id] = next(self._count)
        for entry in _entries(machine):
            self._called.setdefault(entry, []).append(machine)

    def remove(self, machine: Machine) -> None:
        """Let a VM be found no more."""
        del self._numbers[machine.id]
        for entry in _entries(machine):
            self._called[entry].remove(machine)

    def find(self, label: Label, texts: Iterable[str]) -> list[Machine]:
        """Return the VMs of some ids or groups, in whatever letter case these are, in the order of ``add``."""
        found = {one.id: one for text in texts for one in self._called.get((label, text.casefold()), ())}
        return sorted(found.values(), key=lambda one: self._numbers[one.id])


def _entries(machine: Machine) -> Iterator[tuple[Label, str]]:
    yield "id", machine.id.casefold()
    yield "group", machine.group.casefold()
