# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster owns beside VMs, as a scenario has it. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from ..._hostnames import first_label
from ..._names import in_capitals
from ..cluster.cim_values import MEDIUM_PRIORITY
from ..cluster.other_roles import SHARED_VOLUME, THE_CORE_GROUP, OwnedRole
from ..cluster.owners import Owners
from .cluster_description import ClusterDescription

# The words of a scenario for GroupType. Temporary groups and pools are the cluster's own, and are left out.
_TYPES: Mapping[int, str] = {
    2: "available_storage",
    100: "file_server",
    101: "print_server",
    102: "dhcp_server",
    103: "dtc",
    104: "message_queuing",
    105: "wins_server",
    106: "dfs_namespace",
    107: "generic_application",
    108: "generic_service",
    109: "generic_script",
    110: "isns_server",
    112: "connection_broker",
    113: "iscsi_target",
    114: "scale_out_file_server",
    115: "replica_broker",
    116: "task_scheduler",
    117: "updating",
    118: "scale_out_cluster",
    119: "storage_replica",
    120: "vm_replica_coordinator",
    121: "cross_cluster_orchestrator",
    122: "infrastructure_file_server",
    123: "core_sddc",
    124: "user_manager",
}
_LEFT_OUT = frozenset({3, 5})


def write_roles(read: ClusterDescription) -> list[dict[str, t.Any]]:
    """Return the roles of a scenario; the core group is in its ``cluster``."""
    return list(_roles(read))


def _roles(read: ClusterDescription) -> Iterator[dict[str, t.Any]]:
    names = {in_capitals(one.group): one.name for one in read.other_roles.all}
    members = [host.node.name for host in read.hosts]
    for role in read.other_roles.all:
        if role.kind == THE_CORE_GROUP or role.number in _LEFT_OUT or role.owner not in members:
            continue
        owners = read.role_owners.get(in_capitals(role.group), Owners())
        after = [names[one] for one in sorted(read.role_order.get(in_capitals(role.group), ())) if one in names]
        yield {
            "name": role.name,
            "type": _type(role),
            "owner": role.owner,
            **({"online": False} if role.state == "offline" else {}),
            **({"condition": "failed"} if role.state == "failed" else {}),
            **({"priority": role.priority} if role.kind != SHARED_VOLUME and role.priority != MEDIUM_PRIORITY else {}),
            **({"possible_owners": list(owners.possible)} if _is_limited(owners, members) else {}),
            **({"preferred_owners": list(owners.preferred)} if owners.preferred else {}),
            **({"starts_after": after} if after else {}),
        }


def _type(role: OwnedRole) -> str:
    return "shared_volume" if role.kind == SHARED_VOLUME else _TYPES.get(role.number, "unknown")


def _is_limited(owners: Owners, members: list[str]) -> bool:
    possible = {first_label(one) for one in owners.possible}
    return bool(possible) and not possible.issuperset(map(first_label, members))
