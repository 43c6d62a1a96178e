# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two clusters whose nodes and VMs have the same names, each with a source of its own, in one folder."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import typing as t
from collections.abc import Iterator, Mapping

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

PASSWORD = "simulated-Passw0rd"
# Two clusters of one domain, and one of the first one's short name in another domain.
NAMES = {"one": ("HVC1", "hvc1.a.example"), "two": ("HVC2", "hvc2.a.example"), "three": ("HVC1", "hvc1.b.example")}
VMS = {
    "one": [{"name": "web01", "owner": "NODE1"}, {"name": "HV21", "owner": "NODE1"}],
    "two": [{"name": "web01", "owner": "HV21"}, {"name": "db01", "owner": "NODE1"}],
    "three": [{"name": "web {{ no_such_name }}", "owner": "NODE1"}, {"name": "app01", "owner": "NODE2"}],
}
NODES = {"one": ["NODE1", "NODE2"], "two": ["NODE1", "HV21"], "three": ["NODE1", "NODE2"]}


def scenario(cluster: str) -> str:
    name, fqdn = NAMES[cluster]
    content = {
        "cluster": {"name": name, "fqdn": fqdn},
        "user": {"name": "operator", "password": PASSWORD},
        "nodes": [{"name": node} for node in NODES[cluster]],
        "vms": [{**vm, "memory_mb": 2048} for vm in VMS[cluster]],
    }
    return yaml.safe_dump(content)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, RunningCluster]]:
    with contextlib.ExitStack() as ends:
        running = {}
        for cluster in NAMES:
            folder = tmp_path_factory.mktemp(cluster)
            (folder / "scenario.yml").write_text(scenario(cluster), encoding="utf-8")
            running[cluster] = ends.enter_context(running_cluster(folder / "scenario.yml", folder))
        yield running


class Sources:
    """A folder with a source for each of some clusters, as ``ansible-inventory -i FOLDER`` reads it."""

    def __init__(self, folder: pathlib.Path, clusters: Mapping[str, RunningCluster]) -> None:
        self.folder = folder / "sources"
        self.folder.mkdir()
        self._clusters = clusters
        self.ansible = Ansible(folder, self.folder)
        self.ansible.sources = ["-i", str(self.folder)]

    def ports(self, cluster: str) -> dict[str, int]:
        given = yaml.load(self._clusters[cluster].inventory.read_text(encoding="utf-8"), yaml.BaseLoader)
        hosts = given["all"]["children"]["hyperv_nodes"]["hosts"]
        return {node: int(variables["ansible_port"]) for node, variables in hosts.items()}

    def add(self, cluster: str, file: str = "", **options: t.Any) -> str:
        """Write the source of a cluster and return its file's name."""
        ports = self.ports(cluster)
        content = {
            "plugin": "hyperv.migration.hyperv_cluster",
            "remote_addr": "127.0.0.1",
            "remote_user": "operator",
            "port": ports["NODE1"],
            "scheme": "http",
            "transport": ["ntlm"],
            "winrm_options": {"message_encryption": "always"},
            # What a simulated cluster needs in place of a real one, whose nodes have addresses of their own.
            "compose": {
                "ansible_port": f"{ports}[hyperv_node]",
                "ansible_host": "'127.0.0.1'",
            },
            **options,
        }
        written = self.folder / f"{file or cluster}.hyperv_cluster.yml"
        written.write_text(yaml.safe_dump(content), encoding="utf-8")
        return written.name

    def read(self) -> tuple[dict[str, t.Any], str]:
        """Return what ``ansible-inventory --list`` prints, and in one line what it says before that."""
        command = ["ansible-inventory", *self.ansible.sources, "--list"]
        text = self.ansible.run(*command, warns=True, HYPERV_PASSWORD=PASSWORD).text
        begin = re.search("^{$", text, re.MULTILINE)
        assert begin, text
        return json.loads(text[begin.start() :]), " ".join(text[: begin.start()].split())


@pytest.fixture
def sources(tmp_path: pathlib.Path, clusters: Mapping[str, RunningCluster]) -> Sources:
    return Sources(tmp_path, clusters)


def hosts(inventory: dict[str, t.Any], group: str) -> list[str]:
    return sorted(inventory.get(group, {}).get("hosts", []))


def test_namesakes_are_not_merged_and_the_warning_names_them_and_both_sources(sources: Sources) -> None:
    files = sources.add("one"), sources.add("two")

    inventory, said = sources.read()

    assert "NODE1, web01" in said
    assert all(file in said for file in files)
    assert "host_prefix" in said
    variables = inventory["_meta"]["hostvars"]
    assert variables["NODE1"]["hyperv_cluster"] == variables["web01"]["hyperv_cluster"] == "HVC1"
    assert int(variables["NODE1"]["ansible_port"]) == sources.ports("one")["NODE1"]
    assert hosts(inventory, "hyperv_cluster_HVC1") == []
    assert hosts(inventory, "hyperv_cluster_HVC1_nodes") == ["NODE1", "NODE2"]
    assert hosts(inventory, "hyperv_cluster_HVC2_vms") == ["db01"]
    assert "db01" not in hosts(inventory, "hyperv_vms_on_NODE1")


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")], ids=["VM first", "node first"])
def test_a_vm_never_takes_the_name_of_a_node_whichever_source_is_read_first(
    sources: Sources, order: tuple[str, str]
) -> None:
    for place, cluster in enumerate(order):
        sources.add(cluster, f"source{place}")

    inventory, said = sources.read()

    node = inventory["_meta"]["hostvars"]["HV21"]
    assert (node["hyperv_cluster"], node["hyperv_node"]) == ("HVC2", "HV21")
    assert "hyperv_vm_id" not in node
    assert "HV21" in hosts(inventory, "hyperv_nodes")
    assert "HV21" not in hosts(inventory, "hyperv_vms")
    assert "HV21" in said


