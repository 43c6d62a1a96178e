# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node is emptied and filled again: the roles evacuate_node and restore_node together."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import pathlib
import typing as t
from collections.abc import Callable, Iterator

import pytest

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

FAILED = 2
HEAD = """
cluster: {name: HVC1, fqdn: hvc1.corp.example%s}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 60}
network: {megabytes_per_second: 2000, setup_seconds: 2, switch_over_seconds: 1}
"""


class Maintenance:
    """One simulated cluster and the two playbooks on its NODE1."""

    def __init__(self, cluster: RunningCluster, ansible: Ansible, folder: pathlib.Path) -> None:
        self.cluster = cluster
        self._ansible = ansible
        self._ledger = folder / "NODE1.json"

    def evacuate(self, *options: str, warns: bool = False) -> Answer:
        return self._play("evacuate_node", *options, warns=warns)

    def restore(self, *options: str) -> Answer:
        return self._play("restore_node", *options)

    def in_full(self, play: Callable[..., Answer], *options: str) -> Answer:
        """Rehearse a play that must change nothing, carry it out, and again, when nothing is left to be changed."""
        before = self._what_is()
        rehearsal = play(*options, "--check")
        assert rehearsal.code == 0, rehearsal.text
        assert self._what_is() == before
        answer = play(*options)
        assert answer.code == 0, answer.text
        made = self._what_is()
        again = play(*options)
        assert (again.code, again.recap("NODE2", "changed")) == (0, 0), again.text
        assert self._what_is() == made
        return answer

    def _what_is(self) -> dict[str, object]:
        vms = {vm["name"]: (vm["owner"], vm["state"]) for vm in self.cluster.state()["vms"]}
        return {"vms": vms, "nodes": self.cluster.node_states(), "migrations": self.cluster.migrations()}

    def ad_hoc(self, module: str, arguments: str) -> Answer:
        return self._ansible.ad_hoc("NODE2", module, arguments)

    def ledger(self) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", json.loads(self._ledger.read_text(encoding="utf-8")))

    @property
    def has_ledger(self) -> bool:
        return self._ledger.exists()

    def _play(self, role: str, *options: str, warns: bool = False) -> Answer:
        settings = {f"{role}_name": "NODE1", f"{role}_poll_interval": 0.1, f"{role}_ledger_path": str(self._ledger)}
        command = ["ansible-playbook", *self._ansible.sources, f"hyperv.migration.{role}", "-e", json.dumps(settings)]
        return self._ansible.run(*command, *options, warns=warns)


@contextlib.contextmanager
def maintenance(folder: pathlib.Path, content: str, cluster: str = "") -> Iterator[Maintenance]:
    scenario = folder / "scenario.yml"
    scenario.write_text(HEAD % cluster + content, encoding="utf-8")
    with running_cluster(scenario, folder) as running:
        yield Maintenance(running, Ansible(folder, running.inventory), folder)


SIXTY_FOUR = """
nodes:
  - {name: NODE1, memory_mb: 262144, simultaneous_migrations: 8}
  - {name: NODE2, memory_mb: 131072, simultaneous_migrations: 8}
  - {name: NODE3, memory_mb: 131072, simultaneous_migrations: 8}
  - {name: NODE4, memory_mb: 131072, simultaneous_migrations: 8}
vms:
  - {name: vm, count: 60, owner: NODE1, memory_mb: 2048}
  - {name: idle, count: 4, owner: NODE1, memory_mb: 2048, state: "off"}
"""


def test_a_full_node_is_emptied_over_three_others_and_filled_again(tmp_path: pathlib.Path) -> None:
    with maintenance(tmp_path, SIXTY_FOUR) as story:
        everyone = set(story.cluster.owners())
        assert story.evacuate("--check").code == 0
        assert not story.has_ledger

        story.in_full(story.evacuate)

        assert set(story.cluster.owners().values()) == {"NODE2", "NODE3", "NODE4"}
        assert story.cluster.node_states()["NODE1"] == "paused"
        assert (story.ledger()["state"], len(story.ledger()["vms"])) == ("evacuated", 64)

        story.in_full(story.restore)

        assert set(story.cluster.owners().values()) == {"NODE1"}
        assert story.cluster.node_states()["NODE1"] == "up"
        assert story.cluster.migrations() == dict.fromkeys(everyone, 2)
        assert story.ledger()["state"] == "restored"


