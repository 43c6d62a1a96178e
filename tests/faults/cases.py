# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One case of the matrix: a run, a way, and the request that goes wrong."""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
import tempfile

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster

from .controller import Controller, Outcome
from .network import Disturbance, Hangs, Killed, Network
from .runs import RUNS, PlannedRun
from .ways import WAYS, Broken, Well
from .witness import Witness


@dataclasses.dataclass(frozen=True)
class Case:
    """What goes wrong in which run; ``index`` counts its requests from 0."""

    run: str
    way: str
    index: int

    def __str__(self) -> str:
        return f"{self.run}/{self.way}/{self.index}"

    @classmethod
    def read(cls, text: str) -> Case:
        """Return the case that was printed so. Raises ValueError."""
        run, way, index = text.split("/")
        if run not in RUNS or way not in WAYS:
            raise ValueError(f"{text}: runs are {', '.join(RUNS)}; ways are {', '.join(WAYS)}")
        return cls(run, way, int(index))


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a case came to.

    Attributes:
        requests: the operations of the run, or of the second one where the first was killed.
        outcome: of the same.
    """

    case: Case
    violations: tuple[str, ...]
    requests: tuple[str, ...]
    outcome: Outcome | None


@functools.cache
def controller() -> Controller:
    """Return this process's Ansible."""
    return Controller()


def undisturbed(run: str) -> Finding:
    """Carry out a run with nothing going wrong."""
    return _carry_out(Case(run, "", 0), Well())


def carry_out(case: Case) -> Finding:
    """Carry out one case."""
    return _carry_out(case, Broken(case.way, case.index))


def _carry_out(case: Case, disturbance: Disturbance) -> Finding:
    run, clock = RUNS[case.run], ManualClock()
    network = Network(SimulatedCluster(run.scenario, clock), clock, disturbance)
    witness = Witness(network.cluster)
    outcome: Outcome | None = None
    with tempfile.TemporaryDirectory() as folder:
        ledger = pathlib.Path(folder) / "ledger.json"
        if run.ledger is not None:
            ledger.write_text(json.dumps(run.ledger), encoding="utf-8")
        try:
            outcome = _attempt(run, network, witness, ledger)
        except Hangs as hangs:
            witness.violations.append(f"the run hangs: {hangs}")
    witness.see_calls()
    if outcome is not None:
        witness.see_node(run.node_state, outcome.succeeded, outcome.message)
    return Finding(case, tuple(witness.violations), tuple(network.sent), outcome)


def _attempt(run: PlannedRun, network: Network, witness: Witness, ledger: pathlib.Path) -> Outcome:
    nodes = list(network.cluster.world.nodes)
    again = functools.partial(controller().run, run.play(ledger), nodes, network, witness.see)
    try:
        return again()
    except Killed:
        network.begin_anew(Well())
        return again()


def all_cases(run: str, requests: int, stride: int) -> list[Case]:
    """Return every ``stride``-th case of a run.

    All ways of its first request come first: a stride that shares no factor with their number takes each in turn.
    """
    return [Case(run, way, index) for index in range(requests) for way in WAYS][::stride]


__all__ = ["RUNS", "WAYS", "Case", "Finding", "all_cases", "carry_out", "undisturbed"]
