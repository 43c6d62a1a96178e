# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The build of this checkout beside that of another commit: ``make bench AGAINST=COMMIT``.

Both do the same work in turn, A B A B, so that what else the machine does meets both; ratios are those of a pair.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import sys
from collections.abc import Sequence

from .builds import Build, build_of, this_build
from .cases import CASES, ONCE, TARGETS, Lacks
from .figures import aligned
from .machine import machine
from .pairs import HEAD, Compared

_OUTPUT = pathlib.Path(__file__).parents[1] / "output" / "bench-against.json"

Runs = dict[str, list[float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it as JSON, and return 1 where a target is missed."""
    options = _parser().parse_args(arguments)
    before, here = build_of(options.commit), this_build()
    compared: list[Compared] = []
    for name in options.only or CASES:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        compared += compare(name, before, here, 1 if name in ONCE else options.pairs)
    print(aligned([HEAD, *(one.cells() for one in compared)], left=(0,)))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    figures = [one.as_data() for one in compared]
    data = {**machine(), "against": options.commit, "pairs": options.pairs, "figures": figures}
    options.output.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    missed = [one for one in compared if one.is_met is False]
    for one in missed:
        print(f"missed: {one.case} {one.target}", file=sys.stderr)
    return 1 if missed else 0


def compare(name: str, before: Build, here: Build, pairs: int) -> list[Compared]:
    """Measure one case of both builds in turn. One that the other build lacks is measured of this one alone.

    Raises Lacks where this build lacks it.
    """
    runs: dict[Build, Runs] = {build: collections.defaultdict(list) for build in (before, here)}
    lacks = ""
    with CASES[name]() as measure:
        for unused in range(pairs):
            for build in (here,) if lacks else (before, here):
                try:
                    measured = measure(build)
                except Lacks as error:
                    if build is here:
                        raise
                    lacks = str(error)
                    print(f"{before.name} lacks the case {name}: {lacks}", file=sys.stderr, flush=True)
                    continue
                for figure, value in measured.items():
                    runs[build][figure].append(value)
    return [
        Compared(figure, runs[before].get(figure, ()), values, target=TARGETS.get(figure))
        for figure, values in runs[here].items()
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.against", description="Measure two builds in turn.")
    parser.add_argument("commit", help="the build to compare with")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each build (%(default)s)")
    parser.add_argument("--only", action="append", choices=list(CASES), help="measure this case alone (repeatable)")
    parser.add_argument("--output", type=pathlib.Path, default=_OUTPUT, help="JSON file to write (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
