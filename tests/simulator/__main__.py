# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``python -m tests.simulator SCENARIO.yml --inventory FILE --ready FILE``: a simulated cluster as a process."""

from __future__ import annotations

import argparse
import contextlib
import functools
import pathlib
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from .clock import Clock
from .cluster import SimulatedCluster, load
from .control import ControlServer
from .ending import Ending
from .handover import inventory, ready, running, withdraw_ready, write_inventory, write_ready
from .playing import PlayedCluster
from .recordings import read_recording
from .scenario import Scenario
from .scenario_reader import ScenarioError
from .serving import ServedCluster

LIFETIME = 3600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a simulated cluster until SIGTERM, SIGINT or the end of its lifetime; return the exit code."""
    options = _parser().parse_args(arguments)
    with Ending(signal.SIGTERM, signal.SIGINT) as ending:
        return _run_until(ending, options)


def _run_until(ending: Ending, options: argparse.Namespace) -> int:
    other = running(options.ready)
    if other is not None:
        print(
            f"The simulated cluster cannot run: {options.ready} is that of process {other}, which still runs. End that "
            "one first, or give other files with --inventory and --ready.",
            file=sys.stderr,
        )
        return 1
    try:
        # Whoever waits for the ready file must not find the one of an earlier run.
        options.ready.unlink(missing_ok=True)
        make: Callable[[Scenario, Clock], SimulatedCluster] = SimulatedCluster
        if options.recording:
            make = functools.partial(PlayedCluster, recording=read_recording(options.recording))
        _run(options, load(options.scenario, allow_unencrypted=options.allow_unencrypted, make=make), ending)
    except (ScenarioError, OSError) as error:
        print(f"The simulated cluster cannot run: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, cluster: SimulatedCluster, ending: Ending) -> None:
    with contextlib.ExitStack() as ends:
        served = ServedCluster(cluster)
        ends.callback(served.close)
        control: str | None = None
        if options.control:
            server = ControlServer(cluster)
            ends.callback(server.close)
            control = server.url
        user = cluster.scenario.user
        scheme = "https" if cluster.scenario.listener.tls else "http"
        write_inventory(options.inventory, inventory(served.ports, user.name, user.password or "", scheme))
        write_ready(options.ready, ready(served.ports, user.name, user.password or "", control))
        ends.callback(withdraw_ready, options.ready)
        scenario = cluster.scenario
        print(f"{scenario.cluster.name}: {len(scenario.nodes)} nodes, {len(scenario.vms)} VMs", flush=True)
        ending.wait(options.lifetime)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description="Run a simulated Hyper-V failover cluster that answers WS-Management on 127.0.0.1.",
    )
    parser.add_argument("scenario", type=pathlib.Path, help="YAML file that describes the cluster")
    parser.add_argument("--inventory", type=pathlib.Path, required=True, help="Ansible inventory to write")
    parser.add_argument("--ready", type=pathlib.Path, required=True, help="JSON file to write when all nodes answer")
    parser.add_argument("--control", action="store_true", help="offer GET /state, GET /counters and POST /reset")
    parser.add_argument(
        "--allow-unencrypted",
        action="store_true",
        help="take readable messages over HTTP from every login, for clients that cannot encrypt (AllowUnencrypted)",
    )
    parser.add_argument("--recording", type=pathlib.Path, help="answer what was recorded as it was answered then")
    parser.add_argument("--lifetime", type=_seconds, default=LIFETIME, help="seconds to run at most (%(default)g)")
    return parser


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        seconds = float(text)
        if 0 < seconds <= threading.TIMEOUT_MAX:
            return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")


if __name__ == "__main__":
    sys.exit(main())
