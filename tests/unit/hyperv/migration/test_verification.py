# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the owner's word makes of a move, whatever its job said."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.groups import VmGroup
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.jobs import Job
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import Node
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.patience import SETTLES_WITHIN
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.states import VmState
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import Vm
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import Move
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.verification import (
    FAILED_FOR,
    Evidence,
    Judgement,
    Verdict,
    judge,
)

VM = Vm("6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31", "web01", "NODE1", "running", (2,), 4096)
ROLE = VmGroup("Virtual Machine web01", "web01", "NODE1")
MOVE = Move(VM, ROLE, "NODE1", Node("NODE2", "up", "not_initiated", "", 20348))
COMPLETED = Job("J", "completed", 100, 0)
FAILED = Job("J", "exception", 60, 32768, ("Es ist ein Fehler aufgetreten (0x8007000E).",))


def on(node: str, state: VmState = "running", status: tuple[int, ...] = (2,)) -> Vm:
    return VM._replace(node=node, state=state, operational_status=status)


def role_on(node: str) -> VmGroup:
    return ROLE._replace(owner=node)


def judged(job: Job | None, vm: Vm | None, role: VmGroup | None, waited: float) -> Judgement:
    return judge(MOVE, Evidence(vm, role, job, waited))


def test_both_owners_on_the_destination_prove_the_move() -> None:
    assert judged(COMPLETED, on("NODE2"), role_on("NODE2"), 0).verdict is Verdict.ARRIVED


def test_the_owner_may_be_told_as_fqdn_in_any_letter_case() -> None:
    assert judged(COMPLETED, on("node2.corp.example"), role_on("Node2"), 0).verdict is Verdict.ARRIVED


@pytest.mark.parametrize(("hyperv", "cluster"), [("NODE1", "NODE2"), ("NODE2", "NODE1"), ("NODE1", "NODE1")])
def test_a_completed_job_is_no_proof_while_an_owner_lags(hyperv: str, cluster: str) -> None:
    assert judged(COMPLETED, on(hyperv), role_on(cluster), 10).verdict is Verdict.TOO_EARLY


@pytest.mark.parametrize(("hyperv", "cluster"), [("NODE1", "NODE2"), ("NODE2", "NODE1"), ("NODE1", "NODE1")])
def test_an_owner_that_never_follows_is_a_failure(hyperv: str, cluster: str) -> None:
    judgement = judged(COMPLETED, on(hyperv), role_on(cluster), SETTLES_WITHIN)
    assert judgement.verdict is Verdict.FAILED
    assert judgement.error.code == "not_arrived"


def test_a_failed_job_with_the_vm_on_its_source_fails_by_hresult() -> None:
    assert judged(FAILED, on("NODE1"), role_on("NODE1"), FAILED_FOR - 1).verdict is Verdict.TOO_EARLY
    judgement = judged(FAILED, on("NODE1"), role_on("NODE1"), FAILED_FOR)
    assert judgement.verdict is Verdict.FAILED
    assert (judgement.error.code, judgement.error.hresult) == ("job_failed", "0x8007000E")
    assert "memory" in judgement.error.cause


def test_a_failed_job_is_no_failure_when_the_vm_arrived() -> None:
    judgement = judged(FAILED, on("NODE2"), role_on("NODE2"), 0)
    assert judgement.verdict is Verdict.ARRIVED
    assert "exception" in judgement.warning


def test_a_vanished_job_leaves_the_word_to_the_owner() -> None:
    assert judged(None, on("NODE2"), role_on("NODE2"), 0).verdict is Verdict.ARRIVED
    assert judged(None, on("NODE1"), role_on("NODE1"), 5).verdict is Verdict.TOO_EARLY
    assert judged(None, on("NODE1"), role_on("NODE1"), SETTLES_WITHIN).error.code == "not_arrived"


def test_a_vm_that_still_migrates_is_waited_for_however_long() -> None:
    migrating = on("NODE1", status=(2, 32774))
    assert judged(None, migrating, role_on("NODE1"), SETTLES_WITHIN * 10).verdict is Verdict.TOO_EARLY


def test_a_vm_on_a_third_node_was_moved_by_somebody_else() -> None:
    judgement = judged(COMPLETED, on("NODE3"), role_on("NODE3"), 0)
    assert judgement.verdict is Verdict.FAILED
    assert judgement.error.code == "moved_elsewhere"
    assert "NODE3" in judgement.error.message


def test_a_vm_that_arrived_but_stopped_running_is_a_failure() -> None:
    assert judged(COMPLETED, on("NODE2", "off"), role_on("NODE2"), 5).verdict is Verdict.TOO_EARLY
    judgement = judged(COMPLETED, on("NODE2", "off"), role_on("NODE2"), SETTLES_WITHIN)
    assert judgement.verdict is Verdict.FAILED
    assert judgement.error.code == "state_changed"


def test_a_vm_that_is_gone_is_named_after_a_while() -> None:
    assert judged(COMPLETED, None, None, 5).verdict is Verdict.TOO_EARLY
    assert judged(COMPLETED, None, None, SETTLES_WITHIN).error.code == "vm_gone"


def test_hyperv_alone_decides_where_the_cluster_lists_no_role() -> None:
    assert judged(COMPLETED, on("NODE2"), None, 0).verdict is Verdict.ARRIVED


def test_warnings_of_the_job_are_kept() -> None:
    warned = Job("J", "completed_with_warnings", 100, 0)
    assert judged(warned, on("NODE2"), role_on("NODE2"), 0).warning
