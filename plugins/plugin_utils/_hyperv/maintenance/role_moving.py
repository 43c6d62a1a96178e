# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One role after another is moved to another node, and watched until it is there in the state that it had."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..._text import clean
from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..cluster.cluster import Cluster
from ..cluster.other_roles import AT_REST, SHARED_VOLUME, OwnedRole, read_some_roles, read_volumes_by_disk
from ..cluster.patience import BETWEEN_LINES, GROUP_BEGINS_WITHIN, MOST_CALLS, SETTLES_WITHIN
from ..cluster.role_moves import Asked, ask_to_move
from ..failure.failures import Failure
from .controller import Controller
from .role_record import FAILED, MOVED, STARTED, RoleRecord

NOT_ONLINE, _STAYS = "role_not_online", "role_stays"
_ARRIVES_WITHIN = 600.0  # seconds: a resource may take its time to go offline and to come online, three minutes each


@dataclasses.dataclass(frozen=True)
class WantedRole:
    """A role that is to move.

    Attributes:
        role: as it was read last.
        source: the node that it is to leave; where it has left that, it is not touched.
        candidates: the nodes that it may go to, tried in this order.
        state: the state that it is to have there; empty for the one that it has when its turn comes.
    """

    role: OwnedRole
    source: str
    candidates: tuple[str, ...]
    state: str = ""


