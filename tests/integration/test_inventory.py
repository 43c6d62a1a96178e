# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user gets whose inventory is the cluster itself."""

from __future__ import annotations

import json
import pathlib
import shlex
import subprocess
import typing as t

import pytest
import yaml

from tests.ansible_command import ansible_environment
from tests.integration.commands import Ansible
from tests.integration.guides import blocks
from tests.running_cluster import RunningCluster

PLUGIN = "hyperv.migration.hyperv_cluster"


class Source:
    """A folder with an inventory source, a vault and the nodes' password, all as a user would write them."""

    def __init__(self, folder: pathlib.Path, cluster: RunningCluster) -> None:
        given = yaml.load(cluster.inventory.read_text(encoding="utf-8"), yaml.BaseLoader)["all"]["children"]
        settings, hosts = given["hyperv_nodes"]["vars"], given["hyperv_nodes"]["hosts"]
        ports = {node: int(variables["ansible_port"]) for node, variables in hosts.items()}
        self.folder = folder
        self.file = folder / "lab.hyperv_cluster.yml"
        self.password = settings["ansible_password"]
        (folder / "vault.txt").write_text("vault-secret\n", encoding="utf-8")
        # What a simulated cluster needs in place of a real one, whose nodes have addresses and one port of their own.
        self.simulated: dict[str, t.Any] = {
            "remote_addr": "127.0.0.1",
            "remote_user": settings["ansible_user"],
            "port": ports["NODE1"],
            "scheme": settings["ansible_winrm_scheme"],
            "compose": {
                "ansible_port": f"{ports}[hyperv_node] if hyperv_vm_id is not defined else omit",
                "ansible_host": "'127.0.0.1'",
            },
        }
        self.content: dict[str, t.Any] = {
            **self.simulated,
            "plugin": PLUGIN,
            "transport": [settings["ansible_winrm_transport"]],
            "winrm_options": {"message_encryption": "always"},
            "keyed_groups": [{"key": "hyperv_version", "prefix": "windows"}],
            "groups": {"large": "(hyperv_memory_mb | default(0, true)) > 4096"},
        }
        secrets = folder / "group_vars"
        secrets.mkdir()
        (secrets / "hyperv_nodes.yml").write_text("ansible_password: " + self._vaulted(), encoding="utf-8")
        self.write()

    def write(self, **changes: t.Any) -> None:
        """Write the source, with the vaulted password."""
        text = yaml.safe_dump({**self.content, **changes}, sort_keys=False)
        self.file.write_text(f"{text}remote_password: {self._vaulted()}", encoding="utf-8")

    def _vaulted(self) -> str:
        command = ["ansible-vault", "encrypt_string", "--vault-password-file", str(self.folder / "vault.txt")]
        environment = ansible_environment(self.folder)
        done = subprocess.run(
            [*command, self.password], env=environment, capture_output=True, text=True, check=True, timeout=300
        )
        return done.stdout

    @property
    def options(self) -> list[str]:
        """How commands are told of it."""
        return ["-i", str(self.file), "--vault-password-file", str(self.folder / "vault.txt")]


@pytest.fixture
def source(tmp_path: pathlib.Path, cluster: RunningCluster) -> Source:
    return Source(tmp_path, cluster)


def listed(ansible: Ansible, source: Source) -> dict[str, t.Any]:
    """Return the listing as AWX reads it; a text is a text there, and no mapping that marks one."""
    answer = ansible.run("ansible-inventory", *source.options, "--list")
    assert "__ansible_unsafe" not in answer.text
    return t.cast("dict[str, t.Any]", json.loads(answer.text))


def requests(cluster: RunningCluster) -> int:
    return sum(counts["logins"] for counts in cluster.connections().values())


def test_the_graph_shows_nodes_and_vms_by_owner_state_and_priority(ansible: Ansible, source: Source) -> None:
    found = listed(ansible, source)
    graph = ansible.run("ansible-inventory", *source.options, "--graph")

    assert graph.code == 0
    assert "@hyperv_nodes_paused:" in graph.text
    assert sorted(found["hyperv_nodes_up"]["hosts"]) == ["NODE1", "NODE2", "NODE3"]
    assert found["hyperv_nodes_paused"]["hosts"] == ["NODE4"]
    assert sorted(found["hyperv_vms_on_NODE1"]["hosts"]) == ["db01", "test01", "web01", "web02"]
    assert found["hyperv_vms_off"]["hosts"] == ["test01"]
    assert found["hyperv_vms_priority_high"]["hosts"] == ["db01"]
    assert found["large"]["hosts"] == ["db01"]
    assert sorted(found["hyperv_cluster_HVC1"]["children"]) == ["hyperv_cluster_HVC1_nodes", "hyperv_cluster_HVC1_vms"]
    assert found["hyperv_cluster_HVC1_nodes"]["hosts"] == found["hyperv_nodes"]["hosts"]
    assert found["hyperv_cluster_HVC1_vms"]["hosts"] == found["hyperv_vms"]["hosts"]


