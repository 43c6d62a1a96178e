# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The roles, shared volumes and the core group of a node leave it, after its VMs."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from ..._hostnames import first_label
from ..._text import clean
from ..cluster.cluster import Cluster
from ..cluster.other_roles import AT_REST, OtherRoles, OwnedRole, read_other_roles, read_some_roles
from ..failure.finding import full_stop
from ..planning.role_moves import RolePlan
from ..planning.role_strategies import STAY, RoleStrategy, leaves_everything, role_strategy_for
from ..records import ledger_roles
from ..records.ledger_roles import LEFT, PLANNED, STAYED, LedgerRole, end_role, key_of, open_role, with_role
from .bookkeeping import Bookkeeping
from .controller import Controller
from .role_moving import NOT_ONLINE, RoleMoving, WantedRole, on_their_way
from .role_record import ALREADY_THERE, ELSEWHERE, FAILED, MOVED, NOT_BEGUN, NOT_MOVED, STARTED, RoleRecord

_LEAVE_IT = "Or let it stay with role_strategies (evacuate_node_role_strategies)."


class RolesAway:
    """Moves what a node owns beside VMs, once.

    Attributes:
        records: what became of each.
        came: what the node owns at the end although it was to leave, and no record says why.
    """

    def __init__(
        self, controller: Controller, interval: float, attempts: int, strategies: Sequence[RoleStrategy] = ()
    ) -> None:
        """``interval``: seconds between two looks; ``attempts``: how many nodes are tried for a role."""
        self.records: list[RoleRecord] = []
        self.came: list[OwnedRole] = []
        self._strategies = strategies
        self._controller = controller
        self._interval = interval
        self._attempts = attempts

    def empty(
        self, cluster: Cluster, plan: RolePlan, node: str, books: Bookkeeping, again: Callable[[], RolePlan]
    ) -> None:
        """Move them in their order, and what came to the node since the plan was made, by another plan.

        ``again`` makes that plan. Raises HyperVError, Fault and TransportError.
        """
        self.move(cluster, plan, node, books)
        self._look_for_more(cluster, node)
        if self.came:
            known = {one.role.key for one in self.records}
            later = again()
            moves = tuple(one for one in later.moves if one.role.key not in known)
            self.move(cluster, RolePlan(moves), node, books)
            self._look_for_more(cluster, node)

    def _look_for_more(self, cluster: Cluster, node: str) -> None:
        """Look what the node owns: VMs take their time to leave, and others move roles meanwhile."""
        if leaves_everything(self._strategies):
            return
        told = {one.role.key for one in self.records if one.error is not None or one.outcome == STARTED}
        self.came = [
            one
            for one in read_other_roles(cluster).on(node)
            if one.is_movable
            and one.state not in AT_REST
            and role_strategy_for(one.name, self._strategies) != STAY
            and one.key not in told
        ]

    def move(self, cluster: Cluster, plan: RolePlan, node: str, books: Bookkeeping) -> None:
        """Move them in their order. Raises HyperVError, Fault and TransportError."""
        if not plan.moves and not _open(books):
            return
        moving = RoleMoving(cluster, self._controller, self._interval, self._attempts)
        moving.records = self.records
        planned = {one.role.key for one in plan.moves}
        wanted = self._account(cluster, node, books, planned)
        for one in plan.moves:
            known = open_role(_roles(books), one.role.kind, one.role.name)
            is_cut_off = known is not None and known["outcome"] == PLANNED
            candidates = _first(known["destination_host"], one.candidates) if known and is_cut_off else one.candidates
            wanted.append(WantedRole(one.role, node, candidates, known["state"] if known and is_cut_off else ""))
        moving.make(wanted, lambda record: books.change_roles(lambda roles: _written(roles, record)))

    def _account(
        self, cluster: Cluster, node: str, books: Bookkeeping, planned: Container[tuple[str, str]]
    ) -> list[WantedRole]:
        """Find out what became of the moves of a run that was cut off.

        Returns those that are still on their way or are not as they were, which are watched and told. ``planned`` are
        moved again anyway.
        """
        left_open = _open(books)
        if not left_open:
            return []
        found = read_some_roles(cluster, [(one["kind"], one["name"]) for one in left_open])
        books.change_roles(lambda roles: [self._ended(entry, found, node, planned) for entry in roles])
        return [
            WantedRole(now, node, (now.owner if _is_off(now, node) else one["destination_host"],), one["state"])
            for one in _open(books)
            if key_of(one) not in planned and (now := found.find(one["kind"], one["name"])) is not None
        ]

    def _ended(
        self, entry: LedgerRole, found: OtherRoles, node: str, planned: Container[tuple[str, str]]
    ) -> LedgerRole:
        """Return an entry as it is to be by now, ended where a move that was cut off went well or is not to be made."""
        now = found.find(entry["kind"], entry["name"])
        if entry["outcome"] != PLANNED or now is None or key_of(entry) in planned:
            return entry
        if not _is_off(now, node):
            is_to_stay = role_strategy_for(now.name, self._strategies) == STAY
            return end_role(entry, STAYED) if is_to_stay else entry
        if now.is_changing or (now.state != entry["state"] and entry["state"] not in AT_REST):
            return entry
        is_there = first_label(now.owner) == first_label(entry["destination_host"])
        return end_role(entry, LEFT if is_there else ledger_roles.ELSEWHERE)

    @property
    def is_changed(self) -> bool:
        """The cluster was asked to move something."""
        return any(one.is_changed for one in self.records)

    @property
    def wrong(self) -> str:
        """Which roles did not move and why, with what to do; empty for none."""
        told = [
            f"{one.role.text} is not as it was before its move from {one.source}: "
            f"{full_stop(one.error.clause)} {one.error.remedy}"
            if one.error.code == NOT_ONLINE
            else f"{one.role.text} was not moved from {one.source}"
            f"{f' to {one.destination}' if one.destination else ''}: "
            f"{full_stop(one.error.clause)} {one.error.remedy} {_LEAVE_IT}"
            for one in self.records
            if one.outcome in (FAILED, STARTED) and one.error is not None
        ]
        told += [
            f"{one.text} is {one.state} on {one.owner}, to which somebody or the cluster moved it during the "
            f"evacuation. Run it again. {_LEAVE_IT}"
            for one in self.came
        ]
        return clean(" ".join([*told, *on_their_way(self.records)]))

    def moved(self) -> str:
        """Return what was moved and how it comes back, for an evacuation that failed; empty for nothing."""
        moved = [f"{one.role.text} to {one.destination}" for one in self.records if one.outcome == MOVED]
        if not moved:
            return ""
        return clean(
            f"Moved all the same, and not moved back: {', '.join(moved)}. hyperv.migration.restore_node brings "
            "them back with restore_node_roles=home."
        )

    def note(self, node: str, plan: RolePlan) -> str:
        """Return what was moved, and what stays, in sentences."""
        moved = [f"{one.role.text} to {one.destination}" for one in self.records if one.outcome == MOVED]
        told = [f"Moved as well: {', '.join(moved)}."] if moved else []
        told += [f"{one.role.text}: {one.why}" for one in self.records if one.why]
        told += plan.left(node)
        return clean(" ".join(told))


