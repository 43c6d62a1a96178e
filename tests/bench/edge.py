# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``python -m tests.bench.edge``: plans of 60 VMs over 16 nodes at the edge of what is possible.

Rooms are drawn around a hidden placement, or so that nearly all of them is needed (``tests/optimum/rooms.py``). A plan
is decided if it was found, or refuted by proof, within a second of CPU.
"""

from __future__ import annotations

import itertools
import json

from tests.optimum.planner import ask
from tests.optimum.rooms import BINDINGS, SHARES, SLACKS, Rooms
from tests.optimum.sizes import SIZES

INSTANCES = 1000
_SHAPE = (16, 60)  # nodes, VMs
_WITHIN = 1.0  # seconds of CPU


def instances(count: int) -> list[Rooms]:
    """Return as many rooms, each kind of sizes, rules and tightness in turn."""
    tightness = [*((slack, None) for slack in SLACKS), *((None, share) for share in SHARES)]
    kinds = itertools.cycle(itertools.product(SIZES, BINDINGS, tightness))
    return [
        Rooms(f"edge/{number}", _SHAPE, sizes, binding, slack, share)
        for number, (sizes, binding, (slack, share)) in zip(range(count), kinds, strict=False)
    ]


def main() -> None:
    """Ask for all of them and print how many were decided in time, in percent, and the longest."""
    answers = [ask(one.draw()) for one in instances(INSTANCES)]
    decided = [one for one in answers if (one.is_complete or one.is_proved) and one.cpu_seconds <= _WITHIN]
    longest = max(one.cpu_seconds for one in answers)
    print(json.dumps({"decided": 100 * len(decided) / len(answers), "longest": longest}))


if __name__ == "__main__":
    main()
