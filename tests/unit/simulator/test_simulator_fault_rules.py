# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which requests of a scenario go wrong."""

from __future__ import annotations

import pytest

from tests.simulator.cim import CimFault
from tests.simulator.fault_rules import FaultPlan, FaultRule
from tests.simulator.scenario_file import read_scenario
from tests.simulator.scenario_reader import ScenarioError
from tests.simulator.wsman import RequestInfo

PULL = RequestInfo("Pull", "*", "root/MSCluster", b"<n:Pull/>")
MOVE = RequestInfo("Invoke MigrateVirtualSystemToSystem", "Msvm_VirtualSystemMigrationService", "", b"of 6E1F7C2A")


def effects(rule: FaultRule, *requests: RequestInfo) -> list[str | None]:
    plan = FaultPlan([rule], "NODE1")
    found = [plan.on_the_network(request) for request in requests]
    return [None if rule is None else rule.effect for rule in found]


def test_a_rule_holds_for_the_next_requests_after_those_it_skips() -> None:
    rule = FaultRule("http_503", skip=1, times=2)
    assert effects(rule, *[PULL] * 5) == [None, "http_503", "http_503", None, None]


def test_a_rule_without_a_number_of_times_holds_for_ever() -> None:
    assert effects(FaultRule("empty_400", times=None), *[PULL] * 3) == ["empty_400"] * 3


@pytest.mark.parametrize(
    ("rule", "meets_pull", "meets_move"),
    [
        (FaultRule("truncate", operation="Pull"), True, False),
        (FaultRule("truncate", operation="invoke"), False, True),
        (FaultRule("truncate", operation="Invoke MigrateVirtualSystemToSystem"), False, True),
        (FaultRule("truncate", operation="Invoke RequestStateChange"), False, False),
        (FaultRule("truncate", class_name="*"), True, False),
        (FaultRule("truncate", mentions="6e1f7c2a"), False, True),
        (FaultRule("truncate", node="NODE1"), True, True),
        (FaultRule("truncate", node="NODE2"), False, False),
    ],
)
def test_a_rule_is_about_what_it_names(rule: FaultRule, meets_pull: bool, meets_move: bool) -> None:
    assert effects(rule, PULL) == ["truncate" if meets_pull else None]
    assert effects(rule, MOVE) == ["truncate" if meets_move else None]


def test_soap_faults_are_raised_in_the_service_and_unknown_to_the_network() -> None:
    plan = FaultPlan([FaultRule("fault", code=0x803381A6)], "NODE1")
    assert plan.on_the_network(PULL) is None
    with pytest.raises(CimFault) as raised:
        plan.in_the_service(PULL)
    assert raised.value.code == 0x803381A6
    plan.in_the_service(PULL)


def test_a_reset_plan_counts_anew() -> None:
    plan = FaultPlan([FaultRule("http_401")], "NODE1")
    assert [plan.on_the_network(PULL) is None for unused in range(2)] == [False, True]
    plan.reset()
    assert plan.on_the_network(PULL) is not None


def test_rules_can_stand_in_a_scenario_file() -> None:
    text = "nodes: [{name: NODE1}]\nfaults: [{effect: delay, operation: Get, seconds: 3, times: null}]"
    assert read_scenario(text).faults == (FaultRule("delay", operation="Get", seconds=3.0, times=None),)


def test_an_unknown_effect_in_a_scenario_file_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"faults\[0\]\.effect"):
        read_scenario("nodes: [{name: NODE1}]\nfaults: [{effect: explode}]")
