# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many cases of one run for the price of their ends.

The run goes well in this process, and a process branches off at each request to break it, with all that led to it in
its memory.
"""

from __future__ import annotations

import gc
import os
import pathlib
import pickle
import shutil
import sys
import traceback
import typing as t
from collections.abc import Iterable

from tests.simulator.wsman import Reply

from .kinds import Broken, Fault
from .network import Network, Request

_FOUND = "found.pickle"


class Place(t.Protocol):
    """What a branch needs to know of its case."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong, in order."""


CaseType = t.TypeVar("CaseType", bound=Place)


class Branches(t.Generic[CaseType]):
    """Breaks requests of a run, each time in a process of its own, which goes on as if it had been alone.

    The working directory is the run's, below which each branch gets a copy of its files for its own.

    Attributes:
        case: what this process breaks, None in the process that they all come from.
        ended: each case whose process has ended, with what ``end`` was given, None where it did not come so far.
    """

    def __init__(self, cases: Iterable[CaseType], most: int) -> None:
        self._cases: dict[int, list[CaseType]] = {}
        for case in cases:
            self._cases.setdefault(case.faults[0].index, []).append(case)
        self._most = most
        self._running: dict[int, tuple[CaseType, pathlib.Path]] = {}
        self.case: CaseType | None = None
        self.ended: list[tuple[CaseType, t.Any]] = []

    def answer(self, network: Network, request: Request) -> Reply:
        """Break the request in the branches, and have it carried out in the process they come from."""
        for case in self._cases.get(request.index, ()):
            self._wait_for_fewer_than(self._most)
            if self._branch(case):
                network.disturbance = Broken(case.faults)
                return network.disturbance.answer(network, request)
        return network.deliver(request)

    def end(self, found: object) -> None:
        """Leave a branch for good with what it found; elsewhere, wait for all branches."""
        if self.case is None:
            self._wait_for_fewer_than(1)
        else:
            pathlib.Path(_FOUND).write_bytes(pickle.dumps(found))
            _leave(0)

    def fail(self) -> None:
        """Leave a branch for good because of the exception at hand; elsewhere, do nothing."""
        if self.case is not None:
            traceback.print_exc()
            _leave(1)

    def _branch(self, case: CaseType) -> bool:
        folder = pathlib.Path("+".join(f"{fault.kind}-{fault.index}" for fault in case.faults)).absolute()
        files = [file for file in folder.parent.iterdir() if file.is_file()]
        folder.mkdir()
        for file in files:
            shutil.copy2(file, folder)
        gc.freeze()  # or the collector would write to, and so copy, all the memory that the branches share
        child = os.fork()
        if child:
            self._running[child] = (case, folder)
            return False
        gc.disable()
        self.case = case
        os.chdir(folder)
        return True

    def _wait_for_fewer_than(self, most: int) -> None:
        while len(self._running) >= most:
            child, status = os.wait()
            case, folder = self._running.pop(child)
            self.ended.append((case, None if status else pickle.loads((folder / _FOUND).read_bytes())))
            shutil.rmtree(folder)


def _leave(code: int) -> t.NoReturn:
    """End this process here: what is above on the stack belongs to the process it came from."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
