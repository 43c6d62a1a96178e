# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbook ``hyperv.migration.rolling_maintenance`` and the role behind it. No command may warn or open a shell."""

from __future__ import annotations

import pathlib
import typing as t
from collections.abc import Iterator

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.integration.rolls import FAILED, USERS_TASKS, Roll, worked_on
from tests.running_cluster import RunningCluster, running_cluster
from tests.unit.report.reading import read_page

pytestmark = pytest.mark.long

SCENARIO = pathlib.Path(__file__).with_name("rolling.yml")
NODES = ["NODE1", "NODE2", "NODE3", "NODE4"]


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    with running_cluster(SCENARIO, folder) as cluster:
        yield cluster


@pytest.fixture
def roll(cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path) -> Roll:
    return Roll(ansible, tmp_path)


def nodes_of(cluster: RunningCluster) -> list[dict[str, t.Any]]:
    return t.cast("list[dict[str, t.Any]]", cluster.state()["nodes"])


def test_a_roll_that_failed_at_the_third_node_is_rehearsed_without_waiting_and_resumed_to_the_end(
    cluster: RunningCluster, roll: Roll, tmp_path: pathlib.Path
) -> None:
    owners = cluster.owners()

    first = roll(broken="NODE3")

    assert first.code == FAILED
    assert worked_on(first) == ["NODE1", "NODE2"]
    assert roll.phases() == {"NODE1": "done", "NODE2": "done", "NODE3": "evacuated", "NODE4": ""}
    assert cluster.node_states() == {"NODE1": "up", "NODE2": "up", "NODE3": "paused", "NODE4": "up"}
    assert "NODE3" not in cluster.owners().values()
    for said in (
        'The rolling maintenance stops at NODE3, at the task \\"Install updates\\":',
        "The disk is full.",
        "NODE3 is paused and has 0 VMs",
        "NODE1, NODE2 done; NODE3 evacuated; NODE4 not begun",
        "run the same command again",
        "hyperv.migration.restore_node -e restore_node_name=NODE3",
    ):
        assert said in first.text, first.text

    rehearsal = roll("--check", rolling_maintenance_health_timeout=300, rolling_maintenance_health_interval=10)

    assert rehearsal.code == 0, rehearsal.text
    assert "RETRYING" not in rehearsal.text
    assert roll.phases()["NODE3"] == "evacuated"
    assert cluster.node_states()["NODE3"] == "paused"

    second = roll(rolling_maintenance_report_path=str(tmp_path / "out" / "roll.html"))

    assert second.code == 0, second.text
    assert worked_on(second) == ["NODE3", "NODE4"]
    assert "The rolling maintenance is finished." in second.text
    assert set(roll.phases().values()) == {"done"}
    assert cluster.owners() == owners
    assert set(cluster.node_states().values()) == {"up"}
    assert cluster.migrations() == dict.fromkeys(owners, 2)
    ledgers = [f"hyperv-ledger-hvc1.corp.example-{name}.json" for name in NODES]
    assert roll.files == [*ledgers, "hyperv-rolling-hvc1.corp.example.json"]
    # Each run tells what it has moved itself: web01, web02, db01 and test01 were done by the first.
    assert "Maintenance of HVC1: FAILED. 10 of 10 moves of 6 VMs made." in first.text
    assert "Maintenance of HVC1: done. 4 of 4 moves of 3 VMs made." in second.text
    page = read_page((tmp_path / "out" / "roll.html").read_text(encoding="utf-8"))
    assert page.title == "Maintenance of HVC1: done"
    assert sorted(set(page.timeline_vms)) == ["db02", "web03", "web04"]


