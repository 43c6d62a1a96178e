# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading jobs, finding the one of a VM, and listing all of them, against the simulated cluster."""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.jobs import (
    Job,
    find_job,
    job_ids,
    list_jobs,
    read_jobs,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.job_listing import (
    read_listing,
    wanted_vm,
    why_failed,
)

from tests.support.scenarios import ClusterSpec, event, fault, migration, scenario, vm
from tests.support.simulated import Simulated

# A migration that somebody else started, at second 1; its VM has 20 seconds to go then.
FOREIGN = scenario(
    vms=[vm("web01", memory_mb=20000), vm("web02", memory_mb=20000)], events=[event(at=1, move="web01", to="NODE2")]
)
EVERYWHERE = list(itertools.product(["Msvm_MigrationJob", "Msvm_ConcreteJob"], ["cluster", "v2"]))


def vm_of(simulated: Simulated, name: str) -> str:
    return next(vm["id"] for vm in simulated.server.state()["vms"] if vm["name"] == name)


def running(**switches: t.Any) -> Simulated:
    simulated = Simulated(
        FOREIGN,
        **switches,
    )
    simulated.pause(8)
    return simulated


def requests(simulated: Simulated) -> int:
    return sum(simulated.sent.values())


def test_a_job_tells_who_wanted_what_and_how_far_it_is() -> None:
    (job,) = list_jobs(running().cluster.hyperv, details=True)
    assert (job.state, job.job_type, job.destination) == ("running", "moving_vm", "NODE2")
    assert 0 < job.percent < 100
    assert job.elapsed == pytest.approx(7)
    assert job.submitted is not None
    assert job.submitted.utcoffset().total_seconds() == 0
    assert job.account == "CORP\\Administrator"
    assert job.cancellable is True


@pytest.mark.parametrize("job_class", ["Msvm_MigrationJob", "Msvm_ConcreteJob"])
@pytest.mark.parametrize(("first_page", "asked"), [("one_item", 2), ("full", 1)])
def test_any_number_of_jobs_is_polled_with_one_query(job_class: str, first_page: str, asked: int) -> None:
    simulated = Simulated(job_class=job_class, first_page=first_page)
    references = []
    for run in simulated.runs(("web01", "NODE2"), ("web02", "NODE3")):
        simulated.scheduler().start(run)
        references.append(run.reference)
    before = requests(simulated)
    jobs = read_jobs(simulated.cluster.hyperv, references)
    assert requests(simulated) == before + asked
    assert len(jobs) == 2
    assert all(job is not None and not job.is_final for job in jobs.values())


@pytest.mark.parametrize(("job_class", "job_namespace"), EVERYWHERE)
def test_the_job_of_a_vm_is_found_wherever_it_is(job_class: str, job_namespace: str) -> None:
    simulated = running(job_class=job_class, job_namespace=job_namespace, job_on="source")
    reference, job = find_job(simulated.cluster, vm_of(simulated, "web01"), source="NODE1")
    assert (job.state, job.vm_id) == ("running", vm_of(simulated, "web01"))
    assert reference.class_name == job_class
    assert ("virtualization" in reference.namespace) == (job_namespace == "v2")
    assert find_job(simulated.cluster, vm_of(simulated, "web02"), source="NODE1") is None


def test_a_job_that_names_its_vm_costs_one_request() -> None:
    simulated = running()
    before = requests(simulated)
    assert find_job(simulated.cluster, vm_of(simulated, "web01"), source="NODE3")
    assert requests(simulated) == before + 1
    assert "NODE3" not in simulated.sent


def test_jobs_of_earlier_migrations_do_not_count() -> None:
    simulated = Simulated()
    simulated.move(("web01", "NODE2"))
    web01 = vm_of(simulated, "web01")
    earlier = job_ids(simulated.cluster, ["NODE1"])
    assert len(earlier) == 1
    assert find_job(simulated.cluster, web01)[1].state == "completed"
    assert find_job(simulated.cluster, web01, earlier, source="NODE1") is None


@pytest.mark.parametrize(("job_class", "job_namespace"), EVERYWHERE)
def test_all_jobs_that_would_be_found_are_known(job_class: str, job_namespace: str) -> None:
    simulated = running(job_class=job_class, job_namespace=job_namespace, job_on="source")
    known = job_ids(simulated.cluster, ["NODE1"])
    assert known == {job["id"] for job in simulated.server.state()["jobs"]}
    assert find_job(simulated.cluster, vm_of(simulated, "web01"), known, source="NODE1") is None


def test_a_running_job_comes_before_an_ended_one_and_a_later_one_before_an_earlier() -> None:
    simulated = Simulated()
    web01 = vm_of(simulated, "web01")
    for destination in ("NODE2", "NODE3"):
        simulated.move(("web01", destination))
    assert find_job(simulated.cluster, web01)[1].destination == "NODE3"
    (run,) = simulated.runs(("web01", "NODE1"))
    simulated.scheduler().start(run)
    assert find_job(simulated.cluster, web01)[1].destination == "NODE1"


def test_a_source_out_of_reach_shows_nothing() -> None:
    simulated = running(job_namespace="v2", job_on="source")
    simulated.home = "NODE3"
    simulated.lose = lambda node, request: "down" if node == "NODE1" else ""
    assert find_job(simulated.cluster, vm_of(simulated, "web01"), source="NODE1") is None


@pytest.mark.parametrize("missing", ["Msvm_MigrationJob", "Msvm_AffectedJobElement"])
def test_a_class_that_the_cluster_lacks_has_no_instances(missing: str) -> None:
    lacks = fault("fault", code=0x80041010, mentions=missing)
    simulated = Simulated(dataclasses.replace(FOREIGN, faults=(lacks,)))
    simulated.pause(8)
    assert find_job(simulated.cluster, vm_of(simulated, "web02")) is None


