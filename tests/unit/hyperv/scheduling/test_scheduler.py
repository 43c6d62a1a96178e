# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves against the simulated cluster in process: what really happened there is the measure."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    MigrationTask,
)

from tests.support.requests import invokes_migration, lose_first
from tests.support.scenarios import (
    ClusterSpec,
    NetworkSpec,
    Scenario,
    Switches,
    event,
    migration,
    node,
    one_vm,
    scenario,
    vm,
    with_nodes,
    with_vms,
)
from tests.support.simulated import Simulated


def test_a_vm_is_moved_once_and_its_new_owner_is_proof() -> None:
    simulated = Simulated()
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved"
    assert (simulated.owner("web01"), simulated.migrations("web01")) == ("NODE2", 1)
    assert run.job.state == "completed"
    assert run.attempt.form == "typed"


def test_a_vm_that_is_there_already_is_left_alone() -> None:
    simulated = Simulated()
    (run,) = simulated.move(("web01", "NODE1"))
    assert run.outcome == "already_there"
    assert simulated.migrations("web01") == 0


@pytest.mark.parametrize("spelling", ["node2", "NODE2.corp.example", "Node2.CORP.example"])
def test_a_node_is_the_same_by_any_spelling(spelling: str) -> None:
    simulated = Simulated()
    assert simulated.move(("WEB01", spelling))[0].outcome == "moved"
    assert simulated.owner("web01") == "NODE2"


def test_a_rehearsal_asks_hyperv_and_moves_nothing() -> None:
    simulated = Simulated()
    runs = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().dry_run(runs)
    assert (runs[0].outcome, runs[0].attempt.checked) == ("would_move", True)
    assert (simulated.owner("web01"), simulated.migrations("web01")) == ("NODE1", 0)


def test_a_rehearsal_fails_where_the_move_would() -> None:
    given = one_vm(migration(refuse_check="the processors differ"))
    rehearsed, moved = Simulated(given), Simulated(given)
    runs = rehearsed.runs(("web01", "NODE2"))
    rehearsed.scheduler().dry_run(runs)
    assert runs[0].outcome == "failed"
    assert moved.move(("web01", "NODE2"))[0].outcome == "failed"
    assert moved.migrations("web01") == 0


@pytest.mark.parametrize("form", ["typed", "typed_net", "null", "cim"])
def test_the_form_of_setting_data_that_the_provider_takes_is_found(form: str) -> None:
    simulated = Simulated(accepts_setting_data=[form])
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved"
    assert run.attempt.form == {"null": "omitted"}.get(form, form)
    assert simulated.migrations("web01") == 1


def test_no_form_taken_is_a_refusal_and_nothing_moves() -> None:
    simulated = Simulated(accepts_setting_data=[])
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "failed"
    assert simulated.owner("web01") == "NODE1"


@pytest.mark.parametrize(
    "switches",
    [
        {"return_form": "synchronous"},
        {"return_form": "done_with_job"},
        {"return_form": "job_unnamed"},
        {"return_codes": "hyperv"},
        {"job_class": "Msvm_ConcreteJob"},
        {"job_namespace": "v2", "job_on": "asked"},
        {"host_name_form": "fqdn"},
        {"cluster_row": False},
        {"node_rows": False},
        {"check_method": "not_supported"},
        {"check_method": "missing"},
        {"wql": "refused"},
        {"column_rows": "class_elements"},
        {"page_limit": 1},
        {"private_properties": "cim_xml"},
        {"private_properties": "absent"},
        {"private_properties": "whole_rows"},
        {"datetime_form": "bare"},
        {"moving_status": "in_service"},
        {"provider_on": ["NODE3"]},
        {"provider_on": "core_group"},
    ],
    ids=lambda switches: "-".join(f"{key}={value}" for key, value in switches.items()),
)
def test_every_documented_doubt_ends_in_a_true_success(switches: dict[str, t.Any]) -> None:
    simulated = Simulated(**switches)
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved", run.error
    assert (simulated.owner("web01"), simulated.migrations("web01")) == ("NODE2", 1)


def test_no_provider_anywhere_is_named() -> None:
    simulated = Simulated(provider_on="none")
    with pytest.raises(HyperVError, match="Virtual Machine Cluster WMI"):
        simulated.runs(("web01", "NODE2"))


