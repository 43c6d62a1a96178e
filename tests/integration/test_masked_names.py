# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A password that occurs in names: ansible-core 2.22 masks it in what it shows, and nothing else may suffer from that.

``make matrix`` runs this with that version; with others nothing is masked.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib

import pytest
import yaml

from tests.integration.awx_jobs import Controller
from tests.integration.commands import Ansible
from tests.running_cluster import running_cluster

PASSWORD = "web"
SCENARIO = {
    "cluster": {"name": "HVC1"},
    "user": {"name": "operator", "password": PASSWORD},
    "clock": {"speed": 100},
    "nodes": [{"name": "NODE1"}, {"name": "NODE2"}],
    "vms": [{"name": "web01", "owner": "NODE1", "memory_mb": 512}],
}
MASKS = importlib.util.find_spec("ansible.module_utils.secrets") is not None


def test_the_ledger_the_report_and_variables_keep_the_names(tmp_path: pathlib.Path, plugin: str) -> None:
    ledger, report, scenario = tmp_path / "ledger.json", tmp_path / "report.html", tmp_path / "scenario.yml"
    scenario.write_text(yaml.safe_dump(SCENARIO), encoding="utf-8")
    paths = {"evacuate_node_ledger_path": str(ledger), "evacuate_node_report_path": str(report)}
    copy = {"content": "{{ found.vms[0].name }}", "dest": str(tmp_path / "name"), "mode": "0600"}
    kept = [
        {"hyperv.migration.hyperv_vm_info": {"name": "web01"}, "register": "found"},
        {"ansible.builtin.copy": copy, "delegate_to": "localhost"},
    ]
    (tmp_path / "kept.yml").write_text(yaml.safe_dump([{"hosts": "NODE2", "gather_facts": False, "tasks": kept}]))
    with running_cluster(scenario, tmp_path) as cluster:
        ansible = Ansible(tmp_path, cluster.inventory, plugin)

        emptied = ansible.evacuate("-e", json.dumps({"evacuate_node_name": "NODE1", **paths}))
        looked = ansible.run("ansible-playbook", *ansible.sources, str(tmp_path / "kept.yml"))

        assert emptied.code == 0, emptied.text
        assert looked.code == 0, looked.text
        assert cluster.owners() == {"web01": "NODE2"}
    assert ("$REDACTED$01" in emptied.text) is MASKS
    assert [vm["name"] for vm in json.loads(ledger.read_text(encoding="utf-8"))["vms"]] == ["web01"]
    assert "web01" in report.read_text(encoding="utf-8")
    assert (tmp_path / "name").read_text(encoding="utf-8") == "web01"


def test_the_password_of_an_inventory_source_counts_as_a_secret(tmp_path: pathlib.Path) -> None:
    scenario = tmp_path / "scenario.yml"
    scenario.write_text(yaml.safe_dump(SCENARIO), encoding="utf-8")
    with running_cluster(scenario, tmp_path) as cluster:
        given = yaml.safe_load(cluster.inventory.read_text(encoding="utf-8"))["all"]["children"]["hyperv_nodes"]
        source = {
            "plugin": "hyperv.migration.hyperv_cluster",
            "remote_addr": "127.0.0.1",
            "remote_user": given["vars"]["ansible_user"],
            "remote_password": PASSWORD,
            "port": int(given["hosts"]["NODE1"]["ansible_port"]),
            "scheme": given["vars"]["ansible_winrm_scheme"],
            "transport": [given["vars"]["ansible_winrm_transport"]],
            "cache": True,
            "cache_plugin": "ansible.builtin.jsonfile",
            "cache_connection": str(tmp_path / "cache"),
        }
        (tmp_path / "lab.hyperv_cluster.yml").write_text(yaml.safe_dump(source), encoding="utf-8")

        list_hosts = ["ansible-inventory", "-i", str(tmp_path / "lab.hyperv_cluster.yml"), "--list"]
        read = Ansible(tmp_path, tmp_path).run(*list_hosts)
    from_the_cache = Ansible(tmp_path, tmp_path).run(*list_hosts)

    for listed in (read, from_the_cache):
        assert listed.code == 0, listed.text
        assert ("$REDACTED$01" in listed.text) is MASKS, listed.text


@pytest.mark.long
def test_artifacts_keep_the_names_and_restore_the_node(tmp_path: pathlib.Path) -> None:
    (tmp_path / "scenario.yml").write_text(yaml.safe_dump(SCENARIO), encoding="utf-8")
    with running_cluster(tmp_path / "scenario.yml", tmp_path) as cluster:
        controller = Controller(tmp_path, cluster.inventory)
        emptied = controller.launch("evacuate_node", {"evacuate_node_name": "NODE1"})
        assert emptied.status == "successful", emptied.text
        assert ("$REDACTED$01" in emptied.text) is MASKS
        assert [vm["name"] for vm in emptied.artifacts["evacuate_node_ledger"]["vms"]] == ["web01"]
        restored = controller.launch("restore_node", emptied.artifacts)
        assert restored.status == "successful", restored.text
        assert cluster.owners() == {"web01": "NODE1"}
