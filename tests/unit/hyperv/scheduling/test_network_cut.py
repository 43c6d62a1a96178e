# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controller reaches no node for a while, or not the task's host any more; the nodes go on."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import MigrationTask

from tests.support.requests import invokes_migration
from tests.support.scenarios import NODES, scenario, vm
from tests.support.simulated import Simulated


class Cut:
    """Cuts the controller off from the call for a migration on."""

    def __init__(self, how: str, seconds: float) -> None:
        self._simulated = Simulated(scenario(NODES, [vm("web01", memory_mb=30000)]))
        self._how = how
        self._seconds = seconds
        self._began = float("inf")
        self.last_asked: dict[str, float] = {}
        self._simulated.lose = self._lose

    def _lose(self, node: str, request: bytes) -> str:
        now = self._simulated.now()
        if self._began == float("inf") and invokes_migration(request):
            self._began = now + 1
        self.last_asked[node] = now - self._began
        return self._how if self._began <= now < self._began + self._seconds else ""

    def move(self) -> MigrationTask:
        (task,) = self._simulated.move(("web01", "NODE2"))
        return task

    @property
    def passed(self) -> float:
        return self._simulated.now() - self._began


@pytest.mark.parametrize("how", ["hangs", "silent"])
@pytest.mark.parametrize("seconds", [100, 200, 250, 290])
def test_an_answer_within_the_time_that_one_is_waited_for_counts(how: str, seconds: float) -> None:
    """Hosts that are left alone for as long as they were waited for are asked before that is over."""
    cut = Cut(how, seconds)
    assert cut.move().outcome == "moved"
    assert cut.passed < 300 + 70, "one that hangs may have been asked just before"


@pytest.mark.parametrize("how", ["hangs", "silent"])
def test_the_last_word_is_of_a_host_that_was_asked(how: str) -> None:
    cut = Cut(how, 10_000)
    error = cut.move().error
    assert error is not None
    assert error.code == "outcome_unknown"
    assert cut.last_asked["NODE1"] >= 300
    assert cut.last_asked["NODE2"] >= 300
    assert cut.passed < 300 + 5 * 70


def test_the_source_speaks_for_a_host_that_is_the_only_destination() -> None:
    """The nodes of the cluster were not read beside it."""
    simulated = Simulated(scenario(NODES, [vm("web01", memory_mb=30000)]), home="NODE2")
    began = [float("inf")]

    def lose(node: str, request: bytes) -> str:
        if invokes_migration(request):
            began[0] = simulated.now() + 1
        return "silent" if node == "NODE2" and simulated.now() >= began[0] else ""

    simulated.lose = lose
    (task,) = simulated.move(("web01", "NODE2"))
    assert task.outcome == "moved"
    assert simulated.cluster.home.speaker.node == "NODE1"
    assert simulated.now() - began[0] < 120