def test_a_vm_does_not_take_the_name_of_a_node_that_is_listed_by_hand(sources: Sources) -> None:
    sources.add("one", "b")
    (sources.folder / "a.yml").write_text("hyperv_nodes: {hosts: {HV21: {ansible_host: 10.1.2.3}}}\n", encoding="utf-8")

    inventory, said = sources.read()

    assert inventory["_meta"]["hostvars"]["HV21"] == {"ansible_host": "10.1.2.3"}
    assert "a.yml" in said


def test_with_strict_namesakes_are_an_error_and_nothing_of_the_second_source_is_listed(sources: Sources) -> None:
    files = sources.add("one"), sources.add("two", strict=True)

    answer = sources.ansible.run(
        "ansible-inventory",
        *sources.ansible.sources,
        "--list",
        warns=True,
        HYPERV_PASSWORD=PASSWORD,
        ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true",
    )

    said = " ".join(answer.text.split())
    assert answer.code != 0
    assert "NODE1, web01" in said
    assert all(file in said for file in files)
    assert "hyperv_cluster_HVC2" not in sources.read()[0]


@pytest.mark.parametrize(
    ("options", "nodes"),
    [
        ({"host_prefix": "hvc2-"}, {"hvc2-HV21", "hvc2-NODE1"}),
        ({"hostnames": "fqdn"}, {"HV21.a.example", "NODE1.a.example"}),
    ],
    ids=["prefix", "full names"],
)
def test_names_of_their_own_let_both_clusters_stand_side_by_side(
    sources: Sources, options: dict[str, str], nodes: set[str]
) -> None:
    sources.add("one")
    sources.add("two", **options, strict=True)

    inventory, said = sources.read()
    asked = sources.ansible.run(
        "ansible",
        *sources.ansible.sources,
        max(nodes),
        "-m",
        "hyperv.migration.hyperv_cluster_node_info",
        "-e",
        f"ansible_password={PASSWORD}",
        HYPERV_PASSWORD=PASSWORD,
    )

    assert said == ""
    assert set(hosts(inventory, "hyperv_nodes")) == {"NODE1", "NODE2", *nodes}
    assert len(hosts(inventory, "hyperv_vms")) == 4
    assert [node["name"] for node in asked.result["nodes"]] == ["HV21", "NODE1"]


def test_two_clusters_of_one_short_name_share_no_group(sources: Sources) -> None:
    sources.add("one", "a")
    sources.add("three", "b", host_prefix="b-")

    inventory, said = sources.read()

    assert "hyperv_cluster_hvc1_b_example" in said
    assert hosts(inventory, "hyperv_cluster_HVC1_nodes") == ["NODE1", "NODE2"]
    assert hosts(inventory, "hyperv_cluster_hvc1_b_example_nodes") == ["b-NODE1", "b-NODE2"]


def test_full_names_give_clusters_of_one_short_name_a_group_each(sources: Sources) -> None:
    sources.add("one", hostnames="fqdn", strict=True)
    sources.add("three", hostnames="fqdn", strict=True)

    inventory, said = sources.read()

    assert said == ""
    assert hosts(inventory, "hyperv_cluster_hvc1_a_example_nodes") == ["NODE1.a.example", "NODE2.a.example"]
    assert hosts(inventory, "hyperv_cluster_hvc1_b_example_nodes") == ["NODE1.b.example", "NODE2.b.example"]


def test_two_sources_of_one_cluster_that_differ_in_its_settings_are_told(sources: Sources) -> None:
    sources.add("one", "a")
    sources.add("one", "b")
    _inventory, said_of_equals = sources.read()
    sources.add("one", "b", remote_user="OPERATOR", connection_timeout=77)
    _inventory, said = sources.read()

    assert said_of_equals == ""
    assert "ansible_user, ansible_winrm_connection_timeout" in said


def test_a_name_that_could_be_a_template_is_data_read_anew_and_from_the_cache(sources: Sources) -> None:
    kept = str(sources.folder.parent / "kept")
    sources.add("three", cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=kept)
    name = VMS["three"][0]["name"]
    play = sources.folder.parent / "play.yml"
    task = {"ansible.builtin.debug": {"var": "hyperv_vm_name"}}
    content = [{"hosts": "hyperv_vms_on_NODE1", "gather_facts": False, "tasks": [task]}]
    play.write_text(yaml.safe_dump(content), encoding="utf-8")

    for _reading in ("anew", "from the cache"):
        inventory, _said = sources.read()
        answer = sources.ansible.run("ansible-playbook", *sources.ansible.sources, str(play), HYPERV_PASSWORD=PASSWORD)
        vm = inventory["_meta"]["hostvars"][name]
        assert vm["hyperv_vm_name"] in (name, {"__ansible_unsafe": name})
        assert (vm["hyperv_state"], vm["ansible_host"]) == ("running", "127.0.0.1")
        assert answer.code == 0, answer.text
        assert f'"hyperv_vm_name": "{name}"' in answer.text
