# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether another node of a rolling maintenance can be back in time, by how long the nodes before it took. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import statistics

from ..failure.errors import HyperVError
from .rolling_state import RollingState

MARGIN = 0.25
"""A node is expected to take so much longer than the mean of those before it; at least as long as the slowest one."""

_DURATION = re.compile(r"(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?")


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long the turns of nodes took, in seconds.

    ``is_of_before``: they are those of the rolling maintenance before this one.
    """

    turns: tuple[int, ...]
    is_of_before: bool = False

    @property
    def mean(self) -> float:
        """The mean of all turns."""
        return statistics.mean(self.turns)

    @property
    def with_margin(self) -> float:
        """How long a turn may take for all that is known."""
        return max(self.mean * (1 + MARGIN), *self.turns)

    def seconds_for(self, left: int, at_once: int) -> float:
        """Return how long ``left`` nodes are expected to take, of which ``at_once`` have their turns together."""
        return -(-left // at_once) * self.mean

    def describe(self, left: int, now: dt.datetime, at_once: int = 1) -> str:
        """Return in words how long ``left`` nodes are expected to take from ``now`` on."""
        whose = " in the last rolling maintenance" if self.is_of_before else ""
        many = "nodes" if len(self.turns) > 1 else "node"
        end = now + dt.timedelta(seconds=self.seconds_for(left, at_once))
        return (
            f"{len(self.turns)} {many} took {_duration(self.mean)}{' each' if len(self.turns) > 1 else ''}{whose}: "
            f"{left} more {'are' if left > 1 else 'is'} expected to be done at {_moment(end)}."
        )


def pace_of(state: RollingState) -> Pace | None:
    """Return how long nodes took: those of this rolling maintenance, else of the one before; None for none known."""
    turns = tuple(node["took"] for node in state["nodes"].values() if "took" in node)
    if turns:
        return Pace(turns)
    before = tuple(state.get("took_before") or ())
    return Pace(before, is_of_before=True) if before else None


def read_stop_at(written: str, began: dt.datetime) -> dt.datetime | None:
    """Return the moment at which nodes are to be back: a time with its zone, or a duration from ``began`` on.

    None for no text. Raises HyperVError for anything else.
    """
    text = written.strip()
    if not text:
        return None
    found = _DURATION.fullmatch(text)
    if found is not None and any(found.groups()):
        hours, minutes, seconds = (int(one or 0) for one in found.groups())
        return began + dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    moment = read_moment(text)
    if moment is None:
        raise HyperVError(
            f"stop_at is {written!r}. Give a duration such as 5h30m, or a time with its zone such as "
            "2026-03-02T05:00:00+01:00. The variable of the role is rolling_maintenance_stop_at."
        )
    return moment


def read_moment(text: str) -> dt.datetime | None:
    """Return a time in ISO 8601 with its zone, None for anything else."""
    try:
        moment = dt.datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", text))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def why_stop(stop_at: dt.datetime, now: dt.datetime, pace: Pace | None) -> str:
    """Return why no node is begun any more, empty where one can be; with no pace known, only the time counts."""
    if now >= stop_at:
        return f"It is {_moment(now)}, and no node is begun after {_moment(stop_at)}."
    if pace is None:
        return ""
    end = now + dt.timedelta(seconds=pace.with_margin)
    if end <= stop_at:
        return ""
    return (
        f"A node may take {_duration(pace.with_margin)}, by the {len(pace.turns)} before it and {MARGIN:.0%} as a "
        f"margin, and would be back at {_moment(end)}, after {_moment(stop_at)}."
    )


@dataclasses.dataclass(frozen=True)
class Window:
    """The time in which a run may take nodes away.

    ``stop_at`` is when they are to be back, None for no limit; ``pace`` is None where none is known.
    """

    run_began: dt.datetime
    stop_at: dt.datetime | None
    pace: Pace | None

    @classmethod
    def of(cls, stop_at: str, run_began: dt.datetime, state: RollingState) -> Window:
        """Return that of a run, with ``stop_at`` as the user gave it. Raises HyperVError."""
        return cls(run_began, read_stop_at(stop_at, run_began), pace_of(state))

    def why_stop(self, now: dt.datetime) -> str:
        """Return why no node is begun any more, empty where one can be."""
        return why_stop(self.stop_at, now, self.pace) if self.stop_at is not None else ""

    @property
    def begin_by(self) -> dt.datetime | None:
        """When a node has to be begun to be back in time; None for no limit."""
        if self.stop_at is None or self.pace is None:
            return self.stop_at
        return self.stop_at - dt.timedelta(seconds=self.pace.with_margin)


def _duration(seconds: float) -> str:
    return str(dt.timedelta(seconds=round(seconds)))


def _moment(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="minutes")
