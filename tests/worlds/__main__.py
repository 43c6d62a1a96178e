# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make worlds``: thousands of small worlds in which others act, each judged by what truly happened.

Prints worlds, steps of others and violations, each violation with the smallest world found that has it, and exits with
1 where there is one. ``python -m tests.worlds 7/123`` carries out world 123 of seed 7 alone and shows it.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence

from .draw import draw, has_roll
from .judge import judge
from .play import play
from .product import tell
from .report import describe
from .shrink import shrink


def examine(name: str) -> tuple[str, int, int, list[str]]:
    """Carry out one world; return its name, what others did in it, its requests, and what is wrong."""
    seed, number = map(int, name.split("/"))
    world = draw(seed, number)
    episodes = play(world, tell)
    steps = sum(len(episode.steps) for episode in episodes)
    return name, steps, sum(len(one.moments) for one in episodes), judge(world, episodes)


def main(words: Sequence[str]) -> int:
    """Examine worlds; return the exit code."""
    options = _options(words)
    if options.world:
        return max(_show(name, shrinks=options.shrink) for name in options.world)
    began, steps, requests = time.monotonic(), 0, 0
    found: list[tuple[str, list[str]]] = []
    kinds: collections.Counter[str] = collections.Counter()
    numbers = (number for number in itertools.count() if not options.rolls or has_roll(options.seed, number))
    names = [f"{options.seed}/{number}" for number in itertools.islice(numbers, options.worlds)]
    with multiprocessing.get_context("fork").Pool(options.processes) as pool:
        for name, done, sent, violations in pool.imap_unordered(examine, names, chunksize=8):
            steps, requests = steps + done, requests + sent
            if violations:
                found.append((name, violations))
                kinds.update({violation.partition(":")[0] for violation in violations})
                print(f"{name}: {violations[0]}", flush=True)
    for name in sorted(name for name, unused in found)[: options.shown]:
        _show(name, shrinks=True)
    print(
        f"{len(names)} worlds of seed {options.seed}, {steps} steps of others, {requests} requests, {len(found)} worlds"
        f" with violations, in {time.monotonic() - began:.0f} s"
    )
    for kind, count in kinds.most_common():
        print(f"  {kind}: {count}")
    return 1 if found else 0


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.worlds", description=__doc__)
    parser.add_argument("world", nargs="*", help="SEED/NUMBER; all worlds of the seed when none is named")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=5000, help="how many")
    parser.add_argument("--rolls", action="store_true", help="only worlds with a rolling maintenance")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="processes to use")
    parser.add_argument("--shown", type=int, default=3, help="how many worlds with violations are shrunk and shown")
    parser.add_argument("--shrink", action="store_true", help="shrink the named worlds")
    return parser.parse_args(words)


def _show(name: str, *, shrinks: bool) -> int:
    world = draw(*map(int, name.split("/")))
    if shrinks:
        world = shrink(world)
    episodes = play(world, tell)
    violations = judge(world, episodes)
    print("\n".join(describe(world, episodes, violations)), flush=True)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