def test_with_any_layout_vms_go_to_nodes_that_are_done_and_stay_there(cluster: RunningCluster, roll: Roll) -> None:
    before = cluster.owners()
    rehearsal = roll("--check", rolling_maintenance_layout="any", rolling_maintenance_home=["db02"])
    assert rehearsal.code == 0, rehearsal.text
    assert "No plan of this layout has fewer than" in rehearsal.text
    assert cluster.owners() == before

    first = roll(broken="NODE3", rolling_maintenance_layout="any", rolling_maintenance_home=["db02"])

    assert first.code == FAILED
    assert roll.phases() == {"NODE1": "done", "NODE2": "done", "NODE3": "evacuated", "NODE4": ""}

    second = roll(rolling_maintenance_layout="any", rolling_maintenance_home=["db02"])

    assert second.code == 0, second.text
    assert set(roll.phases().values()) == {"done"}
    assert set(cluster.node_states().values()) == {"up"}
    owners = cluster.owners()
    assert [name for name, node in owners.items() if node == "NODE4"] == []  # the last one
    assert owners["db02"] == before["db02"]
    moves = cluster.migrations()
    assert sum(moves.values()) < 2 * len(before)
    assert moves["db02"] == 2
    assert all(count <= 2 for count in moves.values())
    assert "gets back the VMs that are to come home" in first.text


def test_with_a_balanced_layout_the_last_node_takes_its_share(cluster: RunningCluster, roll: Roll) -> None:
    answer = roll(rolling_maintenance_layout="balanced")
    assert answer.code == 0, answer.text
    assert set(roll.phases().values()) == {"done"}
    assert "NODE4" in cluster.owners().values()
    assert sum(cluster.migrations().values()) < 2 * len(cluster.owners())


def test_nodes_have_their_turns_in_the_order_of_the_user_and_are_resumed_in_it(
    cluster: RunningCluster, roll: Roll
) -> None:
    refused = roll(rolling_maintenance_order="NODE3,NODE1,NODE2")
    assert refused.code == FAILED
    assert "rolling_maintenance_order lacks NODE4" in refused.text
    assert "Nothing was changed" in refused.text
    assert (cluster.migrations(), roll.files) == ({}, [])

    order = ["NODE3", "NODE1", "NODE4", "NODE2"]
    first = roll(broken="NODE4", rolling_maintenance_order=order)
    assert first.code == FAILED
    assert worked_on(first) == ["NODE3", "NODE1"]
    alone = roll("--limit", "NODE4", rolling_maintenance_order=order)
    assert alone.code == 0, alone.text
    last = roll(rolling_maintenance_order=",".join(order))

    assert last.code == 0, last.text
    assert worked_on(alone) + worked_on(last) == ["NODE4", "NODE2"]
    assert set(roll.phases().values()) == {"done"}


def test_nodes_have_their_turns_in_the_order_that_a_plan_finds_and_are_resumed_with_the_rest_planned_again(
    cluster: RunningCluster, roll: Roll
) -> None:
    planned = {"rolling_maintenance_order": "planned", "rolling_maintenance_layout": "any"}
    before = cluster.owners()
    rehearsal = roll("--check", **{**planned, "rolling_maintenance_order": " Planned, "})
    assert rehearsal.code == 0, rehearsal.text
    assert "The order of the nodes is planned: NODE4, " in rehearsal.text  # the one with the fewest VMs
    assert worked_on(rehearsal)[0] == "NODE4"
    assert sorted(worked_on(rehearsal)) == NODES
    assert (cluster.owners(), roll.files) == (before, [])

    second = worked_on(rehearsal)[1]
    roll.killed_when(lambda phases: bool(phases.get(second)), **planned)
    assert roll.phases()["NODE4"] == "done"
    assert cluster.node_states()["NODE4"] == "up"

    failed = roll(broken=second, **planned)
    assert failed.code == FAILED
    assert f"The order of the nodes is planned: NODE4, {second}, " in failed.text
    last = roll(**planned)

    assert last.code == 0, last.text
    assert worked_on(last)[0] == second
    assert sorted([*worked_on(last), "NODE4"]) == NODES
    assert set(roll.phases().values()) == {"done"}
    assert set(cluster.node_states().values()) == {"up"}
    assert sum(cluster.migrations().values()) < 2 * len(before)


