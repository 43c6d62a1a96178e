# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may own roles that are no VMs: their resources are asked about together with those of VMs. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..._names import in_capitals
from ..cluster.groups import VmGroup
from ..cluster.owners import Owners

_RESOURCE = "resource "  # before the name of a resource that is none of a VM, among ids of VMs


def as_roles(resources: Mapping[str, str]) -> dict[str, VmGroup]:
    """Return resources, with the group of each, in the form in which owners of VMs are asked for."""
    return {f"{_RESOURCE}{name}": VmGroup(name, group, "") for name, group in resources.items()}


def owners_by_group(wanted: Mapping[str, VmGroup], owners: Mapping[str, Owners]) -> dict[str, Owners]:
    """Return the owners of groups, in capitals: a node must be a possible owner of each of their resources."""
    groups: dict[str, list[Owners]] = {}
    for key, role in wanted.items():
        groups.setdefault(in_capitals(role.group), []).append(owners[key])
    return {
        group: Owners(
            tuple(node for node in of[0].possible if all(node in one.possible for one in of)), of[0].preferred
        )
        for group, of in groups.items()
    }
