# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every refusal of a plan with every remedy that it names: who follows one is not refused again."""

from __future__ import annotations

import functools
import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.strategies import (
    STRATEGIES,
    Strategy,
    StrategyName,
)

from tests.support.scenarios import ClusterSpec, Scenario, attachment, node, scenario, vm
from tests.support.simulated import Simulated

NODES = (node("NODE1"), node("NODE2"))
ENFORCED = ClusterSpec(enforced_anti_affinity=1)
one = functools.partial(vm, "one")


def alone(given: t.Any) -> Scenario:
    return scenario(NODES, [given])


REFUSED: dict[str, Scenario] = {
    "clustered": alone(one()),
    "paused": alone(one(state="paused")),
    "too big": scenario([node("NODE1"), node("NODE2", memory_mb=16384)], [one(memory_mb=20000)]),
    "too big and paused": scenario(
        [node("NODE1"), node("NODE2", memory_mb=16384)], [one(memory_mb=20000, state="paused")]
    ),
    "confined": alone(one(possible_owners=("NODE1",))),
    "confined and paused": alone(one(possible_owners=("NODE1",), state="paused")),
    "possible owners down": scenario([*NODES, node("NODE3", state="down")], [one(possible_owners=("NODE1", "NODE3"))]),
    "possible owner paused": scenario(
        [*NODES, node("NODE3", state="paused")], [one(possible_owners=("NODE1", "NODE3"), state="paused")]
    ),
    "hard rule": scenario(
        NODES,
        [one(anti_affinity=("dc",)), vm("two", owner="NODE2", anti_affinity=("dc",))],
        cluster=ENFORCED,
    ),
    "pass-through disk": alone(one(attachments=(attachment("pass_through_disk"),))),
    "pass-through disk and paused": alone(one(attachments=(attachment("pass_through_disk"),), state="paused")),
    "device": alone(one(attachments=(attachment("pci_device"),))),
    "device and confined": alone(one(attachments=(attachment("pci_device"),), possible_owners=("NODE1",))),
    "part of a GPU": alone(one(attachments=(attachment("gpu_partition"),))),
    "part of a GPU and an image": alone(one(attachments=(attachment("gpu_partition"), attachment("iso")))),
    "image": alone(one(attachments=(attachment("iso"),))),
    "drive of the node": alone(one(attachments=(attachment("host_drive"),))),
    "replica": alone(one(replication="replica")),
    "replica and paused": alone(one(replication="replica", state="paused")),
    "locked": alone(one(group_condition="locked")),
    "failed role": alone(one(group_condition="failed")),
    "saved": scenario([node("NODE1"), node("NODE2", build=26100)], [one(state="saved")]),
    "not clustered": alone(one(clustered=False)),
    "not clustered and paused": alone(one(clustered=False, state="paused")),
}


def blocking(simulated: Simulated, *, restart: bool, **wish: t.Any) -> dict[str, t.Any] | None:
    """Return why the VM keeps the node from being emptied, None where it does not."""
    request = EvacuationRequest("NODE1", reserve_percent=0, restart=restart, **wish)
    result = plan_evacuation(simulated.cluster, request).as_result()
    return next((stay for stay in result["stays"] if stay["name"] == "one" and stay["blocking"]), None)


def named(remedy: str) -> list[StrategyName]:
    """Return the strategies that a remedy names."""
    words = " ".join(re.findall(r"strategy ([a-z, ]+)", remedy))
    return [one for one in STRATEGIES if re.search(rf"\b{one}\b", words)]


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_remedy_names_is_not_refused(what: str) -> None:
    simulated = Simulated(REFUSED[what], home="NODE2")
    for restart in (False, True):
        for strategy in (None, *STRATEGIES):
            given = (Strategy("one", strategy),) if strategy is not None else ()
            stay = blocking(simulated, restart=restart, strategies=given)
            if stay is None or stay["code"] == "strategy_fail":
                continue
            remedy = stay["remedy"]
            case = f"{what}, {strategy}, restart={restart}: {stay['message']} {remedy}"
            assert remedy, case
            assert strategy not in named(remedy), case
            for advised in named(remedy):
                assert not blocking(simulated, restart=restart, strategies=(Strategy("one", advised),)), (case, advised)
            if "local_vms=true" in remedy:
                assert not blocking(simulated, restart=restart, strategies=given, local_vms=True), case
            assert "lower the reserve" not in remedy, case


def advised_for(what: str, *, restart: bool = False) -> list[StrategyName]:
    stay = blocking(Simulated(REFUSED[what], home="NODE2"), restart=restart)
    return named(stay["remedy"]) if stay is not None else []


def test_what_helps_is_named() -> None:
    assert advised_for("too big") == ["shutdown", "save"]
    assert advised_for("too big and paused") == []
    assert advised_for("confined") == ["shutdown", "save", "stay"]
    assert advised_for("confined", restart=True) == ["shutdown", "save"]
    assert advised_for("possible owners down") == ["stay"]
    assert advised_for("device") == ["shutdown"]
    assert advised_for("replica") == ["migrate", "stay"]
    assert advised_for("replica", restart=True) == ["migrate"]
    assert advised_for("not clustered", restart=True) == ["shutdown", "save"]
    assert advised_for("image") == []
