# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Figures that anybody can reproduce: ``make bench``. Counts, bytes, simulated time, and ratios within one run."""

from __future__ import annotations

import argparse
import pathlib
import sys
import time
from collections.abc import Callable, Sequence

from . import (
    batch,
    growth,
    large,
    makespan,
    masking,
    methods,
    overlapped,
    recording,
    rolled,
    rolls,
    scale,
    storage,
    tasks,
    waiting,
)
from .figures import Figure, publish
from .grown import growth_table
from .machine import machine

_CASES: dict[str, Callable[[], list[Figure]]] = {
    "tasks": tasks.measure,
    "batch": batch.measure,
    "methods": methods.measure,
    "scale": scale.measure,
    "masking": masking.measure,
    "storage": storage.measure,
    "recording": recording.measure,
    "waiting": waiting.measure,
    "makespan": makespan.measure,
    "rolls": rolls.measure,
    "rolled": rolled.measure,
    "overlapped": overlapped.measure,
    "growth": growth.measure,
    "large": large.measure,
}
_ALONE = frozenset({"growth", "large"})  # by their names only: each takes longer than all others together
_LONGEST = 600  # seconds for all cases but those
_OUTPUT = pathlib.Path(__file__).parents[1] / "output" / "bench.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it as JSON, and return 1 where a figure misses its limit."""
    options = _parser().parse_args(arguments)
    began = time.monotonic()
    figures: list[Figure] = []
    for name in options.only or [name for name in _CASES if name not in _ALONE]:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        figures.extend(_CASES[name]())
    seconds = time.monotonic() - began
    if not options.only:
        figures.append(Figure("all of this", "duration", seconds, _LONGEST, unit="s"))
    code = publish(figures, options.output, {**machine(), "seconds": round(seconds)})
    if grown := growth_table(figures):
        print(grown)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the speed of the collection.")
    parser.add_argument("--only", action="append", choices=list(_CASES), help="measure this case alone (repeatable)")
    parser.add_argument("--output", type=pathlib.Path, default=_OUTPUT, help="JSON file to write (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
