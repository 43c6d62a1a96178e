# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two clusters whose nodes have the same names, in one inventory: the machine that was meant, or none."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import typing as t
from collections.abc import Iterator, Mapping

import pytest
import yaml

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import ROOT, RunningCluster, running_cluster

READS = {"Get", "Enumerate", "Pull", "Release", "Identify"}
SCENARIO = """
cluster: {name: %s, fqdn: %s}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 60}
network: {megabytes_per_second: 2000, setup_seconds: 1, switch_over_seconds: 1}
nodes: [{name: NODE1, memory_mb: 65536}, {name: NODE2, memory_mb: 65536}]
vms: [{name: app, owner: NODE1, memory_mb: 2048}, {name: db, owner: NODE2, memory_mb: 2048}]
"""
Places = Mapping[str, Mapping[str, t.Any]]


class Site:
    """Two clusters, and commands against inventories that list their nodes.

    Attributes:
        a, b: the clusters.
    """

    def __init__(self, a: RunningCluster, b: RunningCluster, folder: pathlib.Path) -> None:
        self.a, self.b = a, b
        self._folder = folder
        nodes = [self._nodes(one) for one in (a, b)]
        self.variables = nodes[0]["vars"]
        # Where the machines are: (cluster, node) -> variables of a host that leads there.
        self.at = {
            (name, node): where for name, one in zip("ab", nodes, strict=True) for node, where in one["hosts"].items()
        }

    @staticmethod
    def _nodes(cluster: RunningCluster) -> dict[str, t.Any]:
        written = yaml.safe_load(cluster.inventory.read_text(encoding="utf-8"))
        return t.cast("dict[str, t.Any]", written["all"]["children"]["hyperv_nodes"])

    def full_names(self) -> dict[str, Places]:
        """Return groups: each cluster's nodes by their full names."""
        return {
            f"cluster_{name}": {f"{node.lower()}.{name}.example": self.at[name, node] for node in ("NODE1", "NODE2")}
            for name in "ab"
        }

    def ansible(self, groups: Mapping[str, Places]) -> Ansible:
        """Return commands against an inventory of these groups, which are the children of hyperv_nodes."""
        written = self._folder / "listed.yml"
        content = {
            **{group: {"hosts": dict(hosts)} for group, hosts in groups.items()},
            "hyperv_nodes": {"children": {group: {} for group in groups}, "vars": self.variables},
        }
        written.write_text(yaml.safe_dump({"all": {"children": content}}, sort_keys=False), encoding="utf-8")
        return Ansible(self._folder, written)

    def play(self, name: str, *options: str, groups: Mapping[str, Places] | None = None) -> Answer:
        """Run a playbook of the collection with fast polling."""
        ansible = self.ansible(groups or self.full_names())
        fast = {f"{role}_poll_interval": 0.1 for role in ("evacuate_node", "restore_node")}
        roll = {"rolling_maintenance_health_timeout": 5, "rolling_maintenance_health_interval": 1}
        given = json.dumps({**fast, **roll, "write_scenario_path": str(self._folder / "scenario.yml")})
        return ansible.run("ansible-playbook", *ansible.sources, f"hyperv.migration.{name}", "-e", given, *options)

    def changes(self) -> dict[str, int]:
        """Return what was asked of any machine beside reading, and how often."""
        asked = [*self.a.counters()["requests"].items(), *self.b.counters()["requests"].items()]
        return {operation: times for operation, times in asked if operation not in READS}


