# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The turns of hosts that a play works on at once, as the modules prepare and note them."""

from __future__ import annotations

import pathlib
import threading
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._action import FailedWithResult
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._rolling_file import enter_phase

from tests.support.actions import Answer, carry_out
from tests.support.scenarios import as_text, node, scenario, vm
from tests.unit.connection.simulated_hosts import SimulatedHosts

HOSTS = [f"node{number}.corp.example" for number in range(1, 6)]
GIVEN = scenario(
    [node(f"NODE{number}", memory_mb=65536) for number in range(1, 6)],
    [vm(f"web{number}", owner=f"NODE{number}", memory_mb=2048) for number in range(1, 6)],
)


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch) -> SimulatedHosts:
    return SimulatedHosts(monkeypatch, {"HVC1": as_text(GIVEN)}, {})


def turn_of(number: int, folder: pathlib.Path, *batch: int, **given: t.Any) -> Answer:
    """Return the turn of a host in a batch of the play."""
    hosts = [HOSTS[one - 1] for one in batch]
    options = {"node": HOSTS[number - 1], "nodes": HOSTS, "folder": str(folder), "timeout": 0, "at_once": "2", **given}
    variables = {"ansible_play_batch": hosts, **options.pop("task_vars", {})}
    home = HOSTS[number - 1]
    return carry_out("hyperv_rolling_node_info", HOSTS, home=home, batch=hosts, task_vars=variables, **options)


def note(turn: Answer, phase: str) -> Answer:
    return carry_out("hyperv_rolling_state", HOSTS, rolling=turn["rolling"], phase=phase)


def test_the_first_one_plans_for_both_and_the_other_looks_at_nothing(tmp_path: pathlib.Path) -> None:
    first, second = turn_of(1, tmp_path, 1, 2), turn_of(2, tmp_path, 1, 2)
    assert second == {"changed": False, "leader": HOSTS[0], "host": HOSTS[1], "nodes": HOSTS, "steps": []}
    assert (first["leader"], first["batch"], first["waiting"]) == (HOSTS[0], ["NODE1", "NODE2"], [])
    assert list(first["together"]) == HOSTS[:2]
    for number, (host, turn) in enumerate(first["together"].items(), 1):
        assert (turn["host"], turn["node"], turn["via"]) == (host, f"NODE{number}", HOSTS[2])
        assert turn["steps"] == ["evacuate", "work", "restore"]
        assert turn["rolling"]["together"] == HOSTS[:2]
        evacuation = turn["evacuation"]
        assert evacuation["plan"]["node"] == f"NODE{number}"
        assert {one["destination_host"] for one in evacuation["plan"]["moves"]} <= {"NODE3", "NODE4", "NODE5"}
        assert evacuation["beside"]["nodes"] == ["NODE1", "NODE2"]
        assert [one["source"] for one in evacuation["beside"]["moves"]] == ["NODE1", "NODE2"]


def test_one_host_by_itself_is_as_it_was_without_at_once(tmp_path: pathlib.Path) -> None:
    told: list[str] = []
    alone = turn_of(5, tmp_path, 5, told=told)
    assert (alone["together"], alone["batch"], alone["waiting"]) == ({}, ["NODE5"], [])
    assert "plan" not in alone["evacuation"]
    assert "together" not in alone["rolling"]
    assert len(told) == 3


def test_fewer_than_asked_for_wait_and_it_is_said_why(tmp_path: pathlib.Path) -> None:
    told: list[str] = []
    found = turn_of(1, tmp_path, 1, 2, 3, at_once="60%", told=told)
    assert (found["batch"], found["waiting"]) == (["NODE1", "NODE2"], [HOSTS[2]])
    assert found["together"][HOSTS[2]]["steps"] == []
    assert (
        "NODE1, NODE2, NODE3 are not away together: no majority of the votes would be left. "
        f"{HOSTS[2]} waits until NODE1, NODE2 are done."
    ) in [line.replace("NODE3 waits", f"{HOSTS[2]} waits") for line in told]