def test_a_job_that_fails_at_60_percent_fails_the_move_by_its_hresult() -> None:
    simulated = Simulated(one_vm(migration(fails_at=60, hresult=0x8007000E)))
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "failed"
    assert (run.error.code, run.error.hresult, run.error.transient) == ("job_failed", "0x8007000E", True)
    assert "memory" in run.error.cause
    assert simulated.owner("web01") == "NODE1"


def test_a_job_that_vanishes_early_does_not_decide() -> None:
    simulated = Simulated(one_vm(migration(job_vanishes_at=40)))
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved"
    assert run.job is None
    assert simulated.migrations("web01") == 1


@pytest.mark.parametrize("lagging", ["both", "summary", "cluster"])
def test_an_owner_that_lags_10_seconds_is_waited_for(lagging: str) -> None:
    simulated = Simulated(owner_lag_seconds=10, owner_lag_in=lagging)
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved"
    assert simulated.migrations("web01") == 1
    assert run.ended - run.started >= 20 + 10  # 20,000 MB at 1,000 MB/s, and the lag


def test_a_vm_that_somebody_moves_elsewhere_meanwhile_is_told_truly() -> None:
    given = one_vm(migration(fails_at=50), [event(at=16, move="web01", to="NODE3", instant=True)])
    simulated = Simulated(given)
    (run,) = simulated.move(("web01", "NODE2"), poll_interval=10)
    assert simulated.owner("web01") == "NODE3"
    assert (run.outcome, run.error.code) == ("failed", "moved_elsewhere")
    assert "NODE3" in run.error.message


def test_a_queued_vm_that_moved_meanwhile_is_moved_from_where_it_is() -> None:
    given = scenario(
        vms=[vm("big", memory_mb=100000), vm("web01")],
        events=[event(at=50, move="web01", to="NODE3", instant=True)],
        cluster=ClusterSpec(maximum_parallel_migrations=1),
    )
    simulated = Simulated(given)
    big, web01 = simulated.move(("big", "NODE2"), ("web01", "NODE2"))
    assert (big.outcome, web01.outcome) == ("moved", "moved")
    assert web01.move.source == "NODE3"
    assert web01.warnings


def test_a_queued_vm_that_arrived_by_itself_is_not_moved_again() -> None:
    given = scenario(
        vms=[vm("big", memory_mb=100000), vm("web01")],
        events=[event(at=50, move="web01", to="NODE2", instant=True)],
        cluster=ClusterSpec(maximum_parallel_migrations=1),
    )
    simulated = Simulated(given)
    assert simulated.move(("big", "NODE2"), ("web01", "NODE2"))[1].outcome == "already_there"
    assert simulated.migrations("web01") == 0


def test_a_lost_answer_never_becomes_a_second_move() -> None:
    simulated = Simulated()
    simulated.lose = lose_first("after", invokes_migration)
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved"
    assert simulated.migrations("web01") == 1


def test_a_lost_answer_of_a_move_that_was_quicker_than_the_look_is_no_second_move() -> None:
    simulated = Simulated("nodes: [{name: NODE1}, {name: NODE2}]\nvms: [{name: web01, owner: NODE1, memory_mb: 1}]")
    simulated.lose = lose_first("after", invokes_migration)
    (run,) = simulated.move(("web01", "NODE2"), poll_interval=30.0)
    assert run.outcome == "moved"
    assert simulated.migrations("web01") == 1


def test_a_call_that_never_arrived_is_repeated_once_it_is_sure() -> None:
    simulated = Simulated()
    simulated.lose = lose_first("before", invokes_migration)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.attempts) == ("moved", 2)
    assert simulated.migrations("web01") == 1


def test_a_node_that_may_take_long_for_a_call_is_looked_at_for_as_long() -> None:
    simulated = Simulated()
    simulated.cluster.home.operation_timeout = 400
    simulated.lose = lose_first("before", invokes_migration)
    before = simulated.now()
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.attempts, simulated.migrations("web01")) == ("moved", 2, 1)
    assert simulated.now() - before > 400


def test_a_lost_call_is_not_taken_for_an_earlier_migration() -> None:
    simulated = Simulated()
    assert simulated.move(("web01", "NODE2"))[0].outcome == "moved"
    assert simulated.move(("web01", "NODE1"))[0].outcome == "moved"
    simulated.lose = lose_first("before", invokes_migration)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.attempts) == ("moved", 2)
    assert simulated.migrations("web01") == 3