@pytest.mark.parametrize(
    ("job_type", "moves_vm", "is_migration"),
    [("moving_vm", True, True), ("unknown", True, True), ("moving_storage", False, True), ("other", False, False)],
)
def test_the_type_tells_whether_a_job_moves_its_vm(job_type: str, moves_vm: bool, is_migration: bool) -> None:
    job = Job("1", "running", job_type=job_type)
    assert (job.moves_vm, job.is_migration) == (moves_vm, is_migration)


class WithJobsOfType(Simulated):
    """A cluster whose jobs say that they are of another type."""

    job_type = b"305"

    def _send(self, node: str, request: bytes) -> bytes:
        answer = super()._send(node, request)
        return re.sub(rb"JobType>305<", rb"JobType>%b<" % self.job_type, answer)


@pytest.mark.parametrize(("job_type", "found", "listed"), [(b"305", 1, 1), (b"307", 0, 1), (b"70", 0, 0)])
def test_a_migration_of_storage_is_listed_but_not_taken_for_a_move(job_type: bytes, found: int, listed: int) -> None:
    simulated = WithJobsOfType(FOREIGN)
    simulated.job_type = job_type
    simulated.pause(8)
    assert bool(find_job(simulated.cluster, vm_of(simulated, "web01"), source="NODE1")) == bool(found)
    assert len(read_listing(simulated.cluster)[0]) == listed


@pytest.mark.parametrize(("job_class", "job_namespace"), EVERYWHERE)
@pytest.mark.parametrize("job_on", ["source", "asked"])
def test_a_listing_shows_each_job_once_wherever_it_is(job_class: str, job_namespace: str, job_on: str) -> None:
    simulated = running(job_class=job_class, job_namespace=job_namespace, job_on=job_on)
    ((one,), notes) = read_listing(simulated.cluster)
    shown = one.as_result(None)
    assert notes == []
    assert shown["vm"] == {"id": vm_of(simulated, "web01"), "name": "web01", "node": "NODE1"}
    assert (shown["state"], shown["running"], shown["source_host"]) == ("running", True, "NODE1")
    assert shown["destination_host"] == ("NODE2" if job_class == "Msvm_MigrationJob" else None)
    assert shown["class"] == job_class
    assert (shown["node"] is None) == (job_namespace == "cluster")
    assert shown["submitted"].endswith("Z")
    assert shown["ended"] is None


def test_a_listing_tells_when_a_job_ended() -> None:
    simulated = Simulated()
    simulated.move(("web01", "NODE2"))
    ((one,), unused) = read_listing(simulated.cluster)
    shown = one.as_result(None)
    assert shown["running"] is False
    assert shown["submitted"] < shown["ended"]


def test_a_listing_shows_running_jobs_first_and_then_the_latest() -> None:
    simulated = Simulated()
    for destination in ("NODE2", "NODE3"):
        simulated.move(("web01", destination))
    (run,) = simulated.runs(("web02", "NODE2"))
    simulated.scheduler().start(run)
    listing, notes = read_listing(simulated.cluster)
    assert [(one.vm.name, one.job.destination) for one in listing] == [
        ("web02", "NODE2"),
        ("web01", "NODE3"),
        ("web01", "NODE2"),
    ]
    assert [one.source for one in listing] == ["NODE1", "", ""]
    assert not notes


def test_a_listing_of_one_vm_or_one_job_shows_no_other() -> None:
    simulated = Simulated()
    simulated.move(("web01", "NODE2"), ("web02", "NODE2"))
    web02 = wanted_vm(simulated.cluster, "WEB02", None)
    ((one,), unused) = read_listing(simulated.cluster, web02)
    assert one.vm.name == "web02"
    ((same,), unused) = read_listing(simulated.cluster, job_id=f"{{{one.job.id.lower()}}}")
    assert same.job.id == one.job.id
    assert read_listing(simulated.cluster, job_id="none")[0] == []


def test_a_vm_that_does_not_exist_is_told() -> None:
    with pytest.raises(HyperVError, match="web99"):
        wanted_vm(Simulated().cluster, "web99", None)


def test_a_failed_job_tells_its_source_and_why() -> None:
    simulated = Simulated(scenario(vms=[vm("web01", migration=migration(fails_at=60, hresult=0x8007000E))]))
    simulated.move(("web01", "NODE2"))
    ((one,), unused) = read_listing(simulated.cluster)
    error = why_failed(simulated.cluster, one)
    assert (one.source, one.job.state, error.hresult) == ("NODE1", "exception", "0x8007000E")


def test_a_job_that_succeeded_has_no_error_and_no_known_source() -> None:
    simulated = Simulated()
    simulated.move(("web01", "NODE2"))
    ((one,), unused) = read_listing(simulated.cluster)
    assert (one.source, why_failed(simulated.cluster, one)) == ("", None)


def test_a_node_that_cannot_be_asked_is_named_and_the_others_are_shown() -> None:
    simulated = running()
    simulated.lose = lambda node, request: "down" if node == "NODE3" else ""
    listing, notes = read_listing(simulated.cluster)
    assert len(listing) == 1
    assert len(notes) == 1
    assert "NODE3" in notes[0]


def test_a_listing_finds_the_node_that_answers_for_the_cluster() -> None:
    simulated = Simulated(
        dataclasses.replace(FOREIGN, cluster=ClusterSpec(core_group_owner="NODE3")),
        provider_on="core_group",
        job_class="Msvm_ConcreteJob",
    )
    simulated.pause(8)
    ((one,), unused) = read_listing(simulated.cluster)
    assert (one.vm.name, one.node) == ("web01", "")
