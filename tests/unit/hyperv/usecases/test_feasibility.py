# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether one move is possible: what Hyper-V says, and what is wrong with the two nodes."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import read_nodes
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.feasibility import judge_move
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness import read_readiness

from tests.support.simulated import Simulated

MOVE = MoveRequest("NODE2", "web01")


def scenario(
    source: dict[str, t.Any] | None = None,
    destination: dict[str, t.Any] | None = None,
    vm: dict[str, t.Any] | None = None,
    **more: t.Any,
) -> str:
    nodes = [{"name": "NODE1", **(source or {})}, {"name": "NODE2", **(destination or {})}, {"name": "NODE3"}]
    return yaml.safe_dump({"nodes": nodes, "vms": [{"name": "web01", "owner": "NODE1", **(vm or {})}], **more})


def judge(text: str | Simulated, wish: MoveRequest = MOVE, **switches: t.Any) -> dict[str, t.Any]:
    simulated = text if isinstance(text, Simulated) else Simulated(text, **switches)
    verdict = judge_move(simulated.cluster, wish, read_readiness(simulated.cluster, read_nodes(simulated.cluster)))
    assert simulated.migrations("web01") == 0
    return verdict


def codes(verdict: dict[str, t.Any], *severities: str) -> list[str]:
    return [finding["code"] for finding in verdict["findings"] if not severities or finding["severity"] in severities]


def test_a_move_that_hyper_v_approves_is_possible() -> None:
    verdict = judge(scenario())

    assert (verdict["possible"], verdict["checked"], verdict["findings"]) == (True, True, [])
    assert (verdict["vm"]["name"], verdict["vm"]["state"]) == ("web01", "running")
    assert (verdict["source_host"], verdict["destination_host"]) == ("NODE1", "NODE2")
    assert verdict["already_there"] is False


def test_a_move_to_where_the_vm_is_needs_nothing() -> None:
    verdict = judge(scenario({"migration_enabled": False}), MoveRequest("node1.corp.example", "WEB01"))

    assert (verdict["possible"], verdict["already_there"], codes(verdict, "error")) == (True, True, [])


def test_the_vm_may_be_given_by_its_id() -> None:
    simulated = Simulated(scenario())

    assert judge(simulated, MoveRequest("NODE2", vm_id=simulated.server.state()["vms"][0]["id"]))["possible"] is True


@pytest.mark.parametrize("method", ["not_supported", "missing"])
def test_without_hyper_vs_check_it_is_not_known(method: str) -> None:
    verdict = judge(scenario(), check_method=method)

    assert (verdict["possible"], verdict["checked"]) == (None, False)
    assert codes(verdict) == ["check_not_offered"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (scenario(destination={"state": "paused"}), {"destination_paused", "node_paused"}),
        (scenario(destination={"state": "down"}), {"destination_not_up", "node_down"}),
        (
            scenario({"windows": 2016}, {"windows": 2016, "condition": "isolated"}),
            {"destination_not_up", "node_isolated"},
        ),
        (scenario(destination={"simultaneous_migrations": 0}), {"limit_zero"}),
        (scenario({"simultaneous_migrations": 0}), {"limit_zero"}),
        (scenario(destination={"smb": True, "build": 17763, "name": "node2"}), {"smb_name_case"}),
        (scenario(destination={"migration_service": "disabled"}), {"service_not_enabled"}),
        (scenario(vm={"possible_owners": ["NODE1", "NODE3"]}), {"not_possible_owner"}),
        (scenario(vm={"activity": "backing_up"}), {"vm_busy"}),
        (scenario(vm={"migration": {"refuse_check": "the virtual switch is missing"}}), {"not_migratable"}),
    ],
)
def test_a_move_that_would_fail_is_not_possible_and_every_reason_is_told(text: str, names: set[str]) -> None:
    verdict = judge(text)

    assert verdict["possible"] is False
    assert set(codes(verdict, "error")) >= names
    assert all(finding["message"] and finding["remedy"] and finding["subject"] for finding in verdict["findings"])


