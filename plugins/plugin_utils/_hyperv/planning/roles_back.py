# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which roles of a ledger go back to their node, and which are left where they are."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..._hostnames import first_label
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup, read_preferred_owners
from ..cluster.other_roles import AT_REST, SHARED_VOLUME, OtherRoles, OwnedRole, read_some_roles
from ..records.ledger_roles import ELSEWHERE, LedgerRole

RolesWish = t.Literal["leave", "home", "preferred_owners"]
LEAVE: t.Final = "leave"
HOME: t.Final = "home"
WISHES: tuple[RolesWish, ...] = t.get_args(RolesWish)


@dataclasses.dataclass(frozen=True)
class RoleBack:
    """One role of a ledger.

    Attributes:
        role: as it is now; None for one that the cluster does not know any more.
        goes_back: it is to be moved.
        is_settled: nothing is to be done any more, unless it goes back.
        why: why it goes or stays.
        is_left: it could go back, and is not wished to.
        is_watched: it is on its node, and not as it was: it is to come online there.
    """

    entry: LedgerRole
    role: OwnedRole | None
    goes_back: bool
    is_settled: bool
    why: str
    is_left: bool = False
    is_watched: bool = False

    def as_result(self, node: str) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {
            "kind": self.entry["kind"],
            "name": self.entry["name"],
            "type": self.entry["type"],
            "state": self.role.state if self.role is not None else None,
            "source_host": self.role.owner if self.role is not None else None,
            "destination_host": node if self.goes_back else None,
            "reason": self.why,
        }

    @property
    def text(self) -> str:
        """Name and type, for a sentence."""
        return f"{self.entry['name']} ({self.entry['type']})"


def plan_roles_back(cluster: Cluster, roles: Sequence[LedgerRole], node: str, wish: RolesWish) -> list[RoleBack]:
    """Read where the open roles of a ledger are and decide for each; no request where there is none.

    Raises Fault and TransportError.
    """
    entries = [one for one in roles if not one["restored"]]
    if not entries:
        return []
    found = read_some_roles(cluster, [(one["kind"], one["name"]) for one in entries])
    return [_decide(cluster, entry, found, node, wish) for entry in entries]


def _decide(cluster: Cluster, entry: LedgerRole, found: OtherRoles, node: str, wish: RolesWish) -> RoleBack:
    now = found.find(entry["kind"], entry["name"])
    if now is not None and _comes_online(entry, now, node):
        why = f"it is {now.state} on {node}, and was {entry['state']} before."
        return RoleBack(entry, now, goes_back=False, is_settled=False, why=why, is_watched=True)
    why = _why_it_stays(entry, now, node)
    if why or now is None:
        return RoleBack(entry, now, goes_back=False, is_settled=True, why=why)
    if now.is_changing:
        return RoleBack(entry, now, goes_back=wish == HOME, is_settled=False, why="the cluster is moving it.")
    if wish == LEAVE:
        why = f"it stays on {now.owner}, as roles=leave says (restore_node_roles)."
        return RoleBack(entry, now, goes_back=False, is_settled=True, why=why, is_left=True)
    if wish == HOME:
        return RoleBack(entry, now, goes_back=True, is_settled=False, why=f"it was on {node} before")
    preferred = _preferred(cluster, now)
    if first_label(node) in map(first_label, preferred):
        return RoleBack(entry, now, goes_back=True, is_settled=False, why=f"it prefers {node}")
    why = f"it stays on {now.owner}: {node} is not one of its preferred owners."
    return RoleBack(entry, now, goes_back=False, is_settled=True, why=why)


def _preferred(cluster: Cluster, role: OwnedRole) -> tuple[str, ...]:
    """Return the preferred owners of a role; those of shared volumes are balanced by the cluster, which has none."""
    if role.kind == SHARED_VOLUME:
        return ()
    return read_preferred_owners(cluster.home, VmGroup("", role.group, role.owner))


def _comes_online(entry: LedgerRole, now: OwnedRole, node: str) -> bool:
    """Tell whether a role is on its node and not as it was; who took it offline there wanted that."""
    is_home = first_label(now.owner) == first_label(node)
    is_as_it_was = now.state in (entry["state"], "offline") or entry["state"] in AT_REST
    return is_home and (now.is_changing or not is_as_it_was)


def _why_it_stays(entry: LedgerRole, now: OwnedRole | None, node: str) -> str:
    """Return why a role is left where it is whatever is wished, empty where it may go back."""
    if now is None:
        return "the cluster does not know it any more."
    owner = first_label(now.owner)
    if owner == first_label(node):
        is_off = now.state in AT_REST and entry["state"] not in AT_REST
        return f"it is {now.state} on {node}, and was online before." if is_off else f"it is on {node} already."
    if now.is_changing:
        return ""
    if entry["outcome"] == ELSEWHERE or owner != first_label(entry["destination_host"]):
        return f"it is on {now.owner}, where somebody else has moved it."
    if now.state in AT_REST:
        return f"it is {now.state} on {now.owner}, and keeps that state."
    return ""