FIVE = """
nodes:
  - {name: NODE1, memory_mb: 65536, simultaneous_migrations: 4}
  - {name: NODE2, memory_mb: 65536, simultaneous_migrations: 4}
  - {name: NODE3, memory_mb: 65536, simultaneous_migrations: 4}
vms:
  - {name: app, count: 5, owner: NODE1, memory_mb: 8192%s}
"""


@pytest.mark.parametrize("option", [[], ["--check"]])
def test_nothing_is_paused_or_moved_where_capacity_does_not_suffice(tmp_path: pathlib.Path, option: list[str]) -> None:
    with maintenance(tmp_path, FIVE.replace("memory_mb: 65536", "memory_mb: 20000") % "") as story:
        page = tmp_path / "report.html"
        answer = story.evacuate(*option, "-e", f"evacuate_node_report_path={page}")
        assert answer.code == FAILED
        assert "Nothing was changed on NODE1" in answer.text
        assert "MB are missing" in page.read_text(encoding="utf-8")
        assert "MB are missing" in answer.text
        assert story.cluster.node_states()["NODE1"] == "up"
        assert story.cluster.migrations() == {}
        assert not story.has_ledger


def test_vms_go_elsewhere_when_one_destination_fails_half_way(tmp_path: pathlib.Path) -> None:
    event = "events: [{when: {vm: app01, percent: 60}, down: NODE3}]\n"
    with maintenance(tmp_path, FIVE % "" + event) as story:
        # Whether the memory of the node was still read before it went down is a matter of milliseconds.
        story.in_full(functools.partial(story.evacuate, warns=True), "-e", "evacuate_node_retries=0")
        assert "NODE1" not in story.cluster.owners().values()
        assert story.ledger()["state"] == "evacuated"
        destinations = {vm["name"]: vm["destination_host"] for vm in story.ledger()["vms"]}
        assert destinations == story.cluster.owners()


def test_a_vm_that_somebody_moved_stays_where_it_is(tmp_path: pathlib.Path) -> None:
    with maintenance(tmp_path, FIVE % "") as story:
        story.in_full(story.evacuate)
        moved = story.cluster.owners()["app01"]
        elsewhere = "NODE3" if moved == "NODE2" else "NODE2"
        arguments = f"name=app01 destination_host={elsewhere} poll_interval=0.1"
        assert story.ad_hoc("hyperv_vm_migrate", arguments).code == 0

        answer = story.in_full(story.restore)

        assert f"It is on {elsewhere}, although the evacuation moved it to {moved}" in answer.text
        assert {name for name, owner in story.cluster.owners().items() if owner != "NODE1"} == {"app01"}
        assert story.ledger()["state"] == "restored"


def test_vms_of_one_anti_affinity_class_stay_apart(tmp_path: pathlib.Path) -> None:
    pairs = "nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3}]\nvms:\n" + "".join(
        f"  - {{name: {name}{number}, owner: NODE1, memory_mb: 2048, anti_affinity: [{name}]}}\n"
        for name in ("dc", "sql", "web")
        for number in (1, 2)
    )
    with maintenance(tmp_path, pairs, ", enforced_anti_affinity: 0") as story:
        story.in_full(story.evacuate)
        owners = story.cluster.owners()
        assert all(owners[f"{name}1"] != owners[f"{name}2"] for name in ("dc", "sql", "web"))


def test_vms_that_are_to_be_stopped_are_stopped_moved_and_started_again(tmp_path: pathlib.Path) -> None:
    wishes = [
        {"vm": "app01", "strategy": "shutdown"},
        {"vm": "app02", "strategy": "save"},
        {"vm": "APP03", "strategy": "stay"},
    ]
    with maintenance(tmp_path, FIVE % "") as story:
        options = ["-e", json.dumps({"evacuate_node_strategies": wishes})]
        story.in_full(story.evacuate, *options)

        states = {vm["name"]: (vm["state"], vm["owner"]) for vm in story.cluster.state()["vms"]}
        assert [states[name][0] for name in ("app01", "app02", "app03", "app04")] == [
            "off",
            "saved",
            "running",
            "running",
        ]
        assert {name for name, (unused, owner) in states.items() if owner == "NODE1"} == {"app03"}

        story.in_full(story.restore)

        states = {vm["name"]: (vm["state"], vm["owner"]) for vm in story.cluster.state()["vms"]}
        assert set(states.values()) == {("running", "NODE1")}


