# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Figures that anybody can reproduce: ``make bench``. Simulated time and counts, never wall-clock time."""

from __future__ import annotations

import json
import sys

from . import makespan


def main() -> int:
    """Print the figures, as a table for people and as JSON in the last line."""
    found = makespan.measure()
    ratio, serial = found.scheduler / found.lower_bound, found.serial / found.scheduler
    print(f"Makespan, {makespan.VMS} VMs of mixed sizes, {makespan.SLOTS} slots a node (simulated seconds)")
    print(f"  scheduler              {found.scheduler:10.0f}")
    print(f"  least possible         {found.lower_bound:10.0f}   scheduler / least possible {ratio:.3f}")
    print(f"  one VM after the other {found.serial:10.0f}   serial / scheduler         {serial:.2f}")
    print(json.dumps({"makespan": {"to_lower_bound": round(ratio, 4), "serial_to_scheduler": round(serial, 2)}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
