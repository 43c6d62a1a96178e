# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The builders of scenarios: what they build is what a file would say, and a name that is not there is an error."""

from __future__ import annotations

import pytest

from tests.running_cluster import SCENARIOS
from tests.simulator.scenario_file import read_scenario, read_scenario_file
from tests.simulator.scenario_reader import ScenarioError
from tests.support.scenarios import (
    ClusterSpec,
    NetworkSpec,
    Scenario,
    affinity_rule,
    as_text,
    attachment,
    event,
    fault,
    migration,
    node,
    one_vm,
    scenario,
    vm,
    with_nodes,
    with_vms,
)
from tests.support.simulated import Simulated

RICH = scenario(
    [node("NODE", count=3, listener_addresses=()), node("HOST1", member=False, build=26100)],
    [
        vm("web", count=2, owner=("NODE1", "NODE2"), attachments=(attachment("iso"),)),
        vm("db01", migration=migration(fails_at=40, hresult=None), possible_owners=("NODE1", "NODE3")),
    ],
    [event(at=5, move="db01", to="NODE3")],
    cluster=ClusterSpec(core_group_owner="NODE2"),
    network=NetworkSpec(setup_seconds=0),
    affinity_rules=[affinity_rule("pair", "same_node", ("web01", "web02"))],
    faults=[fault("delay", node="NODE2", seconds=0.1)],
    language="ja-JP",
)


@pytest.mark.parametrize("given", [RICH, one_vm()], ids=["rich", "plain"])
def test_what_is_written_says_no_less_and_no_more(given: Scenario) -> None:
    read = read_scenario(as_text(given))
    assert read == read_scenario(as_text(read))
    assert [vm.name for vm in read.vms][-1] == given.vms[-1].name
    for name in ("cluster", "network", "affinity_rules", "faults", "events", "language"):
        assert getattr(read, name) == getattr(given, name)


def test_every_key_of_the_files_that_come_with_the_simulator_is_kept() -> None:
    for path in sorted(SCENARIOS.glob("*.yml")):
        whole = read_scenario_file(path)
        assert read_scenario(as_text(whole)) == whole


def test_what_types_do_not_say_is_checked_when_it_is_read() -> None:
    with pytest.raises(ScenarioError, match="no such node"):
        Simulated(scenario(vms=[vm("web01", owner="NODE9")]))
    with pytest.raises(TypeError, match="stat"):
        node("NODE1", stat="paused")  # type: ignore[call-arg]
    with pytest.raises(ScenarioError, match="upp"):
        Simulated(scenario([node("NODE1", state="upp")]))  # type: ignore[arg-type]


def test_a_node_or_vm_that_is_to_be_replaced_must_be_there() -> None:
    assert with_nodes(one_vm(), node("NODE2", state="paused")).nodes[1].state == "paused"
    with pytest.raises(LookupError, match="NODE4"):
        with_nodes(one_vm(), node("NODE4", state="paused"))
    with pytest.raises(LookupError, match="web02"):
        with_vms(one_vm(), vm("web02"))
