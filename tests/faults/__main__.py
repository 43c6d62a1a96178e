# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make faults``: breaks one or two requests of fourteen runs, and compares what the product reports with the truth.

Each run goes well once, and every case branches off from it at the request that it breaks first. With a stride of 3
every request is broken by four or five kinds of faults, the next ones by the others; with a stride of 1 every one by
every kind. Rolling maintenances have a third and a fifth of these cases. The cases of two faults are drawn by
``--seed``. Prints the number of cases and of violations, and exits with 1 where there is a violation.
``python -m tests.faults single/killed/3`` carries out that case alone, ``single/killed/3+http_503/9`` one of two
faults.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

from .cases import KINDS, RUNS, Case, Finding, all_cases, carry_out, carry_out_all, pairs, undisturbed


def main(words: Sequence[str]) -> int:
    """Carry out the matrix or some cases; return the exit code."""
    options = _options(words)
    if options.case:
        return _report(map(carry_out, options.case))
    wholes = [undisturbed(run) for run in RUNS]
    return _report(wholes, quiet=True) or _report(_matrix(wholes, options))


def _matrix(wholes: Sequence[Finding], options: argparse.Namespace) -> Iterator[Finding]:
    every = sum(len(whole.requests) / RUNS[whole.case.run].share for whole in wholes)
    for whole in wholes:
        run, requests = whole.case.run, len(whole.requests)
        cases = all_cases(run, requests, options.stride * RUNS[run].share)
        drawn = pairs(run, requests, round(options.pairs * requests / RUNS[run].share / every), options.seed)
        print(
            f"{run}: {requests} requests, {len(KINDS)} kinds of faults, {len(cases)} cases of one fault, "
            f"{len(drawn)} of two",
            flush=True,
        )
        yield from carry_out_all(run, cases + drawn, options.processes)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "case",
        nargs="*",
        type=Case.read,
        help="RUN/KIND/INDEX, or RUN/KIND/INDEX+KIND/INDEX; all cases when none is named",
    )
    parser.add_argument("--stride", type=int, default=1, help="carry out only every so manieth case (no multiple of 2)")
    parser.add_argument("--pairs", type=int, default=0, help="how many cases of two faults to draw")
    parser.add_argument("--seed", type=int, default=1, help="which ones they are")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="processes to use")
    return parser.parse_args(words)


def _report(findings: Iterable[Finding], *, quiet: bool = False) -> int:
    began, count, both, violations = time.monotonic(), 0, 0, 0
    for finding in findings:
        count += 1
        both += finding.struck > 1
        for violation in finding.violations:
            violations += 1
            print(f"{finding.case}: {violation}", flush=True)
    if not quiet or violations:
        took = time.monotonic() - began
        print(f"{count} cases, {violations} violations, in {took:.0f} s; two faults struck in {both}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
