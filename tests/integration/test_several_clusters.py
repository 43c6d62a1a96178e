# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two clusters whose nodes have the same names in one inventory: no host of the play is passed over in silence."""

from __future__ import annotations

import contextlib
import pathlib
import typing as t
from collections.abc import Iterator, Mapping

import pytest
import yaml

from tests.integration.commands import Ansible, Answer
from tests.ports import free_port
from tests.running_cluster import RunningCluster, running_cluster
from tests.simulator.scenario_file import read_scenario_file

CLUSTER = """
cluster: {{name: HV{0}, fqdn: hv{1}.{1}.example}}
user: {{name: operator, password: simulated-Passw0rd}}
nodes: [{{name: NODE1}}, {{name: NODE2}}]
vms: [{{name: app-{1}, owner: NODE1, memory_mb: 2048}}]
"""
ALONE = """
cluster: {name: NONE, fqdn: none.c.example}
user: {name: operator, password: simulated-Passw0rd}
nodes: [{name: HV1, member: false}, {name: HV2, member: false}]
"""
READY, NOT_READY = "Everything is ready.", "Not everything is ready."

Hosts = dict[str, dict[str, t.Any]]


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, RunningCluster]]:
    texts = {"a": CLUSTER.format("A", "a"), "b": CLUSTER.format("B", "b"), "c": ALONE}
    with contextlib.ExitStack() as ends:
        running = {}
        for name, text in texts.items():
            folder = tmp_path_factory.mktemp(name)
            (folder / "scenario.yml").write_text(text, encoding="utf-8")
            running[name] = ends.enter_context(running_cluster(folder / "scenario.yml", folder))
        yield running


class Play:
    """An inventory with a child group of hyperv_nodes for each cluster, and playbooks that are run with it."""

    def __init__(self, clusters: Mapping[str, RunningCluster], folder: pathlib.Path) -> None:
        self.folder = folder
        self.groups: dict[str, dict[str, t.Any]] = {}
        for name, cluster in clusters.items():
            nodes = yaml.safe_load(cluster.inventory.read_text(encoding="utf-8"))["all"]["children"]["hyperv_nodes"]
            hosts = {f"{node.lower()}.{name}.example": variables for node, variables in nodes["hosts"].items()}
            self.groups[f"cluster_{name}"] = {"hosts": hosts, "vars": nodes["vars"]}
        self.children = {"hyperv_nodes": {"children": self.groups}}

    def hosts(self, name: str) -> Hosts:
        """Return the hosts of one group, to change them."""
        return t.cast("Hosts", self.groups[f"cluster_{name}"]["hosts"])

    def run(self, playbook: str, *options: str) -> Answer:
        inventory = self.folder / "clusters.yml"
        written = yaml.safe_dump({"all": {"children": self.children}}, sort_keys=False)
        inventory.write_text(written, encoding="utf-8")
        command = ("ansible-playbook", "-i", str(inventory), f"hyperv.migration.{playbook}", *options)
        return Ansible(self.folder, inventory).run(*command)

    def table(self, *options: str) -> dict[str, list[str]]:
        """Run check_readiness and return the lines that it shows below the name of each cluster."""
        answer = self.run("check_readiness", *options)
        assert (answer.code == 0) == (READY in answer.text) == (NOT_READY not in answer.text), answer.text
        found: dict[str, list[str]] = {"": []}
        shown = (line.strip() for line in answer.text.splitlines())
        for line in (line.rstrip(",").strip('"') for line in shown if line.startswith('"')):
            if line.endswith(":"):
                found[line[:-1]] = []
            list(found.values())[-1].append(line)
        return found


@pytest.fixture
def play(clusters: Mapping[str, RunningCluster], tmp_path: pathlib.Path) -> Play:
    return Play({name: clusters[name] for name in "ab"}, tmp_path)


def unready(lines: list[str]) -> list[tuple[str, str]]:
    """Return node and check of each row that is not ready."""
    rows = [line.removesuffix("not_ready").split() for line in lines if line.endswith("not_ready")]
    return [(row[0], " ".join(row[1:])) for row in rows]


