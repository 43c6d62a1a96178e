# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What to do about a call whose answer was lost: look first, then call once more, then give up. Pure. Private."""

from __future__ import annotations

import enum
import typing as t

from .patience import LOST_ANSWER, MOST_CALLS


class NextStep(enum.Enum):
    """What comes next."""

    LOOK = "look"
    """The call may still be carried out: look for what it has started."""
    REPEAT = "repeat"
    """It was not carried out: make it again."""
    GIVE_UP = "give_up"
    """It was made as often as it may be."""


class LostAnswer(t.NamedTuple):
    """A call that was carried out or not.

    Attributes:
        since: clock reading since when what it started is looked for.
        calls: how often it was made without an answer; 0 for one whose answer only could not be understood, which is
            never repeated.
        look_for: seconds for which what it started is looked for.
    """

    since: float
    calls: int
    look_for: float = LOST_ANSWER

    def next_step(self, now: float) -> NextStep:
        """Return what comes next where nothing shows that it was carried out."""
        if now - self.since < self.look_for:
            return NextStep.LOOK
        return NextStep.REPEAT if 0 < self.calls < MOST_CALLS else NextStep.GIVE_UP