def test_a_host_has_the_words_of_the_modules_and_no_password(ansible: Ansible, source: Source) -> None:
    (source.folder / "group_vars" / "hyperv_nodes.yml").unlink()

    vm = json.loads(ansible.run("ansible-inventory", *source.options, "--host", "db01").text)
    listing = listed(ansible, source)
    node = listing["_meta"]["hostvars"]["NODE1"]

    assert (vm["hyperv_node"], vm["hyperv_state"], vm["hyperv_priority"]) == ("NODE1", "running", 3000)
    assert (node["ansible_connection"], node["ansible_host"], node["hyperv_state"]) == ("winrm", "127.0.0.1", "up")
    assert (node["hyperv_node"], node["hyperv_cluster"], node["hyperv_cluster_fqdn"]) == (
        "NODE1",
        "HVC1",
        "hvc1.corp.example",
    )
    assert source.password not in json.dumps(listing)


def test_user_password_and_cluster_may_come_from_the_environment(ansible: Ansible, source: Source) -> None:
    environment = {
        "HYPERV_CLUSTER": source.content.pop("remote_addr"),
        "HYPERV_USER": source.content.pop("remote_user"),
        "HYPERV_PASSWORD": source.password,
    }
    source.file.write_text(yaml.safe_dump(source.content), encoding="utf-8")

    answer = ansible.run("ansible-inventory", *source.options, "--host", "db01", **environment)

    assert json.loads(answer.text)["hyperv_node"] == "NODE1"


def test_a_source_without_a_cluster_says_so(ansible: Ansible, source: Source) -> None:
    source.content.pop("remote_addr")
    source.write()

    answer = ansible.run("ansible-inventory", *source.options, "--list", warns=True)

    assert "remote_addr" in answer.text


def test_the_commands_of_the_guide_succeed(ansible: Ansible, source: Source) -> None:
    written = {caption: body for _language, caption, body in blocks("inventory") if caption}
    typed = [body for language, _caption, body in blocks("inventory") if language == "shell"]
    content = {**yaml.safe_load(written[source.file.name]), **source.simulated}
    source.file.write_text(yaml.safe_dump(content), encoding="utf-8")

    assert len(typed) == 2
    for command in typed:
        words = [*shlex.split(command), *source.options[2:]]
        answer = ansible.run(*words, folder=source.folder, HYPERV_PASSWORD=source.password)
        assert answer.code == 0, answer.text


def test_a_module_runs_on_a_node_that_was_found(ansible: Ansible, source: Source) -> None:
    answer = ansible.run("ansible", *source.options, "NODE2", "-m", "hyperv.migration.hyperv_vm_info")

    assert answer.code == 0
    assert len(answer.result["vms"]) == 8


def test_a_cached_inventory_asks_nobody_and_holds_no_password(
    cluster: RunningCluster, ansible: Ansible, source: Source
) -> None:
    kept = source.folder / "kept"
    source.write(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(kept))

    first = listed(ansible, source)
    asked = requests(cluster)
    second = listed(ansible, source)

    assert asked > 0
    assert requests(cluster) == asked
    assert first == second
    files = list(kept.iterdir())
    assert files
    assert not any(source.password in file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"remote_user": "stranger"}, "refused the credentials of user 'stranger'"),
        ({"port": 1}, "refused the connection"),
        ({"transport": ["nonsense"]}, "nonsense"),
        ({"winrm_options": {"password": "x"}}, "belongs into remote_password"),
    ],
    ids=["wrong credentials", "nothing listens", "unknown login", "password in the wrong place"],
)
def test_a_source_that_cannot_be_read_says_why(
    ansible: Ansible, source: Source, change: dict[str, t.Any], said: str
) -> None:
    source.write(**change)

    answer = ansible.run("ansible-inventory", *source.options, "--list", warns=True)

    assert said in " ".join(answer.text.split())


def test_a_file_of_another_name_is_refused(ansible: Ansible, source: Source) -> None:
    other = source.file.rename(source.folder / "lab.yml")

    answer = ansible.run("ansible-inventory", "-i", str(other), "--list", "-vv", warns=True)

    assert "its name does not end in hyperv_cluster.yml" in " ".join(answer.text.split())
