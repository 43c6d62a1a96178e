# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Migrations, limits, failures and events of the simulated cluster, on a clock that is moved by hand."""

from __future__ import annotations

import dataclasses

import pytest

from tests.simulator.clock import ManualClock
from tests.simulator.scenario_file import read_scenario
from tests.simulator.world import Job, JobState, Machine, Refusal, World

NODES = "nodes: [{name: NODE1, memory_mb: 65536}, {name: NODE2, memory_mb: 65536}, {name: NODE3, memory_mb: 65536}]\n"
# Set-up 2 s, 10240 MB at 1024 MB/s and 2 s of switch-over: 14 s in all.
RATE = "network: {megabytes_per_second: 1024, setup_seconds: 2, switch_over_seconds: 2}\n"


class Stage:
    """A world with VMs a, b, c, ... on NODE1, and short words for what the tests do with it."""

    def __init__(self, more: str = "", count: int = 4, vm: str = "") -> None:
        vms = "".join(
            f"- {{name: {name}, owner: NODE1, memory_mb: 10240{', ' + vm if vm else ''}}}\n"
            for name in "abcdefgh"[:count]
        )
        self.clock = ManualClock()
        self.world = World(read_scenario(NODES + RATE + more + "vms:\n" + vms), self.clock)
        self.world.look()

    def vm(self, name: str) -> Machine:
        return next(machine for machine in self.world.machines.values() if machine.name == name)

    def migrate(self, name: str, destination: str = "NODE2") -> Job | Refusal | int:
        return self.world.migrations.invoke(self.vm(name), self.world.nodes[destination], "CORP\\me", "NODE1")

    def job(self, name: str, destination: str = "NODE2") -> Job:
        job = self.migrate(name, destination)
        assert isinstance(job, Job), job
        return job

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.world.look()


def test_a_migration_goes_through_its_states_and_changes_the_owner_at_its_end() -> None:
    stage = Stage()
    job = stage.job("a")
    assert (job.state, job.percent(stage.world.now)) == (JobState.STARTING, 0)
    stage.pass_time(8)
    assert (job.state, job.percent(stage.world.now)) == (JobState.RUNNING, 50)
    assert stage.vm("a").owner == "NODE1"
    stage.pass_time(5.9)
    assert job.percent(stage.world.now) == 99
    stage.pass_time(0.2)
    assert (job.state, job.percent(stage.world.now)) == (JobState.COMPLETED, 100)
    assert stage.vm("a").owner == stage.vm("a").owner_in_summary == stage.vm("a").owner_in_cluster == "NODE2"
    assert stage.vm("a").id in stage.world.nodes["NODE2"].residents


def test_one_late_look_sees_the_same_as_many_looks() -> None:
    often, once = Stage(), Stage()
    for stage in (often, once):
        stage.job("a")
        stage.job("b", "NODE3")
    for unused in range(100):
        often.pass_time(1)
    once.pass_time(100)
    ends = [[job.ended for job in stage.world.migrations.jobs.values()] for stage in (often, once)]
    assert ends[0] == ends[1] == [14.0, 14.0]


def test_a_job_is_removed_five_minutes_after_its_end() -> None:
    stage = Stage()
    job = stage.job("a")
    stage.pass_time(14 + 299)
    assert job.id in stage.world.migrations.jobs
    stage.pass_time(1.1)
    assert job.id not in stage.world.migrations.jobs


def test_a_moving_vm_cannot_be_moved_again() -> None:
    stage = Stage()
    stage.job("a")
    assert stage.migrate("a", "NODE3") is Refusal.INVALID_STATE
    assert stage.vm("a").times_migrated == 1


def test_a_move_to_where_the_vm_is_does_not_fit() -> None:
    assert Stage().migrate("a", "NODE1") is Refusal.INCOMPATIBLE


def test_a_third_move_hits_the_limit_of_the_source_and_fails() -> None:
    stage = Stage()
    stage.job("a", "NODE2")
    stage.job("b", "NODE3")
    third = stage.job("c", "NODE2")
    stage.pass_time(2)
    assert third.state is JobState.EXCEPTION
    assert "limit '2'" in third.failures[0].message


def test_the_limit_of_the_destination_counts_as_well() -> None:
    stage = Stage("switches: {limit: refuse}\n")
    source = stage.world.nodes["NODE1"]
    source.spec = dataclasses.replace(source.spec, simultaneous_migrations=9)
    assert isinstance(stage.migrate("a"), Job)
    assert isinstance(stage.migrate("b"), Job)
    assert stage.migrate("c") is Refusal.IN_USE