def test_a_playbook_of_ones_own_takes_its_hosts_in_the_order_that_a_play_before_it_planned(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    given = {
        "rolling_maintenance_order": "planned",
        "rolling_maintenance_layout": "any",
        "rolling_maintenance_folder": str(tmp_path),
        "evacuate_node_poll_interval": 0.05,
        "restore_node_poll_interval": 0.05,
    }
    found = "groups.hyperv_nodes | map('extract', hostvars, 'rolling_maintenance_planned') | select('defined') | first"
    plans = {
        "hosts": "hyperv_nodes",
        "gather_facts": False,
        "vars": given,
        "tasks": [
            {
                "name": "Plan the order",
                "ansible.builtin.include_role": {"name": "hyperv.migration.rolling_maintenance", "tasks_from": "order"},
            }
        ],
    }
    takes = {
        "hosts": "{{ planned.order | default([]) }}",
        "gather_facts": False,
        "serial": "{{ planned.serial | default(1) }}",
        "max_fail_percentage": 0,
        "vars": {**given, "planned": f"{{{{ {found} | default({{}}) }}}}"},
        "roles": [{"role": "hyperv.migration.rolling_maintenance"}],
    }
    own, without = tmp_path / "own.yml", tmp_path / "without.yml"
    own.write_text(yaml.safe_dump([plans, takes]), encoding="utf-8")
    without.write_text(yaml.safe_dump([plans, {**takes, "hosts": "hyperv_nodes", "serial": 1}]), encoding="utf-8")

    checked = ansible.run("ansible-playbook", *ansible.sources, str(own), "--syntax-check")
    assert checked.code == 0, checked.text

    another = ansible.run("ansible-playbook", *ansible.sources, str(without))
    assert another.code == FAILED
    assert "The order that was planned is NODE4, " in another.text
    assert "and the play takes its hosts in the order NODE1, NODE2, NODE3, NODE4" in another.text
    assert cluster.migrations() == {}

    limited = ansible.run("ansible-playbook", *ansible.sources, str(own), "--limit", "NODE2,NODE3")
    assert limited.code == 0, limited.text
    assert "The order of the nodes is planned: NODE2, NODE3." in limited.text
    assert "The rolling maintenance is finished." in limited.text
    assert {cluster.owners()[name] for name in ("web01", "web04")} == {"NODE1", "NODE4"}


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("planned,NODE1", "rolling_maintenance_order is planned, NODE1. Give planned alone"),
        ("first", "rolling_maintenance_order has first, which is none of them"),
    ],
)
def test_an_order_that_is_none_is_refused_in_words(cluster: RunningCluster, roll: Roll, order: str, said: str) -> None:
    answer = roll(rolling_maintenance_order=order)
    assert answer.code == FAILED
    assert said in answer.text
    assert (cluster.migrations(), roll.files) == ({}, [])


def test_a_roll_stops_in_time_and_the_same_command_goes_on(cluster: RunningCluster, roll: Roll) -> None:
    roll.environment = {"ANSIBLE_SHOW_CUSTOM_STATS": "1"}
    stopped = roll(rolling_maintenance_stop_at="1s")

    assert stopped.code == 0, stopped.text
    assert worked_on(stopped) == ["NODE1"]  # how long a node takes was not known yet
    assert "Stopped in time before NODE2: 1 of 4 nodes are done." in stopped.text
    artifacts = stopped.text.rpartition("CUSTOM STATS")[2]
    assert "rolling_maintenance_stopped" in artifacts
    assert set(cluster.node_states().values()) == {"up"}

    done = roll()

    assert done.code == 0, done.text
    assert worked_on(done) == ["NODE2", "NODE3", "NODE4"]
    assert "rolling_maintenance_stopped" not in done.text.rpartition("CUSTOM STATS")[2]


def test_a_roll_that_cannot_come_to_its_end_is_not_begun(tmp_path: pathlib.Path, plugin: str) -> None:
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    scenario["vms"] = [
        {"name": "web01", "owner": "NODE1", "memory_mb": 2048},
        {"name": "image01", "owner": "NODE4", "memory_mb": 2048, "attachments": [{"kind": "iso"}]},
    ]
    given, folder = tmp_path / "given.yml", tmp_path / "kept"
    given.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    folder.mkdir()

    with running_cluster(given, tmp_path) as cluster:
        roll = Roll(Ansible(tmp_path, cluster.inventory, plugin), folder)
        answer = roll(rolling_maintenance_layout="any")
        planned = roll(rolling_maintenance_order="planned")

        assert cluster.migrations() == {}
        assert set(cluster.node_states().values()) == {"up"}

    assert answer.code == FAILED
    assert "The rolling maintenance stops at NODE1" in answer.text
    assert "NODE4 cannot be emptied as node" in answer.text
    assert "nothing was changed on it" in answer.text
    assert roll.files == []
    assert planned.code == FAILED
    assert "Nothing was changed. No plan was found for the rolling maintenance: NODE4 cannot be emptied" in planned.text
    assert worked_on(planned) == []


