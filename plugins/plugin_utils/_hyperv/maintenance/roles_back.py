# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The roles, shared volumes and the core group that an evacuation moved come back, as far as that is wished."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._names import in_capitals
from ..._text import clean
from ..cluster.cluster import Cluster
from ..failure.finding import full_stop
from ..planning.roles_back import RoleBack, RolesWish, plan_roles_back
from ..records.ledger_form import RESTORED, Ledger
from ..records.ledger_roles import key_of, settle_role
from .controller import Controller
from .role_moving import RoleMoving, WantedRole, on_their_way
from .role_record import ALREADY_THERE, ELSEWHERE, FAILED, MOVED, NOT_MOVED, STARTED, RoleRecord

_SETTLED = frozenset({MOVED, ALREADY_THERE, ELSEWHERE, NOT_MOVED})


class RolesBack:
    """Brings the roles of one ledger back, once.

    Attributes:
        records: what became of those that were to go back.
        plan: what was decided about each.
    """

    def __init__(self, controller: Controller, interval: float, wish: RolesWish) -> None:
        """``interval``: seconds between two looks."""
        self.records: list[RoleRecord] = []
        self.plan: Sequence[RoleBack] = ()
        self._controller = controller
        self._interval = interval
        self._wish = wish

    def look(self, cluster: Cluster, ledger: Ledger, node: str) -> None:
        """Decide about each; nothing is changed. Raises Fault and TransportError."""
        self.plan = plan_roles_back(cluster, ledger["other_roles"], node, self._wish)

    def move(self, cluster: Cluster, node: str) -> None:
        """Bring back those that are to go. Raises HyperVError, Fault and TransportError."""
        moving = RoleMoving(cluster, self._controller, self._interval, attempts=1)
        self.records = moving.records
        wanted = [
            WantedRole(one.role, one.entry["destination_host"], (node,), one.entry["state"])
            for one in self.plan
            if (one.goes_back or one.is_watched) and one.role is not None
        ]
        moving.make(wanted, lambda record: None)

    def settled(self) -> Callable[[Ledger], Ledger]:
        """Return what marks those in a ledger of which nothing is to be done any more."""
        done = {_key(one) for one in self.records if one.outcome in _SETTLED}
        done |= {key_of(one.entry) for one in self.plan if one.is_settled}

        def change(ledger: Ledger) -> Ledger:
            roles = [settle_role(one) if key_of(one) in done else one for one in ledger["other_roles"]]
            is_done = all(vm["restored"] for vm in ledger["vms"]) and all(role["restored"] for role in roles)
            state = RESTORED if is_done and ledger["other_roles"] else ledger["state"]
            return {**ledger, "other_roles": roles, "state": state}

        return change

    @property
    def is_changed(self) -> bool:
        """The cluster was asked to move something."""
        return any(one.is_changed for one in self.records)

    @property
    def wrong(self) -> str:
        """Which roles are not back and why; empty for none."""
        told = [
            f"{one.role.text} is not back: {full_stop(one.error.clause)} {one.error.remedy}"
            for one in self.records
            if one.outcome in (FAILED, STARTED) and one.error is not None
        ]
        return clean(" ".join([*told, *on_their_way(self.records)]))

    def note(self) -> str:
        """Return what came back, and what was left where it is, in sentences."""
        back = [one.role.text for one in self.records if one.outcome == MOVED]
        told = [f"Brought back as well: {', '.join(back)}."] if back else []
        told += [f"{one.role.text}: {one.why}" for one in self.records if one.why]
        left = [f"{one.text} on {one.role.owner}" for one in self.plan if one.is_left and one.role is not None]
        told += [f"Left where the evacuation moved them (restore_node_roles=leave): {', '.join(left)}."] if left else []
        told += [f"{one.text}: {one.why}" for one in self.plan if not (one.goes_back or one.is_left or one.is_watched)]
        return clean(" ".join(told))


def _key(record: RoleRecord) -> tuple[str, str]:
    return record.role.kind, in_capitals(record.role.name)
