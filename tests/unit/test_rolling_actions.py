# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The modules that a rolling maintenance is made of, in this process, with their files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import pathlib
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._action import FailedWithResult
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._rolling_file import enter_phase

from tests.support.actions import Answer, carry_out, perform
from tests.support.full_disk import full_disk
from tests.support.scenarios import NODES, Scenario, as_text, node, scenario, vm, with_nodes
from tests.support.simulated import Simulated
from tests.unit.connection.simulated_hosts import SimulatedHosts
from tests.unit.report.reading import read_page

HOSTS = [f"node{number}.corp.example" for number in (1, 2, 3)]
GIVEN = scenario(NODES, [vm("web01"), vm("edge01", clustered=False)])
ANY: Answer = {"layout": "any", "strategies": [{"vm": "edge01", "strategy": "stay"}]}


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> SimulatedHosts:
    return SimulatedHosts(monkeypatch, {"HVC1": as_text(GIVEN)}, {})


def turn_of(number: int, folder: pathlib.Path, **given: t.Any) -> Answer:
    host = HOSTS[number - 1]
    options = {"node": host, "nodes": HOSTS, "folder": str(folder), "timeout": 0, **given}
    return carry_out("hyperv_rolling_node_info", HOSTS, home=host, **options)


def note(turn: Answer, phase: str) -> Answer:
    return carry_out("hyperv_rolling_state", HOSTS, rolling=turn["rolling"], phase=phase)


def keep_ledger(folder: pathlib.Path, given: Scenario, stopped: str) -> pathlib.Path:
    """Write the ledger of an evacuation of NODE1 that moved all VMs and stopped one of them."""
    vms = [
        {"vm_id": one["id"], "name": one["name"], "source_host": "NODE1", "destination_host": "NODE2"}
        | {"outcome": "moved", "state": "running" if one["name"] == stopped else "off", "strategy": "shutdown"}
        for one in Simulated(given).server.state()["vms"]
    ]
    ledger = {"format": "hyperv.migration ledger 2", "cluster": "hvc1.corp.example", "node": "NODE1", "vms": vms}
    path = folder / "hyperv-ledger-hvc1.corp.example-NODE1.json"
    path.write_text(json.dumps(ledger), encoding="utf-8")
    return path


def move(outcome: str = "moved", ended: str = "2026-03-01T22:00:10Z") -> Answer:
    return {
        "vm": {"id": "0A", "name": "web01"},
        "source_host": "NODE1",
        "destination_host": "NODE2",
        "outcome": outcome,
        "started": "2026-03-01T22:00:00Z",
        "ended": ended,
        "elapsed_seconds": 10,
    }


