# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves in a cluster that does not stand still: VMs that are not shown, hosts without a slot, nodes that go down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulator.scenario import NetworkSpec
from tests.simulator.world import checks, failures
from tests.simulator.world.obstacles import Obstacle
from tests.support.scenarios import ClusterSpec, Scenario, node, scenario, vm
from tests.support.simulated import Simulated

SLOW = NetworkSpec(megabytes_per_second=100)


def id_of(simulated: Simulated, name: str) -> str:
    return str(next(one["id"] for one in simulated.server.state()["vms"] if one["name"] == name))


def hide(simulated: Simulated, name: str, start: float, end: float = float("inf")) -> Callable[[bytes, bytes], bytes]:
    """Return what Hyper-V answers while it does not show a VM, from ``start`` to ``end``."""
    vm_id = id_of(simulated, name).encode()

    def alter(request: bytes, answer: bytes) -> bytes:
        hidden = b"Msvm_SummaryInformation" in request and start <= simulated.now() <= end
        return answer.replace(vm_id, vm_id[::-1]) if hidden else answer

    return alter


class TestAVmThatIsNotShown:
    QUEUED: Scenario = scenario(
        [node("NODE1", simultaneous_migrations=1), node("NODE2")],
        [vm("big", memory_mb=20000), vm("web", memory_mb=2000)],
        network=SLOW,
    )

    def test_it_is_waited_for_while_the_cluster_has_its_role(self) -> None:
        simulated = Simulated(self.QUEUED)
        runs = simulated.runs(("big", "NODE2"), ("web", "NODE2"))
        simulated.alter = hide(simulated, "web", simulated.now() + 190, simulated.now() + 215)
        simulated.scheduler().execute(runs)
        assert [run.outcome for run in runs] == ["moved", "moved"]

    def test_it_is_not_waited_for_without_end(self) -> None:
        simulated = Simulated(self.QUEUED)
        runs = simulated.runs(("big", "NODE2"), ("web", "NODE2"))
        simulated.alter = hide(simulated, "web", simulated.now() + 190)
        simulated.scheduler().execute(runs)
        error = runs[1].error
        assert error is not None
        assert error.code == "vm_not_shown"
        assert "Hyper-V does not show VM web, whose role the cluster has on NODE1" in error.message
        assert 250 <= simulated.now() < 400

    def test_one_that_was_deleted_is_gone(self) -> None:
        simulated = Simulated(self.QUEUED)
        runs = simulated.runs(("big", "NODE2"), ("web", "NODE2"))
        del simulated.server.world.machines[id_of(simulated, "web")]
        simulated.scheduler().execute(runs)
        assert [run.error.code if run.error is not None else "" for run in runs] == ["", "vm_gone"]


@pytest.mark.parametrize("retries", [0, 2])
def test_a_host_whose_check_finds_no_slot_is_asked_no_longer_than_the_timeout(
    retries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        checks,
        "find_obstacle",
        lambda world, machine, destination, order: Obstacle(None, failures.of_limit(machine.name, destination.name, 2)),
    )
    hosts = [node("HV1", member=False), node("HV2", member=False)]
    given = scenario(hosts, [vm("web01", owner="HV1", memory_mb=2000)], cluster=ClusterSpec(fqdn="none.corp.example"))
    simulated = Simulated(given, home="HV1")
    (run,) = simulated.runs(("web01", "HV2"), timeout=600)
    simulated.scheduler(retries=retries).execute([run])
    assert run.error is not None
    assert (run.outcome, run.error.code, run.attempts) == ("failed", "limit_reached", 0)
    assert 600 <= simulated.now() < 700
