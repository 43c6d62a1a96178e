# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of the move of one role, and which outcomes may follow each other."""

from __future__ import annotations

import types
import typing as t

from ..cluster.other_roles import OwnedRole
from ..failure.failures import Failure, FailureResult
from ..migration.migration_task import IllegalTransition

RoleOutcome = t.Literal["not_begun", "started", "moved", "already_there", "elsewhere", "not_moved", "failed"]

NOT_BEGUN: t.Final = "not_begun"
STARTED: t.Final = "started"
"""It is on its way; at the end of a run: and nobody watches it any more."""
MOVED: t.Final = "moved"
ALREADY_THERE: t.Final = "already_there"
ELSEWHERE: t.Final = "elsewhere"
"""The cluster or somebody else has moved it to another node."""
NOT_MOVED: t.Final = "not_moved"
"""It is left alone for a reason that is no error."""
FAILED: t.Final = "failed"

_NOTHING: t.Final[frozenset[RoleOutcome]] = frozenset()
TRANSITIONS: t.Final = types.MappingProxyType[RoleOutcome, frozenset[RoleOutcome]](
    {
        # Another node is chosen, or a call is repeated that led to nothing.
        NOT_BEGUN: frozenset({NOT_BEGUN, STARTED, ALREADY_THERE, ELSEWHERE, NOT_MOVED, FAILED}),
        STARTED: frozenset({MOVED, ELSEWHERE, FAILED}),
        FAILED: frozenset({NOT_BEGUN}),
        MOVED: _NOTHING,
        ALREADY_THERE: _NOTHING,
        ELSEWHERE: _NOTHING,
        NOT_MOVED: _NOTHING,
    }
)
"""The outcomes that may follow each."""


class RoleRecordResult(t.TypedDict):
    """The record of a role in a task's result."""

    kind: str
    name: str
    type: str
    source_host: str
    destination_host: str
    outcome: RoleOutcome
    state: str
    reason: str
    error: FailureResult | None
    changed: bool


class RoleRecord:
    """What became of one role. Only its own methods change it.

    Attributes:
        role: as it was when its turn came.
        source: the node that it is to leave.
        destination: where it went or was to go.
        state: as it was seen last.
        why: why it is not moved, for people.
        error: why it failed, or why a move that was started is not watched to its end.
        is_changed: the cluster was asked to move it, and has begun or may have.
    """

    def __init__(self, role: OwnedRole, source: str, destination: str) -> None:
        self.role = role
        self.source = source
        self.destination = destination
        self.state: str = role.state
        self.why = ""
        self.error: Failure | None = None
        self.is_changed = False
        self._outcome: RoleOutcome = NOT_BEGUN

    @property
    def outcome(self) -> RoleOutcome:
        """What it has come to so far."""
        return self._outcome

    def seen(self, state: str) -> None:
        """Note the state in which it was seen."""
        self.state = state

    def aim(self, destination: str) -> None:
        """Choose a node that it is about to be moved to."""
        self._enter(NOT_BEGUN)
        self.destination, self.error = destination, None

    def start(self) -> None:
        """Note that the cluster has begun to move it, or may have."""
        self._enter(STARTED)
        self.error, self.is_changed = None, True

    def follow(self, owner: str) -> None:
        """Note that it has left its node before it was asked for, and is watched where it is."""
        self._enter(STARTED)
        self.destination = owner

    def arrive(self) -> None:
        """Note that it is on its new node as it was."""
        self._enter(MOVED)
        self.error = None

    def find_there(self, why: str) -> None:
        """Note that it was where it is to go before it was asked for."""
        self._enter(ALREADY_THERE)
        self.why = why

    def find_elsewhere(self, owner: str, why: str) -> None:
        """Note that it is on a node to which nobody here has sent it."""
        self._enter(ELSEWHERE)
        self.destination, self.why, self.error = owner, why, None

    def leave_alone(self, why: str) -> None:
        """Note that it is not to be moved."""
        self._enter(NOT_MOVED)
        self.why = why

    def fail(self, error: Failure, destination: str = "") -> None:
        """Note that it is not moved, or not as it was; ``destination``: the node that it is on in the end."""
        self._enter(FAILED)
        self.error, self.destination = error, destination or self.destination

    def give_up(self, error: Failure) -> None:
        """Note why it is not watched any more, although it may still arrive."""
        self.error = error

    def _enter(self, outcome: RoleOutcome) -> None:
        if outcome not in TRANSITIONS[self._outcome]:
            raise IllegalTransition(f"the move of a role that is {self._outcome} cannot become {outcome}")
        self._outcome = outcome

    def as_result(self) -> RoleRecordResult:
        """Return it for a task's result."""
        return {
            "kind": self.role.kind,
            "name": self.role.name,
            "type": self.role.type,
            "source_host": self.source,
            "destination_host": self.destination,
            "outcome": self._outcome,
            "state": self.state,
            "reason": self.why,
            "error": self.error.as_result() if self.error is not None else None,
            "changed": self.is_changed,
        }
