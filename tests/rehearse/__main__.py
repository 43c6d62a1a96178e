# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster of a person's own scenario, and what to type at it: ``make rehearse SCENARIO=file.yml``.

Or one that answers as a recorded cluster did: ``make rehearse RECORDING=file.zip``.
"""

from __future__ import annotations

import argparse
import pathlib
import signal
import sys
import tempfile
import typing as t

import yaml

from tests.running_cluster import DidNotStart, running_cluster
from tests.simulator.ending import Ending
from tests.simulator.recordings import read_recording
from tests.simulator.scenario_file import read_scenario_file
from tests.simulator.scenario_reader import ScenarioError

from .instructions import UnknownNode, answered_by, instructions
from .recorded import scenario_of

_LIFETIME = 24 * 3600  # seconds; for whoever forgets it in a terminal
_LOOKS_EVERY = 0.5  # seconds


def main() -> int:
    """Run the cluster until Ctrl-C, and return the exit code."""
    options = _parser().parse_args()
    with Ending(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as ending:
        return _rehearse(options, ending)


def _rehearse(options: argparse.Namespace, ending: Ending) -> int:
    try:
        with tempfile.TemporaryDirectory(prefix="hyperv-rehearsal-", ignore_cleanup_errors=True) as name:
            folder = pathlib.Path(name)
            path = _scenario_path(options, folder)
            scenario = read_scenario_file(path)
            recording = options.recording.resolve() if options.recording else None
            with running_cluster(path.resolve(), folder, _LIFETIME, recording) as cluster:
                print(instructions(scenario, folder, cluster.control, options.node), flush=True)
                asked = False
                while cluster.runs and not asked:
                    asked = ending.wait(_LOOKS_EVERY)
                if recording and cluster.runs:
                    print(answered_by(cluster.counters()), flush=True)
    except (ScenarioError, UnknownNode, DidNotStart) as error:
        print(f"There is no rehearsal. {error}", file=sys.stderr)
        return 1
    print("\nThe simulated cluster has ended; its folder is gone.", flush=True)
    return 0 if asked else 1


def _scenario_path(options: argparse.Namespace, folder: pathlib.Path) -> pathlib.Path:
    """Return the file of the scenario, which a recording is written to first. Raises ScenarioError."""
    if options.recording is None:
        return t.cast(pathlib.Path, options.scenario)
    content, notes = scenario_of(read_recording(options.recording))
    for note in notes:
        print(note)
    path = folder / "scenario.yml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.rehearse", description=__doc__)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("scenario", type=pathlib.Path, nargs="?", help="YAML file that describes the cluster")
    given.add_argument("--recording", type=pathlib.Path, help="archive of hyperv_cluster_recording, instead of that")
    parser.add_argument("--node", help="the node whose maintenance is rehearsed; the one with most VMs by default")
    return parser


if __name__ == "__main__":
    sys.exit(main())
