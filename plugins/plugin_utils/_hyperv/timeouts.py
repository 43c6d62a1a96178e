# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long one move may take. Private to this collection."""

from __future__ import annotations

import dataclasses

from .errors import MoveError, obstacle
from .jobs import Job
from .moves import Move

BASE = 600.0  # seconds for everything that does not depend on memory
FLOOR_RATE = 10.0  # MB per second: slower than a saturated 100 Mbit/s network


@dataclasses.dataclass(frozen=True)
class Timeout:
    """The limit of one move in seconds, and where it comes from: ``given`` or ``memory``."""

    seconds: float
    origin: str

    @classmethod
    def of(cls, seconds: int, memory_mb: int | None) -> Timeout:
        """Return the given limit, or for 0 the one that follows from the VM's memory."""
        if seconds:
            return cls(float(seconds), "given")
        return cls(BASE + (memory_mb or 0) / FLOOR_RATE, "memory")

    def is_over(self, elapsed: float) -> bool:
        """Tell whether a move that takes ``elapsed`` seconds is late."""
        return elapsed > self.seconds

    def error(self, move: Move, job: Job) -> MoveError:
        """Return the error for a move that is late; its job is left alone."""
        at = f" at {job.percent} %" if job.percent is not None else ""
        return obstacle(
            "timeout",
            f"the migration of VM {move.vm.name} from {move.source} to {move.destination.name} was still {job.state}"
            f"{at} after {self.seconds:.0f} s, and goes on (job {job.id})",
            "Run the task again to take it up, with a longer timeout.",
            transient=True,
        )
