# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster of a person's own scenario, and what to type at it: ``make rehearse SCENARIO=file.yml``."""

from __future__ import annotations

import argparse
import pathlib
import signal
import sys
import tempfile

from tests.running_cluster import DidNotStart, running_cluster
from tests.simulator.ending import Ending
from tests.simulator.scenario_file import read_scenario_file
from tests.simulator.scenario_reader import ScenarioError

from .instructions import UnknownNode, instructions

_LIFETIME = 24 * 3600  # seconds; for whoever forgets it in a terminal
_LOOKS_EVERY = 0.5  # seconds


def main() -> int:
    """Run the cluster until Ctrl-C, and return the exit code."""
    options = _parser().parse_args()
    with Ending(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as ending:
        return _rehearse(options, ending)


def _rehearse(options: argparse.Namespace, ending: Ending) -> int:
    try:
        scenario = read_scenario_file(options.scenario)
        with tempfile.TemporaryDirectory(prefix="hyperv-rehearsal-", ignore_cleanup_errors=True) as name:
            folder = pathlib.Path(name)
            with running_cluster(options.scenario.resolve(), folder, _LIFETIME) as cluster:
                print(instructions(scenario, folder, cluster.control, options.node), flush=True)
                asked = False
                while cluster.runs and not asked:
                    asked = ending.wait(_LOOKS_EVERY)
    except (ScenarioError, UnknownNode, DidNotStart) as error:
        print(f"There is no rehearsal. {error}", file=sys.stderr)
        return 1
    print("\nThe simulated cluster has ended; its folder is gone.", flush=True)
    return 0 if asked else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.rehearse", description=__doc__)
    parser.add_argument("scenario", type=pathlib.Path, help="YAML file that describes the cluster")
    parser.add_argument("--node", help="the node whose maintenance is rehearsed; the one with most VMs by default")
    return parser


if __name__ == "__main__":
    sys.exit(main())
