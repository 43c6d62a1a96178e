# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The calls of migration methods that arrived with readable parameters, refused ones of the services among them."""

from __future__ import annotations

import dataclasses
import typing as t

KEPT = 100


@dataclasses.dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        at: simulated second.
        node: the node that was asked.
        vm, destination: the keys of the references that came with it, or None; a destination may be given by its name.
        migration_settings, new_system_settings: ``{"class": ..., "properties": {...}}`` with values of their CIM types
            (dates and intervals in the text form of DSP0004), or None.
        new_resource_settings: a list of the same.
        returned: its return value; None where it ended in a fault.
    """

    at: float
    node: str
    method: str
    vm: str | None
    destination: str | None
    migration_settings: dict[str, t.Any] | None
    new_system_settings: dict[str, t.Any] | None
    new_resource_settings: list[dict[str, t.Any]] | None
    returned: int | None