def test_what_was_begun_goes_on_whatever_is_paused_by_it(tmp_path: pathlib.Path, simulated: SimulatedHosts) -> None:
    found = turn_of(1, tmp_path, 1, 2)
    for host in HOSTS[:2]:
        note(found["together"][host], "begun")
    again = turn_of(1, tmp_path, 1, 2, 3, at_once="3")
    assert (again["batch"], again["waiting"]) == (["NODE1", "NODE2"], [HOSTS[2]])
    note(found["together"][HOSTS[0]], "worked")
    last = turn_of(1, tmp_path, 1, 2)
    assert (last["batch"], last["waiting"]) == (["NODE1"], [HOSTS[1]])
    assert last["together"][HOSTS[0]]["steps"] == ["restore"]


def test_no_node_is_begun_after_one_that_failed_in_this_run(tmp_path: pathlib.Path) -> None:
    first = turn_of(1, tmp_path, 1, 2)
    note(first["together"][HOSTS[0]], "done")
    with pytest.raises(FailedWithResult, match=r"NODE3, NODE4 are not begun, because node2\.corp\.example") as failed:
        turn_of(3, tmp_path, 3, 4, turns=[first])
    assert failed.value.result["batch"] == []


def test_a_window_counts_for_both(tmp_path: pathlib.Path) -> None:
    stopped = turn_of(1, tmp_path, 1, 2, stop_at="2020-01-01T00:00:00Z")
    assert stopped["stopped"].startswith("Stopped in time before NODE1, NODE2: 0 of 5 nodes are done.")
    assert (stopped["batch"], stopped["waiting"]) == ([], [])
    assert [one["steps"] for one in stopped["together"].values()] == [[], []]