def test_each_cluster_is_looked_at_whatever_its_nodes_are_called_in_the_inventory(play: Play) -> None:
    hosts = play.hosts("b")
    hosts["blade7"] = hosts.pop("node1.b.example")
    hosts["127.0.0.9"] = {"ansible_host": "127.0.0.1", **hosts.pop("node2.b.example")}

    table = play.table()

    for cluster in ("hva.a.example", "hvb.b.example"):
        looked_at = {line.split()[0] for line in table[cluster] if " connection " in line}
        assert looked_at == {"NODE1", "NODE2"}, table
    assert READY in "".join(table["hvb.b.example"])


def test_a_host_that_does_not_answer_is_a_row_and_a_failure(play: Play) -> None:
    play.hosts("b")["node2.b.example"]["ansible_port"] = free_port()  # a node that its cluster shows as up
    play.hosts("b")["spare.b.example"] = {"ansible_host": "127.0.0.1", "ansible_port": free_port()}  # no node at all

    table = play.table()

    assert unready(table["hva.a.example"]) == []
    assert ("NODE2", "connection") in unready(table["hvb.b.example"])
    astray = table["Other hosts"]
    assert unready(astray) == [("spare.b.example", "connection")]
    assert "It was not looked at." in "".join(astray)


def test_hosts_whose_addresses_are_swapped_are_rows_that_name_both(play: Play) -> None:
    a, b = play.hosts("a"), play.hosts("b")
    a["node1.a.example"], b["node1.b.example"] = b["node1.b.example"], a["node1.a.example"]

    table = play.table()

    told = "".join(line for lines in table.values() for line in lines)
    for host, other in (("node1.a.example", "node1.b.example"), ("node1.b.example", "node1.a.example")):
        assert f"Inventory host {host} (127.0.0.1) is the computer {other} of the cluster" in told
    found = [row for lines in table.values() for row in unready(lines) if row[1] == "identity"]
    assert len(found) == 2, table


def test_each_cluster_gets_a_scenario_of_its_own(play: Play) -> None:
    answer = play.run("write_scenario", "-e", "write_scenario_path=mine.yml")

    assert answer.code == 0, answer.text
    for name in "ab":
        scenario = read_scenario_file(play.folder / f"mine-HV{name.upper()}.yml")
        assert [vm.name for vm in scenario.vms] == [f"app-{name}"]
    assert not (play.folder / "mine.yml").exists()


def test_what_can_be_described_is_written_before_a_host_that_is_in_no_scenario_fails_the_play(play: Play) -> None:
    for variables in play.hosts("b").values():
        variables["ansible_port"] = free_port()

    answer = play.run("write_scenario", "-e", "write_scenario_path=mine.yml")

    assert answer.code == 2, answer.text
    assert [vm.name for vm in read_scenario_file(play.folder / "mine.yml").vms] == ["app-a"]
    assert "Not every host of the play is in a scenario" in answer.text
    assert all(f"{host}: " in answer.text for host in play.hosts("b"))


@pytest.mark.long
def test_hosts_by_themselves_are_looked_at_beside_clusters_and_are_in_no_scenario(
    clusters: Mapping[str, RunningCluster], tmp_path: pathlib.Path
) -> None:
    play = Play(clusters, tmp_path)

    table = play.table()
    described = play.run("write_scenario")

    lines = table["Other hosts"]
    assert {line.split()[0] for line in lines if " connection " in line} == {"HV1", "HV2"}
    assert READY in "".join(lines)
    assert described.code == 2
    assert "hv1.c.example: It is the computer hv1.c.example, which is not a node of a cluster" in described.text


@pytest.mark.long
def test_a_limit_chooses_a_cluster_and_one_that_leaves_nothing_is_refused(play: Play) -> None:
    one = play.run("check_readiness", "--limit", "cluster_b")
    none = play.run("check_readiness", "--limit", "localhost")

    assert (one.code, "hva.a.example" in one.text, READY in one.text) == (0, False, True), one.text
    assert none.code != 0
    assert READY not in none.text


@pytest.mark.long
def test_a_group_of_clusters_is_looked_at_through_one_host_each(play: Play) -> None:
    vias = {
        f"via_{name}": {
            **play.groups[f"cluster_{name}"],
            "hosts": {f"hv{name}": play.hosts(name)[f"node2.{name}.example"]},
        }
        for name in "ab"
    }
    play.children = {"hyperv_clusters": {"children": vias}, **play.groups}

    table = play.table()

    for cluster in ("hva.a.example", "hvb.b.example"):
        assert {line.split()[0] for line in table[cluster] if " connection " in line} == {"NODE1", "NODE2"}, table
