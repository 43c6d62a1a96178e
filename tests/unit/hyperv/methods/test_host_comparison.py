# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hyper-V's verdict on a move by the cluster's group: the VM compared with its destination, by two logins."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import MigrationTask

from tests.support.requests import calls
from tests.support.scenarios import Scenario, node, scenario, vm
from tests.support.simulated import Simulated

OLDER = node("NODE2", processor=1)
NODES = (node("NODE1", processor=2), OLDER, node("NODE3", processor=2))
GET, CHECK = "GetSystemCompatibilityInfo", "CheckSystemCompatibilityInfo"


def cluster(**of_vm: t.Any) -> Scenario:
    return scenario(NODES, [vm("web01", memory_mb=2000, **of_vm)])


def rehearsed(given: Scenario, destination: str = "NODE2", **switches: t.Any) -> tuple[MigrationTask, Simulated]:
    simulated = Simulated(given, **switches)
    (run,) = simulated.rehearse(("web01", destination), method="cluster_group")
    return run, simulated


def test_a_dry_run_to_an_older_processor_says_no_and_why_before_anything_runs() -> None:
    run, simulated = rehearsed(cluster())

    assert run.outcome == "failed"
    assert run.error.code == "incompatible"
    assert run.error.cause == "Hyper-V says that NODE2 cannot host VM web01, which runs on NODE1"
    assert "processor compatibility" in run.error.remedy
    assert "uses processor features that host 'NODE2' does not support" in run.error.quoted
    assert (simulated.called(GET), simulated.called(CHECK)) == (["NODE1"], ["NODE2"])
    assert not simulated.migrations("web01")


@pytest.mark.parametrize("precheck", [True, False])
def test_a_move_is_made_after_a_yes_alone_unless_nobody_is_to_be_asked(precheck: bool) -> None:
    simulated = Simulated(cluster())
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group", precheck=precheck)

    assert run.outcome == "failed"
    assert (simulated.migrations("web01"), run.attempts) == ((0, 0) if precheck else (1, 1))
    assert simulated.owner("web01") == "NODE1"


@pytest.mark.parametrize(
    ("of_vm", "destination"), [({}, "NODE3"), ({"limits_processor_features": True}, "NODE2")], ids=str
)
def test_where_it_fits_the_answer_is_yes(of_vm: dict[str, t.Any], destination: str) -> None:
    run, unused = rehearsed(cluster(**of_vm), destination)

    assert (run.outcome, run.attempt.checked, run.warnings) == ("would_move", True, [])


def test_a_vm_at_rest_is_not_compared() -> None:
    run, simulated = rehearsed(cluster(state="off"))

    assert (run.outcome, simulated.called(GET)) == ("would_move", [])


@pytest.mark.parametrize("how", ["failed", "not_supported", "missing"])
def test_without_a_verdict_the_dry_run_says_that_it_has_none(how: str) -> None:
    run, unused = rehearsed(cluster(), compatibility=how)

    assert (run.outcome, run.attempt.checked) == ("would_move", False)
    assert run.warnings[0] == "This cluster offers no check beforehand, so Hyper-V's own verdict is not known."
    assert [finding.code for finding in run.findings] == ["other_processor"]


@pytest.mark.parametrize("host", ["NODE1", "NODE2"])
@pytest.mark.parametrize("how", ["down", "before", "after"])
def test_a_host_that_does_not_answer_gives_no_verdict_and_stops_nothing(host: str, how: str) -> None:
    simulated = Simulated(cluster(limits_processor_features=True))
    simulated.lose = lambda there, request: (
        how if there == host and (calls(GET, request) or calls(CHECK, request)) else ""
    )
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group")

    assert (run.outcome, run.attempt.checked) == ("moved", False)


def test_a_yes_that_was_wrong_ends_in_a_failure_that_is_told() -> None:
    simulated = Simulated(cluster(), compatibility="always_yes")
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group")

    assert (run.outcome, run.attempts, simulated.owner("web01")) == ("failed", 1, "NODE1")


def test_bytes_are_sent_in_the_form_that_a_host_takes() -> None:
    run, simulated = rehearsed(cluster(), byte_arrays="base64")

    assert run.error.code == "incompatible"
    assert simulated.called(CHECK) == ["NODE2", "NODE2"]


def test_many_vms_cost_two_requests_each_and_two_in_all() -> None:
    simulated = Simulated(scenario(NODES, [vm(f"web0{number}", memory_mb=500) for number in range(1, 6)]))
    simulated.rehearse(*((f"web0{number}", "NODE3") for number in range(1, 6)), method="cluster_group")
    asked = [node for node, request in simulated.requests if b"FROM Msvm_VirtualSystemMigrationService<" in request]

    assert (len(simulated.called(GET)), len(simulated.called(CHECK)), sorted(asked)) == (5, 5, ["NODE1", "NODE3"])


def test_a_no_counts_without_reasons_that_can_be_read() -> None:
    simulated = Simulated(cluster())
    simulated.alter = lambda request, answer: answer.replace(b"INSTANCE", b"NONSENSE")
    (run,) = simulated.rehearse(("web01", "NODE2"), method="cluster_group")

    assert (run.outcome, run.error.code, run.error.quoted) == ("failed", "incompatible", "")