LAST = """
nodes: [{name: NODE1, memory_mb: 65536}, {name: NODE2, memory_mb: 65536}]
vms:
  - {name: app, count: 2, owner: NODE1, memory_mb: 8192}
  - {name: bad, owner: NODE1, memory_mb: 8192, migration: {fails_at: 10, hresult: 0x80071398}}
  - {name: edge, owner: NODE1, memory_mb: 4096, clustered: false}
"""


def test_vms_that_were_stopped_run_again_when_the_evacuation_fails(tmp_path: pathlib.Path) -> None:
    wishes = [{"vm": "app01", "strategy": "shutdown"}, {"vm": "edge", "strategy": "shutdown"}]
    with maintenance(tmp_path, LAST) as story:
        answer = story.evacuate("-e", json.dumps({"evacuate_node_strategies": wishes, "evacuate_node_attempts": 1}))

        assert answer.code == FAILED
        for said in (
            "It is not a VM of the cluster, so it cannot be moved. It is shut down where it is.",
            "The node was given back",
            "Started again: edge.",
            "Still stopped, although running before: app01.",
        ):
            assert said in answer.text, answer.text
        states = {vm["name"]: (vm["owner"], vm["state"]) for vm in story.cluster.state()["vms"]}
        assert (states["edge"], states["app01"]) == (("NODE1", "running"), ("NODE2", "off"))

        answer = story.restore()

        assert answer.code == 0, answer.text
        assert "it is started there" in answer.text
        assert "Started again: app01." in answer.text
        assert {(vm["owner"], vm["state"]) for vm in story.cluster.state()["vms"]} == {("NODE1", "running")}
        assert story.ledger()["state"] == "restored"


def test_a_vm_that_will_not_move_is_told_and_the_node_is_given_back(tmp_path: pathlib.Path) -> None:
    stays = ["-e", json.dumps({"evacuate_node_strategies": [{"vm": "edge", "strategy": "stay"}]})]
    with maintenance(tmp_path, LAST) as story:
        assert story.evacuate(*stays, "--check").code == 0
        assert (story.cluster.migrations(), story.cluster.node_states()["NODE1"]) == ({}, "up")
        for unused in ("once", "twice"):
            answer = story.evacuate(*stays)
            assert answer.code == FAILED
            assert "bad (NODE1 -> NODE2): " in answer.text
            assert "remedy: " in answer.text
            assert "The node was given back: it takes VMs again." in answer.text
            assert story.cluster.owners()["bad"] == "NODE1"
            assert story.cluster.node_states()["NODE1"] == "up"
        assert story.cluster.migrations() == {"app01": 1, "app02": 1, "bad": 2}


def test_a_local_vm_that_was_stopped_runs_again_after_the_maintenance(tmp_path: pathlib.Path) -> None:
    wishes = [{"vm": "edge", "strategy": "save"}, {"vm": "bad", "strategy": "stay"}]
    with maintenance(tmp_path, LAST) as story:
        answer = story.evacuate("-e", json.dumps({"evacuate_node_strategies": wishes}))
        assert answer.code == 0, answer.text
        assert {vm["name"]: vm["state"] for vm in story.cluster.state()["vms"]}["edge"] == "saved"

        answer = story.restore()

        assert answer.code == 0, answer.text
        assert "It stayed on NODE1. It is started." in answer.text
        assert {(vm["owner"], vm["state"]) for vm in story.cluster.state()["vms"]} == {("NODE1", "running")}