@pytest.mark.parametrize("node", ["source", "destination"])
def test_a_host_that_takes_no_part_stops_the_move(node: str) -> None:
    verdict = judge(scenario(**{node: {"migration_enabled": False}}))

    assert verdict["possible"] is False
    assert "migration_disabled" in codes(verdict, "error")


def test_a_source_that_listens_nowhere_can_still_send() -> None:
    verdict = judge(scenario({"listener_addresses": []}))

    assert verdict["possible"] is True
    assert [(finding["code"], finding["severity"]) for finding in verdict["findings"]] == [("no_listener", "warning")]


def test_a_paused_source_can_still_send() -> None:
    verdict = judge(scenario({"state": "paused"}))

    assert verdict["possible"] is True


def test_what_is_wrong_with_a_third_node_does_not_matter() -> None:
    text = yaml.safe_load(scenario())
    text["nodes"][2].update(migration_enabled=False, authentication="credssp", build=17763)

    verdict = judge(yaml.safe_dump(text))

    assert (verdict["possible"], verdict["findings"]) == (True, [])


def test_what_may_go_wrong_between_the_two_nodes_is_a_warning() -> None:
    verdict = judge(scenario(destination={"authentication": "credssp"}))

    assert verdict["possible"] is True
    assert set(codes(verdict, "warning")) == set(codes(verdict)) == {"credssp", "mixed_authentication"}


def test_a_destination_that_the_controller_cannot_reach_leaves_the_verdict_to_hyper_v() -> None:
    simulated = Simulated(scenario())
    simulated.lose = lambda node, request: "down" if node == "NODE2" else ""

    verdict = judge(simulated)

    assert (verdict["possible"], verdict["checked"]) == (True, True)
    assert codes(verdict, "warning") == codes(verdict) == ["unreachable"]


def test_a_check_without_an_answer_leaves_the_verdict_open() -> None:
    simulated = Simulated(scenario())
    check = b"/CheckVirtualSystemIsMigratableToSystem</a:Action>"
    simulated.lose = lambda node, request: "after" if check in request else ""

    verdict = judge(simulated)

    assert (verdict["possible"], codes(verdict)) == (None, ["not_asked"])


def test_a_vm_that_is_off_is_judged_by_the_way_it_would_be_moved() -> None:
    verdict = judge(scenario(vm={"state": "off"}), off_vm="refuse")

    assert (verdict["possible"], verdict["method"]) == (True, "cluster_group")


def test_a_vm_on_its_way_there_is_possible() -> None:
    simulated = Simulated(scenario())
    simulated.scheduler().start(simulated.runs(("web01", "NODE2"))[0])

    nodes = read_nodes(simulated.cluster)
    verdict = judge_move(simulated.cluster, MOVE, read_readiness(simulated.cluster, nodes))
    elsewhere = judge_move(
        simulated.cluster,
        MoveRequest("NODE3", "web01"),
        read_readiness(simulated.cluster, read_nodes(simulated.cluster)),
    )

    assert verdict["possible"] is True
    assert elsewhere["possible"] is False
    assert [(one["code"], one["transient"]) for one in elsewhere["findings"]] == [("already_migrating", True)]


def test_without_a_cluster_namespace_no_move_is_possible() -> None:
    verdict = judge(scenario(), provider_on="none")

    assert (verdict["possible"], verdict["checked"]) == (False, False)
    assert codes(verdict) == ["no_cluster_service"]


@pytest.mark.parametrize("wish", [MoveRequest("NODE2", "web99"), MoveRequest("NODE9", "web01")])
def test_a_vm_or_node_that_does_not_exist_is_an_error(wish: MoveRequest) -> None:
    with pytest.raises(HyperVError, match=r"web99|NODE9"):
        judge(scenario(), wish)