def test_a_dry_run_keeps_them_off_one_another_as_well(tmp_path: pathlib.Path) -> None:
    later = turn_of(3, tmp_path, 3, 4, check_mode=True)
    assert later["together"][HOSTS[3]]["evacuation"]["beside"] == {"nodes": ["NODE3", "NODE4"], "moves": []}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"at_once": "1"}, r"are worked on at once.*Add serial: 1 to the play, or allow more"),
        ({"at_once": "0"}, r"rolling_maintenance_at_once is '0'\. Give a number"),
        ({"batch": []}, r"batch is empty\. Give all of them in batch"),
        ({"batch": HOSTS[1:2]}, r"batch has node2\.corp\.example, and node1\.corp\.example is not among them"),
        ({"via": HOSTS[1]}, r"rolling_maintenance_via is node2\.corp\.example, which is to be taken away together"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything(
    tmp_path: pathlib.Path, given: dict[str, t.Any], said: str
) -> None:
    options = {"node": HOSTS[0], "nodes": HOSTS, "folder": str(tmp_path), "at_once": "2", "batch": HOSTS[:2], **given}
    with pytest.raises(HyperVError, match=said):
        carry_out("hyperv_rolling_node_info", HOSTS, task_vars={"ansible_play_batch": HOSTS[:2]}, timeout=0, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("anew", [False, True])
def test_phases_that_are_noted_at_the_same_moment_are_all_kept(tmp_path: pathlib.Path, anew: bool) -> None:
    if anew:
        note(turn_of(5, tmp_path, 5), "done")
    found = turn_of(1, tmp_path, 1, 2, begin_anew=anew)
    records = [one["rolling"] for one in found["together"].values()]
    failed: list[BaseException] = []

    def enter(record: dict[str, t.Any]) -> None:
        try:
            for phase in ("begun", "evacuated", "worked", "done"):
                barrier.wait(60)
                enter_phase(record, phase)
        except BaseException as error:
            failed.append(error)

    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=enter, args=(record,)) for record in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    state = carry_out("hyperv_rolling_state_info", HOSTS, path=found["path"])
    assert state["summary"] == f"{', '.join(HOSTS[:2])} done; {', '.join(HOSTS[2:])} not begun"
    assert [state["state"]["nodes"][host]["together"] for host in HOSTS[:2]] == [HOSTS[:2]] * 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["hyperv-rolling-hvc1.corp.example.json"]


class TestReport:
    def test_one_that_another_host_has_planned_for_knows_what_that_found_out(self, tmp_path: pathlib.Path) -> None:
        first = turn_of(1, tmp_path, 1, 2)
        for host in HOSTS[:2]:
            note(first["together"][host], "done")
        report = self.report(turn_of(2, tmp_path, 1, 2), {HOSTS[0]: {"rolling_maintenance_turn": first}})
        assert report["lines"][0].startswith(f"{HOSTS[1]} is done.")

    def test_where_the_planning_one_has_failed_the_others_fail_too(self, tmp_path: pathlib.Path) -> None:
        led = {HOSTS[0]: {"rolling_maintenance_turn": {"failed": True, "msg": "No room."}}}
        with pytest.raises(FailedWithResult, match="which plans for all of them, has failed: No room"):
            self.report(turn_of(2, tmp_path, 1, 2), led)

    def test_one_that_the_failed_one_had_prepared_already_is_not_called_done(
        self, tmp_path: pathlib.Path, simulated: SimulatedHosts
    ) -> None:
        opened = turn_of(5, tmp_path, 5)
        note(opened, "begun")
        carry_out("hyperv_cluster_node", HOSTS, name="NODE5", state="maintenance")
        with pytest.raises(FailedWithResult, match="NODE5 is paused by this rolling maintenance") as failed:
            turn_of(1, tmp_path, 1, 2)
        first = {**failed.value.result, "failed": True, "msg": "No room."}
        led = {HOSTS[0]: {"rolling_maintenance_turn": first}}
        with pytest.raises(FailedWithResult, match=r"^Nothing is done with it in this run.*No room\.$") as told:
            self.report(first["together"][HOSTS[1]], led)
        with pytest.raises(FailedWithResult, match=r"stops at NODE2: Nothing is done with it in this run.*No room"):
            self.report(first["together"][HOSTS[1]], led, str(told.value))

    def test_one_that_is_done_stays_done_where_the_planning_one_has_failed(self, tmp_path: pathlib.Path) -> None:
        note(turn_of(1, tmp_path, 1, 2)["together"][HOSTS[1]], "done")
        first = turn_of(1, tmp_path, 1, 2)
        led = {HOSTS[0]: {"rolling_maintenance_turn": {**first, "failed": True, "msg": "No room."}}}
        assert self.report(first["together"][HOSTS[1]], led)["lines"][0].startswith("NODE2 is done.")

    @staticmethod
    def report(turn: Answer, hostvars: dict[str, t.Any], reason: str = "") -> Answer:
        variables = {"hostvars": hostvars, "inventory_hostname": turn["host"]}
        task = "Report on the nodes so far" if reason else ""
        return carry_out(
            "hyperv_rolling_report",
            HOSTS,
            turn=turn,
            results=[],
            path="",
            task=task,
            reason=reason,
            task_vars=variables,
        )


@pytest.mark.parametrize(
    ("batch", "task_vars", "words"),
    [
        (
            (1, 2),
            {"ansible_limit": "lab"},
            r"The run has .*node1\S+, .*node2\S+ alone: its limit, lab, leaves the others",
        ),
        ((1,), {"ansible_limit": "lab"}, r"The run has node1\S+ alone: its limit, lab, leaves the others out\."),
        ((1, 2), {}, r"The run has no other host\. The cluster is asked through another node than these"),
    ],
)
def test_where_the_run_has_no_host_to_talk_through_it_is_said_why(
    tmp_path: pathlib.Path, batch: tuple[int, ...], task_vars: Answer, words: str
) -> None:
    hosts = [HOSTS[one - 1] for one in batch]
    groups = {"all": HOSTS, "lab": HOSTS}
    with pytest.raises(HyperVError, match=words) as refused:
        turn_of(1, tmp_path, *batch, nodes=hosts, task_vars={**task_vars, "groups": groups})
    assert "Name one of the inventory in rolling_maintenance_via" in str(refused.value)
    assert "no other host answers" not in str(refused.value)
    beside = turn_of(1, tmp_path, *batch, nodes=hosts, via=HOSTS[2], task_vars={**task_vars, "groups": groups})
    assert beside["via"] == HOSTS[2]
