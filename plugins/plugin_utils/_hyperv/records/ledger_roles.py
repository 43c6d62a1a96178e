# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a ledger holds of roles, shared volumes and the core group that an evacuation moved. Pure."""

from __future__ import annotations

import types
import typing as t
from collections.abc import Mapping, Sequence

from ..._names import in_capitals
from ..cluster.other_roles import KINDS
from ..failure.errors import HyperVError

RoleOutcome = t.Literal["planned", "moved", "left", "elsewhere", "stayed"]
"""Before its move is begun; it is where it was moved; it is there, which a run that was cut off could not report;
somebody else moved it; it is on its node."""

PLANNED: t.Final = "planned"
MOVED: t.Final = "moved"
LEFT: t.Final = "left"
ELSEWHERE: t.Final = "elsewhere"
STAYED: t.Final = "stayed"

_ANEW: t.Final[frozenset[RoleOutcome]] = frozenset({PLANNED})  # another evacuation begins with it again
TRANSITIONS: t.Final = types.MappingProxyType[RoleOutcome, frozenset[RoleOutcome]](
    {
        # Another node is chosen for it.
        PLANNED: frozenset({PLANNED, MOVED, LEFT, ELSEWHERE, STAYED}),
        MOVED: _ANEW,
        LEFT: _ANEW,
        ELSEWHERE: _ANEW,
        STAYED: _ANEW,
    }
)
"""The outcomes that may be written down after each."""

_TEXTS = ("kind", "name", "type", "source_host", "destination_host", "state", "outcome")


class LedgerRole(t.TypedDict):
    """One role of a ledger.

    Attributes:
        kind: ``role``, ``shared_volume`` or ``core_group``.
        name: of its group; of its disk resource where it is a shared volume.
        source_host, destination_host: the node that was emptied, and where it was moved or is to be moved.
        state: the state that it had when it was first seen.
        outcome: what is known of its move; ``end_role`` and ``with_role`` change it.
        restored: it is back, or was left where it is on purpose.
    """

    kind: str
    name: str
    type: str
    source_host: str
    destination_host: str
    state: str
    outcome: RoleOutcome
    restored: bool


def key_of(role: Mapping[str, t.Any]) -> tuple[str, str]:
    """Return what tells one role from all others."""
    return str(role["kind"]), in_capitals(str(role["name"]))


def read_ledger_roles(given: object) -> list[LedgerRole]:
    """Return the roles of a ledger that was read; an earlier version wrote none. Raises HyperVError."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise HyperVError(f"its roles are {given!r}, which is not a list")
    return [_read(role, number) for number, role in enumerate(given, 1)]


def _read(role: object, number: int) -> LedgerRole:
    given = role if isinstance(role, Mapping) else {}
    lacking = [key for key in _TEXTS if not isinstance(given.get(key), str)]
    if lacking:
        raise HyperVError(f"role {number} has no {', '.join(lacking)}")
    if given["kind"] not in KINDS:
        raise HyperVError(f"kind of role {number} is {given['kind']!r}, which is none of {', '.join(KINDS)}")
    if given["outcome"] not in TRANSITIONS:
        raise HyperVError(
            f"outcome of role {number} is {given['outcome']!r}, which is none of {', '.join(TRANSITIONS)}"
        )
    if not isinstance(given.get("restored", False), bool):
        raise HyperVError(f"restored of role {number} is {given['restored']!r}, which is no true or false")
    return t.cast("LedgerRole", {**{key: given[key] for key in _TEXTS}, "restored": given.get("restored", False)})


def open_role(roles: Sequence[LedgerRole], kind: str, name: str) -> LedgerRole | None:
    """Return the entry of a role that is not settled, None where there is none."""
    wanted = (kind, in_capitals(name))
    return next((one for one in roles if key_of(one) == wanted and not one["restored"]), None)


def with_role(roles: Sequence[LedgerRole], role: LedgerRole) -> list[LedgerRole]:
    """Return the roles with one that is about to be moved. The state that it had at first outlives a run cut off."""
    known = open_role(roles, role["kind"], role["name"])
    if known is not None and known["outcome"] == PLANNED:
        role = {**role, "state": known["state"], "source_host": known["source_host"]}
    return [*(one for one in roles if key_of(one) != key_of(role)), role]


def end_role(role: LedgerRole, outcome: RoleOutcome, destination: str = "") -> LedgerRole:
    """Return a role with what its move has come to; ``destination``: where it is, if that is another node than planned.

    One that stayed is settled. Raises HyperVError for an outcome that cannot follow the one that is written down.
    """
    if outcome not in TRANSITIONS[role["outcome"]]:
        raise HyperVError(
            f"{role['name']} is {role['outcome']} in the ledger, which {outcome!r} cannot follow. Run this again, and "
            "report it."
        )
    return {
        **role,
        "outcome": outcome,
        "destination_host": destination or role["destination_host"],
        "restored": role["restored"] or outcome == STAYED,
    }


def settle_role(role: LedgerRole) -> LedgerRole:
    """Return a role that is back, or that is left where it is on purpose."""
    return {**role, "restored": True}
