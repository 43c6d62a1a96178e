# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One case of the matrix: a run, and one or two requests of it that go wrong."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import random
import tempfile
from collections.abc import Iterable, Iterator

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster

from .branches import Branches
from .controller import Controller, Outcome
from .kinds import KINDS, Broken, Fault, Well
from .network import Disturbance, Hangs, Killed, Network
from .oracle import Oracle
from .runs import RUNS, PlannedRun

LEDGER = pathlib.Path("ledger.json")  # a relative path, so that each process has its own
_SOON = 8  # requests: about as many as look for a job or log in anew


@dataclasses.dataclass(frozen=True)
class Case:
    """What goes wrong in which run, in order; no fault where all goes well."""

    run: str
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return f"{self.run}/{'+'.join(map(str, self.faults))}"

    @classmethod
    def read(cls, text: str) -> Case:
        """Return the case that was printed so. Raises ValueError."""
        run, __, faults = text.partition("/")
        if run not in RUNS:
            raise ValueError(f"{text}: runs are {', '.join(RUNS)}")
        return cls(run, tuple(map(Fault.read, faults.split("+"))))


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a case came to.

    Attributes:
        requests: the operations of the run, and of those that followed where it was killed.
        outcome: of the last run.
    """

    case: Case
    violations: tuple[str, ...]
    requests: tuple[str, ...]
    outcome: Outcome | None

    @property
    def struck(self) -> int:
        """How many of the case's faults a request was there for."""
        return sum(fault.index < len(self.requests) for fault in self.case.faults)


@functools.cache
def controller() -> Controller:
    """Return this process's Ansible."""
    return Controller()


def undisturbed(run: str) -> Finding:
    """Carry out a run with nothing going wrong. That it does not end well is a violation like any other."""
    whole = _alone(Case(run), Well())
    if whole.requests and whole.outcome is not None and whole.outcome.succeeded:
        return whole
    failed = f"failed with nothing broken, after {len(whole.requests)} requests: {whole.outcome}"
    return dataclasses.replace(whole, violations=(*whole.violations, failed))


def carry_out(case: Case) -> Finding:
    """Carry out one case from the start of its run."""
    return _alone(case, Broken(case.faults))


def carry_out_all(run: str, cases: Iterable[Case], processes: int) -> list[Finding]:
    """Carry out cases of one run, at most ``processes`` at a time; each sets out from the request that it breaks."""
    branches = Branches(cases, processes)
    with _own_folder():
        try:
            found = _carry_out(Case(run), branches)
            branches.end(dataclasses.replace(found, case=branches.case or found.case))
        except BaseException:
            branches.fail()
            raise
    return [found or Finding(case, ("its process ended before it did",), (), None) for case, found in branches.ended]


def _alone(case: Case, disturbance: Disturbance) -> Finding:
    with _own_folder():
        return _carry_out(case, disturbance)


@contextlib.contextmanager
def _own_folder() -> Iterator[None]:
    """Make an empty folder the working directory for a while."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _carry_out(case: Case, disturbance: Disturbance) -> Finding:
    run, clock = RUNS[case.run], ManualClock()
    network = Network(SimulatedCluster(run.scenario, clock), clock, disturbance)

    def crashes_last() -> bool:
        return any(
            one.kind in ("node_crash", "home_crash") and one.index == len(network.sent) - 1 for one in case.faults
        )

    oracle = Oracle(network.cluster, crashes_last, lambda node: node in network.mute)
    outcome: Outcome | None = None
    if run.ledger is not None:
        LEDGER.write_text(json.dumps(run.ledger), encoding="utf-8")
    try:
        outcome = _attempt(run, network, oracle)
    except Hangs as hangs:
        oracle.violations.append(f"the run hangs: {hangs}")
    oracle.see_calls()
    oracle.see_role_moves()
    if outcome is not None:
        oracle.see_node(run.node_state, outcome.succeeded, outcome.message, was_answered=network.was_answered)
        oracle.see_storage(outcome.succeeded, outcome.told)
    return Finding(case, tuple(oracle.violations), tuple(network.sent), outcome)


def _attempt(run: PlannedRun, network: Network, oracle: Oracle) -> Outcome:
    nodes = list(network.cluster.world.nodes)
    again = functools.partial(controller().run, run.play(LEDGER), nodes, network, oracle.see)
    while True:
        try:
            return again()
        except Killed:
            network.begin_anew()
            oracle.begin_anew()


def _kinds(run: str) -> tuple[str, ...]:
    """Return the kinds of faults of a run, as many for each.

    Storage that loses a second node is repaired for hours or not at all, so that its node hangs in place of a crash.
    """
    if RUNS[run].scenario.storage.kind != "spaces_direct":
        return tuple(KINDS)
    return tuple("home_hangs" if kind == "home_crash" else kind for kind in KINDS)


def all_cases(run: str, requests: int, stride: int) -> list[Case]:
    """Return every ``stride``-th case of a run.

    Those of its first request come first, a kind of fault each: a stride that shares no factor with the number of kinds
    takes each in turn.
    """
    return [Case(run, (Fault(kind, index),)) for index in range(requests) for kind in _kinds(run)][::stride]


def pairs(run: str, requests: int, count: int, seed: int) -> list[Case]:
    """Return at most ``count`` cases of a run in which two requests go wrong, other ones for each seed.

    Half of the second faults strike while the product still deals with the first, the others anywhere after it, where
    that was a kill in the run that follows. No request is there for some: a run that fails ends early.
    """
    drawn, kinds, cases = random.Random(f"{run} {seed}"), _kinds(run), set[Case]()
    for number in range(count):
        first = Fault(drawn.choice(kinds), drawn.randrange(requests))
        end = first.index + requests if first.kind == "killed" else requests
        further = _SOON if number % 2 else max(_SOON, end - first.index)
        cases.add(Case(run, (first, Fault(drawn.choice(kinds), first.index + drawn.randint(1, further)))))
    return sorted(cases, key=str)


__all__ = [
    "KINDS",
    "RUNS",
    "Case",
    "Fault",
    "Finding",
    "all_cases",
    "carry_out",
    "carry_out_all",
    "pairs",
    "undisturbed",
]
