# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stages that a move goes through, and from which to which."""

from __future__ import annotations

import enum
import types


class Stage(enum.Enum):
    """Where a move is between being asked for and its verified end."""

    WAITING = "waiting"
    """It waits for a slot, for its next attempt, or for an answer."""
    SEARCHING = "searching"
    """The outcome of its call is unclear, and the job that it may have started is looked for."""
    RUNNING = "running"
    """Its job runs."""
    CANCELLING = "cancelling"
    """It took too long, and its job was asked to end."""
    VERIFYING = "verifying"
    """Its job has ended or there is none, and the owner of the VM is awaited."""
    ENDED = "ended"
    """It has an outcome."""


TRANSITIONS = types.MappingProxyType(
    {
        Stage.WAITING: frozenset({Stage.SEARCHING, Stage.RUNNING, Stage.VERIFYING, Stage.ENDED}),
        # A call without an answer is repeated once, and its outcome may be as unclear.
        Stage.SEARCHING: frozenset({Stage.SEARCHING, Stage.RUNNING, Stage.VERIFYING, Stage.ENDED}),
        Stage.RUNNING: frozenset({Stage.CANCELLING, Stage.VERIFYING, Stage.ENDED}),
        Stage.CANCELLING: frozenset({Stage.VERIFYING, Stage.ENDED}),
        Stage.VERIFYING: frozenset({Stage.ENDED}),
        # A failure that may pass is tried again.
        Stage.ENDED: frozenset({Stage.WAITING}),
    }
)
"""The stages that may follow each."""