def test_a_dry_run_shows_the_plan_of_each_node_changes_nothing_and_hands_nothing_on(
    cluster: RunningCluster, roll: Roll
) -> None:
    before = cluster.owners(), cluster.node_states()
    from_an_earlier_job = {
        "evacuate_node_plan": {"node": "NODE4", "moves": []},
        "evacuate_node_ledger": {"node": "NODE4"},
    }

    answer = roll("--check", rolling_maintenance_restart=True, **from_an_earlier_job)

    assert answer.code == 0, answer.text
    for node in NODES:
        assert f"{node} is evacuated, worked on, and gets its VMs back." in answer.text
        assert f"{node} would be done." in answer.text
    assert "web01" in answer.text
    assert (cluster.owners(), cluster.node_states()) == before
    assert cluster.migrations() == {}
    assert roll.files == []
    assert "CUSTOM STATS" not in answer.text
    assert "plan is one for" not in answer.text


def test_the_roll_does_not_begin_while_another_node_is_down(tmp_path: pathlib.Path, plugin: str) -> None:
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    scenario["nodes"] = [{"name": name, "state": "down" if name == "NODE2" else "up"} for name in NODES]
    scenario["vms"] = [{"name": "web01", "owner": "NODE1"}]
    broken, refusing, folder = tmp_path / "broken.yml", tmp_path / "refusing.yml", tmp_path / "kept"
    broken.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    # Connections to a machine that is down are not taken, whereas the simulator's port takes them.
    refusing.write_text("hyperv_nodes: {hosts: {NODE2: {ansible_port: 1}}}\n", encoding="utf-8")
    folder.mkdir()

    with running_cluster(broken, tmp_path) as cluster:
        roll = Roll(Ansible(tmp_path, cluster.inventory, plugin), folder)
        answer = roll("-i", str(refusing))

        assert cluster.node_states()["NODE1"] == "up"
        assert cluster.migrations() == {}

    assert answer.code == FAILED
    assert "The cluster is asked through NODE3." in answer.text
    assert "Node NODE2 is down. Bring it up" in answer.text
    assert "nothing was changed on it" in answer.text
    assert (worked_on(answer), roll.files) == ([], [])


def test_a_node_that_somebody_else_has_paused_is_not_taken_over(
    cluster: RunningCluster, ansible: Ansible, roll: Roll
) -> None:
    assert ansible.ad_hoc("NODE2", "hyperv_cluster_node", "name=NODE1 state=maintenance").code == 0

    answer = roll("--limit", "NODE1")

    assert answer.code == FAILED
    assert "NODE1 is paused, and not by this rolling maintenance" in answer.text
    assert (cluster.migrations(), roll.files) == ({}, [])


def test_a_node_is_restarted_and_waited_for(cluster: RunningCluster, roll: Roll) -> None:
    owners = cluster.owners()

    answer = roll("--limit", "NODE1", rolling_maintenance_restart=True)

    assert answer.code == 0, answer.text
    assert [node["restarts_requested"] for node in nodes_of(cluster)] == [1, 0, 0, 0]
    assert "The restart of NODE1 is requested." in answer.text
    assert "NODE1 is back in its cluster after " in answer.text
    assert cluster.owners() == owners
    assert set(cluster.node_states().values()) == {"up"}


