# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user gets who looks at migration jobs and cancels them."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

SCENARIO = pathlib.Path(__file__).with_name("jobs.yml")
JOBS, JOB, MIGRATE = "hyperv_migration_job_info", "hyperv_migration_job", "hyperv_vm_migrate"


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    with running_cluster(SCENARIO, folder) as cluster:
        yield cluster


def start(ansible: Ansible, vm: str) -> None:
    answer = ansible.ad_hoc("NODE1", MIGRATE, f"name={vm} destination_host=NODE2 wait=false")
    assert answer.result["outcome"] == "started"


def states(cluster: RunningCluster) -> dict[str, str]:
    return {job["vm"]: job["state"] for job in cluster.state()["jobs"]}


def test_a_migration_is_seen_and_cancelled_and_nothing_is_left_to_cancel(
    cluster: RunningCluster, ansible: Ansible
) -> None:
    start(ansible, "web01")

    (seen,) = ansible.ad_hoc("NODE2", JOBS, "name=WEB01 running_only=true").result["jobs"]
    answer = ansible.ad_hoc("NODE1", JOB, "name=web01 state=cancelled", "--diff")
    again = ansible.ad_hoc("NODE1", JOB, "name=web01 state=cancelled")
    (ended,) = ansible.ad_hoc("NODE1", JOBS, f"job_id={seen['id']}").result["jobs"]

    assert (seen["vm"]["name"], seen["source_host"], seen["destination_host"]) == ("web01", "NODE1", "NODE2")
    assert (seen["state"], seen["type"], seen["account"]) == ("running", "moving_vm", "CORP\\operator")
    assert (answer.code, answer.result["changed"]) == (0, True)
    assert [(job["outcome"], job["vm"]["node"]) for job in answer.result["jobs"]] == [("cancelled", "NODE1")]
    assert f"-web01: job {seen['id']} to NODE2 running" in answer.text
    assert (again.code, again.result["changed"], again.result["jobs"]) == (0, False, [])
    assert "Nothing to cancel" in again.result["msg"]
    assert (ended["state"], ended["running"], ended["error"]["code"]) == ("terminated", False, "job_cancelled")
    assert cluster.owners()["web01"] == "NODE1"


def test_a_dry_run_names_what_would_be_cancelled_and_lets_it_run(cluster: RunningCluster, ansible: Ansible) -> None:
    start(ansible, "web01")

    answer = ansible.ad_hoc("NODE1", JOB, "name=web01 state=cancelled", "--check")

    assert (answer.code, answer.result["changed"]) == (0, True)
    assert [job["outcome"] for job in answer.result["jobs"]] == ["would_cancel"]
    assert states(cluster)["web01"] in ("starting", "running")


def test_a_migration_that_cannot_be_cancelled_fails_the_task_and_is_still_shown(
    cluster: RunningCluster, ansible: Ansible
) -> None:
    start(ansible, "web02")

    answer = ansible.ad_hoc("NODE1", JOB, "name=web02 state=cancelled timeout=2")

    assert answer.code != 0
    assert "32775" in answer.message
    assert [(job["outcome"], job["running"]) for job in answer.result["jobs"]] == [("refused", True)]
    assert states(cluster)["web02"] == "running"


def test_a_migration_that_is_faster_is_a_warning(cluster: RunningCluster, ansible: Ansible) -> None:
    start(ansible, "web03")

    # The runner lets no command warn: what it refuses here is the whole answer.
    with pytest.raises(AssertionError) as refused:
        ansible.ad_hoc("NODE1", JOB, "name=web03 state=cancelled")

    assert "completed before it could be cancelled. The VM is on NODE2." in " ".join(str(refused.value).split())
    assert "NODE1 | SUCCESS" in str(refused.value)
    assert cluster.owners()["web03"] == "NODE2"


def test_a_vm_without_jobs_is_no_error(cluster: RunningCluster, ansible: Ansible) -> None:
    listed = ansible.ad_hoc("NODE1", JOBS, "name=db01")
    cancelled = ansible.ad_hoc("NODE1", JOB, "name=db01 state=cancelled")

    assert (listed.code, listed.result["jobs"]) == (0, [])
    assert (cancelled.code, cancelled.result["changed"]) == (0, False)
    assert "db01 is not being migrated" in cancelled.result["msg"]


@pytest.mark.parametrize(("module", "more"), [(JOBS, ""), (JOB, " state=cancelled")])
def test_a_vm_that_does_not_exist_is_an_error(
    cluster: RunningCluster, ansible: Ansible, module: str, more: str
) -> None:
    answer = ansible.ad_hoc("NODE1", module, f"name=web09{more}")

    assert answer.code != 0
    assert "'web09'" in answer.message
    assert "Did you mean" in answer.message