def test_the_limit_of_the_cluster_overrides_those_of_the_nodes() -> None:
    stage = Stage("switches: {limit: refuse}\ncluster: {maximum_parallel_migrations: 1}\n")
    stage.job("a")
    assert stage.migrate("b", "NODE3") is Refusal.IN_USE


def test_moves_above_the_limit_wait_in_the_queue_by_switch() -> None:
    stage = Stage("switches: {limit: queue}\n")
    jobs = [stage.job(name) for name in "abcd"]
    assert [job.state for job in jobs[2:]] == [JobState.NEW, JobState.NEW]
    stage.pass_time(28.5)
    assert {job.state for job in jobs} == {JobState.COMPLETED}


def test_a_job_fails_at_its_percentage_with_its_hresult() -> None:
    stage = Stage(vm="migration: {fails_at: 60, hresult: 0x8007000E}")
    job = stage.job("a")
    stage.pass_time(30)
    assert (job.state, job.percent(stage.world.now)) == (JobState.EXCEPTION, 60)
    assert job.ended == pytest.approx(2 + 7.2)
    assert job.failures[0].hresult == 0x8007000E
    assert "(0x8007000E)" in job.failures[0].message
    assert stage.vm("a").owner == "NODE1"


def test_a_failure_that_happens_once_lets_the_second_move_through() -> None:
    stage = Stage(vm="migration: {fails_at: 10, fail_times: 1}")
    stage.job("a")
    stage.pass_time(30)
    stage.job("a")
    stage.pass_time(30)
    assert stage.vm("a").owner == "NODE2"
    assert stage.vm("a").times_migrated == 2


def test_a_stuck_job_stays_where_it_is_until_it_is_terminated() -> None:
    stage = Stage(vm="migration: {stuck_at: 40}")
    job = stage.job("a")
    stage.pass_time(1000)
    assert (job.state, job.percent(stage.world.now)) == (JobState.RUNNING, 40)
    assert stage.world.migrations.cancel(job, kill=False) is None
    assert job.state == 6
    stage.pass_time(2)
    assert job.state == 8
    assert stage.vm("a").owner == "NODE1"


def test_a_job_object_can_vanish_while_the_migration_goes_on() -> None:
    stage = Stage(vm="migration: {job_vanishes_at: 50}")
    job = stage.job("a")
    stage.pass_time(9)
    assert job.id not in stage.world.migrations.jobs
    stage.pass_time(9)
    assert stage.vm("a").owner == "NODE2"


def test_a_killed_job_ends_at_once() -> None:
    stage = Stage()
    job = stage.job("a")
    stage.pass_time(5)
    assert stage.world.migrations.cancel(job, kill=True) is None
    assert job.state is JobState.KILLED
    stage.pass_time(60)
    assert stage.vm("a").owner == "NODE1"


def test_a_cancel_during_the_switch_over_is_refused() -> None:
    stage = Stage()
    job = stage.job("a")
    stage.pass_time(13)
    assert stage.world.migrations.cancel(job, kill=False) is Refusal.INVALID_STATE


def test_a_cancel_can_lose_the_race() -> None:
    stage = Stage(vm="migration: {cancel: race}")
    job = stage.job("a")
    stage.pass_time(5)
    assert stage.world.migrations.cancel(job, kill=False) is None
    assert job.state is JobState.COMPLETED
    assert stage.vm("a").owner == "NODE2"


def test_memory_that_is_on_its_way_to_a_node_is_not_given_twice() -> None:
    stage = Stage("switches: {limit: queue}\n", count=8)
    jobs = [stage.job(name) for name in "abcdefgh"]
    stage.pass_time(200)
    # 61440 MB are free on NODE2: six VMs of 10240 MB.
    assert [job.state for job in jobs] == [JobState.COMPLETED] * 6 + [JobState.EXCEPTION] * 2
    assert jobs[-1].failures[0].hresult == 0x8007000E
    assert stage.world.nodes["NODE2"].free_mb() == 0


def test_the_owner_is_told_late_by_summary_and_cluster() -> None:
    stage = Stage("switches: {owner_lag_seconds: 10}\n")
    stage.job("a")
    stage.pass_time(15)
    machine = stage.vm("a")
    assert (machine.owner, machine.owner_in_summary, machine.owner_in_cluster) == ("NODE2", "NODE1", "NODE1")
    stage.pass_time(10)
    assert (machine.owner_in_summary, machine.owner_in_cluster) == ("NODE2", "NODE2")


def test_a_prescribed_return_value_starts_nothing() -> None:
    stage = Stage(vm="migration: {return_value: 32774, return_times: 1}")
    assert stage.migrate("a") == 32774
    assert stage.vm("a").times_migrated == 0
    assert isinstance(stage.migrate("a"), Job)