def test_a_restart_that_was_refused_is_taken_up_where_it_was(cluster: RunningCluster, roll: Roll) -> None:
    owners = cluster.owners()
    roll.write_tasks(f"{USERS_TASKS}- ansible.builtin.set_fact: {{rolling_maintenance_restart_needed: true}}\n")
    stays = [{"vm": "web01", "strategy": "stay"}]
    survey = {"rolling_maintenance_restart": "no"}  # an extra var, which no task can change

    refused = roll("--limit", "NODE1", evacuate_node_strategies=stays, **survey)

    assert refused.code == FAILED
    assert roll.phases() == {"NODE1": "restarting"}
    for said in (
        "web01 would go down with it",
        "NODE1 is paused and has 1 VM;",
        "your tasks are done, and it is not restarted",
        "NODE1 continues with its restart",
    ):
        assert said in " ".join(refused.text.split()), refused.text
    assert [node["restarts_requested"] for node in nodes_of(cluster)] == [0, 0, 0, 0]

    resumed = roll("--limit", "NODE1", evacuate_node_strategies=[{"vm": "web01", "strategy": "shutdown"}], **survey)

    assert resumed.code == 0, resumed.text
    assert worked_on(resumed) == []
    assert [node["restarts_requested"] for node in nodes_of(cluster)] == [1, 0, 0, 0]
    assert cluster.owners() == owners
    assert {vm["state"] for vm in cluster.state()["vms"] if vm["owner"] == "NODE1"} == {"running"}


@pytest.mark.parametrize("mode", [[], ["--check"]])
def test_a_restart_that_a_vm_would_not_outlive_is_refused_before_anything_is_changed(
    cluster: RunningCluster, roll: Roll, mode: list[str]
) -> None:
    stays = [{"vm": "web01", "strategy": "stay"}]

    answer = roll("--limit", "NODE1", *mode, evacuate_node_strategies=stays, rolling_maintenance_restart=True)

    assert answer.code == FAILED
    assert "it is to be restarted and web01 would go down with it" in answer.text
    assert (cluster.migrations(), cluster.node_states()["NODE1"]) == ({}, "up")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"rolling_maintenance_tasks_file": "updats.yml"}, "rolling_maintenance_tasks_file is updats.yml"),
        ({"rolling_maintenance_role": "updats"}, "the role 'updats' was not found"),
    ],
)
def test_work_that_is_not_there_is_told_before_anything_is_changed(
    cluster: RunningCluster, roll: Roll, option: dict[str, str], said: str
) -> None:
    answer = roll(**option)

    assert answer.code == FAILED
    assert said in answer.text
    assert (cluster.migrations(), set(cluster.node_states().values()), roll.files) == ({}, {"up"}, [])


def test_one_with_a_run_id_is_gone_through_once_and_one_without_begins_again(
    cluster: RunningCluster, roll: Roll
) -> None:
    options = ("--limit", "NODE4")

    march = roll(*options, rolling_maintenance_run_id="2026-03")
    march_again = roll(*options, rolling_maintenance_run_id="2026-03")
    nameless = roll(*options)

    answers = [march, march_again, nameless]
    assert [answer.code for answer in answers] == [0] * 3, [answer.text for answer in answers if answer.code]
    assert [worked_on(answer) for answer in answers] == [["NODE4"], [], ["NODE4"]]
    assert "NODE4 is done in this rolling maintenance: there is nothing to do." in march_again.text
    assert march_again.recap("NODE4", "changed") == 0


def test_a_node_that_is_lost_in_the_users_tasks_stops_the_roll(cluster: RunningCluster, roll: Roll) -> None:
    roll.write_tasks("- hyperv.migration.hyperv_vm_info:\n  vars: {ansible_port: 1}\n")

    answer = roll()

    assert answer.recap("NODE1", "unreachable") == 1
    assert "NODE2 :" not in answer.text.partition("PLAY RECAP")[2]
    assert cluster.node_states()["NODE1"] == "paused"
    assert roll.phases()["NODE1"] == "evacuated"


def test_what_the_playbook_misses_is_told(tmp_path: pathlib.Path) -> None:
    hosts = tmp_path / "hosts.yml"
    hosts.write_text("other: {hosts: {NODE1: }}", encoding="utf-8")

    answer = Roll(Ansible(tmp_path, hosts), tmp_path)()

    assert answer.code == FAILED
    assert "no host in the group hyperv_nodes" in answer.text