@pytest.mark.usefixtures("simulated")
class TestTurn:
    def test_it_says_through_whom_and_what_is_to_be_done(self, tmp_path: pathlib.Path) -> None:
        told: list[str] = []
        turn = turn_of(1, tmp_path, told=told)
        assert (turn["host"], turn["node"], turn["via"]) == (HOSTS[0], "NODE1", HOSTS[1])
        assert turn["steps"] == ["evacuate", "work", "restore"]
        assert told[1:] == [
            "NODE1 is evacuated, worked on, and gets its VMs back.",
            f"The cluster is asked through {HOSTS[1]}.",
        ]
        assert list(tmp_path.iterdir()) == []

    def test_its_record_is_what_phases_are_noted_by(self, tmp_path: pathlib.Path) -> None:
        turn = turn_of(1, tmp_path, run_id="2026-03")
        assert note(turn, "begun")["path"] == turn["path"]
        assert note(turn, "done")["summary"] == f"{HOSTS[0]} done; {', '.join(HOSTS[1:])} not begun"
        again = turn_of(1, tmp_path, run_id="2026-03")
        assert (again["phase"], again["steps"]) == ("done", [])

    def test_it_says_which_nodes_are_left_and_done_and_what_returns(self, tmp_path: pathlib.Path) -> None:
        first = turn_of(1, tmp_path, **ANY)
        assert (first["left"], first["done"]) == (["NODE1", "NODE2", "NODE3"], [])
        assert (first["home"], first["refills"]) == ([], False)
        note(first, "done")
        second = turn_of(2, tmp_path, **ANY)
        assert (second["left"], second["done"]) == (["NODE2", "NODE3"], ["NODE1"])
        assert [turn["evacuation"]["notes_shown"] for turn in (first, second)] == [False, True]
        assert turn_of(2, tmp_path)["home"] == ["*"]

    def test_in_a_dry_run_the_nodes_before_count_as_done(self, tmp_path: pathlib.Path) -> None:
        turn = turn_of(3, tmp_path, **ANY, check_mode=True)
        assert (turn["left"], turn["done"]) == (["NODE3"], ["NODE1", "NODE2"])
        assert "plan" not in turn["evacuation"]
        first = turn_of(1, tmp_path, **ANY, check_mode=True)
        assert first["evacuation"]["plan"]["node"] == "NODE1"

    def test_a_dry_run_after_a_rolling_maintenance_that_is_finished_is_one_of_the_next(
        self, tmp_path: pathlib.Path
    ) -> None:
        for number in (1, 2, 3):
            note(turn_of(number, tmp_path), "done")
        turn = turn_of(2, tmp_path, check_mode=True)
        assert turn["steps"]
        for phase in ("begun", "worked", "done"):
            given = {"rolling": turn["rolling"], "phase": phase}
            assert carry_out("hyperv_rolling_state", HOSTS, check_mode=True, **given)["phase"] == phase
        assert turn_of(2, tmp_path, check_mode=True)["phase"] == ""

    def test_a_node_by_itself_is_the_last_one_only_if_the_others_are_done(self, tmp_path: pathlib.Path) -> None:
        alone = {**ANY, "layout": "balanced", "nodes": HOSTS[1:2]}
        first = turn_of(1, tmp_path, **{**ANY, "layout": "balanced"})
        note(first, "done")
        assert turn_of(2, tmp_path, **alone)["refills"] is False
        note(turn_of(3, tmp_path), "done")
        assert turn_of(2, tmp_path, **alone)["refills"] is True
        assert turn_of(2, tmp_path, nodes=HOSTS[1:2], **ANY)["refills"] is False
        assert turn_of(2, tmp_path, **alone, check_mode=True)["refills"] is False

    def test_that_all_return_in_spite_of_the_layout_outlasts_the_run(self, tmp_path: pathlib.Path) -> None:
        turn = turn_of(1, tmp_path, **ANY)
        enter_phase({**turn["rolling"], "returns_all": True}, "begun")
        note(turn, "worked")
        told: list[str] = []
        again = turn_of(1, tmp_path, **ANY, told=told)
        assert (again["steps"], again["home"]) == (["restore"], ["*"])
        assert "NODE1 was worked on already: it gets its VMs back." in told

    def test_a_rolling_maintenance_that_cannot_come_to_its_end_stops_before_the_node(
        self, tmp_path: pathlib.Path
    ) -> None:
        with pytest.raises(FailedWithResult, match=r"NODE1 cannot be emptied as node 1 of 3\. edge01 stays") as failed:
            turn_of(1, tmp_path, layout="any")
        assert failed.value.result["node"] == "NODE1"
        assert list(tmp_path.iterdir()) == []

    def test_what_it_is_about_to_do_is_said_as_the_layout_has_it(self, tmp_path: pathlib.Path) -> None:
        told: list[str] = []
        turn_of(1, tmp_path, **ANY, told=told)
        assert "NODE1 is evacuated, worked on, and gets back the VMs that are to come home." in told

    def test_a_node_that_cannot_be_back_in_time_is_left_alone(self, tmp_path: pathlib.Path) -> None:
        first = turn_of(1, tmp_path, stop_at="1h")
        assert (first["stopped"], first["steps"][0]) == ("", "evacuate")
        began = dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=2)
        note({"rolling": {**first["rolling"], "began": began.isoformat()}}, "done")

        second = turn_of(2, tmp_path, stop_at="1h", turns=[first])

        assert second["steps"] == []
        assert second["run_began"] == first["run_began"]
        assert second["stopped"].startswith(
            "Stopped in time before NODE2: 1 of 3 nodes are done. A node may take 2:30:"
        )
        third = turn_of(3, tmp_path, stop_at="1h", turns=[{}, first])
        ended = carry_out("hyperv_rolling_state_info", HOSTS, results=[first, second, third], must_be_complete=True)
        assert (ended["complete"], ended["stopped"], ended["msg"]) == (False, True, second["stopped"])
        report = carry_out("hyperv_rolling_report", HOSTS, turn=second, results=[], path="", task="", reason="")
        assert report["lines"] == [second["stopped"]]

    def test_a_node_that_was_begun_is_brought_to_its_end_whatever_the_time(self, tmp_path: pathlib.Path) -> None:
        note(turn_of(1, tmp_path), "evacuated")
        assert turn_of(1, tmp_path, stop_at="2020-01-01T00:00:00Z")["steps"] == ["evacuate", "work", "restore"]

    def test_a_run_that_stopped_in_time_is_no_excuse_for_a_node_left_open(self, tmp_path: pathlib.Path) -> None:
        first = turn_of(1, tmp_path)
        note(first, "evacuated")
        second = turn_of(2, tmp_path, stop_at="2020-01-01T00:00:00Z")
        assert second["stopped"]
        with pytest.raises(FailedWithResult, match="did not come to its end"):
            carry_out("hyperv_rolling_state_info", HOSTS, results=[first, second], must_be_complete=True)

    def test_a_dry_run_goes_on_and_says_where_it_would_stop(self, tmp_path: pathlib.Path) -> None:
        told: list[str] = []
        turn = turn_of(1, tmp_path, stop_at="2020-01-01T00:00:00Z", check_mode=True, told=told)
        assert (turn["stopped"], turn["steps"][0]) == ("", "evacuate")
        assert any(line.startswith("Without --check it would stop before NODE1.") for line in told)

    def test_nodes_are_taken_one_at_a_time(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(HyperVError, match=r"are worked on at once.*Add serial: 1"):
            turn_of(1, tmp_path, task_vars={"ansible_play_batch": HOSTS})

    @pytest.mark.parametrize("name", ["evacuate_node_name", "restore_node_name"])
    def test_what_names_one_node_is_refused(self, tmp_path: pathlib.Path, name: str) -> None:
        with pytest.raises(HyperVError, match=f"{name} must not be set"):
            turn_of(1, tmp_path, task_vars={name: "NODE2"})

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"restart_timeout": 0}, "restart_timeout is 0"),
            ({"restart_poll_interval": 61.0}, "restart_poll_interval is 61"),
            ({"timeout": -1}, "timeout is -1"),
            ({"poll_interval": 0.0}, "poll_interval is 0"),
            ({"via": "nobody"}, "rolling_maintenance_via is nobody"),
            ({"name": "NODE2"}, "rolling_maintenance_node is NODE2, which is the node NODE2"),
            ({"ignore": 5}, "ignore is 5"),
            ({"nodes": HOSTS[1:]}, "is not among them"),
        ],
    )
    def test_what_makes_no_sense_is_refused_by_name_before_anything(
        self, tmp_path: pathlib.Path, given: dict[str, t.Any], said: str
    ) -> None:
        with pytest.raises(HyperVError, match=said):
            turn_of(1, tmp_path, **given)

    @pytest.mark.parametrize("order", [HOSTS, "node1, NODE2;Node3"])
    def test_an_order_that_the_play_follows_is_taken(self, tmp_path: pathlib.Path, order: object) -> None:
        assert turn_of(2, tmp_path, order=order)["steps"][0] == "evacuate"

    @pytest.mark.parametrize(
        ("order", "said"),
        [
            ("node1,node2,node9", "rolling_maintenance_order has node9, which is none of them"),
            ("node1,node2,node2,node3", "rolling_maintenance_order has node2 more than once"),
            ("node1,node3", "rolling_maintenance_order lacks node2.corp.example"),
            ("node3,node1,node2", "the play takes its hosts in the order node1.corp.example, node2"),
            (5, "rolling_maintenance_order is 5"),
        ],
    )
    def test_an_order_that_does_not_fit_is_refused_before_anything(
        self, tmp_path: pathlib.Path, order: object, said: str
    ) -> None:
        with pytest.raises(HyperVError, match=said):
            turn_of(1, tmp_path, order=order)

    def test_an_order_that_was_planned_is_taken_where_the_play_follows_it(self, tmp_path: pathlib.Path) -> None:
        planned = {"order": HOSTS[::-1], "serial": [1, 1, 1]}
        turn = turn_of(1, tmp_path, nodes=HOSTS[::-1], order="planned", planned=planned)
        assert turn["left"][0] == "NODE1"
        with pytest.raises(
            HyperVError, match=r"The order that was planned is node3.*takes its hosts in the order node1"
        ):
            turn_of(1, tmp_path, order=["Planned"], planned=planned)
        assert turn_of(1, tmp_path, order=HOSTS, planned=planned)["steps"]  # of another use of the host

    @pytest.mark.parametrize(
        ("order", "planned", "said"),
        [
            ("planned", {}, "order is planned, and no order was planned in this run. .* tasks_from: order of the role"),
            ("planned, node1", {}, r"order is planned, node1\. Give planned alone"),
            ("planned", {"order": HOSTS}, "planned is not what hyperv_rolling_order_info returned"),
            ("planned", {"order": HOSTS, "serial": [1, 1]}, "planned is not what"),
            ("planned", {"order": HOSTS, "serial": [3, 0]}, "planned is not what"),
            ("planned", {"order": HOSTS, "serial": ["many"]}, "planned is not what"),
            ("planned", {"order": 3, "serial": 3}, "planned is not what"),
        ],
    )
    def test_a_play_that_planned_no_order_is_refused_before_anything(
        self, tmp_path: pathlib.Path, order: str, planned: dict[str, t.Any], said: str
    ) -> None:
        with pytest.raises(HyperVError, match=said):
            turn_of(1, tmp_path, order=order, planned=planned)

    def test_an_order_may_name_hosts_that_a_limit_leaves_out(self, tmp_path: pathlib.Path) -> None:
        alone = {"nodes": HOSTS[1:2], "order": [HOSTS[2], HOSTS[1], HOSTS[0]]}
        assert turn_of(2, tmp_path, **alone, task_vars={"ansible_limit": HOSTS[1]})["steps"]
        with pytest.raises(HyperVError, match="which are none of them"):
            turn_of(2, tmp_path, **alone)

    def test_an_order_that_does_not_come_to_its_end_says_at_which_node(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(FailedWithResult, match=r"NODE1 cannot be emptied as node 1 of 3\."):
            turn_of(1, tmp_path, layout="any", order=HOSTS)

    def test_names_to_ignore_may_be_the_text_of_a_survey(self, tmp_path: pathlib.Path) -> None:
        assert turn_of(1, tmp_path, ignore="NODE3, web 01;\nx\n")["ignore"] == ["NODE3", "web 01", "x"]

    def test_it_begins_anew_with_the_first_node_only(self, tmp_path: pathlib.Path) -> None:
        for number in (1, 2):
            note(turn_of(number, tmp_path), "done")
        assert turn_of(1, tmp_path, begin_anew=True)["phase"] == ""
        assert turn_of(2, tmp_path, begin_anew=True)["phase"] == "done"

    def test_a_node_that_the_inventory_does_not_have_any_more_keeps_nothing_open(self, tmp_path: pathlib.Path) -> None:
        for number in (1, 2, 3):
            note(turn_of(number, tmp_path, nodes=[*HOSTS, "node4.corp.example"]), "done")
        assert turn_of(1, tmp_path)["phase"] == ""

    def test_work_is_found_beside_the_playbook_and_told_apart_by_its_content(self, tmp_path: pathlib.Path) -> None:
        tasks = tmp_path / "updates.yml"
        tasks.write_text("- ansible.builtin.meta: noop\n", encoding="utf-8")
        beside: dict[str, t.Any] = {"task_vars": {"playbook_dir": str(tmp_path)}, "tasks_file": "updates.yml"}
        turn = turn_of(1, tmp_path, **beside)
        assert turn["tasks_file"] == str(tasks.resolve())
        assert turn["rolling"]["work"]["tasks_sha256"] == hashlib.sha256(tasks.read_bytes()).hexdigest()
        note(turn, "done")
        tasks.write_text("- ansible.builtin.meta: flush_handlers\n", encoding="utf-8")
        with pytest.raises(HyperVError, match=f"which {HOSTS[0]} would not get"):
            turn_of(2, tmp_path, **beside)

    def test_work_that_is_not_there_is_refused(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(
            HyperVError, match=r"rolling_maintenance_tasks_file is updats\.yml, and there is no such file"
        ):
            turn_of(1, tmp_path, tasks_file="updats.yml")
        with pytest.raises(
            HyperVError, match="rolling_maintenance_role is updats, and the role 'updats' was not found"
        ):
            turn_of(1, tmp_path, role="updats")

    def test_a_role_beside_the_playbook_is_found(self, tmp_path: pathlib.Path) -> None:
        (tmp_path / "roles/firmware/tasks").mkdir(parents=True)
        turn = turn_of(1, tmp_path, role="firmware", task_vars={"playbook_dir": str(tmp_path)})
        assert turn["rolling"]["work"] == {"tasks_file": "", "tasks_sha256": "", "role": "firmware"}


def test_an_unhealthy_cluster_is_told_with_all_that_is_known_already(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    SimulatedHosts(monkeypatch, {"HVC1": as_text(with_nodes(GIVEN, node("NODE3", state="paused")))}, {})
    with pytest.raises(FailedWithResult, match=r"Node NODE3 is paused\.") as failed:
        turn_of(1, tmp_path)
    assert failed.value.result["via"] == HOSTS[1]
    dry_run = turn_of(1, tmp_path, ignore=["NODE3"], check_mode=True)
    assert dry_run["steps"] == ["evacuate", "work", "restore"]


@pytest.mark.usefixtures("simulated")
class TestReport:
    RESULT: t.ClassVar[Answer] = {
        "moves": [move()],
        "nodes_before": [{"name": "NODE1", "vm_count": 1}],
        "nodes_after": [{"name": "NODE1", "vm_count": 0}],
    }

    def report(self, turn: Answer, **given: t.Any) -> Answer:
        home = str(turn.get("host") or HOSTS[0])
        try:
            return carry_out("hyperv_rolling_report", HOSTS, home=home, turn=turn, **given)
        except FailedWithResult as stop:
            return {**stop.result, "failed": True, "msg": str(stop)}

    def test_one_that_stops_before_its_first_node_is_not_told_as_the_finished_one_before_it(
        self, tmp_path: pathlib.Path
    ) -> None:
        for number in (1, 2, 3):
            turn = turn_of(number, tmp_path)
            note(turn, "done")
        file = pathlib.Path(turn["path"])
        state = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**state, "updated": "2020-01-01T00:00:00+00:00"}), encoding="utf-8")
        stop = self.report(turn_of(1, tmp_path), task="Find the node in its cluster", reason="NODE3 is paused.")
        assert stop["lines"][0].endswith("; nothing was changed on it.")
        assert stop["lines"][1] == f"The rolling maintenance: {', '.join(HOSTS)} not begun."
        assert stop["lines"][2].endswith("and NODE1 begins from the start.")

    def test_all_moves_are_told_at_the_last_node_and_until_then_only_how_far_it_is(
        self, tmp_path: pathlib.Path
    ) -> None:
        turns = [turn_of(number, tmp_path) for number in (1, 2, 3)]
        for turn in turns:
            note(turn, "done")
        first, last = (self.report(turn, results=[self.RESULT, self.RESULT]) for turn in (turns[0], turns[2]))
        assert first["lines"] == ["NODE1 is done. The rolling maintenance is finished.", "The cluster is healthy."]
        assert last["lines"][0] == "Maintenance of HVC1: done. 2 of 2 moves of 1 VM made."
        assert last["lines"][-2:] == ["NODE3 is done. The rolling maintenance is finished.", "The cluster is healthy."]
        assert (first.get("failed", False), first["_ansible_verbose_always"]) == (False, True)

    def test_the_page_shows_the_turns_of_all_nodes_and_the_report_how_good_the_estimate_was(
        self, tmp_path: pathlib.Path
    ) -> None:
        def take(number: int, minutes: int) -> Answer:
            began = dt.datetime.now(dt.timezone.utc) - dt.timedelta(minutes=minutes)
            turn = turn_of(number, tmp_path)
            for phase in ("begun", "evacuated", "restarting", "worked", "done"):
                note({"rolling": {**turn["rolling"], "began": began.isoformat()}}, phase)
            return turn

        first = take(1, 10)
        assert "estimate" not in first["rolling"]
        second, third = take(2, 8), take(3, 8)
        expected = second["rolling"]["estimate"]["seconds"]
        assert second["rolling"]["estimate"] == {"done": 1, "nodes": HOSTS[1:], "seconds": expected}
        assert 1200 <= expected < 1260  # the machine may be slow
        assert "estimate" not in third["rolling"]

        page = tmp_path / "page.html"
        report = self.report(third, results=[self.RESULT], path=str(page))

        took = report["estimate"]["took_seconds"]
        assert 960 <= took < 1020
        percent = report["estimate"]["error_percent"]
        assert percent == pytest.approx((expected / took - 1) * 100, abs=0.1)
        assert report["estimate"] == {
            "done": 1,
            "left": 2,
            "expected_seconds": expected,
            "took_seconds": took,
            "error_percent": percent,
        }
        times = [f"{seconds // 60} min {seconds % 60:02} s" for seconds in (expected, took)]
        took_it = f"it took {times[1]}, {percent:.0f} % less"
        said = f"With 1 of 3 nodes done, the rest was expected to take {times[0]}; {took_it}."
        assert said in " ".join(report["lines"])
        found = read_page(page.read_text(encoding="utf-8"))
        assert said in found.text
        assert "The turns of the nodes" in found.text
        shown = {value.partition(":")[0] for unused, key, value in found.attributes if key == "aria-label"}
        assert {f"NODE{number}, restarted" for number in (1, 2, 3)} <= shown
        assert self.report(third, results=[self.RESULT], check_mode=True)["estimate"] is None

    def test_nodes_are_as_before_the_first_move_and_after_the_last(self, tmp_path: pathlib.Path) -> None:
        later: Answer = {
            "moves": [move(ended="2026-03-01T23:00:00Z")],
            "nodes_before": [{"name": "NODE1", "vm_count": 5}],
            "nodes_after": [{"name": "NODE1", "vm_count": 7}],
        }
        page = tmp_path / "page.html"
        self.report(turn_of(1, tmp_path), results=[later, self.RESULT], path=str(page))
        text = page.read_text(encoding="utf-8")
        assert read_page(text).title == "Maintenance of HVC1: done"
        lines = self.report(turn_of(3, tmp_path), results=[later, self.RESULT])["lines"]
        assert next(line.split()[-2:] for line in lines if line.startswith("NODE1 ")) == ["1", "7"]

    def test_a_page_that_cannot_be_written_is_told_and_nothing_else_fails(self, tmp_path: pathlib.Path) -> None:
        lines = self.report(turn_of(1, tmp_path), results=[self.RESULT], path=str(tmp_path))["lines"]
        assert any(line.startswith("The HTML report was NOT written") for line in lines)

    def test_a_stop_says_why_how_the_node_is_left_and_how_to_go_on(self, tmp_path: pathlib.Path) -> None:
        turn = turn_of(1, tmp_path)
        note(turn, "evacuated")
        stop = self.report(turn, task="Install updates", reason="The disk is full.", results=[self.RESULT])
        assert stop["lines"][0].startswith("Maintenance of HVC1: FAILED.")
        assert stop["msg"].endswith('stops at NODE1, at the task "Install updates": The disk is full.')
        for said in (
            "NODE1 is up and has 1 VM; it was evacuated, and your tasks are not done.",
            f"{HOSTS[0]} evacuated; {HOSTS[1]}, {HOSTS[2]} not begun.",
            f"-e restore_node_via={HOSTS[1]}",
        ):
            assert said in "\n".join(stop["lines"][-5:])
        assert stop["_ansible_verbose_always"]  # so that Ansible shows one line in each line

    def test_a_stop_names_the_vms_that_are_off_because_of_the_evacuation(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ) -> None:
        given = scenario(NODES, [vm("build", owner="NODE2", state="off"), vm("off01", owner="NODE2", state="off")])
        SimulatedHosts(monkeypatch, {"HVC1": as_text(given)}, {})
        turn = turn_of(1, tmp_path)
        kept = keep_ledger(tmp_path, given, stopped="build")
        note(turn, "evacuated")
        stop = self.report(turn, task="Install updates", reason="The disk is full.")
        assert stop["lines"][:2] == [
            "How it is left: NODE1 is up and has 0 VMs; it was evacuated, and your tasks are not done.",
            "Still stopped, although running before: build (off, on NODE2).",
        ]
        # Ansible loses a host without any lines of its own, and the next one stops because of it.
        following = self.report(turn_of(2, tmp_path), reason="NODE2 is not begun, because NODE1 is not done.")
        assert following["lines"][:2] == [
            "How it is left: NODE2 is up and has 2 VMs; nothing was changed on it.",
            "Still stopped, although running before: build (off, on NODE2).",
        ]
        kept.write_text("{", encoding="utf-8")
        assert self.report(turn, reason="The disk is full.")["lines"][1].startswith("Its ledger, ")

    def test_a_stop_before_anything_could_be_written_says_that_no_node_is_begun(self, tmp_path: pathlib.Path) -> None:
        stop = self.report(turn_of(1, tmp_path), task="Evacuate the node", reason="ledger.json cannot be written.")
        assert stop["lines"][:2] == [
            "How it is left: NODE1 is up and has 1 VM; nothing was changed on it.",
            f"The rolling maintenance: {', '.join(HOSTS)} not begun.",
        ]

    def test_a_stop_at_a_state_that_cannot_be_written_does_not_claim_to_know_all(self, tmp_path: pathlib.Path) -> None:
        turn = turn_of(1, tmp_path)
        path = note(turn, "evacuated")["path"]
        assert "More may have been done" not in str(self.report(turn, reason="No.")["lines"])
        with full_disk():
            lines = self.report(turn, reason="The state cannot be written.")["lines"]
        assert lines[0].endswith("; it was evacuated, and your tasks are not done.")
        assert lines[3].startswith(f"More may have been done than is written down: {path} cannot be written: ")

    def test_a_stop_at_a_state_that_cannot_be_read_does_not_say_that_nothing_was_changed(
        self, tmp_path: pathlib.Path
    ) -> None:
        turn = turn_of(1, tmp_path)
        pathlib.Path(note(turn, "evacuated")["path"]).write_text("{", encoding="utf-8")
        stop = self.report(turn, task="Restart the node", reason="The file is broken.")
        assert stop["msg"].endswith("The file is broken.")
        assert stop["lines"][0] == "How it is left: NODE1 is up and has 1 VM."
        assert stop["lines"][1].startswith(f"How far the rolling maintenance is, is not known: {turn['path']}")
        assert "restore_node_name=NODE1" in stop["lines"][-1]
        assert "othing was changed" not in str(stop)

    @pytest.mark.parametrize("turn", [{}, {"msg": "It failed."}])
    def test_a_stop_before_anything_is_known_says_only_that(self, turn: Answer) -> None:
        stop = self.report(turn, reason="The cluster is not there.", task="Find the node")
        assert stop["msg"] == (
            f'The rolling maintenance stops at {HOSTS[0]}, at the task "Find the node": The cluster is not there. '
            "Nothing was changed on it in this run."
        )
        assert stop["lines"] == []
        assert stop["failed"]

    def test_a_stop_before_anything_is_known_tells_what_an_earlier_run_has_left(self, tmp_path: pathlib.Path) -> None:
        note(turn_of(1, tmp_path), "evacuated")
        written = pathlib.Path(note(turn_of(2, tmp_path), "begun")["path"])
        for name in ("hyperv-rolling-broken.json", "hyperv-ledger-hvc1-NODE1.json"):
            (tmp_path / name).write_text("{}", encoding="utf-8")
        state = json.loads(written.read_text(encoding="utf-8"))
        elsewhere = {**state, "nodes": {"other": state["nodes"][HOSTS[0]]}}
        (tmp_path / "hyperv-rolling-hvc2.json").write_text(json.dumps(elsewhere), encoding="utf-8")
        done = {host: {**node, "phase": "done"} for host, node in state["nodes"].items()}
        (tmp_path / "hyperv-rolling-hvc3.json").write_text(json.dumps({**state, "nodes": done}), encoding="utf-8")

        lines = self.report({"msg": "No host answers."}, reason="No host answers.", folder=str(tmp_path))["lines"]

        give_back = f"-e restore_node_ledger_folder={tmp_path}"
        assert lines == [
            f"An earlier run has not come to its end: {HOSTS[0]} evacuated; {HOSTS[1]} begun; {HOSTS[2]} not begun. So "
            f"says {written}.",
            f"{HOSTS[0]} may be paused, and VMs of it elsewhere: it was evacuated, and your tasks are not done. To "
            f"give it its VMs back without going on: ansible-playbook hyperv.migration.restore_node -e "
            f"restore_node_name=NODE1 {give_back}",
            f"{HOSTS[1]} may be paused, and VMs of it elsewhere: it is not evacuated, or only in part. To give it its "
            f"VMs back without going on: ansible-playbook hyperv.migration.restore_node -e restore_node_name=NODE2 "
            f"{give_back}",
            "To go on with it, remove the cause and run the same command again.",
        ]

    def test_what_another_run_goes_through_is_not_told_as_left(self, tmp_path: pathlib.Path) -> None:
        written = pathlib.Path(note(turn_of(1, tmp_path), "begun")["path"])
        state = json.loads(written.read_text(encoding="utf-8"))
        elsewhere = {"host": "controller2", "process": 1, "started": "1", "place": "elsewhere", "since": state["begun"]}
        written.write_text(json.dumps({**state, "runner": elsewhere}), encoding="utf-8")
        assert self.report({}, reason="No host answers.", folder=str(tmp_path))["lines"] == []

    def test_a_dry_run_changes_nothing_and_says_so(self, tmp_path: pathlib.Path) -> None:
        stop = self.report(turn_of(1, tmp_path), reason="No.", check_mode=True)
        assert stop["msg"].endswith("No. Nothing was changed.")
        assert self.report(turn_of(1, tmp_path), check_mode=True)["lines"] == ["NODE1 would be done."]

    def test_an_evacuation_that_failed_before_any_move_has_nothing_to_report(self, tmp_path: pathlib.Path) -> None:
        turn = turn_of(3, tmp_path)
        lines = self.report(turn, results=[{"failed": True, "msg": "No."}], reason="No.")["lines"]
        assert lines[0].startswith("How it is left: ")

    def test_results_of_another_shape_are_told(self, tmp_path: pathlib.Path) -> None:
        lines = self.report(turn_of(3, tmp_path), results=[{"moves": [{"vm": "web01"}]}])["lines"]
        assert lines[0].startswith("No report can be drawn up: ")