def test_a_repeated_call_that_is_answered_without_a_job_is_not_repeated_again() -> None:
    simulated = Simulated(one_vm(migration(fails_at=0)), return_form="job_unnamed", job_lifetime_seconds=3)
    simulated.lose = lose_first("before", invokes_migration)
    (run,) = simulated.move(("web01", "NODE2"), poll_interval=10)
    assert (run.outcome, run.attempts) == ("failed", 2)
    assert simulated.migrations("web01") == 1


def test_an_answer_that_cannot_be_read_is_a_lost_one() -> None:
    simulated = Simulated()
    simulated.garble = invokes_migration
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.attempts) == ("moved", 1)
    assert simulated.migrations("web01") == 1


def test_a_running_migration_to_the_same_node_is_taken_up() -> None:
    simulated = Simulated(one_vm(events=[event(at=1, move="web01", to="NODE2")]))
    simulated.pause(5)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.attempt.attached, run.attempts) == ("moved", True, 0)


def test_a_running_migration_to_another_node_is_left_alone() -> None:
    simulated = Simulated(one_vm(events=[event(at=1, move="web01", to="NODE3")]))
    simulated.pause(5)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error.code) == ("failed", "already_migrating")
    assert "NODE3" in run.error.message
    simulated.pause(60)
    assert simulated.owner("web01") == "NODE3"


def test_a_late_migration_is_told_and_goes_on() -> None:
    simulated = Simulated(one_vm(migration(stuck_at=40)))
    (run,) = simulated.move(("web01", "NODE2"), timeout=100)
    assert (run.outcome, run.error.code) == ("failed", "timeout")
    assert 100 < run.ended - run.started < 110


def test_one_query_a_poll_reads_all_running_jobs() -> None:
    def requests_while_waiting(count: int, first_page: str = "one_item") -> set[int]:
        simulated = Simulated(
            scenario(
                [node("NODE1", simultaneous_migrations=20), node("NODE2", simultaneous_migrations=20)],
                [vm("vm", count=count, memory_mb=5000)],
            ),
            first_page=first_page,
        )
        names = [vm["name"] for vm in simulated.server.state()["vms"]]
        runs = simulated.move(*((name, "NODE2") for name in names), timeout=1000)
        assert [run.outcome for run in runs] == ["moved"] * count
        # From the second pause until the jobs end nothing is started or verified: polls only.
        return set(simulated.between_pauses[1:3])

    assert requests_while_waiting(1) == requests_while_waiting(10, "full") == {1}
    assert requests_while_waiting(10) == {2}, "the first page holds one job, and a Pull brings the others"


def test_a_job_that_is_about_to_end_is_looked_at_sooner() -> None:
    simulated = Simulated(one_vm(migration(seconds=20.3)))
    (run,) = simulated.move(("web01", "NODE2"), poll_interval=8)
    (job,) = simulated.server.state()["jobs"]
    assert run.ended - job["ended"] <= 2
    assert simulated.pauses[0] == 8
    assert 2 <= simulated.pauses[-1] < 8


def test_a_long_job_is_looked_at_calmly_to_its_end() -> None:
    simulated = Simulated(one_vm(migration(seconds=1000)))
    simulated.move(("web01", "NODE2"), poll_interval=2)
    assert set(simulated.pauses) == {2}


def test_moves_that_end_while_others_wait_share_a_look_at_the_owners() -> None:
    at_once = NetworkSpec(setup_seconds=0, switch_over_seconds=0)
    simulated = Simulated(scenario(vms=[vm("vm", count=20, memory_mb=1)], network=at_once))
    simulated.move(*((f"vm{number:02}", "NODE2") for number in range(1, 21)), poll_interval=0.5)
    assert simulated.now() == pytest.approx(5)
    # To plan, after 5 seconds, and at the end: none for each of the ten pairs that moved together.
    assert len([request for unused, request in simulated.requests if b"Msvm_SummaryInformation" in request]) <= 3


