# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans beside an exact solver: ``make optimum``. Drawn from a seed, so that anybody gets the same figures."""

from __future__ import annotations

import argparse
import multiprocessing
import pathlib
import resource
import sys
import time
import typing as t
from collections.abc import Callable, Sequence

from tests.bench.figures import Figure, publish

from . import helping, placing, shortages, spans, times, wishes


class _Part(t.NamedTuple):
    """One kind of question: its cases for a seed and a size, how one is answered, and what the answers come to."""

    cases: Callable[[int, int], Sequence[t.Any]]
    run: Callable[[t.Any], t.Any]
    figures: Callable[[Sequence[t.Any]], list[Figure]]
    remarkable: Callable[[t.Any], str]


_PARTS = {
    "times": _Part(times.cases, times.run, times.figures, times.remarkable),
    "placing": _Part(placing.cases, placing.run, placing.figures, placing.remarkable),
    "helping": _Part(helping.cases, helping.run, helping.figures, helping.remarkable),
    "shortages": _Part(shortages.cases, shortages.run, shortages.figures, shortages.remarkable),
    "wishes": _Part(wishes.cases, wishes.run, wishes.figures, wishes.remarkable),
    "spans": _Part(spans.cases, spans.run, spans.figures, spans.remarkable),
}
_LONGEST = 480  # seconds for all parts of size 1
_OUTPUT = pathlib.Path(__file__).parents[1] / "output" / "optimum.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it as JSON, and return 1 where a figure misses its limit."""
    options = _parser().parse_args(arguments)
    began = time.monotonic()
    figures: list[Figure] = []
    remarkable: list[str] = []
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for name in options.only or _PARTS:
            part = _PARTS[name]
            cases = part.cases(options.seed, options.size)
            print(f"{name}: {len(cases)} cases ...", file=sys.stderr, flush=True)
            outcomes = [one for one in pool.imap(part.run, cases, chunksize=1) if one is not None]
            figures += part.figures(outcomes)
            remarkable += filter(None, map(part.remarkable, outcomes))
        pool.close()
        pool.join()
    seconds = time.monotonic() - began
    figures.append(Figure("all of this", "CPU of all processes", _cpu_of_children(), unit="s"))
    if not options.only and options.size == 1:
        figures.append(Figure("all of this", "duration", seconds, _LONGEST, unit="s"))
    told = {"seed": options.seed, "size": options.size, "remarkable": remarkable, "seconds": round(seconds)}
    return publish(figures, options.output, told)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.optimum", description="Compare plans with the best ones.")
    parser.add_argument("--only", action="append", choices=list(_PARTS), help="this part alone (repeatable)")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn (%(default)s)")
    parser.add_argument("--size", type=int, default=1, help="how many times as much of everything (%(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="cases at the same time (%(default)s)")
    parser.add_argument("--output", type=pathlib.Path, default=_OUTPUT, help="JSON file to write (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