@pytest.mark.usefixtures("simulated")
class TestEnd:
    """What is checked in a play of its own, after the one that the user's tasks may have ended."""

    def ended(self, *results: Answer, **given: t.Any) -> Answer:
        return carry_out("hyperv_rolling_state_info", HOSTS, results=list(results), must_be_complete=True, **given)

    def test_a_node_that_is_not_done_fails_it_by_name_and_so_does_one_that_nobody_looked_at(
        self, tmp_path: pathlib.Path
    ) -> None:
        turn = turn_of(1, tmp_path)
        note(turn, "evacuated")
        with pytest.raises(FailedWithResult, match="did not come to its end") as failed:
            self.ended(turn)
        assert failed.value.result["unfinished"] == [
            {"host": HOSTS[0], "phase": "evacuated"},
            {"host": HOSTS[1], "phase": None},
            {"host": HOSTS[2], "phase": None},
        ]

    def test_vms_that_are_off_because_of_a_node_that_was_left_are_named(self, tmp_path: pathlib.Path) -> None:
        turn = turn_of(1, tmp_path)
        note(turn, "evacuated")
        keep_ledger(tmp_path, GIVEN, stopped="web01")
        with pytest.raises(FailedWithResult, match=r"Off or saved until their node has its VMs back: web01\. To give"):
            self.ended(turn)
        with pytest.raises(FailedWithResult) as failed:
            self.ended(turn, check_mode=True)
        assert "Off or saved" not in str(failed.value)

    def test_it_is_complete_when_all_are_done(self, tmp_path: pathlib.Path) -> None:
        turns = [turn_of(number, tmp_path) for number in (1, 2, 3)]
        noted = [note(turn, "done") for turn in turns]
        assert self.ended(*turns, *noted)["complete"]

    def test_a_node_that_an_earlier_run_has_done_is_done(self, tmp_path: pathlib.Path) -> None:
        for number in (2, 3):
            note(turn_of(number, tmp_path), "done")
        turn = turn_of(1, tmp_path)
        assert self.ended(turn, note(turn, "done"))["complete"]

    def test_a_dry_run_is_judged_by_what_it_did_itself(self, tmp_path: pathlib.Path) -> None:
        turns = [turn_of(number, tmp_path, check_mode=True) for number in (1, 2, 3)]
        noted = [
            carry_out("hyperv_rolling_state", HOSTS, rolling=turn["rolling"], phase="done", check_mode=True)
            for turn in turns
        ]
        assert self.ended(*turns, *noted, check_mode=True)["complete"]
        with pytest.raises(FailedWithResult, match=f"{HOSTS[2]}: its dry run was ended"):
            self.ended(*turns, *noted[:2], check_mode=True)

    def test_that_no_node_was_looked_at_is_no_success(self) -> None:
        with pytest.raises(FailedWithResult, match="No node was looked at"):
            self.ended()

    def test_nodes_of_two_clusters_are_looked_for_in_the_files_of_both(self, tmp_path: pathlib.Path) -> None:
        records = []
        for cluster, phase in (("a", "done"), ("b", "evacuated")):
            rolling = {"folder": str(tmp_path), "cluster": f"hvc.{cluster}.example", "node": cluster}
            path = carry_out("hyperv_rolling_state", HOSTS, rolling=rolling, phase=phase)["path"]
            records.append({"host": cluster, "nodes": [cluster], "phase": "", "path": path})
        with pytest.raises(FailedWithResult) as failed:
            self.ended(*records)
        assert failed.value.result["unfinished"] == [{"host": "b", "phase": "evacuated"}]