@pytest.mark.parametrize(("limit", "expected"), [(None, 2), (1, 1)])
def test_never_more_than_the_limits_allow_run_at_once(limit: int | None, expected: int) -> None:
    limited = ClusterSpec(maximum_parallel_migrations=limit)
    simulated = Simulated(scenario(vms=[vm("vm", count=5)], cluster=limited))
    most = 0

    def watch(runs: Sequence[MigrationTask]) -> None:
        nonlocal most
        most = max(most, sum(run.is_active for run in runs))

    names = [vm["name"] for vm in simulated.server.state()["vms"]]
    runs = simulated.move(*((name, "NODE2") for name in names), report=watch)
    assert [run.outcome for run in runs] == ["moved"] * 5
    assert most == expected


def test_a_migration_that_runs_already_takes_its_slot_before_another_one_is_started() -> None:
    vms = [vm("a", memory_mb=20000), vm("b", memory_mb=20000)]
    limited = ClusterSpec(maximum_parallel_migrations=1)
    simulated = Simulated(scenario(vms=vms, events=[event(at=1, move="b", to="NODE2")], cluster=limited))
    simulated.pause(5)
    a, b = simulated.move(("a", "NODE2"), ("b", "NODE2"))
    assert [(run.outcome, run.retried, run.warnings) for run in (a, b)] == [("moved", 0, []), ("moved", 0, [])]
    assert (b.attempt.attached, a.attempts) == (True, 1)
    assert a.started >= b.freed


def test_one_failed_move_does_not_stop_the_others() -> None:
    given = scenario(vms=[vm("bad", migration=migration(fails_at=10, hresult=0x80071398)), vm("web01")])
    simulated = Simulated(given)
    bad, good = simulated.move(("bad", "NODE2"), ("web01", "NODE2"))
    assert (bad.outcome, good.outcome) == ("failed", "moved")
    assert bad.error.hresult == "0x80071398"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (with_nodes(one_vm(), node("NODE2", state="paused")), "destination_paused"),
        (with_nodes(one_vm(), node("NODE2", state="down")), "destination_not_up"),
        (with_vms(one_vm(), vm("web01", possible_owners=("NODE1", "NODE3"))), "not_possible_owner"),
        (with_vms(one_vm(), vm("web01", activity="backing_up")), "vm_busy"),
    ],
)
def test_what_would_stop_a_move_is_seen_before_anything_starts(given: Scenario, error: str) -> None:
    simulated = Simulated(given)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error.code) == ("failed", error)
    assert run.error.remedy
    assert simulated.migrations("web01") == 0


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (("wbe01", "NODE2"), "Did you mean 'web01'"),
        (("web01", "NODE9"), "no node 'NODE9'.*NODE1, NODE2, NODE3"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(wish: tuple[str, str], message: str) -> None:
    with pytest.raises(HyperVError, match=message):
        Simulated().runs(wish)


def test_an_ambiguous_name_asks_for_the_id() -> None:
    given = scenario(vms=[vm("web01"), vm("web01", owner="NODE2", group="web01-b")])
    with pytest.raises(HyperVError, match=r"2 VMs are called 'web01'.*vm_id"):
        Simulated(given).runs(("web01", "NODE3"))


def test_the_same_vm_twice_is_refused() -> None:
    with pytest.raises(HyperVError, match="more than once"):
        Simulated().runs(("web01", "NODE2"), ("WEB01", "NODE3"))


def test_a_node_that_cannot_be_asked_counts_with_one_migration() -> None:
    simulated = Simulated()
    simulated.lose = lambda node, request: "down" if node == "NODE2" else ""
    runs = simulated.runs(("web01", "NODE2"), ("web02", "NODE2"))
    most = 0

    def watch(runs: Sequence[MigrationTask]) -> None:
        nonlocal most
        most = max(most, sum(run.is_active for run in runs))

    simulated.scheduler(report=watch).execute(runs)
    assert [run.outcome for run in runs] == ["moved", "moved"]
    assert most == 1


@pytest.mark.parametrize("loses_jobs", [False, True])
def test_a_provider_that_moves_to_another_node_is_followed(loses_jobs: bool) -> None:
    given = scenario(
        vms=[vm("web01", memory_mb=20000)],
        events=[event(at=10, core_group="NODE3")],
        switches=Switches(provider_on="core_group", jobs_lost_with_provider=loses_jobs),
    )
    simulated = Simulated(given)
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved"
    assert simulated.migrations("web01") == 1