def test_what_came_back_is_started_although_another_vm_does_not_come(tmp_path: pathlib.Path) -> None:
    stuck = LAST.replace("0x80071398", "0x80071398, fails_towards: NODE1")
    wishes = [{"vm": "app01", "strategy": "shutdown"}, {"vm": "edge", "strategy": "stay"}]
    with maintenance(tmp_path, stuck) as story:
        answer = story.evacuate("-e", json.dumps({"evacuate_node_strategies": wishes}))
        assert answer.code == 0, answer.text

        answer = story.restore("-e", "restore_node_retries=0")

        assert answer.code == FAILED
        assert "bad (NODE2 -> NODE1) is not back: " in answer.text
        assert "run the restore of NODE1 again" in answer.text
        states = {vm["name"]: (vm["owner"], vm["state"]) for vm in story.cluster.state()["vms"]}
        assert states["app01"] == states["app02"] == ("NODE1", "running")
        assert [vm["name"] for vm in story.ledger()["vms"] if not vm["restored"]] == ["bad"]


def test_a_restore_waits_for_a_migration_that_an_evacuation_left_behind(tmp_path: pathlib.Path) -> None:
    slow = "nodes: [{name: NODE1, memory_mb: 262144}, {name: NODE2, memory_mb: 262144}]\n"
    slow += "vms: [{name: big, owner: NODE1, memory_mb: 131072}, {name: small, owner: NODE1, memory_mb: 1024}]\n"
    with maintenance(tmp_path, slow.replace("131072}", "131072, migration: {seconds: 1500}}")) as story:
        answer = story.evacuate("-e", "evacuate_node_timeout=3", "-e", "evacuate_node_retries=0")
        assert answer.code == FAILED
        assert story.cluster.owners() == {"big": "NODE1", "small": "NODE2"}

        answer = story.restore()

        assert answer.code == 0, answer.text
        assert "Waiting for big: Its migration away from NODE1 still runs" in answer.text
        assert set(story.cluster.owners().values()) == {"NODE1"}
        assert story.cluster.migrations() == {"big": 2, "small": 2}
        assert story.ledger()["state"] == "restored"


NOTHING_MOVED = {"format": "hyperv.migration ledger 2", "cluster": "hvc1.corp.example", "node": "NODE1", "vms": []}


@pytest.mark.parametrize(
    ("play", "option", "said"),
    [
        ("evacuate", {"evacuate_node_ledger_path": f"{__file__}/ledger.json"}, "cannot be read: Not a directory"),
        ("restore", {"restore_node_max_parallel": -1}, "max_parallel is -1. It must be 0 or more"),
        ("restore", {"restore_node_poll_interval": 0}, "poll_interval is 0.0. It must be from 0.05 to 60 seconds"),
        ("restore", {"restore_node_ledger": {"a": 1}}, "not a ledger of format"),
    ],
)
@pytest.mark.parametrize("mode", [[], ["--check"]])
def test_a_bad_option_is_refused_before_anything_is_changed(
    tmp_path: pathlib.Path, play: str, option: dict[str, object], said: str, mode: list[str]
) -> None:
    with maintenance(tmp_path, FIVE % "") as story:
        if play == "restore":
            (tmp_path / "NODE1.json").write_text(json.dumps(NOTHING_MOVED), encoding="utf-8")
        answer = getattr(story, play)("-e", json.dumps(option), *mode)
        assert answer.code == FAILED
        assert said in answer.text, answer.text
        assert story.cluster.node_states()["NODE1"] == "up"
        assert story.cluster.migrations() == {}


def test_the_limit_of_the_cluster_wins_over_those_of_its_nodes(tmp_path: pathlib.Path) -> None:
    kept = "\nswitches: {job_lifetime_seconds: 86400}\n"  # the ended jobs are what is looked at
    with maintenance(tmp_path, FIVE % "" + kept, ", maximum_parallel_migrations: 1") as story:
        story.in_full(story.evacuate)
        jobs = sorted((job["submitted"], job["ended"]) for job in story.cluster.state()["jobs"])
        assert len(jobs) == 5
        assert all(later[0] >= earlier[1] for earlier, later in itertools.pairwise(jobs))


def test_a_restore_without_a_ledger_says_so(tmp_path: pathlib.Path) -> None:
    with maintenance(tmp_path, FIVE % "") as story:
        answer = story.restore()
        assert answer.code == FAILED
        assert "There is no ledger at" in answer.text
        assert story.cluster.migrations() == {}