def test_a_roll_that_failed_before_it_changed_anything_does_not_claim_a_node_that_is_paused_later(
    cluster: RunningCluster, ansible: Ansible, roll: Roll
) -> None:
    stopped = roll(evacuate_node_reserve_memory_percent=99)
    assert stopped.code == FAILED
    assert "nothing was changed on it" in stopped.text
    assert "restore_node_ledger_path" not in stopped.text
    assert ansible.ad_hoc("NODE2", "hyperv_cluster_node", "name=NODE1 state=maintenance").code == 0

    answer = roll()

    assert answer.code == FAILED
    assert "NODE1 is paused, and not by this rolling maintenance" in answer.text


def test_a_host_is_not_worked_on_in_the_name_of_another_node(cluster: RunningCluster, roll: Roll) -> None:
    for mode in ([], ["--check"]):
        answer = roll("--limit", "NODE1", *mode, rolling_maintenance_node="NODE2")

        assert answer.code == FAILED, answer.text
        assert "rolling_maintenance_node is NODE2, which is the node NODE2, and NODE1 is NODE1" in answer.text
    assert set(cluster.node_states().values()) == {"up"}
    assert cluster.migrations() == {}


# With every step as a task of its own it was 402 tasks, of which 115 were skipped, and 204 logins.
MOST_TASKS, MOST_SKIPPED, MOST_LOGINS = 110, 8, 55


def test_four_nodes_show_few_tasks_none_of_them_plumbing_and_log_in_seldom(
    cluster: RunningCluster, roll: Roll, tmp_path: pathlib.Path
) -> None:
    page = tmp_path / "page.html"
    answer = roll(rolling_maintenance_report_path=str(page))

    assert answer.code == 0, answer.text
    assert "With 2 of 4 nodes done, the rest was expected to take" in answer.text
    assert "The turns of the nodes" in read_page(page.read_text(encoding="utf-8")).text
    lines = answer.text.splitlines()
    assert len([line for line in lines if line.startswith("TASK ")]) <= MOST_TASKS
    assert len([line for line in lines if line.startswith("skipping: [")]) <= MOST_SKIPPED
    assert lines.count("skipping: no hosts matched") == 1  # of the play that plans the order where that is wished
    assert sum(node["logins"] for node in cluster.connections().values()) <= MOST_LOGINS
    assert "Maintenance of HVC1: done. 14 of 14 moves of 7 VMs made." in answer.text
    assert "All nodes of this run are done" not in answer.text  # which is no news


def with_role(folder: pathlib.Path, name: str, tasks: str, handlers: str) -> dict[str, str]:
    """Write a role, and return the environment in which it is found."""
    for part, text in (("tasks", tasks), ("handlers", handlers)):
        (folder / "roles" / name / part).mkdir(parents=True)
        (folder / "roles" / name / part / "main.yml").write_text(text, encoding="utf-8")
    return {"ANSIBLE_ROLES_PATH": str(folder / "roles")}


WHO_IS_HERE = """
- name: Restart Windows
  hyperv.migration.hyperv_vm_info: {node: "{{ inventory_hostname }}"}
  register: here
  changed_when: true
- name: Tell what goes down
  listen: Restart Windows
  ansible.builtin.debug: {msg: "{{ inventory_hostname }} goes down with {{ here.vms | length }} VMs."}
"""


@pytest.mark.parametrize("by", ["role", "tasks_file"])
def test_handlers_that_the_work_notifies_run_while_the_node_is_empty(
    cluster: RunningCluster, roll: Roll, tmp_path: pathlib.Path, by: str
) -> None:
    notifying = "- ansible.builtin.debug: {msg: updating}\n  changed_when: true\n  notify: Restart Windows\n"
    roll.environment = with_role(tmp_path, "patching", notifying, WHO_IS_HERE)
    roll.write_tasks("- ansible.builtin.include_role: {name: patching}\n")
    work = {"rolling_maintenance_role": "patching", "rolling_maintenance_tasks_file": ""} if by == "role" else {}

    answer = roll("--limit", "NODE1", **work)

    assert answer.code == 0, answer.text
    assert answer.text.count("goes down with") == 1
    assert "NODE1 goes down with 0 VMs." in answer.text
    assert cluster.node_states()["NODE1"] == "up"


