# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether another run of Ansible goes through a rolling maintenance at this moment.

The state names the run that goes through it. A run whose process can be seen from here lives as long as that does. The
process of another controller, or of another container, cannot be seen; such a run gives signs of life instead: the time
at which its state was last touched. That time and the present one are both told by whoever keeps the file, so that the
clocks of two controllers need not agree.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import tempfile
import time
import typing as t
from collections.abc import Callable

from ._hyperv.failure.errors import HyperVError
from ._hyperv.records.rolling_runner import LAPSES, Runner, describe_other_run, describe_waiting, is_same_run
from ._hyperv.records.rolling_state import RollingState, describe_progress
from ._processes import begin_signs, is_running, place, start_of

_BETWEEN_LOOKS: t.Final = 2.0  # seconds


def this_run(since: str) -> Runner:
    """Return the run that this process is part of, which takes a rolling maintenance up now.

    A task is a process that Ansible's own has begun, which outlives it.
    """
    main = multiprocessing.parent_process()
    pid = (main.pid if main is not None else None) or os.getpid()
    return {
        "host": os.uname().nodename,
        "process": pid,
        "started": start_of(pid) or "",
        "place": place(),
        "since": since,
    }


def give_signs(path: str, runner: Runner) -> None:
    """Let signs of life be given for this run as long as Ansible runs, which may have tasks of hours."""
    if multiprocessing.parent_process() is not None:
        begin_signs(path, runner["process"], runner["started"])


@dataclasses.dataclass(frozen=True)
class OtherRun:
    """Another run that a state names and that may live.

    Attributes:
        runner: the run.
        state: the state that names it.
        sign: when it gave its last sign of life, by the clock of whoever keeps the file.
        is_seen: its process lives, and can be seen from here.
    """

    runner: Runner
    state: RollingState
    sign: float
    is_seen: bool

    def refusal(self) -> HyperVError:
        """Return the error by which the run that has found it stops."""
        progress = describe_progress(self.state)
        return HyperVError(describe_other_run(self.runner, self.state["cluster"], progress, is_seen=self.is_seen))


def find_other_run(path: str, state: RollingState | None, ours: Runner) -> OtherRun | None:
    """Return the run that a state names, None for none, for our own, and for one that is gone."""
    runner = state.get("runner") if state is not None else None
    if state is None or runner is None or is_same_run(runner, ours):
        return None
    if runner["place"] and runner["place"] == ours["place"]:
        lives = is_running(runner["process"], runner["started"])
        if lives is not None:
            return OtherRun(runner, state, 0.0, True) if lives else None
    sign, now = _times(path)
    return OtherRun(runner, state, sign, False) if now - sign < LAPSES else None


def wait_for_other_run(
    look: Callable[[], OtherRun | None], pause: Callable[[float], object], tell: Callable[[str], None]
) -> None:
    """Return when no other run lives. Raises HyperVError as soon as one is seen, or gives another sign of life.

    Args:
        look: returns the other run as it stands.
        pause: lets seconds pass.
        tell: shows a line.
    """
    first = other = look()
    while other is not None:
        if first is None or other.is_seen or other.sign != first.sign or not is_same_run(other.runner, first.runner):
            raise other.refusal()
        if other is first:
            tell(describe_waiting(other.runner))
        pause(_BETWEEN_LOOKS)
        other = look()


def _times(path: str) -> tuple[float, float]:
    """Return when a file was last touched, and the present time, both by the clock of whoever keeps it."""
    try:
        # NFS remembers times for a while, and looks anew when a file is opened: nfs(5), close-to-open consistency.
        with open(path, "rb") as file:
            sign = os.fstat(file.fileno()).st_mtime
    except OSError:
        return 0.0, time.time()
    try:
        with tempfile.TemporaryFile(dir=os.path.dirname(os.path.realpath(path))) as file:
            file.write(b".")
            file.flush()
            return sign, os.fstat(file.fileno()).st_mtime
    except OSError:
        return sign, time.time()