def _roles(books: Bookkeeping) -> Sequence[LedgerRole]:
    return books.ledger["other_roles"] if books.ledger is not None else ()


def _is_off(role: OwnedRole, node: str) -> bool:
    return first_label(role.owner) != first_label(node)


def _open(books: Bookkeeping) -> list[LedgerRole]:
    return [one for one in _roles(books) if one["outcome"] == PLANNED and not one["restored"]]


def _first(name: str, candidates: Sequence[str]) -> tuple[str, ...]:
    """Return the candidates with the one first that a run which was cut off had chosen."""
    chosen = [one for one in candidates if first_label(one) == first_label(name)]
    return (*chosen, *(one for one in candidates if one not in chosen))


def _written(roles: Sequence[LedgerRole], record: RoleRecord) -> list[LedgerRole]:
    """Return the roles of a ledger with one that is about to move, or with what that has come to."""
    if record.outcome == NOT_BEGUN:
        return with_role(roles, _entry(record))
    key = record.role.key
    return [_ended(one, record) if key_of(one) == key and one["outcome"] == PLANNED else one for one in roles]


def _ended(entry: LedgerRole, record: RoleRecord) -> LedgerRole:
    """Return what is written of a role that was to move; it stays planned as long as that is not known."""
    has_left = first_label(record.destination) != first_label(record.source)
    is_there = record.error is not None and record.error.code == NOT_ONLINE and has_left
    if record.outcome in (MOVED, ALREADY_THERE) or is_there:
        return end_role(entry, ledger_roles.MOVED, record.destination)
    if record.outcome == ELSEWHERE:
        return end_role(entry, ledger_roles.ELSEWHERE)
    return end_role(entry, STAYED) if record.outcome in (FAILED, NOT_MOVED) else entry


def _entry(record: RoleRecord) -> LedgerRole:
    return {
        "kind": record.role.kind,
        "name": record.role.name,
        "type": record.role.type,
        "source_host": record.source,
        "destination_host": record.destination,
        "state": record.state,
        "outcome": PLANNED,
        "restored": False,
    }