def test_a_handler_that_fails_leaves_the_node_paused_and_empty(
    cluster: RunningCluster, roll: Roll, tmp_path: pathlib.Path
) -> None:
    broken = "- name: Restart Windows\n  ansible.builtin.fail: {msg: It does not restart.}\n"
    notifying = "- ansible.builtin.debug: {msg: updating}\n  changed_when: true\n  notify: Restart Windows\n"
    roll.environment = with_role(tmp_path, "patching", notifying, broken)

    answer = roll(rolling_maintenance_role="patching", rolling_maintenance_tasks_file="")

    assert answer.code == FAILED
    assert "It does not restart." in answer.text
    assert (cluster.node_states()["NODE1"], roll.phases()["NODE1"]) == ("paused", "evacuated")
    assert "NODE1" not in cluster.owners().values()
    assert roll.phases()["NODE2"] == ""


ENDS = {
    "end_host": ("NODE1 is paused by this rolling maintenance and is not done (evacuated), so NODE2 is not begun."),
    "end_batch": ("NODE1 is paused by this rolling maintenance and is not done (evacuated), so NODE2 is not begun."),
    "end_play": (
        "did not come to its end. NODE1: it was evacuated, and your tasks are not done. NODE2: it was not looked at."
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_tasks_that_end_the_host_or_the_play_are_no_success(cluster: RunningCluster, roll: Roll, end: str) -> None:
    roll.write_tasks(f"- ansible.builtin.meta: {end}\n  when: nothing_to_do | default(false) | bool\n{USERS_TASKS}")

    answer = roll(nothing_to_do=True)

    assert answer.code == FAILED
    assert ENDS[end] in " ".join(answer.text.split())
    assert cluster.node_states() == {"NODE1": "paused", "NODE2": "up", "NODE3": "up", "NODE4": "up"}

    resumed = roll()

    assert resumed.code == 0, resumed.text
    assert worked_on(resumed) == NODES


def test_tasks_that_end_the_last_host_are_found_in_the_last_play_also_by_a_dry_run(
    cluster: RunningCluster, roll: Roll
) -> None:
    roll.write_tasks("- ansible.builtin.meta: end_host\n")

    rehearsal = roll("--check", "--limit", "NODE4")

    assert rehearsal.code == FAILED
    assert "The dry run did not come to its end. NODE4: its dry run was ended." in rehearsal.text
    assert cluster.migrations() == {}

    answer = roll("--limit", "NODE4")

    assert answer.code == FAILED
    assert "NODE4: it was evacuated, and your tasks are not done." in answer.text
    assert "hyperv.migration.restore_node -e restore_node_name=NODE4" in answer.text


def test_a_task_time_limit_or_a_tag_that_leaves_everything_out_is_no_success(
    cluster: RunningCluster, roll: Roll
) -> None:
    # The node itself is paused, so that it waits for long.
    roll.write_tasks("- hyperv.migration.hyperv_cluster_health_info: {timeout: 300}\n  timeout: 2\n")

    timed_out = roll("--limit", "NODE1")

    assert timed_out.code == FAILED
    assert roll.phases() == {"NODE1": "evacuated"}
    cluster.reset()

    tagged = roll("--limit", "NODE2", "--tags", "nothing")

    assert tagged.code == FAILED
    assert "No node was looked at" in tagged.text


def test_other_work_does_not_join_an_unfinished_run(
    cluster: RunningCluster, roll: Roll, tmp_path: pathlib.Path
) -> None:
    firmware = tmp_path / "firmware.yml"
    firmware.write_text("- ansible.builtin.debug: {msg: FIRMWARE}\n", encoding="utf-8")
    assert roll(broken="NODE2").code == FAILED

    refused = roll(rolling_maintenance_tasks_file=str(firmware))

    assert refused.code == FAILED
    assert "which NODE1 would not get" in refused.text
    assert "FIRMWARE" not in refused.text
    assert roll.phases()["NODE2"] == "evacuated"

    # The node that is paused is taken up first, and the new work runs on all.
    assert (
        roll("--limit", "NODE2", rolling_maintenance_tasks_file=str(firmware), rolling_maintenance_begin_anew=True).code
        == 0
    )
    assert roll(rolling_maintenance_tasks_file=str(firmware)).code == 0
    assert set(roll.phases().values()) == {"done"}


def test_more_than_one_node_at_a_time_is_refused(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    play = tmp_path / "play.yml"
    play.write_text(
        "- hosts: hyperv_nodes\n  gather_facts: false\n  roles: [hyperv.migration.rolling_maintenance]\n",
        encoding="utf-8",
    )

    answer = ansible.run("ansible-playbook", *ansible.sources, str(play), folder=tmp_path)

    assert answer.code == FAILED
    assert "are worked on at once" in answer.text
    assert set(cluster.node_states().values()) == {"up"}
    assert cluster.migrations() == {}


CLASHES = """
- name: Set what the roles call their own
  ansible.builtin.set_fact:
    rolling_maintenance_turn: {node: NODE4, via: NODE1, steps: [], rolling: {}, path: /nowhere, nodes: [NODE4]}
    __rolling_maintenance_turn: {node: NODE4}
    rolling_maintenance_result: false
    evacuate_node_result: {moves: nothing}
    evacuate_node_rolling: {}
    restore_node_result: done
    restore_node_name: NODE4
    restore_node_ledger: {vms: []}
    restore_node_ledger_path: /nowhere/else.json
"""


@pytest.mark.parametrize("broken", ["", "NODE2"])
def test_variables_that_the_users_tasks_set_do_not_change_the_roll(
    cluster: RunningCluster, roll: Roll, broken: str
) -> None:
    owners = cluster.owners()
    tasks = USERS_TASKS.partition("- name: Install")
    roll.write_tasks(f"{tasks[0]}{CLASHES}{tasks[1]}{tasks[2]}")

    answer = roll("--limit", "NODE1,NODE2", broken=broken)

    if not broken:
        assert answer.code == 0, answer.text
        assert worked_on(answer) == ["NODE1", "NODE2"]
        assert roll.phases() == {"NODE1": "done", "NODE2": "done"}
        assert cluster.owners() == owners
        assert set(cluster.node_states().values()) == {"up"}
        return
    assert answer.code == FAILED
    assert roll.phases() == {"NODE1": "done", "NODE2": "evacuated"}
    for said in (
        'stops at NODE2, at the task \\"Install updates\\":',
        "The disk is full.",
        "NODE1 done; NODE2 evacuated",
    ):
        assert said in answer.text, answer.text


def test_ledgers_of_single_evacuations_are_left_alone(
    cluster: RunningCluster, roll: Roll, tmp_path: pathlib.Path
) -> None:
    owners, elsewhere = cluster.owners(), tmp_path / "elsewhere"
    elsewhere.mkdir()
    # As extra vars, which go before all others, as AWX gives the variables of a job.
    given = {
        "evacuate_node_ledger_folder": str(elsewhere),
        "evacuate_node_ledger_path": str(elsewhere / "evacuated.json"),
        "restore_node_ledger": {"node": "NODE3", "vms": []},
        "restore_node_ledger_folder": str(elsewhere),
        "restore_node_ledger_path": str(elsewhere / "restored.json"),
    }

    answer = roll("--limit", "NODE1,NODE2", **given)

    assert answer.code == 0, answer.text
    assert cluster.owners() == owners
    assert list(elsewhere.iterdir()) == []
    assert len([name for name in roll.files if name.startswith("hyperv-ledger-")]) == 2


@pytest.mark.parametrize("order", [True, {}, {"NODE1": 1}, 7])
def test_an_order_that_is_neither_a_list_nor_text_is_refused_in_words(
    cluster: RunningCluster, roll: Roll, order: object
) -> None:
    refused = roll(rolling_maintenance_order=order)
    assert refused.code == FAILED
    assert f"rolling_maintenance_order is {order!r}, which is neither a list of names nor a text." in refused.text
    assert "Give names with commas between them." in refused.text
    assert cluster.migrations() == {}
    assert roll.files == []