@pytest.mark.usefixtures("simulated")
def test_a_restart_of_a_rolling_maintenance_ends_the_work_and_is_made_only_if_it_is_due(tmp_path: pathlib.Path) -> None:
    turn = turn_of(1, tmp_path)

    def restart(**given: t.Any) -> Answer:
        options = {"name": "NODE1", "rolling": turn["rolling"], "poll_interval": 1.0, "timeout": 60, **given}
        return carry_out("hyperv_node_restart", HOSTS, home=HOSTS[1], **options)

    def phase() -> str:
        state = json.loads(pathlib.Path(turn["path"]).read_text(encoding="utf-8"))
        return str(state["nodes"][HOSTS[0]]["phase"])

    note(turn, "evacuated")
    assert restart(check_mode=True)["changed"]
    assert phase() == "evacuated"
    with pytest.raises(HyperVError, match="only a paused one is restarted"):
        restart()
    assert phase() == "restarting"
    with pytest.raises(HyperVError, match="only a paused one is restarted"):
        restart(due=False)  # an interrupted run has decided it
    note(turn, "worked")
    assert restart() == {"changed": False, "name": "NODE1"}
    assert restart(rolling=None, due=False) == {"changed": False, "name": "NODE1"}


class TestRefill:
    FULL = scenario(
        [node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3)],
        [vm(f"app{number}", owner="NODE1" if number < 6 else "NODE2", memory_mb=8192) for number in range(1, 11)],
    )

    def test_the_empty_node_takes_its_share(self) -> None:
        simulated = Simulated(self.FULL)
        result = perform("hyperv_rolling_refill", simulated)
        moves = {(one["source_host"], one["destination_host"], one["outcome"]) for one in result["moves"]}
        assert moves == {("NODE1", "NODE3", "moved"), ("NODE2", "NODE3", "moved")}
        assert len(result["moves"]) == 2  # a third one would leave less than the mean behind
        again = perform("hyperv_rolling_refill", simulated)
        assert (again["changed"], again["moves"]) == (False, [])

    def test_a_dry_run_asks_and_changes_nothing(self) -> None:
        simulated = Simulated(self.FULL)
        result = perform("hyperv_rolling_refill", simulated, check_mode=True)
        assert {one["outcome"] for one in result["moves"]} == {"would_move"}
        assert {simulated.owner(f"app{number}") for number in range(1, 11)} == {"NODE1", "NODE2"}

    @pytest.mark.usefixtures("simulated")
    def test_in_a_rolling_maintenance_the_node_is_done_by_it_whether_it_was_due_or_not(
        self, tmp_path: pathlib.Path
    ) -> None:
        turns = [turn_of(number, tmp_path) for number in (1, 2, 3)]
        carry_out("hyperv_rolling_refill", HOSTS, rolling=turns[0]["rolling"], due=False, check_mode=True)
        assert list(tmp_path.iterdir()) == []
        for turn, due in zip(turns, (False, False, True), strict=True):
            given = {"rolling": turn["rolling"], "due": due, "reserve_memory_percent": 99}  # so that no VM moves
            result = carry_out("hyperv_rolling_refill", HOSTS, home=turn["via"], **given)
            assert (result["changed"], result["host"], result["phase"]) == (True, turn["host"], "done")
        assert result["finished"]

    def test_vms_that_are_at_home_stay(self) -> None:
        result = perform("hyperv_rolling_refill", Simulated(self.FULL), home=["app*"])
        assert result["moves"] == []

    def test_a_bad_reserve_is_refused(self) -> None:
        with pytest.raises(HyperVError, match="reserve_memory_percent is 100"):
            perform("hyperv_rolling_refill", Simulated(self.FULL), reserve_memory_percent=100)
