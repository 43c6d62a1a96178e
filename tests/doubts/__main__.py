# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make doubts RECORDING=file.zip``: what a recording says to the doubts of the guide."""

from __future__ import annotations

import argparse
import pathlib
import sys

from tests.simulator.recordings import read_recording
from tests.simulator.scenario_reader import ScenarioError

from .verdicts import judge, told


def main() -> int:
    """Print the verdicts, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubts", description=__doc__)
    parser.add_argument("recording", type=pathlib.Path, help="archive of hyperv_cluster_recording")
    try:
        verdicts = judge(read_recording(parser.parse_args().recording))
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(told(verdicts)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
