# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The node that a maintenance talks through goes away in the middle of its moves."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.outcome import Outcome

from tests.simulator.scenario import EventSpec
from tests.support.maintenance import NODES, Story
from tests.support.requests import invokes_migration
from tests.support.scenarios import ClusterSpec, scenario, vm
from tests.support.simulated import Simulated

HOME = "NODE2"
VMS = [vm("web", count=3, owner="NODE1", memory_mb=8000)]
CLUSTER = scenario(NODES, VMS)
ON_HOME = dataclasses.replace(CLUSTER, cluster=ClusterSpec(core_group_owner=HOME))


class Goes:
    """Has a node go away once so many migrations were called for."""

    def __init__(self, simulated: Simulated, form: str, node: str = HOME, after: int = 2) -> None:
        self._simulated = simulated
        self._form = form
        self._node = node
        self._after = after
        self._calls = 0
        self.at = float("inf")
        simulated.lose = self._lose

    def _lose(self, node: str, request: bytes) -> str:
        begins = self._calls >= self._after and self.at == float("inf")
        self._calls += invokes_migration(request)
        if begins:
            self.at = self._simulated.now()
            if self._form == "crashes":
                self._simulated.server.world.events.carry_out(EventSpec(down=self._node))
        if self.at == float("inf") or node != self._node:
            return ""
        if self._form == "crashes":
            return "hangs" if begins else "silent"
        return self._form

    @property
    def seconds(self) -> float:
        return self._simulated.now() - self.at


def handed_over(story: Story) -> list[str]:
    return [line for line in story.lines if line.startswith(f"{HOME} does not answer: ")]


def calls_by_vm(story: Story) -> set[int]:
    return {story.simulated.migrations(name) for name in story.vms}


def lost(story: Story) -> set[str]:
    """The VMs that a crash has cost their memory."""
    return {one["name"] for one in story.simulated.server.state()["vms"] if one["times_lost"]}


def restarted(outcome: Outcome) -> set[str]:
    """The VMs that are said to have been restarted, by an error or a warning."""
    return {
        one["vm"]["name"] for one in outcome.moves if "the cluster restarted" in f"{one['error']} {one['warnings']}"
    }


@pytest.mark.parametrize("form", ["down", "silent", "hangs"])
def test_an_evacuation_goes_on_through_another_node(form: str) -> None:
    story = Story(CLUSTER, HOME)
    gone = Goes(story.simulated, form)
    outcome = story.evacuate()
    assert outcome.error == ""
    assert {owner for owner, unused in story.vms.values()} == {"NODE2", "NODE3"}
    assert {one["outcome"] for one in outcome.moves} == {"moved"}
    assert calls_by_vm(story) == {1}
    (line,) = handed_over(story)
    assert line.endswith("The cluster is asked through NODE3 from now on.")
    assert gone.seconds < 200


def test_vms_that_were_on_their_way_to_it_when_it_crashed_go_elsewhere() -> None:
    story = Story(CLUSTER, HOME)
    gone = Goes(story.simulated, "crashes")
    outcome = story.evacuate()
    assert outcome.error == ""
    assert {owner for owner, unused in story.vms.values()} == {"NODE3"}
    assert gone.seconds < 240


@pytest.mark.parametrize("form", ["down", "silent", "hangs", "crashes"])
def test_a_restoration_goes_on_through_another_node(form: str) -> None:
    story = Story(CLUSTER, HOME)
    assert story.evacuate().error == ""
    gone = Goes(story.simulated, form)
    outcome = story.restore()
    assert gone.seconds < 240
    assert len(handed_over(story)) == 1
    assert story.node1 == "up"
    assert calls_by_vm(story) <= {1, 2}, "one of the evacuation and one of the restoration"
    if form == "crashes":
        assert restarted(outcome) == lost(story) != set()
    else:
        assert outcome.error == ""
        assert {owner for owner, unused in story.vms.values()} == {"NODE1"}


@pytest.mark.parametrize("form", ["down", "hangs"])
def test_where_only_it_shows_the_vms_the_moves_under_way_are_judged_without_it(form: str) -> None:
    """The provider of the cluster namespace stays on a node that is up and does not answer."""
    story = Story(ON_HOME, HOME, provider_on="core_group")
    gone = Goes(story.simulated, form)
    outcome = story.evacuate()
    by_destination = {
        one["destination_host"]: one["outcome"]
        for one in outcome.moves
        if story.simulated.migrations(one["vm"]["name"])
    }
    assert by_destination["NODE3"] == "moved"
    assert {"moved", "failed"} >= {one["outcome"] for one in outcome.moves}
    assert all(
        story.simulated.owner(one["vm"]["name"]) == one["destination_host"]
        for one in outcome.moves
        if one["outcome"] == "moved"
    )
    assert story.node1 == "up"
    assert "The node was given back" in outcome.error
    assert any("300 s at most" in line for line in story.lines)
    assert gone.seconds < 300 + 3 * 70, "an answer that is waited for when the time is up still counts"


def test_many_moves_wait_for_an_answer_no_longer_than_one() -> None:
    given = scenario(NODES, [vm("web", count=9, owner="NODE1", memory_mb=2000)])
    story = Story(given, HOME)
    gone = Goes(story.simulated, "down", after=0)
    everywhere = story.simulated.lose

    def lose(node: str, request: bytes) -> str:
        if story.entered == 0:
            return ""
        return everywhere(HOME, request)

    story.simulated.lose = lose
    outcome = story.evacuate(retries=1, attempts=3)
    assert outcome.error
    assert gone.seconds < 400


def test_a_vm_whose_destination_crashed_after_it_arrived_is_not_said_to_be_moved_by_somebody() -> None:
    story = Story(CLUSTER, "NODE3")
    simulated = story.simulated

    def arrived(node: str, request: bytes) -> str:
        on_home = [one for one in simulated.server.state()["vms"] if one["owner"] == HOME]
        if on_home and simulated.server.world.nodes[HOME].state == "up":
            simulated.server.world.events.carry_out(EventSpec(down=HOME))
        return ""

    simulated.lose = arrived
    outcome = story.evacuate()
    assert "somebody" not in outcome.error
    assert restarted(outcome) == lost(story) != set()