@pytest.mark.parametrize(
    ("more", "vm", "refusal"),
    [
        ("events: [{at: 0, pause: NODE2}]\n", "", Refusal.INVALID_STATE),
        ("events: [{at: 0, down: NODE2}]\n", "", Refusal.NOT_AVAILABLE),
        ("", "possible_owners: [NODE1, NODE3]", Refusal.INCOMPATIBLE),
        ("", "activity: backing_up", Refusal.IN_USE),
        ("switches: {off_vm: refuse}\n", "state: off", Refusal.INVALID_STATE),
    ],
)
def test_a_move_that_is_not_allowed_is_refused(more: str, vm: str, refusal: Refusal) -> None:
    stage = Stage(more, vm=vm)
    assert stage.migrate("a") is refusal
    assert stage.world.migrations.jobs == {}


def test_a_paused_destination_takes_vms_by_switch() -> None:
    stage = Stage("switches: {paused_destination: allow}\nevents: [{at: 0, pause: NODE2}]\n")
    stage.job("a")
    stage.pass_time(20)
    assert stage.vm("a").owner == "NODE2"


def test_hard_anti_affinity_keeps_a_pair_apart() -> None:
    stage = Stage("cluster: {enforced_anti_affinity: 1}\n", vm="anti_affinity: [pair]")
    stage.job("a")
    stage.pass_time(20)
    assert stage.migrate("b") is Refusal.INVALID_STATE
    assert isinstance(stage.migrate("b", "NODE3"), Job)


def test_a_switched_off_vm_moves_without_copying_memory() -> None:
    stage = Stage(vm="state: off")
    job = stage.job("a")
    stage.pass_time(4)
    assert (job.state, job.ended) == (JobState.COMPLETED, 4.0)


def test_an_event_moves_a_vm_at_its_second() -> None:
    stage = Stage("events: [{at: 5, move: a, to: NODE3}]\n")
    stage.pass_time(20)
    assert stage.vm("a").owner == "NODE3"
    assert stage.vm("a").times_migrated == 0
    assert stage.world.events.past[0].outcome.startswith("job ")


def test_an_event_waits_for_the_percentage_of_a_migration() -> None:
    stage = Stage("events: [{when: {vm: a, percent: 50}, down: NODE2}]\n")
    job = stage.job("a")
    stage.pass_time(7)
    assert stage.world.nodes["NODE2"].state == "up"
    stage.pass_time(2)
    assert (job.state, job.ended) == (JobState.EXCEPTION, 8.0)
    assert stage.vm("a").owner == "NODE1"


def test_the_vms_of_a_lost_node_come_up_elsewhere() -> None:
    stage = Stage("events: [{at: 1, down: NODE1}]\n")
    stage.pass_time(2)
    assert {machine.owner for machine in stage.world.machines.values()} == {"NODE2", "NODE3"}
    assert stage.world.core_group_owner != "NODE1"


def test_a_restart_of_the_management_service_breaks_migrations_and_forgets_their_jobs_but_no_vm_moves() -> None:
    stage = Stage("events: [{at: 5, vmms_restart: NODE2}]\n")
    job = stage.job("a")
    elsewhere = stage.job("b", "NODE3")
    stage.pass_time(6)
    assert (job.state, job.id in stage.world.migrations.jobs) == (JobState.EXCEPTION, False)
    assert (stage.vm("a").owner, stage.vm("a").state, stage.vm("a").job) == ("NODE1", "running", None)
    assert elsewhere.state is JobState.RUNNING
    assert stage.world.nodes["NODE2"].state == "up"
    assert isinstance(stage.migrate("a"), Job)


def test_a_drain_empties_the_node_and_a_failback_fills_it_again() -> None:
    stage = Stage()
    node = stage.world.nodes["NODE1"]
    stage.world.drains.pause(node, drain=True)
    assert (node.state, node.drain) == ("paused", "in_progress")
    stage.pass_time(60)
    assert (node.drain, node.residents) == ("completed", {})
    stage.world.drains.resume(node, fail_back=True)
    stage.pass_time(60)
    assert (node.state, len(node.residents)) == ("up", 4)


def test_a_drain_with_no_room_elsewhere_fails() -> None:
    stage = Stage("events: [{at: 0, down: NODE2}, {at: 0, down: NODE3}]\n")
    stage.world.drains.pause(stage.world.nodes["NODE1"], drain=True)
    assert stage.world.nodes["NODE1"].drain == "failed"


def test_reset_puts_everything_back() -> None:
    stage = Stage()
    stage.job("a")
    stage.pass_time(20)
    stage.world.reset()
    stage.world.look()
    assert stage.vm("a").owner == "NODE1"
    assert stage.vm("a").times_migrated == 0
    assert (stage.world.now, stage.world.migrations.jobs) == (0.0, {})