@contextlib.contextmanager
def site_of(factory: pytest.TempPathFactory, *clusters: tuple[str, str]) -> Iterator[Site]:
    with contextlib.ExitStack() as ends:
        started: list[RunningCluster] = []
        for name, fqdn in clusters:
            folder = factory.mktemp(name)
            (folder / "scenario.yml").write_text(SCENARIO % (name, fqdn), encoding="utf-8")
            started.append(ends.enter_context(running_cluster(folder / "scenario.yml", folder)))
        a, b = started
        yield Site(a, b, factory.mktemp("commands"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_of(tmp_path_factory, ("HVA", "hva.a.example"), ("HVB", "hvb.b.example")) as site:
        yield site


@pytest.fixture(scope="module")
def same_named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two clusters of one name, in two domains."""
    with site_of(tmp_path_factory, ("HVC1", "hvc1.a.example"), ("HVC1", "hvc1.b.example")) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    running.a.reset()
    running.b.reset()
    yield running
    assert [one.counters()["shells_opened"] for one in (running.a, running.b)] == [0, 0]


WRONG = re.compile(
    r"node[12]\.b\.example \(127\.0\.0\.1\) is the computer node[12]\.a\.example of the cluster hva\.a\.example, "
    r"(which the inventory lists as \S+, )?and not node[12]\.b\.example"
)
# What each module is asked for, of the node or about VMs that are there under that name in both clusters.
ASKED: dict[str, dict[str, t.Any]] = {
    "hyperv_cim_info": {"class_name": "Msvm_ComputerSystem"},
    "hyperv_cluster_health_info": {},
    "hyperv_cluster_node": {"name": "NODE1", "state": "maintenance"},
    "hyperv_cluster_node_info": {},
    "hyperv_cluster_recording": {"path": "never-written.zip"},
    "hyperv_evacuation_plan_info": {"node": "NODE1"},
    "hyperv_migration_capabilities_info": {},
    "hyperv_migration_events_info": {"name": "app"},
    "hyperv_migration_job": {"name": "app", "state": "cancelled"},
    "hyperv_migration_job_info": {},
    "hyperv_node_evacuation": {"node": "NODE1"},
    "hyperv_node_identity_info": {},
    "hyperv_node_maintenance_info": {"node": "NODE1"},
    "hyperv_node_restart": {"name": "NODE2", "force": True, "local_vms": True},
    "hyperv_readiness_info": {},
    "hyperv_restore_plan_info": {
        "ledger": {"format": "hyperv.migration ledger 1", "node": "NODE1", "state": "evacuated", "vms": []}
    },
    "hyperv_rolling_node_info": {"node": "node1.b.example", "nodes": ["node1.b.example", "node2.b.example"]},
    "hyperv_rolling_order_info": {"nodes": ["node1.b.example", "node2.b.example"]},
    "hyperv_rolling_plan_info": {},
    "hyperv_rolling_refill": {},
    "hyperv_scenario_info": {},
    "hyperv_via_info": {"node": "node1.b.example"},
    "hyperv_vm_info": {},
    "hyperv_vm_migrate": {"name": "app", "destination_host": "NODE2"},
    "hyperv_vm_state": {"name": "app", "state": "off"},
}
ASKED["hyperv_node_restoration"] = ASKED["hyperv_restore_plan_info"]
# They ask no node; hyperv_rolling_report none before another module has found it.
OF_THE_CONTROLLER = {
    "hyperv_counted_vms",
    "hyperv_evacuation_ledger_info",
    "hyperv_migration_report",
    "hyperv_rolling_report",
    "hyperv_rolling_state",
    "hyperv_rolling_state_info",
}
ROLES: dict[str, dict[str, t.Any]] = {
    "evacuate_node": {"evacuate_node_name": "NODE1"},
    "restore_node": {"restore_node_ledger": ASKED["hyperv_restore_plan_info"]["ledger"]},
    "rolling_maintenance": {},
}
PLAYBOOKS = {
    "check_readiness": [],
    "evacuate_node": ["-e", "evacuate_node_name=node1.b.example"],
    "record_cluster": [],
    "restore_node": ["-e", "restore_node_name=node1.b.example"],
    "rolling_maintenance": [],
    "write_scenario": [],
}


def crossed(site: Site) -> dict[str, Places]:
    """Return groups in which both names of cluster b lead to cluster a."""
    names = site.full_names()
    return {**names, "cluster_b": {f"{node.lower()}.b.example": site.at["a", node] for node in ("NODE1", "NODE2")}}


def walk(results: pathlib.Path) -> list[dict[str, t.Any]]:
    """Return a play that does with each module and role what it can, and keeps what each of them said."""
    modules = [
        {f"hyperv.migration.{name}": arguments, "register": name, "ignore_errors": True, "ignore_unreachable": True}
        for name, arguments in ASKED.items()
    ]
    roles = [
        {
            "vars": variables,
            "block": [{"ansible.builtin.include_role": {"name": f"hyperv.migration.{name}"}}],
            "rescue": [{"ansible.builtin.set_fact": {f"role_{name}": "{{ ansible_failed_result }}"}}],
        }
        for name, variables in ROLES.items()
    ]
    said = {**{name: name for name in ASKED}, **{f"role {name}": f"role_{name}" for name in ROLES}}
    content = ", ".join(f"'{title}': {variable}.msg | default('it went well')" for title, variable in said.items())
    written = {"content": f"{{{{ {{{content}}} | to_json }}}}", "dest": str(results), "mode": "0600"}
    local = {"delegate_to": "localhost", "vars": {"ansible_connection": "local"}}
    return [
        {
            "hosts": "node1.b.example",
            "gather_facts": False,
            "tasks": [*modules, *roles, {"ansible.builtin.copy": written, **local}],
        }
    ]


def test_nothing_changes_anything_where_another_cluster_is_behind_the_name(site: Site, tmp_path: pathlib.Path) -> None:
    written = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["hyperv"]
    assert {*ASKED} == {*written} - OF_THE_CONTROLLER
    assert {*ROLES} == {one.name for one in (ROOT / "roles").iterdir()} - {"migration_report"}  # which asks no node
    assert {*PLAYBOOKS} == {one.stem for one in (ROOT / "playbooks").glob("*.yml")}

    play, results = tmp_path / "walk.yml", tmp_path / "results.json"
    play.write_text(yaml.safe_dump(walk(results), sort_keys=False), encoding="utf-8")
    ansible = site.ansible(crossed(site))
    answer = ansible.run("ansible-playbook", *ansible.sources, str(play))
    assert answer.code == 0, answer.text
    said: dict[str, str] = json.loads(results.read_text(encoding="utf-8"))
    said |= {
        f"playbook {name}": _message(site.play(name, "--limit", "cluster_b", *options, groups=crossed(site)))
        for name, options in PLAYBOOKS.items()
    }

    assert {name: text for name, text in said.items() if not WRONG.search(text)} == {}
    assert site.changes() == {}
    assert site.a.counters()["requests"]
    assert not site.b.counters()["requests"]


def _message(answer: Answer) -> str:
    """Return what a playbook that failed said, lines that Ansible has broken put together."""
    assert answer.code != 0, answer.text
    return " ".join(answer.text.split())


def untouched(cluster: RunningCluster) -> bool:
    """Tell whether a cluster is as its scenario says."""
    nodes = cluster.state()["nodes"]
    return (
        cluster.owners() == {"app": "NODE1", "db": "NODE2"}
        and set(cluster.node_states().values()) == {"up"}
        and not cluster.migrations()
        and not any(node["restarts_requested"] for node in nodes)
    )


def test_a_full_name_means_the_node_of_that_domain_to_evacuation_and_restoration(site: Site) -> None:
    answer = site.play("evacuate_node", "-e", "evacuate_node_name=node1.b.example")
    assert answer.code == 0, answer.text
    assert site.b.owners() == {"app": "NODE2", "db": "NODE2"}
    assert site.b.node_states() == {"NODE1": "paused", "NODE2": "up"}
    answer = site.play("restore_node", "-e", "restore_node_name=node1.b.example")
    assert answer.code == 0, answer.text
    assert site.b.owners() == {"app": "NODE1", "db": "NODE2"}
    assert untouched(site.a)


def test_a_short_name_of_two_clusters_is_refused_and_one_within_the_limit_is_taken(site: Site) -> None:
    for play in ("evacuate_node", "restore_node"):
        answer = site.play(play, "-e", f"{play}_name=NODE1")
        assert answer.code != 0
        assert "hva.a.example" in answer.text
        assert "hvb.b.example" in answer.text
        assert "--limit" in answer.text
    assert site.changes() == {}
    answer = site.play("evacuate_node", "-e", "evacuate_node_name=NODE1", "--limit", "cluster_b")
    assert answer.code == 0, answer.text
    assert untouched(site.a)
    assert site.b.node_states() == {"NODE1": "paused", "NODE2": "up"}


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("hyperv_node_restart", "name=node1.b.example"),
        ("hyperv_cluster_node", "name=node1.b.example state=maintenance"),
        ("hyperv_vm_migrate", "name=app destination_host=node2.b.example"),
        ("hyperv_vm_migrate", "name=app destination_host=node2.nowhere.example"),
        ("hyperv_evacuation_plan_info", "node=node1.b.example"),
    ],
)
def test_a_task_refuses_the_full_name_of_another_clusters_node(site: Site, module: str, arguments: str) -> None:
    answer = site.ansible(site.full_names()).ad_hoc("node2.a.example", module, arguments)
    assert answer.code != 0
    assert "hva.a.example" in answer.message
    assert re.search(r"hvb\.b\.example|node2\.nowhere\.example", answer.message)
    assert site.changes() == {}


def aliases(site: Site) -> dict[str, Places]:
    """Return groups: cluster a by full names, cluster b by aliases that tell nothing."""
    places = {"siteb-1": site.at["b", "NODE1"], "siteb-2": site.at["b", "NODE2"]}
    return {"cluster_a": site.full_names()["cluster_a"], "cluster_b": places}


def test_a_neighbour_of_an_alias_is_the_node_of_its_own_cluster(site: Site) -> None:
    ansible = site.ansible(aliases(site))
    for module, more in (("hyperv_cluster_node", "state=maintenance"), ("hyperv_node_restart", "poll_interval=0.1")):
        answer = ansible.ad_hoc("siteb-2", module, f"name=NODE1 {more}")
        if module == "hyperv_node_restart":  # a VM still runs on it, on this one and not on the other cluster's
            assert answer.code != 0
            assert "app" in answer.message
        else:
            assert answer.code == 0, answer.text
    assert site.b.node_states() == {"NODE1": "paused", "NODE2": "up"}
    assert untouched(site.a)


@pytest.mark.long
def test_a_roll_with_a_limit_goes_through_another_node_of_the_same_cluster(site: Site, tmp_path: pathlib.Path) -> None:
    work = tmp_path / "work.yml"
    work.write_text("- ansible.builtin.debug: {msg: 'WORKING ON {{ inventory_hostname }}'}\n", encoding="utf-8")
    given = {"rolling_maintenance_hosts": "cluster_b", "rolling_maintenance_tasks_file": str(work)}
    answer = site.play("rolling_maintenance", "--limit", "node1.b.example", "-e", json.dumps(given))
    assert answer.code == 0, answer.text
    assert "WORKING ON node1.b.example" in answer.text
    assert site.b.migrations() == {"app": 2}
    assert site.b.node_states() == {"NODE1": "up", "NODE2": "up"}
    assert untouched(site.a)


def test_a_roll_stops_before_anything_where_nobody_else_of_the_cluster_answers(site: Site) -> None:
    groups = site.full_names()
    silent = {"node2.b.example": {**site.at["b", "NODE2"], "ansible_port": 1}}
    groups["cluster_b"] = {**groups["cluster_b"], **silent}
    given = ["-e", "rolling_maintenance_hosts=cluster_b", "--limit", "node1.b.example"]
    answer = site.play("rolling_maintenance", *given, groups=groups)
    assert answer.code != 0
    assert "no other host answers that is one of its nodes" in _message(answer)
    assert site.changes() == {}


def test_addresses_that_were_swapped_stop_a_roll_and_a_restart_before_anything(site: Site) -> None:
    groups = site.full_names()
    groups["cluster_a"] = {"node1.a.example": site.at["a", "NODE2"], "node2.a.example": site.at["a", "NODE1"]}
    swapped = r"node1\.a\.example \(127\.0\.0\.1\) is the computer node2\.a\.example"
    answer = site.play("rolling_maintenance", "-e", "rolling_maintenance_hosts=cluster_a", groups=groups)
    assert re.search(swapped, _message(answer))
    answer = site.ansible(groups).ad_hoc(
        "node1.a.example", "hyperv_node_restart", "name=NODE2 force=true local_vms=true"
    )
    assert re.search(swapped, answer.message)
    assert site.changes() == {}


def test_clusters_of_the_same_name_are_told_apart_by_their_domains(same_named: Site) -> None:
    answer = same_named.play("evacuate_node", "-e", "evacuate_node_name=NODE1")
    assert answer.code != 0
    assert "hvc1.a.example" in answer.text
    assert "hvc1.b.example" in answer.text
    ansible = same_named.ansible(same_named.full_names())
    found = ansible.ad_hoc("node1.a.example", "hyperv_via_info", "node=NODE1 cluster=hvc1.b.example").result
    assert (found["via"], found["cluster"]["fqdn"]) == ("node2.b.example", "hvc1.b.example")
    refused = ansible.ad_hoc("node1.a.example", "hyperv_via_info", "node=node1.b.example cluster=hvc1.a.example")
    assert "node1.b.example is the computer node1.b.example of the cluster hvc1.b.example, and not" in refused.message
    assert same_named.changes() == {}