class RoleMoving:
    """Moves roles. ``cluster`` is where they are asked for, and may be replaced by one with new sessions."""

    def __init__(self, cluster: Cluster, controller: Controller, interval: float, attempts: int) -> None:
        """``interval``: seconds between two looks; ``attempts``: how many nodes are tried for a role."""
        self.cluster = cluster
        self.records: list[RoleRecord] = []
        self._controller = controller
        self._interval = interval
        self._attempts = attempts
        self._volumes: Mapping[str, Reference] | None = None

    def make(self, wanted: Sequence[WantedRole], note: Callable[[RoleRecord], None]) -> None:
        """Move roles one after another; one that fails does not stop the others.

        ``note`` writes down where one is about to go, before it is begun, and what it has come to after that. Raises
        HyperVError, Fault, TransportError.
        """
        self._volumes = None
        for one in wanted:
            record = RoleRecord(one.role, one.source, one.candidates[0] if one.candidates else "")
            self.records.append(record)
            self._move(one, record, note)
            note(record)
            self._tell(record)

    def _move(self, wanted: WantedRole, record: RoleRecord, note: Callable[[RoleRecord], None]) -> None:
        now = self._settled(wanted.role, record)
        if now is None or not self._is_still_to_move(wanted, now, record):
            return
        state = wanted.state or now.state
        if first_label(now.owner) != first_label(wanted.source):
            record.follow(now.owner)  # it has arrived, and not in the state that it had
            self._wait(now, state, record, 0.0, self.cluster.clock.now() + _ARRIVES_WITHIN)
            return
        if not wanted.candidates:
            record.fail(Failure("no_destination", "no node that is up may own it", "Bring another node up first."))
        for destination in wanted.candidates[: self._attempts]:
            record.aim(destination)
            note(record)
            self._try(now, state, record)
            if record.outcome != FAILED or record.error is None or record.error.code == NOT_ONLINE:
                return
            self._say(f"{wanted.role.text} does not go to {destination}: {record.error.cause}.")

    def _settled(self, role: OwnedRole, record: RoleRecord) -> OwnedRole | None:
        """Return a role as it is when the cluster is not moving it any more; None where that takes too long."""
        deadline = self.cluster.clock.now() + _ARRIVES_WITHIN
        told = ""
        while True:
            now = self._look(role)
            if now is None:
                record.leave_alone("the cluster does not know it any more.")
                return None
            record.seen(now.state)
            if not now.is_changing:
                return now
            left = deadline - self.cluster.clock.now()
            what = "queued for a move" if now.is_queued else now.state
            if left <= 0:
                record.fail(_pending(f"it is {what} since {_ARRIVES_WITHIN:.0f} s"))
                return None
            if what != told:
                told = what
                self._say(f"{role.text} is {what} on {now.owner}. Waiting {left:.0f} s at most until that has ended.")
            self.cluster.clock.pause(self._interval)

    @staticmethod
    def _is_still_to_move(wanted: WantedRole, now: OwnedRole, record: RoleRecord) -> bool:
        owner = first_label(now.owner)
        is_left_off = bool(wanted.state) and wanted.state not in AT_REST and now.state != wanted.state
        if owner in map(first_label, wanted.candidates[:1]):
            if is_left_off:
                return True
            record.find_there(f"it is on {now.owner} already.")
        elif owner != first_label(wanted.source):
            off = f" {now.state}" if now.state in AT_REST else ""
            record.find_elsewhere(now.owner, f"it is{off} on {now.owner}, where somebody else has moved it.")
        elif now.state in AT_REST and is_left_off:
            record.fail(_not_online(now, wanted.state), now.owner)
        elif now.state in AT_REST:
            record.leave_alone(f"it is {now.state}, and keeps that state.")
        else:
            return True
        return False

    def _try(self, role: OwnedRole, state: str, record: RoleRecord) -> None:
        """Ask for a move and wait for its end; a call without an answer is repeated once it has led to nothing."""
        deadline = self.cluster.clock.now() + _ARRIVES_WITHIN
        for call in range(1, MOST_CALLS + 1):
            self._say(f"{role.text} goes from {record.source} to {record.destination}.")
            asked = self._ask(role, record)
            if asked.refusal is not None:
                record.fail(asked.refusal)
                return
            record.start()
            begins_within = self.cluster.look_for_lost if asked.is_lost else GROUP_BEGINS_WITHIN
            self._wait(role, state, record, begins_within, deadline)
            is_back = record.error is not None and record.error.code == _STAYS
            if not (is_back and asked.is_lost and call < MOST_CALLS):
                return
            record.aim(record.destination)

    def _ask(self, role: OwnedRole, record: RoleRecord) -> Asked:
        """Ask for a move, and again for a while if something that passes is in the way."""
        deadline = self.cluster.clock.now() + SETTLES_WITHIN
        while True:
            asked = ask_to_move(self.cluster, role, record.destination, self._volume_of(role))
            passes = asked.refusal is not None and asked.refusal.transient
            if not passes or self.cluster.clock.now() >= deadline:
                return asked
            self.cluster.clock.pause(self._interval)
            now = self._look(role)
            if now is None or first_label(now.owner) != first_label(record.source):
                return Asked(began=True)  # whoever moves it, what it comes to is seen

    def _volume_of(self, role: OwnedRole) -> Reference | None:
        """Return the shared volume that a role is, None for one that is none or that the cluster does not list."""
        if role.kind != SHARED_VOLUME:
            return None
        if self._volumes is None:
            self._volumes = read_volumes_by_disk(self.cluster)
        return self._volumes.get(in_capitals(role.name))

    def _wait(self, role: OwnedRole, state: str, record: RoleRecord, begins_within: float, deadline: float) -> None:
        """Watch a role until it is on its new node as it was, or clearly is not."""
        clock = self.cluster.clock
        begun = next_line = clock.now()
        wrong_since: float | None = None
        while True:
            now = self._look(role)
            if now is None:
                record.fail(Failure("role_gone", "the cluster does not know it any more"))
                return
            record.seen(now.state)
            there = first_label(now.owner) == first_label(record.destination)
            if there and now.state == state and not now.is_changing:
                record.arrive()
                return
            settles = not now.is_changing and (there or clock.now() - begun >= begins_within)
            wrong_since = (wrong_since if wrong_since is not None else clock.now()) if settles else None
            is_off = now.state in AT_REST and state not in AT_REST
            patience = SETTLES_WITHIN if there or is_off else 0.0
            if wrong_since is not None and clock.now() - wrong_since >= patience:
                self._judge(now, state, record)
                return
            if clock.now() >= deadline:
                since = f"{_ARRIVES_WITHIN:.0f} s after its move was begun"
                record.give_up(_pending(f"it is {now.state} on {now.owner} {since}"))
                return
            if clock.now() >= next_line + BETWEEN_LINES:
                next_line = clock.now()
                self._say(f"{role.text} is {now.state} on {now.owner}, on its way to {record.destination}.")
            clock.pause(self._interval)

    @staticmethod
    def _judge(now: OwnedRole, state: str, record: RoleRecord) -> None:
        """Say what a move has come to that did not end as it should."""
        owner = first_label(now.owner)
        is_off = now.state in AT_REST and state not in AT_REST
        if is_off or owner == first_label(record.destination):
            # Also where it came to a third node, as when the one that it went to has died.
            record.fail(_not_online(now, state), now.owner)
        elif owner == first_label(record.source):
            why = f"the cluster took the request, and it is still on {now.owner}"
            record.fail(Failure(_STAYS, why, "Look in the events of the cluster why it came back."))
        else:
            why = f"it is on {now.owner}, where the cluster or somebody else has moved it."
            record.find_elsewhere(now.owner, why)

    def _look(self, role: OwnedRole) -> OwnedRole | None:
        """Read a role; the cluster may not answer for a while, as when the core group changes its node."""
        deadline = self.cluster.clock.now() + SETTLES_WITHIN
        while True:
            try:
                return read_some_roles(self.cluster, [(role.kind, role.name)]).find(role.kind, role.name)
            except NoAnswer:
                if self.cluster.clock.now() >= deadline:
                    raise
            self.cluster.clock.pause(self._interval)

    def _tell(self, record: RoleRecord) -> None:
        if record.outcome == MOVED:
            self._say(f"{record.role.text} is {record.state} on {record.destination}.")

    def _say(self, line: str) -> None:
        if self._controller.shows_progress:
            self._controller.tell(clean(line))


def _pending(cause: str) -> Failure:
    return Failure("role_pending", cause, "Look at it in Failover Cluster Manager.", transient=True)


def _not_online(now: OwnedRole, state: str) -> Failure:
    return Failure(
        NOT_ONLINE,
        f"it is {now.state} on {now.owner}, and was {state} before",
        f"Look in Failover Cluster Manager why it does not come online on {now.owner}, and bring it online.",
    )


def on_their_way(records: Sequence[RoleRecord]) -> list[str]:
    """Say which roles were on their way when nothing could be read any more."""
    return [
        f"{one.role.text} was on its way from {one.source} to {one.destination}, and where it is could not be read. "
        "Run this again, which finds that out."
        for one in records
        if one.outcome == STARTED and one.error is None
    ]
