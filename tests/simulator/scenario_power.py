# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scenario may say about starting and stopping VMs and nodes. Times are simulated seconds."""

from __future__ import annotations

import dataclasses
import typing as t

from .scenario_reader import Bounds

Seconds = t.Annotated[float, Bounds(0)]
GuestShutdown = t.Literal["shuts_down", "locked", "ignores", "not_ready", "absent"]


@dataclasses.dataclass(frozen=True)
class PowerSpec:
    """How one VM starts and stops.

    ``guest``: what comes of a request to shut its guest down: it does so; only if forced, for it is ``locked``; it
    takes the request and runs on (``ignores``); it is ``not_ready`` for requests; or it has no shutdown service at all.
    ``hresult``: what every change of its state ends with (null: none fails).
    """

    guest: GuestShutdown = "shuts_down"
    start_seconds: Seconds = 3.0
    stop_seconds: Seconds = 5.0
    save_seconds: Seconds = 4.0
    hresult: t.Annotated[int, Bounds(0, 0xFFFFFFFF)] | None = None


@dataclasses.dataclass(frozen=True)
class RestartSpec:
    """What a request to restart does to a node.

    It stops after ``shutdown_seconds``; after ``away_seconds`` more its Windows runs again, and after
    ``joining_seconds`` it is a member of the cluster again. Its Hyper-V listens for migrations ``listening_seconds``
    after Windows runs, and its cluster networks are up ``networks_seconds`` after it joined. Its clock is off by
    ``clock_offset_seconds`` for ``clock_seconds`` after Windows runs. Or it is off for good, or nothing happens at all.
    """

    outcome: t.Literal["restarts", "stays_down", "nothing"] = "restarts"
    shutdown_seconds: Seconds = 5.0
    away_seconds: Seconds = 60.0
    joining_seconds: Seconds = 10.0
    listening_seconds: Seconds = 0.0
    networks_seconds: Seconds = 0.0
    clock_offset_seconds: float = 0.0
    clock_seconds: Seconds = 0.0
