# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long one move may take."""

from __future__ import annotations

import typing as t

from ..cluster.jobs import Job
from ..failure.failures import Failure
from .moves import Move

BASE = 600.0  # seconds for everything that does not depend on memory
MOST_MEMORY = 1024 * 1024  # MB of the largest VM that is reckoned with where a VM's memory is not told
FLOOR_RATE = 10.0  # MB per second: slower than a saturated 100 Mbit/s network


def too_short(seconds: float, needed: float) -> str:
    """Return a warning that a task is cut off after ``seconds`` and a move may need more; empty where it is not."""
    if seconds >= needed:
        return ""
    return (
        f"This task is cut off after {seconds:.0f} s (timeout of the task or play, or ANSIBLE_TASK_TIMEOUT), and a "
        f"single move may take up to {needed:.0f} s. Migrations go on after that, but nobody watches them. Set a "
        "longer limit, or none."
    )


class Timeout(t.NamedTuple):
    """The limit of one move in seconds, and where it comes from.

    ``origin`` is ``given``, ``memory``, ``unknown_memory``, or ``storage`` for disks, whose size is not read.
    """

    seconds: float
    origin: str

    @classmethod
    def of(cls, seconds: int, memory_mb: int | None, *, with_storage: bool = False) -> Timeout:
        """Return the given limit, or for 0 the one that follows from the VM's memory."""
        if seconds:
            return cls(float(seconds), "given")
        if memory_mb is None or with_storage:
            return cls(BASE + MOST_MEMORY / FLOOR_RATE, "storage" if with_storage else "unknown_memory")
        return cls(BASE + memory_mb / FLOOR_RATE, "memory")

    def is_over(self, elapsed: float) -> bool:
        """Tell whether a move that takes ``elapsed`` seconds is late."""
        return elapsed > self.seconds

    def error(self, move: Move, job: Job | None, what_then: str = "goes on") -> Failure:
        """Return the error for a move that was late; ``what_then`` says what became of its job."""
        state = f"was still {job.state}" if job else "had not ended"
        at = f" at {job.percent} %" if job and job.percent is not None else ""
        which = f" (job {job.id})" if job else ""
        remedy = {
            "goes on": "Run the task again to take it up, with a longer timeout.",
            "was cancelled": f"The VM stays on {move.source}. Run the task again with a longer timeout.",
        }
        return Failure(
            "timeout",
            f"the migration of VM {move.vm.name} from {move.source} to {move.destination.name} {state}{at} after "
            f"{self.seconds:.0f} s, and {what_then}{which}",
            remedy.get(what_then, "Look at the job with hyperv_migration_job_info before anything else."),
            transient=True,
        )
