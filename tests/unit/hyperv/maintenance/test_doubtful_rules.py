# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of which no public document says how far a cluster enforces them: each form is gone about with true words."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.outcome import Outcome

from tests.support.maintenance import NODES, Story
from tests.support.scenarios import ClusterSpec, Scenario, affinity_rule, node, scenario, vm, with_windows

ENFORCED = ClusterSpec(enforced_anti_affinity=1)
PAIR = affinity_rule("pair", "same_node", ("app", "db"))
# Affinity rules are there since 2022.
BONDED = with_windows(
    scenario(NODES, [vm("app", memory_mb=4000), vm("db", memory_mb=8000)], affinity_rules=[PAIR]), 2022
)


def outcomes(outcome: Outcome) -> dict[str, str]:
    return {one["vm"]["name"]: one["outcome"] for one in outcome.moves}


def errors(outcome: Outcome) -> str:
    return " ".join(f"{one['error']['message']} {one['error']['remedy']}" for one in outcome.moves if one["error"])


def warnings(outcome: Outcome) -> list[str]:
    return [warning for one in outcome.moves for warning in one["warnings"]]


def apart(first: str, second: str, state: t.Literal["running", "off"] = "running") -> Scenario:
    """Return two nodes, of which the second has a VM in such a state, and each a VM of an anti-affinity class."""
    return scenario(
        NODES[:2],
        [vm("one", anti_affinity=(first,)), vm("two", owner="NODE2", anti_affinity=(second,), state=state)],
        cluster=ENFORCED,
    )


class TestClassesInUpperAndLowerCase:
    @pytest.mark.parametrize(("names", "is_made"), [("identical", True), ("any_case", False)])
    def test_they_are_a_reason_to_go_elsewhere_and_never_one_to_stay(self, names: str, is_made: bool) -> None:
        roomy = scenario(NODES, apart("Web", "web").vms, cluster=ENFORCED)
        assert Story(roomy, class_names=names).evacuate().error == ""

        story = Story(apart("Web", "web"), class_names=names)
        dry, real = story.evacuate(check=True), story.evacuate()
        assert [(one.error == "") for one in (dry, real)] == [is_made, is_made]
        assert story.vms["one"][0] == ("NODE2" if is_made else "NODE1")
        for outcome in (dry, real):
            said = warnings(outcome) if is_made else [errors(outcome)]
            assert any("NODE2 would break the anti-affinity class Web or web (another node)" in one for one in said)

    def test_where_there_is_another_node_it_is_taken(self) -> None:
        story = Story(scenario(NODES, apart("Web", "web").vms, cluster=ENFORCED), class_names="any_case")
        assert story.evacuate().error == ""
        assert story.vms["one"][0] == "NODE3"

    def test_what_is_spelled_alike_stays_a_hard_rule(self) -> None:
        outcome = Story(apart("web", "web")).evacuate()
        assert outcome.error.startswith("Nothing was changed on NODE1, because it cannot be emptied. ")


class TestVmsThatAreOff:
    @pytest.mark.parametrize(("holders", "is_made"), [("running", True), ("all", False)])
    def test_they_are_a_reason_to_go_elsewhere_and_never_one_to_stay(self, holders: str, is_made: bool) -> None:
        story = Story(apart("web", "web", "off"), class_holders=holders)
        dry, real = story.evacuate(check=True), story.evacuate()
        assert [(one.error == "") for one in (dry, real)] == [is_made, is_made]
        assert story.vms["one"][0] == ("NODE2" if is_made else "NODE1")
        if not is_made:
            assert "NODE2 would break the anti-affinity class web (another node)" in errors(real)

    @pytest.mark.parametrize("holders", ["running", "all"])
    def test_one_that_is_shut_down_first_counts_as_off(self, holders: str) -> None:
        story = Story(apart("web", "web"), class_holders=holders)
        outcome = story.evacuate(("one", "shutdown"))
        assert (outcome.error == "") == (holders == "running")
        assert story.vms["one"] == (("NODE2", "off") if holders == "running" else ("NODE1", "running"))

    def test_where_there_is_another_node_it_is_taken(self) -> None:
        story = Story(scenario(NODES, apart("web", "web", "off").vms, cluster=ENFORCED), class_holders="all")
        assert story.evacuate().error == ""
        assert story.vms["one"][0] == "NODE3"


class TestVmsThatARuleKeepsOnOneNode:
    @pytest.mark.parametrize("form", ["allow", "follow"])
    def test_both_arrive_on_one_node(self, form: str) -> None:
        story = Story(BONDED, same_node_rule=form)
        assert outcomes(story.evacuate(check=True)) == {"app": "would_move", "db": "would_move"}
        outcome = story.evacuate()
        assert outcome.error == ""
        assert set(outcomes(outcome).values()) <= {"moved", "already_there"}
        assert warnings(outcome) == []
        assert len({owner for owner, _state in story.vms.values()}) == 1
        assert story.vms["app"][0] != "NODE1"

        assert story.restore().error == ""
        assert {owner for owner, _state in story.vms.values()} == {"NODE1"}

    def test_the_cluster_may_move_the_second_one_itself(self) -> None:
        slow = [node(one.name, memory_mb=one.memory_mb, simultaneous_migrations=1, windows=2022) for one in NODES]
        story = Story(scenario(slow, BONDED.vms, affinity_rules=[PAIR]), same_node_rule="follow")
        outcome = story.evacuate()
        assert outcome.error == ""
        assert len({owner for owner, _state in story.vms.values()}) == 1
        assert story.ledger.content is not None
        assert {one["outcome"] for one in story.ledger.content["vms"]} == {"moved"}

    @pytest.mark.parametrize("form", ["refuse", "fail_job"])
    def test_a_refusal_names_the_rule_and_what_helps(self, form: str) -> None:
        story = Story(BONDED, same_node_rule=form)
        dry, real = story.evacuate(check=True), story.evacuate()
        assert real.error
        assert {owner for owner, _state in story.vms.values()} == {"NODE1"}
        assert story.node1 == "up"
        if form == "refuse":
            assert dry.error
            for outcome in (dry, real):
                assert "the affinity rule pair (the same node) keeps it with" in errors(outcome)
                assert "Disable the rule until all VMs that it keeps together are on the same node again." in errors(
                    outcome
                )
                assert "Choose another node" not in errors(outcome)


class TestWordsAtTheMove:
    SOFT = scenario(NODES[:2], [vm("one", anti_affinity=("lb",)), vm("two", owner="NODE2", anti_affinity=("lb",))])

    def test_an_evacuation_that_breaks_a_soft_rule_says_so_at_the_move(self) -> None:
        story = Story(self.SOFT)
        for outcome in (story.evacuate(check=True), story.evacuate()):
            assert warnings(outcome) == [
                "NODE2 would break the anti-affinity class lb (another node). The cluster does not refuse that."
            ]

    def test_so_does_a_restoration(self) -> None:
        three = scenario(NODES, [vm("one", anti_affinity=("lb",)), vm("two", owner="NODE2", anti_affinity=("lb",))])
        story = Story(three)
        assert warnings(story.evacuate()) == []
        world = story.simulated.server.world
        world.relocate(next(one for one in world.machines.values() if one.name == "two"), "NODE1")
        (dry,) = warnings(story.restore(check=True))
        (real,) = warnings(story.restore())
        assert dry == "NODE1 would break the anti-affinity class lb (another node)."
        assert real == f"{dry} The cluster does not refuse that."
